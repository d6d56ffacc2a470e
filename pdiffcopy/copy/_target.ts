/**
 * Writing a file so that its name stands for the old content, the new content, or a mixture with a durable journal
 * beside it, whatever happens and whenever. Server and client write through this alone.
 */
import { failure, systemFailure } from "../file/_errors.ts";
import { FRAME, FRAME_HEADER_SIZE, readFrame } from "../file/_frames.ts";
import { SluiceError } from "@sluice/internal";
import type { BlockDirectory, BlockFile, Table } from "../file/_block_file.ts";

/** How an existing file is replaced: in place with a journal, or by a new file that is renamed over it. */
export type ReplacePolicy = "auto" | "inplace" | "atomic";

/** What a target is opened for. */
export interface TargetPlan {
  readonly size: number;
  readonly replace: ReplacePolicy;
  /** What the journal says about the copy. */
  readonly source: string;
  /** Whether the end waits until the disk has everything. */
  readonly fsync: boolean;
  /** Whether zeros may become holes. */
  readonly punch: boolean;
  readonly threads: number;
  /** Whether an existing file is replaced by one that starts empty: nothing of it is compared. */
  readonly fresh?: boolean;
  /** Whether links in the last part of the name are refused, and paths may not lead out: for servers. */
  readonly confined: boolean;
}

const FILE_TYPE = 0o170000;
const REGULAR = 0o100000;
const DIRECTORY = 0o040000;
const BLOCK_DEVICE = 0o060000;
const NAME_SIZE_MAX = 200;
const COPY_BLOCK = 1 << 20;
/** Bytes of one native call, so that a copy can be given up and says how far it is. */
const STRIDE = 256 << 20;

/** A name beside the target's; names near the limit of file systems are cut. */
function besideName(name: string, kind: string): string {
  return `.${name.length > NAME_SIZE_MAX ? name.slice(0, NAME_SIZE_MAX) : name}.pdiff-${kind}`;
}

/** The name of the journal of a file. */
export function journalName(name: string): string {
  return besideName(name, "journal");
}

/** The name of what is not complete yet of a file. */
export function partName(name: string): string {
  return besideName(name, "part");
}

/** Whether a name is one that copies use for themselves. */
export function isOwnName(name: string): boolean {
  return /^\..*\.pdiff-(?:journal|part|undo)$/s.test(name);
}

