/**
 * Bodies of Node's requests that came encoded: what the connection pushes is decoded before the handler reads it.
 */
import { encodingsOf } from "./_request_body.ts";
import type { BodyDecoders, DecodingStream } from "./_request_body.ts";

/** What is needed of Node's request, some of which is replaced. */
export interface NodeBody {
  /** The headers by their names in lower case. */
  readonly headers: Record<string, unknown>;
  /** Takes the next piece of the body, null for its end; false asks for a pause. */
  // deno-lint-ignore no-explicit-any
  push?(chunk: any): boolean;
  /** Asks for more of the body. */
  _read?(size: number): void;
  /** Listens for one event. */
  // deno-lint-ignore no-explicit-any
  once?(event: string, listener: (...args: any[]) => void): unknown;
}

/**
 * Takes the outermost encoding off a body, where it is a known one. The headers then say what the handler gets.
 * `onFault` hears of a body that can't be decoded; the handler gets no end of that.
 */
export function decodeNodeBody(
  request: NodeBody,
  response: Pick<NodeBody, "once">,
  decoders: BodyDecoders,
  onFault: (error: unknown) => void,
): void {
  const { headers } = request;
  const encodings = encodingsOf(`${headers["content-encoding"] ?? ""}`);
  const encoding = encodings.pop();
  if (request.push === undefined || encoding !== "zstd" && encoding !== "dcz") return;
  if (encodings.length === 0) delete headers["content-encoding"];
  else headers["content-encoding"] = encodings.join(", ");
  if (headers["content-length"] !== undefined) {
    delete headers["content-length"];
    headers["transfer-encoding"] = "chunked"; // how handlers see that there is a body of any length
  }
  const make = (): DecodingStream => encoding === "zstd" ? decoders.zstd() : decoders.dcz();
  new NodeBodyDecoder(request, response, make, onFault);
}

/** Bytes of a body that wait for the first read; the connection then waits. */
const WAITING_SIZE_MAX = 64 << 10;

/**
 * Stands between the connection, which pushes, and the request, which is read. Nothing is decoded before the first read: a
 * body that nobody reads has no faults.
 */
class NodeBodyDecoder {
  readonly #push: (chunk: Uint8Array<ArrayBuffer> | null) => boolean;
  readonly #read: (size: number) => void;
  readonly #make: () => DecodingStream;
  readonly #onFault: (error: unknown) => void;
  #writer: WritableStreamDefaultWriter<BufferSource> | undefined;
  /** What has come before the first read, null for the end; undefined from then on. */
  #waiting: (Uint8Array | null)[] | undefined = [];
  #waitingSize = 0;
  /** Whether nobody has read when the response went out: the rest is let pass. */
  #unread = false;
  /** Continues after a pause. */
  #resume: (() => void) | undefined;
  /** Whether the rest of the body is dropped. */
  #over = false;

  constructor(
    request: NodeBody,
    response: Pick<NodeBody, "once">,
    make: () => DecodingStream,
    onFault: (error: unknown) => void,
  ) {
    this.#push = request.push!.bind(request);
    this.#read = request._read?.bind(request) ?? (() => {});
    this.#make = make;
    this.#onFault = onFault;
    request.push = (chunk: Uint8Array | null) => this.#take(chunk);
    request._read = (size) => this.#ask(size);
    request.once?.("close", () => this.#end());
    response.once?.("finish", () => this.#dropUnread());
  }

  /** Takes a piece from the connection; false where no more should come before it is asked for. */
  #take(chunk: Uint8Array | null): boolean {
    if (this.#unread) return chunk === null ? this.#push(null) : true;
    if (this.#over) return true;
    if (this.#waiting !== undefined) {
      this.#waiting.push(chunk);
      this.#waitingSize += chunk?.length ?? 0;
      return this.#waitingSize < WAITING_SIZE_MAX;
    }
    const writer = this.#writer ??= this.#start();
    if (chunk === null) writer.close().catch(() => {}); // whoever reads hears of it
    else writer.write(new Uint8Array(chunk)).catch(() => {});
    return (writer.desiredSize ?? 0) > 0;
  }

  #start(): WritableStreamDefaultWriter<BufferSource> {
    const { readable, writable } = this.#make();
    const writer = writable.getWriter();
    writer.closed.catch(() => {});
    this.#pass(readable).catch((error) => {
      if (this.#over) return;
      this.#over = true;
      this.#onFault(error);
    });
    return writer;
  }

  async #pass(readable: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<void> {
    for await (const chunk of readable) {
      if (this.#push(chunk)) continue;
      await new Promise<void>((resolve) => this.#resume = resolve);
    }
    this.#push(null);
  }

  /** The handler reads on: gives what waits, and asks the connection for more where there is room. */
  #ask(size: number): void {
    const waiting = this.#waiting ?? [];
    this.#waiting = undefined;
    for (const chunk of waiting) this.#take(chunk);
    this.#resume?.();
    this.#resume = undefined;
    if (this.#writer === undefined) this.#read(size);
    else this.#writer.ready.then(() => this.#read(size), () => {});
  }

  /** The response has gone out; as in Node, a body that nobody has begun to read is dropped. */
  #dropUnread(): void {
    if (this.#waiting === undefined) return;
    const hasEnded = this.#waiting.includes(null);
    this.#waiting = undefined;
    this.#unread = true;
    if (hasEnded) this.#push(null);
  }

  /** The request is over, read or not. */
  #end(): void {
    this.#over = true;
    this.#writer?.abort().catch(() => {});
    this.#resume?.();
  }
}
