/**
 * Options in pairs: every two values of every two options meet in some shape on some backend, the content comes back,
 * the size is that of the whole value within a hundredth, and the tools of the formats read what needs no dictionary.
 */
import {
  compressLz4,
  compressLz4Iterable,
  decompressLz4,
  decompressLz4Iterable,
  Lz4CompressionStream,
  Lz4Decoder,
  Lz4DecompressionStream,
  Lz4Encoder,
} from "@sluice/lz4";
import {
  compressZpaq,
  compressZpaqIterable,
  decompressZpaq,
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
  decompressZstdIterable,
  ZstdCompressionStream,
  ZstdDecoder,
  ZstdDecompressionStream,
  ZstdDictionary,
  ZstdEncoder,
} from "@sluice/zstd";
import { configureBackend } from "@sluice/ffi";
import { assert, assertEquals } from "@std/assert";
import { BACKENDS } from "./_backends.ts";
import { chunks, join, text } from "./_data.ts";
import { pairwise } from "./_pairwise.ts";
import type { Factors, PairwiseRow } from "./_pairwise.ts";

type Bytes = Uint8Array<ArrayBuffer>;
type Options = Record<string, unknown>;

const CONTENT = text(200_000, 3);
const PIECES = chunks(CONTENT, 7001) as Bytes[];
const DICTIONARY = text(30_000, 9);
const RAW = new ZstdDictionary(DICTIONARY, { type: "raw" });
const SHAPES = ["push", "chunks", "buffer", "stream", "iterable"] as const;

interface Codec {
  /** Compresses the whole value. */
  readonly whole: (options: Options) => Bytes;
  /** Compresses the pieces in a shape. */
  readonly shape: (shape: typeof SHAPES[number], options: Options) => Promise<Bytes>;
  /** Decompresses the data in a shape. */
  readonly decode: (shape: typeof SHAPES[number], data: Bytes, options: Options) => Promise<Bytes>;
}

async function collect(chunks: AsyncIterable<Uint8Array>): Promise<Bytes> {
  return join(...await Array.fromAsync(chunks));
}

const cut = (data: Bytes): Bytes[] => chunks(data, 997) as Bytes[];

/** A push engine of either direction. */
type Engine = Disposable & { push(piece: Bytes): Bytes; finish(): Bytes | void };

function pushAll(pieces: Bytes[], engine: Engine): Bytes {
  using open = engine;
  return join(...pieces.map((piece) => open.push(piece)), open.finish() ?? new Uint8Array());
}

function drain(engine: { readInto(target: Bytes): number }, into: Bytes[]): void {
  const target = new Uint8Array(1000);
  for (let length = engine.readInto(target); length > 0; length = engine.readInto(target)) {
    into.push(target.slice(0, length));
  }
}

const ZSTD: Codec = {
  whole: (options) => compressZstd(CONTENT, options),
  async shape(shape, options) {
    if (shape === "stream") {
      return await collect(ReadableStream.from(PIECES).pipeThrough(new ZstdCompressionStream(options)));
    }
    if (shape === "iterable") return await collect(compressZstdIterable(PIECES, options));
    if (shape === "push") return pushAll(PIECES, new ZstdEncoder(options));
    using encoder = new ZstdEncoder(options);
    const parts: Bytes[] = [];
    for (const [at, piece] of PIECES.entries()) {
      // Both ways to take output, in turns.
      if (shape === "chunks" && at % 3 > 0) {
        for (const part of encoder.pushChunks(piece, 500)) parts.push(part);
      } else {
        encoder.write(piece);
        drain(encoder, parts);
      }
    }
    encoder.end();
    while (!encoder.ended) drain(encoder, parts);
    return join(...parts);
  },
  async decode(shape, data, options) {
    if (shape === "stream") {
      return await collect(ReadableStream.from(cut(data)).pipeThrough(new ZstdDecompressionStream(options)));
    }
    if (shape === "iterable") return await collect(decompressZstdIterable(cut(data), options));
    if (shape === "push") return pushAll(cut(data), new ZstdDecoder(options));
    if (shape === "chunks") return decompressZstd(data, options);
    using decoder = new ZstdDecoder(options);
    const parts: Bytes[] = [];
    for (const piece of cut(data)) {
      decoder.write(piece);
      drain(decoder, parts);
    }
    decoder.finish();
    return join(...parts);
  },
};

