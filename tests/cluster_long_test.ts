/**
 * The cluster of the examples under every fault that machines have: each run gives what one machine gives, or names what
 * is missing. Redis and an object store run on this machine. With SLUICE_LONG=1 workers are killed 20 times.
 */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { createGitPack, GitMemoryStore } from "@sluice/gitdb";
import type { GitObjectId } from "@sluice/gitdb";
import {
  byteSourceFromBytes,
  compressLz4,
  decompressLz4,
  encryptLz4AesGcmIterable,
  joinLz4Parts,
  Lz4Archive,
  Lz4Index,
  planLz4Splits,
  repackLz4,
} from "@sluice/lz4";
import { decompressZpaq, ZpaqArchive } from "@sluice/zpaq";
import { decompressZstd } from "@sluice/zstd";
import { compressZstdSeekable, planZstdSplits, ZstdSeekableReader } from "@sluice/zstd/seekable";
import { MAIN_OPTIONS, WORKER_OPTIONS } from "../examples/cluster/command_line.ts";
import { formatProgress, Producer } from "../examples/cluster/producer.ts";
import {
  BoardService,
  freePort,
  isInstalled,
  ObjectStoreService,
  RedisService,
  WorkerService,
} from "../examples/cluster/services.ts";
import { reduceRun } from "../examples/cluster/reduce.ts";
import { Scratch } from "../examples/cluster/scratch.ts";
import { NO_OUTPUT } from "../examples/cluster/tasks.ts";
import type { RunResult, Source, Task } from "../examples/cluster/tasks.ts";
import { join } from "./_data.ts";
import { inDirectory } from "./_directory.ts";
import { startSlowServer } from "./_slow_server.ts";
import type { SlowServer } from "./_slow_server.ts";

const LONG = Deno.env.get("SLUICE_LONG") === "1";
const MANY_PARTS = LONG ? 1000 : 100;
const KILLS = LONG ? 20 : 2;
const ROWS = 30_000;
const SPLIT_SIZE = 128 << 10;
const DELAY_MS = 150;
const KEY = new Uint8Array(32).fill(9);
/** Locks of so many seconds: work of a worker that is lost starts again after them. */
const LOCK = "--lock=2";

const LINES = Array.from(
  { length: ROWS },
  (_, i) => JSON.stringify({ id: i, user: i * 7 % 1000, text: `row ${i}` }),
);
const CONTENT = new TextEncoder().encode(`${LINES.join("\n")}\n`);
const SUM = LINES.reduce((sum, line) => sum + JSON.parse(line).user, 0);
const COUNT: Task = { kind: "count", sum: "user" };
const ZST = compressZstdSeekable(CONTENT, { frameSize: 64 << 10 });
const LZ4 = compressLz4(CONTENT, { linked: true, blockSize: 65536 });

let runs = 0;
let parts = 0;

function plain(url: string): Source {
  return { url, label: url, encrypted: false };
}

function checkCount(result: RunResult): void {
  assertEquals([result.complete, result.rows, result.sum, result.bytesIn], [true, ROWS, SUM, CONTENT.length]);
  runs++;
  parts += result.parts;
}

