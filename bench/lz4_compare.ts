/**
 * lz4 against its peers, on one input in one run: the C library driven from C, packages of npm; and the sizes of states
 * and indexes. `deno run -A bench/lz4_compare.ts [--quick|--smoke]` runs it alone.
 */
import { byteSourceFromBytes } from "@sluice/internal";
import {
  buildLz4Index,
  compressLz4,
  compressLz4Async,
  decompressLz4,
  decompressLz4Async,
  decompressLz4Into,
  Lz4Archive,
  Lz4Decoder,
  Lz4DecompressionStream,
} from "@sluice/lz4";
import { ROOT, runZig } from "../_tools/zig.ts";
import { gccBaseline } from "./_gcc.ts";
import { machineLine, measure, measureTimes, ratios, speed, table, targetTable } from "./_measure.ts";
import type { Target } from "./_measure.ts";
import { lz4js, lz4Napi, pythonPackage } from "./_peers.ts";
import { runProgram, runPython } from "./_programs.ts";
import { corpus, smallCorpus } from "./corpus.ts";
import type { CompareOptions } from "./zstd_compare.ts";

const ZIG_PROGRAM = new URL(".zig/out/bin/lz4_bench", ROOT).pathname;
const CHUNK = 64 << 10;
const BACKENDS = ["native", "wasm"] as const;
const SIZES = { full: 64 << 20, quick: 16 << 20, smoke: 1 << 20 } as const;
const ROUNDS = { full: 7, quick: 5, smoke: 1 } as const;
const C_ROUNDS = 3;

/** A source that costs next to nothing. */
function source(bytes: Uint8Array): ReadableStream<Uint8Array> {
  let at = 0;
  return new ReadableStream({
    pull(controller): void {
      if (at >= bytes.length) return controller.close();
      controller.enqueue(bytes.subarray(at, at + CHUNK));
      at += CHUNK;
    },
  });
}

async function drain(stream: AsyncIterable<Uint8Array>): Promise<number> {
  let size = 0;
  for await (const chunk of stream) size += chunk.length;
  return size;
}

