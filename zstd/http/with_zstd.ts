/**
 * HTTP servers that speak zstd, with any runtime that has `Request` and `Response`.
 *
 * @module
 */
import { checkArgument, checkInteger, checkKeys, checkLimit } from "@sluice/internal";
import { decodeRequest, lookupIn, refuseBody } from "./_request_body.ts";
import { checkContentOptions, CONTENT_WINDOW_LOG_MAX } from "../options/_window_rule.ts";
import type { ZstdCompressOptions } from "../options/compress_options.ts";
import { ZstdContentCompressionStream, ZstdContentDecompressionStream } from "./content_encoding.ts";
import { DczCompressionStream } from "./dcz_compression_stream.ts";
import { DczDecompressionStream } from "./dcz_decompression_stream.ts";
import type { DczDictionary } from "./dcz_dictionary.ts";
import { addZstdVary } from "./dictionary_headers.ts";
import { mayUseDczDictionary } from "./dictionary_selection.ts";
import { negotiateZstdContentEncoding } from "./negotiation.ts";
import type { ZstdContentEncoding, ZstdNegotiatedEncoding } from "./negotiation.ts";

/** How a server speaks zstd. */
export interface WithZstdOptions {
  /** How responses are compressed; windows stay within 8 MiB. @default {level 3} */
  readonly compress?: Omit<ZstdCompressOptions, "dictionary" | "prefix" | "size" | "format"> | undefined;
  /** Dictionaries for `dcz` in both directions, or the look-up of one by its SHA-256. @default {none} */
  readonly dictionaries?:
    | readonly DczDictionary[]
    | ((sha256: Uint8Array) => DczDictionary | undefined)
    | undefined;
  /** Encodings of responses, the best first. @default {["dcz", "zstd", "gzip"]} */
  readonly encodings?: readonly ZstdContentEncoding[] | undefined;
  /** The most bytes of a request's body when it is decoded; more is answered with 413. @default {2 ** 26} */
  readonly maxRequestSize?: number | undefined;
  /** Responses that declare fewer bytes stay as they are. @default {256} */
  readonly minSize?: number | undefined;
  /** Whether a response is worth compressing. @default {by its content type: text, JSON, scripts, fonts, WASM …} */
  readonly filter?: ((response: Response) => boolean) | undefined;
  /** Whether a request came over TLS, which `dcz` is kept to. @default {by its URL, or a host of this machine} */
  readonly isSecure?: ((request: Request) => boolean) | undefined;
}

const KEYS: ReadonlySet<string> = new Set<keyof WithZstdOptions>([
  "compress",
  "dictionaries",
  "encodings",
  "maxRequestSize",
  "minSize",
  "filter",
  "isSecure",
]);
const MAX_REQUEST_SIZE_DEFAULT = 64 << 20;
const MIN_SIZE_DEFAULT = 256;
/** Statuses without a body, or with a part of one whose bytes are counted in the form that it has. */
const BARE_STATUSES: ReadonlySet<number> = new Set([101, 204, 205, 206, 304]);
/** A digest of the bytes as they are sent, which another encoding would break. */
const DIGEST_HEADERS = ["content-digest", "digest", "content-md5"] as const;
const EVENT_STREAM = /^text\/event-stream\b/i;
const COMPRESSIBLE =
  /^(?:text\/|(?:application|image|model|message)\/(?:[^;]*(?:\+xml|\+json|\+text)\b|(?:json|javascript|ecmascript|xml|wasm|x-ndjson|ndjson|manifest|ld|graphql|rtf|vnd\.ms-fontobject|x-sh|sql|toml|yaml|x-yaml|bmp)\b)|font\/(?:ttf|otf|collection)\b|image\/(?:svg|bmp|x-icon|vnd\.microsoft\.icon)\b)/i;
const LOCAL_HOST = /^(?:localhost|127(?:\.\d+){3}|\[::1\])$|\.localhost$/;

/**
 * Wraps a handler: request bodies in `zstd` and `dcz` are decoded under a limit before the handler sees them, responses are
 * encoded as the client wants them most (`dcz` with a dictionary that both have, `zstd`, `gzip`). For `Deno.serve` and every
 * platform with `(Request) => Response` handlers.
 *
 * Left as they are: responses with a `Content-Encoding`, a part of a body (206), no body (HEAD, 101, 204, 304), `no-transform`, a digest
 * of their bytes, a content type that does not compress, or less than `minSize` bytes. Whatever could have been encoded
 * gets `Vary`. Encoded responses lose `Content-Length` and `Accept-Ranges`, and their `ETag` becomes weak. Event streams are
 * flushed after each event, with zstd and dcz only. Bodies are streamed: memory is that of one codec context a request.
 *
 * A body that can't be decoded fails the handler's reading of it; when the handler lets that error through, the answer is
 * 400, 413 above the limit, or 415 for an unknown dictionary.
 *
 * @throws {TypeError} If an option has the wrong type or is not known.
 * @throws {RangeError} If `compress` asks for a window above 8 MiB, or a number is out of range.
 *
 * @example A server and a client
 * ```ts
 * import { decompressZstdContent, withZstd } from "@sluice/zstd/http";
 * import { assertEquals } from "@std/assert";
 *
 * const handler = withZstd(() => new Response("hello ".repeat(1000)));
 * const headers = { "accept-encoding": "zstd, gzip" };
 * const response = await handler(new Request("https://example.test/", { headers }));
 * assertEquals(response.headers.get("content-encoding"), "zstd");
 * const body = decompressZstdContent(await response.arrayBuffer());
 * assertEquals(body.length, 6000);
 * ```
 */
