/**
 * What has to be done to make one tree like another, found by comparing their lists.
 */
import { isSameDigest } from "../file/_digest.ts";
import { isSpecialKind } from "../copy/_special_files.ts";
import type { SpecialKind } from "../copy/_special_files.ts";
import type { TreeEntry } from "../copy/_tree_entry.ts";
import type { TreeChange, TreeFacts, TreeFault } from "../copy/_tree_target.ts";
import type { Leftovers } from "./_tree_leftovers.ts";
import type { TreeFilter } from "./_tree_filter.ts";
import { parentOf } from "./_tree_selection.ts";
import type { TreeSelection } from "./_tree_selection.ts";

/** What is carried beside names and content. */
export interface Carried {
  readonly times: boolean;
  readonly permissions: boolean;
  /** Owners, hard links and extended attributes. */
  readonly archive: boolean;
  /** Whether files with the same size and time are compared too. */
  readonly checksum: boolean;
  /** Whether what the source does not have is removed. */
  readonly removeOthers: boolean;
  /** Whether pipes and sockets are made. */
  readonly specials: boolean;
  /** Whether files can be given to other users; else a different owner makes no difference. */
  readonly owners: boolean;
}

/** The directories themselves: of the source where its facts are carried, of the target where it is there. */
export interface TreeTops {
  readonly source: TreeEntry | undefined;
  readonly target: TreeEntry | undefined;
}

/** What has to be done, in this order. */
export interface TreePlan {
  /** Removals that make room for something of another kind, directories and links. */
  readonly first: readonly TreeChange[];
  /** Files whose content is compared and copied. */
  readonly files: readonly TreeEntry[];
  /** Hard links, once their file is there. */
  readonly hardLinks: readonly TreeChange[];
  /**
   * Files that have other names in the target, by path, and whether facts of theirs differ. Before anything of one changes
   * it is separated from the other names, which may be those of another file of the source.
   */
  readonly shared: ReadonlyMap<string, { readonly size: number; readonly hasOtherFacts: boolean }>;
  /** Names that are the same file as `first` already, until that is separated. */
  readonly linked: readonly { readonly path: string; readonly first: string }[];
  /** Names that the source does not have, the last first. */
  readonly removals: readonly TreeChange[];
  /** Permissions of directories that are opened to be emptied, for those that can't be removed after all. */
  readonly opened: ReadonlyMap<string, number>;
  /** Facts of files and links, then of directories, the last first. */
  readonly facts: readonly TreeChange[];
  /** Names that are there with the same content, and have other facts. */
  readonly otherFacts: readonly string[];
  /** What can't be carried. */
  readonly faults: readonly TreeFault[];
  /** Whether nothing differs that is carried, apart from the content of `files`, and from times and owners of links. */
  readonly isSame: boolean;
}

/** What unfinished copies left on both sides. */
export interface TreeLeftovers {
  readonly target: Leftovers;
  readonly source: Leftovers;
}

/** The most that a new directory may have where permissions are not carried. */
const USUAL_DIRECTORY_MODE = 0o755;
const MILLISECOND = 1_000_000n;
const SECOND = 1_000_000_000n;

/** Whether two times are the same, as far as both are known; some file systems hold whole seconds. */
function isSameTime(there: bigint, wanted: bigint): boolean {
  if (there === wanted) return true;
  if (there % SECOND === 0n) return there === floorOf(wanted, SECOND);
  const isCoarse = there % MILLISECOND === 0n || wanted % MILLISECOND === 0n;
  return isCoarse && floorOf(there, MILLISECOND) === floorOf(wanted, MILLISECOND);
}

function floorOf(time: bigint, unit: bigint): bigint {
  return time - ((time % unit) + unit) % unit;
}

type WritableFacts = { -readonly [Name in keyof TreeFacts]: TreeFacts[Name] };

const NO_ATTRIBUTES = new Uint8Array();

/** Whether a file has the attributes of another; a source that has none to carry changes nothing. */
function isSameAttributes(wanted: Uint8Array | undefined, there: Uint8Array | undefined): boolean {
  return wanted === undefined || isSameDigest(wanted, there ?? NO_ATTRIBUTES);
}

