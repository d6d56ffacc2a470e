/**
 * Bundles (gitformat-bundle): a pack with the references that it completes, as a file of any server.
 */
import { concatBytes } from "@sluice/internal";
import type { GitHashAlgorithm, GitObjectId } from "../object/_object_id.ts";
import { isReferenceName } from "../repository/_reference_names.ts";
import { idOf } from "./_advertisement.ts";
import { cutFault, notOffered, protocolFault, remoteLimit, shown } from "./_remote_faults.ts";

/** What a bundle says of itself, and its pack. */
export interface Bundle {
  readonly hashAlgorithm: GitHashAlgorithm;
  readonly refs: readonly { readonly name: string; readonly id: GitObjectId }[];
  /** Commits that have to be there before it. */
  readonly prerequisites: readonly GitObjectId[];
  readonly pack: AsyncGenerator<Uint8Array, void, undefined>;
}

/** The lines before the pack. */
const HEADER_MAX = 64 << 20;
const LF = 10;

/**
 * Reads the header of a bundle; its pack has to be read or returned.
 *
 * @throws {SluiceError} If it is none, or needs what is not known here.
 */
export async function readBundle(
  chunks: AsyncGenerator<Uint8Array, void, undefined>,
  label: string,
): Promise<Bundle> {
  const { lines, rest } = await readHeader(chunks, label);
  const [signature = "", ...others] = lines;
  const version = /^# v([23]) git bundle$/.exec(signature)?.[1];
  if (version === undefined) throw protocolFault(label, `"${shown(signature)}" does not start a bundle`, 0);
  const capabilities = others.filter((line) => line.startsWith("@"));
  const format = capabilities.find((line) => line.startsWith("@object-format="))?.slice(15) ?? "sha1";
  const unknown = capabilities.find((line) => !line.startsWith("@object-format="));
  if (unknown !== undefined || capabilities.length > 0 && version === "2") {
    throw notOffered(
      label,
      `a bundle that is known here, but one with "${shown(unknown ?? capabilities[0]!)}"`,
    );
  }
  if (format !== "sha1" && format !== "sha256") throw notOffered(label, `a hash that is known here`);
  const refs: { name: string; id: GitObjectId }[] = [];
  const prerequisites: GitObjectId[] = [];
  for (const line of others) {
    if (line.startsWith("@")) continue;
    const isNeeded = line.startsWith("-");
    const [hex = "", name = ""] = (isNeeded ? line.slice(1) : line).split(/ (.*)/s);
    const id = idOf(hex, format);
    if (id === undefined) throw protocolFault(label, `"${shown(line)}" has no id`);
    if (isNeeded) prerequisites.push(id);
    else if (isReferenceName(name)) refs.push({ name, id });
    else throw protocolFault(label, `"${shown(name)}" is no name of a reference`);
  }
  return { hashAlgorithm: format, refs, prerequisites, pack: joined(rest, chunks) };
}

/** The lines up to an empty one, and what came after it. */
async function readHeader(
  chunks: AsyncGenerator<Uint8Array, void, undefined>,
  label: string,
): Promise<{ readonly lines: readonly string[]; readonly rest: Uint8Array }> {
  let head: Uint8Array<ArrayBuffer> = new Uint8Array();
  for (let from = 0;;) {
    for (let at = head.indexOf(LF, from); at >= 0; at = head.indexOf(LF, at + 1)) {
      if (head[at + 1] !== LF) continue;
      const lines = new TextDecoder().decode(head.subarray(0, at)).split("\n");
      return { lines, rest: head.subarray(at + 2) };
    }
    from = Math.max(0, head.length - 1);
    if (head.length > HEADER_MAX) throw remoteLimit(label, "a header", HEADER_MAX, "bytes");
    const { value, done } = await chunks.next();
    if (done === true) throw cutFault(label, head.length);
    head = concatBytes([head, value as Uint8Array<ArrayBuffer>]);
  }
}

async function* joined(
  first: Uint8Array,
  rest: AsyncGenerator<Uint8Array, void, undefined>,
): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    if (first.length > 0) yield first;
    yield* rest;
  } finally {
    await rest.return();
  }
}