function openIfThere(
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

/** Whether a journal says that the file is a mixture. */
export function isDirty(directory: BlockDirectory, name: string): boolean {
  const journal = openIfThere(directory, journalName(name), false, true);
  journal?.close();
  return journal !== undefined;
}

function checkKind(file: BlockFile): void {
  const { mode } = file.status();
  const kind = mode & FILE_TYPE;
  if (kind === DIRECTORY) throw systemFailure(`write ${file.path}`, 21);
  if (kind !== REGULAR && kind !== BLOCK_DEVICE) {
    throw failure("IO", `Cannot write ${file.path}: it is neither a file nor a block device`);
  }
}

/** Whether any frame changes the file. Frames are whole. */
function changes(frames: Uint8Array): boolean {
  for (let pos = 0; pos + FRAME_HEADER_SIZE <= frames.length;) {
    const frame = readFrame(frames, pos);
    if (frame.type !== FRAME.SAME) return true;
    pos = frame.end;
  }
  return false;
}

/** A target that is being written. */
export class LocalTarget implements Disposable {
  readonly #directory: BlockDirectory;
  readonly #name: string;
  readonly #plan: TargetPlan;
  /** What stands under the name; undefined where nothing does. */
  readonly #existing: BlockFile | undefined;
  readonly #version: string | undefined;
  /** What is read and written now. */
  #file: BlockFile;
  #state: "clean" | "inplace" | "part";
  readonly #wasDirty: boolean;
  #preparing: Promise<void> | undefined;
  /** Whether something was left of an earlier run. */
  readonly resumed: boolean;

  private constructor(
    directory: BlockDirectory,
    name: string,
    plan: TargetPlan,
    existing: BlockFile | undefined,
    part: BlockFile | undefined,
    wasDirty: boolean,
  ) {
    this.#directory = directory;
    this.#name = name;
    this.#plan = plan;
    this.#existing = existing;
    this.#version = existing?.status().version;
    this.#file = existing ?? part!;
    this.#state = part === undefined ? "clean" : "part";
    this.#wasDirty = wasDirty;
    this.resumed = wasDirty || (part !== undefined && part.status().size > 0);
  }

  /** Opens a target; the directory stays the caller's. Nothing is changed yet, apart from the part of a new file. */
  static async open(directory: BlockDirectory, name: string, plan: TargetPlan): Promise<LocalTarget> {
    if (isOwnName(name)) {
      throw failure("PERMISSION", `Cannot write ${name}: the name is used for unfinished copies`);
    }
    const existing = openIfThere(directory, name, true, plan.confined);
    try {
      if (existing === undefined) {
        const part = directory.open(partName(name), { write: true, create: true, noFollow: true });
        try {
          await lockOrFail(part, name);
          return new LocalTarget(directory, name, plan, undefined, part, false);
        } catch (error) {
          part.close();
          throw error;
        }
      }
      checkKind(existing);
      return new LocalTarget(directory, name, plan, existing, undefined, isDirty(directory, name));
    } catch (error) {
      existing?.close();
      throw error;
    }
  }

  /** Bytes that can be compared with the source. */
  get size(): number {
    return this.#file.status().size;
  }

  /** Whether there was a file of this name. */
  get exists(): boolean {
    return this.#existing !== undefined;
  }

  /** Hashes the blocks of a range that have the length of the source's; returns where those end. */
  async digests(start: number, end: number, table: Table): Promise<number> {
    const { size } = this;
    const { blockSize } = table;
    const whole = size >= this.#plan.size ? this.#plan.size : Math.floor(size / blockSize) * blockSize;
    const knownEnd = Math.max(start, Math.min(end, whole));
    for (let at = start; at < knownEnd; at += STRIDE - STRIDE % blockSize || blockSize) {
      const stop = Math.min(knownEnd, at + (STRIDE - STRIDE % blockSize || blockSize));
      await this.#file.hash(at, stop, table, this.#plan.threads);
    }
    return knownEnd;
  }

  /** Reads what was written so far. */
  read(offset: number, target: Uint8Array<ArrayBuffer>): Promise<number> {
    return this.#file.read(offset, target);
  }

  /** Takes whole frames for the range that ends at `end`; returns where the next must start and what was written. */
  async apply(
    next: number,
    end: number,
    table: Table,
    frames: Uint8Array,
  ): Promise<{ readonly next: number; readonly written: number }> {
    if (this.#state === "clean" && changes(frames)) await this.#prepare();
    const applied = await this.#file.apply(next, end, this.#plan.punch, table, frames);
    if (applied.consumed !== frames.length) {
      throw failure(
        "PROTOCOL",
        `Cannot take a frame at byte ${applied.next} of ${this.#name}: it is not whole`,
      );
    }
    return applied;
  }

  /** Makes a range equal to that of another file on this machine. */
  async copyFrom(
    source: BlockFile,
    start: number,
    end: number,
  ): Promise<{ written: number; differing: number }> {
    if (this.#state === "clean") await this.#prepare();
    return await source.copyTo(this.#file, start, end, COPY_BLOCK, this.#plan.threads);
  }

  /** Before the first change: the lock, and a journal or a file of its own. */
  #prepare(): Promise<void> {
    return this.#preparing ??= this.#prepareNow();
  }

  async #prepareNow(): Promise<void> {
    const existing = this.#existing!;
    await lockOrFail(existing, this.#name);
    const { mode, links } = existing.status();
    const isFile = (mode & FILE_TYPE) === REGULAR;
    const canReplace = isFile && links === 1 && !this.#wasDirty;
    if (this.#plan.replace === "atomic" && !canReplace) {
      const reason = !isFile
        ? "it is a device"
        : links > 1
        ? "it has several names"
        : "an earlier copy left it mixed";
      throw failure("IO", `Cannot replace ${this.#name} as a whole: ${reason}`);
    }
    if (this.#plan.replace !== "inplace" && canReplace && await this.#makePart(existing, mode)) return;
    await this.#writeJournal();
    this.#state = "inplace";
  }

  /** A part with the old content; false where that would take a full copy and the policy does not ask for it. */
  async #makePart(existing: BlockFile, mode: number): Promise<boolean> {
    const name = partName(this.#name);
    this.#directory.remove(name);
    const options = { write: true, create: true, exclusive: true, mode: mode & 0o7777 };
    const part = this.#directory.open(name, options);
    try {
      await lockOrFail(part, this.#name);
      if (this.#plan.fresh !== true && !await existing.cloneTo(part)) {
        if (this.#plan.replace === "auto") {
          part.close();
          this.#directory.remove(name);
          return false;
        }
        const { size } = existing.status();
        for (let at = 0; at < size; at += STRIDE) {
          await existing.copyTo(part, at, Math.min(size, at + STRIDE), COPY_BLOCK, this.#plan.threads);
        }
      }
    } catch (error) {
      part.close();
      this.#directory.remove(name);
      throw error;
    }
    this.#file = part;
    this.#state = "part";
    return true;
  }

  async #writeJournal(): Promise<void> {
    if (this.#wasDirty) return;
    const { size, source, fsync } = this.#plan;
    using journal = this.#directory.open(journalName(this.#name), {
      write: true,
      create: true,
      noFollow: true,
    });
    const text = `${JSON.stringify({ pdiff: 1, size, source, started: new Date().toISOString() })}\n`;
    await journal.write(0, new TextEncoder().encode(text));
    if (!fsync) return;
    await journal.sync();
    await this.#directory.sync();
  }

  /** Gives the file its size and, where it is new, its name; then the copy is over. */
  async commit(): Promise<void> {
    const { size, fsync } = this.#plan;
    if (this.#state === "clean" && this.size !== size) await this.#prepare();
    if (this.#state === "clean" && !this.#wasDirty) return this.close();
    const { mode, size: now } = this.#file.status();
    if (now !== size) {
      if ((mode & FILE_TYPE) === BLOCK_DEVICE) {
        throw failure("IO", `Cannot resize ${this.#name} from ${now} to ${size} bytes: it is a device`);
      }
      await this.#file.resize(size);
    }
    if (fsync) await this.#file.sync();
    this.#checkUntouched();
    if (this.#state === "part") this.#directory.rename(partName(this.#name), this.#name);
    else this.#directory.remove(journalName(this.#name));
    if (fsync) await this.#directory.sync();
    this.close();
  }

  /** Somebody else may have put another file under the name, which must not be replaced unseen. */
  #checkUntouched(): void {
    using current = openIfThere(this.#directory, this.#name, false, this.#plan.confined);
    const before = this.#existing?.status();
    const same = this.#state === "part"
      ? current?.status().version === this.#version
      : current?.status().identity === before?.identity;
    if (same) return;
    throw failure("TARGET_CHANGED", `Cannot replace ${this.#name}: somebody else changed it during the copy`);
  }

  /** Gives up. What was received stays for the next run, except where the disk is full. */
  abort(reason: unknown): void {
    const full = reason instanceof SluiceError && reason.code === "NO_SPACE";
    this.close();
    if (this.#state === "part" && full) this.#directory.remove(partName(this.#name));
  }

  /** Whether the file under the name is a mixture now. */
  get isMixed(): boolean {
    return this.#state === "inplace" || this.#wasDirty;
  }

  /** Closes the files. */
  close(): void {
    this.#file.close();
    this.#existing?.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

async function lockOrFail(file: BlockFile, name: string): Promise<void> {
  if (await file.lock()) return;
  throw failure("LOCKED", `Cannot write ${name}: another copy is writing it`);
}
