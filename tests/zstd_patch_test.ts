/**
 * Patches beside the zstd tool's `--patch-from`.
 */
import { assert, assertEquals } from "@std/assert";
import {
  applyZstdPatch,
  createZstdPatch,
  ZstdPatchCompressionStream,
  ZstdPatchDecompressionStream,
} from "@sluice/zstd/patch";
import { testBackends } from "./_backends.ts";
import { chunks, join, Random, text } from "./_data.ts";
import { ZSTD_TOOL_IS_HERE, zstdTool } from "./_zstd_tool.ts";

/** Versions of files, small and large, alike and not. */
function* versions(): Generator<[Uint8Array, Uint8Array]> {
  const small = text(3000);
  yield [small, join(small.subarray(0, 1000), text(50, 9), small.subarray(1100))];
  const mixed = join(
    ...Array.from({ length: 60 }, (_, i) => i % 2 ? text(50_000, i + 1) : new Random(i + 1).bytes(50_000)),
  );
  yield [mixed, join(mixed.subarray(1_000_000), new Uint8Array([1, 2, 3]), mixed.subarray(0, 1_000_000))];
  yield [mixed, mixed.slice(5, 400_000)];
  yield [new Random(77).bytes(100), mixed];
}

testBackends("the zstd tool applies our patches", async () => {
  if (!ZSTD_TOOL_IS_HERE) return;
  for (const [base, target] of versions()) {
    const stream = new ZstdPatchCompressionStream(base, { size: target.length });
    const streamed = join(
      ...await Array.fromAsync(ReadableStream.from(chunks(target, 65_536)).pipeThrough(stream)),
    );
    for (
      const patch of [
        await createZstdPatch(base, target),
        await createZstdPatch(base, target, { level: 19 }),
        streamed,
      ]
    ) {
      const files = { base, patch };
      assertEquals(await zstdTool(["-dcq", "--patch-from=base", "patch"], files), target);
    }
  }
});

testBackends("we apply patches of the zstd tool", async () => {
  if (!ZSTD_TOOL_IS_HERE) return;
  for (const [base, target] of versions()) {
    for (const level of ["-1", "-3", "-19"]) {
      const patch = await zstdTool(["-cq", level, "--patch-from=base", "target"], { base, target });
      assertEquals(await applyZstdPatch(base, patch), target);
      const stream = ReadableStream.from(chunks(patch, 10_000)).pipeThrough(
        new ZstdPatchDecompressionStream(base),
      );
      assertEquals(join(...await Array.fromAsync(stream)), target);
      const ours = await createZstdPatch(base, target, { level: -Number(level) });
      assert(
        ours.length <= patch.length * 1.02 + 8,
        `${ours.length} bytes, the tool's patch has ${patch.length}`,
      );
    }
  }
});

testBackends(
  "a patch with the hash of its base goes through the zstd tool as a dictionary",
  async () => {
    if (!ZSTD_TOOL_IS_HERE) return;
    const [[base, target]] = [...versions()] as [[Uint8Array, Uint8Array]];
    const files = { base, patch: await createZstdPatch(base, target, { embedBaseHash: true }) };
    assertEquals(await zstdTool(["-dcq", "-D", "base", "patch"], files), target);
  },
);
