/**
 * Plans from anywhere: whatever is changed in a split or a block, reading it is an error of the family or gives content
 * of the size that it says; never another error, and never without a bound.
 */
import { assert } from "@std/assert";
import { SluiceError } from "@sluice/internal";
import { buildLz4Index, compressLz4, planLz4Splits, readLz4Split } from "@sluice/lz4";
import { planZpaqBlocks, readZpaqBlock } from "@sluice/zpaq";
import {
  compressZstdSeekable,
  planZstdSplits,
  readZstdSplit,
  ZstdSeekableReader,
} from "@sluice/zstd/seekable";
import { testBackends } from "./_backends.ts";
import { join, text } from "./_data.ts";

const CONTENT = text(400_000);
/** Values that no field, or a field of another kind, has. */
const STRANGE: readonly unknown[] = [
  ...[undefined, null, true, "", "x", "AAAA", -1, 0.5, 1, 7, 1e6, 2 ** 32, 2 ** 53, 1e300, NaN],
  ...[[], {}, [1], [1, 2], [2, 1], [0, 2 ** 53], ["a", "b"], [[]], [[1, 2]], [[1e9, 1e9]], [{}]],
];

/** Every copy of a value in which one thing, at any depth, is replaced. */
function* changesOf(value: unknown): Generator<unknown, void, undefined> {
  yield* STRANGE;
  if (typeof value !== "object" || value === null) return;
  for (const key of Object.keys(value)) {
    const inner = (value as Record<string, unknown>)[key];
    for (const changed of changesOf(inner)) {
      const copy = (Array.isArray(value) ? [...value] : { ...value }) as Record<string, unknown>;
      copy[key] = changed;
      yield copy;
    }
  }
}

async function checkChanges(
  label: string,
  split: unknown,
  read: (split: never) => Promise<Uint8Array>,
): Promise<void> {
  let [refused, taken] = [0, 0];
  for (const changed of changesOf(split)) {
    try {
      const { length } = await read(changed as never);
      assert(length <= 1 << 30);
      taken++;
    } catch (error) {
      assert(error instanceof SluiceError, `${label} ${JSON.stringify(changed)?.slice(0, 300)}: ${error}`);
      refused++;
    }
  }
  assert(refused > 100, `${refused} of ${refused + taken}`);
  console.log(`changed splits of ${label}: ${refused} refused, ${taken} with content`);
}

testBackends("a split that was changed anywhere is refused or safe", async () => {
  const lz4 = compressLz4(CONTENT, { linked: true, blockSize: 65536 });
  const lz4Index = await buildLz4Index(lz4, { spacing: 65536 });
  const [, lz4Split] = await Array.fromAsync(
    planLz4Splits(lz4, lz4Index, { splitSize: 130_000, atLine: true }),
  );
  await checkChanges("lz4", lz4Split, (split) => readLz4Split(lz4, split));

  const zst = compressZstdSeekable(CONTENT, { frameSize: 65536 });
  const { index } = await ZstdSeekableReader.open(zst);
  const [, zstSplit] = await Array.fromAsync(
    planZstdSplits(zst, index, { splitSize: 130_000, atLine: true }),
  );
  await checkChanges("zstd", zstSplit, (split) => readZstdSplit(zst, split));

  const files = ["a", "b"].map((name) => ({ name, source: CONTENT }));
  const [, block] = await Array.fromAsync(planZpaqBlocks(files, { splitSize: 300_000 }));
  await checkChanges("zpaq", block, async (block) => {
    const parts = await Array.fromAsync(readZpaqBlock(() => CONTENT, block));
    return join(...parts.map(({ content }) => content));
  });
});