function isEmpty(list: readonly unknown[]): boolean {
  return list.length === 0;
}

function removal({ path, kind }: TreeEntry): TreeChange {
  return { kind: kind === "dir" ? "rmdir" : "remove", path };
}

/** What the target has; quick where it has the same names in the same order. */
class TargetNames {
  readonly #entries: readonly TreeEntry[];
  #next = 0;
  #map: Map<string, TreeEntry> | undefined;

  constructor(entries: readonly TreeEntry[]) {
    this.#entries = entries;
  }

  get(path: string): TreeEntry | undefined {
    const entry = this.#entries[this.#next];
    if (entry?.path !== path || entry.kind === "fault") return this.#all.get(path);
    this.#next++;
    return entry;
  }

  values(): Iterable<TreeEntry> {
    return this.#all.values();
  }

  get #all(): ReadonlyMap<string, TreeEntry> {
    if (this.#map !== undefined) return this.#map;
    this.#map = new Map();
    for (const entry of this.#entries) if (entry.kind !== "fault") this.#map.set(entry.path, entry);
    return this.#map;
  }
}

/** Plans a copy of one tree. */
export class TreePlanner {
  readonly #carried: Carried;
  readonly #there: TargetNames;
  readonly #source: TreeSelection;
  /** Names of the source, where others are removed. */
  readonly #wanted: ReadonlySet<string>;
  readonly #filter: TreeFilter;
  readonly #leftovers: TreeLeftovers;
  readonly #tops: TreeTops;
  readonly #first: TreeChange[] = [];
  readonly #files: TreeEntry[] = [];
  readonly #hardLinks: TreeChange[] = [];
  readonly #shared = new Map<string, { readonly size: number; readonly hasOtherFacts: boolean }>();
  readonly #linked: { readonly path: string; readonly first: string }[] = [];
  readonly #facts: TreeChange[] = [];
  readonly #directoryFacts: TreeChange[] = [];
  /** Directories that are new, or have other facts. */
  readonly #others = new Set<string>();
  readonly #faults: TreeFault[] = [];
  /** The first name of each file that has several. */
  readonly #firstNames = new Map<string, string>();
  /** Names that are gone before others are made. */
  readonly #gone = new Set<string>();
  readonly #opened = new Map<string, number>();
  readonly #otherFacts: string[] = [];
  #hasOtherFacts = false;

  constructor(
    source: TreeSelection,
    target: readonly TreeEntry[],
    tops: TreeTops,
    filter: TreeFilter,
    carried: Carried,
    leftovers: TreeLeftovers,
  ) {
    this.#leftovers = leftovers;
    this.#source = source;
    this.#tops = tops;
    this.#wanted = new Set(carried.removeOthers ? source.entries.map(({ path }) => path) : []);
    this.#filter = filter;
    this.#faults.push(...source.faults);
    this.#carried = carried;
    this.#there = new TargetNames(target);
  }

