/**
 * The part of the jobs that calls kernels where no public call reaches a function, or only with much data.
 */
import { byteSourceFromBytes, concatBytes } from "@sluice/internal";
import { buildLz4Index, compressLz4, Lz4Archive, Lz4CheckpointableDecompressor } from "@sluice/lz4";
import { GitDeltaProgram, makeGitDelta, PackIndex, PackWriter } from "@sluice/gitdb";
import { buildPdiffIndex } from "@sluice/pdiffcopy";
import { createZpaqArchive, updateZpaqArchive, ZpaqArchive } from "@sluice/zpaq";
import {
  estimateZstdCompressorMemory,
  estimateZstdDecompressorMemory,
  finalizeZstdDictionary,
  zstdCompressionParameters,
  zstdParameterBounds,
} from "@sluice/zstd";
import { GIT_DECODE } from "../gitdb/kernel/decode_module.ts";
import { GIT_ENCODE } from "../gitdb/kernel/encode_module.ts";
import { GitObjectStreamKernel } from "../gitdb/kernel/object_stream.ts";
import { PackEngine } from "../gitdb/pack/_pack_engine.ts";
import { addPackUnit } from "../gitdb/pack/_pack_unit.ts";
import { LZ4_DECODE } from "../lz4/kernel/decode_module.ts";
import { Lz4DecoderKernel } from "../lz4/kernel/decoder.ts";
import { LZ4_ENCODE } from "../lz4/kernel/encode_module.ts";
import { lz4BlockCompress, Lz4EncoderKernel } from "../lz4/kernel/encoder.ts";
import { PDIFFCOPY_HASH } from "../pdiffcopy/kernel/hash_module.ts";
import { hashOf } from "../pdiffcopy/file/_hash_registry.ts";
import { hashOnce } from "../pdiffcopy/kernel/hash.ts";
import { BlockIndexKernel, NO_BLOCK, signBytes, WEAK_SIZE } from "../pdiffcopy/kernel/rolling.ts";
import { ZPAQ_DECODE } from "../zpaq/kernel/decode_module.ts";
import { ZpaqDecoderKernel } from "../zpaq/kernel/decoder.ts";
import { ZPAQ_ENCODE } from "../zpaq/kernel/encode_module.ts";
import { zpaqDeriveKey } from "../zpaq/kernel/archiving.ts";
import { ZpaqHashKernel } from "../zpaq/kernel/hash.ts";
import { ZSTD_DECODE } from "../zstd/kernel/decode_module.ts";
import { ZstdDecoderKernel } from "../zstd/kernel/decoder.ts";
import { ZSTD_ENCODE } from "../zstd/kernel/encode_module.ts";
import { RESULT, ZstdEncoderKernel } from "../zstd/kernel/encoder.ts";
import type { Exercise } from "./_exercises.ts";
import { Random, text } from "./_data.ts";

type Bytes = Uint8Array<ArrayBuffer>;

const SMALL = text(3000);
const MIDDLE = text(200_000);
const NOISE = new Random(7).bytes(5000) as Bytes;
const BASE = text(30_000);

function words(...numbers: (number | boolean)[]): Bytes {
  return new TextEncoder().encode(numbers.join());
}

