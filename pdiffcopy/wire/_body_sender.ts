/**
 * Sends large bodies over connections of its own: `fetch` copies each of them twice before a byte leaves. Plain HTTP to
 * servers that are reached directly; everything else goes through `fetch`.
 */
import { concatBytes } from "@sluice/internal";
import { failure } from "../file/_errors.ts";
import { BadHead, HttpReader } from "./_http_reader.ts";

/** A smaller body is not worth a connection. */
const BODY_MIN = 256 << 10;
/** An answer that is held as a whole: what became of every change of a request, with long names. */
export const ANSWER_SIZE_MAX: number = 32 << 20;
const ANSWER_ROOM = 1 << 20;
const IDLE_MAX = 32;
const PROXY_VARIABLES = ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"];

interface Line {
  readonly connection: Deno.TcpConn;
  readonly reader: HttpReader;
}

/** One request with a body. */
export interface BodyRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  readonly signal: AbortSignal;
}

/** Connections to one origin. */
export class BodySender implements Disposable {
  readonly #hostname: string;
  readonly #port: number;
  readonly #idle: Line[] = [];

  private constructor({ hostname, port }: URL) {
    this.#hostname = hostname.replace(/^\[|\]$/g, "");
    this.#port = Number(port || 80);
  }

  /** For an origin; undefined where it has to be reached another way. */
  static for(origin: string): BodySender | undefined {
    const url = URL.canParse(origin) ? new URL(origin) : undefined;
    if (url?.protocol !== "http:" || typeof Deno === "undefined" || mayHaveProxy()) return undefined;
    return new BodySender(url);
  }

  /** Whether a request is for this way. */
  takes(body: Uint8Array | undefined): body is Uint8Array {
    return body !== undefined && body.length >= BODY_MIN;
  }

  /** Sends a request; its whole answer. */
  async send(request: BodyRequest): Promise<Response> {
    request.signal.throwIfAborted();
    const used = this.#idle.pop();
    if (used !== undefined) {
      try {
        return await this.#exchange(used, request);
      } catch (error) {
        // The server may have closed it meanwhile. Bodies may be sent twice: each names its place.
        if (request.signal.aborted || error instanceof BadHead) throw error;
      }
    }
    const connection = await Deno.connect({
      hostname: this.#hostname,
      port: this.#port,
      signal: request.signal,
    });
    connection.setNoDelay(true);
    return await this.#exchange({ connection, reader: new HttpReader(connection) }, request);
  }

  async #exchange(line: Line, { method, url, headers, body, signal }: BodyRequest): Promise<Response> {
    const { host, pathname, search } = new URL(url);
    const close = (): void => closeQuietly(line.connection);
    signal.addEventListener("abort", close, { once: true });
    try {
      const fields = { host, ...headers, "content-length": `${body.length}` };
      const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`).join("");
      await writeAll(
        line.connection,
        new TextEncoder().encode(`${method} ${pathname}${search} HTTP/1.1\r\n${lines}\r\n`),
      );
      // A server that refuses answers before it has read everything, and then reads no more.
      const written = writeAll(line.connection, body).then(() => true, () => false);
      const response = await readAnswer(line.reader);
      const isReusable = response.keepAlive && await written && !signal.aborted;
      if (isReusable && this.#idle.length < IDLE_MAX) this.#idle.push(line);
      else close();
      return response.answer;
    } catch (error) {
      close();
      signal.throwIfAborted();
      throw error;
    } finally {
      signal.removeEventListener("abort", close);
    }
  }

  /** Closes idle connections. */
  [Symbol.dispose](): void {
    for (const { connection } of this.#idle.splice(0)) closeQuietly(connection);
  }
}

/** Whether the environment names a proxy, or may not be asked. */
function mayHaveProxy(): boolean {
  return PROXY_VARIABLES.some((variable) =>
    Deno.permissions.querySync({ name: "env", variable }).state !== "granted" ||
    (Deno.env.get(variable) ?? "") !== ""
  );
}

async function writeAll(connection: Deno.TcpConn, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.length;) done += await connection.write(bytes.subarray(done));
}

async function readAnswer(
  reader: HttpReader,
): Promise<{ readonly answer: Response; readonly keepAlive: boolean }> {
  let head = await reader.answerHead();
  while (head !== undefined && head.status < 200) head = await reader.answerHead();
  if (head === undefined) throw new Error("Cannot read the answer: the connection was closed");
  const { status, headers, keepAlive, bodySize } = head;
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let size = 0;
  const take = (part: Uint8Array<ArrayBuffer>): void => {
    size += part.length;
    if (size > ANSWER_SIZE_MAX) {
      throw failure("PROTOCOL", `Cannot read an answer: it has more than ${ANSWER_SIZE_MAX} bytes`);
    }
    parts.push(part);
  };
  if (bodySize === undefined) { for await (const part of reader.chunks()) take(part); }
  else {
    while (size < bodySize) {
      const part = new Uint8Array(Math.min(bodySize - size, ANSWER_ROOM));
      take(part.subarray(0, await reader.readInto(part)));
    }
  }
  const isEmpty = [204, 205, 304].includes(status);
  return { answer: new Response(isEmpty ? null : concatBytes(parts), { status, headers }), keepAlive };
}

function closeQuietly(connection: Deno.TcpConn): void {
  try {
    connection.close();
  } catch {
    // It was closed before.
  }
}
