/**
 * One connection of a server: request after request, each answered before the next is read.
 */
import { STATUS_TEXTS } from "./_http_status.ts";
import { IncomingBody } from "./_incoming_body.ts";
import { BadHead, HttpReader } from "../wire/_http_reader.ts";
import type { RequestHead } from "../wire/_http_reader.ts";

/** How long a connection may take for what. */
export interface ConnectionLimits {
  /** Milliseconds until a whole head has come; also how long a connection may be idle. */
  readonly headTimeoutMs: number;
  /** Milliseconds that the client may take for a part of an answer. */
  readonly writeTimeoutMs: number;
}

/** Answers a request. */
export type Answerer = (request: Request) => Promise<Response>;

/** What is left of a body that nobody read is read for the sake of the connection up to so many bytes. */
const DRAIN_MAX = 256 << 10;
/** A client that still sends is heard for so long, so that it reads the answer before the connection ends. */
const LINGER_MS = 2000;
const LINGER_MAX = 64 << 20;
/** How long a client that is told to come back may take for all of that. */
const TURN_AWAY_MS = 2000;

const encoder = new TextEncoder();
const CRLF = encoder.encode("\r\n");
const LAST_CHUNK = encoder.encode("0\r\n\r\n");

/** Serves one connection until it ends. */
export class HttpConnection {
  readonly #connection: Deno.Conn;
  readonly #scheme: "http" | "https";
  readonly #answer: Answerer;
  readonly #limits: ConnectionLimits;
  readonly #reader: HttpReader;
  /** Whether a request is under way. */
  busy = false;
  #closing = false;
  #open = true;

  constructor(connection: Deno.Conn, scheme: "http" | "https", answer: Answerer, limits: ConnectionLimits) {
    this.#connection = connection;
    this.#scheme = scheme;
    this.#answer = answer;
    this.#limits = limits;
    this.#reader = new HttpReader(connection);
  }

  /** Serves until either side ends the connection. */
  async serve(): Promise<void> {
    try {
      if ("setNoDelay" in this.#connection) (this.#connection as Deno.TcpConn).setNoDelay(true);
      while (!this.#closing && await this.#serveOne());
    } catch {
      // The client is gone, or was too slow.
    } finally {
      this.close();
    }
  }

  /** Tells the client to come back, and ends the connection. */
  async turnAway(): Promise<void> {
    try {
      await this.#inTime(TURN_AWAY_MS, this.#refuseNext());
    } catch {
      // The client is gone, or was too slow.
    } finally {
      this.close();
    }
  }

  /** Ends the connection at once. */
  close(): void {
    if (!this.#open) return;
    this.#open = false;
    try {
      this.#connection.close();
    } catch {
      // It ended by itself.
    }
  }

  /** Ends the connection when the request under way is answered. */
  closeWhenIdle(): void {
    this.#closing = true;
    if (!this.busy) this.close();
  }

  /** Ends the connection unless the work is done in time. */
  async #inTime<T>(milliseconds: number, work: Promise<T>): Promise<T> {
    const timer = setTimeout(() => this.close(), milliseconds);
    try {
      return await work;
    } finally {
      clearTimeout(timer);
    }
  }

  async #serveOne(): Promise<boolean> {
    let head: RequestHead | undefined;
    try {
      head = await this.#inTime(this.#limits.headTimeoutMs, this.#reader.head());
    } catch (error) {
      if (!(error instanceof BadHead)) throw error;
      await this.#refuse(error.status, "PROTOCOL", error.message);
      return false;
    }
    if (head === undefined) return false;
    this.busy = true;
    try {
      return await this.#exchange(head);
    } finally {
      this.busy = false;
    }
  }

  async #refuseNext(): Promise<void> {
    if (await this.#reader.head() === undefined) return;
    await this.#refuse(503, "SERVER", "the server has too many connections", { "retry-after": "1" });
  }

  async #refuse(
    status: number,
    code: "PROTOCOL" | "SERVER",
    message: string,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<void> {
    const response = Response.json({ code, message }, { status, headers });
    await this.#send(response, { isHead: false, isHttp11: true, keepAlive: false });
    await this.#linger();
  }

  /** Answers one request; true where the connection may be used again. */
  async #exchange(head: RequestHead): Promise<boolean> {
    const body = new IncomingBody(this.#reader, head.bodySize, this.#continuer(head));
    const controller = new AbortController();
    let url: URL;
    try {
      url = new URL(`${this.#scheme}://${head.headers.get("host") ?? "localhost"}${pathOf(head.target)}`);
    } catch {
      await this.#refuse(400, "PROTOCOL", "the address is not valid");
      return false;
    }
    const hasBody = head.bodySize !== 0 && head.method !== "GET" && head.method !== "HEAD";
    const request = new Request(url, {
      method: head.method,
      headers: head.headers,
      signal: controller.signal,
      ...(hasBody ? { body: body.stream } : {}),
    });
    const ended = { now: false };
    // A client that leaves ends what is done for it. Only once its body is there can that be seen.
    void body.whenRead.then(() => ended.now ? false : this.#reader.watch()).then((left) => {
      if (left && !ended.now) controller.abort(new Error("Cannot go on with the request: the client left"));
    }).catch(() => controller.abort(new Error("Cannot go on with the request: the client left")));
    if (!hasBody && head.bodySize === 0) body.complete();
    const response = await this.#answer(request);
    const drained = await body.drain(DRAIN_MAX);
    const keepAlive = head.keepAlive && drained && !this.#closing;
    try {
      await this.#send(response, { isHead: head.method === "HEAD", isHttp11: head.isHttp11, keepAlive });
    } finally {
      ended.now = true;
    }
    if (!drained) await this.#linger();
    return keepAlive;
  }

