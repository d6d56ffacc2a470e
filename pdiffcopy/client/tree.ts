/**
 * Copying directories with everything below them. Deno only; permissions as for single files.
 *
 * @module
 */
import {
  checkArgument,
  checkBoolean,
  checkInteger,
  checkKeys,
  LimitExceededError,
  SluiceError,
} from "@sluice/internal";
import { PDIFF_CONCURRENCY } from "../file/constants.ts";
import { failure } from "../file/_errors.ts";
import { parsePdiffLocation } from "../file/location.ts";
import type { PdiffLocation } from "../file/location.ts";
import { retryPolicyOf } from "../file/_retry.ts";
import { PdiffWorkerPool } from "../file/worker_pool.ts";
import { isUsualTime } from "../copy/_file_time.ts";
import { journalName } from "../copy/_side_files.ts";
import type { TreeEntry } from "../copy/_tree_entry.ts";
import type { TreeChange, TreeFault } from "../copy/_tree_target.ts";
import { PdiffClient } from "./client.ts";
import { below } from "./_confined_location.ts";
import { CLIENT_OPTION_NAMES } from "./_client_options.ts";
import type { PdiffClientOptions } from "./client_options.ts";
import { Leftovers } from "./_tree_leftovers.ts";
import { TreeFilter } from "./_tree_filter.ts";
import { FileList, selectEntries } from "./_tree_selection.ts";
import type { TreeSelection } from "./_tree_selection.ts";
import { checkDirectories, listSides, placeFile } from "./_tree_lists.ts";
import type { TreeLists } from "./_tree_lists.ts";
import { TreePlanner } from "./_tree_plan.ts";
import type { TreeLeftovers, TreePlan, TreeTops } from "./_tree_plan.ts";
import { SmallFilesCopy } from "./_tree_small_files.ts";
import { LocalTreeSide, RemoteTreeSide } from "./_tree_sides.ts";
import type { TreeAbilities, TreeSide } from "./_tree_sides.ts";

/** How a directory is copied. Options of single files count for each of them. */
export interface PdiffTreeOptions
  extends Omit<PdiffClientOptions, "onProgress" | "shift" | "seeds" | "chunkSize"> {
  /** Whether files with the same size and time are compared too. @default {false} */
  readonly compareContent?: boolean | undefined;
  /** Whether what the source does not have is removed from the target, after everything was copied. @default {false} */
  readonly delete?: boolean | undefined;
  /** The most names that are removed; more end it before any is. @default {no limit} */
  readonly maxDelete?: number | undefined;
  /**
   * Rules that leave names out, as rsync writes them: `- PATTERN` and `+ PATTERN`, also `hide`, `show`, `protect`, `risk`
   * and `!`. The first that matches decides. Names that are left out stay in the target, `delete` or not.
   *
   * @default {[]}
   */
  readonly filters?: readonly string[] | undefined;
  /** Whether `delete` removes names too that `-` rules leave out. @default {false} */
  readonly deleteExcluded?: boolean | undefined;
  /**
   * The names that are copied, from the top of the source, with the directories above them; in bytes where they are not
   * UTF-8. `delete` then counts for directories of the list alone.
   *
   * @default {all}
   */
  readonly files?: readonly (string | Uint8Array)[] | undefined;
  /**
   * Whether directories of `files` come with everything below them; else by themselves, or with the names directly in
   * them where they end with "/".
   *
   * @default {true}
   */
  readonly recursive?: boolean | undefined;
  /** Whether files, directories and links get the times of the source. @default {true} */
  readonly times?: boolean | undefined;
  /** Whether files and directories get the permissions of the source. @default {true} */
  readonly permissions?: boolean | undefined;
  /**
   * Whether owners, hard links, extended attributes (ACLs among them), pipes and sockets are carried too.
   *
   * @default {false}
   */
  readonly archive?: boolean | undefined;
  /**
   * Hears of each name that is copied, made or removed, or whose permissions, time, owner or attributes alone are set; of
   * the directory itself as "".
   */
  readonly onEntry?: ((action: "copy" | "make" | "remove" | "set", path: string) => void) | undefined;
}

