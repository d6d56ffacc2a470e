/**
 * Redis and an object store on this machine, for the demo and the tests: on 127.0.0.1, in a folder of their own, ended by
 * their process when they are disposed of.
 */
import { Bucket } from "./object_store.ts";

const START_MS = 60_000;
const S3_SERVER = "npm:s3rver@3.7.1";

/** A port that nothing listens on. */
export function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return (listener.addr as Deno.NetAddr).port;
}

/** Whether a program is installed. */
export async function isInstalled(program: string): Promise<boolean> {
  try {
    return (await new Deno.Command(program, { args: ["--version"], stdout: "null", stderr: "null" }).output())
      .success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** Waits until a port of this machine answers. */
async function untilListening(port: number, process: Deno.ChildProcess): Promise<void> {
  let ended = false;
  process.status.then(() => ended = true);
  for (const start = Date.now(); Date.now() - start < START_MS && !ended;) {
    try {
      (await Deno.connect({ hostname: "127.0.0.1", port })).close();
      return;
    } catch (error) {
      if (!(error instanceof Deno.errors.ConnectionRefused)) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
  throw new Error(`nothing listens on port ${port}`);
}

/** A process that is ended with its owner. */
class Service implements AsyncDisposable {
  protected process: Deno.ChildProcess | undefined;

  /** Ends the process at once, as a machine that fails. */
  async kill(): Promise<void> {
    try {
      this.process?.kill("SIGKILL");
    } catch (error) {
      if (!(error instanceof TypeError)) throw error; // it has ended
    }
    await this.process?.status;
    this.process = undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }
}

/** A Redis that writes every change to its append-only file. */
export class RedisService extends Service {
  readonly port = freePort();
  readonly url = `redis://127.0.0.1:${this.port}`;
  readonly #folder: string;

  private constructor(folder: string) {
    super();
    this.#folder = folder;
  }

  /** Starts one that keeps its data in a folder. */
  static async start(folder: string): Promise<RedisService> {
    const service = new RedisService(folder);
    await service.restart();
    return service;
  }

  /** Starts it, again with the data that it has. */
  async restart(): Promise<void> {
    await this.kill();
    const settings = {
      bind: "127.0.0.1",
      port: this.port,
      dir: this.#folder,
      appendonly: "yes",
      appendfsync: "always",
      "maxmemory-policy": "noeviction",
    };
    const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, `${value}`]);
    this.process = new Deno.Command("redis-server", { args, stdout: "null", stderr: "null" }).spawn();
    await untilListening(this.port, this.process);
  }
}

/** An object store with one bucket, from the npm registry. */
export class ObjectStoreService extends Service {
  readonly port = freePort();
  readonly bucket = new Bucket({
    url: `http://127.0.0.1:${this.port}/bucket`,
    accessKeyId: "S3RVER",
    secretAccessKey: "S3RVER",
    region: "us-east-1",
  });

  /** Starts one that keeps its objects in a folder. */
  static async start(folder: string): Promise<ObjectStoreService> {
    const service = new ObjectStoreService();
    const args = ["run", "-A", "--no-config", "--no-lock", S3_SERVER, "-d", folder, "-a", "127.0.0.1"];
    service.process = new Deno.Command(Deno.execPath(), {
      args: [...args, "-p", `${service.port}`, "--configure-bucket", "bucket", "-s"],
      stdout: "null",
      stderr: "null",
    }).spawn();
    await untilListening(service.port, service.process);
    return service;
  }
}

/** The queues in a browser. */
export class BoardService extends Service {
  /** Starts it; its packages come from npm the first time. */
  static async start(redis: string, port: number): Promise<BoardService> {
    const service = new BoardService();
    const script = new URL("board.ts", import.meta.url).pathname;
    service.process = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--no-config", "--no-lock", script, redis, `${port}`],
      stdout: "null",
      stderr: "null",
    }).spawn();
    await untilListening(port, service.process);
    return service;
  }
}

/** A worker as a process of its own. */
export class WorkerService extends Service {
  /** Counters are at this port. */
  readonly metricsPort = freePort();

  /** Starts one and waits until it takes parts. */
  static async start(redis: string, args: readonly string[] = [], quiet = true): Promise<WorkerService> {
    const service = new WorkerService();
    const script = new URL("worker.ts", import.meta.url).pathname;
    const process = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", script, `--redis=${redis}`, `--metrics=${service.metricsPort}`, ...args],
      stdout: "piped",
      stderr: quiet ? "null" : "inherit",
    }).spawn();
    service.process = process;
    const reader = process.stdout.getReader();
    const { done } = await reader.read();
    reader.releaseLock();
    await process.stdout.cancel();
    if (done) throw new Error("the worker did not start");
    return service;
  }

  /** Its process id. */
  get pid(): number {
    return this.process!.pid;
  }

  /** How it ended. */
  get status(): Promise<Deno.CommandStatus> {
    return this.process!.status;
  }

  /** Asks it to end when what is under way is done. */
  async stop(): Promise<void> {
    this.process?.kill("SIGTERM");
    await this.process?.status;
    this.process = undefined;
  }

  /** A signal, such as SIGSTOP. */
  signal(name: Deno.Signal): void {
    this.process?.kill(name);
  }

  /** Its counters. */
  async metrics(): Promise<Readonly<Record<string, number>>> {
    const text = await (await fetch(`http://127.0.0.1:${this.metricsPort}/metrics`)).text();
    return Object.fromEntries(
      [...text.matchAll(/^sluice_(\w+)_total (\S+)$/gm)].map(([, name, value]) => [name, Number(value)]),
    );
  }
}
