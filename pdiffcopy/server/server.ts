/**
 * Serving files of a directory to copies, by both protocols. Deno only; needs `--allow-read` for the directory,
 * `--allow-net`, and `--allow-write` where copies may write.
 *
 * @module
 */
import {
  checkArgument,
  checkBoolean,
  checkChoice,
  checkInteger,
  checkKeys,
  printable,
  SluiceError,
} from "@sluice/internal";
import { requireDeno } from "@sluice/internal/file-source";
import { PDIFF_PORT } from "../file/constants.ts";
import { denoFailure } from "../file/_errors.ts";
import { HttpListener } from "./_http_listener.ts";
import type { ServerContext } from "./_server_context.ts";
import { MountedRoots } from "./_mounted_roots.ts";
import type { ServedRoot } from "./_mounted_roots.ts";
import { BodyRoom, Refusal, Turnstile } from "./_server_request.ts";
import { checkRights, checkTokens, rightsOf } from "./_server_rights.ts";
import type { PdiffRight, PdiffToken } from "./_server_rights.ts";
import { ServerRoot } from "./_server_root.ts";
import type { PdiffPathMode } from "./_server_root.ts";
import { ServerSessions } from "./_server_sessions.ts";
import { checkToken } from "../wire/_http.ts";
import { answerV1, isV1 } from "./_server_v1.ts";
import { answerV2 } from "./_server_v2.ts";

export type { PdiffPathMode, PdiffRight, PdiffToken };

/** One of several directories that a server shows. */
export interface PdiffRoot {
  /** The directory. */
  readonly path: string;
  /** Whether files may be written there. @default {false} */
  readonly writable?: boolean | undefined;
}

/** What a server shows and allows. */
export interface PdiffHandlerOptions {
  /** The directory whose files are served; nothing outside of it is reached. */
  readonly root?: string | undefined;
  /** Whether files may be written. @default {false} */
  readonly writable?: boolean | undefined;
  /** Several directories instead of `root`, by the names that paths of requests start with. */
  readonly roots?: Readonly<Record<string, PdiffRoot>> | undefined;
  /**
   * How names of requests are meant: below the root, or as absolute paths that must lie below it, as clients of the
   * original program send them.
   *
   * @default {"rooted"}
   */
  readonly pathMode?: PdiffPathMode | undefined;
  /** A secret that every request must bring as `Authorization: Bearer`. */
  readonly token?: string | undefined;
  /** Secrets instead of `token`, each with what it allows. */
  readonly tokens?: readonly PdiffToken[] | undefined;
  /** Whether protocol 1 is spoken too. @default {true} */
  readonly v1?: boolean | undefined;
  /** Threads that hash at a time. @default {the number of cores} */
  readonly threads?: number | undefined;
  /** Requests that are answered at a time; more are told to come back. @default {64} */
  readonly maxRequests?: number | undefined;
  /** Milliseconds that a body may pause. @default {30000} */
  readonly idleTimeoutMs?: number | undefined;
  /**
   * Milliseconds after which an upload that nobody continues is forgotten. Its bytes stay, and the client that comes back
   * continues with them.
   *
   * @default {600000}
   */
  readonly sessionTimeoutMs?: number | undefined;
  /** Whether the end of an upload waits for the disk. @default {true} */
  readonly durable?: boolean | undefined;
  /**
   * Names that the `Host` header may have; any unless given. Protects from pages in browsers that reach the server by a
   * name of their own. `servePdiff` adds the names of loopback where it listens there, and allows only those unless given.
   */
  readonly hosts?: readonly string[] | undefined;
  /** Origins of pages that may use the server; none unless given. */
  readonly origins?: readonly string[] | undefined;
  /** Hears of each answer; control characters in names are escaped. */
  readonly log?: ((line: string) => void) | undefined;
}

const HANDLER_OPTIONS = [
  "root",
  "writable",
  "roots",
  "pathMode",
  "token",
  "tokens",
  "v1",
  "threads",
  "maxRequests",
  "idleTimeoutMs",
  "sessionTimeoutMs",
  "durable",
  "hosts",
  "origins",
  "log",
] satisfies (keyof PdiffHandlerOptions)[];
const HANDLER_OPTION_NAMES: ReadonlySet<string> = new Set(HANDLER_OPTIONS);
const TIME_MAX = 2 ** 31 - 1;

