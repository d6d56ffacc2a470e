/**
 * One property for every codec: whatever the content, however it is cut, in whichever shape and on whichever backend, it
 * comes back as it was.
 */
import { GitLooseObjectDecoderStream, GitLooseObjectEncoderStream } from "@sluice/gitdb";
import {
  compressLz4,
  compressLz4Iterable,
  decompressLz4,
  decompressLz4Async,
  decompressLz4Iterable,
  Lz4CheckpointableDecompressor,
  Lz4CompressionStream,
  Lz4Decoder,
  Lz4DecompressionStream,
  Lz4Encoder,
} from "@sluice/lz4";
import { PdiffBlockSplitterStream } from "@sluice/pdiffcopy";
import {
  compressZpaq,
  compressZpaqIterable,
  decompressZpaq,
  decompressZpaqAsync,
  decompressZpaqIterable,
  ZpaqCompressionStream,
  ZpaqDecoder,
  ZpaqDecompressionStream,
  ZpaqEncoder,
} from "@sluice/zpaq";
import {
  compressZstd,
  compressZstdIterable,
  decompressZstd,
  decompressZstdAsync,
  decompressZstdIterable,
  ZstdCompressionStream,
  ZstdDecoder,
  ZstdDecompressionStream,
  ZstdEncoder,
  ZstdParallelDecoder,
} from "@sluice/zstd";
import {
  compressZstdSeekable,
  ZstdSeekableCompressionStream,
  ZstdSeekableReader,
} from "@sluice/zstd/seekable";
import { configureBackend } from "@sluice/ffi";
import type { BACKENDS } from "./_backends.ts";
import { chunks, join, Random, text } from "./_data.ts";

type Bytes = Uint8Array<ArrayBuffer>;
type Pieces = readonly Bytes[];

/** A codec in all its shapes. */
export interface PropertyCodec {
  readonly compressWhole: (content: Bytes) => Bytes | Promise<Bytes>;
  readonly decompressWhole: (data: Bytes) => Bytes | Promise<Bytes>;
  /** Ways to compress pieces. */
  readonly compress: Readonly<Record<string, (pieces: Pieces) => Promise<Bytes>>>;
  /** Ways to decompress pieces, with the size of output chunks where the shape has one. */
  readonly decompress: Readonly<Record<string, (pieces: Pieces, chunkSize: number) => Promise<Bytes>>>;
  /** Bytes in a second, in short: contents that would take too long are left out. */
  readonly speed: "fast" | "slow" | "very slow";
}

async function collect(chunks: AsyncIterable<Uint8Array>): Promise<Bytes> {
  return join(...await Array.fromAsync(chunks));
}

type Pair = ReadableWritablePair<Uint8Array, Bytes>;

async function through(pieces: Pieces, pair: Pair): Promise<Bytes> {
  return await collect(ReadableStream.from(pieces).pipeThrough(pair));
}

/** Through a stream whose writer waits for nothing, and whose reader brings buffers of its own. */
async function byob(pieces: Pieces, pair: Pair, size: number): Promise<Bytes> {
  const writer = pair.writable.getWriter();
  const writing = Promise.all([...pieces.map((piece) => writer.write(piece)), writer.close()]);
  writing.catch(() => {}); // the reader hears of it
  const reader = pair.readable.getReader({ mode: "byob" });
  const parts: Uint8Array[] = [];
  while (true) {
    const { value, done } = await reader.read(new Uint8Array(size));
    if (value !== undefined) parts.push(value);
    if (done) break;
  }
  await writing;
  return join(...parts);
}

interface Engine extends Disposable {
  push(piece: Bytes): Uint8Array;
  finish(): Uint8Array | void;
}

// deno-lint-ignore require-await
async function push(pieces: Pieces, engine: Engine): Promise<Bytes> {
  using open = engine;
  const parts = pieces.map((piece) => open.push(piece));
  return join(...parts, open.finish() ?? new Uint8Array());
}