  /** The plan. */
  plan(): TreePlan {
    const { source } = this.#tops;
    if (source !== undefined) this.#directoryFacts.push(this.#factsOfDirectory(source, this.#tops.target));
    for (const entry of this.#source.entries) this.#take(entry);
    const removals = this.#removals();
    const isSame = !this.#hasOtherFacts && [this.#first, this.#hardLinks, removals].every(isEmpty);
    const changed = this.#changedDirectories(removals);
    this.#openDirectories(changed, removals);
    const directoryFacts = this.#directoryFacts.filter(({ path }) =>
      changed.has(path) || this.#others.has(path)
    );
    return {
      first: this.#first,
      files: this.#files,
      hardLinks: this.#hardLinks,
      shared: this.#shared,
      linked: this.#linked,
      removals,
      opened: this.#opened,
      facts: [...this.#facts, ...directoryFacts.reverse()],
      otherFacts: this.#otherFacts,
      faults: this.#faults,
      isSame,
    };
  }

  /** Directories whose names change, and with them their time. */
  #changedDirectories(removals: readonly TreeChange[]): ReadonlySet<string> {
    const changed = new Set<string>();
    for (const list of [this.#files, this.#first, this.#hardLinks, removals]) {
      for (const { path } of list) changed.add(parentOf(path));
    }
    for (const [path, { hasOtherFacts }] of this.#shared) if (hasOtherFacts) changed.add(parentOf(path));
    for (const { path, first } of this.#linked) if (changed.has(parentOf(first))) changed.add(parentOf(path));
    return changed;
  }

  /** Lets the owner of a directory change names in it as long as the copy takes, as rsync does; its mode comes back. */
  #openDirectories(changed: ReadonlySet<string>, removals: readonly TreeChange[]): void {
    const opened: TreeChange[] = [];
    const removed = new Set(removals.map(({ path }) => path));
    for (const path of [...changed].sort()) {
      const there = path === "" ? this.#tops.target : this.#there.get(path);
      if (there?.kind !== "dir" || (there.mode & 0o300) === 0o300) continue;
      opened.push({ kind: "facts", path, facts: { mode: there.mode | 0o700 } });
      if (this.#gone.has(path) || removed.has(path)) {
        this.#opened.set(path, there.mode);
        continue;
      }
      const last = this.#directoryFacts.findIndex((change) => change.path === path);
      const change = this.#directoryFacts[last];
      // It stays for what filters protect in it, and is nothing of the source's.
      if (change === undefined) {
        this.#directoryFacts.push({ kind: "facts", path, facts: { mode: there.mode } });
      }
      if (change?.kind === "facts" && change.facts.mode === undefined) {
        this.#directoryFacts[last] = { ...change, facts: { ...change.facts, mode: there.mode } };
      }
    }
    this.#first.unshift(...opened);
  }

  #fault(path: string, message: string, code = "UNSUPPORTED"): void {
    this.#faults.push({ path, code, message });
  }

  #take(entry: TreeEntry): void {
    const { path, kind } = entry;
    if (kind === "fault") return this.#fault(path, entry.text ?? "it can't be looked at", "IO");
    if (kind === "other" && !(isSpecialKind(entry.text) && this.#carried.specials)) {
      return this.#fault(path, "it is neither a file, a directory nor a link");
    }
    const found = this.#gone.has(path) ? undefined : this.#there.get(path);
    if (found !== undefined && found.kind !== kind && !this.#makeRoom(found)) {
      const state = this.#carried.removeOthers
        ? "a directory has its place, and filters protect names in it"
        : "a directory has its place; --delete removes it";
      return this.#fault(path, state, "IO");
    }
    const there = found?.kind === kind ? found : undefined;
    if (kind === "dir") this.#takeDirectory(entry, there);
    else if (kind === "link") this.#takeLink(entry, there);
    else if (kind === "other") this.#takeSpecial(entry, there);
    else this.#takeFile(entry, there);
  }

  /** Removes what is in the way; false for a directory that may not be removed. */
  #makeRoom(found: TreeEntry): boolean {
    if (found.kind !== "dir") {
      this.#first.push(removal(found));
      return true;
    }
    const below = [...this.#there.values()].filter(({ path }) => path.startsWith(`${found.path}/`));
    if (below.length > 0 && !this.#carried.removeOthers) return false;
    const isProtected = ({ path, kind }: TreeEntry): boolean => this.#filter.protects(path, kind === "dir");
    if ([found, ...below].some(isProtected)) return false;
    if (this.#carried.removeOthers) this.#first.push(...this.#tidiedBelow(found.path));
    for (const entry of [found, ...below].reverse()) {
      this.#first.push(removal(entry));
      this.#gone.add(entry.path);
    }
    return true;
  }

  #takeDirectory(entry: TreeEntry, there: TreeEntry | undefined): void {
    if (there === undefined) this.#first.push({ kind: "dir", path: entry.path });
    this.#directoryFacts.push(this.#factsOfDirectory(entry, there));
  }

  /** What is written below changes its time, and new ones are for their owner alone. */
  #factsOfDirectory(entry: TreeEntry, there: TreeEntry | undefined): TreeChange {
    const differs = there === undefined || !this.#hasSameFacts(entry, there);
    if (differs) this.#others.add(entry.path);
    this.#noteFacts(entry, there);
    const facts = this.#factsOf(entry, undefined);
    // Nothing that is written below changes these, and a directory may not be readable.
    if (there !== undefined && isSameAttributes(entry.attributes, there.attributes)) delete facts.attributes;
    if (there === undefined && facts.mode === undefined) facts.mode = entry.mode & USUAL_DIRECTORY_MODE;
    return { kind: "facts", path: entry.path, facts };
  }

  #takeLink(entry: TreeEntry, there: TreeEntry | undefined): void {
    const { path, text } = entry;
    if (there?.text !== text) {
      if (there !== undefined) this.#first.push({ kind: "remove", path });
      this.#first.push({ kind: "link", path, text: text! });
    }
    const { owner, mtimeNs } = this.#factsOf(entry, there?.text === text ? there : undefined);
    if (owner !== undefined || mtimeNs !== undefined) {
      this.#facts.push({ kind: "facts", path, facts: { owner, mtimeNs } });
    }
  }

