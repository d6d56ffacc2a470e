/**
 * A server on this machine that answers Range requests of one object slowly, so that work on it takes a known time; the
 * object can become another version.
 */

/** A running server. */
export interface SlowServer extends AsyncDisposable {
  readonly url: string;
  /** How many ranges were asked for. */
  readonly requests: number;
  /** Another version from now on. */
  change(bytes: Uint8Array<ArrayBuffer>, etag: string): void;
}

/** Starts a server that waits before each answer. */
export function startSlowServer(first: Uint8Array<ArrayBuffer>, delayMs: number, name: string): SlowServer {
  let [bytes, etag] = [first, '"1"'];
  let requests = 0;
  const timers = new Set<() => void>();

  async function answer(request: Request): Promise<Response> {
    requests++;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(done, delayMs);
      function done(): void {
        clearTimeout(timer);
        timers.delete(done);
        resolve();
      }
      timers.add(done);
    });
    const [, from = "0", to = ""] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.get("range") ?? "") ?? [];
    const start = Number(from);
    const end = to === "" ? bytes.length : Math.min(bytes.length, Number(to) + 1);
    if (start >= bytes.length) return new Response(null, { status: 416 });
    const headers = { etag, "content-range": `bytes ${start}-${end - 1}/${bytes.length}` };
    const condition = request.headers.get("if-range");
    if (condition !== null && condition !== etag) return new Response(bytes, { headers: { etag } });
    return new Response(bytes.slice(start, end), { status: 206, headers });
  }

  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {}, onError: () => new Response(null, { status: 500 }) },
    answer,
  );
  return {
    url: `http://127.0.0.1:${server.addr.port}/${name}`,
    get requests(): number {
      return requests;
    },
    change(next, tag): void {
      [bytes, etag] = [next, tag];
    },
    async [Symbol.asyncDispose](): Promise<void> {
      for (const done of timers) done();
      await server.shutdown();
    },
  };
}