function zstd(level: number): PropertyCodec {
  return {
    speed: "fast",
    compressWhole: (content) => compressZstd(content, { level }),
    decompressWhole: (data) => decompressZstd(data),
    compress: {
      push: (pieces) => push(pieces, new ZstdEncoder({ level })),
      stream: (pieces) => through(pieces, new ZstdCompressionStream({ level })),
      "stream off the loop": (pieces) =>
        through(pieces, new ZstdCompressionStream({ level, offload: "always" })),
      iterable: (pieces) => collect(compressZstdIterable(pieces, { level })),
    },
    decompress: {
      async: (pieces) => decompressZstdAsync(join(...pieces)),
      push: (pieces) => push(pieces, new ZstdDecoder()),
      stream: (pieces, chunkSize) => through(pieces, new ZstdDecompressionStream({ chunkSize })),
      "stream off the loop": (pieces, chunkSize) =>
        through(pieces, new ZstdDecompressionStream({ chunkSize, offload: "always" })),
      byob: (pieces, chunkSize) => byob(pieces, new ZstdDecompressionStream(), chunkSize),
      iterable: (pieces, chunkSize) => collect(decompressZstdIterable(pieces, { chunkSize })),
      parallel: (pieces, chunkSize) => collect(new ZstdParallelDecoder(pieces, { chunkSize, threads: 3 })),
    },
  };
}

const SEEKABLE: PropertyCodec = {
  speed: "fast",
  compressWhole: (content) => compressZstdSeekable(content, { frameSize: 100_000 }),
  decompressWhole: async (data) => {
    const reader = await ZstdSeekableReader.open(data);
    return await reader.read(0, reader.size);
  },
  compress: {
    stream: (pieces) =>
      through(pieces, new ZstdSeekableCompressionStream({ frameSize: 100_000, threads: 3 })),
  },
  decompress: {
    whole: async (pieces) => await collect((await ZstdSeekableReader.open(join(...pieces))).stream()),
    stream: (pieces, chunkSize) => through(pieces, new ZstdDecompressionStream({ chunkSize })),
  },
};

function lz4(options: { linked?: boolean; format?: "legacy"; blockSize?: 65536 }): PropertyCodec {
  return {
    speed: "fast",
    compressWhole: (content) => compressLz4(content, options),
    decompressWhole: (data) => decompressLz4(data),
    compress: {
      push: (pieces) => push(pieces, new Lz4Encoder(options)),
      stream: (pieces) => through(pieces, new Lz4CompressionStream(options)),
      "stream off the loop": (pieces) =>
        through(pieces, new Lz4CompressionStream({ ...options, offload: "always" })),
      iterable: (pieces) => collect(compressLz4Iterable(pieces, options)),
    },
    decompress: {
      async: (pieces) => decompressLz4Async(join(...pieces)),
      push: (pieces) => push(pieces, new Lz4Decoder()),
      stream: (pieces, chunkSize) => through(pieces, new Lz4DecompressionStream({ chunkSize })),
      "stream off the loop": (pieces, chunkSize) =>
        through(pieces, new Lz4DecompressionStream({ chunkSize, offload: "always" })),
      byob: (pieces, chunkSize) => byob(pieces, new Lz4DecompressionStream(), chunkSize),
      iterable: (pieces, chunkSize) => collect(decompressLz4Iterable(pieces, { chunkSize })),
      checkpointable: async (pieces) => {
        await using decompressor = new Lz4CheckpointableDecompressor(pieces);
        return await collect(decompressor);
      },
    },
  };
}

function zpaq(method: string, speed: PropertyCodec["speed"] = "fast"): PropertyCodec {
  return {
    speed,
    compressWhole: (content) => compressZpaq(content, { method }),
    decompressWhole: (data) => decompressZpaq(data),
    compress: {
      push: (pieces) => push(pieces, new ZpaqEncoder({ method })),
      stream: (pieces) => through(pieces, new ZpaqCompressionStream({ method })),
      iterable: (pieces) => collect(compressZpaqIterable(pieces, { method, offload: "never" })),
    },
    decompress: {
      async: (pieces) => decompressZpaqAsync(join(...pieces)),
      push: (pieces) => push(pieces, new ZpaqDecoder()),
      stream: (pieces, chunkSize) => through(pieces, new ZpaqDecompressionStream({ chunkSize })),
      "stream on the loop": (pieces, chunkSize) =>
        through(pieces, new ZpaqDecompressionStream({ chunkSize, offload: "never" })),
      byob: (pieces, chunkSize) => byob(pieces, new ZpaqDecompressionStream(), chunkSize),
      iterable: (pieces, chunkSize) => collect(decompressZpaqIterable(pieces, { chunkSize })),
    },
  };
}