function checkHandlerOptions(options: PdiffHandlerOptions): void {
  checkKeys(options, HANDLER_OPTION_NAMES);
  for (const name of ["writable", "v1", "durable"] as const) {
    if (options[name] !== undefined) checkBoolean(name, options[name]);
  }
  checkToken(options.token);
  checkTokens(options.tokens);
  checkRoots(options);
  if (options.token !== undefined && options.tokens !== undefined) {
    throw new TypeError('Cannot use option "token": "tokens" is given too');
  }
  checkChoice("pathMode", options.pathMode ?? "rooted", ["rooted", "absolute"]);
  checkInteger("idleTimeoutMs", options.idleTimeoutMs ?? 1, 1, TIME_MAX);
  checkInteger("sessionTimeoutMs", options.sessionTimeoutMs ?? 1, 1, TIME_MAX);
}

const ROOT_KEYS: ReadonlySet<string> = new Set(["path", "writable"]);

function checkRoots({ root, roots, writable, pathMode }: PdiffHandlerOptions): void {
  if (roots === undefined) {
    return checkArgument(typeof root === "string", 'use option "root"', root, "a path");
  }
  for (const [name, value] of Object.entries({ root, writable, pathMode })) {
    if (value !== undefined) throw new TypeError(`Cannot use option "${name}": "roots" is given too`);
  }
  const entries = typeof roots === "object" && roots !== null ? Object.entries(roots) : [];
  checkArgument(entries.length > 0, 'use option "roots"', roots, "directories by name");
  for (const [name, value] of entries) {
    const isName = name !== "" && name !== "." && name !== ".." && !/[/\0]/.test(name);
    if (!isName) throw new RangeError(`Cannot use option "roots": "${printable(name)}" is no name of one`);
    const isRoot = typeof value === "object" && value !== null;
    checkArgument(isRoot && typeof value.path === "string", 'use option "roots"', value, "a path");
    checkKeys(value, ROOT_KEYS);
    if (value.writable !== undefined) checkBoolean("writable", value.writable);
  }
}

/** The directories of a server, all of which must be there. */
function openRoots({ root, roots, writable, pathMode = "rooted" }: PdiffHandlerOptions): ServedRoot {
  if (roots === undefined) return new ServerRoot(rootPath(root!), pathMode, writable === true);
  return new MountedRoots(
    new Map(
      Object.entries(roots).map(([name, { path, writable }]) => [
        name,
        new ServerRoot(rootPath(path), "rooted", writable === true),
      ]),
    ),
  );
}

/** A request handler, for `Deno.serve` and anything with the same shape. */
export interface PdiffHandler extends Disposable {
  (request: Request): Promise<Response>;
  /** Gives unfinished uploads up and closes the directory; the handler can't be used after it. */
  close(): void;
}

const STATUS_BY_CODE: Readonly<Record<string, readonly [status: number, message: string]>> = {
  NOT_FOUND: [404, "there is no such file"],
  PERMISSION: [403, "the file may not be used"],
  READ_ONLY: [403, "the file may not be written"],
  UNSUPPORTED_HASH: [400, "the hash is not known"],
  PROTOCOL: [400, "the request makes no sense"],
  VERIFY_FAILED: [422, "a block does not match its digest"],
  LOCKED: [409, "another copy is writing the file"],
  TARGET_CHANGED: [409, "somebody else changed the file"],
  DIRTY: [409, "a copy to this file was interrupted"],
  SESSION_LOST: [410, "there is no such upload any more"],
  SOURCE_CHANGED: [412, "the file changed meanwhile"],
  NO_SPACE: [507, "there is no space left"],
};

function refusalOf(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  if (error instanceof SluiceError) {
    const [status, message] = STATUS_BY_CODE[error.code] ?? [500, "the file can not be used"];
    return new Refusal(status, error.code as Refusal["code"], message);
  }
  return new Refusal(500, "SERVER", "the server failed");
}

/** The answer to a request that failed: a code, and a message that tells nothing about the server's own paths. */
function refuse(error: unknown): Response {
  const { status, code, message, headers } = refusalOf(error);
  return Response.json({ code, message }, { status, headers });
}

