/**
 * What a fetch asks for, as the lines of both versions of the protocol.
 */
import { checkArgument, checkBoolean, checkInteger, checkKeys, isAnyIterable } from "@sluice/internal";
import { windowsOf } from "../object/_windows.ts";
import { GitObjectId } from "../object/_object_id.ts";
import type { GitHashAlgorithm, GitIdLike } from "../object/_object_id.ts";
import { filterSpec } from "./_filter_spec.ts";
import { isReferenceName } from "../repository/_reference_names.ts";
import type { Advertisement } from "./_advertisement.ts";
import type { GitUriProtocol } from "./_offered_packs.ts";
import { notOffered } from "./_remote_faults.ts";

/** What is fetched. */
export interface GitFetchOptions {
  /** The objects that are wanted, with all that they refer to. */
  readonly wants: Iterable<GitIdLike>;
  /** Commits that are here already, the youngest first: the server leaves out what they have. @default {[]} */
  readonly haves?: Iterable<GitIdLike> | AsyncIterable<GitIdLike> | undefined;
  /** Called for each of `haves` that the server has, too: those before it need not come any more. */
  readonly onCommon?: ((id: GitObjectId) => void) | undefined;
  /** Where the history that is here ends: the ids of the file `shallow`. @default {[]} */
  readonly shallow?: Iterable<GitIdLike> | undefined;
  /** Leave out objects: "blob:none", "blob:limit=<size>", "tree:<depth>" and others that the server knows. */
  readonly filter?: string | undefined;
  /** Only so many commits from each reference or object that is wanted. */
  readonly depth?: number | undefined;
  /** Count `depth` from where the history that is here ends. @default {false} */
  readonly deepen?: boolean | undefined;
  /** Only commits that are younger than this. */
  readonly since?: Date | undefined;
  /** Leave out commits that these references of the server lead to. @default {[]} */
  readonly shallowExclude?: Iterable<string> | undefined;
  /** Let deltas stand on objects that are here already. @default {false} */
  readonly thin?: boolean | undefined;
  /** Let deltas name their bases by distance, which takes less. @default {true} */
  readonly ofsDelta?: boolean | undefined;
  /** Send tags that lead to what is sent. @default {false} */
  readonly includeTag?: boolean | undefined;
  /**
   * Let the server name packs by addresses that start so, where it has them: they have to be fetched from there.
   *
   * @default {[]}
   */
  readonly uriProtocols?: Iterable<GitUriProtocol> | undefined;
  /** Called with what the server says while it works, in pieces as they come; without it the server keeps silent. */
  readonly onMessage?: ((text: string) => void) | undefined;
  /** Gives the fetch up. */
  readonly signal?: AbortSignal | undefined;
}

const FETCH_OPTIONS: ReadonlySet<string> = new Set<keyof GitFetchOptions>([
  "wants",
  "haves",
  "onCommon",
  "shallow",
  "filter",
  "depth",
  "deepen",
  "since",
  "shallowExclude",
  "thin",
  "ofsDelta",
  "includeTag",
  "uriProtocols",
  "onMessage",
  "signal",
]);

/** The most commits that git itself asks for: all. */
const DEPTH_MAX = 0x7fffffff;
/** Ids of one round, first and at most. */
const ROUND_FIRST = 16;

/** What a fetch asks for, checked. */
export interface FetchPlan {
  readonly wants: readonly GitObjectId[];
  readonly haves: AsyncGenerator<readonly GitIdLike[]>;
  readonly shallow: readonly GitObjectId[];
  readonly filter: string | undefined;
  /** The lines that cut the history off. */
  readonly deepening: readonly string[];
  /** Words of what else is wanted: as lines in version 2, as capabilities before. */
  readonly words: readonly string[];
  readonly isRelative: boolean;
  /** What addresses of packs may start with; none where the server has none. */
  readonly uriProtocols: readonly GitUriProtocol[];
  readonly algorithm: GitHashAlgorithm;
}

