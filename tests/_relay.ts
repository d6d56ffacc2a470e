/**
 * A server of a test's own that does with each connection what it is told to.
 */

/** A running server. */
export interface Relay {
  readonly port: number;
  /** Takes no more connections, and waits for those that are open. */
  stop(): Promise<void>;
}

/** Hands each connection to `relay`, which closes it; what that throws ends the connection alone. */
export function startRelay(relay: (client: Deno.Conn) => Promise<void>): Relay {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const open = new Set<Promise<void>>();
  const accepting = (async (): Promise<void> => {
    for await (const client of listener) {
      const relayed: Promise<void> = relay(client).catch(() => {}).finally(() => open.delete(relayed));
      open.add(relayed);
    }
  })();
  return {
    port: (listener.addr as Deno.NetAddr).port,
    async stop(): Promise<void> {
      listener.close();
      await accepting;
      await Promise.all(open);
    },
  };
}
