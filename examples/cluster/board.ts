/**
 * The queues in a browser, by @bull-board: a process of its own, whose packages are loaded when it is started.
 *
 * `deno run -A --no-config --no-lock examples/cluster/board.ts REDIS_URL PORT`, or `main.ts … --board=PORT`.
 */

const PACKAGES = {
  api: "npm:@bull-board/api@9.10.2",
  adapter: "npm:@bull-board/api@9.10.2/bullMQAdapter",
  server: "npm:@bull-board/hono@9.10.1",
  hono: "npm:hono@4.9.0",
  files: "npm:hono@4.9.0/deno",
  bullmq: "npm:bullmq@6.7.0",
  ioredis: "npm:ioredis@5.9.3",
} as const;
const QUEUE_NAMES = ["sluice-runs", "sluice-parts", "sluice-dead"];

/** A class or function of a package; none of them is checked, as none is there before this program runs. */
// deno-lint-ignore no-explicit-any
type Loaded = Record<string, any>;

/** Loads a package by a name that is not known before: it is no dependency of whoever only reads this file. */
async function load(name: keyof typeof PACKAGES): Promise<Loaded> {
  return await import(PACKAGES[name]);
}

if (import.meta.main) {
  const [url = "redis://127.0.0.1:6379", port = "9200"] = Deno.args;
  const { Queue } = await load("bullmq"); // before the adapter, which takes what is there
  const { Redis } = await load("ioredis");
  const { createBullBoard } = await load("api");
  const { BullMQAdapter } = await load("adapter");
  const { HonoAdapter } = await load("server");
  const { Hono } = await load("hono");
  const { serveStatic } = await load("files");
  const connection = new Redis(url, { maxRetriesPerRequest: null });
  const serverAdapter = new HonoAdapter(serveStatic);
  serverAdapter.setBasePath("/board");
  const queues = QUEUE_NAMES.map((name) => new BullMQAdapter(new Queue(name, { connection })));
  createBullBoard({ queues, serverAdapter });
  const app = new Hono();
  app.route("/board", serverAdapter.registerPlugin());
  // Jobs hold signed addresses: only this machine sees them.
  Deno.serve({
    hostname: "127.0.0.1",
    port: Number(port),
    onListen: ({ port }) => console.log(`http://127.0.0.1:${port}/board`),
  }, app.fetch);
}
