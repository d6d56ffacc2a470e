/**
 * Small jobs that together call every function of the native library: run under failing allocations, under a memory
 * checker, and closed in the middle. Each returns bytes that say how it came out.
 */
import type { BackendModule } from "@sluice/ffi";
import {
  applyGitDelta,
  buildGitPackIndex,
  createGitPack,
  GitDeltaProgram,
  GitHashStream,
  GitLooseStore,
  GitMemoryStore,
  makeGitDelta,
  PackStore,
  PackWriter,
} from "@sluice/gitdb";
import { byteSourceFromBytes, concatBytes } from "@sluice/internal";
import {
  buildLz4Index,
  compressLz4,
  compressLz4Async,
  compressLz4Block,
  decompressLz4,
  decompressLz4Async,
  decompressLz4Block,
  isStrictLz4Block,
  Lz4Archive,
  lz4BlockContentSize,
  Lz4CheckpointableDecompressor,
  Lz4Decoder,
  Lz4Encoder,
  Lz4Xxh32,
  lz4Xxh32,
  recoverLz4,
} from "@sluice/lz4";
import { hashPdiffBlocks, PdiffClient, pdiffHashNames } from "@sluice/pdiffcopy";
import {
  assembleZpaq,
  compressZpaq,
  compressZpaqConfig,
  createZpaqArchive,
  decompressZpaq,
  decompressZpaqAsync,
  traceZpaqPredictions,
  ZpaqArchive,
} from "@sluice/zpaq";
import {
  compressZstd,
  compressZstdAsync,
  compressZstdBatch,
  compressZstdDictChain,
  decompressZstd,
  decompressZstdAsync,
  decompressZstdBatch,
  decompressZstdDictChain,
  trainZstdDictionary,
  ZstdCompressionStream,
  ZstdDecoder,
  ZstdDecompressionStream,
  ZstdDictionary,
  ZstdEncoder,
} from "@sluice/zstd";
import { applyZstdPatch, createZstdPatch } from "@sluice/zstd/patch";
import { compressZstdSeekable, ZstdSeekableReader } from "@sluice/zstd/seekable";
import { GIT_DECODE } from "../gitdb/kernel/decode_module.ts";
import { GIT_ENCODE } from "../gitdb/kernel/encode_module.ts";
import { LZ4_DECODE } from "../lz4/kernel/decode_module.ts";
import { LZ4_ENCODE } from "../lz4/kernel/encode_module.ts";
import { PDIFFCOPY_FILE } from "../pdiffcopy/kernel/file_module.ts";
import { PDIFFCOPY_HASH } from "../pdiffcopy/kernel/hash_module.ts";
import { ZPAQ_DECODE } from "../zpaq/kernel/decode_module.ts";
import { ZPAQ_ENCODE } from "../zpaq/kernel/encode_module.ts";
import { ZSTD_DECODE } from "../zstd/kernel/decode_module.ts";
import { ZSTD_ENCODE } from "../zstd/kernel/encode_module.ts";
import { Random, text } from "./_data.ts";
import { KERNEL_EXERCISES } from "./_kernel_exercises.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** One job. It closes all that it opens, however it ends. */
export interface Exercise {
  readonly name: string;
  /** The modules that it works in. */
  readonly modules: readonly BackendModule<object>[];
  /** Whether it can only run natively. */
  readonly nativeOnly?: boolean;
  run(): Bytes | Promise<Bytes>;
}

const SMALL = text(3000);
const MIDDLE = text(200_000);
const NOISE = new Random(7).bytes(5000) as Bytes;
const BASE = text(30_000);
const SAMPLES = Array.from(
  { length: 300 },
  (_, i) => new TextEncoder().encode(`{"id":${i * 7919},"kind":"order","total":${i % 97},"currency":"EUR"}`),
);

async function collect(source: AsyncIterable<Uint8Array>): Promise<Bytes> {
  return concatBytes(await Array.fromAsync(source) as Bytes[]);
}

function through(bytes: Bytes, pair: ReadableWritablePair<Bytes, BufferSource>): Promise<Bytes> {
  const source = new ReadableStream<Bytes>({
    start(controller): void {
      for (let at = 0; at < bytes.length; at += 5000) controller.enqueue(bytes.slice(at, at + 5000));
      controller.close();
    },
  });
  return collect(source.pipeThrough(pair as ReadableWritablePair<Bytes, Bytes>));
}

