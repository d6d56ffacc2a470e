/**
 * Repositories on servers, by git's smart protocol over HTTP.
 *
 * @module
 */
import { checkArgument, checkInteger, checkKeys } from "@sluice/internal";
import type { GitHashAlgorithm, GitObjectId } from "../object/_object_id.ts";
import { parseRefLine, readAdvertisement } from "./_advertisement.ts";
import type { Advertisement, GitRemoteRef } from "./_advertisement.ts";
import { checkFetchOptions, planFetch } from "./_fetch_lines.ts";
import type { GitFetchOptions } from "./_fetch_lines.ts";
import type { DownloadSettings } from "./_download.ts";
import { GitHttp } from "./_git_http.ts";
import type { GitHeadersRequest } from "./_git_http.ts";
import { readBundleList } from "./_bundle_list.ts";
import type { GitBundleList } from "./_bundle_list.ts";
import type { GitOfferedPack, GitUriProtocol } from "./_offered_packs.ts";
import { commonWords, negotiate } from "./_negotiation.ts";
import { DELIMITER, FLUSH, packetLines } from "./_packet_lines.ts";
import type { PacketReader } from "./_packet_lines.ts";
import { remoteLimit, STALL_TIMEOUT_MS } from "./_remote_faults.ts";
import { repositoryUrl } from "./_repository_url.ts";
import { expectEnd } from "./_side_bands.ts";

export type {
  GitBundleList,
  GitFetchOptions,
  GitHeadersRequest,
  GitOfferedPack,
  GitRemoteRef,
  GitUriProtocol,
};

/** How a server is reached. */
export interface GitRemoteOptions {
  /** Headers for the origin of the URL; they go to no other one, wherever it redirects to. */
  readonly headers?: HeadersInit | undefined;
  /**
   * Called before each request for more headers, with the URL that it goes to; once more where the server answers 401.
   * A hook that returns credentials looks at the URL: a server may redirect the first request to another host.
   */
  readonly headersFor?:
    | ((request: GitHeadersRequest) => HeadersInit | undefined | Promise<HeadersInit | undefined>)
    | undefined;
  /** The version of the protocol that is asked for; servers that do not know it answer in an older one. @default {2} */
  readonly protocol?: 0 | 1 | 2 | undefined;
  /** How long an answer, and then each packet of it, may take, in milliseconds. @default {30000} */
  readonly stallTimeoutMs?: number | undefined;
  /** The most references. @default {1000000} */
  readonly maxRefs?: number | undefined;
  /** What requests are made with. @default {fetch} */
  readonly fetch?: typeof fetch | undefined;
}

/** Which references are listed. */
export interface GitListRefsOptions {
  /** Only those whose full names start so; a server may send others as well, which are left out. @default {all} */
  readonly prefixes?: Iterable<string> | undefined;
  /** Find what tags lead to. @default {false} */
  readonly peel?: boolean | undefined;
  /** Find which references name others, as HEAD does. @default {false} */
  readonly symrefs?: boolean | undefined;
  /** Gives the listing up. */
  readonly signal?: AbortSignal | undefined;
}

/** What a server can do. */
export interface GitRemoteCapabilities {
  /** The version of the protocol that it answers in. */
  readonly version: 0 | 1 | 2;
  /** The hash that names its objects. */
  readonly hashAlgorithm: GitHashAlgorithm;
  /** What it says that it can do, with what stands after the equals sign. */
  readonly features: ReadonlyMap<string, string>;
}

/** The answer to a fetch. */
export interface GitFetchAnswer {
  /** The commits of `haves` that the server has, too. */
  readonly common: readonly GitObjectId[];
  /** Commits whose parents are left out from now on. */
  readonly shallow: readonly GitObjectId[];
  /** Commits whose parents are not left out any longer. */
  readonly unshallow: readonly GitObjectId[];
  /** Packs that the server does not send, but names: none unless `uriProtocols` are given. */
  readonly packs: readonly GitOfferedPack[];
  /** The pack as it comes; cancelling it ends the transfer. */
  readonly pack: ReadableStream<Uint8Array>;
}

const REMOTE_OPTIONS: ReadonlySet<string> = new Set<keyof GitRemoteOptions>([
  "headers",
  "headersFor",
  "protocol",
  "stallTimeoutMs",
  "maxRefs",
  "fetch",
]);
const LIST_OPTIONS: ReadonlySet<string> = new Set<keyof GitListRefsOptions>([
  "prefixes",
  "peel",
  "symrefs",
  "signal",
]);

