/**
 * The files of a new repository. HEAD comes last: without it, git does not take a folder for a repository. Deno only.
 */
import { NotFoundError, SluiceError } from "@sluice/internal";
import { openFault, writeFault } from "@sluice/internal/file-source";
import { formatConfigSection } from "../object/_config.ts";
import { joinPath, listFolder } from "../object/_fs.ts";
import type { GitHashAlgorithm } from "../object/_object_id.ts";

/** What a new repository is like. */
export interface NewRepository {
  /** The folder of the files, or of a bare repository. */
  readonly folder: string;
  readonly isBare: boolean;
  /** The lines of `info/sparse-checkout`; undefined where all files are written. */
  readonly sparsePatterns: string | undefined;
  readonly isPartial: boolean;
  readonly algorithm: GitHashAlgorithm;
  /** Sections of the configuration after those that every repository has. */
  readonly sections: readonly string[];
}

const EXCLUDE = `# Names of files that git is to leave alone in this repository, one pattern a line.
`;
const DESCRIPTION = "Unnamed repository; edit this file 'description' to name the repository.\n";

/**
 * Makes a folder for a repository, unless an empty one is there; returns a function that takes away what is in it, and
 * the folders that were made. Of several that want the same folder, one gets it.
 *
 * @throws {SluiceError} If something else is there (code "EXISTS").
 */
export async function makeRoom(
  { folder, isBare }: Pick<NewRepository, "folder" | "isBare">,
): Promise<() => Promise<void>> {
  const entries = await listEntries(folder);
  if (entries !== undefined && entries.length > 0) throw isThere(folder);
  const made = await makeFolders(folder);
  // A folder that can be made once says who came first.
  const own = isBare ? joinPath(folder, "objects") : joinPath(folder, ".git");
  if (!await makeFolder(own)) throw isThere(folder);
  return async () => {
    for (const { name } of await listFolder(folder) ?? []) {
      await Deno.remove(joinPath(folder, name), { recursive: true });
    }
    // Somebody else may use one of them by now.
    for (const path of made.toReversed()) await Deno.remove(path).catch(() => {});
  };
}

function isThere(folder: string): SluiceError {
  return new SluiceError(`Cannot clone into "${folder}": it is there and not empty`, {
    format: "git",
    code: "EXISTS",
  });
}

async function listEntries(folder: string): Promise<Deno.DirEntry[] | undefined> {
  try {
    return await Array.fromAsync(Deno.readDir(folder));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    const fault = openFault(folder, error);
    throw fault instanceof NotFoundError ? writeFault(folder, error) : fault;
  }
}

/** Makes a folder with those above it; returns those that were made, the uppermost first. */
async function makeFolders(folder: string): Promise<string[]> {
  const slash = folder.replace(/\/+$/, "").lastIndexOf("/");
  const above = slash <= 0 ? undefined : folder.slice(0, slash);
  const isMissing = above !== undefined && await Deno.stat(above).then(() => false, () => true);
  const made = isMissing ? await makeFolders(above!) : [];
  return await makeFolder(folder) ? [...made, folder] : made;
}

/** Makes a folder; returns whether it was not there. */
async function makeFolder(path: string): Promise<boolean> {
  try {
    await Deno.mkdir(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) return false;
    throw writeFault(path, error);
  }
}

/** The folder of the repository itself. */
export function gitFolderOf({ folder, isBare }: Pick<NewRepository, "folder" | "isBare">): string {
  return isBare ? folder : joinPath(folder, ".git");
}

/** Writes everything but references and HEAD. */
export async function makeRepository(wanted: NewRepository): Promise<void> {
  const gitFolder = gitFolderOf(wanted);
  const folders = ["objects/info", "objects/pack", "refs/heads", "refs/tags", "info"];
  for (const name of folders) await Deno.mkdir(joinPath(gitFolder, name), { recursive: true });
  await Deno.writeTextFile(joinPath(gitFolder, "config"), configOf(wanted), { createNew: true });
  await Deno.writeTextFile(joinPath(gitFolder, "description"), DESCRIPTION, { createNew: true });
  await Deno.writeTextFile(joinPath(gitFolder, "info/exclude"), EXCLUDE, { createNew: true });
  if (wanted.sparsePatterns === undefined) return;
  await Deno.writeTextFile(joinPath(gitFolder, "info/sparse-checkout"), wanted.sparsePatterns, {
    createNew: true,
  });
  const own = formatConfigSection("core", undefined, [["sparseCheckout", "true"], [
    "sparseCheckoutCone",
    "true",
  ]]);
  await Deno.writeTextFile(joinPath(gitFolder, "config.worktree"), own, { createNew: true });
}

function configOf({ isBare, sparsePatterns, isPartial, algorithm, sections }: NewRepository): string {
  const extensions: [string, string][] = [
    ...algorithm === "sha256" ? [["objectformat", "sha256"] as [string, string]] : [],
    ...sparsePatterns !== undefined ? [["worktreeConfig", "true"] as [string, string]] : [],
  ];
  const isExtended = extensions.length > 0 || isPartial;
  return [
    formatConfigSection("core", undefined, [
      ["repositoryformatversion", isExtended ? "1" : "0"],
      ["filemode", Deno.build.os === "windows" ? "false" : "true"],
      ["bare", `${isBare}`],
      ...isBare ? [] : [["logallrefupdates", "true"] as [string, string]],
    ]),
    ...extensions.length > 0 ? [formatConfigSection("extensions", undefined, extensions)] : [],
    ...sections,
  ].join("");
}

/** Writes a file of a new repository whole, with the folders above it. */
export async function putNew(gitFolder: string, name: string, text: string): Promise<void> {
  const path = joinPath(gitFolder, name);
  try {
    await Deno.mkdir(path.slice(0, path.lastIndexOf("/")), { recursive: true });
    await Deno.writeTextFile(`${path}.lock`, text, { createNew: true });
    await Deno.rename(`${path}.lock`, path);
  } catch (error) {
    throw writeFault(path, error);
  }
}