const zstd: readonly Exercise[] = [
  {
    name: "zstd whole values",
    modules: [ZSTD_ENCODE, ZSTD_DECODE],
    run: () =>
      concatBytes(
        [1, 3, 12, 19].map((level) => decompressZstd(compressZstd(SMALL, { level, contentChecksum: true }))),
      ),
  },
  {
    name: "zstd off the event loop",
    modules: [ZSTD_ENCODE, ZSTD_DECODE],
    run: async () => await decompressZstdAsync(await compressZstdAsync(MIDDLE, { level: 1 })),
  },
  {
    name: "zstd streams",
    modules: [ZSTD_ENCODE, ZSTD_DECODE],
    run: async () =>
      await through(
        await through(MIDDLE, new ZstdCompressionStream({ level: 5, contentChecksum: true })),
        new ZstdDecompressionStream(),
      ),
  },
  {
    name: "zstd with worker threads",
    modules: [ZSTD_ENCODE, ZSTD_DECODE],
    nativeOnly: true,
    run: async () =>
      decompressZstd(await through(text(1_500_000), new ZstdCompressionStream({ level: 1, threads: 2 }))),
  },
  {
    name: "zstd push engines",
    modules: [ZSTD_ENCODE, ZSTD_DECODE],
    run: (): Bytes => {
      using encoder = new ZstdEncoder({ level: 2, windowLog: 17, contentChecksum: true });
      const frame = concatBytes([
        encoder.push(MIDDLE),
        encoder.flush(),
        encoder.push(SMALL),
        encoder.finish(),
      ]);
      using decoder = new ZstdDecoder();
      const output = concatBytes([decoder.push(frame.subarray(0, 999)), decoder.push(frame.subarray(999))]);
      decoder.finish();
      return output;
    },
  },
  {
    name: "zstd dictionaries",
    modules: [ZSTD_ENCODE, ZSTD_DECODE],
    run: (): Bytes => {
      using dictionary = new ZstdDictionary(BASE, { type: "raw" });
      const loaded = compressZstd(SMALL, { dictionary, attachDictionary: "load", level: 5 });
      return concatBytes([
        decompressZstd(compressZstd(SMALL, { dictionary }), { dictionary }),
        decompressZstd(loaded, { dictionary }),
      ]);
    },
  },
  {
    name: "zstd batches and chains",
    modules: [ZSTD_ENCODE, ZSTD_DECODE],
    run: () =>
      concatBytes([
        ...[...decompressZstdBatch(compressZstdBatch(SAMPLES, { threads: 1 }), { threads: 1 })] as Bytes[],
        ...[
          ...decompressZstdDictChain([...compressZstdDictChain(SAMPLES.slice(0, 20))], { all: true }),
        ] as Bytes[],
      ]),
  },
  {
    name: "zstd training",
    modules: [ZSTD_ENCODE, ZSTD_DECODE],
    run: (): Bytes => {
      using dictionary = trainZstdDictionary(SAMPLES, { size: 1024, id: 40_000, k: 32, d: 8 });
      // A candidate that finds no memory is passed over, so the bytes may differ; what they are for may not.
      return decompressZstd(compressZstd(SMALL, { dictionary }), { dictionary });
    },
  },
  {
    name: "zstd seekable",
    modules: [ZSTD_ENCODE, ZSTD_DECODE],
    run: async (): Promise<Bytes> => {
      const file = compressZstdSeekable(MIDDLE, { frameSize: 50_000 });
      const reader = await ZstdSeekableReader.open(byteSourceFromBytes(file));
      return await reader.read(40_000, 70_000) as Bytes;
    },
  },
  {
    name: "zstd patches",
    modules: [ZSTD_ENCODE, ZSTD_DECODE],
    run: async () =>
      await applyZstdPatch(BASE, await createZstdPatch(BASE, concatBytes([BASE, SMALL]))) as Bytes,
  },
];