function rootPath(path: string): string {
  try {
    return Deno.realPathSync(path);
  } catch (error) {
    throw denoFailure(`serve ${path}`, error);
  }
}

/**
 * Makes a handler that serves the files of a directory.
 *
 * @example Asking for a file's size as the original program does
 * ```ts
 * import { createPdiffHandler } from "@sluice/pdiffcopy";
 * import { assertEquals } from "@std/assert";
 *
 * const root = await Deno.makeTempDir();
 * await Deno.writeTextFile(`${root}/disk.img`, "12345");
 * using handler = createPdiffHandler({ root });
 * const answer = await handler(new Request("http://127.0.0.1/info?filename=%2Fdisk.img"));
 * assertEquals(await answer.json(), { size: 5 });
 * await Deno.remove(root, { recursive: true });
 * ```
 */
export function createPdiffHandler(options: PdiffHandlerOptions): PdiffHandler {
  // Long: the options are checked one by one; the handler is a closure over what comes of them.
  checkHandlerOptions(options);
  requireDeno("serve files");
  const threads = checkInteger("threads", options.threads ?? navigator.hardwareConcurrency, 1, 1024);
  const root = openRoots(options);
  const context: ServerContext = {
    root,
    writable: root.writable,
    mayDelete: root.writable,
    durable: options.durable ?? true,
    threads,
    hashTurns: new Turnstile(threads, 1024),
    room: new BodyRoom(),
    bodyLimits: { sizeMax: 1 << 20, idleTimeoutMs: options.idleTimeoutMs ?? 30_000 },
    noteV1Write: (filename) => options.log?.(`unverified write by protocol 1: ${printable(filename)}`),
  };
  const sessions = new ServerSessions(context, options.sessionTimeoutMs ?? 600_000, options.durable ?? true);
  const maxRequests = checkInteger("maxRequests", options.maxRequests ?? 64, 1, 65_536);
  const tokens = options.token === undefined
    ? options.tokens
    : [{ token: options.token, rights: ["read", "write", "delete"] } as const];
  let running = 0;

  /** What the request may do; undefined for everything. */
  async function check(request: Request): Promise<ReadonlySet<string> | undefined> {
    const origin = request.headers.get("origin");
    if (origin !== null && options.origins?.includes(origin) !== true) {
      throw new Refusal(403, "PERMISSION", "pages of this origin may not use the server");
    }
    const host = request.headers.get("host")?.replace(/:\d+$/, "");
    if (options.hosts !== undefined && host !== undefined && !options.hosts.includes(host)) {
      throw new Refusal(403, "PERMISSION", "the server is not known by that name");
    }
    const rights = await rightsOf(request, tokens);
    checkRights(request, new URL(request.url), rights);
    return rights;
  }

  async function answer(request: Request): Promise<Response> {
    const rights = await check(request);
    if (running >= maxRequests) {
      throw new Refusal(503, "SERVER", "the server is busy", { "retry-after": "1" });
    }
    running++;
    try {
      const url = new URL(request.url);
      const allowed = rights === undefined ? context : {
        ...context,
        writable: context.writable && rights.has("write"),
        mayDelete: context.mayDelete && rights.has("delete"),
      };
      if (url.pathname.startsWith("/v2/")) return await answerV2(allowed, sessions, request, url);
      if (options.v1 !== false && isV1(url.pathname)) return await answerV1(context, request, url);
      throw new Refusal(404, "NOT_FOUND", "there is no such request");
    } finally {
      running--;
    }
  }

  async function handle(request: Request): Promise<Response> {
    let response: Response;
    try {
      response = await answer(request);
    } catch (error) {
      response = refuse(error);
      await request.body?.cancel().catch(() => {});
      if (response.status === 500) {
        options.log?.(`failed: ${printable(error instanceof Error ? error.message : String(error))}`);
      }
    }
    response.headers.set("x-content-type-options", "nosniff");
    options.log?.(`${request.method} ${printable(new URL(request.url).pathname)} ${response.status}`);
    return response;
  }

  function close(): void {
    sessions.close();
    root[Symbol.dispose]();
  }
  return Object.assign(handle, { close, [Symbol.dispose]: close });
}

