/**
 * One object on an HTTP server: requests for ranges of it, and the checks on every answer.
 */
import { untilAborted } from "./abort.ts";
import { concatBytes } from "./bytes.ts";
import { SluiceError, TruncatedDataError } from "./errors.ts";
import type { TransferError } from "./errors.ts";
import { basicCredentials } from "./url_text.ts";
import { httpFault, labelOf, statusFault } from "./_http_faults.ts";

/** How requests are made. */
export interface HttpObjectOptions {
  readonly headers: HeadersInit | undefined;
  readonly fetch: typeof fetch;
  readonly stallTimeoutMs: number;
}

/** What an answer says about the object. */
export interface ObjectVersion {
  /** Bytes of the whole object. */
  readonly size: number;
  readonly validator: string | undefined;
}

/** An answer whose headers fit the request. */
export interface RangeAnswer {
  /** Reads the body into the target, as far as the server sends it; `count` hears of every piece. */
  fill(target: Uint8Array, count: (length: number) => void): Promise<void>;
}

/** What opening an object learns. */
export interface OpenedObject extends ObjectVersion {
  /** All bytes, where the server ignores ranges. */
  readonly whole: Uint8Array<ArrayBuffer> | undefined;
}

/** The error for another version than was opened. */
export function sourceChanged(label: string, wanted: string, found: string): TransferError {
  return httpFault(
    "SOURCE_CHANGED",
    `the object is another version: it is ${found}, expected ${wanted}`,
    label,
  );
}

/** One object. */
export class HttpObject {
  /** The URL as messages show it. */
  readonly label: string;
  readonly #url: URL;
  readonly #headers: Headers;
  readonly #options: HttpObjectOptions;
  /** What `If-Range` takes: a strong ETag or a date. */
  #condition: string | undefined;
  /** Whether any request has been answered. */
  answered = false;

