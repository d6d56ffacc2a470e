/**
 * Random access to an object on an HTTP server, by Range requests.
 *
 * @module
 */
import { delay } from "./abort.ts";
import { byteSourceFromBytes, checkRange } from "./byte_source.ts";
import type { ByteSource, ByteSourceReadOptions } from "./byte_source.ts";
import { HttpObject, sourceChanged } from "./_http_object.ts";
import type { ObjectVersion } from "./_http_object.ts";
import { retryAfterOf } from "./_http_faults.ts";
import { checkArgument, checkInteger, checkKeys } from "./options.ts";
import { mayPass } from "./passing.ts";
import { checkSignal } from "./stream_options.ts";
import { JoinedReads } from "./_joined_reads.ts";

const TAIL_SIZE_MAX = 64 << 20;
const MAX_WHOLE_SIZE_DEFAULT = 16 << 20;
const STALL_TIMEOUT_MS_DEFAULT = 30_000;
const RETRIES_DEFAULT = 4;
/** A server that has never answered is more likely a wrong address than one that comes back. */
const UNANSWERED_RETRIES_MAX = 2;
const RETRY_DELAY_MS_DEFAULT = 200;
const DELAY_MS_MAX = 60_000;

/** What an HTTP source needs beside its address. */
export interface HttpSourceOptions extends ByteSourceReadOptions {
  /** Headers of every request. */
  readonly headers?: HeadersInit | undefined;
  /** The function that performs requests. @default {fetch} */
  readonly fetch?: typeof fetch | undefined;
  /**
   * Bytes at the end of the object that are read when it is opened and serve reads later: formats keep their tables
   * there. Where the server answers suffix ranges they come with the first request. @default {0}
   */
  readonly tailSize?: number | undefined;
  /**
   * How often in a row a request is made again without a byte of progress, when the connection fails or stalls or the
   * server is busy (429, 5xx); at most twice before the first answer. @default {4}
   */
  readonly retries?: number | undefined;
  /** The pause before the first of these, in milliseconds; it doubles each time. A server's Retry-After wins. @default {200} */
  readonly retryDelayMs?: number | undefined;
  /** Gives a request up after this many milliseconds without a byte. @default {30000} */
  readonly stallTimeoutMs?: number | undefined;
  /** The largest object that is read as a whole from a server that ignores ranges, in bytes. @default {2 ** 24} */
  readonly maxWholeSize?: number | undefined;
  /** The validator that an earlier source of this object had: another version is refused. */
  readonly ifMatch?: string | undefined;
}

/** Options of a source over HTTP. */
const HTTP_OPTIONS: ReadonlySet<string> = new Set(
  [
    "headers",
    "fetch",
    "tailSize",
    "retries",
    "retryDelayMs",
    "stallTimeoutMs",
    "maxWholeSize",
    "ifMatch",
    "signal",
  ] satisfies (keyof HttpSourceOptions)[],
);

/**
 * Refuses options that no source over HTTP has.
 *
 * @throws {TypeError} If an option is not known.
 *
 * @example A misspelt option
 * ```ts
 * import { checkHttpOptions } from "@sluice/internal";
 * import { assertThrows } from "@std/assert";
 *
 * checkHttpOptions({ retries: 3 });
 * assertThrows(() => checkHttpOptions({ retry: 3 } as never), TypeError, '"retry" is not known');
 * ```
 */
export function checkHttpOptions(options: HttpSourceOptions): void {
  checkKeys(options, HTTP_OPTIONS);
}

/**
 * A source over a URL whose server answers Range requests. The first request learns the size and the version of the
 * object; every answer is held against both. Reads that are made at the same time and lie next to each other share a
 * request. A request that breaks off goes on from the last byte that came.
 *
 * @throws {TypeError} If the URL or an option is not valid.
 * @throws {NotFoundError} "NOT_FOUND" if the server has no such object.
 * @throws {TransferError} "NO_RANGES" if the server ignores ranges and the object is larger than `maxWholeSize`,
 *   "SOURCE_CHANGED" if it is another version than was opened or than `ifMatch` wants, "WRONG_RANGE" if the server sends
 *   other bytes than were requested, "WRONG_ENCODING" if they are encoded, "TIMEOUT", "NETWORK", "SERVER_BUSY",
 *   "AUTH" or "SERVER". Messages show the URL without its query and credentials.
 *
 * @example A server in a function
 * ```ts
 * import { byteSourceFromUrl } from "@sluice/internal";
 * import { assertEquals } from "@std/assert";
 *
 * const data = new Uint8Array([10, 20, 30, 40]);
 * const serve = (_url: unknown, init?: RequestInit): Promise<Response> => {
 *   const range = new Headers(init?.headers).get("range")!.slice("bytes=".length).split("-").map(Number);
 *   const headers = { "content-range": `bytes ${range[0]}-${range[1]}/${data.length}`, etag: '"1"' };
 *   return Promise.resolve(new Response(data.slice(range[0], range[1]! + 1), { status: 206, headers }));
 * };
 * const source = await byteSourceFromUrl("https://example.test/data", { fetch: serve });
 * assertEquals([source.size, source.validator], [4, '"1"']);
 * assertEquals(await source.read(1, 2), new Uint8Array([20, 30]));
 * ```
 */
