/**
 * Files that are being restored, each under a temporary name until it is complete.
 */
import type { ZpaqArchiveEntry, ZpaqPiece } from "../archive/_types.ts";
import { factsOf, setFacts } from "./_file_facts.ts";
import type { NewFacts } from "./_file_facts.ts";
import { hasNativeTree } from "../kernel/tree.ts";
import { lastPartIndex, temporaryBeside } from "./_paths.ts";
import { makeFolders, Refused } from "./_places.ts";
import type { Target } from "./_places.ts";
import { warning } from "./_problems.ts";
import type { Report } from "./_problems.ts";
import { lookAt, renamePath } from "./_raw_names.ts";
import { SmallFileWriter } from "./_small_files.ts";
import { writeAll } from "./_update_file.ts";
import type { Undoing } from "./_update_file.ts";

const OPEN_FILES_MAX = 200;
/** Complete files get their facts and their names together. */
const FINISHED_MAX = 128;

function isZero(bytes: Uint8Array): boolean {
  return bytes[0] === 0 && bytes.at(-1) === 0 && bytes.every((byte) => byte === 0);
}

/** The parts of a path that name something. */
export function partsOf(path: string): string[] {
  return path.split("/").filter((part) => part !== "" && part !== ".");
}

/** A name for a file that is being written: one that Deno can spell, in the folder of the path where it can. */
export function temporaryFor(final: string, { root }: Target): string {
  return temporaryBeside(final.slice(0, lastPartIndex(final)).isWellFormed() ? final : `${root}/`);
}

/** A file exists, and may not be replaced. */
export class Exists extends Error {}

/** How outputs are written. */
export interface OutputOptions {
  /** Whether files are replaced. */
  readonly force: boolean;
  /** Whether links in paths are followed. */
  readonly unsafePaths: boolean;
  /** Device and inode of the archive's parts, which are not replaced by what is in them. */
  readonly archive: ReadonlySet<string>;
  readonly undoing: Undoing;
  readonly report: Report;
  /** What a file gets when it is complete. */
  factsFor(entry: ZpaqArchiveEntry, path: string): NewFacts;
  /** Takes why a file was not written. */
  refused(entry: ZpaqArchiveEntry, error: unknown): void;
}

interface Output {
  readonly entry: ZpaqArchiveEntry;
  readonly final: string;
  readonly temporary: string;
  size: number;
  readonly forget: () => void;
}

/** Output files of one run. */
export class Outputs {
  readonly #options: OutputOptions;
  readonly #open = new Map<ZpaqArchiveEntry, Output>();
  readonly #handles = new Map<Output, Deno.FsFile>();
  readonly #finished: Output[] = [];
  #small: SmallFileWriter | undefined;
  /** Folders that were made or looked at: no link leads through them. */
  readonly #folders = new Map<string, string>();
  /** Where complete files are. */
  readonly done = new Map<ZpaqArchiveEntry, string>();

