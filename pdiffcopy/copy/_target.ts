/**
 * Writing a file so that its name always has the old content, the new content, or a mixture with a durable journal
 * beside it, whatever happens and whenever. Server and client write through this alone.
 */
import { SluiceError } from "@sluice/internal";
import { isBlockDevice } from "../file/_block_file.ts";
import type { BlockDirectory, BlockFile, Table } from "../file/_block_file.ts";
import { failure } from "../file/_errors.ts";
import { FRAME, FRAME_HEADER_SIZE, readFrame } from "../file/_frames.ts";
import { KeptFacts } from "./_kept_facts.ts";
import { openToReplace } from "./_owner_write.ts";
import { readBack } from "./_read_back.ts";
import { isOwnName, Journal, openIfThere, SidePlace } from "./_side_files.ts";
import { checkKind, lockOrFail, openPart, USUAL_MODE } from "./_target_plan.ts";
import type { TargetPlan } from "./_target_plan.ts";

const COPY_BLOCK = 1 << 20;
/** Bytes of one native call, so that a copy can be given up and says how far it is. */
const STRIDE = 256 << 20;

/** Whether any frame changes the file. Frames are whole. */
function changes(frames: Uint8Array): boolean {
  for (let pos = 0; pos + FRAME_HEADER_SIZE <= frames.length;) {
    const frame = readFrame(frames, pos);
    if (frame.type !== FRAME.SAME) return true;
    pos = frame.end;
  }
  return false;
}

/** Where the new content goes: nowhere yet, into the file itself, or into a part. */
type State = "clean" | "inplace" | "part";

/** A target that is being written. */
export class LocalTarget implements Disposable {
  readonly #directory: BlockDirectory;
  readonly #name: string;
  readonly #plan: TargetPlan;
  readonly #place: SidePlace;
  readonly #journal: Journal;
  /** What has the name; undefined where nothing does. */
  readonly #existing: BlockFile | undefined;
  readonly #version: string | undefined;
  /** What is read and written now; undefined for a dry run without a file. */
  #file: BlockFile | undefined;
  #state: State;
  /** Whether a part is copied into the existing file at the end, which keeps its other names. */
  #landsInPlace = false;
  #kept: KeptFacts | undefined;
  readonly #wasDirty: boolean;
  #preparing: Promise<void> | undefined;
  #isClosed = false;
  /** Whether something was left of an earlier run. */
  resumed: boolean;

  private constructor(
    directory: BlockDirectory,
    name: string,
    plan: TargetPlan,
    existing: BlockFile | undefined,
    part: BlockFile | undefined,
  ) {
    this.#directory = directory;
    this.#name = name;
    this.#plan = plan;
    this.#existing = existing;
    const status = existing?.status();
    this.#place = new SidePlace(directory, name, status?.mode ?? 0);
    this.#journal = new Journal(this.#place);
    this.#version = status?.version;
    this.#file = existing ?? part;
    this.#state = part === undefined ? "clean" : "part";
    this.#wasDirty = existing !== undefined && this.#journal.exists;
    this.resumed = this.#wasDirty || (part !== undefined && part.status().size > 0);
  }

  /** Opens a target; the directory stays the caller's. Nothing is changed yet, apart from the part of a new file. */
  static async open(directory: BlockDirectory, name: string, plan: TargetPlan): Promise<LocalTarget> {
    if (isOwnName(name)) {
      throw failure("PERMISSION", `Cannot write ${name}: the name is used for unfinished copies`);
    }
    const writes = plan.dryRun !== true;
    // As other tools have it, what is written in place has to be writable, and what is replaced need not be.
    const existing = writes && plan.replace !== "inplace"
      ? openToReplace(directory, name, plan.confined)
      : openIfThere(directory, name, writes, plan.confined);
    try {
      if (existing !== undefined) {
        checkKind(existing, plan.size);
        return new LocalTarget(directory, name, plan, existing, undefined);
      }
      const place = new SidePlace(directory, name, 0);
      const part = writes ? await openPart(place, name, plan.mode ?? USUAL_MODE) : undefined;
      return new LocalTarget(directory, name, plan, undefined, part);
    } catch (error) {
      existing?.close();
      throw error;
    }
  }

  /** Bytes that can be compared with the source. */
  get size(): number {
    return this.#file?.status().size ?? 0;
  }

  /** Whether there was a file of this name. */
  get exists(): boolean {
    return this.#existing !== undefined;
  }