/** How a server listens. */
export interface ServePdiffOptions extends PdiffHandlerOptions {
  /** The address. @default {"127.0.0.1"} */
  readonly hostname?: string | undefined;
  /** The port; 0 takes a free one. @default {8080} */
  readonly port?: number | undefined;
  /** The path of a Unix socket to listen on instead of an address; only the same user may open it. */
  readonly socket?: string | undefined;
  /** Certificate chain in PEM, for HTTPS. */
  readonly cert?: string | undefined;
  /** Private key in PEM, for HTTPS. */
  readonly key?: string | undefined;
  /** Connections at a time; more are told to come back, by 503. @default {1024} */
  readonly maxConnections?: number | undefined;
  /** Milliseconds after which a connection ends that has not sent a whole request. @default {30000} */
  readonly headTimeoutMs?: number | undefined;
}

const WRITE_TIMEOUT_MS = 120_000;

/** A running server. */
export interface PdiffServer extends AsyncDisposable {
  /** Where it listens: an address, or the path of a socket. */
  readonly hostname: string;
  /** The port; 0 for a socket. */
  readonly port: number;
  /** Ends when the server does. */
  readonly finished: Promise<void>;
  /** Lets requests under way end, and stops. */
  shutdown(): Promise<void>;
}

const SERVE_OPTION_NAMES: ReadonlySet<string> = new Set([
  ...HANDLER_OPTIONS,
  ...[
    "hostname",
    "port",
    "socket",
    "cert",
    "key",
    "maxConnections",
    "headTimeoutMs",
  ] satisfies (keyof ServePdiffOptions)[],
]);
const LOOPBACK_NAMES: readonly string[] = ["127.0.0.1", "[::1]", "localhost"];

/**
 * Serves a directory over HTTP, on this machine only unless told otherwise.
 *
 * @example A server and a copy from it
 * ```ts
 * import { PdiffClient, servePdiff } from "@sluice/pdiffcopy";
 * import { assertEquals } from "@std/assert";
 *
 * const root = await Deno.makeTempDir();
 * await Deno.writeTextFile(`${root}/source`, "content");
 * {
 *   await using server = servePdiff({ root, port: 0 });
 *   const source = `http://127.0.0.1:${server.port}/source`;
 *   await new PdiffClient({ source, target: `${root}/target` }).synchronize();
 * }
 * assertEquals(await Deno.readTextFile(`${root}/target`), "content");
 * await Deno.remove(root, { recursive: true });
 * ```
 */
export function servePdiff(options: ServePdiffOptions): PdiffServer {
  checkKeys(options, SERVE_OPTION_NAMES);
  const { hostname = "127.0.0.1", port = PDIFF_PORT, socket, cert, key } = options;
  if (socket !== undefined) {
    checkArgument(typeof socket === "string" && socket !== "", "serve on a socket", socket, "a path");
    for (const name of ["hostname", "port", "cert", "key"] as const) {
      if (options[name] !== undefined) throw new TypeError(`Cannot use option "${name}" with "socket"`);
    }
  }
  if ((cert === undefined) !== (key === undefined)) {
    throw new TypeError('Cannot serve HTTPS: options "cert" and "key" go together');
  }
  const isLoopback = socket !== undefined || LOOPBACK_NAMES.includes(hostname) || hostname === "::1";
  const shared = Object.entries(options).filter(([name]) => HANDLER_OPTION_NAMES.has(name));
  const handler = createPdiffHandler({
    ...Object.fromEntries(shared) as unknown as PdiffHandlerOptions,
    hosts: isLoopback ? [...options.hosts ?? [], ...LOOPBACK_NAMES] : options.hosts,
  });
  const listener = new HttpListener({
    hostname: hostname.replace(/^\[|\]$/g, ""),
    port,
    socket,
    tls: cert === undefined || key === undefined ? undefined : { cert, key },
    connectionsMax: checkInteger("maxConnections", options.maxConnections ?? 1024, 1, 65_536),
    headTimeoutMs: checkInteger("headTimeoutMs", options.headTimeoutMs ?? 30_000, 1, TIME_MAX),
    writeTimeoutMs: WRITE_TIMEOUT_MS,
  }, handler);
  async function shutdown(): Promise<void> {
    await listener.shutdown();
    handler.close();
  }
  return {
    hostname: listener.address.hostname,
    port: listener.address.port,
    finished: listener.finished,
    shutdown,
    [Symbol.asyncDispose]: shutdown,
  };
}
