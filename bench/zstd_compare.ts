/**
 * zstd against its peers, on one input in one run: the C library driven from C, Deno's own node:zlib, packages of npm.
 */
import {
  compressZstd,
  compressZstdBatch,
  compressZstdInto,
  decompressZstd,
  decompressZstdBatch,
  decompressZstdInto,
  zstdCompressBound,
  ZstdCompressionStream,
  ZstdCompressor,
  ZstdDecoder,
  ZstdDecompressionStream,
  ZstdDecompressor,
  ZstdEncoder,
} from "@sluice/zstd";
import { Buffer } from "node:buffer";
import { finished } from "node:stream/promises";
import zlib from "node:zlib";
import { ROOT, runZig } from "../_tools/zig.ts";
import { gccBaseline } from "./_gcc.ts";
import { measure, measureTimes, OwnTime, ratio, ratios, speed, table, targetTable } from "./_measure.ts";
import type { Target } from "./_measure.ts";
import { bokuwebZstd, pythonPackage, zstdNapi } from "./_peers.ts";
import { runProgram, runPython } from "./_programs.ts";
import { corpus, smallCorpus } from "./corpus.ts";

/** How much a run measures. */
export interface CompareOptions {
  /** "full" for figures, "quick" for a first look, "smoke" to see that everything runs. */
  readonly size: "full" | "quick" | "smoke";
}

const ZIG_PROGRAM = new URL(".zig/out/bin/zstd_bench", ROOT).pathname;
const CHUNK = 64 << 10;
const MESSAGE = 1 << 10;
const BACKENDS = ["native", "wasm"] as const;
const SIZES = { full: 64 << 20, quick: 8 << 20, smoke: 256 << 10 } as const;
const ROUNDS = { full: 5, quick: 3, smoke: 1 } as const;
const LEVELS = [1, 2, 3, 11] as const;
/** The C program runs each operation this often and reports the best: its first round finds cold pages. */
const C_ROUNDS = 3;
const PYTHON_SCRIPT = "zstd_python.py";

function* chunksOf(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += CHUNK) yield bytes.subarray(at, at + CHUNK);
}

async function drain(stream: AsyncIterable<Uint8Array>): Promise<number> {
  let size = 0;
  for await (const chunk of stream) size += chunk.length;
  return size;
}

/** Reads a byte stream into one buffer of the reader's own, over and over. */
async function drainInto(stream: ReadableStream<Uint8Array>): Promise<number> {
  const reader = stream.getReader({ mode: "byob" });
  let buffer = new ArrayBuffer(256 << 10);
  let size = 0;
  while (true) {
    const { value, done } = await reader.read(new Uint8Array(buffer));
    if (done) return size;
    size += value.length;
    buffer = value.buffer as ArrayBuffer;
  }
}