function encodeLoose(pieces: Pieces): Promise<Bytes> {
  const size = pieces.reduce((sum, { length }) => sum + length, 0);
  return through(pieces, new GitLooseObjectEncoderStream("blob", size));
}

const LOOSE: PropertyCodec = {
  speed: "fast",
  compressWhole: (content) => encodeLoose([content]),
  decompressWhole: (data) => through([data], new GitLooseObjectDecoderStream()),
  compress: { stream: encodeLoose },
  decompress: { stream: (pieces) => through(pieces, new GitLooseObjectDecoderStream()) },
};

const BLOCKS: PropertyCodec = {
  speed: "fast",
  compressWhole: (content) => content,
  decompressWhole: (data) => data,
  compress: {},
  decompress: { splitter: (pieces, chunkSize) => through(pieces, new PdiffBlockSplitterStream(chunkSize)) },
};

/** The codecs by their names. */
export const CODECS: Readonly<Record<string, PropertyCodec>> = {
  "zstd 3": zstd(3),
  "zstd 12": zstd(12),
  "zstd seekable": SEEKABLE,
  "lz4": lz4({}),
  "lz4 linked": lz4({ linked: true, blockSize: 65536 }),
  "lz4 legacy": lz4({ format: "legacy" }),
  "zpaq 0": zpaq("0"),
  "zpaq 1": zpaq("1"),
  "zpaq 2": zpaq("2"),
  "zpaq 3": zpaq("3", "slow"),
  "zpaq 4": zpaq("4", "very slow"),
  "zpaq 5": zpaq("5", "very slow"),
  // Each post-processor alone: bits, bytes, BWT, all with E8E9, and E8E9 by itself.
  "zpaq x0,1": zpaq("x0,1,4,0,3,16", "slow"),
  "zpaq x0,2": zpaq("x0,2,5,0,3,16", "slow"),
  "zpaq x0,3": zpaq("x0,3ci1", "slow"),
  "zpaq x0,4": zpaq("x0,4", "slow"),
  "zpaq x0,5": zpaq("x0,5,4,0,3,16", "slow"),
  "zpaq x0,6": zpaq("x0,6,5,0,3,16", "slow"),
  "zpaq x0,7": zpaq("x0,7ci1", "slow"),
  "gitdb loose": LOOSE,
  "pdiffcopy blocks": BLOCKS,
};

/** Kinds of content. */
const CONTENTS: Readonly<Record<string, (size: number) => Bytes>> = {
  zeros: (size) => new Uint8Array(size),
  runs: (size) => Uint8Array.from({ length: size }, (_, i) => i >> 9),
  "repeats at the end": (size) => {
    const content = new Random(5).bytes(size);
    content.fill(0x61, Math.floor(size / 4));
    for (let i = Math.floor(size / 2); i < size; i++) {
      content[i] = content[i - 19]! + (i % 5000 === 0 ? 1 : 0);
    }
    return content;
  },
  random: (size) => new Random(7).bytes(size),
  text: (size) => text(size),
  calls: (size) =>
    Uint8Array.from(
      { length: size },
      (_, i) => i % 7 === 0 ? 0xe8 : i % 7 === 4 ? 0 : i % 7 < 4 ? i >> 5 : 255,
    ),
};

