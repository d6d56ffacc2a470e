/**
 * What a worker counts, as text that Prometheus reads at `/metrics`.
 */

const HELP = {
  parts_done: "Parts whose result this worker stored.",
  parts_found: "Parts whose result was there already.",
  parts_failed: "Attempts that failed and may be repeated.",
  parts_dead: "Parts that no worker can do.",
  pauses: "Times this worker stopped taking parts because its disk was full.",
  bytes_in: "Content bytes of parts that are done.",
  bytes_out: "Bytes that were uploaded.",
  busy_seconds: "Seconds spent on parts, over all threads.",
  range_reads: "Ranges read of sources.",
} as const;

/** The name of a counter. */
export type Counter = keyof typeof HELP;

/** Counters of one worker. */
export class Metrics {
  readonly #values = new Map<Counter, number>();

  /** Adds to a counter. */
  add(name: Counter, count = 1): void {
    this.#values.set(name, (this.#values.get(name) ?? 0) + count);
  }

  /** Sets a counter that is kept elsewhere. */
  set(name: Counter, value: number): void {
    this.#values.set(name, value);
  }

  /** All counters in the text format. */
  text(): string {
    return Object.entries(HELP).map(([name, help]) => {
      const full = `sluice_${name}_total`;
      return `# HELP ${full} ${help}\n# TYPE ${full} counter\n${full} ${
        this.#values.get(name as Counter) ?? 0
      }\n`;
    }).join("");
  }

  /** Serves them on this machine. */
  serve(port: number): Deno.HttpServer<Deno.NetAddr> {
    return Deno.serve(
      { hostname: "127.0.0.1", port, onListen() {} },
      ({ url }) =>
        new URL(url).pathname === "/metrics"
          ? new Response(this.text(), { headers: { "content-type": "text/plain; version=0.0.4" } })
          : new Response("see /metrics\n", { status: 404 }),
    );
  }
}