const TIMEOUT_MS_MAX = 2 ** 31 - 1;
const REFS_MAX = 1_000_000;
const AGENT = "sluice";

/**
 * A repository on a server that speaks git's smart protocol over HTTP, in version 2 or, where the server knows no other,
 * 1 or 0. Only the first request is redirected. Nothing is sent to the server but what is asked for: there is no push.
 *
 * In browsers, the server has to allow requests from other origins (CORS) with the headers `content-type` and
 * `git-protocol`; with `protocol: 0` the latter is not sent. Browsers hide where a server redirects to: name the final URL.
 *
 * @example Branches and what they lead to
 * ```ts
 * import { GitMemoryStore, GitRemote, unpackGitObjects } from "@sluice/gitdb";
 * import { assertEquals } from "@std/assert";
 *
 * const id = "1".repeat(40);
 * // A server of one answer: what it can do, then its references.
 * const answers = ["000eversion 2\n000cls-refs\n0000", `003d${id} refs/heads/main\n0000`];
 * const types = ["advertisement", "result"];
 * const serve = () =>
 *   Promise.resolve(
 *     new Response(answers.shift(), {
 *       headers: { "content-type": `application/x-git-upload-pack-${types.shift()}` },
 *     }),
 *   );
 *
 * const remote = new GitRemote("https://example.org/project.git", { fetch: serve });
 * const [main] = await Array.fromAsync(remote.lsRefs({ prefixes: ["refs/heads/"] }));
 * assertEquals([main!.name, `${main!.id}`], ["refs/heads/main", id]);
 *
 * // What it is for: `await unpackGitObjects((await remote.fetch({ wants: [main.id] })).pack, memory)`.
 * assertEquals([typeof unpackGitObjects, await new GitMemoryStore().count()], ["function", 0]);
 * ```
 */
export class GitRemote {
  readonly #http: GitHttp;
  readonly #protocol: number;
  readonly #maxRefs: number;
  /** How files of other servers are had. */
  readonly #connection: DownloadSettings;
  #server: Advertisement | undefined;

  /**
   * Names a repository by its URL; nothing is requested yet. Credentials in the URL become a header.
   *
   * @throws {RangeError} If it is no URL of HTTP, or has a query or a fragment, which the requests could not keep.
   */
  constructor(url: string | URL, options: GitRemoteOptions = {}) {
    checkArgument(typeof url === "string" || url instanceof URL, "reach a repository", url, "a URL");
    checkKeys(options, REMOTE_OPTIONS);
    const parsed = repositoryUrl(url);
    this.#protocol = checkInteger("protocol", options.protocol ?? 2, 0, 2);
    this.#maxRefs = checkInteger("maxRefs", options.maxRefs ?? REFS_MAX, 0, Number.MAX_SAFE_INTEGER);
    const { headers, headersFor, stallTimeoutMs = STALL_TIMEOUT_MS } = options;
    const connection = {
      fetch: options.fetch ?? ((input, init) => globalThis.fetch(input, init)),
      stallTimeoutMs: checkInteger("stallTimeoutMs", stallTimeoutMs, 1, TIMEOUT_MS_MAX),
    };
    this.#connection = connection;
    this.#http = new GitHttp(parsed, { headers, headersFor, ...connection });
  }

  /** The URL without credentials, with a redirect of the first request followed. */
  get url(): string {
    return this.#http.label;
  }

  /** What the server can do. */
  async capabilities(
    options: { readonly signal?: AbortSignal | undefined } = {},
  ): Promise<GitRemoteCapabilities> {
    checkKeys(options, SIGNAL_OPTION);
    const { version, hashAlgorithm, features } = await this.#known(options.signal);
    return { version, hashAlgorithm, features };
  }

