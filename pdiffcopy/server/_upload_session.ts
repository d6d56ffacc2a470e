/**
 * One upload: a file that is being written, and which of its blocks are known to be right.
 */
import type { BlockDirectory, Table } from "../file/_block_file.ts";
import { digestOfBlocks } from "../file/_digest.ts";
import { FRAME, FRAME_HEADER_SIZE, frameSize, makeFrame } from "../file/_frames.ts";
import { ComposedTarget } from "../copy/_composed_target.ts";
import { signFile } from "../copy/_signature.ts";
import type { Place } from "../copy/_signature.ts";
import { ZstdFrames } from "../copy/_frame_codec.ts";
import type { LocalTarget } from "../copy/_target.ts";
import { badRequest, numberParameter, Refusal } from "./_server_request.ts";

/** What an upload is for. */
export interface UploadFacts {
  readonly name: string;
  readonly size: number;
  /** Whether the file is read back from the disk at the end. */
  readonly verifyWritten: boolean;
}

/** One file that is being written. */
export class UploadSession {
  readonly #target: LocalTarget;
  readonly #directory: BlockDirectory;
  readonly #table: Table;
  readonly #size: number;
  /** Whether the file is read back from the disk at the end. */
  readonly #verifyWritten: boolean;
  /** One byte a block: whether it is known to be right. */
  readonly #covered: Uint8Array;
  /** Where the content is put together from blocks of the old, in order. */
  readonly #composed: ComposedTarget | undefined;
  #isComposing = false;
  readonly name: string;
  usedAt = performance.now();
  /** Requests under way. */
  busy = 0;

  constructor(
    target: LocalTarget,
    directory: BlockDirectory,
    table: Table,
    { name, size, verifyWritten }: UploadFacts,
    isComposed: boolean,
  ) {
    this.#target = target;
    this.#directory = directory;
    this.#table = table;
    this.name = name;
    this.#size = size;
    this.#verifyWritten = verifyWritten;
    this.#covered = new Uint8Array(Math.ceil(size / table.blockSize));
    if (isComposed) this.#composed = new ComposedTarget(target, size, table.blockSize, table.hash);
  }

  get blockSize(): number {
    return this.#table.blockSize;
  }

  /** What there was when the session began, and how much of the new content is known to be there. */
  state(): Record<string, unknown> {
    const covered = this.#covered.reduce((sum, block) => sum + block, 0);
    const { size, resumed, hasLength } = this.#target;
    return { size, resumed, hasLength, blocks: this.#covered.length, covered };
  }

  range(query: ReadonlyMap<string, string>): { readonly start: number; readonly end: number } {
    const start = numberParameter(query, "from", 0, this.#size, 0);
    const end = numberParameter(query, "to", start, this.#size, this.#size);
    const { blockSize } = this.#table;
    if (start % blockSize !== 0 || (end % blockSize !== 0 && end !== this.#size)) {
      throw badRequest("the range does not start and end with a block");
    }
    return { start, end };
  }

  async digests(start: number, end: number): Promise<Table> {
    const known = await this.#target.digests(start, end, this.#table);
    if (known < end) throw badRequest("the file is not that long");
    return this.#table;
  }

  async apply(start: number, end: number, body: Uint8Array<ArrayBuffer>): Promise<Record<string, unknown>> {
    const { blockSize, hash } = this.#table;
    checkWhole(body, blockSize + hash.digestSize + FRAME_HEADER_SIZE);
    const frames = await new ZstdFrames(1).decode(body, this.#table);
    return { next: await this.#take(start, end, frames) };
  }

  async #take(start: number, end: number, frames: Uint8Array): Promise<number> {
    const { next } = await this.#target.apply(start, end, this.#table, frames);
    const { blockSize } = this.#table;
    this.#covered.fill(1, start / blockSize, Math.ceil(next / blockSize));
    return next;
  }

  /** Takes the next piece; blocks are those of the old file, and from `own` on of what an earlier upload left. */
  async compose(
    from: number,
    own: number | undefined,
    body: Uint8Array<ArrayBuffer>,
  ): Promise<Record<string, unknown>> {
    const composed = this.#composed;
    if (composed === undefined) throw badRequest("the upload is not made of pieces");
    if (this.#isComposing || from !== composed.next) {
      throw new Refusal(410, "SESSION_LOST", "the piece does not follow the one before");
    }
    this.#isComposing = true;
    try {
      const { next } = await composed.take(body, this.#places(own));
      return { next };
    } finally {
      this.#isComposing = false;
    }
  }

  #places(own: number | undefined): Place[] {
    const blocks = (size = 0): number => Math.ceil(size / this.blockSize);
    const places: Place[] = [];
    const oldCount = Math.min(own ?? Infinity, blocks(this.#target.old?.status().size));
    if (oldCount > 0) places.push({ kind: "old", first: 0, limit: oldCount });
    if (own === undefined) return places;
    return [...places, { kind: "own", first: own, limit: own + blocks(this.#target.part?.status().size) }];
  }

  /** The signed blocks of what an earlier upload left. */
  async ownBlocks(threads: number, signal: AbortSignal): Promise<Uint8Array<ArrayBuffer>> {
    const { part } = this.#target;
    if (part === undefined) throw badRequest("the upload is not made of pieces");
    const { blockSize, hash } = this.#table;
    const { entries } = await signFile(part, part.status().size, false, { blockSize, hash, threads, signal });
    return makeFrame(FRAME.BLOCKS, 0, entries);
  }

  async commit(digest: unknown): Promise<void> {
    if (this.#composed === undefined) this.#checkCovered();
    else this.#composed.checkComplete();
    const isKnown = this.#composed === undefined || this.#verifyWritten;
    if (this.#composed !== undefined && isKnown) await this.#target.digests(0, this.#size, this.#table);
    if (isKnown && digestOfBlocks(this.#table, 0, this.#size).toHex() !== digest) {
      throw new Refusal(422, "VERIFY_FAILED", "the file does not match its digest");
    }
    await this.#target.commit(this.#verifyWritten ? this.#table : undefined);
    this.close();
  }

  #checkCovered(): void {
    const missing = this.#covered.indexOf(0);
    if (missing < 0) return;
    throw new Refusal(409, "PROTOCOL", `the block at byte ${missing * this.blockSize} never came`);
  }

  close(reason?: unknown): void {
    this.#composed?.[Symbol.dispose]();
    this.#target.abort(reason);
    this.#directory.close();
  }
}

/** Frames must be whole, so that nothing is taken of a body that was cut off. */
function checkWhole(body: Uint8Array, payloadMax: number): void {
  for (let pos = 0; pos < body.length;) {
    const size = frameSize(body, pos, body.length, payloadMax);
    if (size === 0 || pos + size > body.length) throw badRequest("the last frame is cut off");
    pos += size;
  }
}