/** What was done. */
export interface PdiffTreeResult {
  /** Files of the source. */
  readonly files: number;
  /** Files that were new or whose content differed, and that were copied. */
  readonly filesCopied: number;
  /** Bytes of blocks that were copied. */
  readonly bytesTransferred: number;
  /** Names that were removed. */
  readonly deleted: number;
  /** What could not be copied or carried; everything else was. */
  readonly faults: readonly PdiffTreeFault[];
  /**
   * Whether the target had everything before: names, content as far as it is compared, and what is carried beside it. Names
   * that only the target has count with `delete`; times and owners of links, and owners that nobody may set, do not count.
   */
  readonly equal: boolean;
  /** What the copy would fail with, where it was only asked about and a server does not allow it. */
  readonly refusal?: SluiceError | undefined;
}

/** One name that could not be copied or carried as a whole. */
export interface PdiffTreeFault {
  /** Parts joined by "/", from the directory; "" for the directory itself. */
  readonly path: string;
  /** The code of the error, as in `SluiceError`. */
  readonly code: string;
  /** What happened. */
  readonly message: string;
}

const TREE_OPTION_NAMES = [
  "compareContent",
  "delete",
  "maxDelete",
  "filters",
  "deleteExcluded",
  "files",
  "recursive",
  "times",
  "permissions",
  "archive",
  "onEntry",
] satisfies (keyof PdiffTreeOptions)[];
/** What single files alone have. */
const FILE_OPTION_NAMES: readonly string[] = ["onProgress", "shift", "seeds", "chunkSize"];
const OPTION_NAMES: ReadonlySet<string> = new Set(
  [...CLIENT_OPTION_NAMES, ...TREE_OPTION_NAMES].filter((name) => !FILE_OPTION_NAMES.includes(name)),
);
const FLAGS = [
  "compareContent",
  "delete",
  "deleteExcluded",
  "recursive",
  "times",
  "permissions",
  "archive",
] as const;

/** Splits the options of the tree from those of each file, and checks the former; `PdiffClient` checks the latter. */
function splitOptions(
  options: PdiffTreeOptions,
): { readonly tree: PdiffTreeOptions; readonly file: PdiffClientOptions } {
  checkKeys(options, OPTION_NAMES);
  for (const name of FLAGS) if (options[name] !== undefined) checkBoolean(name, options[name]);
  if (options.maxDelete !== undefined) {
    checkInteger("maxDelete", options.maxDelete, 0, Number.MAX_SAFE_INTEGER);
    if (options.delete !== true) throw new RangeError('Cannot use option "maxDelete": it needs "delete"');
  }
  checkLists(options);
  const names = new Set<string>(TREE_OPTION_NAMES);
  const file = Object.fromEntries(Object.entries(options).filter(([name]) => !names.has(name)));
  return { tree: options, file: file as unknown as PdiffClientOptions };
}

/** Refuses lists of other things, and options of lists that are not there. */
function checkLists({ filters = [], files, ...options }: PdiffTreeOptions): void {
  const isText = (value: unknown): boolean => typeof value === "string";
  checkArgument(
    Array.isArray(filters) && filters.every(isText),
    'use option "filters"',
    filters,
    "an array of strings",
  );
  checkArgument(
    files === undefined ||
      (Array.isArray(files) && files.every((name) => isText(name) || name instanceof Uint8Array)),
    'use option "files"',
    files,
    "an array of names",
  );
  if (options.deleteExcluded === true && options.delete !== true) {
    throw new RangeError('Cannot use option "deleteExcluded": it needs "delete"');
  }
  if (options.recursive !== false) return;
  if (files === undefined) throw new RangeError('Cannot use option "recursive": false needs "files"');
  if (options.delete === true) throw new RangeError('Cannot use option "delete": it needs "recursive"');
}