  async #known(signal: AbortSignal | undefined): Promise<Advertisement> {
    return this.#server ??= await this.#ask(signal);
  }

  async #ask(signal: AbortSignal | undefined): Promise<Advertisement> {
    const reader = await this.#http.advertise(this.#protocol, signal);
    try {
      const server = await readAdvertisement(reader, this.#maxRefs);
      await expectEnd(reader);
      return server;
    } finally {
      await reader.close();
    }
  }

  /**
   * The references, in the order of the server.
   *
   * @throws {SluiceError} If the server can't be reached, does not keep to the protocol, or has a reference that git's rules
   * for names forbid.
   */
  async *lsRefs(options: GitListRefsOptions = {}): AsyncGenerator<GitRemoteRef, void, undefined> {
    checkKeys(options, LIST_OPTIONS);
    const { peel = false, symrefs = false, signal } = options;
    const prefixes = options.prefixes === undefined ? undefined : [...options.prefixes];
    const fits = (name: string): boolean => prefixes?.some((prefix) => name.startsWith(prefix)) ?? true;
    const server = await this.#known(signal);
    // Versions before 2 list references in the first answer: they may have changed since.
    const refs = server.version === 2
      ? this.#list(server, { peel, symrefs, prefixes, signal })
      : (this.#server = await this.#ask(signal)).refs;
    for await (const { name, id, peeled, target } of refs) {
      if (!fits(name)) continue;
      yield { name, id, peeled: peel ? peeled : undefined, target: symrefs ? target : undefined };
    }
  }

  async *#list(
    server: Advertisement,
    { peel, symrefs, prefixes, signal }: {
      readonly peel: boolean;
      readonly symrefs: boolean;
      readonly prefixes: readonly string[] | undefined;
      readonly signal: AbortSignal | undefined;
    },
  ): AsyncGenerator<GitRemoteRef, void, undefined> {
    const knowsUnborn = (server.features.get("ls-refs") ?? "").split(" ").includes("unborn");
    const body = packetLines([
      "command=ls-refs",
      ...commonWords(server, AGENT),
      DELIMITER,
      ...peel ? ["peel"] : [],
      ...symrefs ? ["symrefs", ...knowsUnborn ? ["unborn"] : []] : [],
      ...(prefixes ?? []).map((prefix) => `ref-prefix ${prefix}`),
      FLUSH,
    ]);
    const reader = await this.#http.post(body, server.version, signal);
    try {
      yield* this.#refs(reader, server.hashAlgorithm);
    } finally {
      await reader.close();
    }
  }

  async *#refs(reader: PacketReader, algorithm: GitHashAlgorithm): AsyncGenerator<GitRemoteRef> {
    for (let count = 0;; count++) {
      const offset = reader.offset;
      const line = await reader.lineBeforeFlush();
      if (line === undefined) break;
      if (count >= this.#maxRefs) throw remoteLimit(reader.label, "references", this.#maxRefs, "names");
      yield parseRefLine(line, algorithm, reader.label, offset);
    }
    await expectEnd(reader);
  }

  /**
   * Bundles from which a clone may start, as the server itself names them; undefined where it names none.
   *
   * @throws {SluiceError} If the server can't be reached, does not keep to the protocol, or names something else than
   * bundles on servers.
   */
  async lsBundles(
    options: { readonly signal?: AbortSignal | undefined } = {},
  ): Promise<GitBundleList | undefined> {
    checkKeys(options, SIGNAL_OPTION);
    const server = await this.#known(options.signal);
    if (server.version !== 2 || !server.features.has("bundle-uri")) return undefined;
    const body = packetLines(["command=bundle-uri", ...commonWords(server, AGENT), DELIMITER, FLUSH]);
    const reader = await this.#http.post(body, server.version, options.signal);
    try {
      return await readBundleList(reader, new URL(`${this.url}/`));
    } finally {
      await reader.close();
    }
  }

  /**
   * Fetches a pack with the objects that are wanted. The pack is as the server sends it: `indexGitPack`,
   * `unpackGitObjects` and `fetchGitObjects` check it.
   *
   * @throws {SluiceError} If the server can't be reached, does not keep to the protocol, or does not offer what is asked for.
   */
  async fetch(options: GitFetchOptions): Promise<GitFetchAnswer> {
    checkFetchOptions(options);
    const { onCommon, onMessage, signal } = options;
    const server = await this.#known(signal);
    const plan = planFetch(options, server, this.url);
    if (plan.wants.length === 0) throw new RangeError('Cannot fetch: option "wants" is empty');
    const { common, shallow, unshallow, packs, pack, close } = await negotiate(plan, {
      http: this.#http,
      server,
      agent: AGENT,
      connection: this.#connection,
      onCommon,
      onMessage,
      signal,
    });
    return { common, shallow, unshallow, packs, pack: streamOf(pack, close) };
  }
}

const SIGNAL_OPTION: ReadonlySet<string> = new Set(["signal"]);

/** A stream that is read as far as its reader asks; `close` is called at its end. */
function streamOf(
  chunks: AsyncGenerator<Uint8Array, void, undefined>,
  close: () => Promise<void>,
): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>({
    async pull(controller): Promise<void> {
      try {
        const { value, done } = await chunks.next();
        if (done !== true) return controller.enqueue(value);
      } catch (error) {
        await close();
        throw error;
      }
      await close();
      controller.close();
    },
    cancel: close,
  }, { highWaterMark: 0 });
}
