/**
 * A proxy between a client and a server that counts what passes, and holds everything at a given byte until told.
 */

/** A proxy on this machine for one port. */
export class CountingProxy implements AsyncDisposable {
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #port: number;
  readonly #connections = new Set<Deno.TcpConn>();
  readonly #running: Promise<void>;
  #left = Infinity;
  #reached = Promise.withResolvers<void>();
  #released = Promise.withResolvers<void>();

  /** Passes connections on to a port. */
  constructor(port: number) {
    this.#port = port;
    this.#running = this.#accept();
  }

  /** Where clients connect. */
  get port(): number {
    return this.#listener.addr.port;
  }

  /** Holds everything once this many bytes have passed, both ways together; resolves then. */
  async holdAfter(bytes: number): Promise<void> {
    this.#left = bytes;
    this.#reached = Promise.withResolvers();
    this.#released = Promise.withResolvers();
    await this.#reached.promise;
  }

  /** Lets everything pass. */
  release(): void {
    this.#left = Infinity;
    this.#reached.resolve();
    this.#released.resolve();
  }

  /** Ends all connections, and lets new ones pass. */
  cut(): void {
    this.release();
    for (const connection of this.#connections) closeQuietly(connection);
    this.#connections.clear();
  }

  async #accept(): Promise<void> {
    for await (const client of this.#listener) {
      try {
        const server = await Deno.connect({ hostname: "127.0.0.1", port: this.#port });
        for (const connection of [client, server]) this.#connections.add(connection);
        void this.#pump(client, server);
        void this.#pump(server, client);
      } catch {
        closeQuietly(client); // the server is gone
      }
    }
  }

  async #pump(from: Deno.TcpConn, to: Deno.TcpConn): Promise<void> {
    const buffer = new Uint8Array(16 << 10);
    try {
      for (let count; (count = await from.read(buffer)) !== null;) {
        for (let at = 0; at < count;) {
          if (this.#left <= 0) {
            this.#reached.resolve();
            await this.#released.promise;
          }
          const size = await to.write(buffer.subarray(at, Math.min(count, at + Math.max(1, this.#left))));
          this.#left -= size;
          at += size;
        }
      }
      await to.closeWrite();
    } catch {
      for (const connection of [from, to]) {
        closeQuietly(connection);
        this.#connections.delete(connection);
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut();
    this.#listener.close();
    await this.#running.catch(() => {});
  }
}

function closeQuietly(connection: Deno.TcpConn): void {
  try {
    connection.close();
  } catch {
    // It was closed before.
  }
}
