/**
 * The tables of options of `sluice gitdb ls-remote`, `fetch` and `clone`.
 */
import type { GitUriProtocol } from "@sluice/gitdb";
import { UsageFailure } from "../shared/exit.ts";
import type { OptionGroup } from "../shared/options.ts";
import type { GitdbSettings } from "./settings.ts";

type Group = OptionGroup<GitdbSettings>;
type Row = Group["rows"][number];

function count(value: string, name: string): number {
  const number = Number(value);
  if (/^\d+$/.test(value) && number >= 1 && number <= 0x7fffffff) return number;
  throw new UsageFailure(`Option ${name} has the value "${value}", expected a positive number`);
}

/** The most seconds that a timer takes. */
const SECONDS_MAX = 2_147_483;

function seconds(value: string, name: string): number {
  const number = Number(value);
  if (/^\d+$/.test(value) && number >= 1 && number <= SECONDS_MAX) return number;
  throw new UsageFailure(`Option ${name} has the value "${value}", expected 1 to ${SECONDS_MAX} seconds`);
}

/** A date: seconds since 1970, or what ISO 8601 allows; git's own words for dates are not known here. */
function date(value: string, name: string): Date {
  const time = /^\d{5,}$/.test(value) ? Number(value) * 1000 : Date.parse(value);
  if (!Number.isNaN(time)) return new Date(time);
  throw new UsageFailure(`Option ${name} has the value "${value}", expected a date as in 2026-01-31`);
}

const QUIET: Row = {
  short: "q",
  long: ["quiet"],
  help: "Say nothing but errors",
  set: (settings) => settings.quiet = true,
};

const CREDENTIALS: Row = {
  long: ["credential-helper"],
  value: "next",
  valueName: "COMMAND",
  help: "What to ask for a name and a password, as git's credential.helper (a name, a path or !COMMAND)",
  set: (settings, value) => settings.remote.credentialHelper = value,
};

const TIMEOUT: Row = {
  long: ["timeout"],
  value: "next",
  valueName: "SECONDS",
  help: "Give up after so long without an answer or a packet (default: 30)",
  set: (settings, value, name) => settings.remote.timeout = seconds(value, name),
};

const SHALLOW: readonly Row[] = [
  {
    long: ["depth"],
    value: "next",
    valueName: "#",
    help: "Only so many commits of each branch",
    set: (settings, value, name) => settings.remote.depth = count(value, name),
  },
  {
    long: ["shallow-since"],
    value: "next",
    valueName: "DATE",
    help: "Only commits that are younger",
    set: (settings, value, name) => settings.remote.since = date(value, name),
  },
  {
    long: ["shallow-exclude"],
    value: "next",
    valueName: "NAME",
    help: "Not the commits that a branch or tag of the server leads to",
    set: (settings, value) => settings.remote.shallowExclude.push(value),
  },
  {
    long: ["filter"],
    value: "next",
    valueName: "SPEC",
    help: "Leave out objects: blob:none, blob:limit=SIZE, tree:DEPTH",
    set: (settings, value) => settings.remote.filter = value,
  },
];

const URI_PROTOCOLS: Row = {
  long: ["uri-protocols"],
  value: "next",
  valueName: "LIST",
  help: "Take packs from where the server says, by https or http",
  set: (settings, value) => settings.remote.uriProtocols = protocols(value),
};

/** What addresses of packs may start with. */
function protocols(value: string): GitUriProtocol[] {
  const list = value.split(",");
  const known = (["https", "http"] as const).filter((each) => list.includes(each));
  if (known.length < list.length) {
    throw new UsageFailure(
      `Option --uri-protocols has the value "${value}", expected "https", "http" or both`,
    );
  }
  return known;
}

const PROGRESS: readonly Row[] = [
  {
    long: ["progress"],
    help: "Show progress, also where stderr is no terminal",
    set: (settings) => settings.remote.progress = true,
  },
  { long: ["no-progress"], help: "Show no progress", set: (settings) => settings.remote.progress = false },
];

