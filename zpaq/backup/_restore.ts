/**
 * Restoring files: content first, then hard links, then symbolic links, so that nothing is ever written through one, and
 * the facts of folders at the end.
 */
import type { NewNames } from "./_checks.ts";
import type { SluiceError, SluiceErrorCode, SluiceProgress } from "@sluice/internal";
import type { ZpaqArchive } from "../archive/archive.ts";
import type { ZpaqArchiveEntry } from "../archive/_types.ts";
import type { ZpaqUnixAttributes } from "../archive/_attributes.ts";
import { ContentCheck } from "./_content_check.ts";
import { setFacts, Unsupported } from "./_file_facts.ts";
import type { NewFacts } from "./_file_facts.ts";
import { Exists, factsWarning, Outputs, partsOf, temporaryFor } from "./_outputs.ts";
import { makeFolders, pathFault, spelled, targetOf } from "./_places.ts";
import type { Target } from "./_places.ts";
import { warning, ZpaqBackupError } from "./_problems.ts";
import type { Report } from "./_problems.ts";
import { canSpell, linkPath, makeLink, renamePath } from "./_raw_names.ts";
import type { Undoing } from "./_update_file.ts";

const TYPE_MASK = 0o170000;
const TYPE_LINK = 0o120000;
const ROOT_FOLDER = /^(?:\.?\/)+$/;

/** How files are restored. */
export interface RestoreSettings {
  readonly paths: readonly string[];
  readonly to: NewNames;
  readonly force: boolean;
  readonly attributes: boolean;
  readonly owners: boolean;
  readonly unsafePaths: boolean;
  readonly threads: number;
  readonly maxOutputSize: number;
  /** Decode and compare, write nothing. */
  readonly dryRun: boolean;
  readonly signal: AbortSignal | undefined;
  readonly onFile: ((file: { readonly name: string; readonly size: number }) => void) | undefined;
  readonly onProgress: ((progress: SluiceProgress) => void) | undefined;
  readonly archive: ReadonlySet<string>;
  readonly undoing: Undoing;
  readonly report: Report;
}

/** What was restored. */
export interface Restored {
  readonly files: number;
  readonly bytes: number;
  /** Files that were there already and were not replaced. */
  readonly skipped: readonly string[];
}

/** Restores entries of an archive. */
export async function restoreEntries(
  archive: ZpaqArchive,
  entries: readonly ZpaqArchiveEntry[],
  settings: RestoreSettings,
): Promise<Restored> {
  const run = new Restore(archive, settings);
  for (const entry of entries) run.plan(entry);
  return await run.run();
}

function unixOf(entry: ZpaqArchiveEntry): ZpaqUnixAttributes | undefined {
  return entry.attributes?.system === "unix" ? entry.attributes : undefined;
}

function sameContent(a: ZpaqArchiveEntry, b: ZpaqArchiveEntry): boolean {
  const [left, right] = [a.fragments, b.fragments];
  return left.length === right.length && left.every((id, i) => id === right[i]);
}

class Restore {
  readonly #archive: ZpaqArchive;
  readonly #settings: RestoreSettings;
  readonly #outputs: Outputs;
  readonly #files = new Map<ZpaqArchiveEntry, Target>();
  readonly #links: [ZpaqArchiveEntry, Target][] = [];
  readonly #hardLinks: [ZpaqArchiveEntry, Target, ZpaqArchiveEntry][] = [];
  readonly #folders: [ZpaqArchiveEntry, Target][] = [];
  readonly #byName = new Map<string, ZpaqArchiveEntry>();
  readonly #skipped: string[] = [];
  readonly #check: ContentCheck;
  #bytes = 0;
  #count = 0;
  /** Bytes that were decoded, and that the entries say they have. */
  #decoded = 0;
  #declared = 0;

