import { SluiceError } from "@sluice/internal";
import {
  compressZstd,
  decompressZstd,
  estimateZstdCompressorMemory,
  estimateZstdDecompressorMemory,
  readZstdFrameHeader,
  zstdCompressionParameters,
  ZstdCompressionStream,
  ZstdCompressor,
  ZstdDecompressionStream,
  ZstdDecompressor,
  ZstdEncoder,
  zstdParameterBounds,
} from "@sluice/zstd";
import type { ZstdCompressOptions, ZstdDecompressOptions } from "@sluice/zstd";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { BACKENDS, testBackends } from "../../tests/_backends.ts";
import { text } from "../../tests/_data.ts";

const CONTENT = text(200_000);

/** Options that any backend takes. */
const ACCEPTED: readonly ZstdCompressOptions[] = [
  { level: -131072 },
  { level: 22 },
  { windowLog: 10 },
  { windowLog: 27 },
  { hashLog: 6, chainLog: 6, searchLog: 1, minMatch: 3, targetLength: 131072, strategy: "btultra2" },
  { hashLog: 20, chainLog: 20, searchLog: 8, minMatch: 7, strategy: "fast" },
  ...(["fast", "dfast", "greedy", "lazy", "lazy2", "btlazy2", "btopt", "btultra", "btultra2"] as const).map((
    strategy,
  ) => ({ strategy })),
  { longDistance: true },
  { longDistance: false, level: 19 },
  { longDistance: "auto" },
  { longDistance: { hashLog: 10, minMatch: 32, bucketSizeLog: 2, hashRateLog: 4 } },
  { contentSize: false },
  { contentChecksum: true },
  { dictId: false },
  { format: "zstd" },
  { targetBlockSize: 1 },
  { targetBlockSize: 5000 },
  { maxBlockSize: 1024 },
  { forceMaxWindow: true },
  { literals: "on" },
  { literals: "off" },
  { sizeHint: 200_000 },
  { splitAfterSequences: "on" },
  { splitAfterSequences: "off", blockSplitterLevel: 6 },
  { rowMatchFinder: "on", strategy: "lazy" },
  { rowMatchFinder: "off", strategy: "lazy" },
  { size: CONTENT.length },
  { maxMemory: 100 << 20 },
  { threads: 0 },
];

for (const options of ACCEPTED) {
  testBackends(`compression with ${JSON.stringify(options)} comes back`, () => {
    assertEquals(decompressZstd(compressZstd(CONTENT, options), { maxWindowLog: 27 }), CONTENT);
    using encoder = new ZstdEncoder(options);
    const parts = [encoder.push(CONTENT), encoder.finish()];
    assertEquals(decompressZstd(Uint8Array.from(parts.flatMap((part) => [...part]))), CONTENT);
  });
}

/** Options out of range, with the name that the error must say. */
const OUT_OF_RANGE: readonly [ZstdCompressOptions, string][] = [
  [{ level: 23 }, "level"],
  [{ level: -131073 }, "level"],
  [{ level: 1.5 }, "level"],
  [{ level: NaN }, "level"],
  [{ windowLog: 9 }, "windowLog"],
  [{ windowLog: 32 }, "windowLog"],
  [{ hashLog: 31 }, "hashLog"],
  [{ chainLog: 5 }, "chainLog"],
  [{ searchLog: 31 }, "searchLog"],
  [{ minMatch: 8 }, "minMatch"],
  [{ targetLength: 131073 }, "targetLength"],
  [{ targetBlockSize: 131073 }, "targetBlockSize"],
  [{ strategy: "fastest" as "fast" }, "strategy"],
  [{ longDistance: { minMatch: 3 } }, "longDistanceMinMatch"],
  [{ longDistance: { bucketSizeLog: 9 } }, "longDistanceBucketSizeLog"],
  [{ longDistance: { hashRateLog: 26 } }, "longDistanceHashRateLog"],
  [{ threads: 257 }, "threads"],
  [{ threads: -1 }, "threads"],
  [{ jobSize: 2 ** 31 }, "jobSize"],
  [{ overlapLog: 10 }, "overlapLog"],
  [{ maxBlockSize: 1023 }, "maxBlockSize"],
  [{ blockSplitterLevel: 7 }, "blockSplitterLevel"],
  [{ literals: "maybe" as "on" }, "literals"],
  [{ format: "gzip" as "zstd" }, "format"],
  [{ size: -1 }, "size"],
  [{ backend: "gpu" as "wasm" }, "backend"],
];

for (const [options, name] of OUT_OF_RANGE) {
  testBackends(`compression refuses ${JSON.stringify(options)} with a RangeError`, () => {
    for (
      const make of [
        () => compressZstd(CONTENT, options),
        () => new ZstdCompressor(options),
        () => new ZstdEncoder(options),
        () => new ZstdCompressionStream(options),
      ]
    ) assertThrows(make, RangeError, `"${name}"`);
  });
}

