/**
 * The content that an index describes, put together from files that are here and from ranges of one that is not.
 */
import { hashBlocksInto, hashOnce } from "../kernel/hash.ts";
import { concatBytes, toHex } from "@sluice/internal";
import type { ByteSource } from "@sluice/internal";
import { digestsOf } from "../file/_block_file.ts";
import type { BlockFile, Table } from "../file/_block_file.ts";
import { chunkRules, chunksOf } from "../file/_chunker.ts";
import { isSameDigest } from "../file/_digest.ts";
import { failure } from "../file/_errors.ts";
import { FRAME, makeFrame, makeRun } from "../file/_frames.ts";
import { chunkAt } from "./_index_format.ts";
import type { IndexModel } from "./_index_format.ts";
import type { LocalTarget } from "../copy/_target.ts";
import type { CopySource, SideStatus } from "../copy/_sides.ts";

/** Chunks nearer to each other than this are fetched with what lies between. */
const GAP_MAX = 64 << 10;
const REQUEST_MAX = 16 << 20;
/** Content that is put together at a time. */
const PIECE_SIZE = 8 << 20;

/** Where chunks that are missing come from. */
export interface ChunkOrigin {
  /** Reads content; the index says where. */
  fetch(model: IndexModel, first: number, last: number, signal: AbortSignal | undefined): Promise<Uint8Array>;
  /** Whether chunks are fetched one by one. */
  readonly single: boolean;
}

/** Ranges of the file itself; the next source takes over when one fails. */
export class RangeOrigin implements ChunkOrigin {
  readonly #sources: readonly ByteSource[];
  readonly single = false;

  constructor(sources: readonly ByteSource[]) {
    this.#sources = sources;
  }

  async fetch(
    model: IndexModel,
    first: number,
    last: number,
    signal: AbortSignal | undefined,
  ): Promise<Uint8Array> {
    const [start, end] = [model.offsets[first]!, model.offsets[last]!];
    let reason: unknown;
    for (const source of this.#sources) {
      try {
        return await source.read(start, end - start, { signal });
      } catch (error) {
        signal?.throwIfAborted();
        reason = error;
      }
    }
    throw reason;
  }
}

interface Seed {
  readonly file: BlockFile;
  readonly offset: number;
}

/** An index as the source of a copy. */
export class IndexSource implements CopySource {
  readonly label: string;
  readonly remote = true;
  readonly lookahead = 0;
  readonly #model: IndexModel;
  readonly #origin: ChunkOrigin;
  readonly #seeds: readonly BlockFile[];
  readonly #signal: AbortSignal | undefined;
  /** Chunks of seeds by digest. */
  readonly #found = new Map<string, Seed>();
  /** Bytes that were fetched. */
  fetched = 0;

  constructor(
    label: string,
    model: IndexModel,
    origin: ChunkOrigin,
    seeds: readonly BlockFile[],
    signal: AbortSignal | undefined,
  ) {
    this.label = label;
    this.#model = model;
    this.#origin = origin;
    this.#seeds = seeds;
    this.#signal = signal;
  }

  stat(): Promise<SideStatus> {
    const { size } = this.#model;
    return Promise.resolve({ size, version: "", mtimeNs: undefined, mode: undefined, isDevice: false });
  }

