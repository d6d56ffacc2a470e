/**
 * zstd and dcz for servers of Node's `http`, and for Express.
 *
 * @module
 */
import { deferred } from "@sluice/internal";
import { decodeNodeBody } from "./_node_body.ts";
import { bodyDecoders, refuseBody } from "./_request_body.ts";
import { ZstdContentDecompressionStream } from "./content_encoding.ts";
import { DczDecompressionStream } from "./dcz_decompression_stream.ts";
import { withZstd } from "./with_zstd.ts";
import type { WithZstdOptions } from "./with_zstd_options.ts";

/** Headers as Node has them. */
export type ZstdNodeHeaders = Record<string, number | string | readonly string[] | undefined>;
type Callback = (error?: Error | null) => void;

/** Statuses that have no body. */
const BODILESS: ReadonlySet<number> = new Set([204, 205, 304]);

/** What the middleware needs of Node's request. */
export interface ZstdNodeRequest {
  /** The method. */
  readonly method?: string | undefined;
  /** The path and the query. */
  readonly url?: string | undefined;
  /** The address before Express took a prefix off it. */
  readonly originalUrl?: string | undefined;
  /** The headers by their names in lower case. */
  readonly headers: ZstdNodeHeaders;
  /** The connection. */
  readonly socket?: object | undefined;
  /** Takes the next piece of the body from the connection. */
  // deno-lint-ignore no-explicit-any
  push?(chunk: any): boolean;
  /** Asks the connection for more of the body. */
  _read?(size: number): void;
  /** Listens for one event. */
  // deno-lint-ignore no-explicit-any
  once?(event: string, listener: (...args: any[]) => void): unknown;
  /** Ends the connection. */
  destroy?(error?: Error): unknown;
}

/** What the middleware needs of Node's response, some of which it replaces. */
export interface ZstdNodeResponse {
  /** The status. */
  statusCode: number;
  /** Whether the headers are on their way. */
  readonly headersSent: boolean;
  /** The headers so far. */
  getHeaders(): ZstdNodeHeaders;
  /** Sets one header. */
  setHeader(name: string, value: string | readonly string[]): unknown;
  /** Takes one header back. */
  removeHeader(name: string): void;
  /** Sends status and headers. */
  // deno-lint-ignore no-explicit-any
  writeHead(...args: any[]): any;
  /** Sends a part of the body. */
  // deno-lint-ignore no-explicit-any
  write(...args: any[]): boolean;
  /** Ends the body. */
  // deno-lint-ignore no-explicit-any
  end(...args: any[]): any;
  /** Sends the headers before the body. */
  flushHeaders(): void;
  /** Listens for one event. */
  // deno-lint-ignore no-explicit-any
  once(event: string, listener: (...args: any[]) => void): unknown;
  /** Tells the listeners of an event. */
  emit(event: string): boolean;
  /** Ends the connection. */
  destroy(error?: Error): unknown;
}

/**
 * A middleware that encodes responses and decodes request bodies as {@linkcode withZstd} does: `app.use(zstdNode())` in
 * Express, before what reads bodies. Without Express call it first and handle the request in `next`. A body that can't be
 * decoded is answered with 400, 413 or 415, unless the response has begun, and ends the connection. A response that the
 * handler has ended goes out first, and a body that nobody reads is not decoded. A server that is reached through a proxy
 * which ends TLS says so with `isSecure`.
 *
 * @throws {TypeError} If an option has the wrong type or is not known.
 * @throws {RangeError} If an option is out of range.
 *
 * @example A server of Node's
 * ```ts
 * import { createServer } from "node:http";
 * import type { AddressInfo } from "node:net";
 * import { zstdNode } from "@sluice/zstd/http";
 * import { assertEquals } from "@std/assert";
 *
 * const zstd = zstdNode({ versions: true });
 * const server = createServer((request, response) =>
 *   zstd(request, response, () => {
 *     response.setHeader("content-type", "text/plain");
 *     response.end("text ".repeat(100));
 *   })
 * );
 * await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
 * const { port } = server.address() as AddressInfo;
 * const answer = await fetch(`http://127.0.0.1:${port}/`, { headers: { "accept-encoding": "zstd" } });
 * assertEquals(answer.headers.get("content-encoding"), "zstd");
 * await answer.body!.cancel();
 * await new Promise((resolve) => server.close(resolve));
 * ```
 */
