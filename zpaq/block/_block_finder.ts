/**
 * Finding the next block in input that may have anything between its blocks.
 */
import { BLOCK_MAGIC, LOCATOR_TAG } from "../zpaql/_format.ts";
import type { DecompressSettings } from "./_decompress_options.ts";
import type { InputBuffer } from "./_input_buffer.ts";

const FULL_TAG = Uint8Array.of(...LOCATOR_TAG, ...BLOCK_MAGIC);

/** Where `pattern` starts in `bytes` between `from` and `end`; -1 where it does not. */
function indexOfBytes(bytes: Uint8Array, pattern: Uint8Array, from: number, end: number): number {
  const first = pattern[0]!;
  for (
    let at = bytes.indexOf(first, from);
    at >= 0 && at + pattern.length <= end;
    at = bytes.indexOf(first, at + 1)
  ) {
    let same = 1;
    while (same < pattern.length && bytes[at + same] === pattern[same]) same++;
    if (same === pattern.length) return at;
  }
  return -1;
}

/** Looks for blocks, and counts what it passes over. */
export class BlockFinder {
  readonly #buffer: InputBuffer;
  readonly #onJunk: DecompressSettings["onJunk"];
  /** Whether the search starts here, where a block needs no tag. */
  #fresh = true;
  /** Bytes passed over since the last report, which belong to no block. */
  #junk = 0;

  constructor(buffer: InputBuffer, onJunk: DecompressSettings["onJunk"]) {
    this.#buffer = buffer;
    this.#onJunk = onJunk;
  }

  /** Searches from here on, where a block is to start. */
  restart(): void {
    this.#fresh = true;
    this.#junk = 0;
  }

  /** Searches on after damage: only a block with a tag counts. */
  requireTag(): void {
    this.#fresh = false;
  }

  /** Passes over bytes that belong to no block. */
  pass(count: number): void {
    if (count > 0) this.#fresh = false;
    this.#junk += count;
    this.#buffer.consume(count);
  }

  /**
   * Goes to the start of the next block: the size of the tag before its magic; undefined where what is there has none.
   * `ended` says that no more input comes.
   */
  find(ended: boolean): number | undefined {
    const buffer = this.#buffer;
    if (this.#fresh && this.#startsWith(BLOCK_MAGIC)) return 0;
    if (this.#fresh && buffer.length < BLOCK_MAGIC.length && !ended) return undefined;
    const found = indexOfBytes(buffer.bytes, FULL_TAG, buffer.pos, buffer.end);
    if (found < 0) {
      this.pass(ended ? buffer.length : Math.max(0, buffer.length - FULL_TAG.length + 1));
      return undefined;
    }
    this.pass(found - buffer.pos);
    return LOCATOR_TAG.length;
  }

  /** Says what was passed over before the next block, or of the end. */
  reportJunk(): void {
    if (this.#junk > 0) {
      this.#onJunk?.({ offset: this.#buffer.offset - this.#junk, size: this.#junk });
    }
    this.#junk = 0;
  }

  #startsWith(bytes: Uint8Array): boolean {
    const buffer = this.#buffer;
    return buffer.length >= bytes.length && bytes.every((byte, i) => buffer.bytes[buffer.pos + i] === byte);
  }
}
