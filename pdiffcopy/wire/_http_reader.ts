/**
 * Reads requests and answers of HTTP/1.1 from a connection: heads within a size, and bodies.
 */
import { byteString } from "@sluice/internal";

const BUFFER_SIZE = 64 << 10;
const HEAD_SIZE_MAX = 32 << 10;
const LINE_SIZE_MAX = 1024;
/** Bytes of one read of a body, where its reader brings no room. */
export const BODY_READ_SIZE: number = 256 << 10;

/** A request that is no HTTP; the connection ends with this status. */
export class BadHead extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** What the first lines of a request say. */
export interface RequestHead {
  readonly method: string;
  readonly target: string;
  readonly headers: Headers;
  /** Whether the connection may be used again after the answer. */
  readonly keepAlive: boolean;
  /** Whether the answer may be chunked. */
  readonly isHttp11: boolean;
  /** Bytes of the body; undefined where it is chunked. */
  readonly bodySize: number | undefined;
}

/** What the first lines of an answer say. */
export interface AnswerHead {
  readonly status: number;
  readonly headers: Headers;
  /** Whether the connection may be used again. */
  readonly keepAlive: boolean;
  /** Bytes of the body; undefined where it is chunked. */
  readonly bodySize: number | undefined;
}

/** The bytes of one connection, read once and in order. */
export class HttpReader {
  readonly #connection: Deno.Conn;
  readonly #buffer = new Uint8Array(BUFFER_SIZE);
  #start = 0;
  #end = 0;
  #reading: Promise<boolean> | undefined;

  constructor(connection: Deno.Conn) {
    this.#connection = connection;
  }