/** A codec that takes and gives whole pieces only. */
function plainCodec(
  { compress, decompress, compressIterable, decompressIterable, compressor, decompressor, encoder, decoder }:
    {
      readonly compress: (content: Bytes, options: Options) => Bytes;
      readonly decompress: (data: Bytes, options: Options) => Bytes;
      readonly compressIterable: (pieces: Bytes[], options: Options) => AsyncIterable<Uint8Array>;
      readonly decompressIterable: (pieces: Bytes[], options: Options) => AsyncIterable<Uint8Array>;
      readonly compressor: (options: Options) => ReadableWritablePair<Uint8Array, Bytes>;
      readonly decompressor: (options: Options) => ReadableWritablePair<Uint8Array, Bytes>;
      readonly encoder: (options: Options) => Engine;
      readonly decoder: (options: Options) => Engine;
    },
): Codec {
  return {
    whole: (options) => compress(CONTENT, options),
    async shape(shape, options) {
      if (shape === "stream") {
        return await collect(ReadableStream.from(PIECES).pipeThrough(compressor(options)));
      }
      return shape === "iterable"
        ? await collect(compressIterable(PIECES, options))
        : pushAll(PIECES, encoder(options));
    },
    async decode(shape, data, options) {
      if (shape === "stream") {
        return await collect(ReadableStream.from(cut(data)).pipeThrough(decompressor(options)));
      }
      if (shape === "iterable") return await collect(decompressIterable(cut(data), options));
      return shape === "push" ? pushAll(cut(data), decoder(options)) : decompress(data, options);
    },
  };
}

const LZ4 = plainCodec({
  compress: compressLz4,
  decompress: decompressLz4,
  compressIterable: compressLz4Iterable,
  decompressIterable: decompressLz4Iterable,
  compressor: (options) => new Lz4CompressionStream(options),
  decompressor: (options) => new Lz4DecompressionStream(options),
  encoder: (options) => new Lz4Encoder(options),
  decoder: (options) => new Lz4Decoder(options),
});

const ZPAQ = plainCodec({
  compress: compressZpaq,
  decompress: decompressZpaq,
  compressIterable: compressZpaqIterable,
  decompressIterable: decompressZpaqIterable,
  compressor: (options) => new ZpaqCompressionStream(options),
  decompressor: (options) => new ZpaqDecompressionStream(options),
  encoder: (options) => new ZpaqEncoder(options),
  decoder: (options) => new ZpaqDecoder(options),
});

/** Leaves out what is undefined. */
function given(options: Options): Options {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}

/** Runs all rows; `split` says which options a row has for compression and for decompression, or that it can't be. */
async function run<const T extends Factors>(
  name: string,
  codec: Codec,
  factors: T,
  split: (row: PairwiseRow<T>) => { compress: Options; decompress: Options } | undefined,
): Promise<Bytes[]> {
  const rows = pairwise({ ...factors, backend: BACKENDS, shape: SHAPES, decodeShape: SHAPES });
  const failures: string[] = [];
  const plain: Bytes[] = [];
  let cases = 0;
  for (const row of rows) {
    const { backend, shape, decodeShape, ...own } = row as Options;
    const options = split(own as PairwiseRow<T>);
    if (options === undefined) continue;
    const label = Object.entries(row).map(([key, value]) =>
      `${key} ${value instanceof Uint8Array ? "given" : value}`
    )
      .join(", ");
    cases++;
    try {
      configureBackend(backend as "native" | "wasm");
      const compress = given(options.compress);
      const data = await codec.shape(shape as typeof SHAPES[number], compress);
      const copy = await codec.decode(
        decodeShape as typeof SHAPES[number],
        data,
        given(options.decompress),
      );
      assertEquals(copy.length, CONTENT.length);
      assert(copy.every((byte, i) => byte === CONTENT[i]), "the content differs");
      configureBackend(BACKENDS[0]!);
      // Where the size is told, the whole value is the measure, else a stream of the library.
      const told = codec !== ZSTD || compress["size"] !== undefined;
      const expected = (told ? codec.whole(compress) : await codec.shape("push", compress)).length;
      const excess = (data.length - expected) / expected;
      assert(Math.abs(excess) <= 0.01, `${data.length} bytes, expected ${expected}`);
      if (options.compress["dictionary"] === undefined) plain.push(data);
    } catch (error) {
      failures.push(`${label}: ${error}`);
    }
  }
  configureBackend("auto");
  console.log(`option pairs of ${name}: ${cases} cases, ${failures.length} failed`);
  assertEquals(failures, []);
  return plain;
}

