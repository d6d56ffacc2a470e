/**
 * Accepts connections within limits. A system that is out of descriptors ends none of it.
 */
import { denoFailure } from "../file/_errors.ts";
import { HttpConnection } from "./_http_connection.ts";
import type { Answerer, ConnectionLimits } from "./_http_connection.ts";

/** Where and how a server listens. */
export interface ListenOptions extends ConnectionLimits {
  readonly hostname: string;
  readonly port: number;
  /** The path of a Unix socket to listen on instead, which only the same user may open. */
  readonly socket: string | undefined;
  /** Certificate chain and private key in PEM, for HTTPS. */
  readonly tls: { readonly cert: string; readonly key: string } | undefined;
  /** Connections at a time; more are told to come back. */
  readonly connectionsMax: number;
}

/** Connections above the limit that are told so at a time; more are closed at once. */
const REFUSALS_MAX = 64;

const ACCEPT_DELAY_MS = 50;

/** Listens on a socket that nobody else may open, not even between two calls. */
function listenOnSocket(path: string): Deno.Listener {
  const before = Deno.umask(0o177);
  try {
    return Deno.listen({ transport: "unix", path });
  } finally {
    Deno.umask(before);
  }
}

/** A listening server. */
export class HttpListener {
  readonly #listener: Deno.Listener;
  readonly #options: ListenOptions;
  readonly #answer: Answerer;
  readonly #connections = new Set<HttpConnection>();
  /** Connections above the limit. */
  readonly #refused = new Set<HttpConnection>();
  #closing = false;
  /** Settles when nothing is accepted any more and all connections have ended. */
  readonly finished: Promise<void>;

  constructor(options: ListenOptions, answer: Answerer) {
    const { hostname, port, socket, tls } = options;
    this.#options = options;
    this.#answer = answer;
    try {
      this.#listener = socket !== undefined
        ? listenOnSocket(socket)
        : tls === undefined
        ? Deno.listen({ hostname, port })
        : Deno.listenTls({ hostname, port, cert: tls.cert, key: tls.key });
    } catch (error) {
      throw denoFailure(`listen on ${socket ?? `${hostname}:${port}`}`, error);
    }
    this.finished = this.#run();
  }

  /** Where it listens: a host and a port, or the path of a socket and no port. */
  get address(): { readonly hostname: string; readonly port: number } {
    const { addr } = this.#listener;
    return addr.transport === "tcp" ? addr : { hostname: this.#options.socket!, port: 0 };
  }

  async #run(): Promise<void> {
    const running = new Set<Promise<void>>();
    while (!this.#closing) {
      const connection = await this.#accept();
      if (connection === undefined) continue;
      const isFull = this.#connections.size >= this.#options.connectionsMax;
      if (isFull && this.#refused.size >= REFUSALS_MAX) {
        connection.close();
        continue;
      }
      const served = this.#serve(connection, isFull).finally(() => running.delete(served));
      running.add(served);
    }
    await Promise.all(running);
  }

  async #accept(): Promise<Deno.Conn | undefined> {
    try {
      return await this.#listener.accept();
    } catch {
      // Out of descriptors, most likely: idle connections make room, and others end in their time.
      if (this.#closing) return undefined;
      for (const connection of this.#connections) if (!connection.busy) connection.close();
      await new Promise((resolve) => setTimeout(resolve, ACCEPT_DELAY_MS));
      return undefined;
    }
  }

  async #serve(connection: Deno.Conn, isFull: boolean): Promise<void> {
    const scheme = this.#options.tls === undefined ? "http" : "https";
    const served = new HttpConnection(connection, scheme, this.#answer, this.#options);
    const all = isFull ? this.#refused : this.#connections;
    all.add(served);
    try {
      await (isFull ? served.turnAway() : served.serve());
    } finally {
      all.delete(served);
    }
  }

  /** Accepts nothing more, and waits for requests under way. */
  async shutdown(): Promise<void> {
    if (!this.#closing) {
      this.#closing = true;
      this.#listener.close();
      const { socket } = this.#options;
      if (socket !== undefined) await Deno.remove(socket).catch(() => {});
      for (const connection of this.#connections) connection.closeWhenIdle();
      for (const connection of this.#refused) connection.close();
    }
    await this.finished;
  }
}