/** Runs a program of the cluster; returns its exit code and all that it says. */
async function runProgram(
  program: "main" | "worker",
  ...args: readonly string[]
): Promise<readonly [code: number, text: string]> {
  const script = new URL(`../examples/cluster/${program}.ts`, import.meta.url).pathname;
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", script, ...args],
  }).output();
  return [code, new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr)];
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  for (let i = 0; !await condition(); i++) {
    assert(i < 600, "it did not happen in 60 s");
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** A count over a slow server that goes wrong when a few parts are done. */
async function countWhile(
  producer: Producer,
  server: SlowServer,
  disturb: () => Promise<void>,
): Promise<RunResult> {
  const run = await producer.start({ task: COUNT, source: plain(server.url), splitSize: SPLIT_SIZE });
  let disturbed: Promise<void> | undefined;
  const result = await producer.wait(run, ({ done }) => {
    if (done >= 2) disturbed ??= disturb();
  });
  assert(disturbed !== undefined);
  await disturbed;
  return result;
}

async function testCluster(t: Deno.TestContext, folder: string): Promise<void> {
  await Deno.mkdir(`${folder}/redis`);
  await using redis = await RedisService.start(`${folder}/redis`);
  await using producer = new Producer(redis.url);
  await Deno.writeTextFile(`${folder}/key`, KEY.toHex());
  const start = (...args: string[]): Promise<WorkerService> =>
    WorkerService.start(redis.url, [LOCK, `--key-file=${folder}/key`, `--scratch=${folder}/parts`, ...args]);

  await t.step("formats, encrypted too, and results that are found again", async () => {
    await using worker = await start("--threads=2");
    const sealed = join(...await Array.fromAsync(encryptLz4AesGcmIterable(LZ4, { key: KEY })));
    const files = { "a.jsonl": CONTENT, "a.zst": ZST, "a.lz4": LZ4, "sealed.lz4": sealed };
    for (const [name, bytes] of Object.entries(files)) {
      await Deno.writeFile(`${folder}/${name}`, bytes);
      const source = { ...plain(`${folder}/${name}`), encrypted: name === "sealed.lz4" };
      const options = { task: COUNT, source, splitSize: SPLIT_SIZE, key: KEY };
      const first = await producer.wait(await producer.start(options));
      checkCount(first);
      assert(first.parts > 4, name);
      const before = await worker.metrics();
      checkCount(await producer.wait(await producer.start(options)));
      const after = await worker.metrics();
      assertEquals(after.parts_found! - before.parts_found!, first.parts, "a part was done twice");
      assertEquals(after.range_reads, before.range_reads);
      const grep = { ...options, task: { kind: "grep", pattern: '"user":7,' } as const };
      const found = await producer.wait(await producer.start(grep));
      assertEquals(found.rows, LINES.filter((line) => line.includes('"user":7,')).length);
      assertEquals(found.sample[0], LINES[1]);
      const verify = { ...options, task: { kind: "verify" } as const };
      assertEquals((await producer.wait(await producer.start(verify))).bytesIn, CONTENT.length);
    }
  });

  await t.step("a plan that was made before, and one of another file", async () => {
    await using _worker = await start();
    const { index } = await ZstdSeekableReader.open(ZST);
    const splits = await Array.fromAsync(
      planZstdSplits(`${folder}/a.zst`, index, { splitSize: SPLIT_SIZE, atLine: true }),
    );
    await Deno.writeTextFile(`${folder}/plan.jsonl`, splits.map((split) => JSON.stringify(split)).join("\n"));
    const options = { task: COUNT, splitSize: SPLIT_SIZE, plan: `${folder}/plan.jsonl` };
    checkCount(await producer.wait(await producer.start({ ...options, source: plain(`${folder}/a.zst`) })));
    const other = await producer.start({ ...options, source: plain(`${folder}/a.lz4`) });
    await assertRejects(() => producer.wait(other), Error, "a.lz4: Cannot read a split: the source changed");
  });

  await t.step("the program says what came of a run, and refuses what it does not know", async () => {
    await using _worker = await start();
    const main = (...args: string[]) => runProgram("main", ...args, `--redis=${redis.url}`);
    const file = `${folder}/a.zst`;
    const [code, text] = await main("count", file, "--sum=user", "--split=128K");
    assertEquals([code, text.split("\n")[0]], [0, `${ROWS} rows, sum ${SUM}`]);
    await Deno.writeFile(`${folder}/cut.lz4`, LZ4.map((byte, i) => i >= 100 && i < 200 ? 0 : byte));
    await Deno.writeFile(
      `${folder}/cut.zst`,
      join(ZST.subarray(0, 100), new Uint8Array(100), ZST.subarray(200)),
    );
    for (
      const [args, status, expected] of [
        [["verify", `${folder}/cut.zst`, "--split=128K"], 1, "INCOMPLETE: 1 of"],
        [["count", file, `--plan=${folder}/plan.jsonl`, "--split=1M"], 2, "no effect with --plan"],
        [["count", file, "--pattern=x", "--unknown"], 2, "--unknown"],
        [["grep", file], 2, "needs --pattern"],
        [["recompress", file], 2, "recompress needs --out"],
        [["recompress", file, "--out=x", "--level=23"], 2, "expected 1 to 22"],
        [["count", file, "--out=x"], 2, "--out has no effect on count"],
        [["verify", file, "--sum=x"], 2, "--sum has no effect on verify"],
        [["count", file, "--bucket=x"], 2, "--bucket has no effect"],
        [["grep", file, "--pattern=("], 2, "--pattern: Invalid regular expression"],
        [["count", file, `--key-file=${file}`], 2, "expected 32 or 64 hexadecimal digits"],
        [["count"], 2, "expected a task and a source"],
        [["count", `${folder}/missing.zst`], 1, "missing.zst"],
        [["count", `${folder}/cut.lz4`], 1, "cut.lz4 has no index and none can be made"],
      ] as const
    ) {
      const [code, text] = await main(...args);
      assertEquals([code, text.includes(expected)], [status, true], `${args.join(" ")}: ${text}`);
      if (args[0] !== "verify" || status === 2) assertEquals(text.trimEnd().split("\n").length, 1, text);
    }
  });

  await t.step("both programs list their options, as the tables of README.md do", async () => {
    const readme = await Deno.readTextFile(new URL("../examples/cluster/README.md", import.meta.url));
    const plainReadme = readme.replaceAll(/ +/g, " ").replaceAll("\\|", "|");
    for (const [program, rows] of [["main", MAIN_OPTIONS], ["worker", WORKER_OPTIONS]] as const) {
      const [code, text] = await runProgram(program, "--help");
      assertEquals(code, 0, text);
      for (const { name, value, default: fallback, text: meaning, tasks } of rows) {
        assert(text.includes(`  --${name}=${value} `) && text.includes(meaning), name);
        if (fallback !== undefined) assert(text.includes(`(default: ${fallback})`), name);
        const only = program === "worker" ? "" : ` ${tasks?.join(", ") ?? "all"} |`;
        const row = `| \`--${name}=${value}\` |${only} ${fallback ?? ""} | ${meaning} |`.replaceAll(
          / +/g,
          " ",
        );
        assert(plainReadme.includes(row), row);
      }
      const wrong = await runProgram(program, "--redis=nowhere", "count", "x");
      assertEquals([wrong[0], wrong[1].trimEnd().split("\n").length], [2, 1], wrong[1]);
    }
    const [code, text] = await runProgram("worker", "--threads=0");
    assertEquals([code, text], [2, "worker.ts: --threads=0: expected a number from 1 to 256 (see --help)\n"]);
  });

  await t.step("a Redis that is away is waited for, in one line", async () => {
    const port = freePort();
    const script = new URL("../examples/cluster/main.ts", import.meta.url).pathname;
    const process = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", script, "count", `${folder}/a.zst`, `--redis=redis://:secret@127.0.0.1:${port}`],
      stdout: "null",
      stderr: "piped",
    }).spawn();
    let text = "";
    const decoder = new TextDecoder();
    const reading = process.stderr.pipeTo(
      new WritableStream({ write: (bytes) => void (text += decoder.decode(bytes, { stream: true })) }),
    );
    await until(() => Promise.resolve(text.includes("\n")));
    await new Promise((resolve) => setTimeout(resolve, 3000)); // a dozen tries
    process.kill("SIGKILL");
    await process.status;
    await reading;
    assert(text.startsWith(`waiting for Redis at 127.0.0.1:${port}: connect ECONNREFUSED`), text);
    assertEquals(text.trimEnd().split("\n").length, 1, text);
  });

  await t.step("how far a run is, in a line", () => {
    const progress = { done: 3, failed: 1, parts: 10, bytes: 30 << 20, total: 100 << 20, seconds: 2 };
    assertEquals(formatProgress(progress), "3 of 10 parts, 1 dead, 30 of 100 MiB, 15.0 MiB/s, 5 s left");
    const none = { done: 0, failed: 0, parts: 10, bytes: 0, total: 100 << 20, seconds: 0 };
    assertEquals(formatProgress(none), "0 of 10 parts, 0 of 100 MiB, 0.0 MiB/s");
  });

  await t.step("one range for each part, and the file opened once", async () => {
    await using server = startSlowServer(ZST, 0, "log.zst");
    await using _worker = await start();
    const run = await producer.start({
      task: { kind: "verify" },
      source: plain(server.url),
      splitSize: SPLIT_SIZE,
    });
    const planning = server.requests;
    const result = await producer.wait(run);
    assertEquals(server.requests - planning, result.parts + 1);
  });

  await t.step(`kill -9, ${KILLS} times`, async () => {
    await using server = startSlowServer(ZST, DELAY_MS, "log.zst");
    const workers = [await start(), await start()];
    try {
      for (let i = 0; i < KILLS; i++) {
        server.change(ZST, `"kill ${i}"`); // a version whose results are not known
        checkCount(
          await countWhile(producer, server, async () => {
            await workers[i % 2]!.kill();
            workers[i % 2] = await start();
          }),
        );
      }
    } finally {
      for (const worker of workers) await worker.kill();
    }
  });

  await t.step("a worker that stops answering, and comes back", async () => {
    await using server = startSlowServer(ZST, DELAY_MS, "log.zst");
    await using stalled = await start("--threads=2");
    await using _other = await start();
    checkCount(
      await countWhile(producer, server, () => {
        stalled.signal("SIGSTOP");
        setTimeout(() => stalled.signal("SIGCONT"), 5000);
        return Promise.resolve();
      }),
    );
    await until(async () => (await stalled.metrics()).parts_done! >= 0);
  });

  await t.step("a part that computes longer than its lock lasts is done once", async () => {
    await using busy = await start("--lock=1");
    await using other = await start("--lock=1");
    await Deno.writeFile(`${folder}/slow.txt`, new TextEncoder().encode("a".repeat(27)));
    const slow: Task = { kind: "grep", pattern: "^(a+)+b" }; // tries every way to cut the line
    const started = performance.now();
    const run = await producer.start({
      task: slow,
      source: plain(`${folder}/slow.txt`),
      splitSize: SPLIT_SIZE,
    });
    const result = await producer.wait(run);
    const seconds = (performance.now() - started) / 1000;
    assertEquals([result.complete, result.rows], [true, 0]);
    const done = (await busy.metrics()).parts_done! + (await other.metrics()).parts_done!;
    const found = (await busy.metrics()).parts_found! + (await other.metrics()).parts_found!;
    assertEquals([done, found], [1, 0], `${seconds} s`);
    console.log(`a part of ${seconds.toFixed(1)} s under a lock of 1 s was done once`);
  });

  await t.step("workers that run out of memory", () => testOutOfMemory(folder, producer, start));

  await t.step("Redis restarts with its append-only file", async () => {
    await using server = startSlowServer(ZST, DELAY_MS, "log.zst");
    await using _a = await start();
    await using _b = await start();
    checkCount(await countWhile(producer, server, () => redis.restart()));
  });

  await t.step("a poison part is named with its offset, and the others count", async () => {
    const reader = await ZstdSeekableReader.open(ZST);
    const frame = reader.index.frame(reader.frameCount >> 1);
    const damaged = ZST.slice();
    damaged.fill(0xff, frame.compressedOffset + 20, frame.compressedOffset + 40);
    await Deno.writeFile(`${folder}/damaged.zst`, damaged);
    await using worker = await start();
    const source = plain(`${folder}/damaged.zst`);
    const run = await producer.start({ task: { kind: "verify" }, source, splitSize: SPLIT_SIZE });
    const result = await producer.wait(run);
    assertEquals([result.complete, result.dead.length], [false, 1]);
    const [dead] = result.dead;
    assert(
      dead!.offset! >= frame.compressedOffset &&
        dead!.offset! < frame.compressedOffset + frame.compressedSize,
    );
    assert(["CORRUPT", "CHECKSUM_MISMATCH"].includes(dead!.code), dead!.code);
    assert(result.bytesIn > 0 && result.bytesIn < CONTENT.length);
    const letters = (await producer.deadParts()).filter((letter) => letter.source === source.label);
    assertEquals(letters, [dead!]);
    assertEquals((await worker.metrics()).parts_failed, 1, "a part that no worker can do was tried again");
  });

  await t.step("damage in any frame is in one part, and all others count", async () => {
    await using _worker = await start("--threads=2");
    const packed = join(...await Array.fromAsync(repackLz4([LZ4], { frameSize: 64 << 10 })));
    const lz4 = join(...await Array.fromAsync(joinLz4Parts([packed])));
    const lz4Index = (await Lz4Index.embedded(lz4))!;
    await lz4Index.load();
    const frames = [...(await ZstdSeekableReader.open(ZST)).index.frames].filter(({ size }) => size > 0);
    const damages = {
      zst: { file: ZST, starts: frames.map(({ compressedOffset }) => compressedOffset) },
      lz4: {
        file: lz4,
        // An index does not know its file by more than the first and last 64 KiB.
        starts: lz4Index.points.map(({ compressedOffset }) => compressedOffset).filter((offset) =>
          offset > 64 << 10 && offset < lz4.length - (80 << 10)
        ),
      },
    };
    let atBorder = 0;
    for (const [name, { file, starts }] of Object.entries(damages)) {
      assert(starts.length > 3, name);
      for (const start of starts) {
        const damaged = file.slice();
        for (let at = start + 20; at < start + 60; at++) damaged[at]! ^= 0x5a;
        const path = `${folder}/damaged-${start}.${name}`;
        await Deno.writeFile(path, damaged);
        const run = await producer.start({ task: COUNT, source: plain(path), splitSize: SPLIT_SIZE });
        const { complete, dead, rows, sum, bytesIn } = await producer.wait(run);
        const label = `${name} byte ${start}`;
        assertEquals([complete, dead.length], [false, 1], label);
        const options = { splitSize: SPLIT_SIZE, atLine: true };
        const splits = name === "zst"
          ? await Array.fromAsync(
            planZstdSplits(path, (await ZstdSeekableReader.open(damaged)).index, options),
          )
          : await Array.fromAsync(planLz4Splits(path, lz4Index, options));
        const lost = splits[dead[0]!.id]!;
        if (lost.fault !== undefined) atBorder++;
        const text = new TextDecoder().decode(CONTENT.subarray(...lost.decompressedRange));
        const lostRows = text.trimEnd().split("\n").map((line) => JSON.parse(line).user as number);
        assertEquals(bytesIn + text.length, CONTENT.length, label);
        assertEquals(rows + lostRows.length, ROWS, label);
        assertEquals(sum + lostRows.reduce((a, b) => a + b, 0), SUM, label);
        assert(dead[0]!.offset !== undefined, label);
      }
    }
    assert(atBorder > 3, `${atBorder} borders were damaged`);
  });

  await t.step("a source that changes in the middle fails the run, which names it", async () => {
    await using server = startSlowServer(ZST, DELAY_MS, "log.zst");
    await using worker = await start();
    const other = ZST.slice();
    other[100]! ^= 1;
    const run = countWhile(producer, server, () => Promise.resolve(server.change(other, '"2"')));
    await assertRejects(() => run, Error, `${server.url}: `);
    const { parts_failed } = await worker.metrics();
    assert(parts_failed! <= 2, `${parts_failed} parts were tried after the source changed`);
  });

  await t.step("the queues in a browser", async () => {
    const port = freePort();
    let board: BoardService;
    try {
      board = await BoardService.start(redis.url, port);
    } catch (error) {
      return console.log(`SKIPPED: @bull-board: ${error instanceof Error ? error.message : error}`);
    }
    await using _board = board;
    const page = await fetch(`http://127.0.0.1:${port}/board`);
    assertEquals([page.status, (await page.text()).includes("<html")], [200, true]);
    const { queues } = await (await fetch(`http://127.0.0.1:${port}/board/api/queues`)).json();
    assertEquals(queues.map(({ name }: { name: string }) => name), [
      "sluice-runs",
      "sluice-parts",
      "sluice-dead",
    ]);
  });

  await testOutputs(t, folder, producer, start);
}

