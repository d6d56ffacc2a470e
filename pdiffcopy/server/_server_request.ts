/**
 * What a server reads of a request: parameters, numbers, bodies, each within its limit.
 */
import { concatBytes } from "@sluice/internal";
import { decodePath, encodePath } from "../kernel/path_text.ts";
import type { FailureCode } from "../file/_errors.ts";

const QUERY_SIZE_MAX = 8192;
/** Bytes that a block may have. */
export const BLOCK_MIN = 512;
/** As `BLOCK_MIN`. */
export const BLOCK_MAX = 64 << 20;

/** Ends a request with a status; the message is for the client. */
export class Refusal extends Error {
  readonly status: number;
  readonly code: FailureCode | "LIMIT";
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    status: number,
    code: FailureCode | "LIMIT",
    message: string,
    headers: Readonly<Record<string, string>> = {},
  ) {
    super(message);
    this.status = status;
    this.code = code;
    this.headers = headers;
  }
}

/** A request whose parameters make no sense. */
export function badRequest(message: string): Refusal {
  return new Refusal(400, "PROTOCOL", message);
}

/** The parameters of a query; each may be there once. With `bytes`, escapes need not be UTF-8. */
export function parseQuery(search: string, bytes = false): ReadonlyMap<string, string> {
  if (search.length > QUERY_SIZE_MAX) throw new Refusal(414, "LIMIT", "the query is too long");
  const found = new Map<string, string>();
  if (search.length < 2) return found;
  for (const part of search.slice(1).split("&")) {
    if (part === "") continue;
    const equals = part.indexOf("=");
    const [name, value] = equals < 0 ? [part, ""] : [part.slice(0, equals), part.slice(equals + 1)];
    const key = decodeForm(name);
    if (found.has(key)) throw badRequest(`the parameter "${key}" is there twice`);
    found.set(key, bytes ? decodeBytes(value) : decodeForm(value));
  }
  return found;
}

function decodeForm(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    throw badRequest("an escape in the query is not UTF-8");
  }
}

/** As `decodeForm`, for names of any bytes. */
function decodeBytes(text: string): string {
  const form = text.replaceAll("+", " ");
  try {
    return decodeURIComponent(form);
  } catch {
    // Decoded byte by byte below.
  }
  const parts = form.split(/(%[0-9A-Fa-f]{2})/).map((part) =>
    /^%[0-9A-Fa-f]{2}$/.test(part) ? new Uint8Array([parseInt(part.slice(1), 16)]) : encodePath(part)
  );
  const name = decodePath(concatBytes(parts));
  if (form.replaceAll(/%[0-9A-Fa-f]{2}/g, "").includes("%")) {
    throw badRequest("an escape in the query is not valid");
  }
  return name;
}

/** A parameter that must be there. */
export function required(query: ReadonlyMap<string, string>, name: string): string {
  const value = query.get(name);
  if (value === undefined || value === "") throw badRequest(`the parameter "${name}" is missing`);
  return value;
}

/** A whole number in decimal digits. */
export function numberParameter(
  query: ReadonlyMap<string, string>,
  name: string,
  min: number,
  max: number,
  fallback?: number,
): number {
  const text = query.get(name);
  if (text === undefined && fallback !== undefined) return fallback;
  const value = /^[0-9]{1,16}$/.test(text ?? "") ? Number(text) : NaN;
  if (!(value >= min && value <= max)) {
    throw badRequest(`the parameter "${name}" is not a whole number from ${min} to ${max}`);
  }
  return value;
}

/** How long a body may take. */
export interface BodyLimits {
  readonly sizeMax: number;
  /** Milliseconds without a byte. */
  readonly idleTimeoutMs: number;
}

/** The chunks of a body; too many bytes, or none for too long, end it with an error. */
export async function* bodyChunks(
  request: Request,
  { sizeMax, idleTimeoutMs }: BodyLimits,
): AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined> {
  const announced = request.headers.get("content-length");
  if (announced !== null && Number(announced) > sizeMax) throw tooLarge(sizeMax);
  if (request.body === null) return;
  const reader = request.body.getReader();
  let size = 0;
  try {
    while (true) {
      const { value, done } = await inTime(reader.read(), idleTimeoutMs);
      if (done) break;
      size += value.length;
      if (size > sizeMax) throw tooLarge(sizeMax);
      yield value as Uint8Array<ArrayBuffer>;
    }
    if (announced !== null && Number(announced) !== size) throw badRequest("the body is cut off");
  } catch (error) {
    await reader.cancel(error).catch(() => {});
    throw error;
  }
}

function tooLarge(sizeMax: number): Refusal {
  return new Refusal(413, "LIMIT", `the body has more than ${sizeMax} bytes`);
}

async function inTime<T>(work: Promise<T>, timeoutMs: number): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Refusal(408, "TIMEOUT", "the body does not come")), timeoutMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** A reader that fills room that is brought; undefined for streams that have none. */
function roomReader(body: Request["body"]): ReadableStreamBYOBReader | undefined {
  try {
    return body?.getReader({ mode: "byob" });
  } catch {
    return undefined;
  }
}