export async function byteSourceFromUrl(
  url: string | URL,
  options: HttpSourceOptions = {},
): Promise<ByteSource> {
  checkHttpOptions(options);
  checkArgument(typeof url === "string" || url instanceof URL, "open a URL", url, "a URL");
  // Long: the requests of one source are closures over its size, validator and tail.
  const retries = checkInteger("retries", options.retries ?? RETRIES_DEFAULT, 0, 1e6);
  const retryDelayMs = checkInteger("retryDelayMs", options.retryDelayMs ?? RETRY_DELAY_MS_DEFAULT, 0, 1e6);
  const tailSize = checkInteger("tailSize", options.tailSize ?? 0, 0, TAIL_SIZE_MAX);
  const maxWholeSize = checkInteger(
    "maxWholeSize",
    options.maxWholeSize ?? MAX_WHOLE_SIZE_DEFAULT,
    0,
    2 ** 31,
  );
  const overall = checkSignal(options.signal);
  const object = new HttpObject(url, {
    headers: options.headers,
    fetch: options.fetch ?? fetch,
    stallTimeoutMs: checkInteger(
      "stallTimeoutMs",
      options.stallTimeoutMs ?? STALL_TIMEOUT_MS_DEFAULT,
      1,
      2 ** 31 - 1,
    ),
  });

  /** Runs an action again while it fails in a way that may pass; `progress` says how far it has come. */
  async function persist<T>(
    action: () => Promise<T>,
    progress: () => number,
    signal: AbortSignal | undefined,
  ): Promise<T> {
    for (let failures = 0, last = progress();;) {
      try {
        return await action();
      } catch (error) {
        signal?.throwIfAborted();
        if (progress() > last) failures = 0;
        last = progress();
        const most = object.answered ? retries : Math.min(retries, UNANSWERED_RETRIES_MAX);
        if (failures >= most || !mayPass(error)) throw error;
        const pause = retryAfterOf(error) ?? retryDelayMs * 2 ** failures;
        failures++;
        await delay(Math.min(pause, DELAY_MS_MAX), signal);
      }
    }
  }

  async function readRange(
    offset: number,
    length: number,
    signal: AbortSignal | undefined,
  ): Promise<Uint8Array<ArrayBuffer>> {
    const target = new Uint8Array(length);
    let filled = 0;
    await persist(
      async () => {
        while (filled < length) {
          const answer = await object.range(offset + filled, length - filled, checkVersion, signal);
          await answer.fill(target.subarray(filled), (count) => filled += count);
        }
      },
      () => filled,
      signal,
    );
    return target;
  }

  /** Holds an answer against the version that was opened. */
  function checkVersion({ size, validator }: ObjectVersion): void {
    const other = size !== first.size ||
      first.validator !== undefined && validator !== undefined && validator !== first.validator;
    if (other) {
      throw sourceChanged(
        object.label,
        `${first.size} bytes${first.validator === undefined ? "" : ` of ${first.validator}`}`,
        `${size} bytes${validator === undefined ? "" : ` of ${validator}`}`,
      );
    }
  }

  const ending = tailSize === 0
    ? undefined
    : await persist(() => object.openTail(tailSize, overall), () => 0, overall);
  const first = ending ?? await persist(() => object.open(maxWholeSize, overall), () => 0, overall);
  const { size, validator } = first;
  if (options.ifMatch !== undefined && options.ifMatch !== validator) {
    throw sourceChanged(object.label, options.ifMatch, validator ?? "without a version");
  }
  const whole = "whole" in first ? first.whole : undefined;
  if (whole !== undefined) return { ...byteSourceFromBytes(whole), validator };
  const tailOffset = Math.max(0, size - tailSize);
  const tail = tailSize === 0
    ? undefined
    : ending?.tail ?? await readRange(tailOffset, size - tailOffset, overall);
  const reads = new JoinedReads(readRange);
  return {
    size,
    validator,
    async read(offset, length, readOptions): Promise<Uint8Array> {
      checkRange(offset, length, size);
      if (length === 0) return new Uint8Array();
      if (tail !== undefined && offset >= tailOffset) {
        return tail.subarray(offset - tailOffset, offset - tailOffset + length);
      }
      return await reads.read(offset, length, either(readOptions?.signal, overall));
    },
  };
}

function either(one: AbortSignal | undefined, other: AbortSignal | undefined): AbortSignal | undefined {
  return one === undefined || one === other
    ? other
    : other === undefined
    ? one
    : AbortSignal.any([one, other]);
}
