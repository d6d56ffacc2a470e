/**
 * A proxy that holds every byte for a while, as a long line does.
 */

/** A proxy on this machine for one port. */
export class DelayProxy implements Disposable {
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #port: number;
  readonly #milliseconds: number;

  /** Holds bytes for so many milliseconds each way. */
  constructor(port: number, milliseconds: number) {
    this.#port = port;
    this.#milliseconds = milliseconds;
    this.#accept().catch(() => {}); // ends with the listener
  }

  /** Where clients connect. */
  get port(): number {
    return this.#listener.addr.port;
  }

  async #accept(): Promise<void> {
    for await (const client of this.#listener) {
      const server = await Deno.connect({ hostname: "127.0.0.1", port: this.#port });
      for (const [from, to] of [[client, server], [server, client]] as const) {
        from.setNoDelay(true);
        this.#pass(from, to).catch(() => {}).finally(() => close(from));
      }
    }
  }

  async #pass(from: Deno.TcpConn, to: Deno.TcpConn): Promise<void> {
    let written = Promise.resolve();
    for (;;) {
      const buffer = new Uint8Array(64 << 10);
      const count = await from.read(buffer);
      const due = performance.now() + this.#milliseconds;
      const before = written;
      written = (async () => {
        await before;
        const wait = due - performance.now();
        if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
        if (count === null) await to.closeWrite();
        else for (let at = 0; at < count;) at += await to.write(buffer.subarray(at, count));
      })();
      written.catch(() => {}); // thrown at the end
      if (count === null) return await written;
    }
  }

  [Symbol.dispose](): void {
    this.#listener.close();
  }
}

function close(connection: Deno.TcpConn): void {
  try {
    connection.close();
  } catch {
    // It was closed before.
  }
}
