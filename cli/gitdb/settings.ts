/**
 * What the subcommands of `sluice gitdb` are set to do.
 */
import type { GitUriProtocol } from "@sluice/gitdb";
import type { DateMode } from "./dates.ts";
import type { DecorationStyle } from "./decorations.ts";
import type { PatternKind } from "./patterns.ts";
import { EXIT, Failure } from "../shared/exit.ts";

/** The format that `--oneline` stands for: a line as of `oneline`, with a short id. */
export const SHORT_ONELINE = "short-oneline";

/** What `rev-parse` prints about the place of a repository. */
export type RevParsePlace =
  | "git-dir"
  | "absolute-git-dir"
  | "common-dir"
  | "toplevel"
  | "prefix"
  | "bare"
  | "inside-git-dir"
  | "inside-work-tree";

/** Something that `rev-parse` is asked for, after so many of its operands. */
export interface RevParseWish {
  readonly what: RevParsePlace | "abbrev-ref" | "symbolic-full-name" | "verify" | "short";
  readonly after: number;
}

/** Options of all subcommands together; each has rows for those that it knows. */
export interface GitdbSettings {
  gitDir: string | undefined;
  objects: string | undefined;
  threads: number;
  help: boolean;
  batch: "none" | "batch" | "check" | "command";
  format: string | undefined;
  buffer: boolean;
  allObjects: boolean;
  unordered: boolean;
  show: "type" | "size" | "exists" | "pretty" | undefined;
  write: boolean;
  stdin: boolean;
  type: string;
  verbose: boolean;
  statOnly: boolean;
  window: number;
  depth: number;
  reuseDeltas: boolean;
  stdout: boolean;
  fixThin: boolean;
  strict: boolean;
  output: string | undefined;
  indexVersion: string | undefined;
  verify: boolean;
  revIndex: boolean;
  delete: boolean;
  quiet: boolean;
  /** Digits of short ids; 0 for as many as usual. */
  short: number | undefined;
  recursive: boolean;
  trees: boolean;
  treesOnly: boolean;
  long: boolean;
  nameOnly: boolean;
  zero: boolean;
  stdinPaths: boolean;
  maxCount: number | undefined;
  /** Commits to leave out at the start. */
  skip: number;
  /** Merges alone, or all but merges; undefined for both. */
  merges: boolean | undefined;
  reverse: boolean;
  order: "age" | "date" | "topological";
  firstParent: boolean;
  /** Which commits a walk leaves. */
  limits: WalkLimits;
  /** How names of commits are printed with them; undefined where they are not. */
  decorate: DecorationStyle | undefined;
  /** How dates are written; undefined as git writes them unless told. */
  date: DateMode | undefined;
  /** Print how many there are, and nothing else. */
  count: boolean;
  allRefs: boolean;
  /** All best common ancestors, not the first alone. */
  allBases: boolean;
  /** Say by the exit code whether the first of two commits is an ancestor of the second. */
  isAncestor: boolean;
  /** Everything after the name of the command, as it was given. */
  words: readonly string[];
  /** What follows `--`, where paths follow it; undefined without it. */
  pathOperands: readonly string[] | undefined;
  /** The operands as far as they were read. */
  operands: string[];
  wishes: RevParseWish[];
  objectOnly: boolean;
  /** Digits of ids in lists; 0 for as many as usual. */
  abbrev: number | undefined;
  /** Ids in lists are not shortened. */
  fullIds: boolean;
  /** Lines around changes in patches. */
  context: number;
  /** Say by the exit code whether something differs. */
  exitCode: boolean;
  /** Nor those in patches. */
  fullIndex: boolean;
  fullName: boolean;
  fullTree: boolean;
  /** How changed files are printed; undefined where nothing was said. */
  changes: "nothing" | "names" | "status" | "raw" | "patch" | "numbers" | "summary" | "graph" | undefined;
  /** Whether logs of references lead to objects, and whether objects that nothing leads to are named. */
  reflogs: boolean;
  dangling: boolean;
  /** Whether moved files are looked for. */
  renames: boolean;
  showRef: ShowRefSettings;
  /** What commands that talk to servers are set to do. */
  remote: RemoteSettings;
}