export function withZstd<Context extends unknown[]>(
  handler: (request: Request, ...context: Context) => Response | Promise<Response>,
  options: WithZstdOptions = {},
): (request: Request, ...context: Context) => Promise<Response> {
  checkArgument(typeof handler === "function", "wrap a handler", handler, "a function");
  // Long: the options are checked one by one; the handler is a closure over what comes of them.
  checkKeys(options, KEYS);
  const { compress = {}, encodings, filter = isCompressible, isSecure = isSecureByUrl } = options;
  const lookup = lookupIn(options.dictionaries ?? []);
  const maxOutputSize = checkLimit("maxRequestSize", options.maxRequestSize ?? MAX_REQUEST_SIZE_DEFAULT);
  const minSize = checkInteger("minSize", options.minSize ?? MIN_SIZE_DEFAULT, 0, Number.MAX_SAFE_INTEGER);
  checkContentOptions(compress, CONTENT_WINDOW_LOG_MAX);
  const decoders = {
    zstd: () => new ZstdContentDecompressionStream({ maxOutputSize }),
    dcz: () => new DczDecompressionStream({ dictionaries: lookup, maxOutputSize }),
  };

  /** The encoding for a response that may be encoded, by what client and server have. */
  function choose(request: Request, response: Response): ZstdNegotiatedEncoding | undefined {
    const dictionaries = isSecure(request) && mayUseDczDictionary(request.headers, response.headers)
      ? lookup
      : [];
    const wanted = negotiateZstdContentEncoding(request, { dictionaries, encodings });
    const plain = wanted?.encoding === "gzip" &&
      EVENT_STREAM.test(response.headers.get("content-type") ?? "");
    return plain ? { encoding: "identity" } : wanted;
  }

  function encode(
    body: ReadableStream<Uint8Array<ArrayBuffer>>,
    chosen: ZstdNegotiatedEncoding,
    live: boolean,
  ) {
    if (chosen.encoding === "gzip") return body.pipeThrough(new CompressionStream("gzip"));
    const stream = chosen.encoding === "dcz"
      ? new DczCompressionStream({ ...compress, dictionary: chosen.dictionary! })
      : new ZstdContentCompressionStream(compress);
    return live ? pipeLive(body, stream) : body.pipeThrough(stream);
  }

  function respond(request: Request, response: Response): Response {
    if (!mayBeEncoded(response) || !filter(response)) return response;
    const size = response.headers.get("content-length");
    if (size !== null && Number(size) < minSize) return response;
    const chosen = choose(request, response);
    const headers = new Headers(response.headers);
    addZstdVary(
      headers,
      "accept-encoding",
      ...options.dictionaries === undefined ? [] : ["available-dictionary"],
    );
    const { status, statusText, body } = response;
    if (chosen === undefined) {
      body?.cancel().catch(() => {}); // nobody is going to read it
      return new Response(null, { status: 406, headers: { vary: headers.get("vary")! } });
    }
    if (chosen.encoding === "identity" || body === null || request.method === "HEAD") {
      return new Response(body, { status, statusText, headers });
    }
    headers.set("content-encoding", chosen.encoding);
    headers.delete("content-length");
    headers.delete("accept-ranges");
    const etag = headers.get("etag");
    if (etag?.startsWith('"')) headers.set("etag", `W/${etag}`);
    const live = EVENT_STREAM.test(headers.get("content-type") ?? "");
    return new Response(encode(body, chosen, live), { status, statusText, headers });
  }

  return async (request, ...context) => {
    const { request: decoded, fault } = decodeRequest(request, decoders);
    let response: Response;
    try {
      response = await handler(decoded, ...context);
    } catch (error) {
      const refused = refuseBody(fault());
      if (refused === undefined) throw error;
      return refused;
    }
    return respond(request, response);
  };
}

function mayBeEncoded({ status, headers }: Response): boolean {
  if (BARE_STATUSES.has(status) || headers.has("content-range")) return false;
  const encoding = headers.get("content-encoding");
  if (encoding !== null && encoding.toLowerCase() !== "identity") return false;
  if (/(?:^|,)\s*no-transform\s*(?:,|$)/i.test(headers.get("cache-control") ?? "")) return false;
  return !DIGEST_HEADERS.some((name) => headers.has(name));
}

function isCompressible(response: Response): boolean {
  return COMPRESSIBLE.test(response.headers.get("content-type") ?? "");
}

function isSecureByUrl(request: Request): boolean {
  const { protocol, hostname } = new URL(request.url);
  return protocol === "https:" || LOCAL_HOST.test(hostname);
}

/** Pipes a body whose every chunk has to arrive without waiting for the next one. */
function pipeLive(
  body: ReadableStream<Uint8Array<ArrayBuffer>>,
  stream: ZstdContentCompressionStream | DczCompressionStream,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const reader = body.getReader();
  const writer = stream.writable.getWriter();
  async function run(): Promise<void> {
    for (let read = await reader.read(); !read.done; read = await reader.read()) {
      await writer.write(read.value);
      await stream.flush();
    }
    await writer.close();
  }
  // Whichever side fails or is cancelled, the other is told.
  run().catch((error) => writer.abort(error).catch(() => {}));
  writer.closed.catch((reason) => reader.cancel(reason).catch(() => {}));
  return stream.readable;
}