const lz4: readonly Exercise[] = [
  {
    name: "lz4 whole values",
    modules: [LZ4_ENCODE, LZ4_DECODE],
    run: () =>
      concatBytes([
        decompressLz4(compressLz4(MIDDLE, { level: 1 })),
        decompressLz4(compressLz4(MIDDLE, { level: 9, linked: true, contentChecksum: true })),
        decompressLz4(compressLz4(MIDDLE, { level: 12, blockChecksums: true, dictionary: BASE }), {
          dictionary: BASE,
        }),
        decompressLz4(compressLz4(MIDDLE, { level: -5 })),
      ]),
  },
  {
    name: "lz4 off the event loop and on threads",
    modules: [LZ4_ENCODE, LZ4_DECODE],
    run: async () =>
      await decompressLz4Async(await compressLz4Async(MIDDLE, { blockSize: 65536, threads: 2 }), {
        threads: 2,
      }),
  },
  {
    name: "lz4 push engines",
    modules: [LZ4_ENCODE, LZ4_DECODE],
    run: (): Bytes => {
      using encoder = new Lz4Encoder({ linked: true, blockSize: 65536, contentChecksum: true });
      const frame = concatBytes([
        encoder.push(MIDDLE),
        encoder.flush(),
        encoder.push(NOISE),
        encoder.finish(),
      ]);
      using decoder = new Lz4Decoder();
      const output = concatBytes([decoder.push(frame.subarray(0, 999)), decoder.push(frame.subarray(999))]);
      decoder.finish();
      return output;
    },
  },
  {
    name: "lz4 states and indexes",
    modules: [LZ4_ENCODE, LZ4_DECODE],
    run: async (): Promise<Bytes> => {
      const file = byteSourceFromBytes(compressLz4(MIDDLE, { linked: true, blockSize: 65536 }));
      let saved: Uint8Array | undefined;
      const parts: Bytes[] = [];
      {
        await using first = new Lz4CheckpointableDecompressor(file, { chunkSize: 65536 });
        for await (const chunk of first) {
          parts.push(chunk);
          saved = await first.marshal();
          break;
        }
      }
      {
        await using second = Lz4CheckpointableDecompressor.resume(saved!, file);
        for await (const chunk of second) parts.push(chunk);
      }
      const index = await buildLz4Index(file, { spacing: 65536 });
      using archive = new Lz4Archive(file, index);
      parts.push(await archive.read(10, 20) as Bytes);
      return concatBytes(parts);
    },
  },
  {
    name: "lz4 blocks and hashes",
    modules: [LZ4_ENCODE, LZ4_DECODE],
    run: (): Bytes => {
      const block = compressLz4Block(SMALL, { dictionary: BASE });
      const hash = new Lz4Xxh32();
      hash.update(SMALL);
      const numbers = [
        lz4BlockContentSize(block),
        isStrictLz4Block(block) ? 1 : 0,
        hash.digest(),
        lz4Xxh32(SMALL),
      ];
      return concatBytes([
        decompressLz4Block(block, { dictionary: BASE }),
        new TextEncoder().encode(numbers.join()),
      ]);
    },
  },
  {
    name: "lz4 salvage",
    modules: [LZ4_ENCODE, LZ4_DECODE],
    run: (): Bytes => {
      const file = compressLz4(MIDDLE, { blockSize: 65536, blockChecksums: true });
      file[5000]! ^= 1;
      return new TextEncoder().encode(
        JSON.stringify(
          [...recoverLz4(file)],
          (key, value) =>
            value instanceof Uint8Array ? `${value.length} bytes` : key === "error" ? String(value) : value,
        ),
      );
    },
  },
];

