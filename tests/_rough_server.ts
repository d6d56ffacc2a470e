/**
 * A server of one file on this machine that cuts, stalls and restarts.
 */

/** How rough it is: one in so many answers is cut, one in so many stalls. */
export interface Roughness {
  readonly cutEvery: number;
  readonly stallEvery: number;
}

const PIECE_SIZE = 64 << 10;

/** Serves ranges of a file. */
export class RoughServer {
  cuts = 0;
  stalls = 0;
  restarts = 0;
  served = 0;
  etag = '"one"';
  /** Bytes from here on are not sent before it grows. */
  limit = Infinity;
  /** Called with how far into the file bytes have been sent. */
  onProgress: (offset: number) => void = () => {};
  readonly #path: string;
  /** Bytes of the file. */
  readonly size: number;
  readonly #roughness: Roughness;
  /** Answers that are long enough to be cut. */
  #answers = 0;
  #port = 0;
  #controller = new AbortController();
  #server!: Deno.HttpServer<Deno.NetAddr>;

  constructor(path: string, size: number, roughness: Roughness) {
    this.#path = path;
    this.size = size;
    this.#roughness = roughness;
    this.#listen();
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}/file.lz4`;
  }

  #listen(): void {
    this.#controller = new AbortController();
    this.#server = Deno.serve({
      hostname: "127.0.0.1",
      port: this.#port,
      signal: this.#controller.signal,
      onListen: () => {},
      onError: () => new Response(null, { status: 500 }),
    }, (request) => this.#answer(request));
    this.#port = this.#server.addr.port;
  }

  /** Goes away for a while, with all its connections. */
  async restart(pauseMs: number): Promise<void> {
    this.restarts++;
    await this.close();
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
    this.#listen();
  }

  async close(): Promise<void> {
    this.#controller.abort();
    await this.#server.finished;
  }

  async #answer(request: Request): Promise<Response> {
    const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.get("range") ?? "") ?? [];
    if (from === undefined) return new Response(null, { status: 400 });
    const [start, end] = [Number(from), Math.min(Number(to) + 1, this.size)];
    // The first answer tells size and version, and is as short as a byte.
    const isLong = end - start > PIECE_SIZE;
    const number = isLong ? ++this.#answers : 0;
    const cut = isLong && number % this.#roughness.cutEvery === 0;
    const stall = isLong && !cut && number % this.#roughness.stallEvery === 0;
    const file = await Deno.open(this.#path);
    await file.seek(start, Deno.SeekMode.Start);
    let ended = false;
    const close = (): void => {
      ended = true;
      try {
        file.close();
      } catch {
        // closed by the other way out
      }
    };
    let offset = start;
    const middle = start + Math.floor((end - start) / 2);
    const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
      pull: async (controller) => {
        if (cut && offset >= middle) {
          this.cuts++;
          close();
          return controller.error(new Error("the connection breaks"));
        }
        if (stall && offset >= middle) {
          this.stalls++;
          close();
          return await new Promise(() => {}); // never a byte more
        }
        while (offset >= this.limit && !ended) await new Promise((resolve) => setTimeout(resolve, 5));
        if (ended) return;
        const buffer = new Uint8Array(Math.min(PIECE_SIZE, end - offset));
        const length = buffer.length === 0 ? null : await file.read(buffer);
        if (length === null) {
          close();
          return controller.close();
        }
        offset += length;
        this.served += length;
        controller.enqueue(buffer.subarray(0, length));
        this.onProgress(offset);
      },
      cancel: close,
    });
    const headers = { "content-range": `bytes ${start}-${end - 1}/${this.size}`, etag: this.etag };
    return new Response(body, { status: 206, headers });
  }
}
