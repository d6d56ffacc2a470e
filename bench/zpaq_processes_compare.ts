/**
 * Backups as whole processes, start-up and files included: `sluice zpaq` beside Debian's zpaq 7.15, borg and restic, on a
 * tree of many small files and on one large set. Figures are processor seconds of all threads.
 *
 * Part of `bench/compare.ts zpaq`; `deno run -A bench/zpaq_processes_compare.ts [tree|many|set1|...|set5]...` runs it alone.
 */
import { corpus, smallCorpus } from "./corpus.ts";
import { machineLine, ratio, table, targetTable } from "./_measure.ts";
import type { Target } from "./_measure.ts";
import { runMeasured } from "./_processes.ts";
import type { ProgramRun } from "./_processes.ts";
import type { CompareOptions } from "./zstd_compare.ts";

const MAIN = new URL("../cli/main.ts", import.meta.url).pathname;
const TREE_FILES = { full: 20_000, quick: 2_000, smoke: 100 } as const;
const MANY_FILES = { full: 100_000, quick: 10_000, smoke: 200 } as const;
/** Bytes of a small file of the many, and how many MB adding or extracting them may take. */
const MANY_SIZES = [200, 1000] as const;
const MANY_MEMORY = 400;
const SET_BYTES = { full: 100 << 20, quick: 10 << 20, smoke: 200_000 } as const;
const SET_LEVELS = { full: ["1", "2", "3", "4", "5"], quick: ["1", "2", "3"], smoke: ["1"] } as const;
const FILE_SIZE_MIN = 1000;
const FILE_SIZE_SPAN = 19_000;
const FOLDERS = 400;
const ROUNDS = { full: 3, quick: 2, smoke: 1 } as const;
const MEMORY_SLACK = 100;
const SET_WANTED: Readonly<Record<string, { readonly add: number; readonly extract: number }>> = {
  "1": { add: 1.2, extract: 2.5 },
  "2": { add: 1.2, extract: 2.5 },
  "3": { add: 1.3, extract: 1.3 },
  "4": { add: 1.3, extract: 1.3 },
  "5": { add: 1.3, extract: 1.6 },
};

/** What is measured of a backup, in this order. */
const STEPS = ["add", "unchanged", "list", "extract"] as const;
type Step = typeof STEPS[number];
type Runs = Readonly<Record<Step, ProgramRun>>;

/** A program for backups. */
interface Tool {
  readonly name: string;
  /** Words that show that it is there. */
  readonly probe: readonly string[];
  /** Makes an empty store in a folder that is there. */
  prepare?(store: string): Promise<unknown>;
  /** The command line of a step; `source` is what is backed up, `out` an empty folder. */
  command(step: Step, store: string, source: string, out: string): readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

function zpaqTool(name: string, program: readonly string[], probe: readonly string[], method: string): Tool {
  return {
    name,
    probe,
    command(step, store, source, out) {
      const archive = `${store}/p.zpaq`;
      if (step === "list") return [...program, "l", archive];
      if (step === "extract") return [...program, "x", archive, "-to", out, "-t1"];
      return [...program, "a", archive, source, `-m${method}`, "-t1"];
    },
  };
}

function zpaqTools(method: string): Tool[] {
  const sluice = [Deno.execPath(), "run", "-A", "--no-check", MAIN, "zpaq"];
  return [
    zpaqTool("sluice", sluice, [Deno.execPath(), "--version"], method),
    zpaqTool("zpaq", ["zpaq"], ["zpaq"], method),
  ];
}

const BORG_ENV = {
  BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK: "yes",
  BORG_RELOCATED_REPO_ACCESS_IS_OK: "yes",
};
const OTHERS: readonly Tool[] = [
  {
    name: "borg",
    probe: ["borg", "--version"],
    env: BORG_ENV,
    prepare: (store) => runMeasured("borg", ["init", "-e", "none", `${store}/r`], withHome(BORG_ENV, store)),
    command(step, store, source, out) {
      const first = `${store}/r::first`;
      switch (step) {
        case "add":
          return ["borg", "create", first, source];
        case "unchanged":
          return ["borg", "create", `${store}/r::second`, source];
        case "list":
          return ["borg", "list", first];
        case "extract":
          return ["sh", "-c", 'cd "$1" && exec borg extract "$2"', "sh", out, first];
      }
    },
  },
  {
    name: "restic",
    probe: ["restic", "version"],
    env: { RESTIC_PASSWORD: "p" },
    prepare: (store) =>
      runMeasured("restic", ["-r", `${store}/r`, "init"], withHome({ RESTIC_PASSWORD: "p" }, store)),
    command(step, store, source, out) {
      const restic = ["restic", "-q", "-r", `${store}/r`];
      if (step === "list") return [...restic, "ls", "latest"];
      if (step === "extract") return [...restic, "restore", "latest", "--target", out];
      return [...restic, "backup", source];
    },
  },
];

/** A tool keeps its caches in the store's folder, so that every round starts without any. */
function withHome(env: Readonly<Record<string, string>>, store: string): Record<string, string> {
  return { ...env, HOME: store, BORG_BASE_DIR: store, XDG_CACHE_HOME: store };
}

async function isThere({ name, probe: [program, ...args] }: Tool): Promise<boolean> {
  try {
    await new Deno.Command(program!, { args, stdout: "null", stderr: "null" }).output();
    return true;
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    console.log(`SKIPPED: ${name} as a process: it is not installed`);
    return false;
  }
}

/** Whether two runs of a step are to be replaced by the better one. */
function better(before: ProgramRun | undefined, now: ProgramRun): ProgramRun {
  if (before === undefined) return now;
  const faster = now.cpuSeconds < before.cpuSeconds ? now : before;
  return { ...faster, megabytes: Math.max(before.megabytes, now.megabytes) };
}

/** Runs all steps of all tools, in turns; the best round of each step counts. */
async function measureTools(
  tools: readonly Tool[],
  source: string,
  folder: string,
  rounds: number,
  expected: number,
): Promise<Map<string, Runs>> {
  const best = new Map<string, Partial<Record<Step, ProgramRun>>>();
  for (let round = 0; round < rounds; round++) {
    for (const tool of tools) {
      const store = `${folder}/store`;
      const out = `${folder}/out`;
      await Deno.mkdir(store);
      await Deno.mkdir(out);
      await tool.prepare?.(store);
      const runs = best.get(tool.name) ?? {};
      for (const step of STEPS) {
        const [program, ...args] = tool.command(step, store, source, out);
        // Programs without a home keep the user's: Deno's cache of the program is there.
        const env = tool.env === undefined ? {} : withHome(tool.env, store);
        runs[step] = better(runs[step], await runMeasured(program!, args, env));
      }
      const found = await countFiles(out);
      if (found !== expected) throw new Error(`${tool.name} restored ${found} of ${expected} files`);
      best.set(tool.name, runs);
      await Deno.remove(store, { recursive: true });
      await Deno.remove(out, { recursive: true });
    }
  }
  return best as Map<string, Runs>;
}

async function countFiles(folder: string): Promise<number> {
  let count = 0;
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    count += isDirectory ? await countFiles(`${folder}/${name}`) : 1;
  }
  return count;
}

