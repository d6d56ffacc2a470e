/**
 * Decompression on several threads: the same content and the same faults as on one, in every shape.
 */
import { assertEquals } from "@std/assert";
import { SluiceError } from "@sluice/internal";
import {
  compressLz4,
  decompressLz4,
  decompressLz4Async,
  decompressLz4Iterable,
  Lz4Decoder,
  Lz4DecompressionStream,
} from "../mod.ts";
import type { Lz4DecompressOptions } from "../mod.ts";
import { testBackends } from "../../tests/_backends.ts";
import { chunks, join, Random, text } from "../../tests/_data.ts";

const CONTENT = join(text(900_000), new Random(6).bytes(300_000), text(1_200_001, 2));
const DICTIONARY = text(70_000, 5);

/** Frames of every kind that matters: full and short blocks, with and without checksums, several frames. */
const FILES: Readonly<Record<string, Uint8Array<ArrayBuffer>>> = {
  full: compressLz4(CONTENT, { blockSize: 65536 }),
  "one block": compressLz4(CONTENT, { blockSize: 4 << 20 }),
  "no size, no checksum": compressLz4(CONTENT, {
    blockSize: 65536,
    contentSize: "none",
    contentChecksum: false,
  }),
  short: compressLz4(CONTENT, { blockSize: 30_000 }),
  "block checksums": compressLz4(CONTENT, { blockSize: 256 << 10, blockChecksums: true }),
  linked: compressLz4(CONTENT, { blockSize: 65536, linked: true }),
  frames: compressLz4(CONTENT, { frameSize: 300_000, blockSize: 65536 }),
  legacy: compressLz4(join(CONTENT, ...Array.from({ length: 8 }, () => CONTENT)), { format: "legacy" }),
  dictionary: compressLz4(CONTENT, { blockSize: 65536, dictionary: DICTIONARY }),
};

interface Outcome {
  readonly content: Uint8Array;
  readonly fault: string | undefined;
}

/** The content that comes before a fault, and the fault. */
async function outcomeOf(pieces: AsyncIterable<Uint8Array<ArrayBuffer>>): Promise<Outcome> {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  try {
    for await (const piece of pieces) parts.push(piece);
    return { content: join(...parts), fault: undefined };
  } catch (error) {
    if (!(error instanceof SluiceError)) throw error;
    return { content: join(...parts), fault: `${error.message} ${error.code} ${error.offset}` };
  }
}

type Shape = (file: Uint8Array<ArrayBuffer>, options: Lz4DecompressOptions) => Promise<Outcome>;

const SHAPES: Readonly<Record<string, Shape>> = {
  iterable: (file, options) => outcomeOf(decompressLz4Iterable(chunks(file, 100_003), options)),
  "small chunks": (file, options) =>
    outcomeOf(decompressLz4Iterable(chunks(file, 100_003), { ...options, chunkSize: 50_000 })),
  stream: (file, options) =>
    outcomeOf(
      ReadableStream.from(chunks(file, 1_000_001)).pipeThrough(new Lz4DecompressionStream(options)),
    ),
  push: (file, options) =>
    outcomeOf((async function* () {
      using decoder = new Lz4Decoder(options);
      for (const chunk of chunks(file, 700_001)) yield decoder.push(chunk);
      decoder.finish();
    })()),
  readInto: (file, options) =>
    outcomeOf((async function* () {
      using decoder = new Lz4Decoder(options);
      const pieces = [...chunks(file, 100_003)];
      const target = new Uint8Array(1_000_000);
      while (!decoder.ended) {
        if (decoder.needsInput) {
          const piece = pieces.shift();
          if (piece === undefined) decoder.end();
          else decoder.write(piece);
        } else {
          const length = await decoder.readIntoAsync(target);
          yield target.slice(0, length);
        }
      }
    })()),
};

const dictionary = { dictionary: DICTIONARY };

testBackends("Lz4 content does not depend on the threads that decode it", async () => {
  for (const [kind, file] of Object.entries(FILES)) {
    const expected = decompressLz4(file, dictionary);
    for (const threads of [2, 5]) {
      const options = { ...dictionary, threads };
      assertEquals(decompressLz4(file, options), expected, `${kind} whole`);
      assertEquals(await decompressLz4Async(file, options), expected, `${kind} async`);
      for (const [name, shape] of Object.entries(SHAPES)) {
        assertEquals(await shape(file, options), { content: expected, fault: undefined }, `${kind} ${name}`);
      }
    }
  }
});

testBackends("Lz4 faults do not depend on the threads that find them", async () => {
  const random = new Random(Random.seed(18));
  for (const [kind, file] of Object.entries(FILES)) {
    for (let round = 0; round < 4; round++) {
      const damaged = round === 0 ? file.slice(0, random.below(file.length)) : file.slice();
      if (round > 0) damaged[random.below(file.length)]! ^= 1 << random.below(8);
      for (const [name, shape] of Object.entries(SHAPES)) {
        const expected = await shape(damaged, dictionary);
        const found = await shape(damaged, { ...dictionary, threads: 3 });
        assertEquals(found.fault, expected.fault, `${kind} ${name}`);
        assertEquals(found.content.length, expected.content.length, `${kind} ${name}`);
        assertEquals(found.content, expected.content, `${kind} ${name}`);
      }
    }
  }
});

testBackends("Lz4 threads keep rules and limits", async () => {
  const file = FILES.full!;
  const [limited, strict] = [{ maxOutputSize: 1_000_000 }, { strictBlocks: true }];
  for (const shape of Object.values(SHAPES)) {
    assertEquals(await shape(file, { ...limited, threads: 3 }), await shape(file, limited));
    assertEquals(await shape(file, { ...strict, threads: 3 }), await shape(file, strict));
  }
});

Deno.test("Lz4Decoder keeps no buffer of its caller once it needs input", async () => {
  const content = new Random(8).bytes(30_000_000);
  const file = compressLz4(content, { blockSize: 65536 });
  for (const size of [8 << 20, 9 << 20, 3_000_000]) {
    using decoder = new Lz4Decoder({ threads: 2 });
    const buffer = new Uint8Array(size);
    const target = new Uint8Array(1 << 20);
    const parts: Uint8Array<ArrayBuffer>[] = [];
    let offset = 0;
    while (!decoder.ended) {
      if (!decoder.needsInput) {
        const length = await decoder.readIntoAsync(target);
        parts.push(target.slice(0, length));
        continue;
      }
      const piece = file.subarray(offset, offset + size);
      offset += piece.length;
      buffer.fill(0xa5);
      buffer.set(piece);
      if (piece.length === 0) decoder.end();
      else decoder.write(buffer.subarray(0, piece.length));
    }
    assertEquals(join(...parts), content, `chunks of ${size}`);
  }
});