  /** Tells a client that waits for it to send its body, once somebody reads that. */
  #continuer({ headers }: RequestHead): () => Promise<void> {
    const waits = headers.get("expect")?.toLowerCase() === "100-continue";
    return async () => {
      if (waits) await this.#write(encoder.encode("HTTP/1.1 100 Continue\r\n\r\n"));
    };
  }

  async #write(bytes: Uint8Array): Promise<void> {
    for (let done = 0; done < bytes.length;) {
      const rest = done === 0 ? bytes : bytes.subarray(done);
      done += await this.#inTime(this.#limits.writeTimeoutMs, this.#connection.write(rest));
    }
  }

  async #send(
    response: Response,
    { isHead, isHttp11, keepAlive }: {
      readonly isHead: boolean;
      readonly isHttp11: boolean;
      readonly keepAlive: boolean;
    },
  ): Promise<void> {
    const { status, headers } = response;
    const isEmpty = response.body === null || status === 204 || status === 304;
    const hasLength = headers.has("content-length");
    const isChunked = !isEmpty && !hasLength && isHttp11;
    let text = `HTTP/1.1 ${status} ${response.statusText || STATUS_TEXTS[status] || "-"}\r\n`;
    for (const [name, value] of headers) text += `${name}: ${value}\r\n`;
    if (isEmpty && !hasLength && status !== 204) text += "content-length: 0\r\n";
    if (isChunked) text += "transfer-encoding: chunked\r\n";
    const mustClose = !keepAlive || (!isEmpty && !hasLength && !isHttp11);
    text += `date: ${new Date().toUTCString()}\r\nconnection: ${mustClose ? "close" : "keep-alive"}\r\n\r\n`;
    let pending: Uint8Array | undefined = encoder.encode(text);
    if (!isEmpty && !isHead) {
      for await (const chunk of response.body!) {
        if (chunk.length === 0) continue;
        const framed = isChunked ? frameChunk(chunk) : [chunk];
        // The head and a first small part go in one packet.
        for (const part of pending === undefined ? framed : [join([pending, ...framed])]) {
          await this.#write(part);
        }
        pending = undefined;
      }
      if (isChunked) pending = pending === undefined ? LAST_CHUNK : join([pending, LAST_CHUNK]);
    } else if (!isEmpty) {
      await response.body!.cancel();
    }
    if (pending !== undefined) await this.#write(pending);
    if (mustClose) this.#closing = true;
  }

  /** Reads on for a moment: a connection that ends with unread bytes takes the answer with it. */
  async #linger(): Promise<void> {
    const timer = setTimeout(() => this.close(), LINGER_MS);
    try {
      await this.#connection.closeWrite();
      const buffer = new Uint8Array(64 << 10);
      for (let size = 0; size < LINGER_MAX;) {
        const count = await this.#connection.read(buffer);
        if (count === null) return;
        size += count;
      }
    } finally {
      clearTimeout(timer);
    }
  }
}

/** The path and query of a request's target, which may be a whole address. */
function pathOf(target: string): string {
  const path = target.replace(/^https?:\/\/[^/?#]*/i, "");
  if (path.startsWith("/")) return path;
  return path === "" ? "/" : path === "*" ? "/*" : `/${path}`;
}

function frameChunk(chunk: Uint8Array): Uint8Array[] {
  const head = encoder.encode(`${chunk.length.toString(16)}\r\n`);
  return chunk.length <= 64 << 10 ? [join([head, chunk, CRLF])] : [head, chunk, CRLF];
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}
