/**
 * Repositories that a server gives away as files, read in place.
 *
 * @module
 */
import { byteSourceFromUrl, checkArgument, checkKeys, NotFoundError } from "@sluice/internal";
import type { HttpSourceOptions } from "@sluice/internal";
import { GitCompoundDatabase } from "../database/compound_database.ts";
import { corrupt } from "../object/_errors.ts";
import type { GitEnumerateOptions, GitObject, GitObjectInfo, GitReadOptions } from "../object/object.ts";
import type { GitHashAlgorithm, GitIdLike, GitObjectId } from "../object/_object_id.ts";
import { GitObjectStore } from "../object/object_store.ts";
import { PackStore } from "../pack/pack_store.ts";
import type { PackSource, PackStoreOptions } from "../pack/pack_store.ts";
import { isReferenceName } from "../repository/_reference_names.ts";
import { idOf } from "./_advertisement.ts";
import type { GitRemoteRef } from "./_advertisement.ts";
import { protocolFault, remoteLimit, shown } from "./_remote_faults.ts";
import { repositoryUrl } from "./_repository_url.ts";
import { readWhole, WebLoose } from "./_web_loose.ts";

/** How a server is read. */
export interface GitWebOptions extends Omit<PackStoreOptions, "hashAlgorithm"> {
  /** Headers of every request. */
  readonly headers?: HeadersInit | undefined;
  /** The function that performs requests. @default {fetch} */
  readonly fetch?: typeof fetch | undefined;
  /** Gives a request up after this many milliseconds without a byte. @default {30000} */
  readonly stallTimeoutMs?: number | undefined;
  /** Gives the opening up. */
  readonly signal?: AbortSignal | undefined;
}

const WEB_OPTIONS: ReadonlySet<string> = new Set<keyof GitWebOptions>([
  "headers",
  "fetch",
  "stallTimeoutMs",
  "pageCacheSize",
  "baseCacheSize",
  "backend",
  "onWarning",
  "signal",
]);
/** Files that say what there is. */
const LIST_MAX = 64 << 20;
const PACKS_MAX = 10_000;

/**
 * A repository on any server that answers range requests, as `git update-server-info` prepares it: packs are read in place,
 * a few ranges for each object, and nothing is downloaded as a whole but small files. No git is needed on the server.
 * Loose objects are found by their ids alone: `ids` and prefixes know those in packs.
 *
 * @example A server without a repository
 * ```ts
 * import { GitWebDatabase } from "@sluice/gitdb";
 * import { assertRejects } from "@std/assert";
 *
 * const fetch = () => Promise.resolve(new Response(null, { status: 404 }));
 * await assertRejects(() => GitWebDatabase.open("https://example.org/project.git", { fetch }), Error, "404");
 * ```
 */
export class GitWebDatabase extends GitCompoundDatabase {
  /** The URL of the repository, with a slash at its end. */
  readonly url: string;
  /** Its references, as `info/refs` lists them, with HEAD where that names one of them. */
  readonly refs: readonly GitRemoteRef[];

  private constructor(url: string, refs: readonly GitRemoteRef[], stores: readonly GitObjectStore[]) {
    super(stores, stores[0]!.hashAlgorithm);
    this.url = url;
    this.refs = refs;
  }

  /**
   * Opens a repository: its references and the list of its packs are read.
   *
   * @throws {RangeError} If it is no URL of HTTP, or has a query or a fragment.
   * @throws {NotFoundError} If there is none.
   * @throws {SluiceError} If the server can't be read.
   */
  static async open(url: string | URL, options: GitWebOptions = {}): Promise<GitWebDatabase> {
    checkArgument(typeof url === "string" || url instanceof URL, "open a repository", url, "a URL");
    checkKeys(options, WEB_OPTIONS);
    const { headers, fetch, stallTimeoutMs, signal, ...storing } = options;
    const http: HttpSourceOptions = { headers, fetch, stallTimeoutMs };
    const root = repositoryUrl(url);
    root.pathname = `${root.pathname.replace(/\/+$/, "")}/`;
    const refs = await readRefs(root, http, signal);
    const hashAlgorithm: GitHashAlgorithm = refs.some(({ id }) => id?.algorithm === "sha256")
      ? "sha256"
      : "sha1";
    const names = await readPackNames(root, http, signal);
    const objects = new URL("objects/", root);
    const sources: PackSource[] = [];
    for (const name of names) {
      const source = (ending: string) =>
        byteSourceFromUrl(new URL(`pack/${name}.${ending}`, objects), { ...http, signal });
      sources.push({ name, pack: await source("pack"), index: await source("idx") });
    }
    const packs = await PackStore.fromSources(sources, { ...storing, hashAlgorithm });
    const loose = new WebLooseStore(new WebLoose(objects, http, hashAlgorithm), hashAlgorithm);
    return new GitWebDatabase(root.href, refs, [packs, loose]);
  }
}