  /** Reads more into the buffer; false when the other side sends nothing any more. */
  #fill(): Promise<boolean> {
    return this.#reading ??= this.#read().finally(() => this.#reading = undefined);
  }

  async #read(): Promise<boolean> {
    if (this.#start > 0) {
      this.#buffer.copyWithin(0, this.#start, this.#end);
      this.#end -= this.#start;
      this.#start = 0;
    }
    if (this.#end === this.#buffer.length) throw new BadHead(431, "the head is too large");
    const count = await this.#connection.read(this.#buffer.subarray(this.#end));
    this.#end += count ?? 0;
    return count !== null;
  }

  /** Waits until the other side closes its end or sends what is not asked for; true for the first. */
  async watch(): Promise<boolean> {
    if (this.#start < this.#end) return false;
    return !await this.#fill();
  }

  /** The next line without its end; undefined where the connection ends before it begins. */
  async #line(sizeMax: number): Promise<string | undefined> {
    for (;;) {
      const index = this.#buffer.subarray(this.#start, this.#end).indexOf(0x0a);
      if (index > sizeMax || (index < 0 && this.#end - this.#start > sizeMax)) {
        throw new BadHead(431, "a line is too long");
      }
      if (index >= 0) {
        const line = byteString(this.#buffer.subarray(this.#start, this.#start + index));
        this.#start += index + 1;
        return line.endsWith("\r") ? line.slice(0, -1) : line;
      }
      if (await this.#fill()) continue;
      if (this.#start === this.#end) return undefined;
      throw new BadHead(400, "the head is cut off");
    }
  }

  /** The head of the next request; undefined when the other side is done. */
  async head(): Promise<RequestHead | undefined> {
    let first = await this.#line(HEAD_SIZE_MAX);
    if (first === "") first = await this.#line(HEAD_SIZE_MAX);
    if (first === undefined) return undefined;
    const match = /^([A-Z]{1,16}) (\S{1,16384}) HTTP\/1\.([01])$/.exec(first);
    if (match === null) throw new BadHead(400, "the first line is no request of HTTP/1.1");
    const headers = await this.#headers(first.length);
    const isHttp11 = match[3] === "1";
    if (isHttp11 && !headers.has("host")) throw new BadHead(400, "the header Host is missing");
    const connection = (headers.get("connection") ?? "").toLowerCase();
    return {
      method: match[1]!,
      target: match[2]!,
      headers,
      isHttp11,
      keepAlive: isHttp11 && !connection.split(/\s*,\s*/).includes("close"),
      bodySize: bodySizeOf(headers),
    };
  }

  /** The head of the next answer; undefined when the other side is done. */
  async answerHead(): Promise<AnswerHead | undefined> {
    const first = await this.#line(HEAD_SIZE_MAX);
    if (first === undefined) return undefined;
    const match = /^HTTP\/1\.([01]) ([1-5]\d\d)(?: .*)?$/.exec(first);
    if (match === null) throw new BadHead(400, "the first line is no answer of HTTP/1.1");
    const headers = await this.#headers(first.length);
    const isLast = match[1] === "0" || /\bclose\b/i.test(headers.get("connection") ?? "");
    const status = Number(match[2]);
    const isBare = status < 200 || status === 204 || status === 304;
    if (!isBare && !headers.has("content-length") && !headers.has("transfer-encoding")) {
      throw new BadHead(400, "the answer does not say how long it is");
    }
    return { status, headers, keepAlive: !isLast, bodySize: bodySizeOf(headers) };
  }

  async #headers(sizeBefore: number): Promise<Headers> {
    const headers = new Headers();
    for (let size = sizeBefore;;) {
      const line = await this.#line(HEAD_SIZE_MAX);
      if (line === undefined) throw new BadHead(400, "the head is cut off");
      if (line === "") return headers;
      size += line.length;
      if (size > HEAD_SIZE_MAX) throw new BadHead(431, "the head is too large");
      addHeader(headers, line);
    }
  }

  /** Reads bytes of a body into `target`, as many as are there. */
  async readInto(target: Uint8Array): Promise<number> {
    if (this.#start === this.#end) await this.#reading;
    const buffered = Math.min(target.length, this.#end - this.#start);
    if (buffered > 0) {
      target.set(this.#buffer.subarray(this.#start, this.#start + buffered));
      this.#start += buffered;
      return buffered;
    }
    const count = await this.#connection.read(target);
    if (count === null) throw new BadHead(400, "the body is cut off");
    return count;
  }

  /** Yields a chunked body. */
  async *chunks(): AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined> {
    for (;;) {
      const line = await this.#line(LINE_SIZE_MAX);
      const match = /^([0-9a-fA-F]{1,12})(?:\s*;.*)?$/.exec(line ?? "");
      if (match === null) throw new BadHead(400, "the size of a chunk is not valid");
      const size = parseInt(match[1]!, 16);
      if (size === 0) break;
      for (let left = size; left > 0;) {
        const part = new Uint8Array(Math.min(left, BODY_READ_SIZE));
        const count = await this.readInto(part);
        left -= count;
        yield part.subarray(0, count);
      }
      if (await this.#line(LINE_SIZE_MAX) !== "") throw new BadHead(400, "a chunk has no end");
    }
    while (await this.#line(LINE_SIZE_MAX)); // trailers
  }
}

function addHeader(headers: Headers, line: string): void {
  const colon = line.indexOf(":");
  const name = line.slice(0, colon);
  if (colon < 1 || !/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name)) {
    throw new BadHead(400, "a header is not valid");
  }
  const key = name.toLowerCase();
  if (headers.has(key) && ["host", "content-length", "transfer-encoding", "authorization"].includes(key)) {
    throw new BadHead(400, `the header ${key} comes twice`);
  }
  try {
    headers.append(name, line.slice(colon + 1).trim());
  } catch {
    throw new BadHead(400, "a header is not valid");
  }
}

function bodySizeOf(headers: Headers): number | undefined {
  const encoding = headers.get("transfer-encoding");
  const length = headers.get("content-length");
  if (encoding !== null) {
    if (encoding.toLowerCase() !== "chunked") throw new BadHead(501, "the transfer encoding is not known");
    if (length !== null) throw new BadHead(400, "the body has two sizes");
    return undefined;
  }
  if (length === null) return 0;
  if (!/^\d{1,15}$/.test(length)) throw new BadHead(400, "the size of the body is not valid");
  return Number(length);
}