  /** Cuts the seeds as the file was cut, and remembers those chunks that the file has too. */
  async scanSeeds(threads: number): Promise<void> {
    const { average, hash, digestSize } = this.#model;
    if (average === undefined) return;
    const wanted = new Set<string>();
    for (let i = 0; i < this.#model.count; i++) wanted.add(toHex(this.#digest(i)));
    for (const file of this.#seeds) {
      for await (const batch of chunksOf(sourceOf(file), chunkRules(average), hash, threads, this.#signal)) {
        let offset = batch.offset;
        for (let i = 0; i < batch.lengths.length; i++) {
          const key = toHex(batch.digests.subarray(i * digestSize, (i + 1) * digestSize));
          if (wanted.has(key) && !this.#found.has(key)) this.#found.set(key, { file, offset });
          offset += batch.lengths[i]!;
        }
      }
    }
  }

  #digest(index: number): Uint8Array {
    const { digests, digestSize } = this.#model;
    return digests.subarray(index * digestSize, (index + 1) * digestSize);
  }

  /** Whether bytes are the chunk of an index. */
  #matches(index: number, bytes: Uint8Array): boolean {
    const { padded, blockSize, hash, digestSize } = this.#model;
    let content = bytes;
    if (padded && bytes.length < blockSize!) {
      content = new Uint8Array(blockSize!);
      content.set(bytes);
    }
    return isSameDigest(hashOnce(content, hash, undefined).subarray(0, digestSize), this.#digest(index));
  }

  async #fromSeeds(index: number): Promise<Uint8Array | undefined> {
    const { offsets } = this.#model;
    const length = offsets[index + 1]! - offsets[index]!;
    const known = this.#found.get(toHex(this.#digest(index)));
    const places = known === undefined
      ? this.#seeds.map((file) => ({ file, offset: offsets[index]! }))
      : [known];
    for (const { file, offset } of places) {
      const bytes = new Uint8Array(length);
      if (await file.read(offset, bytes) === length && this.#matches(index, bytes)) return bytes;
    }
    return undefined;
  }

  /** The chunks from `first` up to `last`, in order. */
  async #chunks(first: number, last: number, useSeeds: boolean): Promise<Uint8Array[]> {
    const { offsets } = this.#model;
    const pieces: (Uint8Array | undefined)[] = [];
    for (let i = first; i < last; i++) pieces.push(useSeeds ? await this.#fromSeeds(i) : undefined);
    for (let i = first; i < last;) {
      if (pieces[i - first] !== undefined) {
        i++;
        continue;
      }
      let end = i + 1;
      for (let next = end; !this.#origin.single && next < last; next++) {
        if (offsets[next + 1]! - offsets[i]! > REQUEST_MAX || offsets[next]! - offsets[end]! > GAP_MAX) break;
        if (pieces[next - first] === undefined) end = next + 1;
      }
      const bytes = await this.#origin.fetch(this.#model, i, end, this.#signal);
      this.fetched += bytes.length;
      for (let index = i; index < end; index++) {
        const start = offsets[index]! - offsets[i]!;
        const chunk = bytes.subarray(start, start + offsets[index + 1]! - offsets[index]!);
        if (pieces[index - first] === undefined && !this.#matches(index, chunk)) {
          throw failure(
            "VERIFY_FAILED",
            `Cannot use ${this.label}: the content at byte ${offsets[index]} is not what the index says`,
            {
              offset: offsets[index]!,
            },
          );
        }
        pieces[index - first] ??= chunk;
      }
      i = end;
    }
    return pieces as Uint8Array[];
  }

  /** Bytes of chunks that neither the seeds nor the target have, and whether the target is what the index says. */
  async missing(target: LocalTarget): Promise<{ readonly fetched: number; readonly equal: boolean }> {
    const { offsets, count } = this.#model;
    let fetched = 0;
    let equal = target.hasLength;
    for (let i = 0; i < count; i++) {
      this.#signal?.throwIfAborted();
      const bytes = new Uint8Array(offsets[i + 1]! - offsets[i]!);
      if (await target.read(offsets[i]!, bytes) === bytes.length && this.#matches(i, bytes)) continue;
      equal = false;
      if (await this.#fromSeeds(i) === undefined) fetched += bytes.length;
    }
    return { fetched, equal };
  }

  async digests(start: number, end: number, table: Table): Promise<void> {
    for await (const _ of this.frames(start, end, start, table)) {
      // The table learns what passes.
    }
  }

  async *frames(
    start: number,
    end: number,
    knownEnd: number,
    table: Table,
  ): AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined> {
    if (this.#model.blockSize !== undefined) yield* this.#blockFrames(start, end, knownEnd, table);
    else yield* this.#chunkFrames(start, end, table);
  }

  /** Blocks where they are: those that the target has are left, the others fetched, neighbours together. */
  async *#blockFrames(
    start: number,
    end: number,
    knownEnd: number,
    table: Table,
  ): AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined> {
    const { blockSize, padded, digestSize, offsets } = this.#model;
    const isThere = (index: number): boolean => {
      const [at, stop] = [offsets[index]!, offsets[index + 1]!];
      if (stop > knownEnd || (padded && stop - at < blockSize!)) return false;
      return isSameDigest(digestsOf(table, at, stop).subarray(0, digestSize), this.#digest(index));
    };
    const last = Math.ceil(end / blockSize!);
    for (let index = start / blockSize!; index < last;) {
      const same = isThere(index);
      let stop = index + 1;
      while (
        stop < last && isThere(stop) === same && (same || offsets[stop + 1]! - offsets[index]! <= PIECE_SIZE)
      ) stop++;
      const [at, until] = [offsets[index]!, offsets[stop]!];
      if (same) yield makeRun(FRAME.SAME, at, until - at);
      else {yield* this.#dataFrames(
          at,
          concatBytes((await this.#chunks(index, stop, true)).map(copied)),
          table,
        );}
      index = stop;
    }
  }

  /** Chunks put together, cut into the blocks of the table. */
  async *#chunkFrames(
    start: number,
    end: number,
    table: Table,
  ): AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined> {
    const { offsets } = this.#model;
    const { blockSize } = table;
    const step = Math.max(1, Math.floor(PIECE_SIZE / blockSize)) * blockSize;
    for (let at = start; at < end; at += step) {
      const stop = Math.min(end, at + step);
      const [first, last] = [chunkAt(this.#model, at), chunkAt(this.#model, stop - 1) + 1];
      const whole = concatBytes((await this.#chunks(first, last, true)).map(copied));
      const from = at - offsets[first]!;
      yield* this.#dataFrames(at, whole.subarray(from, from + stop - at), table);
    }
  }

  async *#dataFrames(
    position: number,
    bytes: Uint8Array<ArrayBuffer>,
    table: Table,
  ): AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined> {
    const { blockSize, hash } = table;
    const digests = new Uint8Array(Math.ceil(bytes.length / blockSize) * hash.digestSize);
    await hashBlocksInto(bytes, blockSize, hash, 1, digests, undefined);
    for (let at = 0, index = 0; at < bytes.length; at += blockSize, index++) {
      const digest = digests.subarray(index * hash.digestSize, (index + 1) * hash.digestSize);
      const block = bytes.subarray(at, at + blockSize);
      yield makeFrame(FRAME.DATA, position + at, concatBytes([digest, block]));
    }
  }

  finish(): Promise<void> {
    return Promise.resolve(); // every chunk was verified
  }

  close(): void {
    for (const file of this.#seeds) file.close();
  }
}

function copied(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return bytes as Uint8Array<ArrayBuffer>;
}

/** An open file as something to read from. */
export function sourceOf(file: BlockFile): ByteSource {
  const { size } = file.status();
  return {
    size,
    async read(offset, length): Promise<Uint8Array> {
      const bytes = new Uint8Array(length);
      if (await file.read(offset, bytes) === length) return bytes;
      throw failure("SOURCE_CHANGED", `Cannot read ${file.path}: it has become shorter`, { offset });
    },
  };
}
