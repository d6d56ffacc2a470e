/**
 * HTTP servers that speak zstd, with any runtime that has `Request` and `Response`.
 *
 * @module
 */
import { checkArgument, checkInteger, checkKeys, describe } from "@sluice/internal";
import { checkContentOptions, CONTENT_WINDOW_LOG_MAX } from "../options/_window_rule.ts";
import { bodyDecoders, decodeRequest, lookupIn, refuseBody } from "./_request_body.ts";
import {
  confirmTag,
  EVENT_STREAM,
  isCompressible,
  isSecureByUrl,
  mayBeEncoded,
  mayBeShared,
  patternOf,
  pipeFlushing,
  routeOf,
  VersionCollector,
} from "./_response_rules.ts";
import { ZstdContentCompressionStream, ZstdContentDecompressionStream } from "./content_encoding.ts";
import { DczCompressionStream } from "./dcz_compression_stream.ts";
import { DczDecompressionStream } from "./dcz_decompression_stream.ts";
import type { DczDictionary } from "./dcz_dictionary.ts";
import { addZstdVary, formatDczUseAsDictionary } from "./dictionary_headers.ts";
import { mayUseDczDictionary } from "./dictionary_selection.ts";
import { ZstdDictionaryStore } from "./dictionary_store.ts";
import { negotiateZstdContentEncoding } from "./negotiation.ts";
import type { ZstdNegotiatedEncoding } from "./negotiation.ts";
import type { WithZstdOptions } from "./with_zstd_options.ts";

const KEYS: ReadonlySet<string> = new Set<keyof WithZstdOptions>([
  "compress",
  "dictionaries",
  "encodings",
  "maxRequestSize",
  "minSize",
  "filter",
  "isSecure",
  "versions",
]);
const MIN_SIZE_DEFAULT = 256;
const NOT_MODIFIED = 304;

/**
 * Wraps a handler: request bodies in `zstd` and `dcz` are decoded under a limit before the handler sees them, responses are
 * encoded as the client wants them most (`dcz` with a dictionary that both have, `zstd`, `gzip`). For `Deno.serve` and every
 * platform with `(Request) => Response` handlers.
 *
 * Left as they are: responses with a `Content-Encoding`, a part of a body (206), no body (101, 204), `no-transform`, a
 * digest of their bytes, a content type that does not compress, or less than `minSize` bytes. Whatever could have been
 * encoded gets `Vary`. Answers to HEAD have the headers of those to GET; a 304 has their `Vary`, and the weak `ETag` where
 * the request names it. Encoded responses lose `Content-Length` and `Accept-Ranges`, and their `ETag` becomes weak. Bodies are
 * streamed: memory is that of one codec context a request.
 *
 * With zstd and dcz a body that comes slowly is sent as it comes: when the handler's stream has nothing more for 10 ms, or
 * after 100 ms of waiting in all, what it has given is flushed. Event streams are flushed after each event. A body that is
 * ready keeps its size: 20 MB of text from a file took 4,922,272 bytes at level 3 with and without this, and 0.02 % more at
 * level 19. gzip is the platform's own, which has no flush: event streams are not encoded with it, other bodies
 * are held back until it has a block.
 *
 * With `versions`, a response becomes a dictionary, or is sent with one that another response became, only where it may be
 * shared: never with `Cache-Control: private` or `no-store`, with `Set-Cookie`, with `Vary` of `Cookie`, `Authorization` or
 * `*`, or when the request has `Authorization`. Otherwise whoever names the hash of a guess would learn whether somebody got
 * just that. A version serves the path that it was sent for, which is the `match` of its `Use-As-Dictionary`, and no other.
 * A handler whose responses differ by cookie has to say so in one of these ways.
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
  const rules = new ResponseRules(options);
  const decoders = bodyDecoders(options, {
    Zstd: ZstdContentDecompressionStream,
    Dcz: DczDecompressionStream,
  });

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
    return respond(rules, request, response);
  };
}

function respond(rules: ResponseRules, request: Request, response: Response): Response {
  const plan = rules.plan(request, response);
  if (plan === undefined) return response;
  const { chosen, headers, live, route } = plan;
  const { status, statusText } = response;
  if (chosen === undefined) {
    response.body?.cancel().catch(() => {}); // nobody is going to read it
    return new Response(null, { status: 406, headers: { vary: headers.get("vary")! } });
  }
  const body = response.body !== null && route !== undefined
    ? rules.keep(route, response.body)
    : response.body;
  if (chosen.encoding === "identity") return new Response(body, { status, statusText, headers });
  // Workers would encode the body once more, as its header says, if they were not told that it is encoded.
  const encoded: ResponseInit & { encodeBody: "manual" } = {
    status,
    statusText,
    headers,
    encodeBody: "manual",
  };
  if (request.method === "HEAD") {
    body?.cancel().catch(() => {});
    // Servers take no body, or one of known length, for the length that a GET has.
    return new Response(emptyStream(), encoded);
  }
  if (body === null) return new Response(null, { status, statusText, headers });
  return new Response(encodeBody(body, chosen, rules.compress, live), encoded);
}

function emptyStream(): ReadableStream<Uint8Array<ArrayBuffer>> {
  return new ReadableStream({ start: (controller) => controller.close() });
}

/** What is to be done with a response. */
interface ResponsePlan {
  /** The encoding; undefined where the client accepts nothing that there is. */
  readonly chosen: ZstdNegotiatedEncoding | undefined;
  /** The headers to send. */
  readonly headers: Headers;
  /** Whether each chunk has to arrive without waiting for the next one. */
  readonly live: boolean;
  /** The route that the content is a version of; undefined where it is not kept. */
  readonly route: string | undefined;
}