/** Reads into one buffer again and again. */
async function drainIntoBuffer(stream: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<number> {
  const reader = stream.getReader({ mode: "byob" });
  let buffer = new Uint8Array(4 << 20);
  let size = 0;
  while (true) {
    const { value, done } = await reader.read(buffer);
    if (done) return size;
    size += value.length;
    buffer = new Uint8Array(value.buffer);
  }
}

/** One operation of the C program as a contender. */
function cContender(program: string, path: string, operation: string, linked: boolean, checksum: boolean) {
  const args = [path, "1", `${C_ROUNDS}`, linked ? "1" : "0", checksum ? "1" : "0"];
  return async () => (await runProgram(program, args))[operation]!;
}

/** Measures lz4 and prints tables and targets. */
export async function compareLz4({ size }: CompareOptions): Promise<void> {
  const { success } = await runZig(["build", "baselines", "--prefix", new URL(".zig/out/", ROOT).pathname]);
  if (!success) throw new Error("Cannot measure: the C program was not built");
  const rounds = ROUNDS[size];
  const content = size === "full" ? (await corpus()).bytes : await smallCorpus(SIZES[size]);
  const path = await Deno.makeTempFile();
  await Deno.writeFile(path, content);
  const targets: Target[] = [];
  try {
    const gcc = await gccBaseline("lz4");
    const [napi, js] = [await lz4Napi(), await lz4js()];
    const python = await pythonPackage("lz4.frame", "lz4");
    const rows: string[][] = [];
    const room = new Uint8Array(content.length);
    for (const linked of [false, true]) {
      for (const contentChecksum of [false, true]) {
        const options = { linked, contentChecksum, ...linked ? { blockSize: 65536 } : {} };
        const frame = compressLz4(content, options);
        const perBackend = (run: (backend: "native" | "wasm") => unknown) =>
          Object.fromEntries(BACKENDS.map((backend) => [backend, () => run(backend)]));
        const byCompilers = (operation: string) => ({
          C: cContender(ZIG_PROGRAM, path, operation, linked, contentChecksum),
          gcc: gcc === undefined ? undefined : cContender(gcc, path, operation, linked, contentChecksum),
        });
        const flags = [linked, contentChecksum].map((flag) => flag ? "1" : "0");
        const seed = await runPython("lz4_python.py", python, [path, `${rounds}`, ...flags]);
        const fromPython = (operation: string) => seed === undefined ? undefined : () => seed[operation]!;
        const peers = {
          napi: napi && (() => napi.decompress(frame)),
          js: js && !linked ? () => js.decompress(frame) : undefined,
        };
        const operations: [string, Record<string, (() => unknown) | undefined>][] = [
          ["decompress into a buffer", {
            ...byCompilers("decompress"),
            ...perBackend((backend) => decompressLz4Into(frame, room, { backend })),
          }],
          ["decompress", {
            ...byCompilers("decompress"),
            ...perBackend((backend) => decompressLz4(frame, { backend })),
            ...peers,
            python: fromPython("decompress"),
          }],
          ["stream decompress", {
            ...byCompilers("stream_decompress"),
            ...perBackend((backend) =>
              drain(source(frame).pipeThrough(new Lz4DecompressionStream({ backend })))
            ),
            python: fromPython("stream_decompress"),
          }],
          ["stream decompress, BYOB", {
            ...byCompilers("stream_decompress"),
            ...perBackend((backend) =>
              drainIntoBuffer(source(frame).pipeThrough(new Lz4DecompressionStream({ backend })))
            ),
          }],
          ["compress", {
            ...byCompilers("compress"),
            ...perBackend((backend) => compressLz4(content, { ...options, backend })),
            napi: napi && (() => napi.compress(content)),
            js: js && !linked ? () => js.compress(content) : undefined,
            python: fromPython("compress"),
          }],
        ];
        const kind = `${linked ? "linked 64 KiB" : "independent 4 MiB"}${
          contentChecksum ? ", checksum" : ""
        }`;
        for (const [name, contenders] of operations) {
          const { wall: best, cpu } = await measureTimes(contenders, rounds);
          rows.push([
            `${name}, ${kind}`,
            ...["C", "gcc", "native", "wasm", "napi", "js", "python"].map((peer) =>
              speed(content.length, best[peer])
            ),
            ...ratios(best, [
              "C native",
              "gcc native",
              "native wasm",
              "napi native",
              "js native",
              "python native",
            ]),
            ...ratios(cpu, ["C native", "python native"]),
          ]);
          addTargets(targets, name, kind, best);
          if (name === "decompress") {
            targets.push({
              name: `native : python-lz4, ${name}, ${kind}, per CPU second`,
              actual: cpu.python === undefined ? undefined : cpu.python / cpu.native!,
              wanted: 1,
            });
          }
        }
      }
    }
    console.log(
      `\nlz4, ${
        content.length >>> 20
      } MiB of source text and machine code, MB/s; ratios above 1 favour ours\n`,
    );
    console.log(table(
      [
        "operation",
        "C",
        "C by gcc",
        "native",
        "WASM",
        "napi",
        "lz4js",
        "Python",
        "native : C",
        "native : gcc",
        "WASM : native",
        "native : napi",
        "native : js",
        "native : Python",
        "CPU, native : C",
        "CPU, native : Python",
      ],
      rows,
    ));
    await measureThreads(targets, content, rounds);
    await measureStates(targets, content);
    console.log(`\n${targetTable(targets)}`);
  } finally {
    await Deno.remove(path);
  }
}

function addTargets(targets: Target[], name: string, kind: string, best: Record<string, number>): void {
  const over = (peer: string, ours: string) =>
    best[peer] === undefined || best[ours] === undefined ? undefined : best[peer]! / best[ours]!;
  if (name === "decompress into a buffer") {
    targets.push({ name: `native : C, ${name}, ${kind}`, actual: over("C", "native"), wanted: 0.95 });
    targets.push({ name: `WASM : native, ${name}, ${kind}`, actual: over("native", "wasm"), wanted: 0.65 });
  }
  if (name.startsWith("stream decompress")) {
    targets.push({
      name: `native : C, ${name}, ${kind}`,
      actual: over("C", "native"),
      wanted: name.endsWith("BYOB") ? 0.9 : 0.8,
    });
  }
  if (name === "decompress") {
    targets.push({ name: `native : lz4-napi, ${name}, ${kind}`, actual: over("napi", "native"), wanted: 3 });
    if (!kind.startsWith("linked")) {
      targets.push({ name: `native : lz4js, ${name}, ${kind}`, actual: over("js", "native"), wanted: 3 });
    }
  }
}

/** Threads against one, as a share of the cores. */
async function measureThreads(targets: Target[], content: Uint8Array, rounds: number): Promise<void> {
  const cores = navigator.hardwareConcurrency;
  const frame = compressLz4(content);
  const file = byteSourceFromBytes(frame);
  const index = await buildLz4Index(file, { hashes: false });
  const read = async (threads: number) => {
    using archive = new Lz4Archive(file, index);
    await drain(archive.stream(0, undefined, { threads }));
  };
  const best = await measure({
    compressOne: () => compressLz4Async(content, { level: 3 }),
    compressAll: () => compressLz4Async(content, { level: 3, threads: cores }),
    readOne: () => read(1),
    readAll: () => read(cores),
    decodeOne: () => decompressLz4Async(frame),
    decodeAll: () => decompressLz4Async(frame, { threads: cores }),
  }, Math.min(rounds, 3));
  const share = (one: string, all: string) => best[one]! / best[all]! / cores;
  targets.push({
    name: `compress with ${cores} threads, share of the cores`,
    actual: share("compressOne", "compressAll"),
    wanted: 0.8,
  });
  targets.push({
    name: `decode a frame with ${cores} threads, share of the cores`,
    actual: share("decodeOne", "decodeAll"),
    wanted: 0.8,
  });
  targets.push({
    name: `read by index with ${cores} threads, share of the cores`,
    actual: share("readOne", "readAll"),
    wanted: 0.8,
  });
}

/** Bytes of states and indexes, and how long they take. */
async function measureStates(targets: Target[], content: Uint8Array): Promise<void> {
  for (
    const [name, options, wanted] of [
      ["independent", { blockSize: 65536, contentChecksum: false }, 48],
      ["independent, checksum", { blockSize: 65536 }, 80],
      ["linked, checksum", { blockSize: 65536, linked: true }, 65_657],
    ] as const
  ) {
    const frame = compressLz4(content, options);
    using decoder = new Lz4Decoder();
    let [largest, total, count] = [0, 0, 0];
    for (let at = 0; at < frame.length; at += 300_000) {
      decoder.push(frame.subarray(at, at + 300_000));
      const { length } = decoder.checkpoint().bytes();
      largest = Math.max(largest, length);
      total += length;
      count++;
    }
    targets.push({
      name: `largest state, ${name} (mean ${(total / count).toFixed(0)})`,
      actual: largest,
      wanted,
      atMost: true,
      unit: " B",
    });
  }
  const independent = compressLz4(content, { blockSize: 65536 });
  const index = await buildLz4Index(independent, { spacing: 65536 });
  const perPoint = (index.toBytes().length - 64) / index.points.length;
  targets.push({
    name: "index, a point of independent blocks, with hash",
    actual: perPoint,
    wanted: 8,
    atMost: true,
    unit: " B",
  });
  const linked = compressLz4(content, { blockSize: 65536, linked: true });
  const linkedIndex = await buildLz4Index(linked, { spacing: 1 << 20 });
  const perLinked = linkedIndex.toBytes().length / linkedIndex.points.length;
  targets.push({
    name: "index, a point of linked blocks, sparse window",
    actual: perLinked,
    wanted: 8000,
    atMost: true,
    unit: " B",
  });

  let reads = 0;
  const inner = byteSourceFromBytes(independent);
  const counting = {
    size: inner.size,
    read: (offset: number, length: number) => (reads++, inner.read(offset, length)),
  };
  using archive = new Lz4Archive(counting, index, { cacheSize: 0 });
  const COUNT = 200;
  for (let i = 0; i < COUNT; i++) {
    await archive.read(i * 65536 % (content.length - 8192), 4096);
  }
  reads = 0;
  const start = performance.now();
  for (let i = 0; i < COUNT; i++) {
    const at = (i * 7919 * 4096) % (content.length - 65536);
    await archive.read(at - at % 65536, 4096);
  }
  const microseconds = (performance.now() - start) * 1000 / COUNT;
  targets.push({
    name: "requests of a warm random read",
    actual: reads / COUNT,
    wanted: 1,
    atMost: true,
    unit: "",
  });
  targets.push({
    name: "4 KiB random read at 64 KiB blocks, hash verified",
    actual: microseconds,
    wanted: 100,
    atMost: true,
    unit: " us",
  });

  const plain = await measure({
    decode: () => decompressLz4(independent),
    index: () => buildLz4Index(independent),
  }, 3);
  targets.push({
    name: "index build : plain decode, time",
    actual: plain.index! / plain.decode!,
    wanted: 1.15,
    atMost: true,
  });
}

if (import.meta.main) {
  const size = Deno.args.includes("--smoke") ? "smoke" : Deno.args.includes("--quick") ? "quick" : "full";
  console.log(machineLine());
  await compareLz4({ size });
}
