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
  new NodeBodyDecoder(request, () => encoding === "zstd" ? decoders.zstd() : decoders.dcz(), onFault);
}

/** Stands between the connection, which pushes, and the request, which is read. */
class NodeBodyDecoder {
  readonly #push: (chunk: Uint8Array<ArrayBuffer> | null) => boolean;
  readonly #read: (size: number) => void;
  readonly #make: () => DecodingStream;
  readonly #onFault: (error: unknown) => void;
  #writer: WritableStreamDefaultWriter<BufferSource> | undefined;
  /** Continues after a pause. */
  #resume: (() => void) | undefined;
  /** Whether the rest of the body is dropped. */
  #over = false;

  constructor(request: NodeBody, make: () => DecodingStream, onFault: (error: unknown) => void) {
    this.#push = request.push!.bind(request);
    this.#read = request._read?.bind(request) ?? (() => {});
    this.#make = make;
    this.#onFault = onFault;
    request.push = (chunk: Uint8Array | null) => this.#take(chunk);
    request._read = (size) => this.#ask(size);
    request.once?.("close", () => this.#end());
  }

  /** Takes a piece from the connection; false where no more should come before it is asked for. */
  #take(chunk: Uint8Array | null): boolean {
    if (this.#over) return true;
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
    this.#resume?.();
    this.#resume = undefined;
    if (this.#writer === undefined) this.#read(size);
    else this.#writer.ready.then(() => this.#read(size), () => {});
  }

  /** The request is over, read or not. */
  #end(): void {
    this.#over = true;
    this.#writer?.abort().catch(() => {});
    this.#resume?.();
  }
}