/** Checks what a fetch asks for by itself. */
export function checkFetchOptions(options: GitFetchOptions): void {
  checkArgument(typeof options === "object" && options !== null, "fetch", options, "options with wants");
  // In other modules, an option of this name is a function.
  const { filter, ...others } = options;
  checkKeys(others, FETCH_OPTIONS);
  if (filter !== undefined) filterSpec(filter);
  const { depth } = options;
  checkArgument(isAnyIterable(options.wants), "fetch", options.wants, "ids that are wanted");
  if (Array.isArray(options.wants) && options.wants.length === 0) {
    throw new RangeError('Cannot fetch: option "wants" is empty');
  }
  if (depth !== undefined) checkInteger("depth", depth, 1, DEPTH_MAX);
  for (const key of ["deepen", "thin", "ofsDelta", "includeTag"] as const) {
    checkBoolean(key, options[key] ?? false);
  }
  checkUriProtocols(options.uriProtocols);
  for (const name of options.shallowExclude ?? []) {
    if (isReferenceName(name) || isReferenceName(`refs/heads/${name}`)) continue;
    throw new RangeError(`Cannot use option "shallowExclude": "${name}" is no name of a reference`);
  }
  if (options.deepen === true && depth === undefined) {
    throw new TypeError('Cannot use option "deepen": it needs "depth"');
  }
  if (depth !== undefined && (options.since !== undefined || options.shallowExclude !== undefined)) {
    throw new TypeError('Cannot use option "depth": it does not go with "since" or "shallowExclude"');
  }
}

/** Refuses what no address of a pack may start with. */
export function checkUriProtocols(protocols: Iterable<string> = []): void {
  checkArgument(isAnyIterable(protocols), "fetch", protocols, "protocols of addresses");
  for (const protocol of protocols) {
    if (protocol === "https" || protocol === "http") continue;
    throw new RangeError(`Cannot use option "uriProtocols": "${protocol}" is none, expected https or http`);
  }
}

/**
 * What a fetch asks a server for.
 *
 * @throws {UnsupportedFeatureError} If the server does not offer it.
 */
export function planFetch(options: GitFetchOptions, server: Advertisement, label: string): FetchPlan {
  const algorithm = server.hashAlgorithm;
  const ids = (list: Iterable<GitIdLike>): GitObjectId[] => [
    ...new Map(Array.from(list, (id) => GitObjectId.from(id, algorithm)).map((id) => [`${id}`, id])).values(),
  ];
  const offers = (feature: string): boolean =>
    server.version === 2
      ? (server.features.get("fetch") ?? "").split(" ").includes(feature)
      : server.features.has(feature);
  const need = (feature: string, isWanted: boolean, what: string): void => {
    if (isWanted && !offers(feature)) throw notOffered(label, what);
  };
  const { filter, depth, deepen, since, shallowExclude = [], onMessage } = options;
  const shallow = ids(options.shallow ?? []);
  const isOld = server.version !== 2;
  need("filter", filter !== undefined, "partial clones");
  need("shallow", shallow.length > 0 || depth !== undefined, "shallow clones");
  need(isOld ? "deepen-since" : "shallow", since !== undefined, "histories since a date");
  need(
    isOld ? "deepen-not" : "shallow",
    [...shallowExclude].length > 0,
    "histories without those of references",
  );
  need(isOld ? "deepen-relative" : "shallow", deepen === true, "deepening");
  const words = [
    ...options.thin === true ? ["thin-pack"] : [],
    ...onMessage === undefined ? ["no-progress"] : [],
    ...options.includeTag === true ? ["include-tag"] : [],
    ...options.ofsDelta !== false ? ["ofs-delta"] : [],
  ];
  return {
    algorithm,
    wants: ids(options.wants),
    haves: roundsOf(options.haves ?? [], options.signal),
    shallow,
    filter: filter === undefined ? undefined : filterSpec(filter),
    isRelative: deepen === true,
    // Servers that do not mix messages into the whole answer name no packs.
    uriProtocols: !isOld && offers("packfile-uris") && offers("sideband-all")
      ? [...options.uriProtocols ?? []]
      : [],
    deepening: [
      ...depth === undefined ? [] : [`deepen ${depth}`],
      ...since === undefined ? [] : [`deepen-since ${Math.floor(since.getTime() / 1000)}`],
      ...Array.from(shallowExclude, (name) => `deepen-not ${name}`),
    ],
    // Before version 2, a server that does not know a word must not hear it.
    words: isOld ? words.filter((word) => server.features.has(word)) : words,
  };
}

/** Ids in rounds that grow: most fetches find something in common soon. */
async function* roundsOf(
  haves: Iterable<GitIdLike> | AsyncIterable<GitIdLike>,
  signal: AbortSignal | undefined,
): AsyncGenerator<readonly GitIdLike[]> {
  let round: GitIdLike[] = [];
  let size = ROUND_FIRST;
  for await (const window of windowsOf(haves, 1)) {
    signal?.throwIfAborted();
    round.push(window[0]!);
    if (round.length < size) continue;
    yield round;
    round = [];
    size = Math.min(2 * size, ROUND_MAX);
  }
  if (round.length > 0) yield round;
}

const ROUND_MAX = 4096;
