import { SluiceError } from "@sluice/internal";
import {
  compressZstd,
  decompressZstd,
  estimateZstdCompressorMemory,
  readZstdFrameHeader,
  ZstdEncoder,
} from "@sluice/zstd";
import type { ZstdCompressOptions } from "@sluice/zstd";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { testBackends } from "../../tests/_backends.ts";
import { join, text } from "../../tests/_data.ts";

const CONTENT = text(3_000_000);

function encode(options: ZstdCompressOptions): { output: Uint8Array; memory: number } {
  using encoder = new ZstdEncoder(options);
  const parts = [encoder.push(CONTENT), encoder.finish()];
  return { output: join(...parts), memory: encoder.memoryUsage };
}

const CEILINGS = [120_000, 1_000_000, 5_000_000, 40_000_000];
const OPTIONS: readonly ZstdCompressOptions[] = [
  { level: 3 },
  { level: 19 },
  { level: 9, longDistance: true },
  { level: 6, size: CONTENT.length },
  { level: 12, prefix: CONTENT.subarray(0, 20_000) },
  { level: -7 },
];

for (const options of OPTIONS) {
  const { prefix: _, ...shown } = options;
  testBackends(`${JSON.stringify(shown)} is clamped to what fits`, () => {
    for (const maxMemory of CEILINGS) {
      const { output, memory } = encode({ ...options, maxMemory, onExceeded: "clamp" });
      assert(memory <= maxMemory, `${memory} bytes of ${maxMemory}`);
      assertEquals(decompressZstd(output, { prefix: options.prefix }), CONTENT);
    }
  });
}

testBackends("clamping takes no more than it must", () => {
  assertEquals(
    encode({ level: 7, maxMemory: 2 ** 30, onExceeded: "clamp" }).output,
    encode({ level: 7 }).output,
  );
  const roomy = encode({ level: 19, maxMemory: 40 << 20, onExceeded: "clamp" }).output;
  const tight = encode({ level: 19, maxMemory: 1 << 20, onExceeded: "clamp" }).output;
  assert(readZstdFrameHeader(roomy).windowSize > readZstdFrameHeader(tight).windowSize);
  assert(roomy.length < tight.length);
  assert(roomy.length < encode({ level: 3 }).output.length);
});

testBackends("without clamping a limit is an error, and clamping ends somewhere", () => {
  for (const onExceeded of [undefined, "error", "clamp"] as const) {
    const error = assertThrows(
      () => compressZstd(CONTENT, { level: 3, maxMemory: 20_000, onExceeded }),
      SluiceError,
    );
    assertEquals([error.name, error.code], ["LimitExceededError", "MEMORY_LIMIT"]);
  }
});

testBackends("clamping gives up threads, and refuses what needs them", () => {
  const { output } = encode({ threads: "auto", maxMemory: 5_000_000, onExceeded: "clamp" });
  assertEquals(decompressZstd(output), CONTENT);
  const clamp = { maxMemory: 5_000_000, onExceeded: "clamp" } as const;
  assertThrows(() => compressZstd(CONTENT, { ...clamp, rsyncable: true }), TypeError, "rsyncable");
  assertThrows(() => new ZstdEncoder({ ...clamp, adapt: {} }), TypeError, "adapt");
  assertThrows(() => compressZstd(CONTENT, { ...clamp, onExceeded: "never" as "clamp" }), RangeError);
});

testBackends("memory of long-distance matching is estimated", () => {
  for (const level of [1, 3, 9, 16]) {
    const options: ZstdCompressOptions = { level, longDistance: true, windowLog: 22 };
    const estimate = estimateZstdCompressorMemory(options);
    const { memory } = encode(options);
    assert(memory <= estimate * 1.01 && memory >= estimate * 0.8, `${memory} against ${estimate}`);
  }
});