/**
 * Makes a directory like another one. Links are copied as links and never followed; files whose size and time are the same
 * are taken for equal unless `compareContent` is set. Either directory may be on a server of protocol 2.
 *
 * A name that can't be read, written or carried does not end the copy: it is in `faults`, and so is everything that trees
 * have and copies do not, such as devices. Without `archive` a file with several names is copied once for each.
 *
 * @throws {SluiceError} If either directory can't be listed; "PROTOCOL" if an entry of a server leads out of the
 * directory; "DELETE_LIMIT" if more names would be removed than `maxDelete` says.
 *
 * @example A directory with one file
 * ```ts
 * import { copyPdiffTree } from "@sluice/pdiffcopy";
 * import { assertEquals } from "@std/assert";
 *
 * const directory = await Deno.makeTempDir();
 * await Deno.mkdir(`${directory}/from/sub`, { recursive: true });
 * await Deno.writeTextFile(`${directory}/from/sub/file`, "content");
 * const options = { source: `${directory}/from`, target: `${directory}/to` };
 * assertEquals((await copyPdiffTree(options)).filesCopied, 1);
 * assertEquals((await copyPdiffTree(options)).filesCopied, 0);
 * assertEquals(await Deno.readTextFile(`${directory}/to/sub/file`), "content");
 * await Deno.remove(directory, { recursive: true });
 * ```
 */
export async function copyPdiffTree(options: PdiffTreeOptions): Promise<PdiffTreeResult> {
  checkArgument(typeof options === "object" && options !== null, "copy a directory", options, "an object");
  const { tree, file } = splitOptions(options);
  const { literalPaths } = options;
  const read = (value: string | URL | PdiffLocation): PdiffLocation =>
    typeof value === "string" || value instanceof URL
      ? parsePdiffLocation(value, { literalPaths, directory: true })
      : checkedLocation(value);
  const [source, target] = [read(options.source), read(options.target)];
  // Checks the options of files before anything is done.
  new PdiffClient({ ...file, source, target });
  const writes = options.dryRun !== true;
  using from = openSide(source, options, false);
  using to = openSide(target, options, writes);
  const listing = { attributes: options.archive, top: true, unfinished: true, signal: options.signal };
  // Rules and lists are about names, and content is compared by name.
  const isByName = (options.filters ?? []).length > 0 || options.files !== undefined ||
    options.compareContent === true;
  const lists = await listSides([from, source], to, listing, !isByName);
  const single = lists.tops.source;
  if (single === undefined || single.kind === "dir") {
    checkDirectories(lists, source, target);
    const locate = (path: string): FileSides => [below(source, path), below(target, path)];
    return await new TreeCopy(locate, from, to, tree, file).run(lists);
  }
  checkSingle(options, source);
  const placed = placeFile(single, source, target, lists);
  using folder = openSide(placed.folder, options, writes);
  const locate = (path: string): FileSides => [source, below(placed.folder, path)];
  const unfinished = [...placed.lists.unfinished, ...await journalOf(folder, placed.lists)];
  return await new TreeCopy(locate, from, folder, tree, file, true).run({ ...placed.lists, unfinished });
}

/** The journal of a file that is copied by itself, where the target has one beside it. */
async function journalOf(folder: TreeSide, { target = [] }: TreeLists): Promise<string[]> {
  const [there] = target;
  if (there?.kind !== "file" || !await folder.isMixed(there.path)) return [];
  return [journalName(there.path)];
}

/** Refuses options about names below a directory where a file is copied by itself. */
function checkSingle({ filters = [], ...options }: PdiffTreeOptions, { expression }: PdiffLocation): void {
  const names = ["delete", "maxDelete", "files"] as const;
  const name = filters.length > 0 ? "filters" : names.find((name) => options[name] || options[name] === 0);
  if (name !== undefined) throw new RangeError(`Cannot use option "${name}": ${expression} is no directory`);
}

function openSide(location: PdiffLocation, options: PdiffTreeOptions, write: boolean): TreeSide {
  if (location.origin === undefined) return new LocalTreeSide(location.filename, write);
  if (options.protocol === 1) {
    throw failure("UNSUPPORTED", `Cannot copy a tree by protocol 1: ${location.origin} can't list it`);
  }
  const { token, stallTimeoutMs = 120_000, signal, caCerts } = options;
  return new RemoteTreeSide(location, { token, stallTimeoutMs, signal, caCerts }, retryPolicyOf(options));
}

/** What ends a copy of a tree, because every other name would fail the same way. */
const FATAL_CODES: ReadonlySet<string> = new Set(["NETWORK", "TIMEOUT", "AUTH", "NO_SPACE", "READ_ONLY"]);

