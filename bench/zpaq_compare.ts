/**
 * ZPAQ against Debian's zpaq 7.15 on the same content: CPU seconds of one thread, so that start-up and idle cores say
 * nothing. Ours is measured inside this process, theirs as the CPU time of theirs.
 */
import { byteSourceFromBytes } from "@sluice/internal";
import { configureBackend } from "@sluice/ffi";
import { createZpaqArchive, ZpaqArchive } from "@sluice/zpaq";
import { best, cpuOf, zpaqCpu } from "./_zpaq_cpu.ts";
import { corpus, smallCorpus } from "./corpus.ts";
import { ratio, table, targetTable } from "./_measure.ts";
import type { Target } from "./_measure.ts";
import { compareZpaqNetworks } from "./zpaq_networks_compare.ts";
import { compareZpaqProcesses } from "./zpaq_processes_compare.ts";
import type { CompareOptions } from "./zstd_compare.ts";

const SIZES = { full: 20 << 20, quick: 4 << 20, smoke: 100_000 } as const;
const LEVELS = ["1", "2", "3", "4", "5"] as const;
const COMPRESS_LEVELS: readonly string[] = ["1", "2", "3"];
const LIST_FILES = 10_000;

async function extractAll(bytes: Uint8Array<ArrayBuffer>, threads: number): Promise<void> {
  using archive = await ZpaqArchive.open(byteSourceFromBytes(bytes));
  let size = 0;
  for await (const piece of archive.extract(archive.entries(), { threads })) size += piece.bytes.length;
  if (size === 0) throw new Error("nothing was extracted");
}

/** Prints the tables. */
export async function compareZpaq({ size }: CompareOptions): Promise<void> {
  const content = size === "full"
    ? (await corpus()).bytes.slice(20 << 20, (20 << 20) + SIZES.full)
    : await smallCorpus(SIZES[size]);
  const cwd = await Deno.makeTempDir();
  const date = new Date("2030-01-01T00:00:00Z");
  const mtime = new Date("2019-12-31T23:59:58Z");
  const rows: string[][] = [];
  const targets: Target[] = [];
  const per = (peer: number | undefined, ours: number): number | undefined =>
    peer === undefined ? undefined : peer / ours;
  try {
    await Deno.writeFile(`${cwd}/corpus`, content, { mode: 0o644 });
    await Deno.utime(`${cwd}/corpus`, mtime, mtime);
    const file = {
      name: "corpus",
      size: content.length,
      date: mtime,
      attributes: { system: "unix", mode: 0o100644 } as const,
      body: content,
    };
    for (const method of LEVELS) {
      const their = await best(async () => {
        await Deno.remove(`${cwd}/z${method}.zpaq`).catch(() => {});
        return await zpaqCpu(
          cwd,
          "a",
          `z${method}.zpaq`,
          "corpus",
          `-m${method}`,
          "-t1",
          "-until",
          "20300101000000",
        );
      });
      let archive = new Uint8Array();
      const compress = await best(() =>
        cpuOf(async () => {
          archive = await createZpaqArchive([file], { method, date });
        })
      );
      const reference = their === undefined ? archive : await Deno.readFile(`${cwd}/z${method}.zpaq`);
      const equal = reference.length === archive.length && reference.every((byte, i) => byte === archive[i]);
      const theirExtract = await best(() => zpaqCpu(cwd, "x", `z${method}.zpaq`, "-test", "-t1"));
      const extract: Record<string, number> = {};
      for (const backend of ["native", "wasm"] as const) {
        try {
          configureBackend(backend);
        } catch {
          continue;
        }
        extract[backend] = await best(() => cpuOf(() => extractAll(reference, 1)));
      }
      configureBackend("auto");
      const native = extract["native"] ?? NaN;
      const wasm = extract["wasm"]!;
      rows.push([
        `-m${method}`,
        `${archive.length}`,
        their === undefined ? "-" : equal ? "yes" : "NO",
        ((their ?? NaN) / 1000).toFixed(2),
        (compress / 1000).toFixed(2),
        ratio(their, compress),
        ((theirExtract ?? NaN) / 1000).toFixed(2),
        (native / 1000).toFixed(2),
        ratio(theirExtract, native),
        (wasm / 1000).toFixed(2),
        ratio(theirExtract, wasm),
      ]);
      const wanted = { "1": 3, "2": 3, "3": 1.2, "4": 1.15, "5": 1.15 }[method];
      targets.push({ name: `extract -m${method}`, wanted, actual: per(theirExtract, native) });
      targets.push({ name: `extract -m${method}, WASM`, wanted: 0.5, actual: per(theirExtract, wasm) });
      if (COMPRESS_LEVELS.includes(method)) {
        targets.push({
          name: `compress -m${method}`,
          wanted: method === "1" ? 1.2 : 1.3,
          actual: per(their, compress),
        });
      }
    }
    targets.push(...await threadTargets(content));
    targets.push(...await listTargets(size === "smoke" ? 100 : LIST_FILES));
  } finally {
    await Deno.remove(cwd, { recursive: true });
  }
  console.log(`\nzpaq: ${content.length} bytes, CPU seconds of one thread; peer is Debian's zpaq 7.15\n`);
  console.log(table(
    [
      ...["level", "size", "equal", "add, the tool", "add, ours", "add, ratio"],
      ...["extract, the tool", "extract, ours", "extract, ratio", "extract, WASM", "WASM, ratio"],
    ],
    rows,
  ));
  console.log(`\n${targetTable(targets)}`);
  await compareZpaqNetworks({ size });
  await compareZpaqProcesses({ size });
}

/** Two threads against one on an archive of several blocks, by the clock. */
async function threadTargets(content: Uint8Array<ArrayBuffer>): Promise<Target[]> {
  const archive = await createZpaqArchive([{ name: "corpus", body: content, size: content.length }], {
    method: "x1,0ci1,1m",
  });
  const times: number[] = [];
  for (const threads of [1, 2]) {
    const start = performance.now();
    await extractAll(archive, threads);
    times.push(performance.now() - start);
  }
  return [{ name: "two threads against one", wanted: 1.8, actual: times[0]! / times[1]! }];
}

/** Listing a journal of many files. */
async function listTargets(count: number): Promise<Target[]> {
  const body = new Uint8Array(10);
  const files = Array.from({ length: count }, (_, i) => {
    const bytes = body.slice();
    new DataView(bytes.buffer).setUint32(0, i);
    return { name: `folder/file-${i}.txt`, body: bytes, size: 10 };
  });
  const archive = await createZpaqArchive(files);
  let found = 0;
  const ms = await cpuOf(async () => {
    using opened = await ZpaqArchive.open(byteSourceFromBytes(archive));
    found = opened.entries().length;
  });
  if (found !== count) throw new Error(`${found} files were listed, expected ${count}`);
  return [{ name: `list ${count} files`, wanted: 100, actual: ms, atMost: true, unit: " ms" }];
}
