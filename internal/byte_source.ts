/**
 * Random access to bytes wherever they are: in memory, in a Blob, behind an HTTP server.
 *
 * @module
 */
import { TransferError, TruncatedDataError } from "./errors.ts";
import { toBytes } from "./bytes.ts";
import { checkInteger } from "./options.ts";
import type { BytesSource } from "./bytes.ts";

/** Options of one read. */
export interface ReadOptions {
  /** Gives the read up. */
  readonly signal?: AbortSignal | undefined;
}

/** Bytes that can be read at any offset. Every decoder with random access takes one. */
export interface ByteSource {
  /** How many bytes there are. */
  readonly size: number;
  /**
   * Reads exactly `length` bytes from `offset`.
   *
   * @throws {RangeError} If the range does not lie inside the source.
   */
  read(offset: number, length: number, options?: ReadOptions): Promise<Uint8Array>;
}

/**
 * Checks a range against the size of its source.
 *
 * @throws {RangeError} If the range does not lie inside.
 *
 * @example A range that ends behind the source
 * ```ts
 * import { checkRange } from "@sluice/internal";
 * import { assertThrows } from "@std/assert";
 *
 * checkRange(90, 10, 100);
 * assertThrows(() => checkRange(91, 10, 100), RangeError);
 * ```
 */
export function checkRange(offset: number, length: number, size: number): void {
  const inside = Number.isSafeInteger(offset) && Number.isSafeInteger(length) && offset >= 0 && length >= 0 &&
    offset + length <= size;
  if (!inside) {
    throw new RangeError(`Cannot read ${length} bytes at byte ${offset}: the source has ${size} bytes`);
  }
}

/**
 * A source over bytes in memory; reads are views, not copies.
 *
 * @example Reading a range
 * ```ts
 * import { byteSourceFromBytes } from "@sluice/internal";
 * import { assertEquals } from "@std/assert";
 *
 * const source = byteSourceFromBytes(new Uint8Array([1, 2, 3, 4]));
 * assertEquals(await source.read(1, 2), new Uint8Array([2, 3]));
 * ```
 */
export function byteSourceFromBytes(data: BytesSource): ByteSource {
  const bytes = toBytes(data);
  return {
    size: bytes.length,
    read(offset, length, options): Promise<Uint8Array> {
      return new Promise((resolve) => {
        options?.signal?.throwIfAborted();
        checkRange(offset, length, bytes.length);
        resolve(bytes.subarray(offset, offset + length));
      });
    },
  };
}

/**
 * A source over a Blob or File; each read loads just its range.
 *
 * @example Reading a range
 * ```ts
 * import { byteSourceFromBlob } from "@sluice/internal";
 * import { assertEquals } from "@std/assert";
 *
 * const source = byteSourceFromBlob(new Blob(["random access"]));
 * assertEquals(new TextDecoder().decode(await source.read(7, 6)), "access");
 * ```
 */
export function byteSourceFromBlob(blob: Blob): ByteSource {
  return {
    size: blob.size,
    async read(offset, length, options): Promise<Uint8Array> {
      options?.signal?.throwIfAborted();
      checkRange(offset, length, blob.size);
      return new Uint8Array(await blob.slice(offset, offset + length).arrayBuffer());
    },
  };
}

const TAIL_SIZE_MAX = 64 << 20;

/** What an HTTP source needs beside its address. */
export interface HttpSourceOptions extends ReadOptions {
  /** Headers of every request. */
  readonly headers?: HeadersInit | undefined;
  /** The function that performs requests. @default {fetch} */
  readonly fetch?: typeof fetch | undefined;
  /**
   * Bytes at the end of the object that come with the first request and serve reads later: formats that keep their table
   * there open with one request less. @default {0}
   */
  readonly tailSize?: number | undefined;
  /** How often a request is made again when the connection fails or the server is busy (429, 5xx). @default {2} */
  readonly retries?: number | undefined;
  /** The pause before the first of these, in milliseconds; it doubles each time. @default {100} */
  readonly retryDelayMs?: number | undefined;
}

/**
 * A source over a URL whose server answers Range requests. Every read is one request, made again when it fails for a
 * moment; a changed object is noticed by
 * its ETag or modification date.
 *
 * @throws {TransferError} If the server does not answer ranges, answers another range than asked for, or the object
 *   has changed since the source was opened (code "SOURCE_CHANGED"), or the server stays busy ("SERVER_BUSY").
 *
 * @example A server in a function
 * ```ts
 * import { byteSourceFromUrl } from "@sluice/internal";
 * import { assertEquals } from "@std/assert";
 *
 * const data = new Uint8Array([10, 20, 30, 40]);
 * const serve = (_url: unknown, init?: RequestInit): Promise<Response> => {
 *   const range = new Headers(init?.headers).get("range")!.slice("bytes=".length).split("-").map(Number);
 *   const headers = { "content-range": `bytes ${range[0]}-${range[1]}/${data.length}` };
 *   return Promise.resolve(new Response(data.slice(range[0], range[1]! + 1), { status: 206, headers }));
 * };
 * const source = await byteSourceFromUrl("https://example.test/data", { fetch: serve });
 * assertEquals(source.size, 4);
 * assertEquals(await source.read(1, 2), new Uint8Array([20, 30]));
 * ```
 */
