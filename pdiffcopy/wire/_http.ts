/**
 * Requests to one server: authorization, time limits, and answers as errors of the family.
 */
import { concatBytes, describe, SluiceError } from "@sluice/internal";
import { encodePath } from "../kernel/path_text.ts";
import { failure, networkFailure } from "../file/_errors.ts";
import type { FailureCode } from "../file/_errors.ts";
import { ANSWER_SIZE_MAX, BodySender } from "./_body_sender.ts";

/** How a server is talked to. */
export interface HttpOptions {
  readonly token?: string | undefined;
  /** Performs the requests. @default {fetch} */
  readonly fetch?: typeof fetch | undefined;
  /** Milliseconds without a byte after which a request is given up. */
  readonly stallTimeoutMs: number;
  /** Gives everything up. */
  readonly signal?: AbortSignal | undefined;
  /** Certificates that are trusted beside the usual ones, in PEM. */
  readonly caCerts?: readonly string[] | undefined;
}

const STATUS_CODES: Readonly<Record<number, FailureCode>> = {
  400: "PROTOCOL",
  401: "AUTH",
  403: "PERMISSION",
  404: "NOT_FOUND",
  405: "UNSUPPORTED",
  408: "TIMEOUT",
  409: "LOCKED",
  410: "SESSION_LOST",
  412: "SOURCE_CHANGED",
  413: "PROTOCOL",
  422: "VERIFY_FAILED",
  429: "SERVER",
  500: "SERVER",
  502: "SERVER",
  503: "SERVER",
  504: "SERVER",
  507: "NO_SPACE",
};

/** Codes that a server of ours names in its answers; anything else counts by its status. */
const KNOWN_CODES: ReadonlySet<string> = new Set([
  ...Object.values(STATUS_CODES),
  "DIRTY",
  "READ_ONLY",
  "TARGET_CHANGED",
  "UNSUPPORTED_HASH",
  "IO",
]);

/** Requests whose answers are read as they come, and may be long. */
const STREAMED: ReadonlySet<string> = new Set([
  "/v2/delta",
  "/v2/search",
  "/v2/files/read",
  "/v2/tree/names",
]);

/** An answer, and the clock that ends it when nothing comes any more. */
export interface Answer {
  readonly response: Response;
  /** Says that bytes came. */
  alive(): void;
  /** Stops the clock. */
  done(): void;
}

/** A value as a form has it; bytes of names that are not UTF-8 travel as they are. */
function encodeQuery(value: string): string {
  if (value.isWellFormed()) return new URLSearchParams([["", value]]).toString().slice(1);
  let text = "";
  for (const byte of encodePath(value)) text += `%${byte.toString(16).padStart(2, "0")}`;
  return text;
}

/** Checks a secret: an empty one would be none. */
export function checkToken(token: unknown): void {
  if (token === undefined) return;
  if (typeof token !== "string") {
    throw new TypeError(`Cannot use option "token": it is ${describe(token)}, expected a string`);
  }
  if (token === "") {
    throw new RangeError('Cannot use option "token": it is empty, expected a secret or no option');
  }
}

/** From so many bytes on, a body is read straight into its own room. */
const ROOM_MIN = 64 << 10;

async function readRoom(
  body: ReadableStream<Uint8Array>,
  size: number,
  answer: Answer,
  tooLong: () => Error,
): Promise<Uint8Array<ArrayBuffer>> {
  const reader = body.getReader({ mode: "byob" });
  let bytes = new Uint8Array(size + 1); // one more, to see the end
  let filled = 0;
  try {
    while (true) {
      // The room moves along: it comes back with every read, with the last one too.
      const { value, done } = await reader.read(bytes.subarray(filled));
      answer.alive();
      if (value === undefined) throw new TypeError("Cannot read the answer: it was cancelled");
      bytes = new Uint8Array(value.buffer as ArrayBuffer);
      filled += value.length;
      if (done) break;
      if (filled > size) throw tooLong();
    }
  } finally {
    await reader.cancel().catch(() => {});
  }
  return bytes.subarray(0, filled);
}

/** Requests to one origin. */
export class HttpPeer implements Disposable {
  readonly origin: string;
  readonly #options: HttpOptions;
  readonly #client: Deno.HttpClient | undefined;
  readonly #sender: BodySender | undefined;
  /** Bytes of bodies that came and went. */
  bytesIn = 0;
  bytesOut = 0;