/** Small files cut from a content, in folders. */
async function makeTree(
  folder: string,
  content: Uint8Array,
  count: number,
  [sizeMin, sizeSpan]: readonly [number, number] = [FILE_SIZE_MIN, FILE_SIZE_SPAN],
): Promise<void> {
  const extensions = ["txt", "c", "h", "py", "json", "html", "md", "js", "xml", "conf"];
  let seed = 1;
  const below = (limit: number): number => {
    seed = Math.imul(seed, 1664525) + 1013904223 >>> 0;
    return Math.floor(seed / 2 ** 32 * limit);
  };
  for (let i = 0; i < Math.min(FOLDERS, count); i++) await Deno.mkdir(`${folder}/d${i}`, { recursive: true });
  for (let i = 0; i < count; i++) {
    const size = sizeMin + below(sizeSpan);
    const at = below(Math.max(1, content.length - size));
    // A number of its own, so that no file is another's copy.
    const start = new TextEncoder().encode(`${i}\n`);
    const bytes = new Uint8Array(start.length + size);
    bytes.set(start);
    bytes.set(content.subarray(at, at + size), start.length);
    await Deno.writeFile(`${folder}/d${i % FOLDERS}/f${i}.${extensions[i % extensions.length]}`, bytes);
  }
}

function rowsOf(runs: ReadonlyMap<string, Runs>): string[][] {
  const ours = runs.get("sluice")!;
  return [...runs].map(([name, run]) => [
    name,
    ...STEPS.flatMap((step) => [
      run[step].cpuSeconds.toFixed(2),
      name === "sluice" ? "" : ratio(run[step].cpuSeconds, ours[step].cpuSeconds),
    ]),
    Math.max(...STEPS.map((step) => run[step].megabytes)).toFixed(0),
  ]);
}

const HEADER = ["program", ...STEPS.flatMap((step) => [step, `${step}, ratio`]), "MB"];

/** How many times faster ours is than a peer; undefined where the peer is not there. */
function faster(runs: ReadonlyMap<string, Runs>, peer: string, step: Step): number | undefined {
  const [theirs, ours] = [runs.get(peer), runs.get("sluice")!];
  return theirs === undefined ? undefined : theirs[step].cpuSeconds / ours[step].cpuSeconds;
}

function memoryTarget(name: string, runs: ReadonlyMap<string, Runs>, step: Step): Target {
  const theirs = runs.get("zpaq");
  return {
    name: `${name}: memory of ${step} above zpaq's`,
    wanted: MEMORY_SLACK,
    actual: theirs === undefined ? undefined : runs.get("sluice")![step].megabytes - theirs[step].megabytes,
    atMost: true,
    unit: " MB",
  };
}

/** What is backed up: the folder, the tools that are there, and the targets so far. */
class ProcessComparison {
  readonly #size: CompareOptions["size"];
  readonly #content: Uint8Array;
  readonly #folder: string;
  readonly #present: ReadonlySet<Tool>;
  readonly targets: Target[] = [];