export async function byteSourceFromUrl(
  url: string | URL,
  options: HttpSourceOptions = {},
): Promise<ByteSource> {
  const request = options.fetch ?? fetch;

  const retries = checkInteger("retries", options.retries ?? 2, 0, 1e6);
  const retryDelayMs = checkInteger("retryDelayMs", options.retryDelayMs ?? 100, 0, 1e6);

  /** Runs a request again while it fails in a way that may pass. */
  async function persist<T>(action: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    for (let failures = 0;; failures++) {
      try {
        return await action();
      } catch (error) {
        if (failures >= retries || signal?.aborted === true || !mayPass(error)) throw error;
        await new Promise((resolve) => setTimeout(resolve, retryDelayMs * 2 ** failures));
      }
    }
  }

  /** Asks for a range; a negative offset counts from the end, where the object may be shorter than that. */
  async function range(offset: number, length: number, validator: string | undefined, signal?: AbortSignal) {
    const headers = new Headers(options.headers);
    headers.set("range", offset < 0 ? `bytes=${offset}` : `bytes=${offset}-${offset + length - 1}`);
    headers.set("accept-encoding", "identity");
    if (validator !== undefined) headers.set("if-range", validator);
    const response = await request(url, { headers, ...(signal === undefined ? {} : { signal }) });
    const match = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(response.headers.get("content-range") ?? "");
    if (response.status !== 206 || match === null) {
      await response.body?.cancel();
      const { status } = response;
      const code = status === 200 && validator !== undefined
        ? "SOURCE_CHANGED"
        : status === 429 || status >= 500
        ? "SERVER_BUSY"
        : "NO_RANGES";
      throw new TransferError(
        `Cannot read ${length} bytes at byte ${offset} of ${url}: the server answered ${response.status}, expected 206`,
        { format: "http", code, offset },
      );
    }
    return { response, first: Number(match[1]), last: Number(match[2]), size: Number(match[3]) };
  }

  const tailSize = checkInteger("tailSize", options.tailSize ?? 0, 0, TAIL_SIZE_MAX);
  const { probe, tail } = await persist(async () => {
    const probe = await range(-tailSize, Math.max(tailSize, 1), undefined, options.signal);
    if (tailSize === 0) await probe.response.body?.cancel();
    return { probe, tail: tailSize === 0 ? undefined : new Uint8Array(await probe.response.arrayBuffer()) };
  }, options.signal);
  const tailOffset = probe.size - (tail?.length ?? 0);
  if (tail !== undefined && (probe.last !== probe.size - 1 || probe.first !== tailOffset)) {
    throw new TransferError(
      `Cannot read the last ${tailSize} bytes of ${url}: the server sent bytes ${probe.first} to ${probe.last}`,
      { format: "http", code: "WRONG_RANGE", offset: probe.first },
    );
  }
  const etag = probe.response.headers.get("etag");
  const validator = etag !== null && !etag.startsWith("W/")
    ? etag
    : probe.response.headers.get("last-modified") ?? undefined;

  return {
    size: probe.size,
    async read(offset, length, readOptions): Promise<Uint8Array> {
      checkRange(offset, length, probe.size);
      if (length === 0) return new Uint8Array();
      if (tail !== undefined && offset >= tailOffset) {
        return tail.subarray(offset - tailOffset, offset - tailOffset + length);
      }
      const signal = readOptions?.signal ?? options.signal;
      return await persist(() => readRange(offset, length, signal), signal);
    },
  };

  async function readRange(
    offset: number,
    length: number,
    signal: AbortSignal | undefined,
  ): Promise<Uint8Array> {
    const answer = await range(offset, length, validator, signal);
    const facts = { format: "http", offset };
    if (answer.first !== offset || answer.last !== offset + length - 1 || answer.size !== probe.size) {
      await answer.response.body?.cancel();
      throw new TransferError(
        `Cannot read ${length} bytes at byte ${offset} of ${url}: the server sent bytes ${answer.first} to ${answer.last}`,
        { ...facts, code: "WRONG_RANGE" },
      );
    }
    const bytes = new Uint8Array(await answer.response.arrayBuffer());
    if (bytes.length !== length) {
      throw new TruncatedDataError(
        `Cannot read ${length} bytes at byte ${offset} of ${url}: ${bytes.length} bytes came`,
        { ...facts, code: "TRUNCATED" },
      );
    }
    return bytes;
  }
}

/** Whether a failure is one of the connection or of a busy server. */
function mayPass(error: unknown): boolean {
  return error instanceof TypeError || error instanceof TruncatedDataError ||
    error instanceof TransferError && error.code === "SERVER_BUSY";
}