/** The source and the target of one file. */
type FileSides = readonly [source: PdiffLocation, target: PdiffLocation];

class TreeCopy {
  readonly #locate: (path: string) => FileSides;
  readonly #from: TreeSide;
  readonly #to: TreeSide;
  readonly #options: PdiffTreeOptions;
  readonly #filter: TreeFilter;
  readonly #list: FileList | undefined;
  readonly #fileOptions: PdiffClientOptions;
  readonly #faults: PdiffTreeFault[] = [];
  /** Files that were not copied: their facts are not set either. */
  readonly #failed = new Set<string>();
  /** Files that had other names in the target, and those of them that have a file of their own by now. */
  #shared: TreePlan["shared"] = new Map();
  readonly #separated = new Set<string>();
  /** One separation at a time: names of one file would find it locked. */
  #separating: Promise<void> = Promise.resolve();
  /** Names that make room for others: in a dry run they are still there. */
  #gone: ReadonlySet<string> = new Set();
  /** Small files that were copied many at once. */
  #copiedAtOnce: ReadonlySet<string> = new Set();
  /** Files that were copied one by one. */
  #filesCopied = 0;
  /** Whether the tree is one file, whose failure ends the copy. */
  readonly #isSingle: boolean;

  constructor(
    locate: (path: string) => FileSides,
    from: TreeSide,
    to: TreeSide,
    options: PdiffTreeOptions,
    fileOptions: PdiffClientOptions,
    isSingle = false,
  ) {
    this.#locate = locate;
    this.#isSingle = isSingle;
    this.#from = from;
    this.#to = to;
    this.#options = options;
    this.#fileOptions = fileOptions;
    this.#filter = new TreeFilter(options.filters ?? [], options.deleteExcluded);
    this.#list = options.files && new FileList(options.files, options.recursive ?? true);
  }

