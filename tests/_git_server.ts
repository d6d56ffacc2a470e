/**
 * Repositories of a folder on an HTTP server of this machine, by git's own `http-backend`.
 */
import { run } from "./_cli.ts";

/** Whether git is here and can serve repositories. */
export const GIT_SERVES: boolean = await gitServes();
if (!GIT_SERVES) console.log("skipped: fetching from git, there is no git http-backend");

async function gitServes(): Promise<boolean> {
  const found = await run("git", ["--exec-path"]).catch(() => undefined);
  if (found?.code !== 0) return false;
  const path = `${new TextDecoder().decode(found.stdout).trim()}/git-http-backend`;
  return await Deno.stat(path).then(({ isFile }) => isFile, () => false);
}

/** What a server does before git answers; a response takes the place of git's. */
export type Intercept = (request: Request, answer: () => Promise<Response>) => Promise<Response>;

/** A server of all repositories of a folder. */
export class GitServer implements AsyncDisposable {
  readonly #folder: string;
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  readonly #controller = new AbortController();
  /** What ends the processes that still run. */
  readonly #running = new Set<() => Promise<void>>();
  /** Called for each request. */
  intercept: Intercept = (_, answer) => answer();
  /** Bytes of all answers, and how many there were. */
  sent = 0;
  requests = 0;

  constructor(folder: string) {
    this.#folder = folder;
    this.#server = Deno.serve({
      hostname: "127.0.0.1",
      port: 0,
      signal: this.#controller.signal,
      onListen: () => {},
      onError: () => new Response(null, { status: 500 }),
    }, (request) => this.intercept(request, () => this.#answer(request)));
  }

  /** The URL of a repository. */
  url(name: string): string {
    return `http://127.0.0.1:${this.#server.addr.port}/${name}`;
  }

  async #answer(request: Request): Promise<Response> {
    this.requests++;
    const url = new URL(request.url);
    const body = new Uint8Array(await request.arrayBuffer());
    const child = new Deno.Command("git", {
      args: ["http-backend"],
      clearEnv: true,
      env: {
        PATH: Deno.env.get("PATH") ?? "",
        GIT_PROJECT_ROOT: this.#folder,
        GIT_HTTP_EXPORT_ALL: "1",
        GIT_CONFIG_COUNT: "1",
        GIT_CONFIG_KEY_0: "safe.directory",
        GIT_CONFIG_VALUE_0: "*",
        PATH_INFO: decodeURIComponent(url.pathname),
        QUERY_STRING: url.search.slice(1),
        REQUEST_METHOD: request.method,
        CONTENT_TYPE: request.headers.get("content-type") ?? "",
        CONTENT_LENGTH: `${body.length}`,
        HTTP_CONTENT_ENCODING: request.headers.get("content-encoding") ?? "",
        GIT_PROTOCOL: request.headers.get("git-protocol") ?? "",
      },
      stdin: "piped",
      stdout: "piped",
      stderr: "null",
    }).spawn();
    const writer = child.stdin.getWriter();
    const fed = writer.write(body).then(() => writer.close()).catch(() => {});
    return await this.#response(child, fed);
  }

  /** The answer of git: headers as CGI has them, then the body as it comes. */
  async #response(child: Deno.ChildProcess, fed: Promise<void>): Promise<Response> {
    const reader = child.stdout.getReader();
    const stop = async (): Promise<void> => {
      try {
        child.kill();
      } catch {
        // It has ended.
      }
      await reader.cancel();
      await fed;
      await child.status;
    };
    this.#running.add(stop);
    let head = new Uint8Array();
    let end = -1;
    while (end < 0) {
      const { value, done } = await reader.read();
      if (done) break;
      head = new Uint8Array([...head, ...value]);
      end = new TextDecoder().decode(head).indexOf("\r\n\r\n");
    }
    const headers = new Headers();
    let status = 200;
    for (const line of new TextDecoder().decode(head.subarray(0, Math.max(0, end))).split("\r\n")) {
      const [name, value] = [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 1).trim()];
      if (name === "Status") status = parseInt(value);
      else if (name !== "") headers.set(name, value);
    }
    const first = head.subarray(end + 4);
    const finish = async (): Promise<void> => {
      await fed;
      await child.status;
      this.#running.delete(stop);
    };
    this.sent += first.length;
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        if (first.length > 0) controller.enqueue(first);
      },
      pull: async (controller) => {
        const { value, done } = await reader.read();
        if (done) {
          await finish();
          controller.close();
          return;
        }
        this.sent += value.length;
        controller.enqueue(value);
      },
      cancel: async () => {
        await reader.cancel();
        await finish();
      },
    });
    return new Response(body, { status, headers });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#controller.abort();
    await this.#server.finished;
    // Nobody reads an answer to its end whose connection was cut.
    for (const stop of this.#running) await stop();
  }
}

/** A server for the time of a test. */
export async function withServer(folder: string, test: (server: GitServer) => Promise<void>): Promise<void> {
  await using server = new GitServer(folder);
  await test(server);
}

const CORS = {
  "access-control-allow-origin": "*",
  "access-control-allow-headers": "content-type, git-protocol",
};

/** Lets pages of every origin read from a server. */
export function allowOrigins(server: GitServer): void {
  server.intercept = async (request, answer) => {
    if (request.method === "OPTIONS") return new Response(null, { headers: CORS });
    const response = await answer();
    for (const [name, value] of Object.entries(CORS)) response.headers.set(name, value);
    return response;
  };
}
