import { assert, assertEquals, assertThrows } from "@std/assert";
import { liveHandleCount } from "@sluice/ffi";
import { SluiceError } from "@sluice/internal";
import { testBackends } from "../../tests/_backends.ts";
import { chunks, join, text } from "../../tests/_data.ts";
import { ShapeFault } from "../../tests/_shapes.ts";
import { LZ4_DECOMPRESS_SHAPES } from "../../tests/_lz4_shapes.ts";
import { compressLz4, decompressLz4 } from "../mod.ts";

const CONTENT = join(text(60), text(60), text(30, 2));
const OPTIONS = [false, true].flatMap((linked) =>
  [[false, false], [false, true], [true, true]].map(([blockChecksums, contentChecksum]) => ({
    linked,
    blockChecksums: blockChecksums!,
    contentChecksum: contentChecksum!,
    contentSize: "none" as const,
    blockSize: 50,
  }))
);
const LIMITS = { maxOutputSize: 1 << 16 };
const SHAPES = ["one-shot", "push", "stream", "iterable"] as const;

/** What came of an input: its output, and the error that ended it. */
async function outcome(shape: string, input: Uint8Array): Promise<{ output?: Uint8Array; error?: unknown }> {
  try {
    return { output: await LZ4_DECOMPRESS_SHAPES[shape]!(chunks(input, 50), LIMITS) };
  } catch (error) {
    return error instanceof ShapeFault ? { output: error.output, error: error.cause } : { error };
  }
}

/** Live contexts when no one-shot call keeps any for the next: a call that fails lets its context go. */
function contextsWithoutPool(): number {
  const truncated = compressLz4(CONTENT).subarray(0, 30);
  for (let i = 0; i < 5; i++) assertThrows(() => decompressLz4(truncated), SluiceError);
  return liveHandleCount();
}

for (const options of OPTIONS) {
  const { linked, blockChecksums, contentChecksum } = options;
  const checks = blockChecksums ? "both checksums" : contentChecksum ? "a content checksum" : "no checksum";
  const kind = `${linked ? "linked" : "independent"} frame with ${checks}`;
  testBackends(`Lz4 every flipped bit of a ${kind} ends in every shape`, async () => {
    const frame = compressLz4(CONTENT, options);
    const before = contextsWithoutPool();
    let failed = 0;
    for (let bit = 0; bit < frame.length * 8; bit++) {
      const flipped = frame.slice();
      flipped[bit >>> 3]! ^= 1 << (bit & 7);
      const codes = new Set<string>();
      for (const shape of SHAPES) {
        const { output, error } = await outcome(shape, flipped);
        const name = `${shape}, bit ${bit}: ${error}`;
        if (error === undefined) {
          codes.add("");
          if (contentChecksum) assertEquals(output, CONTENT, name);
        } else {
          assert(error instanceof SluiceError, name);
          codes.add(error.code);
          const { offset } = error;
          assert(offset !== undefined && offset >= 0 && offset <= frame.length, name);
          failed++;
        }
        assert(liveHandleCount() <= before + 1, name);
      }
      assertEquals(codes.size, 1, `bit ${bit}: ${[...codes]}`);
    }
    assert(failed > 0);
    assertEquals(contextsWithoutPool(), before);
  });
}

testBackends("Lz4 every truncation lets its context go in every shape", async () => {
  const frame = compressLz4(CONTENT, { linked: true, blockSize: 50 });
  const before = contextsWithoutPool();
  for (let size = 0; size < frame.length; size++) {
    for (const shape of SHAPES) {
      const { error } = await outcome(shape, frame.subarray(0, size));
      assert(error instanceof SluiceError && error.offset === size, `${shape}, ${size} bytes: ${error}`);
      assertEquals(liveHandleCount(), before, `${shape}, ${size} bytes`);
    }
  }
});
