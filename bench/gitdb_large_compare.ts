/**
 * gitdb against git on a history as long as git's own: a pack of half a gigabyte, of which no cache of ours holds more than
 * an eighth. CPU seconds, in process and of whole processes.
 */
import { GitDatabase, GitObjectId } from "@sluice/gitdb";
import { ROOT } from "../_tools/zig.ts";
import { Random } from "../tests/_data.ts";
import { here, measureCosts, shell } from "./_git_costs.ts";
import type { Contender, Cost } from "./_git_costs.ts";
import { readBatches, readInfos, readMisses, readStream, walkFiles } from "./_git_readers.ts";
import { historyRepository, longHistoryRepository } from "./_git_repository.ts";
import { table, targetTable } from "./_measure.ts";
import type { Target } from "./_measure.ts";
import { runMeasured } from "./_processes.ts";
import type { CompareOptions } from "./zstd_compare.ts";

const HISTORY = {
  full: { commits: 200_000, files: 3600, fileSize: 24_000, tags: 1000 },
  quick: { commits: 4_000, files: 400, fileSize: 6_000, tags: 40 },
  smoke: { commits: 160, files: 60, fileSize: 2_000, tags: 8 },
} as const;
const FEW = { full: 5000, quick: 2000, smoke: 100 } as const;
const MANY = { full: 50_000, quick: 8000, smoke: 200 } as const;
const MISSES = { full: 20_000, quick: 4000, smoke: 100 } as const;
const ROUNDS = { full: 3, quick: 2, smoke: 1 } as const;
/** Rounds of what takes minutes. */
const LONG_ROUNDS = 1;

/** A row: what git does, what ours does, and how many times git's speed is wanted. */
interface Cell {
  readonly what: string;
  readonly git: string;
  readonly env?: Record<string, string>;
  readonly ours: Readonly<Record<string, { readonly run: Contender; readonly wanted: number | undefined }>>;
}

class LargeComparison {
  readonly #repository: string;
  readonly #lists: string;
  readonly #size: CompareOptions["size"];
  readonly #rows: string[][] = [];
  readonly #memory: string[][] = [];
  readonly #targets: Target[] = [];

  constructor(repository: string, size: CompareOptions["size"], lists: string) {
    this.#repository = repository;
    this.#size = size;
    this.#lists = lists;
  }