const SPARES_MAX = 8;
const SPARE_SIZE_MAX = 8 << 20;

/** Room for bodies that is used again: the system clears new room, which takes as long as reading a body. */
export class BodyRoom {
  readonly #spares: Uint8Array<ArrayBuffer>[] = [];

  /** Room for so many bytes, whatever they are now. */
  take(size: number): Uint8Array<ArrayBuffer> {
    const at = this.#spares.findIndex(({ length }) => length >= size);
    return at < 0 ? new Uint8Array(size) : this.#spares.splice(at, 1)[0]!;
  }

  /** Takes the room of a body back that nobody uses any more. */
  give({ buffer }: Uint8Array<ArrayBuffer>): void {
    if (buffer.byteLength > SPARE_SIZE_MAX) return;
    if (this.#spares.length === SPARES_MAX) this.#spares.shift();
    this.#spares.push(new Uint8Array(buffer));
  }
}

/** A body that has as many bytes as it says. */
async function readAnnounced(
  reader: ReadableStreamBYOBReader,
  size: number,
  idleTimeoutMs: number,
  room: BodyRoom | undefined,
): Promise<Uint8Array<ArrayBuffer>> {
  // One byte more is room to see whether more comes.
  let bytes = room?.take(size + 1) ?? new Uint8Array(size + 1);
  let filled = 0;
  try {
    while (true) {
      const { value, done } = await inTime(reader.read(bytes.subarray(filled, size + 1)), idleTimeoutMs);
      if (value !== undefined) bytes = new Uint8Array(value.buffer as ArrayBuffer);
      filled += value?.length ?? 0;
      if (done || filled > size) break;
    }
    if (filled !== size) throw badRequest("the body does not have the size that it says");
    return bytes.subarray(0, size);
  } catch (error) {
    await reader.cancel(error).catch(() => {});
    throw error;
  }
}

/** A whole body, in `room` where that is given and the body says how long it is. */
export async function readBody(
  request: Request,
  limits: BodyLimits,
  room?: BodyRoom,
): Promise<Uint8Array<ArrayBuffer>> {
  const announced = Number(request.headers.get("content-length") ?? NaN);
  const reader = announced > 0 && announced <= limits.sizeMax ? roomReader(request.body) : undefined;
  if (reader !== undefined) return await readAnnounced(reader, announced, limits.idleTimeoutMs, room);
  const parts: Uint8Array<ArrayBuffer>[] = [];
  for await (const chunk of bodyChunks(request, limits)) parts.push(chunk);
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}

/** A body that is a JSON object. */
export async function readJson(
  request: Request,
  limits: BodyLimits,
  sizeMax = 1 << 20,
): Promise<Record<string, unknown>> {
  const bytes = await readBody(request, { ...limits, sizeMax });
  try {
    const value: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    if (typeof value === "object" && value !== null && !Array.isArray(value)) {
      return value as Record<string, unknown>;
    }
  } catch {
    // Told below.
  }
  throw badRequest("the body is no JSON object");
}

/** Lets so many run at a time; the rest wait in order, up to a limit. */
export class Turnstile {
  #free: number;
  readonly #waiting: (() => void)[] = [];
  readonly #waitingMax: number;

  constructor(free: number, waitingMax: number) {
    this.#free = free;
    this.#waitingMax = waitingMax;
  }

  /** Waits for a turn, as long as the client does; the answer gives it back. */
  async enter(signal?: AbortSignal): Promise<Disposable> {
    if (this.#free > 0) this.#free--;
    else if (this.#waiting.length >= this.#waitingMax) {
      throw new Refusal(503, "SERVER", "the server is busy", { "retry-after": "1" });
    } else await this.#wait(signal);
    let left = false;
    return {
      [Symbol.dispose]: (): void => {
        if (left) return;
        left = true;
        const next = this.#waiting.shift();
        if (next === undefined) this.#free++;
        else next();
      },
    };
  }

  async #wait(signal: AbortSignal | undefined): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#waiting.push(resolve);
    const leave = (): void => {
      const place = this.#waiting.indexOf(resolve);
      if (place >= 0) this.#waiting.splice(place, 1);
      reject(signal!.reason);
    };
    if (signal?.aborted) leave();
    signal?.addEventListener("abort", leave, { once: true });
    try {
      await promise;
    } finally {
      signal?.removeEventListener("abort", leave);
    }
  }
}

/** Whether two secrets are the same, in a time that does not tell where they differ. */
export async function isSameSecret(given: string, expected: string): Promise<boolean> {
  const digest = async (text: string): Promise<Uint8Array> =>
    new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
  const [a, b] = await Promise.all([digest(given), digest(expected)]);
  let difference = 0;
  for (let i = 0; i < a.length; i++) difference |= a[i]! ^ b[i]!;
  return difference === 0;
}