/** A source that costs next to nothing. */
function source(bytes: Uint8Array): ReadableStream<Uint8Array> {
  const chunks = chunksOf(bytes);
  return new ReadableStream({
    pull(controller): void {
      const { value, done } = chunks.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
  });
}

async function throughNode(
  stream: zlib.ZstdCompress | zlib.ZstdDecompress,
  bytes: Uint8Array,
): Promise<void> {
  stream.resume();
  for (const chunk of chunksOf(bytes)) {
    if (!stream.write(chunk)) await new Promise((resolve) => stream.once("drain", resolve));
  }
  stream.end();
  await finished(stream);
}

/** Times of the C program, one process a call. */
async function runC(
  program: string,
  path: string,
  level: number,
  messageSize?: number,
): Promise<Record<string, OwnTime>> {
  const rounds = level > 9 ? 1 : C_ROUNDS;
  const size = messageSize === undefined ? [] : [`${messageSize}`];
  return await runProgram(program, [path, `${level}`, `${rounds}`, ...size]);
}

/** One operation of the C program as a contender. Each call runs all of its operations and keeps one. */
function cContender(program: string, path: string, level: number, operation: string) {
  return async () => (await runC(program, path, level))[operation]!;
}

/** Measures zstd and prints tables and targets. */
export async function compareZstd({ size }: CompareOptions): Promise<void> {
  const { success } = await runZig(["build", "baselines", "--prefix", new URL(".zig/out/", ROOT).pathname]);
  if (!success) throw new Error("Cannot measure: the C program was not built");
  const rounds = ROUNDS[size];
  const content = size === "full" ? (await corpus()).bytes : await smallCorpus(SIZES[size]);
  const path = await Deno.makeTempFile();
  await Deno.writeFile(path, content);
  try {
    const gcc = await gccBaseline("zstd");
    const boku = await bokuwebZstd();
    const napi = await zstdNapi();
    const python = await pythonPackage("zstandard");
    const targets: Target[] = [];
    const rows: string[][] = [];
    const target = new Uint8Array(content.length);
    const room = new Uint8Array(zstdCompressBound(content.length));
    const chunk = new Uint8Array(128 << 10);

    for (const level of LEVELS) {
      const frame = compressZstd(content, { level });
      const node = { params: { [zlib.constants.ZSTD_c_compressionLevel]: level } };
      const perBackend = <T>(make: (backend: "native" | "wasm") => T) =>
        Object.fromEntries(BACKENDS.map((backend) => [backend, make(backend)]));
      const fewer = level > 9 ? 1 : rounds;
      const byCompilers = (operation: string) => ({
        C: cContender(ZIG_PROGRAM, path, level, operation),
        gcc: gcc === undefined ? undefined : cContender(gcc, path, level, operation),
      });
      const seed = await runPython(PYTHON_SCRIPT, python, [path, `${level}`, `${fewer}`]);
      const fromPython = (operation: string) => seed === undefined ? undefined : () => seed[operation]!;

      const operations: [string, Record<string, (() => unknown) | undefined>, number][] = [
        ["compress", {
          ...byCompilers("compress"),
          ...perBackend((backend) => () => compressZstdInto(content, room, { level, backend })),
          node: () => zlib.zstdCompressSync(content, node),
          boku: boku && (() => boku.compress(content, level)),
          napi: napi && (() => napi.compress(content, level)),
          python: fromPython("compress"),
        }, fewer],
        ["decompress into a buffer", {
          ...byCompilers("decompress"),
          ...perBackend((backend) => () => decompressZstdInto(frame, target, { backend })),
        }, rounds],
        ["decompress", {
          ...byCompilers("decompress_fresh"),
          ...perBackend((backend) => () => decompressZstd(frame, { backend })),
          node: () => zlib.zstdDecompressSync(frame, { maxOutputLength: content.length }),
          boku: boku && (() => boku.decompress(frame)),
          napi: napi && (() => napi.decompress(frame)),
          python: fromPython("decompress"),
        }, rounds],
        ["push compress", {
          ...byCompilers("stream_compress"),
          ...perBackend((backend) => () => {
            using encoder = new ZstdEncoder({ level, backend });
            for (const piece of chunksOf(content)) encoder.push(piece);
            encoder.finish();
          }),
        }, fewer],
        ["push decompress", {
          ...byCompilers("stream_decompress"),
          ...perBackend((backend) => () => {
            using decoder = new ZstdDecoder({ backend });
            for (const piece of chunksOf(frame)) {
              decoder.write(piece);
              while (decoder.readInto(chunk) > 0);
            }
            decoder.finish();
          }),
        }, rounds],
        ["stream compress", {
          ...byCompilers("stream_compress"),
          ...perBackend((backend) => () =>
            drain(source(content).pipeThrough(new ZstdCompressionStream({ level, backend })))
          ),
          node: () => throughNode(zlib.createZstdCompress(node), content),
          python: fromPython("stream_compress"),
        }, fewer],
        ["stream decompress", {
          ...byCompilers("stream_decompress"),
          ...perBackend((backend) => () =>
            drain(source(frame).pipeThrough(new ZstdDecompressionStream({ backend })))
          ),
          node: () => throughNode(zlib.createZstdDecompress(), frame),
          python: fromPython("stream_decompress"),
        }, rounds],
        ["stream decompress, BYOB", {
          ...byCompilers("stream_decompress"),
          ...perBackend((backend) => () =>
            drainInto(source(frame).pipeThrough(new ZstdDecompressionStream({ backend })))
          ),
        }, rounds],
      ];
      for (const [name, contenders, times] of operations) {
        const { wall: best, cpu } = await measureTimes(contenders, times);
        rows.push([
          `${name}, level ${level}`,
          ...["C", "gcc", "native", "wasm", "node", "boku", "napi", "python"].map((peer) =>
            speed(content.length, best[peer])
          ),
          ...ratios(best, [
            "C native",
            "gcc native",
            "node native",
            "python native",
            "native wasm",
            "boku wasm",
          ]),
          ...ratios(cpu, ["C native", "python native"]),
        ]);
        if (level === 3) addTargets(targets, name, best);
      }
    }
    console.log(
      `\nzstd, ${
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
        "node:zlib",
        "bokuweb",
        "napi",
        "Python",
        "native : C",
        "native : gcc",
        "native : node",
        "native : Python",
        "WASM : native",
        "WASM : bokuweb",
        "CPU, native : C",
        "CPU, native : Python",
      ],
      rows,
    ));
    await compareMessages(content, path, size, targets);
    await compareTiny(path, content, size, python, targets);
    await compareBatch(content, size, targets);
    await measureCold(targets);
    console.log(`\n${targetTable(targets)}`);
  } finally {
    await Deno.remove(path);
  }
}

function addTargets(targets: Target[], name: string, best: Record<string, number>): void {
  const over = (peer: string, ours: string): number | undefined =>
    best[peer] === undefined || best[ours] === undefined ? undefined : best[peer] / best[ours];
  const add = (text: string, actual: number | undefined, wanted: number): void => {
    targets.push({ name: text, actual, wanted });
  };
  switch (name) {
    case "compress":
      add("one-shot compress : C", over("C", "native"), 0.95);
      add("WASM compress : native", over("native", "wasm"), 0.5);
      add("WASM compress : bokuweb", over("boku", "wasm"), 1);
      break;
    case "decompress into a buffer":
      add("one-shot decompress into a buffer : C", over("C", "native"), 0.95);
      add("WASM decompress : native", over("native", "wasm"), 0.45);
      break;
    case "decompress":
      add("one-shot decompress : C with a fresh buffer", over("C", "native"), 0.95);
      add("one-shot decompress : node:zlib", over("node", "native"), 1.5);
      add("WASM decompress : bokuweb", over("boku", "wasm"), 1);
      break;
    case "push decompress":
      add("push decompress with a reused buffer : C", over("C", "native"), 0.97);
      break;
    case "stream compress":
      add("stream compress : C", over("C", "native"), 0.95);
      break;
    case "stream decompress, BYOB":
      add("stream decompress into the reader's buffer : C", over("C", "native"), 0.95);
      break;
    case "stream decompress":
      add("stream decompress : C", over("C", "native"), 1);
      add("stream decompress : python-zstandard", over("python", "native"), 1);
      add("stream decompress : node:zlib", over("node", "native"), 1.15);
      break;
  }
}

/** Messages of 1 KiB from all over the content, with contexts that are used again. */
async function compareMessages(
  content: Uint8Array,
  path: string,
  size: CompareOptions["size"],
  targets: Target[],
): Promise<void> {
  const step = size === "full" ? 16 << 10 : 8 << 10;
  const messages: Uint8Array[] = [];
  for (let at = 0; at + MESSAGE <= content.length; at += step) messages.push(content.slice(at, at + MESSAGE));
  const frames = messages.map((message) => compressZstd(message));
  const room = new Uint8Array(zstdCompressBound(MESSAGE));
  const rows: string[][] = [];
  const contexts = BACKENDS.map((backend) => ({
    compressor: new ZstdCompressor({ backend }),
    decompressor: new ZstdDecompressor({ backend }),
  }));
  const all = (run: (message: Uint8Array) => unknown, inputs: readonly Uint8Array[]) => () => {
    for (const input of inputs) run(input);
  };
  const c = async (operation: string) => {
    const times = await runC(ZIG_PROGRAM, path, 3, MESSAGE);
    return new OwnTime(times[operation]!.ms * messages.length);
  };
  const both = <T>(make: (context: (typeof contexts)[number]) => T) => ({
    native: make(contexts[0]!),
    wasm: make(contexts[1]!),
  });
  const operations: [string, Record<string, (() => unknown) | undefined>][] = [
    ["compress", {
      C: () => c("compress"),
      ...both(({ compressor }) => all((message) => compressor.compress(message), messages)),
      node: all((message) => zlib.zstdCompressSync(message), messages),
    }],
    ["compress into a buffer", {
      C: () => c("compress"),
      ...both(({ compressor }) => all((message) => compressor.compressInto(message, room), messages)),
    }],
    ["decompress", {
      C: () => c("decompress"),
      ...both(({ decompressor }) => all((frame) => decompressor.decompress(frame), frames)),
      node: all((frame) => zlib.zstdDecompressSync(frame), frames),
    }],
    ["decompress into a buffer", {
      C: () => c("decompress"),
      ...both(({ decompressor }) => all((frame) => decompressor.decompressInto(frame, room), frames)),
    }],
  ];
  for (const [name, contenders] of operations) {
    const best = await measure(contenders, ROUNDS[size] + 1);
    const each = (peer: string): string =>
      best[peer] === undefined ? "-" : (best[peer] / messages.length * 1000).toFixed(2);
    rows.push([
      `${name}, 1 KiB`,
      ...["C", "native", "wasm", "node"].map(each),
      ratio(best.C, best.native),
      ratio(best.node, best.native),
    ]);
    if (best.node !== undefined) {
      targets.push({
        name: `1 KiB messages, ${name} : node:zlib`,
        actual: best.node / best.native!,
        wanted: 5,
      });
      targets.push({
        name: `1 KiB messages, ${name} : node:zlib, if C itself ran it`,
        actual: best.node / best.C!,
        wanted: 5,
      });
    }
  }
  for (const { compressor, decompressor } of contexts) {
    compressor.close();
    decompressor.close();
  }
  console.log(`\n${messages.length} messages of 1 KiB, level 3, microseconds each\n`);
  console.log(table(["operation", "C", "native", "WASM", "node:zlib", "native : C", "native : node"], rows));
}

/** Messages of 100 bytes, where calls cost more than compression. */
async function compareTiny(
  path: string,
  content: Uint8Array,
  size: CompareOptions["size"],
  python: Record<string, string> | undefined,
  targets: Target[],
): Promise<void> {
  const bytes = 100;
  const count = Math.min(size === "full" ? 100_000 : 2000, Math.floor(content.length / bytes));
  const messages = Array.from({ length: count }, (_, i) => content.slice(i * bytes, (i + 1) * bytes));
  using compressor = new ZstdCompressor({ backend: "native" });
  using decompressor = new ZstdDecompressor({ backend: "native" });
  const frames = messages.map((message) => compressor.compress(message));
  const seed = await runPython(PYTHON_SCRIPT, python, ["--messages", `${count}`, `${bytes}`, path]);
  const best = await measure({
    compress: () => {
      for (const message of messages) compressor.compress(message);
    },
    decompress: () => {
      for (const frame of frames) decompressor.decompress(frame);
    },
    "batch compress": () => compressZstdBatch(messages, { backend: "native" }),
    "batch decompress": () => decompressZstdBatch(frames, { backend: "native" }),
  }, ROUNDS[size] + 1);
  const each = (ms: number | undefined): string => ms === undefined ? "-" : (ms / count * 1000).toFixed(2);
  const rows = ["compress", "decompress"].flatMap((name) => [
    [`${name}, one by one`, each(best[name]), each(seed?.[name]?.ms), ratio(seed?.[name]?.ms, best[name])],
    [
      `${name}, as a batch`,
      each(best[`batch ${name}`]),
      each(seed?.[name]?.ms),
      ratio(seed?.[name]?.ms, best[`batch ${name}`]),
    ],
  ]);
  console.log(`\n${count} messages of ${bytes} bytes, a context used again, microseconds each\n`);
  console.log(table(["operation", "native", "Python", "native : Python"], rows));
  for (const name of ["compress", "decompress"]) {
    targets.push({
      name: `${bytes} byte messages, ${name} one by one : Python`,
      actual: seed === undefined ? undefined : seed[name]!.ms / best[name]!,
      wanted: 3,
    });
  }
}

/** One batch on one thread and on two. */
async function compareBatch(
  content: Uint8Array,
  size: CompareOptions["size"],
  targets: Target[],
): Promise<void> {
  const piece = 64 << 10;
  const items = Array.from(
    { length: Math.floor(Math.min(content.length, 32 << 20) / piece) },
    (_, i) => content.subarray(i * piece, (i + 1) * piece),
  );
  const frames = compressZstdBatch(items, { backend: "native" });
  const best = await measure({
    compress1: () => compressZstdBatch(items, { backend: "native", threads: 1 }),
    compress2: () => compressZstdBatch(items, { backend: "native", threads: 2 }),
    decompress1: () => decompressZstdBatch(frames, { backend: "native", threads: 1 }),
    decompress2: () => decompressZstdBatch(frames, { backend: "native", threads: 2 }),
  }, ROUNDS[size]);
  const bytes = items.length * piece;
  console.log(`\nbatch of ${items.length} values of 64 KiB, MB/s\n`);
  console.log(table(["operation", "1 thread", "2 threads", "2 : 1"], [
    [
      "compress",
      speed(bytes, best.compress1),
      speed(bytes, best.compress2),
      ratio(best.compress1, best.compress2),
    ],
    [
      "decompress",
      speed(bytes, best.decompress1),
      speed(bytes, best.decompress2),
      ratio(best.decompress1, best.decompress2),
    ],
  ]));
  targets.push({
    name: "batch compress, 2 threads : 1",
    actual: best.compress1! / best.compress2!,
    wanted: 1.9,
  });
}

/** What the edge pays: the size of the decoder, and the first megabyte in a fresh process without permissions. */
async function measureCold(targets: Target[]): Promise<void> {
  const wasm = await Deno.readFile(new URL(".zig/out/wasm/zstd_decode.wasm", ROOT));
  const gzip = zlib.gzipSync(Buffer.from(wasm), { level: 9 });
  targets.push({ name: "decoder WASM", actual: wasm.length / 1024, wanted: 80, atMost: true, unit: " KiB" });
  targets.push({
    name: "decoder WASM, gzip",
    actual: gzip.length / 1024,
    wanted: 28,
    atMost: true,
    unit: " KiB",
  });

  const frame = compressZstd(await smallCorpus(1 << 20));
  let best = Infinity;
  for (let round = 0; round < 3; round++) {
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "--no-prompt", new URL("_cold_decode.ts", import.meta.url).pathname],
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    const writer = child.stdin.getWriter();
    await writer.write(frame);
    await writer.close();
    best = Math.min(best, Number(new TextDecoder().decode((await child.output()).stdout)));
  }
  targets.push({
    name: "first MiB decoded by WASM from cold",
    actual: best,
    wanted: 15,
    atMost: true,
    unit: " ms",
  });
}
