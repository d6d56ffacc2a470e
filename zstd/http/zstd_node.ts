/**
 * zstd and dcz for servers of Node's `http`, and for Express.
 *
 * @module
 */
import { ResponseRules, VersionCollector } from "./response_rules.ts";
import type { ResponsePlan } from "./response_rules.ts";
import { encodeBody } from "./encode_body.ts";
import type { WithZstdOptions } from "./with_zstd_options.ts";

type NodeHeaders = Record<string, number | string | readonly string[] | undefined>;
type Callback = (error?: Error | null) => void;

/** What the middleware needs of Node's request. */
export interface ZstdNodeRequest {
  readonly method?: string | undefined;
  readonly url?: string | undefined;
  /** The address before Express took a prefix off it. */
  readonly originalUrl?: string | undefined;
  readonly headers: NodeHeaders;
  readonly socket?: object | undefined;
}

/** What the middleware needs of Node's response, some of which it replaces. */
export interface ZstdNodeResponse {
  statusCode: number;
  readonly headersSent: boolean;
  getHeaders(): NodeHeaders;
  setHeader(name: string, value: string | readonly string[]): unknown;
  removeHeader(name: string): void;
  // deno-lint-ignore no-explicit-any
  writeHead(...args: any[]): any;
  // deno-lint-ignore no-explicit-any
  write(...args: any[]): boolean;
  // deno-lint-ignore no-explicit-any
  end(...args: any[]): any;
  flushHeaders(): void;
  // deno-lint-ignore no-explicit-any
  once(event: string, listener: (...args: any[]) => void): unknown;
  emit(event: string): boolean;
  destroy(error?: Error): unknown;
}

/**
 * A middleware that encodes responses as {@linkcode withZstd} does: `app.use(zstdNode())` in Express. Without Express call
 * it first and handle the request in `next`. Request bodies are left as they are. A server that stands behind a proxy which
 * ends TLS says so with `isSecure`.
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
  options: Omit<WithZstdOptions, "maxRequestSize"> = {},
): (request: ZstdNodeRequest, response: ZstdNodeResponse, next: () => void) => void {
  const rules = new ResponseRules(options);
  return (request, response, next) => {
    new NodeResponse(rules, request, response).install();
    next();
  };
}

/** Stands between a handler and its response: decides at the first byte, or at the end. */
class NodeResponse {
  readonly #rules: ResponseRules;
  readonly #request: ZstdNodeRequest;
  readonly #response: ZstdNodeResponse;
  readonly #write: ZstdNodeResponse["write"];
  readonly #end: ZstdNodeResponse["end"];
  readonly #flushHeaders: () => void;
  readonly #writeHead: ZstdNodeResponse["writeHead"];
  #started = false;
  /** Where content goes that is encoded. */
  #writer: WritableStreamDefaultWriter<Uint8Array<ArrayBuffer>> | undefined;
  /** Where content goes that is sent as it is and kept. */
  #collector: VersionCollector | undefined;
  /** Whether the client accepts nothing: the body is dropped. */
  #refused = false;

  constructor(rules: ResponseRules, request: ZstdNodeRequest, response: ZstdNodeResponse) {
    this.#rules = rules;
    this.#request = request;
    this.#response = response;
    this.#write = response.write.bind(response);
    this.#end = response.end.bind(response);
    this.#flushHeaders = response.flushHeaders.bind(response);
    this.#writeHead = response.writeHead.bind(response);
  }

