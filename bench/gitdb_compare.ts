/**
 * gitdb against git itself, isomorphic-git and Python's gitdb: the same ids in the same order, in CPU seconds and wall
 * time. Repositories are made with `git fast-import` and kept in bench/corpus/git.
 */
import { GitDatabase } from "@sluice/gitdb";
import type { GitObjectId } from "@sluice/gitdb";
import { ROOT } from "../_tools/zig.ts";
import { Random } from "../tests/_data.ts";
import { here, measureCosts, shell } from "./_git_costs.ts";
import type { Cost } from "./_git_costs.ts";
import { readBatches, readInfos, readOneByOne, readStream } from "./_git_readers.ts";
import { compareLargeHistory, largeRepository } from "./gitdb_large_compare.ts";
import { compareGitRemotes } from "./gitdb_remote_compare.ts";
import { deepRepository, git, historyRepository, wideRepository } from "./_git_repository.ts";
import { table, targetTable } from "./_measure.ts";
import type { Target } from "./_measure.ts";
import { isomorphicGit, pythonPackage } from "./_peers.ts";
import type { CompareOptions } from "./zstd_compare.ts";

const HISTORIES = {
  full: { name: "full", commits: 7500, files: 240, lines: 150, changes: 4 },
  quick: { name: "quick", commits: 1500, files: 120, lines: 150, changes: 4 },
  smoke: { name: "smoke", commits: 100, files: 12, lines: 60, changes: 2 },
} as const;
const WIDE = { full: 800_000, quick: 100_000, smoke: 2_000 } as const;
const DEEP = { full: 125_000_000, quick: 24_000_000, smoke: 400_000 } as const;
const IDS = { full: 5000, quick: 2000, smoke: 200 } as const;
const MANY_IDS = { full: 50_000, quick: 10_000, smoke: 400 } as const;
const ROUNDS = { full: 5, quick: 3, smoke: 1 } as const;

const PYTHON = `
import sys, gitdb
from gitdb.db import PackedDB
db = PackedDB(sys.argv[1] + "/objects/pack")
n = 0
for line in open(sys.argv[2]):
    n += len(db.stream(bytes.fromhex(line.strip())).read())
`;

function shuffled(ids: readonly GitObjectId[]): GitObjectId[] {
  const random = new Random(17);
  const all = [...ids];
  for (let i = all.length - 1; i > 0; i--) {
    const j = random.below(i + 1);
    [all[i], all[j]] = [all[j]!, all[i]!];
  }
  return all;
}

function rows(best: Readonly<Record<string, Cost>>, count: number, base: string): string[][] {
  const reference = best[base]!;
  const bytes = Math.max(...Object.values(best).map((cost) => cost.bytes));
  return Object.entries(best).map(([name, { cpu, wall }]) => [
    name,
    cpu.toFixed(3),
    wall.toFixed(3),
    (count / cpu).toFixed(0),
    (bytes / 2 ** 20 / cpu).toFixed(0),
    `${(reference.cpu / cpu).toFixed(2)}x`,
    `${(reference.wall / wall).toFixed(2)}x`,
  ]);
}

const HEADER = ["reader", "CPU s", "wall s", "objects/CPU s", "MiB/CPU s", "CPU, git is 1", "wall, git is 1"];

/** Opens a database and reads one object, in milliseconds. */
async function firstObject(repository: string, id: GitObjectId): Promise<number> {
  const start = performance.now();
  await using database = await GitDatabase.open(repository, { backend: "native" });
  await (await database.read(id)).bytes();
  return performance.now() - start;
}

interface LargeRead {
  readonly size: number;
  readonly cpu: number;
  readonly growth: number;
}

async function readLarge(repository: string, id: string, budget?: number): Promise<LargeRead> {
  const script = new URL("bench/_git_large_body.ts", ROOT).pathname;
  const args = ["run", "-A", script, repository, id, ...(budget === undefined ? [] : [`${budget}`])];
  const { stdout, success } = await new Deno.Command(Deno.execPath(), { args, stderr: "inherit" }).output();
  if (!success) throw new Error("Cannot measure a large object: the process failed");
  return JSON.parse(new TextDecoder().decode(stdout));
}

/** The cheapest of several reads; the memory is the most that any of them took. */
function cheapest(reads: readonly LargeRead[]): LargeRead {
  const best = reads.reduce((a, b) => a.cpu <= b.cpu ? a : b);
  return { ...best, growth: Math.max(...reads.map(({ growth }) => growth)) };
}

async function firstId(repository: string): Promise<GitObjectId> {
  await using database = await GitDatabase.open(repository);
  for await (const id of database.ids()) return id;
  throw new Error(`Cannot measure ${repository}: it is empty`);
}

/** Checks all packs; returns the bytes of their files. */
async function verifyPacks(
  repository: string,
  collisionDetection: boolean,
  threads: number,
): Promise<number> {
  await using database = await GitDatabase.open(repository, { backend: "native" });
  let bytes = 0;
  for (const pack of database.packs.packs) {
    for await (const { message } of pack.verify({ threads, collisionDetection })) throw new Error(message);
    bytes += pack.size;
  }
  return bytes;
}