/** `ls-remote`. */
export const LS_REMOTE: Group = {
  title: "What to print",
  rows: [
    { long: ["heads", "branches"], help: "Branches", set: (settings) => settings.remote.heads = true },
    { short: "t", long: ["tags"], help: "Tags", set: (settings) => settings.remote.tags = true },
    {
      long: ["refs"],
      help: "Neither HEAD nor what tags lead to",
      set: (settings) => settings.remote.refs = true,
    },
    {
      long: ["symref"],
      help: "What references name, too",
      set: (settings) => settings.remote.symref = true,
    },
    {
      long: ["exit-code"],
      help: "Exit with 2 where nothing fits",
      set: (settings) => settings.remote.exitCode = true,
    },
    { long: ["get-url"], help: "The URL alone", set: (settings) => settings.remote.getUrl = true },
    QUIET,
    CREDENTIALS,
    TIMEOUT,
  ],
};

/** `fetch`. */
export const FETCH: Group = {
  title: "What to fetch",
  rows: [
    ...SHALLOW,
    {
      long: ["deepen"],
      value: "next",
      valueName: "#",
      help: "So many commits more than there are",
      set: (settings, value, name) => settings.remote.deepen = count(value, name),
    },
    {
      long: ["unshallow"],
      help: "The whole history",
      set: (settings) => settings.remote.unshallow = true,
    },
    {
      long: ["refetch"],
      help: "Also what is here already",
      set: (settings) => settings.remote.refetch = true,
    },
    { short: "t", long: ["tags"], help: "All tags", set: (settings) => settings.remote.tags = true },
    { short: "n", long: ["no-tags"], help: "No tags", set: (settings) => settings.remote.tags = false },
    {
      short: "p",
      long: ["prune"],
      help: "Remove what the server does not have any more",
      set: (settings) => settings.remote.prune = true,
    },
    { long: ["no-prune"], help: "Remove nothing", set: (settings) => settings.remote.prune = false },
    {
      short: "f",
      long: ["force"],
      help: "Set references also where that loses commits",
      set: (settings) => settings.remote.force = true,
    },
    {
      short: "a",
      long: ["append"],
      help: "Keep what FETCH_HEAD has",
      set: (settings) => settings.remote.append = true,
    },
    {
      long: ["dry-run"],
      help: "Set no reference",
      set: (settings) => settings.remote.dryRun = true,
    },
    URI_PROTOCOLS,
    QUIET,
    {
      short: "v",
      long: ["verbose"],
      help: "Name references that stay, too",
      set: (settings) => settings.verbose = true,
    },
    ...PROGRESS,
    CREDENTIALS,
    TIMEOUT,
  ],
};

/** `clone`. */
export const CLONE: Group = {
  title: "What to clone",
  rows: [
    { long: ["bare"], help: "Without files", set: (settings) => settings.remote.bare = true },
    {
      long: ["mirror"],
      help: "Without files, all references under their names",
      set: (settings) => settings.remote.mirror = true,
    },
    {
      short: "n",
      long: ["no-checkout"],
      help: "Write no files",
      set: (settings) => settings.remote.checkout = false,
    },
    ...SHALLOW,
    {
      long: ["sparse"],
      help: "Only files outside of folders",
      set: (settings) => settings.remote.sparse = true,
    },
    {
      short: "b",
      long: ["branch"],
      value: "next",
      valueName: "NAME",
      help: "The branch or tag to check out",
      set: (settings, value) => settings.remote.branch = value,
    },
    {
      long: ["single-branch"],
      help: "One branch alone",
      set: (settings) => settings.remote.singleBranch = true,
    },
    {
      long: ["no-single-branch"],
      help: "All branches, also with --depth",
      set: (settings) => settings.remote.singleBranch = false,
    },
    { long: ["no-tags"], help: "No tags", set: (settings) => settings.remote.tags = false },
    {
      long: ["bundle-uri"],
      value: "next",
      valueName: "URL",
      help: "Start from a bundle, a file of any server",
      set: (settings, value) => settings.remote.bundle = value,
    },
    {
      long: ["server-bundles"],
      help: "Start from bundles that the server names",
      set: (settings) => settings.remote.serverBundles = true,
    },
    URI_PROTOCOLS,
    {
      short: "o",
      long: ["origin"],
      value: "next",
      valueName: "NAME",
      help: "The name of the remote (default: origin)",
      set: (settings, value) => settings.remote.origin = value,
    },
    QUIET,
    ...PROGRESS,
    CREDENTIALS,
    TIMEOUT,
  ],
};
