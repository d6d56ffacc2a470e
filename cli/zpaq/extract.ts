/**
 * `sluice zpaq x`: files out of an archive, each under its name when it is complete. Names that lead out of the folder
 * are refused.
 */
import { printable } from "@sluice/internal";
import type { ZpaqArchiveEntry, ZpaqPiece } from "@sluice/zpaq";
import { describeSystemError, Failure } from "../shared/exit.ts";
import { writeAll } from "../shared/io.ts";
import { LEVEL } from "../shared/messages.ts";
import type { Messages } from "../shared/messages.ts";
import { ProtectedFiles } from "../shared/target.ts";
import { onTermination } from "../shared/termination.ts";
import { isWanted } from "./options.ts";
import type { ZpaqSettings } from "./options.ts";
import { copyArchive } from "./copy.ts";
import { openArchive } from "./parts.ts";
import type { OpenArchive } from "./parts.ts";
import { makeFolders, pathFault, spelled, targetOf } from "./places.ts";
import type { Target } from "./places.ts";

const OPEN_FILES_MAX = 200;
const WARNING = 1;
const FAILED = 2;
/** How much larger than an archive its content may be where nothing declares its size, and how large it may be always. */
export const EXPANSION_MAX = 1000;
export const EXPANSION_BASE = 2 ** 30;

function isZero(bytes: Uint8Array): boolean {
  return bytes[0] === 0 && bytes.at(-1) === 0 && bytes.every((byte) => byte === 0);
}

/** Output files that are being written, each under a temporary name. */
class Outputs {
  readonly #settings: ZpaqSettings;
  /** The archive, which is not replaced by what is in it. */
  readonly #protected: ProtectedFiles;
  readonly #open = new Map<ZpaqArchiveEntry, Output>();
  readonly #handles = new Map<Output, Deno.FsFile>();

  constructor(settings: ZpaqSettings, files: ProtectedFiles) {
    this.#settings = settings;
    this.#protected = files;
  }

  async write(piece: ZpaqPiece, target: Target): Promise<void> {
    const { entry } = piece;
    let output = this.#open.get(entry);
    if (output === undefined) {
      output = await this.#create(target);
      this.#open.set(entry, output);
    }
    const file = await this.#handle(output);
    if (piece.bytes.length > 0 && !isZero(piece.bytes)) {
      await file.seek(piece.offset, Deno.SeekMode.Start);
      await writeAll(file, piece.bytes);
    }
    output.size = Math.max(output.size, piece.offset + piece.bytes.length);
    if (piece.last) await this.#finish(entry, output, file);
  }