testBackends("wrong types and unknown names are TypeErrors", () => {
  const wrong: readonly unknown[] = [
    { level: "3" },
    { contentChecksum: 1 },
    { longDistance: 27 },
    { longDistance: { window: 3 } },
    { lvl: 3 },
    null,
    "fast",
  ];
  for (const options of wrong) {
    assertThrows(() => compressZstd(CONTENT, options as ZstdCompressOptions), TypeError);
    assertThrows(() => new ZstdCompressionStream(options as ZstdCompressOptions), TypeError);
  }
  for (const options of [{ frames: 1, x: 2 }, { maxOutputSize: "1" }, { verifyChecksums: 0 }, null]) {
    assertThrows(() => new ZstdDecompressor(options as unknown as ZstdDecompressOptions), TypeError);
    assertThrows(() => new ZstdDecompressionStream(options as unknown as ZstdDecompressOptions), TypeError);
  }
  assertThrows(() => new ZstdDecompressor({ maxWindowLog: 9 }), RangeError, "10 to 31");
  assertThrows(() => new ZstdDecompressor({ maxOutputSize: -1 }), RangeError);
  assertThrows(() => new ZstdCompressionStream({ chunkSize: 0 }), RangeError);
});

Deno.test("worker threads are refused by WASM and equal for any number natively", () => {
  const error = assertThrows(() => compressZstd(CONTENT, { threads: 2, backend: "wasm" }), SluiceError);
  assertEquals([error.name, error.code], ["UnsupportedFeatureError", "PARAMETER_UNSUPPORTED"]);
  assertEquals(decompressZstd(compressZstd(CONTENT, { threads: "auto", backend: "wasm" })), CONTENT);
  if (!BACKENDS.includes("native")) return;
  const content = text(3_000_000);
  const one = compressZstd(content, { threads: 1, jobSize: 512 << 10, backend: "native" });
  assertEquals(compressZstd(content, { threads: 3, jobSize: 512 << 10, backend: "native" }), one);
  assertEquals(decompressZstd(one), content);
  assertEquals(decompressZstd(compressZstd(content, { rsyncable: true, backend: "native" })), content);
});

testBackends("a memory limit is an error with the limit", () => {
  const error = assertThrows(() => compressZstd(CONTENT, { level: 19, maxMemory: 200_000 }), SluiceError);
  assertEquals([error.name, error.code], ["LimitExceededError", "MEMORY_LIMIT"]);
});

testBackends("levels stand for the parameters of the library", () => {
  assertEquals(zstdCompressionParameters(3), {
    windowLog: 21,
    chainLog: 16,
    hashLog: 17,
    searchLog: 1,
    minMatch: 5,
    targetLength: 0,
    strategy: "dfast",
  });
  assertEquals(zstdCompressionParameters(19, { sourceSize: 1000 }).windowLog, 10);
  const explicit = compressZstd(CONTENT, {
    ...zstdCompressionParameters(7, { sourceSize: CONTENT.length }),
    level: 7,
  });
  assertEquals(explicit, compressZstd(CONTENT, { level: 7 }));
  assertThrows(() => zstdCompressionParameters(40), RangeError);
});

testBackends("bounds come from the backend", (backend) => {
  assertEquals(zstdParameterBounds("windowLog"), { min: 10, max: backend === "native" ? 31 : 30 });
  assertEquals(zstdParameterBounds("level"), { min: -131072, max: 22 });
  assertEquals(zstdParameterBounds("threads").max, backend === "native" ? 256 : 0);
  assertThrows(() => zstdParameterBounds("speed" as "level"), RangeError, "no parameter");
});

testBackends("memory estimates are near what contexts take", () => {
  using encoder = new ZstdEncoder({ level: 3 });
  encoder.push(CONTENT);
  const estimate = estimateZstdCompressorMemory({ level: 3 });
  assert(encoder.memoryUsage <= estimate * 1.05, `${encoder.memoryUsage} against ${estimate}`);
  assert(encoder.memoryUsage >= estimate * 0.5, `${encoder.memoryUsage} against ${estimate}`);
  assert(estimateZstdCompressorMemory({ level: 19 }) > estimateZstdCompressorMemory({ level: 1 }) * 10);
  assert(estimateZstdDecompressorMemory(23) > 8 << 20);
});

testBackends("the window of a frame follows the options", () => {
  const header = (options: ZstdCompressOptions) => {
    using encoder = new ZstdEncoder(options);
    return readZstdFrameHeader(new Uint8Array([...encoder.push(CONTENT), ...encoder.finish()]));
  };
  assertEquals(header({ windowLog: 20 }).windowSize, 1 << 20);
  assertEquals(header({ longDistance: true }).windowSize, 1 << 27);
  assertEquals(header({}).contentSize, undefined);
});
