/**
 * One upload: a file that is being written, and which of its blocks are known to be right.
 */
import { concatBytes } from "@sluice/internal";
import type { ByteSource } from "@sluice/internal";
import { hashOnce } from "../kernel/hash.ts";
import type { BlockDirectory, Table } from "../file/_block_file.ts";
import { digestOfBlocks } from "../file/_digest.ts";
import { FRAME, FRAME_HEADER_SIZE, frameSize, makeFrame, readFrame, readSafe } from "../file/_frames.ts";
import { ZstdFrames } from "../copy/_frame_codec.ts";
import type { LocalTarget } from "../copy/_target.ts";
import { badRequest, numberParameter, Refusal } from "./_server_request.ts";

/** Content that one request puts together. */
const COMPOSED_MAX = 64 << 20;

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
  readonly name: string;
  usedAt = performance.now();
  /** Requests under way. */
  busy = 0;

  constructor(
    target: LocalTarget,
    directory: BlockDirectory,
    name: string,
    table: Table,
    size: number,
    verifyWritten: boolean,
  ) {
    this.#verifyWritten = verifyWritten;
    this.#target = target;
    this.#directory = directory;
    this.name = name;
    this.#table = table;
    this.#size = size;
    this.#covered = new Uint8Array(Math.ceil(size / table.blockSize));
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

  /** Puts a range together from pieces of the old content and literal bytes. */
  async compose(start: number, end: number, body: Uint8Array<ArrayBuffer>): Promise<Record<string, unknown>> {
    if (end - start > COMPOSED_MAX) throw badRequest("the range is too long");
    checkWhole(body, COMPOSED_MAX);
    const content = await composeContent(this.#target, start, end, body);
    const { blockSize, hash } = this.#table;
    const frames: Uint8Array<ArrayBuffer>[] = [];
    for (let at = 0; at < content.length; at += blockSize) {
      const block = content.subarray(at, at + blockSize);
      frames.push(makeFrame(FRAME.DATA, start + at, concatBytes([hashOnce(block, hash, undefined), block])));
    }
    return { next: await this.#take(start, end, concatBytes(frames)) };
  }

  /** What an earlier upload left, as something to read. */
  get part(): ByteSource {
    const { size } = this.#target;
    return {
      size,
      read: async (offset, length) => {
        const bytes = new Uint8Array(length);
        return bytes.subarray(0, await this.#target.read(offset, bytes));
      },
    };
  }

  async commit(digest: unknown): Promise<void> {
    const missing = this.#covered.indexOf(0);
    if (missing >= 0) {
      throw new Refusal(409, "PROTOCOL", `the block at byte ${missing * this.blockSize} never came`);
    }
    if (digestOfBlocks(this.#table, 0, this.#size).toHex() !== digest) {
      throw new Refusal(422, "VERIFY_FAILED", "the file does not match its digest");
    }
    await this.#target.commit(this.#verifyWritten ? this.#table : undefined);
    this.close();
  }

  close(reason?: unknown): void {
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

/** The content of a range that frames describe, in order and without gaps. */
async function composeContent(
  target: LocalTarget,
  start: number,
  end: number,
  body: Uint8Array<ArrayBuffer>,
): Promise<Uint8Array<ArrayBuffer>> {
  const content = new Uint8Array(end - start);
  let at = 0;
  for (let pos = 0; pos < body.length;) {
    const { type, aux, position, payload, end: next } = readFrame(body, pos);
    pos = next;
    const isCopy = type === FRAME.COPY && payload.length === 16;
    const length = isCopy ? readSafe(payload, 8) : payload.length;
    const fits = position === start + at && length > 0 && length <= content.length - at;
    if (!fits || (!isCopy && type !== FRAME.LITERAL)) throw badRequest("a piece does not fit the range");
    const part = content.subarray(at, at + length);
    at += length;
    if (!isCopy) {
      part.set(payload);
      continue;
    }
    const offset = readSafe(payload, 0);
    const count = aux === 1 ? await target.read(offset, part) : await target.readOld(offset, part);
    if (count < length) throw new Refusal(409, "TARGET_CHANGED", "the old content is shorter than that");
  }
  if (at < content.length) throw badRequest("the pieces do not fill the range");
  return content;
}
