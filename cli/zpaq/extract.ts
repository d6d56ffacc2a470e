/**
 * `sluice zpaq x`: files out of an archive, each under its name when it is complete. Names that lead out of the folder
 * are refused.
 */
import type { ZpaqArchiveEntry, ZpaqPiece } from "@sluice/zpaq";
import { describeSystemError, Failure } from "../shared/exit.ts";
import { writeAll } from "../shared/io.ts";
import { LEVEL } from "../shared/messages.ts";
import type { Messages } from "../shared/messages.ts";
import { lastPartIndex } from "../shared/paths.ts";
import { onTermination } from "../shared/termination.ts";
import { isWanted } from "./options.ts";
import type { ZpaqSettings } from "./options.ts";
import { copyArchive } from "./copy.ts";
import { archivePath, openArchive } from "./parts.ts";

const OPEN_FILES_MAX = 200;
const WARNING = 1;
const FAILED = 2;

/** Where an entry goes: a folder that the user trusts, and the part of the path that the archive says. */
interface Target {
  readonly root: string;
  readonly path: string;
}

/** Why a path may not be written; undefined where it may. */
export function pathFault(path: string): string | undefined {
  if (path === "") return "has an empty name";
  if (path.includes("\0")) return "has a zero in its name";
  if (path.startsWith("/") || path.startsWith("\\")) return "has an absolute path";
  const parts = path.split(Deno.build.os === "windows" ? /[/\\]/ : "/");
  if (parts.includes("..")) return "leads out of the folder";
  if (Deno.build.os === "windows") {
    if (path.includes(":")) return "names a drive or a stream";
    const reserved = /^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)/i;
    if (parts.some((part) => reserved.test(part) || /[. ]$/.test(part))) {
      return "has a name that Windows reserves";
    }
  }
  return undefined;
}

/** Where the settings send an entry. */
function targetOf(name: string, files: readonly string[], settings: ZpaqSettings): Target {
  const { to } = settings;
  const index = files.findIndex((file) => name === file || name.startsWith(`${file.replace(/\/+$/, "")}/`));
  if (index >= 0 && to[index] !== undefined) {
    const rest = name.slice(files[index]!.replace(/\/+$/, "").length).replace(/^\/+/, "");
    return rest === "" ? splitTrusted(to[index]!) : { root: to[index]!, path: rest };
  }
  return { root: to.length === 1 && (files.length !== 1 || index < 0) ? to[0]! : ".", path: name };
}

function splitTrusted(path: string): Target {
  const at = lastPartIndex(path);
  return { root: at === 0 ? "." : path.slice(0, at), path: path.slice(at) };
}

/** Makes the folders of a path one by one, so that no link among them is followed. */
async function makeFolders(root: string, parts: readonly string[], trusting: boolean): Promise<string> {
  let folder = root;
  await Deno.mkdir(root, { recursive: true });
  for (const part of parts) {
    folder = `${folder}/${part}`;
    const info = await Deno.lstat(folder).catch((error) => {
      if (error instanceof Deno.errors.NotFound) return undefined;
      throw error;
    });
    if (info === undefined) await Deno.mkdir(folder);
    else if (info.isSymlink && !trusting) throw new Failure(`${folder} is a link`);
    else if (!info.isDirectory && !info.isSymlink) throw new Failure(`${folder} is no folder`);
  }
  return folder;
}

function isZero(bytes: Uint8Array): boolean {
  return bytes[0] === 0 && bytes.at(-1) === 0 && bytes.every((byte) => byte === 0);
}

/** Output files that are being written, each under a temporary name. */
class Outputs {
  readonly #settings: ZpaqSettings;
  readonly #open = new Map<ZpaqArchiveEntry, Output>();
  readonly #handles = new Map<Output, Deno.FsFile>();

  constructor(settings: ZpaqSettings) {
    this.#settings = settings;
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
    await Deno.chmod(path, attributes.mode & 0o777);
  }
  if (date !== undefined) await Deno.utime(path, date, date);
}

/** Extracts, or with `-test` decodes and compares. Exit codes as zpaq's: 1 for warnings, 2 for errors. */
export async function extractCommand(settings: ZpaqSettings, messages: Messages): Promise<number> {
  const [name, ...files] = settings.operands;
  let failed = 0;
  function complain(text: string): void {
    failed = FAILED;
    messages.say(LEVEL.errors, `zpaq: ${text}`);
  }
  using opened = await openArchive(name!, settings.password, {
    until: settings.until,
    onDamage: (error) => complain(`${name}: ${error.message}`),
  });
  const [repacked, repackPassword] = settings.repack;
  const { index, force } = settings;
  if (repacked !== undefined || index !== undefined) {
    await copyArchive(opened.archive, {
      kind: repacked === undefined ? "index" : "repack",
      target: archivePath(repacked ?? index!),
      password: repacked === undefined ? settings.password : repackPassword,
      force,
    });
    return failed;
  }
  const targets = new Map<ZpaqArchiveEntry, Target>();
  const folders: { readonly entry: ZpaqArchiveEntry; readonly target: Target }[] = [];
  for (const entry of opened.archive.entries({ all: settings.all })) {
    if (!isWanted(entry.name, files, settings)) continue;
    const target = targetOf(entry.name, files, settings);
    const fault = settings.unsafePaths ? undefined : pathFault(target.path);
    if (fault !== undefined) complain(`${entry.name} ${fault}: not extracted`);
    else if (entry.name.endsWith("/")) folders.push({ entry, target });
    else targets.set(entry, target);
  }
  const outputs = new Outputs(settings);
  const given = new Set<ZpaqArchiveEntry>();
  let size = 0;
  let warned = 0;
  try {
    for await (const piece of opened.archive.extract(targets.keys(), { threads: settings.threads })) {
      size += piece.bytes.length;
      if (piece.last) given.add(piece.entry);
      if (settings.test || targets.get(piece.entry) === undefined) continue;
      try {
        await outputs.write(piece, targets.get(piece.entry)!);
      } catch (error) {
        warned = WARNING;
        messages.say(LEVEL.errors, `zpaq: ${piece.entry.name}: ${describeSystemError(error)}`);
        targets.delete(piece.entry);
      }
    }
  } finally {
    await outputs.discard();
  }
  for (const entry of targets.keys()) {
    if (!given.has(entry)) complain(`${entry.name} is not complete: not extracted`);
  }
  if (!settings.test) {
    for (const { entry, target } of folders.reverse()) {
      const parts = target.path.split("/").filter((part) => part !== "" && part !== ".");
      const folder = await makeFolders(target.root, parts, settings.unsafePaths);
      await applyAttributes(folder, entry, settings);
    }
  }
  messages.say(LEVEL.results, `${given.size} files, ${size} bytes ${settings.test ? "tested" : "extracted"}`);
  return failed || warned;
}
