/**
 * Joining parts that were compressed apart into one file.
 *
 * @module
 */
import {
  checkArgument,
  checkBoolean,
  checkKeys,
  CorruptDataError,
  isAnyIterable,
  openByteSource,
} from "@sluice/internal";
import type { ByteSource, ByteSourceLike } from "@sluice/internal";
import { SKIPPABLE_HEADER_SIZE } from "../frame/_format.ts";
import { FingerprintBuilder } from "./_index_fingerprint.ts";
import type { IndexModel } from "./_index_model.ts";
import { buildLz4Index } from "./index_builder.ts";
import { Lz4Index } from "./index_file.ts";

/** How parts are joined. */
export interface Lz4JoinOptions {
  /** Append an index in a skippable frame. @default {true} */
  readonly index?: boolean | undefined;
  /** Gives the work up. */
  readonly signal?: AbortSignal | undefined;
}

const KEYS: ReadonlySet<string> = new Set<keyof Lz4JoinOptions>(["index", "signal"]);
const READ_SIZE = 1 << 20;

/**
 * Joins parts, each a file of whole frames, into one file: their frames in the order of the parts, without their own
 * indexes, and one index of all, so that any part of it can be read or split again. Parts are read one after another, 1 MiB
 * at a time; one that has no index is decoded once to make it.
 *
 * @throws {TypeError} If an option is not known, or the parts are no iterable.
 * @throws {CorruptDataError} If a part is corrupt, or its index is that of another file.
 * @throws {SluiceError} As `buildLz4Index` for parts without an index.
 *
 * @example Two parts
 * ```ts
 * import { compressLz4, joinLz4Parts, Lz4Archive } from "@sluice/lz4";
 * import { assertEquals } from "@std/assert";
 *
 * const parts = ["first ", "second"].map((text) => compressLz4(new TextEncoder().encode(text)));
 * const file = await new Blob(await Array.fromAsync(joinLz4Parts(parts))).bytes();
 * using archive = await Lz4Archive.open(file);
 * assertEquals(new TextDecoder().decode(await archive.read(6, 6)), "second");
 * ```
 */
export async function* joinLz4Parts(
  parts: Iterable<ByteSourceLike> | AsyncIterable<ByteSourceLike>,
  options: Lz4JoinOptions = {},
): AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined> {
  checkKeys(options, KEYS);
  if (!isAnyIterable(parts)) {
    throw new TypeError("Cannot join parts: the value is no iterable, expected a list of them");
  }
  const { signal } = options;
  const wanted = checkBoolean("index", options.index ?? true);
  const indexes: Lz4Index[] = [];
  const fingerprint = new FingerprintBuilder();
  for await (const part of parts) {
    const source = await openByteSource(part, { signal });
    const index = await indexOfPart(source, signal);
    const end = index.embeddedOffset ?? source.size;
    for (let offset = 0; offset < end; offset += READ_SIZE) {
      const chunk = new Uint8Array(await source.read(offset, Math.min(READ_SIZE, end - offset), { signal }));
      fingerprint.update(chunk);
      yield chunk;
    }
    if (wanted) indexes.push(index);
  }
  if (!wanted || indexes.length === 0) return;
  const joined = joinLz4Indexes(indexes);
  joined.model.fingerprint = fingerprint.finish(joined.inputSize);
  yield joined.toSkippableFrame();
}

/** The index of one part, with all points. */
async function indexOfPart(source: ByteSource, signal: AbortSignal | undefined): Promise<Lz4Index> {
  const index = await Lz4Index.embedded(source);
  if (index === undefined) return await buildLz4Index(source, { signal });
  const matches = index.model.fingerprint === undefined || await index.matches(source);
  if (!matches || index.inputSize !== index.embeddedOffset) {
    throw new CorruptDataError("Cannot join a part: the index inside it is that of another file", {
      format: "lz4",
      code: "INDEX_INVALID",
      offset: index.embeddedOffset === undefined ? undefined : index.embeddedOffset + SKIPPABLE_HEADER_SIZE,
    });
  }
  await index.load();
  return index;
}

/**
 * The index of parts that are joined elsewhere, such as by copies inside an object store: nothing of the parts is read.
 * Append `toSkippableFrame()` of it after the frames of all parts. It does not know the joined file, so that
 * `Lz4Index.matches` says no.
 *
 * @throws {TypeError} If the indexes are no iterable.
 * @throws {SluiceError} With code "NOT_READY" if an index was opened from a file and not loaded.
 *
 * @example What a worker reports of its part
 * ```ts
 * import { buildLz4Index, compressLz4, joinLz4Indexes } from "@sluice/lz4";
 * import { assertEquals } from "@std/assert";
 *
 * const parts = [compressLz4(new Uint8Array(10)), compressLz4(new Uint8Array(20))];
 * const index = joinLz4Indexes(await Promise.all(parts.map((part) => buildLz4Index(part))));
 * assertEquals([index.inputSize, index.outputSize], [parts[0]!.length + parts[1]!.length, 30]);
 * ```
 */
export function joinLz4Indexes(indexes: Iterable<Lz4Index>): Lz4Index {
  if (!isAnyIterable(indexes)) {
    throw new TypeError("Cannot join indexes: the value is no iterable, expected a list of them");
  }
  const list = [...indexes];
  for (const index of list) {
    checkArgument(index instanceof Lz4Index, "join indexes", index, "an Lz4Index");
  }
  const joined: IndexModel = {
    inputSize: 0,
    outputSize: 0,
    spacing: Math.max(1, ...list.map((index) => index.model.spacing)),
    hasLines: false,
    hasHashes: list.every((index) => index.model.hasHashes),
    fingerprint: undefined,
    frames: [],
    points: [],
  };
  for (const index of list) append(joined, index);
  return new Lz4Index(joined);
}

/** Adds the frames and points of a part, moved to where it is in the joined file. */
function append(joined: IndexModel, index: Lz4Index): void {
  index.points; // throws where they are not at hand
  const { inputSize, outputSize, hasHashes } = joined;
  const { frames, points } = index.model;
  const before = joined.frames.length;
  for (const frame of frames) {
    joined.frames.push({
      ...frame,
      compressedOffset: frame.compressedOffset + inputSize,
      decompressedOffset: frame.decompressedOffset + outputSize,
      blocksEnd: frame.blocksEnd + inputSize,
    });
  }
  for (const point of points) {
    joined.points.push({
      ...point,
      compressedOffset: point.compressedOffset + inputSize,
      decompressedOffset: point.decompressedOffset + outputSize,
      frame: point.frame + before,
      hash: hasHashes ? point.hash : undefined,
      lines: 0,
    });
  }
  joined.inputSize += index.inputSize;
  joined.outputSize += index.outputSize;
}
