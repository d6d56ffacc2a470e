/**
 * `sluice gitdb fetch`.
 */
import { fetchGitRepository, GitLockFile } from "@sluice/gitdb";
import type { GitDatabase, GitFetchRepositoryOptions, GitFetchUpdate, GitRepository } from "@sluice/gitdb";
import { SluiceError } from "@sluice/internal";
import { EXIT, UsageFailure } from "../shared/exit.ts";
import { committerOf, connectionOf, remoteMessages, withGitWords } from "./connection.ts";
import { openRepository, shortId, usualDigits } from "./names.ts";
import { requireHttp, urlOfRemote } from "./remote_url.ts";
import { fatal } from "./settings.ts";
import type { GitdbSettings } from "./settings.ts";

/** Runs `fetch`. */
export async function fetch(operands: readonly string[], settings: GitdbSettings): Promise<number> {
  const [remote, ...words] = operands;
  const refspecs = refspecsOf(words);
  const { depth, deepen, unshallow } = settings.remote;
  if ([depth, deepen, unshallow || undefined].filter((value) => value !== undefined).length > 1) {
    throw new UsageFailure("Options --depth, --deepen and --unshallow exclude each other");
  }
  const repository = await openRepository(settings);
  try {
    const url = await urlOfFetch(repository, remote, settings);
    const options = optionsOf(remote, url, refspecs, settings);
    const fetched = await withGitWords(url, () => fetchGitRepository(repository, options).catch(inGitWords));
    if (!settings.quiet) await report(repository, url, fetched.updates, settings.verbose);
    reportFaults(fetched.updates);
    return fetched.updates.some(({ kind }) => kind === "rejected") ? EXIT.failure : EXIT.ok;
  } finally {
    await repository[Symbol.asyncDispose]();
  }
}

/** Where to fetch from. As in git, a fetch that knows no such place leaves FETCH_HEAD empty, too. */
async function urlOfFetch(
  repository: GitRepository,
  remote: string | undefined,
  { remote: { append, dryRun } }: GitdbSettings,
): Promise<string> {
  try {
    const url = await urlOfRemote(repository, remote);
    requireHttp(url);
    return url;
  } catch (error) {
    if (!append && !dryRun) {
      using head = await GitLockFile.acquire(`${repository.gitFolder}/FETCH_HEAD`, { timeoutMs: 1000 });
      head.commit(); // nothing was written
    }
    throw error;
  }
}

/** Rules of the command line; the word "tag" makes one of the name after it. */
function refspecsOf(words: readonly string[]): string[] {
  const refspecs: string[] = [];
  for (let at = 0; at < words.length; at++) {
    if (words[at] !== "tag") {
      refspecs.push(words[at]!);
      continue;
    }
    const name = words[++at];
    if (name === undefined) throw fatal("you need to specify a tag name");
    refspecs.push(`refs/tags/${name}:refs/tags/${name}`);
  }
  return refspecs;
}

/** Says why references could not be set, also when nothing else is said. */
function reportFaults(updates: readonly GitFetchUpdate[]): void {
  const remotes = new Set<string>();
  for (const { cause, target } of updates) {
    if (cause === undefined) continue;
    console.error(`error: ${cause.message}`);
    const remote = /^refs\/remotes\/([^/]+)\//.exec(target ?? "")?.[1];
    if (remote !== undefined && cause.code !== "LOCKED") remotes.add(remote);
  }
  for (const remote of remotes) {
    console.error(
      `error: some local refs could not be updated; try running\n 'git remote prune ${remote}' to remove any old, ` +
        "conflicting branches",
    );
  }
}

function optionsOf(
  remote: string | undefined,
  url: string,
  refspecs: readonly string[],
  settings: GitdbSettings,
): GitFetchRepositoryOptions {
  const {
    tags,
    prune,
    force,
    append,
    dryRun,
    refetch,
    depth,
    deepen,
    unshallow,
    since,
    shallowExclude,
    filter,
    uriProtocols,
  } = settings.remote;
  return {
    remote,
    refspecs,
    tags: tags === undefined ? undefined : tags ? "all" : "none",
    prune,
    force,
    append,
    dryRun,
    refetch,
    depth: deepen ?? depth,
    deepen: deepen !== undefined,
    unshallow,
    since,
    shallowExclude: shallowExclude.length > 0 ? shallowExclude : undefined,
    filter,
    uriProtocols,
    action: ["fetch", ...settings.words].join(" "),
    objects: { threads: settings.threads },
    connection: connectionOf(settings, url),
    ...committerOf(),
    ...remoteMessages(settings),
  };
}

