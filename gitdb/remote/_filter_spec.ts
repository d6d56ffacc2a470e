/**
 * What a fetch leaves out (git-rev-list, "--filter").
 */
import { checkArgument } from "@sluice/internal";

const UNITS: Readonly<Record<string, number>> = { "": 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30 };
const NUMBER = "(?:0|[1-9]\\d{0,14})";
/** All that git knows but `combine`; objects that a list names stand on the server. */
const SIMPLE = new RegExp(
  `^(?:blob:none|tree:${NUMBER}|object:type=(?:blob|tree|commit|tag)|sparse:oid=[!-~]+)$`,
);
const LIMIT = new RegExp(`^blob:limit=(${NUMBER})([kmg]?)$`, "i");

/**
 * A filter as servers are told it: sizes in bytes, without units.
 *
 * @throws {TypeError} If it is no text.
 * @throws {RangeError} If git knows no such filter.
 */
export function filterSpec(text: string): string {
  checkArgument(typeof text === "string", "fetch with a filter", text, "its specification");
  const spec = specOf(text);
  if (spec !== undefined) return spec;
  throw new RangeError(
    `Cannot use option "filter": "${text}" is no filter, expected as "blob:none", "blob:limit=1m" or "tree:0"`,
  );
}

function specOf(text: string): string | undefined {
  if (SIMPLE.test(text)) return text;
  const limit = LIMIT.exec(text);
  if (limit !== null) return `blob:limit=${Number(limit[1]) * UNITS[limit[2]!.toLowerCase()]!}`;
  if (!text.startsWith("combine:")) return undefined;
  const parts = text.slice("combine:".length).split("+").map((part) => {
    try {
      return specOf(decodeURIComponent(part));
    } catch {
      return undefined; // no encoding of a URL
    }
  });
  if (parts.some((part) => part === undefined)) return undefined;
  return `combine:${parts.map((part) => encodeURIComponent(part!).replaceAll("%3A", ":")).join("+")}`;
}