/** Fails unless a tool gets the content out of every file; it takes all of them in one call. */
async function toolReads(
  command: string,
  args: string[],
  extension: string,
  files: readonly Bytes[],
): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    const paths = files.map((_, i) => `${folder}/${i}.${extension}`);
    for (const [i, path] of paths.entries()) await Deno.writeFile(path, files[i]!);
    const { stdout, stderr } = await new Deno.Command(command, { args: [...args, ...paths] }).output();
    assertEquals(stdout.length, files.length * CONTENT.length, new TextDecoder().decode(stderr));
    for (let i = 0; i < stdout.length; i++) {
      if (stdout[i] !== CONTENT[i % CONTENT.length]) throw new Error(`Cannot go on: byte ${i} differs`);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("options of zstd in pairs", async () => {
  const frames = await run("zstd", ZSTD, {
    level: [-5, 1, 3, 9, 16],
    dictionary: [undefined, RAW],
    attachDictionary: ["auto", "attach", "copy", "load"],
    contentChecksum: [false, true],
    contentSize: [false, true],
    size: [undefined, CONTENT.length],
    threads: [undefined, "auto"],
    longDistance: [undefined, true],
    literals: ["auto", "off"],
    maxBlockSize: [undefined, 20_000],
    verifyChecksums: [true, false],
    maxWindowLog: [undefined, 31],
    maxOutputSize: [CONTENT.length, Infinity],
  }, ({ verifyChecksums, maxWindowLog, maxOutputSize, ...row }) => ({
    compress: row.dictionary === undefined ? { ...row, attachDictionary: undefined } : row,
    decompress: { verifyChecksums, maxWindowLog, maxOutputSize, dictionary: row.dictionary },
  }));
  await toolReads("zstd", ["-dcq", "--long=31"], "zst", frames);
});

Deno.test("options of lz4 in pairs", async () => {
  const frames = await run("lz4", LZ4, {
    level: [-3, 1, 3, 9, 12],
    blockSize: [undefined, 65_536, 1 << 20],
    linked: [false, true],
    contentChecksum: [false, true],
    blockChecksums: [false, true],
    contentSize: ["none", CONTENT.length],
    dictionary: [undefined, DICTIONARY],
    favorDecompressionSpeed: [false, true],
    threads: [1, 2],
    verifyChecksums: [true, false],
    strictBlocks: [false, true],
    maxOutputSize: [CONTENT.length, Infinity],
  }, ({ verifyChecksums, strictBlocks, maxOutputSize, ...row }) => ({
    compress: row,
    decompress: { verifyChecksums, strictBlocks, maxOutputSize, dictionary: row.dictionary },
  }));
  await toolReads("lz4", ["-dcm"], "lz4", frames);
});

Deno.test("options of zpaq in pairs", async () => {
  await run("zpaq", ZPAQ, {
    method: ["0", "1", "2", "3", "x0,3ci1", "x0,5,4,0,3,16"],
    blockSize: [undefined, 50_000],
    filename: [undefined, "name"],
    contentChecksum: [true, false],
    tag: [true],
    compilePrograms: ["auto", "always", "never"],
    verifyChecksums: [true, false],
    plain: [false, true],
    maxOutputSize: [CONTENT.length, Infinity],
  }, ({ verifyChecksums, plain, maxOutputSize, compilePrograms, ...row }) => ({
    compress: { ...row, compilePrograms },
    decompress: { verifyChecksums, plainPostprocessing: plain, maxOutputSize, compilePrograms },
  }));
});
