import { liveHandleCount } from "@sluice/ffi";
import { SluiceError } from "@sluice/internal";
import {
  compressZstd,
  decompressZstd,
  decompressZstdInto,
  finalizeZstdDictionary,
  readZstdFrameHeader,
  trainZstdDictionary,
  trainZstdDictionaryAsync,
  ZstdCompressor,
  ZstdDecoder,
  ZstdDecompressor,
  ZstdDictionary,
  ZstdEncoder,
} from "@sluice/zstd";
import type { ZstdCompressOptions, ZstdTrainOptions } from "@sluice/zstd";
import { assert, assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { BACKENDS, testBackends } from "../../tests/_backends.ts";
import { join, Random, text } from "../../tests/_data.ts";
import { ShapeFault } from "../../tests/_shapes.ts";
import { COMPRESS_SHAPES, DECOMPRESS_SHAPES } from "../../tests/_zstd_shapes.ts";
import { writeZstdSkippableFrame } from "../frame/skippable_frame.ts";

/** Messages that look alike, as dictionaries want them. */
function messages(count: number, seed = 5): Uint8Array<ArrayBuffer>[] {
  const random = new Random(seed);
  const cities = ["Berlin", "Lagos", "Quito", "Hanoi", "Perth", "Turin"];
  return Array.from({ length: count }, (_, i) =>
    new TextEncoder().encode(JSON.stringify({
      id: random.next(),
      kind: ["order", "refund", "visit"][i % 3],
      customer: {
        city: cities[random.below(6)],
        name: `user${random.below(1000)}`,
        vip: random.below(9) === 0,
      },
      lines: [{ sku: `A-${random.below(50)}`, count: random.below(9), price: random.below(10_000) / 100 }],
    })));
}

const SAMPLES = messages(1500);
const TRAINED = trainZstdDictionary(SAMPLES, { size: 4096, id: 77_777 });
const MESSAGE = messages(1, 99)[0]!;

testBackends("every shape compresses and decompresses with a dictionary", async () => {
  const plain = compressZstd(MESSAGE).length;
  for (const type of ["full", "raw", "auto"] as const) {
    using dictionary = new ZstdDictionary(TRAINED.bytes, { type });
    assertEquals(dictionary.id, type === "raw" ? 0 : 77_777);
    for (const [shape, compress] of Object.entries(COMPRESS_SHAPES)) {
      const frame = await compress([MESSAGE], { dictionary, contentChecksum: true });
      assert(frame.length < plain * 0.7, `${shape}, ${type}: ${frame.length} of ${plain}`);
      assertEquals(readZstdFrameHeader(frame).dictId, dictionary.id);
      for (const decompress of Object.values(DECOMPRESS_SHAPES)) {
        assertEquals(await decompress([frame], { dictionary }), MESSAGE, shape);
      }
    }
  }
});

Deno.test("both backends write the same bytes with a dictionary", { ignore: BACKENDS.length < 2 }, () => {
  for (const level of [1, 3, 9, 19]) {
    const options = { level, dictionary: TRAINED };
    assertEquals(
      compressZstd(MESSAGE, { ...options, backend: "native" }),
      compressZstd(MESSAGE, { ...options, backend: "wasm" }),
    );
  }
});

testBackends("a frame without its dictionary names it", async () => {
  const frame = compressZstd(MESSAGE, { dictionary: TRAINED });
  using other = trainZstdDictionary(SAMPLES, { size: 2048, id: 88_888 });
  for (const dictionary of [undefined, other]) {
    for (const [shape, decompress] of Object.entries(DECOMPRESS_SHAPES)) {
      const fault = await assertRejects(() => decompress([frame], { dictionary }));
      const error = (fault instanceof ShapeFault ? fault.cause : fault) as SluiceError & {
        expectedId: number;
      };
      assertEquals([error.name, error.code, error.expectedId], [
        "DictionaryMismatchError",
        "DICTIONARY_MISMATCH",
        77_777,
      ], shape);
    }
  }
});

testBackends("each frame gets the dictionary that it names", async () => {
  using second = trainZstdDictionary(messages(1500, 3), { size: 2048, id: 99_999 });
  const stream = join(
    compressZstd(MESSAGE, { dictionary: TRAINED }),
    compressZstd(MESSAGE),
    compressZstd(MESSAGE, { dictionary: second }),
    compressZstd(MESSAGE, { dictionary: TRAINED }),
  );
  const expected = join(MESSAGE, MESSAGE, MESSAGE, MESSAGE);
  const asked: number[] = [];
  const lookupDictionary = (id: number) => {
    asked.push(id);
    return [TRAINED, second].find((dictionary) => dictionary.id === id);
  };
  for (const decompress of Object.values(DECOMPRESS_SHAPES)) {
    assertEquals(await decompress([stream], { dictionaries: [second, TRAINED] }), expected);
    assertEquals(await decompress([stream], { dictionary: second, lookupDictionary }), expected);
  }
  assertEquals(new Set(asked), new Set([77_777]));
});

testBackends("damaged dictionaries are refused, and never taken for raw content", () => {
  const damaged = TRAINED.bytes.slice(0, 300);
  damaged.fill(0xff, 8, 60);
  for (const type of ["auto", "full"] as const) {
    using dictionary = new ZstdDictionary(damaged, { type });
    for (
      const use of [
        () => compressZstd(MESSAGE, { dictionary }),
        () => decompressZstd(compressZstd(MESSAGE), { dictionary }),
      ]
    ) {
      const error = assertThrows(use, SluiceError);
      assertEquals([error.name, error.code], ["CorruptDataError", "DICTIONARY_CORRUPT"]);
    }
  }
  assertThrows(() => new ZstdDictionary(text(100), { type: "full" }), RangeError, "magic number");
  assertThrows(() => new ZstdDictionary(text(100), { type: "best" as "raw" }), RangeError);
  for (const bytes of [text(9), text(9).buffer, new DataView(text(9).buffer)]) {
    const dictionary = bytes as unknown as ZstdDictionary;
    const says = "new ZstdDictionary(bytes)";
    assertThrows(() => compressZstd(MESSAGE, { dictionary }), TypeError, says);
    assertThrows(() => decompressZstd(compressZstd(MESSAGE), { dictionary }), TypeError, says);
    assertThrows(() => new ZstdCompressor({ dictionary }), TypeError, says);
  }
});

testBackends("a wrong raw dictionary is found by the checksum", () => {
  using right = new ZstdDictionary(text(2000, 1), { type: "raw" });
  using wrong = new ZstdDictionary(text(2000, 2), { type: "raw" });
  const frame = compressZstd(text(2000, 1), { dictionary: right, contentChecksum: true });
  const error = assertThrows(() => decompressZstd(frame, { dictionary: wrong }), SluiceError);
  assert(["CHECKSUM_MISMATCH", "CORRUPT"].includes(error.code));
  assertStringIncludes(error.message, ", or its dictionary is another one");
  const cut = frame.with(frame.length - 1, frame.at(-1)! ^ 1);
  const changed = assertThrows(() => decompressZstd(cut), SluiceError);
  assert(!changed.message.includes("another one"), "no dictionary was given");
});

testBackends("dictionaries of less than 8 bytes have no effect", () => {
  using tiny = new ZstdDictionary(text(7), { type: "raw" });
  const frame = compressZstd(MESSAGE, { dictionary: tiny });
  assertEquals(decompressZstd(frame), MESSAGE);
});

testBackends("a prefix serves every frame, also after a skippable one", async () => {
  const base = text(50_000);
  const content = join(base.subarray(10_000), text(100, 8));
  for (const [shape, compress] of Object.entries(COMPRESS_SHAPES)) {
    const frame = await compress([content], { prefix: base });
    assert(frame.length < 400, `${shape}: ${frame.length}`);
    assertEquals(readZstdFrameHeader(frame).hasChecksum, true);
    const stream = join(writeZstdSkippableFrame(text(20)), frame, frame);
    for (const decompress of Object.values(DECOMPRESS_SHAPES)) {
      assertEquals(await decompress([stream], { prefix: base }), join(content, content), shape);
    }
  }
  using encoder = new ZstdEncoder({ prefix: base });
  const frames = join(encoder.push(content), encoder.flush("frame"), encoder.push(content), encoder.finish());
  assert(frames.length < 800);
  assertEquals(decompressZstd(frames, { prefix: base }), join(content, content));
  assertThrows(() => compressZstd(content, { prefix: base, dictionary: TRAINED }), TypeError, "prefix");
  const wrong = { prefix: "3" as unknown as Uint8Array };
  assertThrows(
    () => compressZstd(content, wrong),
    TypeError,
    'option "prefix": it is a string, expected bytes',
  );
  assertThrows(
    () => decompressZstd(frames, wrong),
    TypeError,
    'option "prefix": it is a string, expected bytes',
  );
});

testBackends("digests are freed with the dictionary, and not under a context that uses them", () => {
  const before = liveHandleCount();
  const dictionary = new ZstdDictionary(TRAINED.bytes);
  const compressor = new ZstdCompressor({ dictionary });
  const decompressor = new ZstdDecompressor({ dictionary });
  const frame = compressor.compress(MESSAGE);
  assertEquals(decompressor.decompress(frame), MESSAGE);
  assertEquals(liveHandleCount(), before + 4);
  dictionary.close();
  assertEquals(compressor.compress(MESSAGE), frame);
  compressor.close();
  assertEquals(decompressor.decompress(frame), MESSAGE);
  decompressor.close();
  dictionary.close();
  assertEquals(liveHandleCount(), before);
  assertEquals(decompressZstd(frame, { dictionary }), MESSAGE); // digested anew
  dictionary.close();
});

testBackends("options of dictionaries are accepted", () => {
  const options: readonly ZstdCompressOptions[] = [
    { attachDictionary: "attach" },
    { attachDictionary: "copy" },
    { attachDictionary: "load" },
    { dedicatedDictionarySearch: true, level: 5 },
    { prefetchDictionaryTables: "on" },
    { dictId: false },
  ];
  for (const option of options) {
    const frame = compressZstd(MESSAGE, { ...option, dictionary: TRAINED });
    assertEquals(decompressZstd(frame, { dictionary: TRAINED }), MESSAGE);
    assertEquals(readZstdFrameHeader(frame).dictId, option.dictId === false ? 0 : 77_777);
  }
});

const TRAININGS: readonly ZstdTrainOptions[] = [
  {},
  { algorithm: "fastcover", k: 200, d: 8 },
  { algorithm: "fastcover", k: 200, d: 6, f: 18, accel: 5, optimize: false },
  { algorithm: "fastcover", optimize: true, steps: 3, splitPoint: 0.5 },
  { algorithm: "cover", k: 100, d: 8 },
  { algorithm: "cover", steps: 2, d: 6 },
  { algorithm: "cover", optimize: true, steps: 2 },
  { algorithm: "fastcover", shrink: true },
  { algorithm: "fastcover", shrink: 5, threads: 2 },
  { algorithm: "legacy", selectivity: 5 },
];

for (const options of TRAININGS) {
  testBackends(`training with ${JSON.stringify(options)} gives a dictionary that helps`, () => {
    using dictionary = trainZstdDictionary(SAMPLES, { size: 2048, ...options });
    assert(dictionary.size <= 2048 && dictionary.size >= 256);
    assert(dictionary.id >= 32_768 && dictionary.id < 2 ** 31);
    const { algorithm, k, d } = dictionary.training!;
    assertEquals(algorithm, options.algorithm ?? "fastcover");
    if (options.k !== undefined) assertEquals([k, d], [options.k, options.d]);
    else if (algorithm !== "legacy") assert(k >= 16 && d >= 6, `k ${k}, d ${d}`);
    const frame = compressZstd(MESSAGE, { dictionary });
    assert(frame.length < compressZstd(MESSAGE).length, `${frame.length}`);
    assertEquals(decompressZstd(frame, { dictionary }), MESSAGE);
  });
}

Deno.test("both backends train the same dictionary", { ignore: BACKENDS.length < 2 }, () => {
  for (
    const options of [{ k: 200, d: 8 }, { algorithm: "cover", k: 100, d: 8 }, {
      algorithm: "legacy",
    }] as const
  ) {
    const train = (backend: "native" | "wasm") =>
      trainZstdDictionary(SAMPLES, { ...options, size: 2048, id: 40_000, backend }).bytes;
    assertEquals(train("native"), train("wasm"), JSON.stringify(options));
  }
});

testBackends("training off the event loop gives the same dictionary", async () => {
  const options = { size: 1024, id: 35_000, k: 200, d: 8 };
  const dictionary = await trainZstdDictionaryAsync(SAMPLES, options);
  assertEquals(dictionary.bytes, trainZstdDictionary(SAMPLES, options).bytes);
});

testBackends("training refuses what can not work", () => {
  for (
    const options of [
      { size: 255 },
      { k: 200, d: 7 },
      { k: 5, d: 8 },
      { optimize: false },
      { optimize: false, k: 100 },
      { accel: 11 },
      { f: 32 },
      { splitPoint: 0 },
      { splitPoint: 1.5 },
      { shrink: 101 },
      { threads: -1 },
      { level: 23 },
      { id: 2 ** 32 },
      { selectivity: 33 },
      { algorithm: "best" as "cover" },
    ]
  ) assertThrows(() => trainZstdDictionary(SAMPLES, options), RangeError);
  assertThrows(() => trainZstdDictionary([]), RangeError, "no sample");
  assertThrows(() => trainZstdDictionary(SAMPLES, { magic: 1 } as ZstdTrainOptions), TypeError);
  const error = assertThrows(() => trainZstdDictionary([text(5), text(6)], { size: 1000 }), SluiceError);
  assert(error.message.includes("samples"), error.message);
});

testBackends("content chosen by hand becomes a full dictionary", () => {
  const content = SAMPLES.slice(0, 10).reduce((all, sample) => join(all, sample), new Uint8Array());
  using dictionary = finalizeZstdDictionary(content, SAMPLES, { id: 45_678, level: 5 });
  assertEquals([dictionary.id, dictionary.type], [45_678, "full"]);
  assertEquals(decompressZstd(compressZstd(MESSAGE, { dictionary }), { dictionary }), MESSAGE);
  assertThrows(() => finalizeZstdDictionary(content, SAMPLES, { size: 100 }), RangeError);
});

testBackends("a decoder holds a dictionary over many frames and pieces", () => {
  using decoder = new ZstdDecoder({ dictionary: TRAINED });
  const parts: Uint8Array[] = [];
  for (const message of SAMPLES.slice(0, 50)) {
    const frame = compressZstd(message, { dictionary: TRAINED });
    parts.push(decoder.push(frame.subarray(0, 9)), decoder.push(frame.subarray(9)));
  }
  decoder.finish();
  assertEquals(join(...parts), join(...SAMPLES.slice(0, 50)));
});

testBackends("several dictionaries: frames that share an id go in one call, others one by one", () => {
  const second = finalizeZstdDictionary(text(4000, 9), SAMPLES, { id: 40_001 });
  const content = SAMPLES[0]!;
  const first = compressZstd(content, { dictionary: TRAINED });
  const other = compressZstd(content, { dictionary: second });
  const plain = compressZstd(content);
  let asked: number[] = [];
  const lookupDictionary = (id: number) => {
    asked.push(id);
    return [TRAINED, second].find((dictionary) => dictionary.id === id);
  };
  for (
    const [frames, ids] of [
      [[first, first], [TRAINED.id]],
      [[first, other], [TRAINED.id, second.id]],
      [[plain, other], [second.id]],
    ] as const
  ) {
    const expected = join(content, content);
    assertEquals(decompressZstd(join(...frames), { dictionaries: [second, TRAINED] }), expected);
    const target = new Uint8Array(expected.length);
    assertEquals(
      decompressZstdInto(join(...frames), target, { dictionaries: [TRAINED, second] }),
      target.length,
    );
    assertEquals(target, expected);
    asked = [];
    assertEquals(decompressZstd(join(...frames), { lookupDictionary }), expected);
    assertEquals(asked, [...ids]);
  }
  const missing = assertThrows(() => decompressZstd(first, { dictionaries: [second] }), SluiceError);
  assertEquals(missing.code, "DICTIONARY_MISMATCH");
});