  constructor(archive: ZpaqArchive, settings: RestoreSettings) {
    this.#archive = archive;
    this.#settings = settings;
    this.#check = new ContentCheck((id) => archive.fragmentSize(id));
    this.#outputs = new Outputs({
      ...settings,
      factsFor: (entry, path) => this.#factsFor(entry, path, false),
      refused: (entry, error) => this.#refuse(entry, error),
    });
  }

  /** Decides what becomes of an entry. */
  plan(entry: ZpaqArchiveEntry): void {
    const { paths, to, dryRun, unsafePaths, report } = this.#settings;
    const named = targetOf(entry.name, paths, to);
    const target = canSpell(named.path) ? named : { ...named, path: spelled(named.path) };
    if (dryRun) {
      if (!entry.name.endsWith("/")) this.#files.set(entry, target);
      return;
    }
    if (target.path !== named.path) {
      report(
        warning(
          "restore the name of",
          entry.name,
          `the name is not UTF-8; it becomes ${target.path}`,
          "UNSUPPORTED",
        ),
      );
    }
    const isFolder = entry.name.endsWith("/");
    // "./" is the folder itself that is restored to.
    const unchecked = unsafePaths || isFolder && ROOT_FOLDER.test(target.path);
    const fault = unchecked ? undefined : pathFault(target.path);
    if (fault !== undefined) {
      report(
        new ZpaqBackupError(`Cannot restore ${entry.name}: it ${fault}: not extracted`, {
          code: "UNSAFE_PATH",
          entry: entry.name,
        }),
      );
      return;
    }
    const unix = unixOf(entry);
    if (isFolder) this.#folders.push([entry, target]);
    else if (unix !== undefined && (unix.mode & TYPE_MASK) === TYPE_LINK && unix.link !== undefined) {
      this.#links.push([entry, target]);
    } else {
      const first = unix?.hardLink === undefined ? undefined : this.#byName.get(unix.hardLink);
      if (first !== undefined && sameContent(first, entry)) this.#hardLinks.push([entry, target, first]);
      else this.#files.set(entry, target);
      this.#byName.set(entry.name, entry);
    }
  }

  async run(): Promise<Restored> {
    try {
      await this.#content(this.#files);
      await this.#linkFiles();
      for (const [entry, target] of this.#links) await this.#guard(entry, () => this.#link(entry, target));
    } finally {
      await this.#outputs.discard();
    }
    if (!this.#settings.dryRun) await this.#finishFolders();
    return { files: this.#count, bytes: this.#bytes, skipped: this.#skipped };
  }

  /** Decodes files and writes them. */
  async #content(files: ReadonlyMap<ZpaqArchiveEntry, Target>): Promise<void> {
    const { threads, maxOutputSize, signal, dryRun, report, onFile, onProgress } = this.#settings;
    const left = new Set(files.keys());
    for (const { size } of left) this.#declared += size ?? 0;
    const sizes = new Map<ZpaqArchiveEntry, number>();
    const complete: ZpaqArchiveEntry[] = [];
    const onDamage = (error: SluiceError, entry: ZpaqArchiveEntry): void => {
      if (left.delete(entry)) report(damage(entry, error));
    };
    const pieces = this.#archive.extract(files.keys(), { threads, maxOutputSize, signal, onDamage });
    for await (const piece of pieces) {
      const { entry } = piece;
      if (!left.has(entry)) continue;
      if (!this.#check.take(piece)) {
        left.delete(entry);
        report(
          damage(entry, "its content does not match its second hash, a SHA-256: not extracted", "CHECKSUM"),
        );
        continue;
      }
      const size = (sizes.get(entry) ?? 0) + piece.bytes.length;
      sizes.set(entry, size);
      this.#decoded += piece.bytes.length;
      const total = Math.max(this.#declared, this.#decoded);
      onProgress?.({ bytesIn: this.#decoded, bytesOut: this.#decoded, total });
      if (!dryRun) {
        const written = await this.#guard(entry, () => this.#outputs.write(piece, files.get(entry)!));
        if (!written) {
          left.delete(entry);
          continue;
        }
      }
      if (!piece.last) continue;
      left.delete(entry);
      complete.push(entry);
      onFile?.({ name: entry.name, size });
    }
    await this.#outputs.flush();
    for (const entry of complete) {
      if (!dryRun && !this.#outputs.done.has(entry)) continue;
      this.#count++;
      this.#bytes += sizes.get(entry)!;
    }
    for (const entry of left) report(damage(entry, "its content is not complete: not extracted"));
  }

  /** Does what concerns one entry; what the system refuses is reported. */
  async #guard(entry: ZpaqArchiveEntry, act: () => Promise<void>): Promise<boolean> {
    try {
      await act();
      return true;
    } catch (error) {
      this.#refuse(entry, error);
      return false;
    }
  }

  #refuse(entry: ZpaqArchiveEntry, error: unknown): void {
    if (error instanceof Exists) this.#skipped.push(entry.name);
    else this.#settings.report(warning("restore", entry.name, error));
  }

  /** Links files to others of this run; those whose other is not there are decoded after all. */
  async #linkFiles(): Promise<void> {
    const copies = new Map<ZpaqArchiveEntry, Target>();
    for (const [entry, target, first] of this.#hardLinks) {
      const source = this.#outputs.done.get(first);
      if (source === undefined) {
        copies.set(entry, target);
        continue;
      }
      await this.#guard(entry, async () => {
        const final = await this.#outputs.place(target);
        await this.#underName(final, target, (temporary) => linkPath(source, temporary));
        this.#outputs.done.set(entry, final);
        this.#count++;
        this.#bytes += entry.size ?? 0;
        this.#settings.onFile?.({ name: entry.name, size: entry.size ?? 0 });
      });
    }
    if (copies.size > 0) await this.#content(copies);
  }

  async #link(entry: ZpaqArchiveEntry, target: Target): Promise<void> {
    const final = await this.#outputs.place(target);
    const link = unixOf(entry)!.link!;
    if (!canSpell(link)) throw new Unsupported("where it leads is not UTF-8, which is not supported");
    await this.#underName(final, target, async (temporary) => {
      await makeLink(link, temporary);
      const [error] = await setFacts([this.#factsFor(entry, temporary, true)]);
      if (error !== undefined) this.#settings.report(factsWarning(entry, error));
    });
    this.#count++;
    this.#settings.onFile?.({ name: entry.name, size: 0 });
  }

  /** Makes a name beside the final one first, so that an existing file is replaced at once. */
  async #underName(
    final: string,
    target: Target,
    make: (temporary: string) => Promise<void>,
  ): Promise<void> {
    const temporary = temporaryFor(final, target);
    const forget = this.#settings.undoing(() => Deno.removeSync(temporary));
    try {
      await make(temporary);
      await renamePath(temporary, final);
    } finally {
      // Renaming a file to another name of the same file does nothing.
      await Deno.remove(temporary).catch(() => {});
      forget();
    }
  }

  #factsFor(entry: ZpaqArchiveEntry, path: string, isLink: boolean): NewFacts {
    const { attributes, owners } = this.#settings;
    return {
      path,
      isLink,
      attributes: attributes ? unixOf(entry) : undefined,
      date: entry.date,
      owner: attributes && owners,
    };
  }

  /** Makes folders, also those that nothing is in, and sets the facts of the innermost first. */
  async #finishFolders(): Promise<void> {
    const facts: NewFacts[] = [];
    const entries: ZpaqArchiveEntry[] = [];
    for (const [entry, target] of this.#folders.toReversed()) {
      await this.#guard(entry, async () => {
        const folder = await makeFolders(target.root, partsOf(target.path), this.#settings.unsafePaths);
        facts.push(this.#factsFor(entry, folder, false));
        entries.push(entry);
      });
    }
    const errors = await setFacts(facts);
    errors.forEach((error, i) => {
      if (error !== undefined) this.#settings.report(factsWarning(entries[i]!, error));
    });
  }
}

function damage(
  entry: ZpaqArchiveEntry,
  cause: SluiceError | string,
  code: SluiceErrorCode = "FRAGMENT",
): ZpaqBackupError {
  const text = typeof cause === "string" ? cause : cause.message;
  return new ZpaqBackupError(`Cannot restore ${entry.name}: ${text}`, {
    code: typeof cause === "string" ? code : cause.code,
    offset: typeof cause === "string" ? undefined : cause.offset,
    entry: entry.name,
    cause,
  });
}
