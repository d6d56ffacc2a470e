/**
 * Files beside a target that copies use for themselves: the journal of a copy in place, and what is not complete yet.
 */
import { SluiceError } from "@sluice/internal";
import { hashOnce } from "../kernel/hash.ts";
import { decodePath, encodePath } from "../kernel/path_text.ts";
import type { BlockDirectory, BlockFile } from "../file/_block_file.ts";
import { isBlockDevice } from "../file/_block_file.ts";
import { denoFailure, failure } from "../file/_errors.ts";
import { openDirectory } from "../file/_files.ts";
import { hashOf } from "../file/_hash_registry.ts";

/** Longer names are cut, and a hash of the whole name follows. Both count bytes. */
const NAME_SIZE_MAX = 200;
const CUT_SIZE = 180;
const HASH_DIGITS = 32;

/** A name beside the target's. No two targets of a directory share one, and none is longer than file systems allow. */
function sideName(name: string, kind: string): string {
  const bytes = encodePath(name);
  if (bytes.length <= NAME_SIZE_MAX) return `.${name}.pdiff-${kind}`;
  const hash = hashOnce(bytes, hashOf("blake3"), undefined).toHex().slice(0, HASH_DIGITS);
  let end = CUT_SIZE;
  while ((bytes[end]! & 0xc0) === 0x80) end--; // not inside a character
  return `.${decodePath(bytes.subarray(0, end))}~${hash}.pdiff-${kind}`;
}

/** The name of the journal of a file. */
export function journalName(name: string): string {
  return sideName(name, "journal");
}

/** The name of what is not complete yet of a file. */
export function partName(name: string): string {
  return sideName(name, "part");
}

/** Whether a name is one that copies use for themselves. */
export function isOwnName(name: string): boolean {
  return name.startsWith(".") && /\.pdiff-(?:journal|part|undo)$/.test(name.slice(1));
}

/** Opens a file of a directory; undefined when there is none. */
export function openIfThere(
  directory: BlockDirectory,
  name: string,
  write: boolean,
  confined: boolean,
): BlockFile | undefined {
  try {
    return directory.open(name, { write, noFollow: confined, beneath: confined });
  } catch (error) {
    if (error instanceof SluiceError && error.code === "NOT_FOUND") return undefined;
    throw error;
  }
}

/** Where the side files of one target are: beside it, or for devices in a directory that lasts. */
export class SidePlace {
  readonly #directory: BlockDirectory;
  readonly #base: string;
  readonly isApart: boolean;

  /** For a target of this mode; nothing is opened yet. */
  constructor(directory: BlockDirectory, name: string, mode: number) {
    this.#directory = directory;
    this.isApart = isBlockDevice(mode);
    this.#base = this.isApart ? `${directory.path}/${name}`.replaceAll("/", "_") : name;
  }

  get journal(): string {
    return journalName(this.#base);
  }

  get part(): string {
    return partName(this.#base);
  }

  /** Runs work in the directory; undefined where it is not there and nothing is to be written. */
  use<T>(write: boolean, work: (directory: BlockDirectory) => T): T | undefined {
    if (!this.isApart) return work(this.#directory);
    const path = stateDirectory();
    try {
      if (write) Deno.mkdirSync(path, { recursive: true, mode: 0o700 });
      else if (!Deno.statSync(path).isDirectory) return undefined;
    } catch (error) {
      if (!write && error instanceof Deno.errors.NotFound) return undefined;
      throw denoFailure(`keep files for a device in ${path}`, error);
    }
    const directory = openDirectory(path, write);
    try {
      const result = work(directory);
      if (result instanceof Promise) return result.finally(() => directory.close()) as T;
      directory.close();
      return result;
    } catch (error) {
      directory.close();
      throw error;
    }
  }

  /** Makes names last. */
  async sync(): Promise<void> {
    await this.use(true, (directory) => directory.sync());
  }
}

/** The journal of one target: while it is there, the target is a mixture. */
export class Journal {
  readonly #place: SidePlace;

  /** Nothing is opened yet. */
  constructor(place: SidePlace) {
    this.#place = place;
  }

  /** Whether it is there. */
  get exists(): boolean {
    const { journal } = this.#place;
    const found = this.#place.use(false, (directory) => openIfThere(directory, journal, false, true));
    found?.close();
    return found !== undefined;
  }

  /** Writes it, and waits for the disk where `durable` says so. */
  async write(facts: Readonly<Record<string, unknown>>, durable: boolean): Promise<void> {
    const text = `${JSON.stringify({ pdiff: 1, ...facts, started: new Date().toISOString() })}\n`;
    const opened = this.#place.use(true, (directory) => {
      return directory.open(this.#place.journal, { write: true, create: true, noFollow: true, mode: 0o600 });
    });
    using journal = opened!;
    await journal.write(0, new TextEncoder().encode(text));
    if (!durable) return;
    await journal.sync();
    await this.#place.sync();
  }

  /** Removes it. */
  remove(): void {
    this.#place.use(false, (directory) => directory.remove(this.#place.journal));
  }
}

/** Where side files of devices are kept: their own directory is not on a disk. */
function stateDirectory(): string {
  const home = variable("XDG_STATE_HOME") ?? (variable("HOME") && `${variable("HOME")}/.local/state`);
  if (home === undefined || !home.startsWith("/")) {
    throw failure("IO", "Cannot keep files for a device: set XDG_STATE_HOME to a directory that lasts");
  }
  return `${home}/sluice`;
}

function variable(name: string): string | undefined {
  if (Deno.permissions.querySync({ name: "env", variable: name }).state !== "granted") return undefined;
  return Deno.env.get(name) || undefined;
}

/** Whether a journal says that a file is a mixture. */
export function isDirty(directory: BlockDirectory, name: string, mode: number): boolean {
  return new Journal(new SidePlace(directory, name, mode)).exists;
}