/** Runs with an output, in an object store. */
async function testOutputs(
  t: Deno.TestContext,
  folder: string,
  producer: Producer,
  start: (...args: string[]) => Promise<WorkerService>,
): Promise<void> {
  await Deno.mkdir(`${folder}/objects`);
  let store: ObjectStoreService;
  try {
    store = await ObjectStoreService.start(`${folder}/objects`);
  } catch (error) {
    return console.log(
      `SKIPPED: outputs in an object store: ${error instanceof Error ? error.message : error}`,
    );
  }
  await using _store = store;
  const { bucket } = store;
  const bytesOf = async (key: string): Promise<Uint8Array<ArrayBuffer>> =>
    await (await fetch(await bucket.sign("GET", key))).bytes();
  await bucket.put("log.lz4", LZ4);
  const source = {
    url: await bucket.sign("GET", "log.lz4"),
    label: bucket.label("log.lz4"),
    encrypted: false,
  };

  await t.step("recompress through presigned addresses, with a worker that is killed", async () => {
    for (const to of ["zstd", "lz4"] as const) {
      await using a = await start();
      await using _b = await start();
      const task: Task = { kind: "recompress", to, level: to === "zstd" ? 19 : 9, frameSize: 32 << 10 };
      const run = await producer.start({ task, source, splitSize: SPLIT_SIZE }, { bucket, key: `out.${to}` });
      let killed: Promise<void> | undefined;
      const result = await producer.wait(run, ({ done }) => {
        if (done >= 1) killed ??= a.kill();
      });
      await killed;
      const file = await bytesOf(`out.${to}`);
      assertEquals([result.complete, result.bytesOut], [true, file.length]);
      assertEquals(to === "zstd" ? decompressZstd(file) : decompressLz4(file), CONTENT);
      if (to === "zstd") {
        const reader = await ZstdSeekableReader.open(file);
        await reader.verify();
        assertEquals(await reader.read(500_000, 100), CONTENT.slice(500_000, 500_100));
      } else {
        using archive = new Lz4Archive(byteSourceFromBytes(file), (await Lz4Index.embedded(file))!);
        assertEquals(await archive.read(500_000, 100), CONTENT.slice(500_000, 500_100));
      }
      runs++;
      parts += result.parts;
    }
  });

  await t.step("many parts are joined without being read", async () => {
    await using _worker = await start("--threads=2");
    const lines = new TextEncoder().encode("one more line of text\n".repeat(MANY_PARTS * 50));
    await Deno.writeFile(`${folder}/many.txt`, lines);
    const task: Task = { kind: "recompress", to: "zstd", level: 1, frameSize: 64 << 10 };
    const options = {
      task,
      source: plain(`${folder}/many.txt`),
      splitSize: Math.ceil(lines.length / MANY_PARTS),
    };
    const started = performance.now();
    const result = await producer.wait(await producer.start(options, { bucket, key: "many.zst" }));
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    assertEquals([result.complete, result.parts], [true, MANY_PARTS]);
    const file = await bytesOf("many.zst");
    assertEquals(decompressZstd(file), lines);
    assertEquals((await ZstdSeekableReader.open(file)).frameCount, MANY_PARTS);
    console.log(`${MANY_PARTS} parts compressed, uploaded and joined in ${seconds} s`);
  });

  await t.step(
    "output that waits for its upload is not made again, and half of it is not taken",
    async () => {
      await Deno.mkdir(`${folder}/scratch`);
      const bytes = CONTENT.slice(0, 1000);
      const sha256 = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
      const kept = { ...NO_OUTPUT, bytesIn: 5, bytesOut: bytes.length, sha256 };
      const scratch = new Scratch(`${folder}/scratch`, "x");
      assertEquals(await scratch.read(), undefined);
      await scratch.write(bytes, kept);
      assertEquals(await new Scratch(`${folder}/scratch`, "x").read(), { bytes, result: kept });
      await Deno.truncate(`${folder}/scratch/x.part`, 999);
      assertEquals(await scratch.read(), undefined);
      await scratch.remove();
      assertEquals([...Deno.readDirSync(`${folder}/scratch`)].length, 0);
    },
  );

  await t.step("a run whose end is done twice has one output", async () => {
    const get = await bucket.sign("GET", "twice.zst");
    const upload = await bucket.startUpload("twice.zst");
    const { index } = await ZstdSeekableReader.open(ZST);
    const frames = ZST.slice(0, index.compressedSize);
    const put = await fetch(await bucket.signPart("twice.zst", upload, 1), { method: "PUT", body: frames });
    await put.body?.cancel();
    const part = {
      ...NO_OUTPUT,
      bytesIn: 1,
      bytesOut: frames.length,
      etag: put.headers.get("etag")!,
      index: index.toJSON().frames,
    };
    const task: Task = { kind: "recompress", to: "zstd", level: 1, frameSize: 1 };
    const table = await bucket.signPart("twice.zst", upload, 2);
    const target = { upload, table, complete: await bucket.signComplete("twice.zst", upload), get };
    const run = { run: "x", task, source, parts: 1, bytes: 1, startedAt: Date.now(), target };
    async function* results() {
      yield await Promise.resolve(part);
    }
    const first = await reduceRun(run, results(), []);
    const second = await reduceRun(run, results(), []); // its worker was lost before it told Redis
    assertEquals([second.bytesOut, second.complete], [first.bytesOut, true]);
    assertEquals(await bytesOf("twice.zst"), ZST);
  });

  await t.step("archive a folder by blocks", async () => {
    const files = {
      "a/one": CONTENT.slice(0, 300_000),
      "a/two": new Uint8Array(),
      "b": CONTENT.slice(5, 90_000),
    };
    for (const [name, bytes] of Object.entries(files)) {
      await Deno.mkdir(`${folder}/tree/a`, { recursive: true });
      await Deno.writeFile(`${folder}/tree/${name}`, bytes);
    }
    await using _worker = await start("--threads=2");
    const task: Task = { kind: "archive", method: "5" };
    const tree = { task, source: plain(`${folder}/tree`), splitSize: 100_000 };
    const result = await producer.wait(await producer.start(tree, { bucket, key: "tree.zpaq" }));
    const archive = await bytesOf("tree.zpaq");
    assertEquals([result.complete, result.bytesOut], [true, archive.length]);
    assertEquals(decompressZpaq(archive), join(...Object.values(files)));
    using opened = await ZpaqArchive.open(archive);
    assertEquals((await opened.entries()).map(({ name }) => name), Object.keys(files));
    await extractWithTool(folder, archive, files);
  });

  await t.step("verify a git pack", async () => {
    const objects = new GitMemoryStore();
    const ids: GitObjectId[] = [];
    for (let i = 0; i < 50; i++) ids.push(await objects.write({ type: "blob", body: `object ${i}` }));
    const { name } = await createGitPack(folder, objects, ids.map((id) => ({ id })));
    const pack = await Deno.readFile(`${folder}/${name}.pack`);
    await Deno.writeFile(`${folder}/good.pack`, pack);
    pack[pack.length >> 1]! ^= 1;
    await Deno.writeFile(`${folder}/bad.pack`, pack);
    await using _worker = await start();
    for (const name of ["good", "bad"]) {
      const task: Task = { kind: "verify" };
      const run = await producer.start({
        task,
        source: plain(`${folder}/${name}.pack`),
        splitSize: SPLIT_SIZE,
      });
      assertEquals((await producer.wait(run)).complete, name === "good");
    }
  });

  await t.step("a disk that is full on one worker", async () => {
    const disk = `${folder}/disk`;
    await Deno.mkdir(disk);
    const args = ["-t", "tmpfs", "-o", "size=8k", "none", disk];
    const mounted = await new Deno.Command("mount", { args, stderr: "null" }).output().catch(() => undefined);
    if (!mounted?.success) return console.log("SKIPPED: a full disk: this user can not mount one");
    try {
      await using full = await start(`--scratch=${disk}`);
      const task: Task = { kind: "recompress", to: "zstd", level: 3, frameSize: 64 << 10 };
      const run = await producer.start({ task, source, splitSize: SPLIT_SIZE }, { bucket, key: "disk.zst" });
      await until(async () => (await full.metrics()).pauses! > 0);
      await using _other = await start();
      assertEquals((await producer.wait(run)).complete, true);
      assertEquals(decompressZstd(await bytesOf("disk.zst")), CONTENT);
      assertEquals([...Deno.readDirSync(disk)].length, 0);
    } finally {
      await new Deno.Command("umount", { args: [disk] }).output();
    }
  });
}