  async #create({ root, path }: Target): Promise<Output> {
    const parts = path.split("/").filter((part) => part !== "" && part !== ".");
    const folder = await makeFolders(root, parts.slice(0, -1), this.#settings.unsafePaths);
    const final = `${folder}/${parts.at(-1)!}`;
    const existing = await Deno.lstat(final).catch(() => undefined);
    if (existing !== undefined && !this.#settings.force) {
      throw new Failure(`${final} exists: -force overwrites it`);
    }
    const role = existing === undefined ? undefined : await this.#protected.roleAt(final);
    if (role !== undefined) throw new Failure(`${final} is the archive itself`);
    if (existing?.isDirectory) throw new Failure(`${final} is a folder`);
    const temporary = `${folder}/.sluice-${crypto.randomUUID().slice(0, 13)}.part`;
    const forget = onTermination(() => Deno.removeSync(temporary));
    const output: Output = { final, temporary, size: 0, forget };
    this.#handles.set(output, await Deno.open(temporary, { write: true, createNew: true }));
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

  async #finish(entry: ZpaqArchiveEntry, output: Output, file: Deno.FsFile): Promise<void> {
    await file.truncate(output.size);
    file.close();
    this.#handles.delete(output);
    await applyAttributes(output.temporary, entry, this.#settings);
    await Deno.rename(output.temporary, output.final);
    output.forget();
    this.#open.delete(entry);
  }

  /** Removes what is not complete; returns how many files that were. */
  async discard(): Promise<number> {
    for (const file of this.#handles.values()) file.close();
    for (const { temporary, forget } of this.#open.values()) {
      await Deno.remove(temporary).catch(() => {});
      forget();
    }
    return this.#open.size;
  }
}

interface Output {
  readonly final: string;
  readonly temporary: string;
  size: number;
  readonly forget: () => void;
}

async function applyAttributes(path: string, entry: ZpaqArchiveEntry, settings: ZpaqSettings): Promise<void> {
  const { attributes, date } = entry;
  if (settings.attributes && attributes?.system === "unix" && Deno.build.os !== "windows") {
    await Deno.chmod(path, attributes.mode & 0o7777);
  }
  if (date !== undefined) await Deno.utime(path, date, date);
}

/** The most bytes that come out unless told otherwise: what is declared, or what the archive's size makes likely. */
function defaultLimit(opened: OpenArchive, entries: Iterable<ZpaqArchiveEntry>): number {
  let undeclared = false;
  for (const { fragments, size } of entries) undeclared ||= fragments.length === 0 && size !== 0;
  return undeclared ? EXPANSION_MAX * opened.size + EXPANSION_BASE : Infinity;
}

/** Extracts, or with `-test` decodes and compares. Exit codes as zpaq's: 1 for warnings, 2 for errors. */
export async function extractCommand(settings: ZpaqSettings, messages: Messages): Promise<number> {
  // Long: the checks before the first file is written, then the pieces, then what is left to say of them.
  const [name, ...files] = settings.operands;
  let failed = 0;
  function complain(text: string): void {
    failed = FAILED;
    messages.say(LEVEL.errors, `zpaq: ${printable(text)}`);
  }
  let warned = 0;
  function warn(text: string): void {
    warned = WARNING;
    messages.say(LEVEL.errors, `zpaq: ${printable(text)}`);
  }
  using opened = await openArchive(name!, settings, complain);
  const [repacked, repackPassword] = settings.repack;
  const { index, force } = settings;
  if (repacked !== undefined || index !== undefined) {
    const filter = (entry: string): boolean => isWanted(entry, files, settings);
    await copyArchive(opened.archive, {
      repack: repacked === undefined ? undefined : { filter, all: settings.all !== undefined },
      target: repacked ?? index!,
      password: repacked === undefined ? settings.password : repackPassword,
      force,
      inputs: opened.paths,
      messages,
    });
    return failed;
  }
  const targets = new Map<ZpaqArchiveEntry, Target>();
  const folders: { readonly entry: ZpaqArchiveEntry; readonly target: Target }[] = [];
  for (const entry of opened.archive.entries({ all: settings.all })) {
    if (!isWanted(entry.name, files, settings)) continue;
    const named = targetOf(entry.name, files, settings);
    const target = { ...named, path: spelled(named.path) };
    if (target.path !== named.path && !settings.test) {
      warn(`${entry.name}: the name is not UTF-8; extracted as ${target.path}`);
    }
    const isFolder = entry.name.endsWith("/");
    // "./" is the folder itself that is extracted to.
    const unchecked = settings.test || settings.unsafePaths || isFolder && /^(?:\.?\/)+$/.test(target.path);
    const fault = unchecked ? undefined : pathFault(target.path);
    if (fault !== undefined) complain(`${entry.name} ${fault}: not extracted`);
    else if (isFolder) folders.push({ entry, target });
    else targets.set(entry, target);
  }
  const outputs = new Outputs(settings, await ProtectedFiles.of(opened.paths));
  const maxOutputSize = settings.maxSize ?? defaultLimit(opened, targets.keys());
  const given = new Set<ZpaqArchiveEntry>();
  const refused = new Set<ZpaqArchiveEntry>();
  const sizes = new Map<ZpaqArchiveEntry, number>();
  try {
    for await (
      const piece of opened.archive.extract(targets.keys(), { threads: settings.threads, maxOutputSize })
    ) {
      if (piece.last) given.add(piece.entry);
      if (refused.has(piece.entry)) continue;
      sizes.set(piece.entry, (sizes.get(piece.entry) ?? 0) + piece.bytes.length);
      if (settings.test) continue;
      try {
        await outputs.write(piece, targets.get(piece.entry)!);
      } catch (error) {
        warn(`${piece.entry.name}: ${describeSystemError(error)}`);
        refused.add(piece.entry);
      }
    }
  } finally {
    await outputs.discard();
  }
  for (const entry of targets.keys()) {
    if (!given.has(entry) && !refused.has(entry)) complain(`${entry.name} is not complete: not extracted`);
  }
  if (!settings.test) {
    for (const { entry, target } of folders.reverse()) {
      const parts = target.path.split("/").filter((part) => part !== "" && part !== ".");
      const folder = await makeFolders(target.root, parts, settings.unsafePaths);
      await applyAttributes(folder, entry, settings);
    }
  }
  const done = [...given].filter((entry) => !refused.has(entry));
  const size = done.reduce((sum, entry) => sum + (sizes.get(entry) ?? 0), 0);
  messages.say(
    LEVEL.results,
    `${done.length} files, ${size} bytes ${settings.test ? "tested" : "extracted"}`,
  );
  return failed || warned;
}