export function zstdNode(
  options: WithZstdOptions = {},
): (request: ZstdNodeRequest, response: ZstdNodeResponse, next: () => void) => void {
  const handle = withZstd((_request: Request, exchange: NodeExchange) => exchange.answer, options);
  const decoders = bodyDecoders(options, {
    Zstd: ZstdContentDecompressionStream,
    Dcz: DczDecompressionStream,
  });
  return (request, response, next) => {
    const view = requestView(request);
    if (view !== undefined) {
      const exchange = new NodeExchange(response);
      exchange.run((exchange) => handle(view, exchange));
      decodeNodeBody(request, response, decoders, (error) => {
        const leave = (): void => void request.destroy?.();
        exchange.refuse(refuseBody(error), leave);
      });
    }
    next();
  };
}

/** Stands between a handler and Node's response: makes a `Response` of what is written, and sends what comes of it. */
class NodeExchange {
  readonly #response: ZstdNodeResponse;
  readonly #original: Pick<ZstdNodeResponse, "write" | "end" | "writeHead" | "flushHeaders">;
  /** Settles at the first byte, or at the end. */
  readonly #answer = deferred<Response>();
  #started = false;
  /** Whether the handler has ended its response. */
  #ended = false;
  /** Settles once the response has gone out. */
  readonly #finished = deferred();
  /** Whether the response goes past `withZstd`. */
  #bypassed = false;
  /** Where content goes. */
  #writer: WritableStreamDefaultWriter<Uint8Array<ArrayBuffer>> | undefined;

  constructor(response: ZstdNodeResponse) {
    this.#response = response;
    const { write, end, writeHead, flushHeaders } = response;
    response.once("finish", () => this.#finished.resolve());
    this.#original = {
      write: write.bind(response),
      end: end.bind(response),
      writeHead: writeHead.bind(response),
      flushHeaders: flushHeaders.bind(response),
    };
  }

  /** The response of the handler. */
  get answer(): Promise<Response> {
    return this.#answer.promise;
  }