  /** Replaces the methods of the response through which content goes. */
  install(): void {
    const response = this.#response;
    response.writeHead = (status: number, ...rest: unknown[]) => {
      if (this.#started) return this.#writeHead(status, ...rest); // Node itself, with the first byte
      const headers = rest.find((value) => typeof value === "object") as NodeHeaders | string[] | undefined;
      response.statusCode = status;
      if (Array.isArray(headers)) return this.#writeHead(status, ...rest); // raw pairs are sent as they are
      for (const [name, value] of Object.entries(headers ?? {})) {
        if (value !== undefined) response.setHeader(name, typeof value === "number" ? `${value}` : value);
      }
      return response;
    };
    response.flushHeaders = () => {
      this.#start(true);
      this.#flushHeaders();
    };
    response.write = (chunk: unknown, ...rest: unknown[]) => this.#take(chunk, rest);
    response.end = (...args: unknown[]) => this.#finish(args);
  }

  /** Decides what becomes of the response, once; `hasBody` unless it ends without a byte. */
  #start(hasBody: boolean): void {
    if (this.#started) return;
    this.#started = true;
    if (this.#response.headersSent) return;
    const request = this.#requestView();
    const plan = request && this.#rules.plan(request, this.#responseView(), hasBody);
    if (plan === undefined) return;
    this.#applyHeaders(plan.headers);
    if (plan.chosen === undefined) {
      this.#refused = true;
      this.#response.statusCode = 406;
      for (const name of ["content-type", "content-length", "etag"]) this.#response.removeHeader(name);
    } else if (request!.method !== "HEAD" && hasBody) this.#open(plan);
  }

  #open({ chosen, live, route }: ResponsePlan): void {
    const collector = route === undefined ? undefined : new VersionCollector(this.#rules.store!, route);
    if (chosen!.encoding === "identity") {
      this.#collector = collector;
      return;
    }
    const { readable, writable } = new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
      transform(chunk, controller): void {
        collector?.add(chunk);
        controller.enqueue(chunk);
      },
      flush: () => collector?.finish(),
    });
    const writer = this.#writer = writable.getWriter();
    writer.closed.catch(() => {}); // the pump hears of it
    this.#response.once("close", () => void writer.abort().catch(() => {}));
    this.#pump(encodeBody(readable, chosen!, this.#rules.compress, live)).catch((error) => {
      this.#response.destroy(error);
    });
  }

  async #pump(encoded: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<void> {
    for await (const chunk of encoded) {
      if (this.#write(chunk)) continue;
      await new Promise<void>((resolve) => {
        this.#response.once("drain", resolve);
        this.#response.once("close", resolve);
      });
    }
    this.#end();
  }

  #take(chunk: unknown, rest: unknown[]): boolean {
    this.#start(true);
    if (this.#refused) return true;
    const callback = rest.find((value) => typeof value === "function") as Callback | undefined;
    const bytes = bytesOf(chunk, rest[0]);
    this.#collector?.add(bytes);
    const writer = this.#writer;
    if (writer === undefined) return this.#write(chunk, ...rest);
    writer.write(bytes).then(() => callback?.(), (error) => callback?.(error));
    if ((writer.desiredSize ?? 0) > 0) return true;
    writer.ready.then(() => this.#response.emit("drain"), () => {});
    return false;
  }

  #finish(args: unknown[]): ZstdNodeResponse {
    const callback = args.find((value) => typeof value === "function") as Callback | undefined;
    const [chunk, encoding] = args;
    const hasChunk = chunk !== undefined && chunk !== null && typeof chunk !== "function";
    this.#start(hasChunk);
    if (this.#refused) return this.#end(callback), this.#response;
    if (this.#writer === undefined) {
      if (hasChunk) this.#collector?.add(bytesOf(chunk, encoding));
      this.#collector?.finish().catch(() => {});
      this.#end(...args);
      return this.#response;
    }
    if (callback !== undefined) this.#response.once("finish", callback);
    if (hasChunk) this.#writer.write(bytesOf(chunk, encoding)).catch(() => {});
    this.#writer.close().catch(() => {});
    return this.#response;
  }

  #applyHeaders(headers: Headers): void {
    for (const name of Object.keys(this.#response.getHeaders())) {
      if (!headers.has(name)) this.#response.removeHeader(name);
    }
    for (const [name, value] of headers) {
      if (name !== "set-cookie") this.#response.setHeader(name, value);
    }
  }

  /** The request as the rules read it; undefined where it can be none. */
  #requestView(): Request | undefined {
    const { method = "GET", url = "/", originalUrl, headers, socket } = this.#request;
    const scheme = (socket as { encrypted?: boolean } | undefined)?.encrypted === true ? "https" : "http";
    try {
      const address = new URL(originalUrl ?? url, `${scheme}://${headers["host"] ?? "localhost"}`);
      return new Request(address, { method, headers: webHeaders(headers) });
    } catch {
      return undefined; // CONNECT, an address that is none
    }
  }

  #responseView(): Response {
    const { statusCode } = this.#response;
    const status = statusCode >= 200 && statusCode <= 599 ? statusCode : 204;
    return new Response(null, { status, headers: webHeaders(this.#response.getHeaders()) });
  }
}

function webHeaders(headers: NodeHeaders): Headers {
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
