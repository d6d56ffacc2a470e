/**
 * What a tree has, without the names of files: its directories, and a digest of the names in each. Two sides that compare
 * outlines list only directories that differ.
 */
import { SluiceError } from "@sluice/internal";
import { isDirectory, isRegular } from "../file/_block_file.ts";
import type { BlockDirectory, DirectorySummary, NameFacts } from "../file/_block_file.ts";
import { byName } from "../file/_name_order.ts";
import { isOwnName } from "./_side_files.ts";
import type { TreeEntry } from "./_tree_entry.ts";
import { entryIn, entryOf, faultAt } from "./_tree_list.ts";
import type { ListOptions } from "./_tree_list.ts";
import { checkDepth, DirectoriesAhead, joinPath, LazyDirectory } from "./_tree_walk.ts";

/** A directory of an outline. */
export interface OutlineEntry {
  /** The directory; else a fault, or what the tree consists of where that is no directory. */
  readonly entry: TreeEntry;
  /** What is in a directory; undefined where that is not known, which a fault says. */
  readonly content: OutlineContent | undefined;
}

/** What an outline tells of the names in a directory. */
export interface OutlineContent {
  /** Regular files. */
  readonly files: number;
  /** The same where all names that are no directories are the same; undefined where they have to be listed. */
  readonly digest: string | undefined;
}

/** The outline of a tree, with the directory itself first, and each directory before what it has. */
export async function* outlineTree(
  directory: BlockDirectory,
  options: ListOptions,
): AsyncGenerator<OutlineEntry[], void, undefined> {
  const attributes = options.attributes === true;
  const top = new LazyDirectory(() => directory);
  const [found] = await directory.summarizeBelow!(["."], attributes);
  const summary = found ?? summaryOf(await directory.list(attributes));
  if (summary instanceof Error) throw summary;
  yield [{ entry: entryOf("", directory.ownFacts(attributes)), content: contentOf(summary) }];
  yield* walk(top, summary, options, "", 0);
}

async function* walk(
  directory: LazyDirectory,
  { directories }: DirectorySummary,
  options: ListOptions,
  prefix: string,
  depth: number,
): AsyncGenerator<OutlineEntry[], void, undefined> {
  const attributes = options.attributes === true;
  const list = directories.filter(({ name }) => !isOwnName(name)).sort(byName);
  const names = list.map(({ name }) => name);
  const ahead = new DirectoriesAhead(names, (wanted) => directory.get().summarizeBelow!(wanted, attributes));
  const batch: OutlineEntry[] = [];
  options.signal?.throwIfAborted();
  for (const facts of list) {
    const path = joinPath(prefix, facts.name);
    const entry = entryOf(path, facts);
    const below = new LazyDirectory(() => directory.get().openDirectory(facts.name, true));
    try {
      const summary = await summaryAt(path, depth, ahead, below, attributes);
      if (summary instanceof Error) {
        options.signal?.throwIfAborted();
        batch.push({ entry, content: undefined }, { entry: faultAt(path, summary), content: undefined });
        continue;
      }
      batch.push({ entry, content: contentOf(summary) });
      if (summary.directories.length === 0) continue;
      yield batch.splice(0);
      yield* walk(below, summary, options, path, depth + 1);
    } finally {
      below.close();
    }
  }
  if (batch.length > 0) yield batch;
}

/** The summary of a directory, or why there is none. */
async function summaryAt(
  path: string,
  depth: number,
  ahead: DirectoriesAhead<DirectorySummary>,
  directory: LazyDirectory,
  attributes: boolean,
): Promise<DirectorySummary | Error> {
  const name = path.slice(path.lastIndexOf("/") + 1);
  try {
    checkDepth(path, depth);
    return await ahead.take(name) ?? summaryOf(await directory.get().list(attributes));
  } catch (error) {
    if (error instanceof SluiceError || error instanceof RangeError) return error;
    throw error;
  }
}

/** A directory with the name of an unfinished copy is a fault, which a list tells. */
function contentOf({ directories, files, digest }: DirectorySummary): OutlineContent {
  return { files, digest: directories.some(({ name }) => isOwnName(name)) ? undefined : digest };
}

/** A directory that has too many names for a call. */
function summaryOf(list: readonly NameFacts[]): DirectorySummary {
  const directories = list.filter(({ errno, mode }) => errno === 0 && isDirectory(mode));
  return { directories, files: list.filter(({ mode }) => isRegular(mode)).length, digest: undefined };
}

/** Directories that are listed in one call at most. */
const BATCH = 256;

/** What is in some directories of a tree apart from directories, in the order of their paths; "" is the tree itself. */
export async function* listDirectories(
  directory: BlockDirectory,
  paths: readonly string[],
  options: ListOptions,
): AsyncGenerator<TreeEntry[], void, undefined> {
  const attributes = options.attributes === true;
  for (let at = 0; at < paths.length; at += BATCH) {
    const wanted = paths.slice(at, at + BATCH).map((path) => path === "" ? "." : path);
    const ahead = new DirectoriesAhead(wanted, (names) => directory.listBelow(names, attributes));
    for (const name of wanted) {
      options.signal?.throwIfAborted();
      const path = name === "." ? "" : name;
      try {
        const list = await ahead.take(name) ?? await listOne(directory, name, attributes);
        const entries = list.sort(byName).map((facts) => entryIn(path, facts, options));
        yield entries.filter((entry) => entry !== undefined && entry.kind !== "dir") as TreeEntry[];
      } catch (error) {
        if (!(error instanceof SluiceError) || path === "") throw error;
        yield [faultAt(path, error)];
      }
    }
  }
}

async function listOne(directory: BlockDirectory, name: string, attributes: boolean): Promise<NameFacts[]> {
  using opened = directory.openDirectory(name, true);
  return await opened.list(attributes);
}