/** The rules of one server. */
class ResponseRules {
  readonly compress: NonNullable<WithZstdOptions["compress"]>;
  readonly store: ZstdDictionaryStore | undefined;
  readonly #options: WithZstdOptions;
  readonly #minSize: number;
  /** Finds one of the dictionaries that the options name. */
  readonly given: (sha256: Uint8Array) => DczDictionary | undefined;

  /** Checks the options. */
  constructor(options: WithZstdOptions) {
    checkKeys(options, KEYS);
    const { compress = {}, dictionaries = [], versions = false } = options;
    checkContentOptions(compress, CONTENT_WINDOW_LOG_MAX);
    if (typeof versions !== "boolean" && !(versions instanceof ZstdDictionaryStore)) {
      throw new TypeError(
        `Cannot use option "versions": it is ${describe(versions)}, expected true or a ZstdDictionaryStore`,
      );
    }
    this.#options = options;
    this.compress = compress;
    this.store = versions === true ? new ZstdDictionaryStore() : versions || undefined;
    this.#minSize = checkInteger("minSize", options.minSize ?? MIN_SIZE_DEFAULT, 0, Number.MAX_SAFE_INTEGER);
    this.given = lookupIn(dictionaries);
  }

  /** What is done with a response; undefined where it stays as it is. */
  plan(request: Request, response: Response): ResponsePlan | undefined {
    const { filter = isCompressible, isSecure = isSecureByUrl, dictionaries, encodings } = this.#options;
    if (!mayBeEncoded(response)) return undefined;
    const isConfirmation = response.status === NOT_MODIFIED;
    const hasType = response.headers.has("content-type");
    // A 304 seldom names the type of what it confirms.
    if ((!isConfirmation || hasType) && !filter(response)) return undefined;
    const size = response.headers.get("content-length");
    if (size !== null && Number(size) < this.#minSize) return undefined;
    const live = EVENT_STREAM.test(response.headers.get("content-type") ?? "");
    const secure = isSecure(request);
    const mayUse = secure && mayUseDczDictionary(request.headers, response.headers);
    const isHead = request.method === "HEAD";
    const shared = (request.method === "GET" || isHead) && mayBeShared(request, response);
    const versions = shared ? this.store : undefined;
    const wanted = negotiateZstdContentEncoding(request, {
      dictionaries: mayUse ? (sha256) => this.given(sha256) ?? versions?.find(routeOf(request), sha256) : [],
      encodings,
    });
    const chosen = wanted?.encoding === "gzip" && live ? { encoding: "identity" as const } : wanted;
    const headers = new Headers(response.headers);
    const byDictionary = dictionaries !== undefined || this.store !== undefined;
    addZstdVary(headers, "accept-encoding", ...byDictionary ? ["available-dictionary"] : []);
    if (isConfirmation) {
      confirmTag(request, headers);
      return { chosen: { encoding: "identity" }, headers, live, route: undefined };
    }
    const hasBody = isHead || response.body !== null;
    const isVersion = secure && !live && shared && hasBody && this.#isVersion(response);
    if (isVersion && !headers.has("use-as-dictionary")) {
      headers.set("use-as-dictionary", formatDczUseAsDictionary({ match: patternOf(request) }));
    }
    if (chosen !== undefined && chosen.encoding !== "identity" && hasBody) {
      headers.set("content-encoding", chosen.encoding);
      headers.delete("content-length");
      headers.delete("accept-ranges");
      const etag = headers.get("etag");
      if (etag?.startsWith('"')) headers.set("etag", `W/${etag}`);
    }
    return { chosen, headers, live, route: isVersion && !isHead ? routeOf(request) : undefined };
  }

  /** Whether the content may be the dictionary of the next version: what a client is going to keep, and not nothing. */
  #isVersion({ status, headers }: Response): boolean {
    if (this.store === undefined || status !== 200) return false;
    const size = headers.get("content-length");
    return size === null || Number(size) > 0 && Number(size) <= this.store.maxVersionSize;
  }

  /** Collects a body that passes, and keeps it as a version once it is complete. */
  keep(
    route: string,
    body: ReadableStream<Uint8Array<ArrayBuffer>>,
  ): ReadableStream<Uint8Array<ArrayBuffer>> {
    const version = new VersionCollector(this.store!, route);
    return body.pipeThrough(
      new TransformStream({
        transform(chunk, controller): void {
          version.add(chunk);
          controller.enqueue(chunk);
        },
        flush: () => version.finish(),
      }),
    );
  }
}

/** Encodes a body as it passes; `live` for one whose every chunk has to arrive without waiting for the next. */
function encodeBody(
  body: ReadableStream<Uint8Array<ArrayBuffer>>,
  chosen: ZstdNegotiatedEncoding,
  compress: NonNullable<WithZstdOptions["compress"]>,
  live: boolean,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  if (chosen.encoding === "gzip") return body.pipeThrough(new CompressionStream("gzip"));
  const stream = chosen.encoding === "dcz"
    ? new DczCompressionStream({ ...compress, dictionary: chosen.dictionary! })
    : new ZstdContentCompressionStream(compress);
  return pipeFlushing(body, stream, live);
}