  constructor(options: OutputOptions) {
    this.#options = options;
    const { force, undoing, refused } = options;
    if (!hasNativeTree()) return;
    this.#small = new SmallFileWriter(force, undoing, {
      written: (entry, path, facts) => {
        this.done.set(entry, path);
        if (facts !== undefined) options.report(factsWarning(entry, facts));
      },
      refused: async (entry, path, error) => {
        // What is in its place says why.
        refused(entry, await this.#check(path).then(() => error, (found) => found));
      },
    });
  }

  /** Takes a piece of a file. */
  async write(piece: ZpaqPiece, target: Target): Promise<void> {
    const { entry, bytes, offset, last } = piece;
    if (last && offset === 0 && this.#small !== undefined && SmallFileWriter.takes(bytes.length)) {
      // Whether something has its name is seen when it is written, unless that would be replaced.
      const final = this.#options.force ? await this.place(target) : await this.#pathOf(target);
      const facts = this.#options.factsFor(entry, temporaryFor(final, target));
      return await this.#small.add(entry, bytes, facts, final);
    }
    const output = this.#open.get(entry) ?? await this.#create(entry, target);
    const file = await this.#handle(output);
    if (bytes.length > 0 && !isZero(bytes)) {
      await file.seek(offset, Deno.SeekMode.Start);
      await writeAll(file, bytes);
    }
    output.size = Math.max(output.size, offset + bytes.length);
    if (!last) return;
    await file.truncate(output.size);
    file.close();
    this.#handles.delete(output);
    this.#finished.push(output);
    if (this.#finished.length >= FINISHED_MAX) await this.flush();
  }

  /**
   * The path of an entry that may be made, its folders made.
   *
   * @throws {Error} If something is there that may not be replaced, or a link or file is among the folders.
   */
  async place(target: Target): Promise<string> {
    const final = await this.#pathOf(target);
    await this.#check(final);
    return final;
  }

  /** The path of an entry, its folders made. */
  async #pathOf({ root, path }: Target): Promise<string> {
    const parts = partsOf(path);
    const key = `${root}\0${parts.slice(0, -1).join("/")}`;
    let folder = this.#folders.get(key);
    if (folder === undefined) {
      folder = await makeFolders(root, parts.slice(0, -1), this.#options.unsafePaths);
      this.#folders.set(key, folder);
    }
    return `${folder}/${parts.at(-1)!}`;
  }

  /** Refuses paths that something has that may not be replaced. */
  async #check(final: string): Promise<void> {
    const { force, archive } = this.#options;
    const existing = await lookAt(final);
    if (existing === undefined) return;
    // Links followed: what the archive's file is called here does not matter.
    const real = final.isWellFormed() ? Deno.realPath(final) : Promise.resolve(final);
    const identity = await real.then(factsOf).then(
      (facts) => facts.identity,
      () => undefined,
    );
    if (identity !== undefined && archive.has(identity)) {
      throw new Refused(`${final} is the archive itself`);
    }
    if (existing.isDirectory) throw new Refused(`${final} is a folder`);
    // Devices and pipes would be gone, for all that use them.
    if (!existing.isFile && !existing.isSymlink) throw new Refused(`${final} is a device or a pipe`);
    if (!force) throw new Exists(`${final} exists`);
  }

  async #create(entry: ZpaqArchiveEntry, target: Target): Promise<Output> {
    const final = await this.place(target);
    const temporary = temporaryFor(final, target);
    const forget = this.#options.undoing(() => Deno.removeSync(temporary));
    const output: Output = { entry, final, temporary, size: 0, forget };
    // Nobody else reads it before it has its mode.
    this.#handles.set(output, await Deno.open(temporary, { write: true, createNew: true, mode: 0o600 }));
    this.#open.set(entry, output);
    return output;
  }

  /** The open file of an output; the one used longest ago is closed when there are too many. */
  async #handle(output: Output): Promise<Deno.FsFile> {
    let file = this.#handles.get(output);
    if (file !== undefined) this.#handles.delete(output);
    else file = await Deno.open(output.temporary, { write: true });
    this.#handles.set(output, file);
    const [oldest] = this.#handles;
    if (this.#handles.size > OPEN_FILES_MAX && oldest !== undefined) {
      oldest[1].close();
      this.#handles.delete(oldest[0]);
    }
    return file;
  }

  /** Gives complete files their facts and their names. */
  async flush(): Promise<void> {
    await this.#small?.flush();
    const finished = this.#finished.splice(0);
    const facts = finished.map(({ entry, temporary }) => this.#options.factsFor(entry, temporary));
    const errors = await setFacts(facts);
    for (const [i, output] of finished.entries()) {
      const { entry, temporary, final, forget } = output;
      if (errors[i] !== undefined) this.#options.report(factsWarning(entry, errors[i]));
      try {
        await renamePath(temporary, final);
        this.done.set(entry, final);
        forget();
        this.#open.delete(entry);
      } catch (error) {
        this.#options.refused(entry, error);
      }
    }
  }

  /** Removes what is not complete. */
  async discard(): Promise<void> {
    for (const file of this.#handles.values()) file.close();
    this.#handles.clear();
    for (const { temporary, forget } of this.#open.values()) {
      await Deno.remove(temporary).catch(() => {});
      forget();
    }
    this.#open.clear();
  }
}

/** Facts that could not be set. */
export function factsWarning(entry: ZpaqArchiveEntry, error: Error): ReturnType<typeof warning> {
  return warning("restore all attributes of", entry.name, error);
}