  #takeSpecial(entry: TreeEntry, there: TreeEntry | undefined): void {
    const { path, text } = entry;
    const isSame = there?.text === text;
    if (!isSame) {
      if (there !== undefined) this.#first.push({ kind: "remove", path });
      this.#first.push({ kind: "special", path, text: text as SpecialKind });
    }
    this.#setFacts(entry, isSame ? there : undefined);
  }

  /** Notes whether facts differ that can be set. */
  #noteFacts(entry: TreeEntry, there: TreeEntry | undefined): void {
    if (there !== undefined && !this.#differs(entry, there)) return;
    this.#hasOtherFacts = true;
    if (there !== undefined) this.#otherFacts.push(entry.path);
  }

  /** Sets facts that are not there already. */
  #setFacts(entry: TreeEntry, there: TreeEntry | undefined): void {
    if (there !== undefined && this.#hasSameFacts(entry, there)) return;
    this.#noteFacts(entry, there);
    const facts = this.#factsOf(entry, there);
    if (Object.keys(facts).length > 0) this.#facts.push({ kind: "facts", path: entry.path, facts });
  }

  #takeFile(entry: TreeEntry, there: TreeEntry | undefined): void {
    const { path, identity } = entry;
    if (this.#carried.archive && identity !== undefined) {
      const first = this.#firstNames.get(identity);
      if (first !== undefined) {
        const other = this.#there.get(first);
        if (there?.identity !== undefined && there.identity === other?.identity) {
          this.#linked.push({ path, first });
          return;
        }
        if (there !== undefined) this.#hardLinks.push({ kind: "remove", path });
        this.#hardLinks.push({ kind: "hardlink", path, text: first });
        return;
      }
      this.#firstNames.set(identity, path);
    }
    if (there?.identity !== undefined) {
      this.#shared.set(path, { size: there.size, hasOtherFacts: this.#differs(entry, there) });
    }
    const isSame = !this.#carried.checksum && there !== undefined && there.size === entry.size &&
      isSameTime(there.mtimeNs, entry.mtimeNs) && !this.#isUnfinished(path);
    if (isSame) return this.#setFacts(entry, there);
    this.#files.push(entry);
    if (there === undefined || this.#differs(entry, there)) this.#hasOtherFacts = true;
    // Writing it may change all of them.
    const facts = this.#factsOf(entry, undefined);
    if (Object.keys(facts).length > 0) this.#facts.push({ kind: "facts", path, facts });
  }