  async run(
    { source, target: there, tops, unfinished, mixed, equalFiles }: TreeLists,
  ): Promise<PdiffTreeResult> {
    const leftovers = new Leftovers(unfinished);
    const { maxDelete = Infinity, dryRun } = this.#options;
    const selection = selectEntries(source, this.#filter, this.#list);
    // A list of names is about these, not about the directory.
    const { ownFacts, specials, owners } = await this.#to.abilities();
    const isCarried = ownFacts && !this.#isSingle && this.#list === undefined;
    const carriedTops = { ...tops, source: isCarried ? tops.source : undefined };
    const left = { target: leftovers, source: new Leftovers(mixed) };
    const plan = this.#plan(selection, there ?? [], carriedTops, { specials, owners }, left);
    const removed = [
      ...plan.first.filter(({ kind }) => kind === "rmdir"),
      ...plan.removals.filter(({ kind }) => kind !== "tidy"),
    ];
    if (removed.length > maxDelete) {
      const { length } = removed;
      throw new LimitExceededError(
        `Cannot remove ${length} ${
          length === 1 ? "name" : "names"
        }: expected at most ${maxDelete} (maxDelete); ` +
          "nothing was copied",
        { format: "pdiffcopy", code: "DELETE_LIMIT", limit: maxDelete, actual: length, unit: "names" },
      );
    }
    this.#faults.push(...plan.faults);
    this.#shared = plan.shared;
    if (dryRun !== true && there === undefined) await this.#to.create(plan.first.length > 0);
    const kept = await this.#apply(plan.first);
    const gone = this.#gone = new Set(plan.first.filter(isRemoval).map(({ path }) => path));
    const remaining = new Map<string, TreeEntry>();
    for (const entry of plan.files.length === 0 ? [] : there ?? []) {
      if (!gone.has(entry.path)) remaining.set(entry.path, entry);
    }
    const options = { ...this.#options, concurrency: this.#options.concurrency ?? PDIFF_CONCURRENCY };
    const { copied, same, bytes } = await new SmallFilesCopy(this.#from, this.#to, options)
      .run(plan.files.filter(({ path }) => !leftovers.belongsTo(path)), remaining);
    this.#copiedAtOnce = copied;
    const files = plan.files.filter(({ path }) => !copied.has(path) && !same.has(path));
    const bytesTransferred = bytes + await this.#copyFiles(files);
    await this.#separateFacts();
    await this.#apply(plan.linked.filter(({ first }) => this.#separated.has(first)).flatMap(linkedAnew));
    const unlinked = await this.#apply(plan.hardLinks);
    kept.push(...await this.#apply(plan.removals));
    await this.#apply(closedAgain(kept, plan.opened));
    const facts = plan.facts.filter((change) => !this.#failed.has(change.path) && !this.#hasFacts(change));
    await this.#apply(facts);
    const undone = new Set([...kept, ...unlinked].map(({ path }) => path));
    this.#tell(plan, undone);
    const filesCopied = copied.size + this.#filesCopied;
    const isSame = plan.isSame && filesCopied === 0;
    const changes = [...plan.first, ...plan.hardLinks, ...plan.removals, ...facts];
    const refusal = dryRun === true && !isSame
      ? await this.#askRights(changes, filesCopied, there === undefined)
      : undefined;
    return {
      files: equalFiles + selection.entries.filter(({ kind }) => kind === "file").length,
      filesCopied,
      bytesTransferred,
      deleted: removed.filter(({ path }) => !undone.has(path)).length,
      faults: this.#faults,
      equal: isSame && this.#faults.length === 0,
      ...(refusal && { refusal }),
    };
  }

  /** Tells of names that were made, removed or given other facts. */
  #tell({ first, hardLinks, removals, otherFacts }: TreePlan, undone: ReadonlySet<string>): void {
    const { onEntry } = this.#options;
    for (const change of [...first, ...hardLinks, ...removals]) {
      if (change.kind === "facts" || undone.has(change.path)) continue;
      onEntry?.(isRemoval(change) ? "remove" : "make", change.path);
    }
    const unset = new Set(this.#faults.map(({ path }) => path));
    for (const path of otherFacts) if (!unset.has(path)) onEntry?.("set", path);
  }

  /** What a server would refuse with that was only tried. */
  async #askRights(
    changes: readonly TreeChange[],
    filesCopied: number,
    isNew: boolean,
  ): Promise<SluiceError | undefined> {
    const writes = isNew || filesCopied > 0 || changes.some((change) => !isRemoval(change));
    return await this.#from.askRights(filesCopied > 0 ? ["read"] : []) ?? await this.#to.askRights([
      ...(writes ? ["write" as const] : []),
      ...(changes.some(isRemoval) ? ["delete" as const] : []),
    ]);
  }

  #plan(
    source: TreeSelection,
    there: readonly TreeEntry[],
    tops: TreeTops,
    { specials, owners }: Pick<TreeAbilities, "specials" | "owners">,
    leftovers: TreeLeftovers,
  ): TreePlan {
    const { times = true, permissions = true, archive = false, compareContent = false } = this.#options;
    const removeOthers = this.#options.delete === true;
    const isWindows = Deno.build.os === "windows";
    const carried = {
      times,
      permissions: permissions && !isWindows,
      archive,
      checksum: compareContent,
      removeOthers,
      specials: specials && archive,
      owners,
    };
    return new TreePlanner(source, there, tops, this.#filter, carried, leftovers).plan();
  }

  /** Makes changes; returns those that failed. */
  async #apply(changes: readonly TreeChange[]): Promise<TreeFault[]> {
    if (changes.length === 0 || this.#options.dryRun === true) return [];
    this.#options.signal?.throwIfAborted();
    const faults = await this.#to.apply(changes);
    this.#faults.push(...faults);
    return faults;
  }

  /** Whether a file got mode and time when it was written, and needs nothing else; unusual times are looked at. */
  #hasFacts(change: TreeChange): boolean {
    const isUsual = change.kind !== "facts" || isUsualTime(change.facts.mtimeNs ?? 0n);
    return this.#options.archive !== true && isUsual && this.#copiedAtOnce.has(change.path);
  }

  /** Separates a file from its other names, unless it is equal or its own already; false where there is nothing to do. */
  async #makeWritable({ path, size }: TreeEntry, options: PdiffClientOptions): Promise<boolean> {
    const shared = this.#shared.get(path);
    if (shared === undefined || this.#options.dryRun === true) return true;
    if (shared.size === size && await isEqual(options)) return false;
    await this.#separate([path]);
    return this.#separated.has(path);
  }

  /** Separates files whose facts are about to change. */
  async #separateFacts(): Promise<void> {
    if (this.#options.dryRun === true) return;
    const paths = [...this.#shared].filter(([path, { hasOtherFacts }]) =>
      hasOtherFacts && !this.#separated.has(path) && !this.#failed.has(path)
    );
    await this.#separate(paths.map(([path]) => path));
  }

  #separate(paths: readonly string[]): Promise<void> {
    return this.#separating = this.#separating.then(() => this.#separateNow(paths));
  }