  constructor(url: string | URL, options: HttpObjectOptions) {
    this.#url = new URL(url, globalThis.location?.href);
    this.label = labelOf(this.#url);
    this.#options = {
      ...options,
      fetch: async (input, init) => {
        const response = await options.fetch(input, init);
        this.answered = true;
        return response;
      },
    };
    this.#headers = new Headers(options.headers);
    this.#headers.set("accept-encoding", "identity");
    const credentials = basicCredentials(this.#url);
    if (credentials !== undefined) this.#headers.set("authorization", credentials);
    this.#url.username = this.#url.password = "";
  }

  /** Requests the first byte to learn the size and the version; reads everything where ranges are ignored. */
  async open(maxWholeSize: number, signal: AbortSignal | undefined): Promise<OpenedObject> {
    const request = new HttpRequest(this.#options, this.label, signal);
    try {
      const response = await request.send(this.#url, this.#rangeHeaders(0, 1));
      const range = contentRange(response);
      const validator = validatorOf(response);
      if (response.status === 206) {
        this.#check(response, range, 0, Infinity); // some send all that follows: nothing of it is read
        this.#condition = conditionOf(response);
        return { size: range!.size, validator, whole: undefined };
      }
      if (response.status === 416 && range?.size === 0) {
        return { size: 0, validator, whole: new Uint8Array() };
      }
      if (response.status !== 200) throw statusFault(response, this.label, 0);
      const whole = await this.#readWhole(request, response, maxWholeSize);
      return { size: whole.length, validator, whole };
    } finally {
      request.end();
    }
  }

  /**
   * Requests the last bytes, which learns the size and the version as well. Undefined where the server does not answer
   * that kind of range as it should: many do not.
   */
  async openTail(
    tailSize: number,
    signal: AbortSignal | undefined,
  ): Promise<ObjectVersion & { readonly tail: Uint8Array<ArrayBuffer> } | undefined> {
    const request = new HttpRequest(this.#options, this.label, signal);
    try {
      const headers = new Headers(this.#headers);
      headers.set("range", `bytes=-${tailSize}`);
      const response = await request.send(this.#url, headers);
      const { status } = response;
      if (status === 404 || status === 410 || status === 429 || status >= 500) {
        throw statusFault(response, this.label, 0);
      }
      const range = contentRange(response);
      const encoding = response.headers.get("content-encoding") ?? "identity";
      const fits = status === 206 && encoding === "identity" && range !== undefined &&
        range.last === range.size - 1 && range.first === Math.max(0, range.size - tailSize);
      if (!fits) return undefined;
      const tail = new Uint8Array(range.size - range.first);
      const expected = tail.length;
      await this.#fill(request, response, { target: tail, offset: range.first, expected, count: () => {} });
      this.#condition = conditionOf(response);
      return { size: range.size, validator: validatorOf(response), tail };
    } finally {
      request.end();
    }
  }

  /** Requests a range; the server may send less of it than all. `checkVersion` throws to refuse the answer. */
  async range(
    offset: number,
    length: number,
    checkVersion: (version: ObjectVersion) => void,
    signal: AbortSignal | undefined,
  ): Promise<RangeAnswer> {
    const request = new HttpRequest(this.#options, this.label, signal);
    try {
      const response = await request.send(this.#url, this.#rangeHeaders(offset, length));
      const range = contentRange(response);
      if (
        response.status === 200 || response.status === 412 || response.status === 416 && range !== undefined
      ) {
        throw sourceChanged(
          this.label,
          this.#condition ?? "as it was opened",
          validatorOf(response) ?? "unknown",
        );
      }
      if (response.status !== 206) throw statusFault(response, this.label, offset);
      this.#check(response, range, offset, length);
      checkVersion({ size: range!.size, validator: validatorOf(response) });
      const expected = range!.last - range!.first + 1;
      return {
        fill: async (target, count) => {
          try {
            await this.#fill(request, response, { target, offset, expected, count });
          } finally {
            request.end();
          }
        },
      };
    } catch (error) {
      request.end();
      throw error;
    }
  }

  #rangeHeaders(offset: number, length: number): Headers {
    const headers = new Headers(this.#headers);
    headers.set("range", `bytes=${offset}-${offset + length - 1}`);
    if (this.#condition !== undefined) headers.set("if-range", this.#condition);
    return headers;
  }

  /** Holds the headers of a 206 against its request. */
  #check(response: Response, range: ContentRange | undefined, offset: number, length: number): void {
    const encoding = response.headers.get("content-encoding");
    if (encoding !== null && encoding !== "identity") {
      throw httpFault(
        "WRONG_ENCODING",
        `the server sent ${encoding}, expected plain bytes`,
        this.label,
        offset,
      );
    }
    const fits = range !== undefined && range.first === offset && range.last >= offset &&
      range.last < Math.min(offset + length, range.size);
    if (fits) return;
    const found = range === undefined ? "bytes without a range" : `bytes ${range.first} to ${range.last}`;
    throw httpFault(
      "WRONG_RANGE",
      `the server sent ${found}, expected ${offset} to ${offset + length - 1}`,
      this.label,
      offset,
    );
  }

  async #fill(
    request: HttpRequest,
    response: Response,
    { target, offset, expected, count }: {
      target: Uint8Array;
      offset: number;
      expected: number;
      count: (length: number) => void;
    },
  ): Promise<void> {
    let filled = 0;
    for await (const chunk of request.body(response)) {
      if (filled + chunk.length > expected) {
        throw httpFault(
          "WRONG_RANGE",
          `the server sent more than the ${expected} bytes it announced`,
          this.label,
          offset,
        );
      }
      target.set(chunk, filled);
      filled += chunk.length;
      count(chunk.length);
    }
    if (filled === expected) return;
    throw new TruncatedDataError(
      `Cannot read ${this.label} at byte ${offset + filled}: ${filled} bytes came, expected ${expected}`,
      { format: "http", code: "TRUNCATED", offset: offset + filled },
    );
  }

  /** Reads an answer to a range that is the whole object. */
  async #readWhole(
    request: HttpRequest,
    response: Response,
    limit: number,
  ): Promise<Uint8Array<ArrayBuffer>> {
    const refuse = (size: string): TransferError =>
      httpFault(
        "NO_RANGES",
        `the server does not answer ranges and the object has ${size} bytes, expected at most ${limit}; download it first`,
        this.label,
      );
    const announced = Number(response.headers.get("content-length") ?? NaN);
    if (announced > limit) throw refuse(`${announced}`);
    const chunks: Uint8Array<ArrayBuffer>[] = [];
    let size = 0;
    for await (const chunk of request.body(response)) {
      size += chunk.length;
      if (size > limit) throw refuse(`more than ${limit}`);
      chunks.push(chunk);
    }
    if (announced > size) {
      throw new TruncatedDataError(
        `Cannot read ${this.label} at byte ${size}: ${size} bytes came, expected ${announced}`,
        { format: "http", code: "TRUNCATED", offset: size },
      );
    }
    return concatBytes(chunks);
  }
}

interface ContentRange {
  readonly first: number;
  readonly last: number;
  readonly size: number;
}

/** What the header says; a range that could not be satisfied has no bytes. */
function contentRange(response: Response): ContentRange | undefined {
  const match = /^bytes (?:(\d+)-(\d+)|\*)\/(\d+)$/.exec(response.headers.get("content-range") ?? "");
  if (match === null) return undefined;
  const range = { first: Number(match[1] ?? 0), last: Number(match[2] ?? -1), size: Number(match[3]) };
  return Object.values(range).every(Number.isSafeInteger) ? range : undefined;
}

function validatorOf({ headers }: Response): string | undefined {
  return headers.get("etag") ?? headers.get("last-modified") ?? undefined;
}

function conditionOf({ headers }: Response): string | undefined {
  const etag = headers.get("etag");
  return etag !== null && !etag.startsWith("W/") ? etag : headers.get("last-modified") ?? undefined;
}

/** One request with its stall timer: whatever brings a byte starts it anew. */
class HttpRequest {
  readonly #options: HttpObjectOptions;
  readonly #label: string;
  readonly #outer: AbortSignal | undefined;
  readonly #controller = new AbortController();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: HttpObjectOptions, label: string, signal: AbortSignal | undefined) {
    this.#options = options;
    this.#label = label;
    this.#outer = signal;
    signal?.throwIfAborted();
    signal?.addEventListener("abort", this.#onAbort, { once: true });
  }

  readonly #onAbort = (): void => this.#controller.abort(this.#outer!.reason);

  /** Starts the stall timer anew. */
  #touch(): void {
    clearTimeout(this.#timer);
    const { stallTimeoutMs } = this.#options;
    this.#timer = setTimeout(() => {
      this.#controller.abort(httpFault("TIMEOUT", `no byte came for ${stallTimeoutMs} ms`, this.#label));
    }, stallTimeoutMs);
  }

  async send(url: URL, headers: Headers): Promise<Response> {
    this.#touch();
    const { signal } = this.#controller;
    try {
      return await untilAborted(this.#options.fetch(url, { headers, signal }), signal);
    } catch (error) {
      throw this.#fault(error);
    }
  }

  /** The pieces of a body. */
  async *body(response: Response): AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined> {
    const reader = response.body?.getReader();
    if (reader === undefined) return;
    try {
      while (true) {
        this.#touch();
        const { value, done } = await untilAborted(reader.read(), this.#controller.signal);
        if (done) return;
        yield value;
      }
    } catch (error) {
      throw this.#fault(error);
    } finally {
      reader.cancel().catch(() => {});
    }
  }

  /** Whatever fetch throws, without the URL, which its messages have in full. */
  #fault(error: unknown): unknown {
    const { signal } = this.#controller;
    if (signal.aborted) return signal.reason;
    return error instanceof SluiceError ? error : httpFault("NETWORK", "the connection failed", this.#label);
  }

  /** Ends the request, whatever of its body has been read. */
  end(): void {
    clearTimeout(this.#timer);
    this.#outer?.removeEventListener("abort", this.#onAbort);
    this.#controller.abort(new DOMException("Cannot read on: the request has ended", "AbortError"));
  }
}