  /** Whether a copy to either file was interrupted: sizes and times say nothing then. */
  #isUnfinished(path: string): boolean {
    return this.#leftovers.target.belongsTo(path) || this.#leftovers.source.belongsTo(path);
  }

  #hasSameOwner(entry: TreeEntry, there: TreeEntry): boolean {
    return !this.#carried.archive || (there.uid === entry.uid && there.gid === entry.gid);
  }

  /** Whether all that is carried is there already. */
  #hasSameFacts(entry: TreeEntry, there: TreeEntry): boolean {
    return !this.#differsApartFromOwner(entry, there) && this.#hasSameOwner(entry, there);
  }

  /** Whether something is to be set that can be. */
  #differs(entry: TreeEntry, there: TreeEntry): boolean {
    return this.#differsApartFromOwner(entry, there) ||
      (this.#carried.owners && !this.#hasSameOwner(entry, there));
  }

  #differsApartFromOwner(entry: TreeEntry, there: TreeEntry): boolean {
    const { times, permissions, archive } = this.#carried;
    return (permissions && there.mode !== entry.mode) ||
      (times && !isSameTime(there.mtimeNs, entry.mtimeNs)) ||
      (archive && !isSameAttributes(entry.attributes, there.attributes));
  }

  /** Facts to set; those that are there already are left out. */
  #factsOf(entry: TreeEntry, there: TreeEntry | undefined): WritableFacts {
    const { times, permissions, archive } = this.#carried;
    const { mode, uid, gid, mtimeNs, attributes } = entry;
    const facts: WritableFacts = {};
    if (permissions && there?.mode !== mode) facts.mode = mode;
    if (times && !(there !== undefined && isSameTime(there.mtimeNs, mtimeNs))) facts.mtimeNs = mtimeNs;
    if (!archive) return facts;
    if (there === undefined || !this.#hasSameOwner(entry, there)) facts.owner = { uid, gid };
    if (attributes === undefined) return facts;
    if (there === undefined || !isSameAttributes(attributes, there.attributes)) facts.attributes = attributes;
    return facts;
  }

  #removals(): TreeChange[] {
    if (!this.#carried.removeOthers) return [];
    const others: TreeEntry[] = [];
    /** Directories that keep something. */
    const full = new Set<string>();
    for (const entry of [...this.#there.values()].reverse()) {
      if (this.#gone.has(entry.path)) continue;
      if (!full.has(entry.path) && this.#mayRemove(entry)) others.push(entry);
      else full.add(parentOf(entry.path));
    }
    const tidied = this.#tidied();
    if (others.length + tidied.length > 0 && this.#source.entries.some(({ kind }) => kind === "fault")) {
      this.#fault("", "nothing is removed, because parts of the source could not be listed", "IO");
      return [];
    }
    const isDirectory = ({ kind }: TreeEntry): boolean => kind === "dir";
    return [
      ...others.filter((entry) => !isDirectory(entry)).map(removal),
      ...tidied,
      ...others.filter(isDirectory).map(removal),
    ];
  }

  /** Removals of what unfinished copies left whose files the source does not have. */
  #tidied(): TreeChange[] {
    const files = this.#source.entries.filter(({ kind }) => kind === "file").map(({ path }) => path);
    return this.#leftovers.target.withoutOwner(files)
      .filter(({ path, owner }) =>
        owner === undefined ? this.#mayRemoveCut(path) : this.#isExposed(owner, false)
      )
      .map(({ path }) => ({ kind: "tidy", path }));
  }

  /** As `#tidied`, for a directory that goes with everything below it. */
  #tidiedBelow(folder: string): TreeChange[] {
    return this.#leftovers.target.withoutOwner([])
      .filter(({ path, owner = path }) =>
        path.startsWith(`${folder}/`) && !this.#filter.protects(owner, false)
      )
      .map(({ path }) => ({ kind: "tidy", path }));
  }

  /** Whether something may be removed whose name is not known: rules may protect it. */
  #mayRemoveCut(path: string): boolean {
    return this.#filter.isEmpty && this.#isExposed(path, false);
  }

  /** Whether a name of the target is to go: no filter protects it, or what it is in, up to a directory of the source. */
  #mayRemove({ path, kind }: TreeEntry): boolean {
    return !this.#wanted.has(path) && this.#isExposed(path, kind === "dir");
  }

  /** Whether no filter protects a name, or what it is in, up to a directory of the source. */
  #isExposed(path: string, isDirectory: boolean): boolean {
    if (this.#filter.protects(path, isDirectory)) return false;
    const folder = parentOf(path);
    if (this.#source.opened.has(folder)) return true;
    return folder !== "" && !this.#wanted.has(folder) && this.#isExposed(folder, true);
  }
}