  /** Whether the target has the length that it shall have; a device may be longer. */
  get hasLength(): boolean {
    const status = this.#existing?.status();
    return status !== undefined && (status.size === this.#plan.size || isBlockDevice(status.mode));
  }

  /** Hashes the blocks of a range that have the length of the source's; returns where those end. */
  async digests(start: number, end: number, table: Table): Promise<number> {
    const { size } = this;
    const { blockSize } = table;
    const whole = size >= this.#plan.size ? this.#plan.size : Math.floor(size / blockSize) * blockSize;
    const knownEnd = Math.max(start, Math.min(end, whole));
    const stride = STRIDE - STRIDE % blockSize || blockSize;
    for (let at = start; at < knownEnd; at += stride) {
      await this.#file!.hash(at, Math.min(knownEnd, at + stride), table, this.#plan.threads);
    }
    return knownEnd;
  }

  /** Reads what was written so far. */
  read(offset: number, target: Uint8Array<ArrayBuffer>): Promise<number> {
    return this.#file?.read(offset, target) ?? Promise.resolve(0);
  }

  /** The name of the file, for messages. */
  get name(): string {
    return this.#name;
  }

  /** What the file had before the copy, which stays as it was while a part is written. */
  get old(): BlockFile | undefined {
    return this.#existing;
  }

  /** The part that is written. */
  get part(): BlockFile | undefined {
    return this.#state === "part" ? this.#file : undefined;
  }

  /** The part that an earlier copy left, to read; the caller closes it. */
  openLeftPart(): BlockFile | undefined {
    return this.#place.use(false, (directory) => openIfThere(directory, this.#place.part, false, true));
  }

  /** Takes whole frames for the range that ends at `end`; returns where the next must start and what was written. */
  async apply(
    next: number,
    end: number,
    table: Table,
    frames: Uint8Array,
  ): Promise<{ readonly next: number; readonly written: number }> {
    if (this.#state === "clean" && changes(frames)) await this.#prepare();
    const applied = await this.#file!.apply(next, end, this.#plan.punch, table, frames);
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
    return await source.copyTo(this.#file!, start, end, COPY_BLOCK, this.#plan.threads);
  }

  /** Begins to write, where that has not happened by itself yet. */
  async begin(): Promise<void> {
    if (this.#state === "clean") await this.#prepare();
  }

  /** Before the first change: the lock, and a journal or a part. */
  #prepare(): Promise<void> {
    return this.#preparing ??= this.#prepareNow();
  }

  async #prepareNow(): Promise<void> {
    const { replace, dryRun } = this.#plan;
    if (dryRun === true) throw failure("READ_ONLY", `Cannot write ${this.#name}: this is a dry run`);
    const existing = this.#existing!;
    await lockOrFail(existing, this.#name);
    this.#kept = new KeptFacts(existing);
    const { mode, links } = existing.status();
    const obstacle = isBlockDevice(mode)
      ? "it is a device"
      : links > 1
      ? "it has several names"
      : this.#wasDirty
      ? "an earlier copy left it mixed"
      : undefined;
    if (replace === "atomic" && obstacle !== undefined) throw this.#cannotReplace(obstacle);
    if (this.#plan.fresh === true) return await this.#makeFreshPart(obstacle !== undefined);
    if (replace !== "inplace" && obstacle === undefined && await this.#makePart(existing)) return;
    await this.#writeJournal();
    this.#state = "inplace";
  }

  #cannotReplace(reason: string): Error {
    return failure("IO", `Cannot replace ${this.#name} as a whole: ${reason}`);
  }

  /** A part that the content is put together in; what an earlier run left there stays. */
  async #makeFreshPart(hasObstacle: boolean): Promise<void> {
    const part = await openPart(this.#place, this.#name, 0o600);
    try {
      const lost = this.#place.isApart ? undefined : this.#kept!.giveTo(part);
      this.#landsInPlace = hasObstacle || lost !== undefined || this.#plan.replace === "inplace";
      if (lost !== undefined && this.#plan.replace === "atomic") {
        throw this.#cannotReplace(`its ${lost} would be lost`);
      }
    } catch (error) {
      part.close();
      throw error;
    }
    this.resumed ||= part.status().size > 0;
    this.#file = part;
    this.#state = "part";
  }

  /** A part with the old content; false where that would take a full copy, or lose facts, and nobody asks for it. */
  async #makePart(existing: BlockFile): Promise<boolean> {
    const name = this.#place.part;
    this.#directory.remove(name);
    const part = this.#directory.open(name, { write: true, create: true, exclusive: true, mode: 0o600 });
    const isAuto = this.#plan.replace === "auto";
    try {
      await lockOrFail(part, this.#name);
      if (isAuto && !await existing.cloneTo(part)) return this.#dropPart(part);
      const lost = this.#kept!.giveTo(part);
      if (lost !== undefined && isAuto) return this.#dropPart(part);
      if (lost !== undefined) throw this.#cannotReplace(`its ${lost} would be lost`);
      if (!isAuto && !await existing.cloneTo(part)) {
        const { size } = existing.status();
        for (let at = 0; at < size; at += STRIDE) {
          await existing.copyTo(part, at, Math.min(size, at + STRIDE), COPY_BLOCK, this.#plan.threads);
        }
      }
    } catch (error) {
      this.#dropPart(part);
      throw error;
    }
    this.#file = part;
    this.#state = "part";
    return true;
  }

  #dropPart(part: BlockFile): false {
    part.close();
    this.#removePart();
    return false;
  }

  #removePart(): void {
    this.#place.use(false, (directory) => directory.remove(this.#place.part));
  }

  async #writeJournal(): Promise<void> {
    if (this.#wasDirty) return;
    const { size, source, durable } = this.#plan;
    await this.#journal.write({ size, source }, durable);
  }

  /**
   * Gives the file its size and, where it is new, its name; then the copy is over. With a table the file is read back
   * before, and must have its digests.
   */
  async commit(expected?: Table): Promise<void> {
    const { size, durable } = this.#plan;
    if (this.#state === "clean" && !this.hasLength) await this.#prepare();
    if (expected !== undefined && !this.#landsInPlace) await readBack(this.#file!, this.#plan, expected);
    if (this.#state !== "part") await this.#removeLeftPart();
    if (this.#state === "clean" && !this.#wasDirty) return this.close();
    const file = this.#file!;
    const { mode, size: now } = file.status();
    if (now !== size && !isBlockDevice(mode)) await file.resize(size);
    // Writing clears some of them.
    if (this.#kept !== undefined && !this.#place.isApart) this.#kept.giveTo(file);
    else if (!this.exists) file.setFacts({ mode: mode & (this.#plan.mode ?? USUAL_MODE) & 0o7777 });
    if (durable) await file.sync();
    this.#checkUntouched();
    if (this.#landsInPlace) await this.#land(file, expected);
    else if (this.#state === "part") this.#directory.rename(this.#place.part, this.#name);
    else this.#journal.remove();
    if (durable) await this.#directory.sync();
    this.close();
  }

  /** Copies the complete part into the existing file, and removes it. */
  async #land(part: BlockFile, expected: Table | undefined): Promise<void> {
    const existing = this.#existing!;
    const { size, durable, threads } = this.#plan;
    await this.#writeJournal();
    this.#state = "inplace";
    for (let at = 0; at < size; at += STRIDE) {
      await part.copyTo(existing, at, Math.min(size, at + STRIDE), COPY_BLOCK, threads);
    }
    const { mode, size: now } = existing.status();
    if (now !== size && !isBlockDevice(mode)) await existing.resize(size);
    this.#kept!.giveTo(existing);
    if (expected !== undefined) await readBack(existing, this.#plan, expected);
    if (durable) await existing.sync();
    // In this order: the journal makes the next run complete what a kill leaves, a part without one stays.
    this.#removePart();
    this.#journal.remove();
  }

  /** Removes the part of an earlier copy that was to replace the file as a whole, unless somebody writes it. */
  async #removeLeftPart(): Promise<void> {
    using part = this.#place.use(false, (directory) => openIfThere(directory, this.#place.part, true, true));
    if (part !== undefined && await part.lock()) this.#removePart();
  }

  /** Somebody else may have put another file under the name, which must not be replaced unseen. */
  #checkUntouched(): void {
    using current = openIfThere(this.#directory, this.#name, false, this.#plan.confined);
    const replaced = this.#state === "part" && !this.#landsInPlace;
    const same = replaced
      ? current?.status().version === this.#version
      : current?.status().identity === this.#existing?.status().identity;
    if (same) return;
    throw failure("TARGET_CHANGED", `Cannot replace ${this.#name}: somebody else changed it during the copy`);
  }

  /** Gives up. What was received stays for the next run, except where the disk is full or nothing was. */
  abort(reason: unknown): void {
    const full = reason instanceof SluiceError && reason.code === "NO_SPACE";
    const isUseless = this.#state === "part" && (full || this.#isEmptyPart());
    this.close();
    if (isUseless) this.#removePart();
  }

  /** Whether a part has nothing; false where it was closed before. */
  #isEmptyPart(): boolean {
    if (this.#isClosed) return false;
    return this.#file?.status().size === 0;
  }

  /** Whether the file under the name is a mixture now. */
  get isMixed(): boolean {
    return this.#state === "inplace" || this.#wasDirty;
  }

  /** Closes the files. */
  close(): void {
    this.#isClosed = true;
    this.#file?.close();
    this.#existing?.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