const git: readonly Exercise[] = [
  {
    name: "git packs",
    modules: [GIT_ENCODE, GIT_DECODE],
    run: async (): Promise<Bytes> => {
      const writer = new PackWriter();
      const ids = [];
      for (let i = 0; i < 12; i++) {
        ids.push(await writer.add({ type: "blob", body: concatBytes([BASE, text(100 * i)]) }));
      }
      const { pack } = await writer.finish();
      const source = byteSourceFromBytes(pack);
      const { index } = await buildGitPackIndex(source);
      const store = await PackStore.fromSources([{
        name: "p",
        pack: source,
        index: byteSourceFromBytes(index),
      }]);
      try {
        const parts: Bytes[] = [await (await store.read(ids[11]!)).bytes() as Bytes];
        for await (const batch of store.readBatches(ids)) {
          for (const result of batch) {
            parts.push(result.ok ? (await result.value.bytes()).slice(0, 100) as Bytes : NOISE);
          }
        }
        parts.push(new TextEncoder().encode(JSON.stringify(await store.info(ids[3]!))));
        const large = await store.read(ids[5]!, { maxMemory: 1000 });
        parts.push(await collect(large.body));
        return concatBytes(parts);
      } finally {
        store.close();
      }
    },
  },
  {
    name: "git stores, hashes and deltas",
    modules: [GIT_ENCODE, GIT_DECODE],
    run: async (): Promise<Bytes> => {
      const folder = await Deno.makeTempDir();
      try {
        const memory = new GitMemoryStore();
        const ids = [];
        for (let i = 0; i < 5; i++) ids.push(await memory.write({ type: "blob", body: text(5000 + i) }));
        await createGitPack(folder, memory, ids.map((id) => ({ id })));
        const loose = new GitLooseStore(folder);
        const id = await loose.write({ type: "blob", body: MIDDLE });
        const parts: Bytes[] = [await (await loose.read(id)).bytes() as Bytes];
        const delta = makeGitDelta(BASE, concatBytes([BASE, SMALL]))!;
        parts.push(applyGitDelta(BASE, delta));
        using program = GitDeltaProgram.compose([delta]);
        parts.push(program.apply(BASE) as Bytes);
        const hash = new GitHashStream();
        parts.push(await through(SMALL, hash as ReadableWritablePair<Bytes, BufferSource>));
        return concatBytes(parts);
      } finally {
        await Deno.remove(folder, { recursive: true });
      }
    },
  },
];

const zpaq: readonly Exercise[] = [
  {
    name: "zpaq levels",
    modules: [ZPAQ_ENCODE, ZPAQ_DECODE],
    run: () =>
      concatBytes(
        ["1", "2", "3", "4", "5"].map((method) =>
          decompressZpaq(compressZpaq(SMALL, { method }), { maxMemory: Infinity }) as Bytes
        ),
      ),
  },
  {
    name: "zpaq models of our own",
    modules: [ZPAQ_ENCODE, ZPAQ_DECODE],
    run: async (): Promise<Bytes> => {
      const program = assembleZpaq(
        "comp 1 2 0 3 1 0 icm 5 hcomp *d<>a a=*d hashd halt pcomp ; a> 255 jt 1 out halt end",
      );
      const block = compressZpaqConfig(program, [{ body: SMALL }]);
      const [first] = traceZpaqPredictions(program, NOISE.slice(0, 3));
      return concatBytes([
        await decompressZpaqAsync(block) as Bytes,
        new TextEncoder().encode(JSON.stringify(first)),
      ]);
    },
  },
  {
    name: "zpaq archives",
    modules: [ZPAQ_ENCODE, ZPAQ_DECODE],
    run: async (): Promise<Bytes> => {
      const files = [{ name: "a", body: SMALL }, { name: "b", body: NOISE }];
      const bytes = await createZpaqArchive(files, { method: "2" });
      using archive = await ZpaqArchive.open(byteSourceFromBytes(bytes));
      const parts: Bytes[] = [];
      for (const entry of archive.entries()) parts.push(await collect(entry.body));
      return concatBytes(parts);
    },
  },
];

const pdiffcopy: readonly Exercise[] = [
  {
    name: "pdiffcopy digests",
    modules: [PDIFFCOPY_HASH],
    run: async (): Promise<Bytes> => {
      const parts: Bytes[] = [];
      for (const hash of pdiffHashNames()) {
        const blocks = hashPdiffBlocks(byteSourceFromBytes(BASE), { hash: hash as "sha1", blockSize: 8192 });
        for await (const { digest } of blocks) parts.push(digest as Bytes);
      }
      return concatBytes(parts);
    },
  },
  {
    name: "pdiffcopy of files",
    modules: [PDIFFCOPY_HASH, PDIFFCOPY_FILE],
    nativeOnly: true,
    run: async (): Promise<Bytes> => {
      const folder = await Deno.makeTempDir();
      try {
        const [source, target] = [`${folder}/source`, `${folder}/target`];
        await Deno.writeFile(source, MIDDLE);
        await Deno.writeFile(target, concatBytes([MIDDLE.subarray(0, 100_000), NOISE]));
        await new PdiffClient({ source, target, blockSize: 8192 }).synchronize();
        return await Deno.readFile(target);
      } finally {
        await Deno.remove(folder, { recursive: true });
      }
    },
  },
];

/** Every job. */
export const EXERCISES: readonly Exercise[] = [
  ...zstd,
  ...lz4,
  ...git,
  ...zpaq,
  ...pdiffcopy,
  ...KERNEL_EXERCISES,
];