  /** Writes ids for git to read. */
  async #list(name: string, ids: readonly GitObjectId[]): Promise<string> {
    const path = `${this.#lists}/${name}.ids`;
    await Deno.writeTextFile(path, ids.map((id) => `${id}\n`).join(""));
    return path;
  }

  async #measure({ what, git, env, ours }: Cell, rounds: number = ROUNDS[this.#size]): Promise<void> {
    const costs = await measureCosts({
      git: () => shell(git, env),
      ...Object.fromEntries(Object.entries(ours).map(([name, { run }]) => [name, run])),
    }, rounds);
    const { git: base, ...rest } = costs as { git: Cost } & Record<string, Cost>;
    this.#rows.push([`${what}, git`, base.cpu.toFixed(3), base.wall.toFixed(3), ""]);
    for (const [name, { cpu, wall }] of Object.entries(rest)) {
      this.#rows.push([
        `${what}, ${name}`,
        ...[cpu, wall].map((seconds) => seconds.toFixed(3)),
        `${(base.cpu / cpu).toFixed(2)}x`,
      ]);
      const { wanted } = ours[name]!;
      if (wanted === undefined) continue;
      this.#targets.push({ name: `${what}, ${name}, CPU`, wanted, actual: base.cpu / cpu });
    }
  }

  #git(rest: string): string {
    return `git -C ${this.#repository} ${rest}`;
  }

  #cli(rest: string): Contender {
    const main = new URL("cli/main.ts", ROOT).pathname;
    return () => shell(`${Deno.execPath()} run -A ${main} gitdb ${rest}`);
  }

  async bodies(few: readonly GitObjectId[], many: readonly GitObjectId[]): Promise<void> {
    const repository = this.#repository;
    const [fewPath, manyPath] = [await this.#list("few", few), await this.#list("many", many)];
    await this.#measure({
      what: `${few.length} objects`,
      git: this.#git(`cat-file --batch --buffer < ${fewPath}`),
      ours: {
        "batches": { run: () => here(() => readBatches(repository, few, "native", 1)), wanted: 2 },
        "Web Streams": { run: () => here(() => readStream(repository, few)), wanted: 1.8 },
        "batches, WASM": { run: () => here(() => readBatches(repository, few, "wasm", 1)), wanted: 1 },
      },
    });
    await this.#measure({
      what: `${many.length} objects`,
      git: this.#git(`cat-file --batch --buffer < ${manyPath}`),
      ours: {
        "batches": { run: () => here(() => readBatches(repository, many, "native", 1)), wanted: 3 },
        "batches, WASM": {
          run: () => here(() => readBatches(repository, many, "wasm", 1)),
          wanted: undefined,
        },
        "sluice gitdb cat-file": {
          run: this.#cli(`--git-dir ${repository} cat-file --batch --buffer < ${manyPath}`),
          wanted: 1.2,
        },
      },
    });
  }

  async facts(many: readonly GitObjectId[], stored: readonly GitObjectId[]): Promise<void> {
    const repository = this.#repository;
    const path = await this.#list("many", many);
    await this.#measure({
      what: `facts of ${many.length} objects`,
      git: this.#git(`cat-file --batch-check --buffer < ${path}`),
      ours: {
        "batches": { run: () => here(() => readInfos(repository, many, false)), wanted: 1 },
        "Web Streams": { run: () => here(() => readInfos(repository, many, true)), wanted: undefined },
        "batches, WASM": {
          run: () => here(() => readInfos(repository, many, false, "wasm")),
          wanted: undefined,
        },
      },
    });
    await this.#measure({
      what: `facts of all ${stored.length} objects`,
      git: this.#git("cat-file --batch-all-objects --unordered --buffer --batch-check"),
      ours: { "batches": { run: () => here(() => readInfos(repository, stored, false)), wanted: 1 } },
    });
  }

  async misses(count: number): Promise<void> {
    const random = new Random(11);
    const ids = Array.from({ length: count }, () => GitObjectId.from(random.bytes(20)));
    const path = await this.#list("absent", ids);
    const additional: string[] = [];
    for (let i = 0; i < 5; i++) {
      const size = { name: "alternate", commits: 60 + i, files: 12, lines: 60, changes: 2 };
      additional.push(`${await historyRepository(size)}/objects`);
    }
    const ours = (backend: "native" | "wasm"): Contender => () =>
      here(() => readMisses(this.#repository, ids, { backend, additional }));
    await this.#measure({
      what: `${count} absent ids, five alternates`,
      git: this.#git(`cat-file --batch-check --buffer < ${path}`),
      env: { GIT_ALTERNATE_OBJECT_DIRECTORIES: additional.join(":") },
      ours: {
        "batches": { run: ours("native"), wanted: 1 },
        "batches, WASM": { run: ours("wasm"), wanted: undefined },
      },
    });
  }

  async tree(): Promise<void> {
    await this.#measure({
      what: "the tree of one commit",
      git: this.#git("ls-tree -r main"),
      ours: {
        "files": { run: () => here(() => walkFiles(this.#repository, "main")), wanted: 1 },
        "sluice gitdb ls-tree": {
          run: this.#cli(`--git-dir ${this.#repository} ls-tree -r main`),
          wanted: undefined,
        },
      },
    });
  }

  async packs(): Promise<void> {
    const folder = `${this.#repository}/objects/pack`;
    const names = await Array.fromAsync(Deno.readDir(folder), ({ name }) => name);
    const pack = `${folder}/${names.find((name) => name.endsWith(".pack"))}`;
    const index = (path: string): string => `-o ${this.#lists}/${path}.idx ${pack}`;
    await this.#measure({
      what: "verify-pack",
      git: `git verify-pack ${pack}`,
      ours: { "sluice gitdb verify-pack": { run: this.#cli(`verify-pack ${pack}`), wanted: 1.2 } },
    }, LONG_ROUNDS);
    await this.#measure({
      what: "index-pack",
      git: `git index-pack ${index("git")}`,
      ours: { "sluice gitdb index-pack": { run: this.#cli(`index-pack ${index("ours")}`), wanted: 1.2 } },
    }, LONG_ROUNDS);
  }

  /** The most memory of processes that read, with what Deno takes by itself. */
  async memory(few: readonly GitObjectId[], many: readonly GitObjectId[]): Promise<void> {
    const script = new URL("bench/_git_read_ids.ts", ROOT).pathname;
    for (const [backend, limit] of [["native", 160], ["wasm", 250]] as const) {
      for (const ids of [few, many]) {
        const list = await this.#list("read", ids);
        const args = ["run", "-A", script, this.#repository, list, backend];
        const { cpuSeconds, megabytes } = await runMeasured(Deno.execPath(), args);
        const peak = megabytes * 1000 / 1024;
        const what = `memory, ${ids.length} objects, ${backend}`;
        this.#memory.push([`${ids.length} objects, ${backend}`, cpuSeconds.toFixed(3), peak.toFixed(0)]);
        this.#targets.push({ name: what, wanted: limit, actual: peak, atMost: true, unit: " MiB" });
      }
    }
  }

  finish(): readonly Target[] {
    console.log(table(["what", "CPU s", "wall s", "CPU, git is 1"], this.#rows));
    if (this.#memory.length > 0) {
      console.log(`\n${table(["read in a process", "CPU s", "most memory, MiB"], this.#memory)}`);
    }
    return this.#targets;
  }
}

/** A history as long as git's own; the corpus keeps it. */
export async function largeRepository(size: CompareOptions["size"]): Promise<string> {
  return await longHistoryRepository(HISTORY[size]);
}

/** Measures all rows, or those that are named, prints them, and returns the targets. */
export async function compareLargeHistory(
  size: CompareOptions["size"],
  only?: readonly string[],
): Promise<readonly Target[]> {
  const repository = await largeRepository(size);
  const lists = await Deno.makeTempDir();
  try {
    const stored = await (async () => {
      await using database = await GitDatabase.open(repository);
      return await Array.fromAsync(database.ids({ order: "storage" }));
    })();
    const random = new Random(17);
    const some = (count: number): GitObjectId[] =>
      Array.from({ length: count }, () => stored[random.below(stored.length)]!);
    const [few, many] = [some(FEW[size]), some(MANY[size])];
    console.log(`\n## gitdb: a history of ${stored.length} objects\n`);
    const comparison = new LargeComparison(repository, size, lists);
    const cells = {
      bodies: () => comparison.bodies(few, many),
      facts: () => comparison.facts(many, stored),
      misses: () => comparison.misses(MISSES[size]),
      tree: () => comparison.tree(),
      packs: () => comparison.packs(),
      memory: () => comparison.memory(few, many),
    };
    for (const [name, run] of Object.entries(cells)) if (only?.includes(name) ?? true) await run();
    return comparison.finish();
  } finally {
    await Deno.remove(lists, { recursive: true });
  }
}

if (import.meta.main) {
  // deno run -A bench/gitdb_large_compare.ts [bodies|facts|misses|tree|packs|memory]...
  const targets = await compareLargeHistory("full", Deno.args.length === 0 ? undefined : Deno.args);
  console.log(`\n${targetTable(targets)}`);
}
