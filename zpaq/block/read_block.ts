/**
 * Reading what one machine compresses.
 *
 * @module
 */
import {
  checkArgument,
  checkInteger,
  checkKeys,
  checkSplitSource,
  LimitExceededError,
  openByteSource,
  SplitReader,
} from "@sluice/internal";
import type { ByteSourceLike } from "@sluice/internal";
import type { ZpaqBlockPart, ZpaqBlockPlan, ZpaqReadBlockOptions } from "./block_plan.ts";

const KEYS: ReadonlySet<string> = new Set<keyof ZpaqReadBlockOptions>(["maxSplitSize", "signal"]);
const MAX_SPLIT_SIZE_DEFAULT = 1 << 30;

/** The content of one part of a block. */
export interface ZpaqBlockContent {
  /** What `compressZpaq` takes as `filename`: the name at the start of a file, else nothing, which continues it. */
  readonly filename: string;
  /** The part that was planned. */
  readonly part: ZpaqBlockPart;
  /** Its bytes. */
  readonly content: Uint8Array<ArrayBuffer>;
}

/**
 * Reads the parts of a block that {@linkcode planZpaqBlocks} made, one after another; one is held at a time.
 *
 * @param open Opens a file by its name in the archive.
 * @throws {TypeError} If an option is not known, or `open` is no function.
 * @throws {CorruptDataError} With code "SPLIT_INVALID" if the value is no block.
 * @throws {UnsupportedFeatureError} With code "SPLIT_VERSION" if it has another version.
 * @throws {TransferError} With code "SOURCE_CHANGED" if a file is not the one that was planned.
 * @throws {LimitExceededError} If a part is larger than `maxSplitSize`.
 *
 * @example Compressing blocks apart
 * ```ts
 * import { compressZpaq, decompressZpaq, joinZpaqBlocks, planZpaqBlocks, readZpaqBlock } from "@sluice/zpaq";
 * import { assertEquals } from "@std/assert";
 *
 * const source = new TextEncoder().encode("one\ntwo\nthree\n");
 * const compressed: Uint8Array[] = [];
 * for await (const block of planZpaqBlocks([{ name: "a.txt", source }], { splitSize: 5, atLine: true })) {
 *   for await (const { filename, content } of readZpaqBlock(() => source, block)) {
 *     compressed.push(compressZpaq(content, { filename }));
 *   }
 * }
 * assertEquals(compressed.length, 2);
 * const archive = await new Blob(await Array.fromAsync(joinZpaqBlocks(compressed))).bytes();
 * assertEquals(decompressZpaq(archive), source);
 * ```
 */
export async function* readZpaqBlock(
  open: (name: string) => ByteSourceLike | Promise<ByteSourceLike>,
  block: ZpaqBlockPlan,
  options: ZpaqReadBlockOptions = {},
): AsyncGenerator<ZpaqBlockContent, void, undefined> {
  checkKeys(options, KEYS);
  checkArgument(typeof open === "function", "read a block", open, "a function that opens files");
  const { signal } = options;
  const limit = checkInteger(
    "maxSplitSize",
    options.maxSplitSize ?? MAX_SPLIT_SIZE_DEFAULT,
    1,
    Number.MAX_SAFE_INTEGER,
  );
  const { id, parts } = checkZpaqBlock(block);
  for (const part of parts) {
    const { name, source: planned, range: [start, end] } = part;
    if (end - start > limit) {
      throw new LimitExceededError(
        `Cannot read block ${id} at byte ${start} of ${name}: it has ${
          end - start
        } bytes, expected at most ${limit}`,
        { format: "zpaq", code: "OUTPUT_LIMIT", offset: start, limit, actual: end - start, unit: "bytes" },
      );
    }
    const source = await openByteSource(await open(name), { signal });
    checkSplitSource("zpaq", source, planned);
    const content = new Uint8Array(await source.read(start, end - start, { signal }));
    yield { filename: start === 0 ? name : "", part, content };
  }
}

/** Checks every field, and that they fit together. */
function checkZpaqBlock(value: unknown): { readonly id: number; readonly parts: readonly ZpaqBlockPart[] } {
  const fields = new SplitReader("zpaq", "zpaq-block", 1, value);
  const id = fields.integer("id");
  const size = fields.integer("size");
  let total = 0;
  const parts = fields.list("parts").map((part, i): ZpaqBlockPart => {
    const { name, source, range } = fields.object(`parts[${i}]`, part);
    const planned = fields.source(`parts[${i}].source`, source);
    const [start, end] = fields.range(`parts[${i}].range`, range, planned.size);
    total += end - start;
    return { name: fields.text(`parts[${i}].name`, name), source: planned, range: [start, end] };
  });
  if (total !== size) throw fields.invalid("size", `is ${size}, the parts have ${total} bytes`);
  return { id, parts };
}