  /** Files that can't be separated are not written. */
  async #separateNow(paths: readonly string[]): Promise<void> {
    if (paths.length === 0) return;
    const faults = await this.#to.apply(paths.map((path) => ({ kind: "separate", path })));
    for (const { path } of faults) this.#failed.add(path);
    this.#faults.push(...faults);
    for (const path of paths) if (!this.#failed.has(path)) this.#separated.add(path);
  }

  async #copyFiles(items: readonly TreeEntry[]): Promise<number> {
    let bytesTransferred = 0;
    const pool = new PdiffWorkerPool({
      concurrency: this.#options.concurrency ?? PDIFF_CONCURRENCY,
      items,
      work: (entry) => this.#copyFile(entry),
      signal: this.#options.signal,
    });
    for await (const bytes of pool) bytesTransferred += bytes;
    return bytesTransferred;
  }

  #noteCopy(path: string): void {
    this.#filesCopied++;
    this.#options.onEntry?.("copy", path);
  }

  /** Copies one file; returns the bytes of blocks that were copied. */
  async #copyFile(entry: TreeEntry): Promise<number> {
    // A server that has listed the source speaks protocol 2: no need to ask for each file.
    const [source, target] = this.#locate(entry.path);
    const isLocal = source.origin === undefined && target.origin === undefined;
    const protocol = this.#fileOptions.protocol ?? (isLocal ? undefined : 2);
    const options = { ...this.#fileOptions, protocol, concurrency: 1, source, target };
    if (this.#options.dryRun === true && this.#gone.has(entry.path)) {
      this.#noteCopy(entry.path);
      return entry.size;
    }
    try {
      if (!await this.#makeWritable(entry, options)) return 0;
      const { bytesTransferred, equal } = await new PdiffClient(options).synchronize();
      if (equal === true) return 0;
      this.#noteCopy(entry.path);
      return bytesTransferred;
    } catch (error) {
      this.#options.signal?.throwIfAborted();
      if (!(error instanceof SluiceError) || FATAL_CODES.has(error.code) || this.#isSingle) throw error;
      this.#failed.add(entry.path);
      this.#faults.push({ path: entry.path, code: error.code, message: error.message });
      return 0;
    }
  }
}

function isRemoval({ kind }: TreeChange): boolean {
  return kind === "remove" || kind === "rmdir" || kind === "tidy";
}

/** Whether a copy would change nothing; it would where an earlier one has to be completed. */
async function isEqual(options: PdiffClientOptions): Promise<boolean> {
  try {
    const trial = new PdiffClient({ ...options, dryRun: true, onProgress: undefined });
    return (await trial.synchronize()).equal === true;
  } catch (error) {
    if (error instanceof SluiceError && error.code === "DIRTY") return false;
    throw error;
  }
}

/** Gives directories that could not be removed the permissions that they had before they were opened for that. */
function closedAgain(kept: readonly TreeFault[], opened: ReadonlyMap<string, number>): TreeChange[] {
  return kept.filter(({ path }) => opened.has(path))
    .map(({ path }) => ({ kind: "facts", path, facts: { mode: opened.get(path) } }));
}

/** Makes a name the same file as another, which it was before that was separated. */
function linkedAnew({ path, first }: { readonly path: string; readonly first: string }): TreeChange[] {
  return [{ kind: "remove", path }, { kind: "hardlink", path, text: first }];
}

/** Refuses what is no location that was read before. */
function checkedLocation(value: PdiffLocation): PdiffLocation {
  const fits = typeof value === "object" && value !== null && "filename" in value;
  checkArgument(fits, "copy a directory", value, "a path, a URL or a location");
  return value;
}