/** The loose objects, as a store that can't list them. */
class WebLooseStore extends GitObjectStore {
  readonly hashAlgorithm: GitHashAlgorithm;
  readonly #loose: WebLoose;

  constructor(loose: WebLoose, hashAlgorithm: GitHashAlgorithm) {
    super();
    this.#loose = loose;
    this.hashAlgorithm = hashAlgorithm;
  }

  override async info(id: GitIdLike, options?: GitReadOptions): Promise<GitObjectInfo> {
    this.checkOpen();
    return await this.#loose.info(id, options);
  }

  override async read(id: GitIdLike, options?: GitReadOptions): Promise<GitObject> {
    this.checkOpen();
    return await this.#loose.read(id, options);
  }

  override async *ids(_options?: GitEnumerateOptions): AsyncGenerator<GitObjectId> {}

  override candidates(): Promise<GitObjectId[]> {
    return Promise.resolve([]);
  }

  override [Symbol.asyncDispose](): Promise<void> {
    this.markClosed();
    return Promise.resolve();
  }
}

async function readLines(
  url: URL,
  http: HttpSourceOptions,
  signal: AbortSignal | undefined,
): Promise<string[]> {
  const text = new TextDecoder().decode(await readWhole(url, http, LIST_MAX, signal));
  return text.split("\n").filter((line) => line !== "");
}

async function readRefs(
  root: URL,
  http: HttpSourceOptions,
  signal: AbortSignal | undefined,
): Promise<GitRemoteRef[]> {
  const label = `${root.protocol}//${root.host}${root.pathname}info/refs`;
  const refs: GitRemoteRef[] = [];
  for (const line of await readLines(new URL("info/refs", root), http, signal)) {
    const [hex = "", name = ""] = line.split("\t");
    const id = idOf(hex, hex.length === 64 ? "sha256" : "sha1");
    const last = refs.at(-1);
    if (id === undefined) throw protocolFault(label, `"${shown(line)}" is no reference`);
    if (last !== undefined && name === `${last.name}^{}`) refs[refs.length - 1] = { ...last, peeled: id };
    else if (isReferenceName(name)) refs.push({ name, id, peeled: undefined, target: undefined });
    else throw protocolFault(label, `"${shown(name)}" is no name of a reference`);
  }
  return await withHead(root, http, signal, refs);
}

/** Adds HEAD, where it names a reference that is there. */
async function withHead(
  root: URL,
  http: HttpSourceOptions,
  signal: AbortSignal | undefined,
  refs: readonly GitRemoteRef[],
): Promise<GitRemoteRef[]> {
  try {
    const [line] = await readLines(new URL("HEAD", root), http, signal);
    const target = /^ref: (.*)$/.exec(line ?? "")?.[1];
    const found = refs.find(({ name }) => name === target);
    return found === undefined ? [...refs] : [{ ...found, name: "HEAD", target: found.name }, ...refs];
  } catch (error) {
    if (error instanceof NotFoundError) return [...refs];
    throw error;
  }
}

async function readPackNames(
  root: URL,
  http: HttpSourceOptions,
  signal: AbortSignal | undefined,
): Promise<string[]> {
  try {
    const lines = await readLines(new URL("objects/info/packs", root), http, signal);
    if (lines.length > PACKS_MAX) throw remoteLimit(root.host, "packs", PACKS_MAX, "names");
    return lines.filter((line) => line.startsWith("P ")).map((line) => {
      const name = /^P (pack-[0-9a-f]{40,64})\.pack$/.exec(line)?.[1];
      if (name !== undefined) return name;
      throw corrupt("objects/info/packs", `"${shown(line)}" names no pack`, "CORRUPT");
    });
  } catch (error) {
    if (error instanceof NotFoundError) return [];
    throw error;
  }
}
