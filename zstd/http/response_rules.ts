/**
 * What becomes of a response: whether and how it is encoded, its headers, and whether it is kept as a dictionary.
 */
import { checkInteger, checkKeys, describe } from "@sluice/internal";
import { checkContentOptions, CONTENT_WINDOW_LOG_MAX } from "../options/_window_rule.ts";
import { lookupIn } from "./_request_body.ts";
import type { DczDictionary } from "./dcz_dictionary.ts";
import { ZstdDictionaryStore } from "./dictionary_store.ts";
import { addZstdVary, formatDczUseAsDictionary } from "./dictionary_headers.ts";
import { mayUseDczDictionary } from "./dictionary_selection.ts";
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
/** Statuses without a body, or with a part of one whose bytes are counted in the form that it has. */
const BARE_STATUSES: ReadonlySet<number> = new Set([101, 204, 205, 206, 304]);
/** A digest of the bytes as they are sent, which another encoding would break. */
const DIGEST_HEADERS = ["content-digest", "digest", "content-md5"] as const;
const EVENT_STREAM = /^text\/event-stream\b/i;
const COMPRESSIBLE =
  /^(?:text\/|(?:application|image|model|message)\/(?:[^;]*(?:\+xml|\+json|\+text)\b|(?:json|javascript|ecmascript|xml|wasm|x-ndjson|ndjson|manifest|ld|graphql|rtf|vnd\.ms-fontobject|x-sh|sql|toml|yaml|x-yaml|bmp)\b)|font\/(?:ttf|otf|collection)\b|image\/(?:svg|bmp|x-icon|vnd\.microsoft\.icon)\b)/i;
const LOCAL_HOST = /^(?:localhost|127(?:\.\d+){3}|\[::1\])$|\.localhost$/;
/** What means something in a URL pattern. */
const PATTERN_SYNTAX = /[\\*+?:{}()]/g;

/** What is to be done with a response. */
export interface ResponsePlan {
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
export class ResponseRules {
  readonly compress: NonNullable<WithZstdOptions["compress"]>;
  readonly store: ZstdDictionaryStore | undefined;
  readonly #options: WithZstdOptions;
  readonly #minSize: number;
  readonly #lookup: (sha256: Uint8Array) => DczDictionary | undefined;

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
    const given = lookupIn(dictionaries);
    this.#lookup = (sha256) => given(sha256) ?? this.store?.find(sha256);
  }

  /** Finds a dictionary by its hash. */
  get lookup(): (sha256: Uint8Array) => DczDictionary | undefined {
    return this.#lookup;
  }

  /** What is done with a response; undefined where it stays as it is. `hasBody` where the body is not the response's. */
  plan(request: Request, response: Response, hasBody = response.body !== null): ResponsePlan | undefined {
    const { filter = isCompressible, isSecure = isSecureByUrl, dictionaries, encodings } = this.#options;
    if (!mayBeEncoded(response) || !filter(response)) return undefined;
    const size = response.headers.get("content-length");
    if (size !== null && Number(size) < this.#minSize) return undefined;
    const live = EVENT_STREAM.test(response.headers.get("content-type") ?? "");
    const secure = isSecure(request);
    const mayUse = secure && mayUseDczDictionary(request.headers, response.headers);
    const wanted = negotiateZstdContentEncoding(request, {
      dictionaries: mayUse ? this.#lookup : [],
      encodings,
    });
    const chosen = wanted?.encoding === "gzip" && live ? { encoding: "identity" as const } : wanted;
    const headers = new Headers(response.headers);
    const byDictionary = dictionaries !== undefined || this.store !== undefined;
    addZstdVary(headers, "accept-encoding", ...byDictionary ? ["available-dictionary"] : []);
    const route = secure && !live ? this.#routeOf(request, response) : undefined;
    if (route !== undefined && !headers.has("use-as-dictionary")) {
      headers.set("use-as-dictionary", formatDczUseAsDictionary({ match: patternOf(request) }));
    }
    if (chosen !== undefined && chosen.encoding !== "identity" && request.method !== "HEAD" && hasBody) {
      headers.set("content-encoding", chosen.encoding);
      headers.delete("content-length");
      headers.delete("accept-ranges");
      const etag = headers.get("etag");
      if (etag?.startsWith('"')) headers.set("etag", `W/${etag}`);
    }
    return { chosen, headers, live, route };
  }

  /** The route whose next version this content may be the dictionary of: what a client is going to keep. */
  #routeOf(request: Request, { status, headers }: Response): string | undefined {
    if (this.store === undefined || request.method !== "GET" || status !== 200) return undefined;
    if (/(?:^|,)\s*no-store\s*(?:,|$)/i.test(headers.get("cache-control") ?? "")) return undefined;
    if (Number(headers.get("content-length") ?? 0) > this.store.maxVersionSize) return undefined;
    const { origin, pathname } = new URL(request.url);
    return origin + pathname;
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

/** Content of one response on its way, kept up to the store's size of a version. */
export class VersionCollector {
  readonly #store: ZstdDictionaryStore;
  readonly #route: string;
  #chunks: Uint8Array<ArrayBuffer>[] | undefined = [];
  #size = 0;

  constructor(store: ZstdDictionaryStore, route: string) {
    this.#store = store;
    this.#route = route;
  }

  /** Takes a copy of a chunk. */
  add(chunk: Uint8Array): void {
    this.#size += chunk.length;
    if (this.#size > this.#store.maxVersionSize) this.#chunks = undefined;
    this.#chunks?.push(new Uint8Array(chunk));
  }

  /** Adds the version. */
  async finish(): Promise<void> {
    if (this.#chunks === undefined) return;
    await this.#store.add(this.#route, await new Blob(this.#chunks).arrayBuffer());
  }
}

/** A pattern that matches the path of a request and nothing else. */
function patternOf(request: Request): string {
  return new URL(request.url).pathname.replace(PATTERN_SYNTAX, "\\$&");
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