/** The jobs. */
export const KERNEL_EXERCISES: readonly Exercise[] = [
  {
    name: "zstd value in slices",
    modules: [ZSTD_ENCODE],
    run: (): Bytes => {
      using encoder = new ZstdEncoderKernel({ maxMemory: 0, backend: undefined });
      const check = (result: number): number => {
        if (result < 0) throw encoder.error(result, "compress in slices");
        return result;
      };
      check(encoder.hold(MIDDLE));
      const parts: Bytes[] = [];
      for (let ended = false; !ended;) {
        const target = new Uint8Array(5000);
        ended = check(encoder.stepHeld(target)) === RESULT.FRAME_END;
        parts.push(target.subarray(0, encoder.produced));
      }
      const frame = concatBytes(parts);
      check(encoder.pledge(MIDDLE.length));
      check(encoder.compress(MIDDLE, new Uint8Array(MIDDLE.length), 0));
      return words(frame.length === encoder.produced, encoder.stepHeld(new Uint8Array(5000)) < 0);
    },
  },
  {
    name: "zstd facts and resets",
    modules: [ZSTD_ENCODE, ZSTD_DECODE],
    run: (): Bytes => {
      const parameters = new Int32Array([100, 3]);
      using encoder = new ZstdEncoderKernel({ maxMemory: 0, backend: undefined });
      encoder.configure(parameters);
      const target = new Uint8Array(5000);
      const stepped = encoder.step(SMALL, 0, SMALL.length, target, 0, target.length, 0);
      if (stepped < 0) throw encoder.error(stepped, "compress a step");
      const { ingested } = encoder.progress;
      encoder.reset();
      using decoder = new ZstdDecoderKernel({
        maxMemory: 0,
        backend: undefined,
        parameters: new Int32Array(),
      });
      decoder.reset();
      return words(
        ingested,
        encoder.memoryUsage > 0,
        decoder.memoryUsage > 0,
        zstdCompressionParameters(3).windowLog!,
        zstdParameterBounds("windowLog")!.max > 0,
        estimateZstdCompressorMemory({ level: 3 }) > 0,
        estimateZstdDecompressorMemory(20) > 0,
      );
    },
  },
  {
    name: "zstd dictionaries from content",
    modules: [ZSTD_ENCODE],
    run: (): Bytes => {
      const samples = Array.from({ length: 60 }, (_, i) => text(300, i + 1));
      using dictionary = finalizeZstdDictionary(BASE.slice(0, 4000), samples, { id: 50_000 });
      return words(dictionary.id);
    },
  },
  {
    name: "lz4 jobs, facts and hashes",
    modules: [LZ4_ENCODE, LZ4_DECODE],
    run: (): Promise<Bytes> => {
      const options = {
        maxMemory: 0,
        backend: undefined,
        level: 1,
        blockBytes: 65536,
        flags: 0,
        dictionary: undefined,
      };
      using encoder = new Lz4EncoderKernel(options);
      const { size: jobSize, bound } = encoder.job;
      const begun = encoder.begin(4, undefined, undefined);
      if (begun < 0) throw encoder.error(begun, "begin a frame");
      encoder.step(SMALL, 0, 0, new Uint8Array(100), 0, 100, 1);
      const made = encoder.jobs(new Uint8Array(jobSize), jobSize, new Uint8Array(bound), 0, 2);
      if (made < 0) throw encoder.error(made, "compress jobs");
      const block = new Uint8Array(4000);
      const size = lz4BlockCompress(SMALL, block, undefined, 1, false, undefined);
      if (size < 0) throw encoder.error(size, "compress a block");
      using decoder = new Lz4DecoderKernel({ maxMemory: 0, threads: 2, backend: undefined });
      const ready = decoder.begin(0, 65536, new Uint8Array());
      if (ready < 0) throw decoder.error(ready, "begin a frame");
      decoder.resumeStored(10);
      return Promise.resolve(words(
        decoder.storedLeft,
        made,
        encoder.produced,
        encoder.memoryUsage > 0,
        decoder.memoryUsage >= 0,
      ));
    },
  },
  {
    name: "lz4 inside a stored block, and an index of many segments",
    modules: [LZ4_ENCODE, LZ4_DECODE],
    run: async (): Promise<Bytes> => {
      const noise = new Random(3).bytes(200_000) as Bytes;
      const file = byteSourceFromBytes(compressLz4(noise, { blockSize: 65536, linked: true }));
      const parts: Bytes[] = [];
      let saved: Uint8Array | undefined;
      {
        await using first = new Lz4CheckpointableDecompressor(
          file,
          { chunkSize: 1000 },
        );
        for await (const chunk of first) {
          parts.push(chunk);
          saved = await first.marshal();
          if (parts.length === 3) break;
        }
      }
      {
        await using second = Lz4CheckpointableDecompressor.resume(saved!, file);
        for await (const chunk of second) parts.push(chunk);
      }
      const index = await buildLz4Index(file, { spacing: 65536 });
      using archive = new Lz4Archive(file, index);
      for await (const chunk of archive.stream()) parts.push(chunk as Bytes);
      return concatBytes(parts);
    },
  },
  {
    name: "git entries, streams and files that go",
    modules: [GIT_ENCODE, GIT_DECODE],
    run: async (): Promise<Bytes> => {
      const writer = new PackWriter();
      for (let i = 0; i < 4; i++) {
        await writer.add({ type: "blob", body: concatBytes([BASE, text(100 * i)]) });
      }
      const { pack, index } = await writer.finish();
      using engine = new PackEngine({
        algorithm: "sha1",
        pageBudget: 1 << 20,
        cacheBudget: 1 << 20,
        backend: undefined,
      });
      const source = byteSourceFromBytes(pack);
      const indexSource = byteSourceFromBytes(index);
      const files = { name: "p", pack: { source }, index: { source: indexSource } };
      const known = await PackIndex.open(indexSource, "sha1");
      const unit = await addPackUnit(engine, files as never, known);
      const { kernel } = engine;
      const id = (await Array.fromAsync(known.entries()))[0]!.id.bytes;
      const found = await engine.settle(() => kernel.find(id));
      if (found < 0) throw kernel.error(found, "find an object");
      const offset = kernel.value;
      let entry = kernel.entry(unit.packNumber, offset);
      for (; typeof entry === "number"; entry = kernel.entry(unit.packNumber, offset)) {
        if (entry < 0) throw kernel.error(entry, "read an entry");
        await engine.supply(kernel);
      }
      const raw = new Uint8Array(entry.size);
      const inflated = await engine.settle(() => kernel.inflate(unit.packNumber, offset, raw));
      if (inflated < 0) throw kernel.error(inflated, "inflate an entry");
      const target = new Uint8Array(100_000);
      {
        using stream = new GitObjectStreamKernel(kernel, unit.packNumber, offset, Infinity);
        const opened = await engine.settle(() => stream.openAsync(), undefined, stream);
        if (opened < 0) throw kernel.error(opened, "open an object");
        const read = await engine.settle(() => stream.readAsync(target, 0, target.length), undefined, stream);
        if (read < 0) throw kernel.error(read, "read an object");
      }
      const bytes = kernel.memoryUsage;
      engine.removeFile(unit.indexFile);
      engine.removeFile(unit.packFile);
      const delta = makeGitDelta(BASE, concatBytes([BASE, SMALL]))!;
      using program = GitDeltaProgram.compose([delta]);
      program.coalesce();
      return concatBytes([raw, target, words(bytes > 0), program.apply(BASE) as Bytes]);
    },
  },
  {
    name: "zpaq keys, fragments and what a decoder reports",
    modules: [ZPAQ_ENCODE, ZPAQ_DECODE],
    run: async (): Promise<Bytes> => {
      const key = await zpaqDeriveKey(SMALL.slice(0, 8), SMALL.slice(0, 32), undefined);
      using hash = new ZpaqHashKernel(undefined);
      hash.update(SMALL);
      const first = await createZpaqArchive([{ name: "a", body: MIDDLE }], { method: "1" });
      using archive = await ZpaqArchive.open(byteSourceFromBytes(first));
      const parts: Bytes[] = [key, hash.digest()];
      await updateZpaqArchive(archive, [{ name: "b", body: concatBytes([MIDDLE, NOISE]) }], {
        write: (bytes: Bytes): void => void parts.push(bytes.slice(0, 4)),
        rewrite(): void {},
      });
      using decoder = new ZpaqDecoderKernel({ maxMemory: 0, backend: undefined });
      parts.push(words(decoder.memoryUsage >= 0));
      return concatBytes(parts.map((part) => part.slice(0, 32)));
    },
  },
  {
    name: "pdiffcopy chunks",
    modules: [PDIFFCOPY_HASH],
    run: async (): Promise<Bytes> => {
      const index = await buildPdiffIndex(byteSourceFromBytes(MIDDLE), { kind: "chunks", blockSize: 8192 });
      const digest = hashOnce(MIDDLE, hashOf("sha1"), undefined);
      return concatBytes([words(index !== undefined), digest]);
    },
  },
  {
    name: "pdiffcopy moved blocks",
    modules: [PDIFFCOPY_HASH],
    run: async (): Promise<Bytes> => {
      const hash = hashOf("xxh3_128");
      const blockSize = 4096;
      const entries = new Uint8Array(Math.floor(MIDDLE.length / blockSize) * (WEAK_SIZE + hash.digestSize));
      await signBytes(MIDDLE, blockSize, hash, entries);
      const own = { ownFirst: 0, tailBlock: 0, tailSize: 0 };
      using index = new BlockIndexKernel({ blockSize, hash, entries, ...own });
      const moved = concatBytes([NOISE, MIDDLE]);
      const target = new Uint8Array(moved.length * 2);
      const { consumed, produced, expected } = await index.search(moved, 0, true, NO_BLOCK, target);
      return concatBytes([words(consumed, produced, expected), target.slice(0, produced)]);
    },
  },
];