/** How much of the table is run. */
export interface PropertyScope {
  readonly sizes: readonly number[];
  /** Sizes of the pieces that input is cut into; 0 for one piece. */
  readonly pieceSizes: readonly number[];
  readonly chunkSizes: readonly number[];
  /** Kinds of content; all where it is undefined. */
  readonly contents?: readonly string[];
  /** The largest content by the speed of its codec. */
  readonly sizeMax: Readonly<Record<PropertyCodec["speed"], number>>;
  /** Up to this size each piece size meets each chunk size in each shape. */
  readonly fullSizeMax: number;
  /** The most pieces that a content is cut into, and the most reads that it takes. */
  readonly piecesMax: number;
  /** Beyond it the pairs take turns, so many to a content, by the speed of the codec; each shape has turns of its own. */
  readonly turns: Readonly<Record<PropertyCodec["speed"], number>>;
}

/** The size of the pieces of input, and of the chunks of output. */
type Cut = readonly [pieceSize: number, chunkSize: number];

/** What a run came to. */
export interface PropertyOutcome {
  readonly cases: number;
  readonly failures: readonly string[];
}

function cut(bytes: Bytes, size: number, piecesMax: number): Bytes[] {
  if (size === 0 || bytes.length === 0) return [bytes];
  return chunks(bytes, Math.max(size, Math.ceil(bytes.length / piecesMax))) as Bytes[];
}

function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** Runs the table for one codec on one backend. */
export async function runShapeProperty(
  name: string,
  backend: (typeof BACKENDS)[number],
  scope: PropertyScope,
): Promise<PropertyOutcome> {
  const codec = CODECS[name]!;
  configureBackend(backend);
  let cases = 0;
  const failures: string[] = [];
  async function expectContent(
    label: string,
    content: Bytes,
    run: () => Bytes | Promise<Bytes>,
  ): Promise<void> {
    cases++;
    try {
      const found = await run();
      if (!isEqual(found, content)) {
        failures.push(`${label}: ${found.length} bytes, other than the ${content.length}`);
      }
    } catch (error) {
      failures.push(`${label}: ${error}`);
    }
  }
  const cuts = scope.pieceSizes.map((pieceSize): Cut => [pieceSize, 0]);
  const pairs = scope.pieceSizes.flatMap((pieceSize) =>
    scope.chunkSizes.map((chunkSize): Cut => [pieceSize, chunkSize])
  );
  const turns = new Map<string, number>();
  function* dueCuts(of: readonly Cut[], shape: string, size: number, speed: PropertyCodec["speed"]) {
    if (size <= scope.fullSizeMax) return yield* of;
    for (let i = Math.min(scope.turns[speed], of.length); i > 0; i--) {
      const turn = turns.get(shape) ?? 0;
      turns.set(shape, turn + 1);
      yield of[turn % of.length]!;
    }
  }
  for (const [kind, make] of Object.entries(CONTENTS)) {
    if (scope.contents?.includes(kind) === false) continue;
    for (const size of scope.sizes.filter((size) => size <= scope.sizeMax[codec.speed])) {
      const content = make(size);
      const data = await codec.compressWhole(content);
      const label = `${name} on ${backend}, ${kind} of ${size}`;
      await expectContent(`${label}, whole`, content, () => codec.decompressWhole(data));
      for (const [shape, compress] of Object.entries(codec.compress)) {
        for (const [pieceSize] of dueCuts(cuts, `to ${shape}`, size, codec.speed)) {
          await expectContent(
            `${label}, compressed by ${shape} of ${pieceSize}`,
            content,
            async () => await codec.decompressWhole(await compress(cut(content, pieceSize, scope.piecesMax))),
          );
        }
      }
      for (const [shape, decompress] of Object.entries(codec.decompress)) {
        for (const [pieceSize, chunkSize] of dueCuts(pairs, `from ${shape}`, size, codec.speed)) {
          const room = Math.max(chunkSize, Math.ceil(size / scope.piecesMax));
          await expectContent(
            `${label}, ${shape} of ${pieceSize} into ${room}`,
            content,
            () => decompress(cut(data, pieceSize, scope.piecesMax), room),
          );
        }
      }
    }
  }
  configureBackend("auto");
  return { cases, failures };
}