/** Failures that git has words for. */
function inGitWords(error: unknown): never {
  if (error instanceof RangeError) {
    const refspec = /^Cannot fetch "(.*)": it is no refspec$/.exec(error.message)?.[1];
    if (refspec !== undefined) throw fatal(`invalid refspec '${refspec}'`);
    if (error.message.includes("the repository is complete")) {
      throw fatal("--unshallow on a complete repository does not make sense");
    }
  }
  if (error instanceof SluiceError) {
    const missing = /^Cannot fetch "(.*)": the server has no such reference$/.exec(error.message)?.[1];
    if (missing !== undefined) throw fatal(`couldn't find remote ref ${missing}`);
    const current = /^Cannot fetch into branch "(.*)": it is checked out at (.*)$/.exec(error.message);
    if (current !== null) {
      throw fatal(`refusing to fetch into branch '${current[1]}' checked out at '${current[2]}'`);
    }
  }
  throw error;
}

/** A name as git shows it. */
function shortName(name: string): string {
  return name.replace(/^refs\/(?:heads|tags|remotes)\//, "");
}

const SUMMARY_WIDTH = 17;
const NAME_WIDTH = 10;
const LINE_WIDTH = 80;

/** Says what became of each reference, as git does. */
async function report(
  repository: GitRepository,
  url: string,
  updates: readonly GitFetchUpdate[],
  verbose: boolean,
): Promise<void> {
  const digits = await usualDigits(repository.database);
  const width = widthOf(updates, verbose);
  let isFirst = true;
  for (const update of updates) {
    if (update.kind === "unchanged" && !verbose) continue;
    const { flag, summary, note } = await describe(update, repository.database, digits);
    if (isFirst) console.error(`From ${plainUrl(url)}`);
    isFirst = false;
    const from = update.source === undefined ? "(none)" : shortName(update.source);
    const to = update.target === undefined ? "FETCH_HEAD" : shortName(update.target);
    const end = note === undefined ? "" : `  (${note})`;
    console.error(` ${flag} ${summary.padEnd(SUMMARY_WIDTH)} ${from.padEnd(width)} -> ${to}${end}`);
  }
}

/** The column of names: as wide as the longest that leaves room on a line. */
function widthOf(updates: readonly GitFetchUpdate[], verbose: boolean): number {
  let width = NAME_WIDTH;
  for (const { kind, source, target } of updates) {
    if (source === undefined || target === undefined || kind === "unchanged" && !verbose) continue;
    const [left, right] = [shortName(source).length, shortName(target).length];
    if (21 + left + 4 + right < LINE_WIDTH) width = Math.max(width, left);
  }
  return width;
}

function plainUrl(url: string): string {
  return url.replace(/\/+$/, "").replace(/\.git$/, "");
}

interface Described {
  readonly flag: string;
  readonly summary: string;
  readonly note?: string;
}

async function describe(update: GitFetchUpdate, database: GitDatabase, digits: number): Promise<Described> {
  const { kind, source = "", before, after, reason } = update;
  const range = async (dots: string): Promise<string> =>
    `${await shortId(database, `${before}`, digits)}${dots}${await shortId(database, `${after}`, digits)}`;
  switch (kind) {
    case "head":
      return { flag: "*", summary: source.startsWith("refs/tags/") ? "tag" : "branch" };
    case "new": {
      const word = source.startsWith("refs/tags/")
        ? "tag"
        : source.startsWith("refs/heads/")
        ? "branch"
        : "ref";
      return { flag: "*", summary: `[new ${word}]` };
    }
    case "forward":
      return { flag: " ", summary: await range("..") };
    case "forced":
      return { flag: "+", summary: await range("..."), note: "forced update" };
    case "tag":
      return { flag: "t", summary: "[tag update]" };
    case "unchanged":
      return { flag: "=", summary: "[up to date]" };
    case "removed":
      return { flag: "-", summary: "[deleted]" };
    case "rejected":
      return { flag: "!", summary: "[rejected]", ...reason === undefined ? {} : { note: reason } };
  }
}
