/**
 * Dividing a compressed file into splits.
 *
 * @module
 */
import {
  checkSplitKeys,
  divideContent,
  openByteSource,
  resolveSplitOptions,
  splitSourceOf,
  TransferError,
} from "@sluice/internal";
import type { ByteSource, ByteSourceLike } from "@sluice/internal";
import { Lz4Archive } from "./archive.ts";
import { carveSplit } from "./_carve.ts";
import type { IndexModel } from "./_index_model.ts";
import { pointsOf, rowsOf } from "./_index_rows.ts";
import type { Lz4Index } from "./index_file.ts";
import type { Lz4Split, Lz4SplitOptions } from "./splits.ts";

/**
 * Divides a file into splits for many machines, with any .lz4 decoder or {@linkcode readLz4Split}. A split ends at the
 * first point of the index where it has `splitSize` bytes, inside a frame too. With `atLine` or `atDelimiter` it ends after
 * the first record that ends there or later, and goes on where none does before the next such place: every record is in
 * exactly one split. Borders are looked for `concurrency` at a time; each decodes the content around it. Empty content has
 * no splits.
 *
 * Damaged content does not end the plan. No split ends inside it: the search for a border goes on at the next point of the
 * index, so that one split holds the damage, and only that one can't be read. Its `fault` is the damage. Content that no
 * border is looked for in is not decoded: a plan without faults does not say that the file is sound.
 *
 * @param data The file; for an encrypted one what `openLz4AesGcmSource` or `openLz4AesCtrSource` returns.
 * @param index Its index; points should lie no farther apart than splits are long.
 * @throws {TypeError} If an option has the wrong type or is not known.
 * @throws {RangeError} If an option is out of range, or two exclude each other.
 * @throws {TransferError} With code "SOURCE_CHANGED" if the index is that of another file. It knows its file by the size
 *   and the first and last 64 KiB, so damage there is refused as well.
 * @throws {SluiceError} As `Lz4Archive.read` where records are looked for, but for damage.
 *
 * @example No line in two splits
 * ```ts
 * import { buildLz4Index, compressLz4, planLz4Splits, readLz4Split } from "@sluice/lz4";
 * import { assert } from "@std/assert";
 *
 * const content = new TextEncoder().encode("a line of some length\n".repeat(20_000));
 * const file = compressLz4(content, { blockSize: 65536 });
 * const index = await buildLz4Index(file, { spacing: 65536 });
 * for await (const split of planLz4Splits(file, index, { splitSize: 100_000, atLine: true })) {
 *   const received = JSON.parse(JSON.stringify(split));
 *   const text = new TextDecoder().decode(await readLz4Split(file, received));
 *   assert(text.startsWith("a line") && text.endsWith("length\n"));
 * }
 * ```
 */
export async function* planLz4Splits(
  data: ByteSourceLike,
  index: Lz4Index,
  options: Lz4SplitOptions = {},
): AsyncGenerator<Lz4Split, void, undefined> {
  checkSplitKeys(options, ["dictionary"]);
  const { dictionary, signal } = options;
  const source = await openByteSource(data, { signal });
  const settings = resolveSplitOptions(options, index.outputSize);
  await checkIndex(source, index);
  const { model } = index;
  const archive = new Lz4Archive(source, index, { dictionary, signal });
  const ranges = divideContent(
    startsOf(model),
    index.outputSize,
    settings,
    (offset, length) => archive.read(offset, length),
  );
  let id = 0;
  try {
    for await (const [start, end, fault] of ranges) {
      yield {
        format: "lz4-split",
        version: 1,
        id: id++,
        source: splitSourceOf(source),
        decompressedRange: [start, end],
        pieces: await carveSplit(await rowsOf(model, start, end), start, end),
        ...(fault && { fault }),
      };
    }
  } finally {
    archive.close();
  }
}

/** Where decoding can start. */
async function* startsOf(model: IndexModel): AsyncGenerator<number, void, undefined> {
  for await (const { decompressedOffset } of pointsOf(model)) yield decompressedOffset;
}

/** Refuses the index of another file, as far as it can be told. */
async function checkIndex(source: ByteSource, index: Lz4Index): Promise<void> {
  const known = index.model.fingerprint !== undefined;
  if (source.size >= index.inputSize && (!known || await index.matches(source))) return;
  throw new TransferError(
    `Cannot plan splits: the index is that of another file, which has ${index.inputSize} bytes, or the start or ` +
      "the end of the file is damaged",
    { format: "lz4", code: "SOURCE_CHANGED" },
  );
}