/** A worker that gets so much memory for its parts; the kernel ends it when it wants more. */
class SmallWorker implements AsyncDisposable {
  readonly #worker: WorkerService;
  readonly #group: string;

  private constructor(worker: WorkerService, group: string) {
    this.#worker = worker;
    this.#group = group;
  }

  /** Puts a worker into a group with a limit in bytes, or returns undefined where this user can make none. */
  static async start(worker: WorkerService, limit: number): Promise<SmallWorker | undefined> {
    const group = `/sys/fs/cgroup/memory/sluice-${worker.pid}`;
    try {
      await Deno.mkdir(group);
      await Deno.writeTextFile(`${group}/memory.limit_in_bytes`, `${limit}`);
      await Deno.writeTextFile(`${group}/cgroup.procs`, `${worker.pid}`);
      return new SmallWorker(worker, group);
    } catch {
      await worker.kill();
      return undefined;
    }
  }

  /** Waits until the kernel has ended it. */
  async ended(): Promise<void> {
    const status = await this.#worker.status;
    assertEquals(status.signal, "SIGKILL");
    const control = await Deno.readTextFile(`${this.#group}/memory.oom_control`);
    assert(/^oom_kill [1-9]/m.test(control), control);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#worker.kill();
    await Deno.remove(this.#group);
  }
}

/** Parts go on elsewhere when the kernel ends a worker, and a part that ends every worker is named. */
async function testOutOfMemory(
  folder: string,
  producer: Producer,
  start: () => Promise<WorkerService>,
): Promise<void> {
  const copies = 64;
  const source = plain(`${folder}/large.zst`);
  const content = join(...new Array<Uint8Array>(copies).fill(CONTENT));
  await Deno.writeFile(`${folder}/large.zst`, compressZstdSeekable(content, { frameSize: 1 << 20 }));
  const startSmall = async () => await SmallWorker.start(await start(), 48 << 20);
  await using small = await startSmall();
  if (small === undefined) return console.log("SKIPPED: out of memory: this user can not limit it");
  const options = { task: COUNT, source, splitSize: content.length };
  const run = await producer.start(options);
  await small.ended();
  {
    await using _other = await start();
    const result = await producer.wait(run);
    assertEquals([result.complete, result.rows, result.sum], [true, copies * ROWS, copies * SUM]);
  }
  if (!LONG) return;
  const verify = await producer.start({ ...options, task: { kind: "verify" } });
  const waiting = producer.wait(verify);
  let over = false;
  waiting.then(() => over = true);
  let lost = 0;
  while (!over) {
    await using worker = (await startSmall())!;
    await Promise.race([worker.ended().then(() => lost++), waiting]);
  }
  const { complete, dead } = await waiting;
  assertEquals([complete, dead.map(({ id, code }) => [id, code])], [false, [[0, "WORKER_LOST"]]]);
  console.log(`a part that ended ${lost} workers was named`);
}

/** What the zpaq tool extracts is what was archived. */
async function extractWithTool(
  folder: string,
  archive: Uint8Array,
  files: Readonly<Record<string, Uint8Array<ArrayBuffer>>>,
): Promise<void> {
  await Deno.writeFile(`${folder}/tree.zpaq`, archive);
  const args = ["x", `${folder}/tree.zpaq`, "-to", `${folder}/extracted/`];
  const output = await new Deno.Command("zpaq", { args, stdout: "piped", stderr: "piped" }).output()
    .catch(() => undefined);
  if (output === undefined) return console.log("SKIPPED: extracting with zpaq: it is not installed");
  assert(output.success, new TextDecoder().decode(output.stderr));
  for (const [name, bytes] of Object.entries(files)) {
    assertEquals(await Deno.readFile(`${folder}/extracted/${name}`), bytes, name);
  }
}

Deno.test("the cluster gives what one machine gives, whatever fails", async (t) => {
  if (!await isInstalled("redis-server")) {
    return console.log("SKIPPED: the cluster: redis-server is not installed");
  }
  await inDirectory((folder) => testCluster(t, folder));
  console.log(`cluster: ${runs} runs of ${parts} parts under faults, all with one machine's result`);
});

Deno.test("the demo prints the right answer", async () => {
  if (!await isInstalled("redis-server")) {
    return console.log("SKIPPED: the demo: redis-server is not installed");
  }
  const script = new URL("../examples/cluster/demo.ts", import.meta.url).pathname;
  const size = LONG ? 1024 : 64;
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", script, `--size=${size}M`],
  }).output();
  const text = new TextDecoder().decode(stdout);
  if (code !== 0 && new TextDecoder().decode(stderr).includes("nothing listens")) {
    return console.log("SKIPPED: the demo: no object store");
  }
  assertEquals(
    [code, text.trimEnd().split("\n").at(-1)?.startsWith("the answer is right: ")],
    [0, true],
    text + new TextDecoder().decode(stderr),
  );
  console.log(text.trimEnd());
});