/** Which references `show-ref` prints, and what of them. */
export interface ShowRefSettings {
  head: boolean;
  heads: boolean;
  tags: boolean;
  /** What tags lead to, too. */
  dereference: boolean;
  hashOnly: boolean;
}

/** What commits have to be like. */
export interface WalkLimits {
  /** Bounds of the dates of commits. */
  since: Date | undefined;
  until: Date | undefined;
  /** Of each list, one has to match: in a line of the message, the author, the committer. */
  grep: string[];
  authors: string[];
  committers: string[];
  patterns: PatternKind;
  ignoreCase: boolean;
}

/** What `ls-remote`, `fetch` and `clone` are set to do. */
export interface RemoteSettings {
  heads: boolean;
  tags: boolean | undefined;
  refs: boolean;
  symref: boolean;
  getUrl: boolean;
  exitCode: boolean;
  progress: boolean | undefined;
  credentialHelper: string | undefined;
  timeout: number | undefined;
  depth: number | undefined;
  deepen: number | undefined;
  unshallow: boolean;
  since: Date | undefined;
  shallowExclude: string[];
  filter: string | undefined;
  refetch: boolean;
  prune: boolean | undefined;
  force: boolean;
  append: boolean;
  dryRun: boolean;
  bare: boolean;
  mirror: boolean;
  checkout: boolean;
  sparse: boolean;
  branch: string | undefined;
  bundle: string | undefined;
  serverBundles: boolean;
  uriProtocols: GitUriProtocol[] | undefined;
  singleBranch: boolean | undefined;
  origin: string;
}

/** The settings before any option. */
export function defaultGitdbSettings(): GitdbSettings {
  return {
    gitDir: undefined,
    objects: undefined,
    threads: 1,
    help: false,
    batch: "none",
    format: undefined,
    buffer: false,
    allObjects: false,
    unordered: false,
    show: undefined,
    write: false,
    stdin: false,
    type: "blob",
    verbose: false,
    statOnly: false,
    window: 10,
    depth: 50,
    reuseDeltas: true,
    stdout: false,
    fixThin: false,
    strict: false,
    output: undefined,
    indexVersion: undefined,
    verify: false,
    revIndex: false,
    delete: false,
    quiet: false,
    short: undefined,
    recursive: false,
    trees: false,
    treesOnly: false,
    long: false,
    nameOnly: false,
    zero: false,
    stdinPaths: false,
    maxCount: undefined,
    skip: 0,
    merges: undefined,
    reverse: false,
    order: "age",
    firstParent: false,
    limits: defaultLimits(),
    decorate: undefined,
    date: undefined,
    count: false,
    allRefs: false,
    allBases: false,
    isAncestor: false,
    words: [],
    pathOperands: undefined,
    operands: [],
    wishes: [],
    objectOnly: false,
    abbrev: undefined,
    fullIds: false,
    context: 3,
    exitCode: false,
    fullIndex: false,
    fullName: false,
    fullTree: false,
    changes: undefined,
    reflogs: true,
    dangling: true,
    renames: true,
    showRef: { head: false, heads: false, tags: false, dereference: false, hashOnly: false },
    remote: defaultRemoteSettings(),
  };
}

function defaultLimits(): WalkLimits {
  return {
    since: undefined,
    until: undefined,
    grep: [],
    authors: [],
    committers: [],
    patterns: "basic",
    ignoreCase: false,
  };
}

function defaultRemoteSettings(): RemoteSettings {
  return {
    heads: false,
    tags: undefined,
    refs: false,
    symref: false,
    getUrl: false,
    exitCode: false,
    progress: undefined,
    credentialHelper: undefined,
    timeout: undefined,
    depth: undefined,
    deepen: undefined,
    unshallow: false,
    since: undefined,
    shallowExclude: [],
    filter: undefined,
    refetch: false,
    prune: undefined,
    force: false,
    append: false,
    dryRun: false,
    bare: false,
    mirror: false,
    checkout: true,
    sparse: false,
    branch: undefined,
    bundle: undefined,
    serverBundles: false,
    uriProtocols: undefined,
    singleBranch: undefined,
    origin: "origin",
  };
}

/** A failure as git words it. */
export function fatal(message: string): Failure {
  return new Failure(`fatal: ${message}`, EXIT.fatal);
}
