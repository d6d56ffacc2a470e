/**
 * Which encoding a response gets (RFC 9110, 12.5.3, and RFC 9842).
 *
 * @module
 */
import { checkArgument, checkChoice, checkKeys } from "@sluice/internal";
import type { DczDictionary } from "./dcz_dictionary.ts";
import { parseDczAvailableDictionary } from "./dictionary_headers.ts";

/** Encodings that are negotiated. */
export type ZstdContentEncoding = "dcz" | "zstd" | "gzip" | "identity";

/** What a server can do. */
export interface ZstdNegotiationOptions {
  /** Dictionaries that the server has, or the look-up of one by its SHA-256. @default {none} */
  readonly dictionaries?:
    | readonly DczDictionary[]
    | ((sha256: Uint8Array) => DczDictionary | undefined)
    | undefined;
  /** Encodings that the server offers, the best first. @default {["dcz", "zstd", "gzip"]} */
  readonly encodings?: readonly ZstdContentEncoding[] | undefined;
}

/** What a server and a client have in common. */
export interface ZstdNegotiatedEncoding {
  /** The encoding of the response. */
  readonly encoding: ZstdContentEncoding;
  /** The dictionary, for "dcz". */
  readonly dictionary?: DczDictionary | undefined;
}

const ENCODINGS = ["dcz", "zstd", "gzip", "identity"] as const;

/** How much a client wants each encoding that it names, from 0 to 1; entries that break the rules are passed over. */
function parseAcceptEncoding(value: string): Map<string, number> {
  const weights = new Map<string, number>();
  for (const entry of value.split(",")) {
    const match = /^\s*([!#$%&'*+.^_`|~0-9A-Za-z-]+)\s*(?:;\s*q\s*=\s*(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)\s*)?$/i
      .exec(entry);
    if (match === null) continue;
    const name = match[1]!.toLowerCase();
    weights.set(name === "x-gzip" ? "gzip" : name, Number(match[2] ?? 1));
  }
  return weights;
}

/**
 * What the client itself accepts: Cloudflare replaces `Accept-Encoding` by what its edge
 * encodes, and leaves what the client sent in `request.cf.clientAcceptEncoding`.
 */
function acceptEncodingOf(request: { readonly headers: Headers; readonly cf?: unknown }): string | null {
  const { clientAcceptEncoding } = (request.cf ?? {}) as { readonly clientAcceptEncoding?: unknown };
  return typeof clientAcceptEncoding === "string" && clientAcceptEncoding !== ""
    ? clientAcceptEncoding
    : request.headers.get("accept-encoding");
}

const NEGOTIATION_OPTIONS: ReadonlySet<string> = new Set(["dictionaries", "encodings"]);

/**
 * The encoding that a client wants most among those that the server offers; the server's order decides between equals.
 * "dcz" needs a dictionary that the client names in `Available-Dictionary` and the server has, and has to be asked for by
 * name. Undefined when the client accepts nothing that there is, not even a plain response: 406 in HTTP. A client that does
 * not send `Accept-Encoding` gets a plain response. On Cloudflare Workers what the client sent is taken from `request.cf`.
 *
 * @example Weights
 * ```ts
 * import { negotiateZstdContentEncoding } from "@sluice/zstd/http";
 * import { assertEquals } from "@std/assert";
 *
 * const headers = new Headers({ "accept-encoding": "gzip;q=0.5, zstd, br" });
 * assertEquals(negotiateZstdContentEncoding({ headers })?.encoding, "zstd");
 * assertEquals(negotiateZstdContentEncoding({ headers }, { encodings: ["gzip"] })?.encoding, "gzip");
 * ```
 */
export function negotiateZstdContentEncoding(
  request: { readonly headers: Headers },
  options: ZstdNegotiationOptions = {},
): ZstdNegotiatedEncoding | undefined {
  checkKeys(options, NEGOTIATION_OPTIONS);
  checkArgument(request?.headers instanceof Headers, "negotiate", request, "a Request");
  const { dictionaries = [], encodings = ["dcz", "zstd", "gzip"] } = options;
  const header = acceptEncodingOf(request);
  if (header === null) return { encoding: "identity" };
  const weights = parseAcceptEncoding(header);
  const others = weights.get("*");
  const sha256 = parseDczAvailableDictionary(request.headers.get("available-dictionary"));
  const dictionary = sha256 === undefined
    ? undefined
    : typeof dictionaries === "function"
    ? dictionaries(sha256)
    : dictionaries.find((candidate) => candidate.matches(sha256));

  function weightOf(encoding: ZstdContentEncoding): number {
    if (encoding === "dcz") return dictionary === undefined ? 0 : weights.get("dcz") ?? 0;
    return weights.get(encoding) ?? others ?? (encoding === "identity" ? IDENTITY_WEIGHT : 0);
  }

  let best: ZstdContentEncoding | undefined;
  for (const encoding of new Set([...encodings, "identity" as const])) {
    const weight = weightOf(checkChoice("encodings", encoding, ENCODINGS));
    if (weight > 0 && (best === undefined || weight > weightOf(best))) best = encoding;
  }
  if (best === undefined) return undefined;
  return best === "dcz" ? { encoding: best, dictionary } : { encoding: best };
}

/** A plain response is always acceptable unless it is refused, but anything that is asked for comes first. */
const IDENTITY_WEIGHT = 0.0001;