/** Measures gitdb and prints tables and targets. */
export async function compareGitdb({ size }: CompareOptions): Promise<void> {
  const rounds = ROUNDS[size];
  const cores = navigator.hardwareConcurrency;
  // First: the ids of the other repositories would stay in memory, and what is measured here collects garbage.
  const large = await compareLargeHistory(size);
  const repository = await historyRepository(HISTORIES[size]);
  const [all, stored] = await (async () => {
    await using database = await GitDatabase.open(repository);
    return [
      await Array.fromAsync(database.ids()),
      await Array.fromAsync(database.ids({ order: "storage" })),
    ] as const;
  })();
  const mixed = shuffled(all);
  const few = mixed.slice(0, IDS[size]);
  const many = mixed.slice(0, MANY_IDS[size]);
  const list = async (name: string, ids: readonly GitObjectId[]): Promise<string> => {
    const path = `${repository}/${name}.ids`;
    await Deno.writeTextFile(path, ids.map((id) => `${id}\n`).join(""));
    return path;
  };
  const [fewPath, manyPath] = [await list("few", few), await list("many", many)];
  const catFile = (path: string, ...options: string[]) => () =>
    shell(`git -C ${repository} cat-file --batch ${options.join(" ")} < ${path}`);
  const python = await pythonPackage("gitdb");
  const isomorphic = await isomorphicGit(repository);

  console.log(`\n## gitdb: ${few.length} of ${all.length} objects, in random order\n`);
  const fewCosts = await measureCosts({
    "git cat-file --batch --buffer": catFile(fewPath, "--buffer"),
    "git cat-file --batch": catFile(fewPath),
    "batches, native": () => here(() => readBatches(repository, few, "native", 1)),
    [`batches, native, ${cores} threads`]: () => here(() => readBatches(repository, few, "native", cores)),
    "Web Streams, native": () => here(() => readStream(repository, few)),
    "one by one, native": () => here(() => readOneByOne(repository, few)),
    "batches, WASM": () => here(() => readBatches(repository, few, "wasm", 1)),
    "isomorphic-git": isomorphic === undefined ? undefined : () => here(() => isomorphic(few.map(String))),
    "Python's gitdb": python === undefined
      ? undefined
      : () => shell(`python3 -c '${PYTHON}' ${repository} ${fewPath}`, python),
  }, rounds);
  const base = "git cat-file --batch --buffer";
  console.log(table(HEADER, rows(fewCosts, few.length, base)));
  console.log(
    "\nThe seed's own table, of 2010, 5000 objects: pure Python 654 objects/s, 8.1 MiB/s; two buffers",
  );
  console.log(
    "in C 892, 11.1; aggregation in Python 89, 1.1; aggregation in C 1221, 15.2; git about 20 MiB/s.",
  );

  console.log(`\n## gitdb: ${many.length} objects, in random order\n`);
  const manyCosts = await measureCosts({
    "git cat-file --batch --buffer": catFile(manyPath, "--buffer"),
    "batches, native": () => here(() => readBatches(repository, many, "native", 1)),
    [`batches, native, ${cores} threads`]: () => here(() => readBatches(repository, many, "native", cores)),
    "Web Streams, native": () => here(() => readStream(repository, many)),
    "batches, WASM": () => here(() => readBatches(repository, many, "wasm", 1)),
  }, rounds);
  console.log(table(HEADER, rows(manyCosts, many.length, base)));

  console.log(`\n## gitdb: all ${all.length} objects, as they are stored\n`);
  const everything = `git -C ${repository} cat-file --batch-all-objects --unordered --buffer`;
  const allCosts = await measureCosts({
    "git cat-file --batch-all-objects": () => shell(`${everything} --batch`),
    "batches, native": () => here(() => readBatches(repository, stored, "native", 1)),
    [`batches, native, ${cores} threads`]: () => here(() => readBatches(repository, stored, "native", cores)),
  }, rounds);
  console.log(table(HEADER, rows(allCosts, all.length, "git cat-file --batch-all-objects")));
  const infoCosts = await measureCosts({
    "git cat-file --batch-check": () => shell(`${everything} --batch-check`),
    "infoBatches, native": () => here(() => readInfos(repository, stored, false)),
    "infoStream, native": () => here(() => readInfos(repository, stored, true)),
  }, rounds);
  console.log(`\n${table(HEADER, rows(infoCosts, all.length, "git cat-file --batch-check"))}`);

  const checkCosts = await measureCosts({
    "git index-pack --verify": () => shell(`git index-pack --verify ${repository}/objects/pack/*.pack`),
    "git index-pack --verify, 1 thread": () =>
      shell(`git index-pack --threads=1 --verify ${repository}/objects/pack/*.pack`),
    "verify": () => here(() => verifyPacks(repository, true, 1)),
    "verify, no collision detection": () => here(() => verifyPacks(repository, false, 1)),
    [`verify, ${cores} threads`]: () => here(() => verifyPacks(repository, true, cores)),
  }, Math.min(rounds, 3));
  console.log(`\n## gitdb: checking the pack of ${all.length} objects\n`);
  console.log(table(HEADER, rows(checkCosts, all.length, "git index-pack --verify, 1 thread")));

  const wide = await wideRepository(WIDE[size]);
  const wideId = await firstId(wide);
  const first = Math.min(...await Array.fromAsync({ length: rounds }, () => firstObject(wide, wideId)));

  const deep = await deepRepository(DEEP[size]);
  const deepest = new TextDecoder().decode(
    await git(deep, ["cat-file", "--batch-all-objects", "--batch-check=%(objectname)", "--unordered"]),
  );
  const deepId = await deepestOf(deep, deepest.trim().split("\n"));
  const deepCosts = { git: [] as number[], whole: [] as LargeRead[], stream: [] as LargeRead[] };
  for (let round = 0; round < Math.min(rounds, 3); round++) {
    deepCosts.git.push((await shell(`git -C ${deep} cat-file blob ${deepId}`)).cpu);
    deepCosts.whole.push(await readLarge(deep, deepId));
    deepCosts.stream.push(await readLarge(deep, deepId, 32 << 20));
  }
  const deepGit = { cpu: Math.min(...deepCosts.git) };
  const [deepWhole, deepStream] = [cheapest(deepCosts.whole), cheapest(deepCosts.stream)];
  console.log(`\n## gitdb: one object of ${(deepWhole.size / 1e6).toFixed(0)} MB, 20 deltas deep\n`);
  console.log(table(["reader", "CPU s", "memory grew by, MiB"], [
    ["git cat-file blob", deepGit.cpu.toFixed(3), "-"],
    ["bytes()", deepWhole.cpu.toFixed(3), (deepWhole.growth / 2 ** 20).toFixed(0)],
    ["body, budget 32 MiB", deepStream.cpu.toFixed(3), (deepStream.growth / 2 ** 20).toFixed(0)],
  ]));

  const cpuRatio = (costs: Record<string, Cost>, name: string): number | undefined =>
    costs[name] === undefined ? undefined : costs[base]!.cpu / costs[name].cpu;
  const targets: Target[] = [
    ...large,
    { name: `batches, ${few.length} ids, CPU`, wanted: 2, actual: cpuRatio(fewCosts, "batches, native") },
    {
      name: `Web Streams, ${few.length} ids, CPU`,
      wanted: 1.8,
      actual: cpuRatio(fewCosts, "Web Streams, native"),
    },
    { name: `WASM, ${few.length} ids, CPU`, wanted: 1, actual: cpuRatio(fewCosts, "batches, WASM") },
    { name: `batches, ${many.length} ids, CPU`, wanted: 3, actual: cpuRatio(manyCosts, "batches, native") },
    {
      name: `${cores} threads, ${many.length} ids, wall`,
      wanted: 1.6 * cores,
      actual: manyCosts[base]!.wall / manyCosts[`batches, native, ${cores} threads`]!.wall,
    },
    {
      name: "all objects, CPU",
      wanted: 2,
      actual: allCosts["git cat-file --batch-all-objects"]!.cpu / allCosts["batches, native"]!.cpu,
    },
    {
      name: "facts of all objects, a second of CPU",
      wanted: 1,
      actual: all.length / 1e6 / infoCosts["infoBatches, native"]!.cpu,
      unit: " M",
    },
    {
      name: "checking a pack, no collision detection, CPU",
      wanted: 57 / 30,
      actual: checkCosts["git index-pack --verify, 1 thread"]!.cpu /
        checkCosts["verify, no collision detection"]!.cpu,
    },
    {
      name: "checking a pack, CPU",
      wanted: 57 / 48,
      actual: checkCosts["git index-pack --verify, 1 thread"]!.cpu / checkCosts["verify"]!.cpu,
    },
    {
      name: `first object of ${WIDE[size]}`,
      wanted: 20,
      actual: first,
      atMost: true,
      unit: " ms",
    },
    { name: "large object, bytes(), CPU", wanted: 4, actual: deepGit.cpu / deepWhole.cpu },
    {
      name: "large object, 32 MiB, memory",
      wanted: 64,
      actual: deepStream.growth / 2 ** 20,
      atMost: true,
      unit: " MiB",
    },
  ];
  console.log(`\n${targetTable(targets)}`);
  const isSmoke = size === "smoke";
  await compareGitRemotes(size, [await largeRepository(size)], isSmoke ? ["clone", "transfer"] : undefined);
}

/** The id with the longest chain. */
async function deepestOf(repository: string, ids: readonly string[]): Promise<string> {
  await using database = await GitDatabase.open(repository);
  let deepest = ids[0]!;
  let depth = -1;
  for (const id of ids) {
    const { packed } = await database.info(id);
    if (packed !== undefined && packed.depth > depth) {
      depth = packed.depth;
      deepest = id;
    }
  }
  return deepest;
}