  constructor(origin: string, options: HttpOptions) {
    checkToken(options.token);
    this.origin = origin;
    this.#options = options;
    if (options.fetch === undefined && typeof Deno !== "undefined") {
      this.#sender = BodySender.for(origin);
      this.#client = Deno.createHttpClient({
        poolMaxIdlePerHost: 32,
        http2: false,
        ...(options.caCerts === undefined ? {} : { caCerts: [...options.caCerts] }),
      });
    }
  }

  /** One request; an answer that is no success is an error. `query` values are form-encoded. */
  async request(
    method: string,
    path: string,
    query: Readonly<Record<string, string | number>>,
    body?: Uint8Array<ArrayBuffer>,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Answer> {
    const text = Object.entries(query).map(([name, value]) => `${name}=${encodeQuery(`${value}`)}`).join("&");
    const url = `${this.origin}${path}${text === "" ? "" : `?${text}`}`;
    const controller = new AbortController();
    const { stallTimeoutMs, signal, token } = this.#options;
    const stalled = (): void =>
      controller.abort(
        failure(
          "TIMEOUT",
          `Cannot go on with ${this.origin}${path}: nothing came for ${stallTimeoutMs} ms`,
        ),
      );
    let timer = setTimeout(stalled, stallTimeoutMs);
    const forward = (): void => controller.abort(signal!.reason);
    if (signal?.aborted) forward();
    signal?.addEventListener("abort", forward, { once: true });
    const done = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", forward);
    };
    try {
      const fields = { ...headers, ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) };
      const response = !STREAMED.has(path) && this.#sender?.takes(body)
        ? await this.#sender.send({ method, url, headers: fields, body, signal: controller.signal })
        : await (this.#options.fetch ?? fetch)(url, {
          method,
          redirect: "manual",
          signal: controller.signal,
          headers: fields,
          ...(body === undefined ? {} : { body }),
          ...(this.#client === undefined ? {} : { client: this.#client }),
        });
      this.bytesOut += body?.length ?? 0;
      if (!response.ok) throw await this.#refusal(response, path, query.path ?? query.filename);
      const alive = (): void => {
        clearTimeout(timer);
        timer = setTimeout(stalled, stallTimeoutMs);
      };
      return { response, alive, done };
    } catch (error) {
      done();
      throw this.explain(error, path);
    }
  }

  /** The whole body of an answer. */
  async body(answer: Answer, path: string, sizeMax: number): Promise<Uint8Array<ArrayBuffer>> {
    try {
      const bytes = await this.#read(answer, sizeMax, `the answer to ${this.origin}${path}`);
      this.bytesIn += bytes.length;
      return bytes;
    } catch (error) {
      throw this.explain(error, path);
    } finally {
      answer.done();
    }
  }

  /** Reads a body into one buffer where it says how long it is; else its parts are joined. */
  async #read(answer: Answer, sizeMax: number, label: string): Promise<Uint8Array<ArrayBuffer>> {
    const { body, headers } = answer.response;
    if (body === null) return new Uint8Array();
    const tooLong = (): Error =>
      failure("PROTOCOL", `Cannot read ${label}: it has more than ${sizeMax} bytes`);
    const announced = headers.has("content-encoding") ? 0 : Number(headers.get("content-length") ?? 0);
    if (announced > sizeMax) {
      await body.cancel();
      throw tooLong();
    }
    if (announced >= ROOM_MIN) return await readRoom(body, announced, answer, tooLong);
    const parts: Uint8Array<ArrayBuffer>[] = [];
    let size = 0;
    for await (const part of body) {
      answer.alive();
      size += part.length;
      if (size > sizeMax) throw tooLong();
      parts.push(part as Uint8Array<ArrayBuffer>);
    }
    return concatBytes(parts);
  }

  /** As `request` and `body`, for JSON both ways. */
  async json(
    method: string,
    path: string,
    query: Readonly<Record<string, string | number>>,
    body?: unknown,
  ): Promise<Record<string, unknown>> {
    const bytes = body === undefined ? undefined : new TextEncoder().encode(JSON.stringify(body));
    return await this.send(method, path, query, bytes);
  }

  /** Sends bytes; the answer is a JSON object. */
  async send(
    method: string,
    path: string,
    query: Readonly<Record<string, string | number>>,
    bytes?: Uint8Array<ArrayBuffer>,
  ): Promise<Record<string, unknown>> {
    const text = new TextDecoder().decode(
      await this.body(await this.request(method, path, query, bytes), path, ANSWER_SIZE_MAX),
    );
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch (error) {
      throw failure("PROTOCOL", `Cannot read the answer to ${this.origin}${path}: it is no JSON`, {
        cause: error,
      });
    }
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      throw failure("PROTOCOL", `Cannot read the answer to ${this.origin}${path}: it is no JSON object`);
    }
    return value as Record<string, unknown>;
  }

  /** The error for whatever a request or its body threw. */
  explain(error: unknown, path: string): unknown {
    if (error instanceof SluiceError) return error;
    if (this.#options.signal?.aborted) return this.#options.signal.reason;
    return networkFailure(`${this.origin}${path}`, error);
  }

  /** The error for an answer that is no success; `file` is what the request was about. */
  async #refusal(response: Response, path: string, file: string | number | undefined): Promise<SluiceError> {
    const { status } = response;
    const text = (await response.text().catch(() => "")).slice(0, 2000);
    let code: FailureCode = STATUS_CODES[status] ?? "PROTOCOL";
    let state = `the server answered ${status}`;
    try {
      const parsed = JSON.parse(text) as { code?: unknown; message?: unknown };
      if (typeof parsed.code === "string" && KNOWN_CODES.has(parsed.code)) code = parsed.code as FailureCode;
      if (typeof parsed.message === "string") state += `: ${parsed.message}`;
    } catch {
      // Other servers answer with pages for people.
    }
    const subject = file === undefined ? `${this.origin}${path}` : `${file} on ${this.origin} (${path})`;
    return failure(code, `Cannot use ${subject}: ${state}`, { errno: status });
  }

  /** Closes idle connections. */
  [Symbol.dispose](): void {
    this.#client?.close();
    this.#sender?.[Symbol.dispose]();
  }
}