  /** Replaces the methods through which the response goes, and sends what `handle` makes of the answer. */
  run(handle: (exchange: NodeExchange) => Promise<Response>): void {
    const response = this.#response;
    response.writeHead = (...args: unknown[]) => this.#setHead(args);
    response.flushHeaders = () => this.#start(true);
    response.write = (chunk: unknown, ...rest: unknown[]) => this.#take(chunk, rest);
    response.end = (...args: unknown[]) => this.#finish(args);
    handle(this).then((answer) => this.#send(answer)).catch((error) => response.destroy(error));
  }

  /** Answers for the handler where it has not begun to, then calls `leave`; what it writes later is dropped. */
  refuse(answer: Response | undefined, leave: () => void): void {
    const response = this.#response;
    if (this.#ended) return void this.#finished.promise.then(leave);
    if (answer === undefined || this.#started || response.headersSent) return leave();
    this.#started = true;
    response.writeHead = response.setHeader = () => response;
    response.flushHeaders = () => {};
    response.once("finish", leave);
    response.once("close", leave);
    void this.#sendRefusal(answer);
  }

  async #sendRefusal(answer: Response): Promise<void> {
    const text = await answer.text();
    const headers = { ...Object.fromEntries(answer.headers), connection: "close" };
    for (const name of Object.keys(this.#response.getHeaders())) this.#response.removeHeader(name);
    this.#original.writeHead(answer.status, headers);
    this.#original.end(text);
  }

  #setHead(args: unknown[]): unknown {
    const headers = args.slice(1).find((value) => typeof value === "object") as ZstdNodeHeaders | undefined;
    // Node itself calls this with the first byte; pairs in a list are sent as they are.
    if (this.#started || Array.isArray(headers)) return this.#original.writeHead(...args);
    this.#response.statusCode = Number(args[0]);
    for (const [name, value] of Object.entries(headers ?? {})) {
      if (value !== undefined) this.#response.setHeader(name, typeof value === "number" ? `${value}` : value);
    }
    return this.#response;
  }

  /** Makes the answer, once; `hasBody` unless the response ends without a byte. */
  #start(hasBody: boolean): void {
    if (this.#started) return;
    this.#started = true;
    const { statusCode: status, headersSent } = this.#response;
    this.#bypassed = headersSent || status < 200 || status > 599;
    if (this.#bypassed) return;
    const headers = webHeaders(this.#response.getHeaders());
    if (!hasBody || BODILESS.has(status)) {
      this.#answer.resolve(new Response(null, { status, headers }));
      return;
    }
    const { readable, writable } = new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>();
    const writer = this.#writer = writable.getWriter();
    writer.closed.catch(() => {}); // whoever reads hears of it
    this.#response.once("close", () => void writer.abort().catch(() => {}));
    this.#answer.resolve(new Response(readable, { status, headers }));
  }

  async #send({ status, headers, body }: Response): Promise<void> {
    const response = this.#response;
    response.statusCode = status;
    for (const name of Object.keys(response.getHeaders())) {
      if (!headers.has(name)) response.removeHeader(name);
    }
    for (const [name, value] of headers) if (name !== "set-cookie") response.setHeader(name, value);
    if (body === null) return this.#original.end();
    this.#original.flushHeaders();
    for await (const chunk of body) {
      if (this.#original.write(chunk)) continue;
      await new Promise<void>((resolve) => {
        response.once("drain", resolve);
        response.once("close", resolve);
      });
    }
    this.#original.end();
  }

  #take(chunk: unknown, rest: unknown[]): boolean {
    this.#start(true);
    if (this.#bypassed) return this.#original.write(chunk, ...rest);
    const writer = this.#writer;
    if (writer === undefined) return true; // a status without a body
    const callback = callbackOf(rest);
    writer.write(bytesOf(chunk, rest[0])).then(() => callback?.(), (error) => callback?.(error));
    if ((writer.desiredSize ?? 0) > 0) return true;
    writer.ready.then(() => this.#response.emit("drain"), () => {});
    return false;
  }

  #finish(args: unknown[]): ZstdNodeResponse {
    this.#ended = true;
    const [chunk, encoding] = args;
    const hasChunk = chunk !== undefined && chunk !== null && typeof chunk !== "function";
    this.#start(hasChunk && (chunk as Uint8Array | string).length !== 0);
    if (this.#bypassed) return this.#original.end(...args);
    const callback = callbackOf(args);
    if (callback !== undefined) this.#response.once("finish", callback);
    if (hasChunk) this.#writer?.write(bytesOf(chunk, encoding)).catch(() => {});
    this.#writer?.close().catch(() => {});
    return this.#response;
  }
}

function callbackOf(args: unknown[]): Callback | undefined {
  return args.find((value) => typeof value === "function") as Callback | undefined;
}

/** The request as the platform has it; undefined where it can be none: CONNECT, an address that is none. */
function requestView(request: ZstdNodeRequest): Request | undefined {
  const { method = "GET", url = "/", originalUrl, headers, socket } = request;
  const scheme = (socket as { encrypted?: boolean } | undefined)?.encrypted === true ? "https" : "http";
  try {
    const address = new URL(originalUrl ?? url, `${scheme}://${headers["host"] ?? "localhost"}`);
    return new Request(address, { method, headers: webHeaders(headers) });
  } catch {
    return undefined;
  }
}

function webHeaders(headers: ZstdNodeHeaders): Headers {
  const result = new Headers();
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined || name.startsWith(":")) continue;
    for (const one of typeof value === "object" ? value : [value]) result.append(name, `${one}`);
  }
  return result;
}

function bytesOf(chunk: unknown, encoding: unknown): Uint8Array<ArrayBuffer> {
  if (chunk instanceof Uint8Array) return new Uint8Array(chunk);
  if (typeof chunk !== "string") {
    throw new TypeError("Cannot write to the response: expected text or bytes");
  }
  if (typeof encoding !== "string" || /^utf-?8$/i.test(encoding)) return new TextEncoder().encode(chunk);
  const { Buffer } = globalThis as unknown as {
    Buffer: { from(text: string, encoding: string): Uint8Array };
  };
  return new Uint8Array(Buffer.from(chunk, encoding));
}