  constructor(
    size: CompareOptions["size"],
    content: Uint8Array,
    folder: string,
    present: ReadonlySet<Tool>,
  ) {
    this.#size = size;
    this.#content = content;
    this.#folder = folder;
    this.#present = present;
  }

  #tools(method: string, others: boolean): Tool[] {
    const names = new Set([...this.#present].map(({ name }) => name));
    const zpaqs = zpaqTools(method).filter(({ name }) => names.has(name));
    return others ? [...zpaqs, ...OTHERS.filter((tool) => this.#present.has(tool))] : zpaqs;
  }

  async tree(): Promise<void> {
    const files = TREE_FILES[this.#size];
    const source = `${this.#folder}/tree`;
    await makeTree(source, this.#content, files);
    const rounds = ROUNDS[this.#size];
    const runs = await measureTools(this.#tools("1", true), source, this.#folder, rounds, files);
    console.log(`\nzpaq: ${files} files of 1 to 20 kB, whole processes, CPU seconds\n`);
    console.log(table(HEADER, rowsOf(runs)));
    const wanted: Readonly<Record<Step, number>> = { add: 1, unchanged: 0.7, list: 0.7, extract: 0.8 };
    for (const step of STEPS) {
      const name = `${step} of a tree`;
      this.targets.push({ name, wanted: wanted[step], actual: faster(runs, "zpaq", step) });
      for (const peer of ["borg", "restic"]) {
        this.targets.push({ name: `${name}, to ${peer}`, wanted: 1, actual: faster(runs, peer, step) });
      }
    }
    await Deno.remove(source, { recursive: true });
  }

  async many(): Promise<void> {
    const files = MANY_FILES[this.#size];
    const source = `${this.#folder}/many`;
    await makeTree(source, this.#content, files, MANY_SIZES);
    const runs = await measureTools(this.#tools("1", false), source, this.#folder, 1, files);
    console.log(`\nzpaq: ${files} files of 200 to 1200 bytes, whole processes, CPU seconds\n`);
    console.log(table(HEADER, rowsOf(runs)));
    for (const step of STEPS) {
      const actual = runs.get("sluice")?.[step].megabytes;
      const name = `${step} of ${files} files: memory`;
      this.targets.push({ name, wanted: MANY_MEMORY, actual, atMost: true, unit: " MB" });
    }
    await Deno.remove(source, { recursive: true });
  }

  async set(methods: readonly string[]): Promise<void> {
    const size = SET_BYTES[this.#size];
    const source = `${this.#folder}/set`;
    await Deno.mkdir(source);
    // A shorter corpus is repeated after one more byte, so that its fragments differ.
    const set = new Uint8Array(size);
    for (let at = 0; at < size; at += this.#content.length + 1) {
      set.set(this.#content.subarray(0, size - at), at);
    }
    await Deno.writeFile(`${source}/corpus`, set);
    const rows: string[][] = [];
    for (const method of methods) {
      const rounds = Number(method) > 3 ? 1 : ROUNDS[this.#size];
      const tools = this.#tools(method, method === "1");
      const runs = await measureTools(tools, source, this.#folder, rounds, 1);
      const isZpaq = (name: string): boolean => !/borg|restic/.test(name);
      for (const [name, ...cells] of rowsOf(runs)) {
        rows.push([isZpaq(name!) ? `${name} -m${method}` : name!, ...cells]);
      }
      for (const step of ["add", "extract"] as const) {
        const name = `-m${method} of ${size >> 20} MiB`;
        const wanted = SET_WANTED[method]![step];
        this.targets.push({ name: `${step} ${name}`, wanted, actual: faster(runs, "zpaq", step) });
        this.targets.push(memoryTarget(name, runs, step));
      }
    }
    console.log(`\nzpaq: one set of ${size} bytes, whole processes, CPU seconds\n`);
    console.log(table(HEADER, rows));
    await Deno.remove(source, { recursive: true });
  }
}

/** Prints the tables of all parts, or of those that are named: tree, many, and set1 to set5 for the levels. */
export async function compareZpaqProcesses(
  { size }: CompareOptions,
  only?: readonly string[],
): Promise<void> {
  const content = size === "full" ? (await corpus()).bytes : await smallCorpus(SET_BYTES[size]);
  const present = new Set<Tool>();
  const others = size === "smoke" ? [] : OTHERS; // half a second a command, whatever it does
  for (const tool of [...zpaqTools("1"), ...others]) if (await isThere(tool)) present.add(tool);
  const isWanted = (part: string): boolean => only?.includes(part) ?? true;
  const folder = await Deno.makeTempDir();
  const comparison = new ProcessComparison(size, content, folder, present);
  try {
    if (isWanted("tree")) await comparison.tree();
    if (isWanted("many")) await comparison.many();
    const methods = SET_LEVELS[size].filter((method) => isWanted(`set${method}`));
    if (methods.length > 0) await comparison.set(methods);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
  console.log(`\n${targetTable(comparison.targets)}`);
}

if (import.meta.main) {
  console.log(machineLine());
  await compareZpaqProcesses({ size: "full" }, Deno.args.length === 0 ? undefined : Deno.args);
}
