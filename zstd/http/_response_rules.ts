/**
 * Which responses may be encoded, and their bodies on the way.
 */
import { deferred } from "@sluice/internal";
import type { ZstdDictionaryStore } from "./dictionary_store.ts";

/** A pair of streams that can be flushed. */
interface FlushableStream {
  readonly readable: ReadableStream<Uint8Array<ArrayBuffer>>;
  readonly writable: WritableStream<BufferSource>;
  flush(): Promise<void>;
}

/** Statuses of no content, or of a part of it whose bytes are counted in the form that it has. */
const BARE_STATUSES: ReadonlySet<number> = new Set([101, 204, 205, 206]);
/** A digest of the bytes as they are sent, which another encoding would break. */
const DIGEST_HEADERS = ["content-digest", "digest", "content-md5"] as const;
/** Content whose every part has to arrive at once. */
export const EVENT_STREAM = /^text\/event-stream\b/i;
const COMPRESSIBLE =
  /^(?:text\/|(?:application|image|model|message)\/(?:[^;]*(?:\+xml|\+json|\+text)\b|(?:json|javascript|ecmascript|xml|wasm|x-ndjson|ndjson|manifest|ld|graphql|rtf|vnd\.ms-fontobject|x-sh|sql|toml|yaml|x-yaml|bmp)\b)|font\/(?:ttf|otf|collection)\b|image\/(?:svg|bmp|x-icon|vnd\.microsoft\.icon)\b)/i;
const LOCAL_HOST = /^(?:localhost|127(?:\.\d+){3}|\[::1\])$|\.localhost$/;
/** Directives that keep a response out of caches that users share; `private="name"` counts as well. */
const UNSHARED = /(?:^|,)\s*(?:private|no-store)\s*(?:[=,]|$)/i;
/** Responses that differ by user, or by who knows what. */
const VARIES_BY_USER = /(?:^|,)\s*(?:cookie|authorization|\*)\s*(?:,|$)/i;
/** What means something in a URL pattern. */
const PATTERN_SYNTAX = /[\\*+?:{}()]/g;

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
export function patternOf(request: Request): string {
  return new URL(request.url).pathname.replace(PATTERN_SYNTAX, "\\$&");
}

/** The route of a request: whose versions may serve as dictionaries for it. */
export function routeOf(request: Request): string {
  const { origin, pathname } = new URL(request.url);
  return origin + pathname;
}

/** Whether a response may be the same for all users: nothing about it says that it is one user's own. */
export function mayBeShared(request: Request, { headers }: Response): boolean {
  return !request.headers.has("authorization") && !headers.has("set-cookie") &&
    !UNSHARED.test(headers.get("cache-control") ?? "") && !VARIES_BY_USER.test(headers.get("vary") ?? "");
}

/** Makes the tag of a 304 weak where that is the one that the client has, so that caches find what is confirmed. */
export function confirmTag(request: Request, headers: Headers): void {
  const etag = headers.get("etag");
  if (!etag?.startsWith('"')) return;
  if (request.headers.get("if-none-match")?.includes(`W/${etag}`)) headers.set("etag", `W/${etag}`);
}

/** Whether a response has, or confirms, a body whose form may change. */
export function mayBeEncoded({ status, headers }: Response): boolean {
  if (BARE_STATUSES.has(status) || headers.has("content-range")) return false;
  const encoding = headers.get("content-encoding");
  if (encoding !== null && encoding.toLowerCase() !== "identity") return false;
  if (/(?:^|,)\s*no-transform\s*(?:,|$)/i.test(headers.get("cache-control") ?? "")) return false;
  return !DIGEST_HEADERS.some((name) => headers.has(name));
}

/** Whether a content type is worth compressing. */
export function isCompressible(response: Response): boolean {
  return COMPRESSIBLE.test(response.headers.get("content-type") ?? "");
}

/** Whether a request came over TLS or from this machine. */
export function isSecureByUrl(request: Request): boolean {
  const { protocol, hostname } = new URL(request.url);
  return protocol === "https:" || LOCAL_HOST.test(hostname);
}

/** A pending read of this many milliseconds means that the source has nothing ready. */
const IDLE_TIME = 10;
/** Content is not held back beyond this many milliseconds of waiting for more. */
const HELD_TIME_MAX = 100;

/**
 * Encodes a body; what it has given so far goes out once it has nothing more ready. A `live` body is given no time to
 * have more ready.
 */
export function pipeFlushing(
  body: ReadableStream<Uint8Array<ArrayBuffer>>,
  stream: FlushableStream,
  live: boolean,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const reader = body.getReader();
  const writer = stream.writable.getWriter();
  async function run(): Promise<void> {
    let held = false;
    let waited = 0;
    for (;;) {
      const start = performance.now();
      const next = reader.read();
      next.catch(() => {}); // the source may fail while a flush does
      if (held && (waited >= HELD_TIME_MAX || !await settlesWithin(next, live ? 0 : IDLE_TIME))) {
        await stream.flush();
        held = false;
      }
      const { done, value } = await next;
      if (done) break;
      waited = held ? waited + performance.now() - start : 0;
      await writer.write(value);
      held = true;
    }
    await writer.close();
  }
  // Whichever side fails or is cancelled, the other is told.
  run().catch((error) => writer.abort(error).catch(() => {}));
  writer.closed.catch((reason) => reader.cancel(reason).catch(() => {}));
  return stream.readable;
}

/** Whether a promise settles within so many milliseconds; rejects if the promise does. */
async function settlesWithin(promise: Promise<unknown>, milliseconds: number): Promise<boolean> {
  const timeout = deferred<false>();
  const timer = setTimeout(() => timeout.resolve(false), milliseconds);
  try {
    return await Promise.race([promise.then(() => true), timeout.promise]);
  } finally {
    clearTimeout(timer);
  }
}
