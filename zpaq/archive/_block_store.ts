/**
 * Data blocks of an archive: found by the ids of fragments, decoded and checked.
 */
import { zpaqHashParts } from "../kernel/archiving.ts";
import { ChecksumMismatchError, type SluiceError } from "@sluice/internal";
import type { ByteSource } from "@sluice/internal";
import type { ArchiveIndex, DataBlock } from "./_index_facts.ts";
import { BlockSource, WindowSource } from "../block/_block_source.ts";
import type { DecompressSettings } from "../block/_decompress_options.ts";
import { fault } from "../zpaql/_fault.ts";
import { digestAt, journalSize } from "./_journal_format.ts";

const DIGEST_SIZE = 20;

/** The content of a data block. */
export interface BlockContent {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Where each fragment starts, and where the last one ends. */
  readonly offsets: Float64Array<ArrayBuffer>;
  /** Which fragments are not what the index says. */
  readonly bad: ReadonlySet<number>;
}

/** Data blocks by fragment; the last one that was decoded is kept. */
export class BlockStore {
  readonly #source: ByteSource;
  readonly #index: ArchiveIndex;
  readonly #settings: DecompressSettings;
  readonly #readers: BlockSource[] = [];
  #kept: { readonly block: DataBlock; readonly content: Promise<BlockContent> } | undefined;
  #closed = false;

  constructor(source: ByteSource, index: ArchiveIndex, settings: DecompressSettings) {
    this.#source = source;
    this.#index = index;
    this.#settings = settings;
  }

  /** The most bytes that are given of one file. */
  get maxOutputSize(): number {
    return this.#settings.maxOutputSize;
  }

  /** The block that has a fragment; undefined where none has. */
  find(id: number): DataBlock | undefined {
    const { blocks } = this.#index;
    let low = 0;
    let high = blocks.length;
    while (low < high) {
      const middle = low + high >>> 1;
      if (blocks[middle]!.first <= id) low = middle + 1;
      else high = middle;
    }
    const block = blocks[low - 1];
    return block !== undefined && id < block.first + block.sizes.length ? block : undefined;
  }

  /** The size of a fragment; 0 where there is none of this id. */
  fragmentSize(id: number): number {
    const block = this.find(id);
    return block === undefined ? 0 : block.sizes[id - block.first]!;
  }

  /** The content of a block; reading the same one again decodes nothing. */
  content(block: DataBlock): Promise<BlockContent> {
    if (this.#kept?.block !== block) this.#kept = { block, content: this.decode(block) };
    return this.#kept.content;
  }

  /** Runs with a reader of its own, so that several blocks can be decoded at once. */
  async #withReader<T>(use: (reader: BlockSource) => Promise<T>): Promise<T> {
    if (this.#closed) throw new TypeError("Cannot read from the archive: it is closed");
    const reader = this.#readers.pop() ??
      new BlockSource(new WindowSource(this.#source), {
        ...this.#settings,
        onDamage: undefined,
        onJunk: undefined,
        // Fragments are compared with their own sums.
        verifyChecksums: false,
      });
    try {
      return await use(reader);
    } finally {
      if (this.#closed) reader[Symbol.dispose]();
      else this.#readers.push(reader);
    }
  }

  /** Decodes a block and compares its fragments with the index. */
  async decode(block: DataBlock): Promise<BlockContent> {
    const found = await this.#withReader((reader) =>
      reader.read(block.offset, (_, comment) => journalSize(comment))
    );
    const offset = block.offset;
    if (found === undefined || found.offset !== offset) {
      throw fault("JOURNAL", offset, "there is no data block");
    }
    const bytes = found.segments[0]?.content ?? new Uint8Array();
    const offsets = new Float64Array(block.sizes.length + 1);
    block.sizes.forEach((size, i) => offsets[i + 1] = offsets[i]! + size);
    if (offsets.at(-1)! > bytes.length) {
      throw fault(
        "JOURNAL",
        offset,
        `a block of ${bytes.length} bytes has ${offsets.at(-1)} bytes of fragments`,
      );
    }
    const bad = new Set<number>();
    if (this.#settings.verifyChecksums) {
      const digests = await zpaqHashParts(bytes, block.sizes, this.#settings.backend);
      const isSame = (i: number): boolean => {
        const [now, before] = [i * DIGEST_SIZE, digestAt(i)];
        for (let k = 0; k < DIGEST_SIZE; k++) if (digests[now + k] !== block.rows[before + k]) return false;
        return true;
      };
      for (let i = 0; i < block.sizes.length; i++) if (!isSame(i)) bad.add(i);
    }
    return { bytes, offsets, bad };
  }

  /** The bytes of a fragment of a block. */
  fragment(block: DataBlock, content: BlockContent, id: number): Uint8Array<ArrayBuffer> {
    const i = id - block.first;
    if (content.bad.has(i)) {
      throw new ChecksumMismatchError(
        `Cannot extract fragment ${id} of the block at byte ${block.offset}: the content does not match its SHA-1`,
        { format: "zpaq", code: "FRAGMENT", offset: block.offset },
      );
    }
    return content.bytes.subarray(content.offsets[i]!, content.offsets[i + 1]!);
  }

  /** The segments of a block of a streaming archive. */
  async segments(offset: number): Promise<readonly Uint8Array<ArrayBuffer>[]> {
    const found = await this.#withReader((reader) => reader.read(offset));
    if (found === undefined) throw fault("JOURNAL", offset, "there is no block");
    return found.segments.map(({ content }) => content);
  }

  /** The error of a fragment that no block has. */
  missing(id: number): SluiceError {
    return fault("FRAGMENT_ID", 0, `no block has fragment ${id}`, "extract a file");
  }

  close(): void {
    this.#closed = true;
    for (const reader of this.#readers.splice(0)) reader[Symbol.dispose]();
    this.#kept = undefined;
  }
}
