/**
 * gitdb online against git, isomorphic-git and itself: whole clones by processes, what clones of several kinds transfer
 * for the same questions, the same clone and reads in Node on WASM, and a clone into Chromium. A server of this process,
 * git's own `http-backend`.
 *
 * Part of `bench/compare.ts gitdb`; `deno run -A bench/gitdb_remote_compare.ts [clone|transfer|node|browser]...` runs it
 * alone.
 */
import {
  fetchGitObjects,
  GitCompoundDatabase,
  GitDatabase,
  GitRemote,
  parseGitCommit,
  parseGitTree,
} from "@sluice/gitdb";
import type { GitFetchObjectsOptions, GitObjectId, GitObjectReader } from "@sluice/gitdb";
import { launchChromium, serveFolder } from "../tests/_chromium.ts";
import { allowOrigins, GIT_SERVES, GitServer } from "../tests/_git_server.ts";
import { bundle } from "../tests/_runtimes.ts";
import { ROOT } from "../_tools/zig.ts";
import { shell } from "./_git_costs.ts";
import { longHistoryRepository } from "./_git_repository.ts";
import { machineLine, table } from "./_measure.ts";
import { runMeasured, treeCpuSeconds } from "./_processes.ts";
import type { CompareOptions } from "./zstd_compare.ts";

const HISTORY = {
  full: { commits: 20_000, files: 3600, fileSize: 24_000, tags: 100 },
  quick: { commits: 2000, files: 1200, fileSize: 24_000, tags: 20 },
  smoke: { commits: 40, files: 40, fileSize: 2000, tags: 2 },
} as const;
const COMMITS = 1000;
const SCRIPTS = new URL("./", import.meta.url).pathname;

const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(2);

/** The last commits by first parents, and the ids that one file had in them. */
async function lookBack(
  objects: GitObjectReader,
  head: GitObjectId,
): Promise<{ readonly commits: number; readonly versions: number }> {
  const path = await fileOf(objects, head);
  const versions = new Set<string>();
  let next: GitObjectId | undefined = head;
  let commits = 0;
  for (; next !== undefined && commits < COMMITS; commits++) {
    const { tree, parents } = parseGitCommit(await (await objects.read(next)).bytes());
    let at: GitObjectId | undefined = tree;
    for (const name of path) at = at && (await rows(objects, at)).find((row) => row.name === name)?.id;
    if (at !== undefined && !versions.has(`${at}`)) {
      versions.add(`${at}`);
      await (await objects.read(at)).bytes();
    }
    next = parents[0];
  }
  return { commits, versions: versions.size };
}

async function rows(objects: GitObjectReader, tree: GitObjectId) {
  return parseGitTree(await (await objects.read(tree)).bytes(), tree.algorithm);
}

/** The names that lead to the first file of the first folders. */
async function fileOf(objects: GitObjectReader, head: GitObjectId): Promise<string[]> {
  let { tree: at } = parseGitCommit(await (await objects.read(head)).bytes());
  for (const path: string[] = [];;) {
    const [row] = await rows(objects, at);
    path.push(row!.name);
    if (row!.type === "blob") return path;
    at = row!.id;
  }
}

/** Clones of a whole repository by processes; a process of ours is asked for its memory in a second run. */
async function clones(server: GitServer, names: readonly string[]): Promise<void> {
  const ours = [Deno.execPath(), "run", "-A", new URL("cli/main.ts", ROOT).pathname, "gitdb"];
  const lines: string[][] = [];
  for (const name of names) {
    const folder = await Deno.makeTempDir();
    const command = (program: readonly string[], target: string): string[] => [
      ...program,
      ...["clone", "-q", "--bare", server.url(name), `${folder}/${target}`],
    ];
    const before = server.sent;
    const git = await shell(command(["git"], "git").join(" "));
    const label = `${((server.sent - before) / 1e6).toFixed(0)} MB`;
    const sluice = await shell(command(ours, "sluice").join(" "));
    const [program, ...args] = command(ours, "again");
    const { megabytes: memory } = await runMeasured(program!, args);
    lines.push([`${label}, git`, git.cpu.toFixed(1), git.wall.toFixed(1), "-", ""]);
    lines.push([
      `${label}, sluice`,
      ...[sluice.cpu, sluice.wall].map((seconds) => seconds.toFixed(1)),
      memory.toFixed(0),
      `${(git.cpu / sluice.cpu).toFixed(2)}x`,
    ]);
    await Deno.remove(folder, { recursive: true });
  }
  console.log(table(["clone --bare", "CPU s", "wall s", "MB of memory", "CPU, git is 1"], lines));
}

async function transfers(server: GitServer, name: string, head: string): Promise<void> {
  const kinds: Readonly<Record<string, Partial<GitFetchObjectsOptions>>> = {
    "all objects": {},
    "`blob:none`": { filter: "blob:none" },
    "`blob:none` and `depth: 1000`": { filter: "blob:none", depth: COMMITS },
  };
  const lines: string[][] = [];
  let whole = 0;
  for (const [what, options] of Object.entries(kinds)) {
    const folder = await Deno.makeTempDir();
    await Deno.mkdir(`${folder}/objects`);
    {
      const database = await GitDatabase.open(`${folder}/objects`);
      const remote = new GitRemote(server.url(name), { stallTimeoutMs: 300_000 });
      const before = server.sent;
      const { count } = await fetchGitObjects(remote, database, { wants: [head], ...options });
      const cloned = server.sent - before;
      const objects = new GitCompoundDatabase([database], "sha1", {
        onAbsent: async (ids) => {
          await fetchGitObjects(remote, database, { wants: ids, filter: "blob:none", promisor: true });
          return true;
        },
      });
      const { commits, versions } = await lookBack(objects, (await database.read(head)).id);
      await objects[Symbol.asyncDispose]();
      const sum = server.sent - before;
      whole ||= sum;
      lines.push([
        what,
        `${count}`,
        megabytes(cloned),
        megabytes(sum - cloned),
        `${(whole / sum).toFixed(1)}x`,
        `${commits} commits, ${versions} versions`,
      ]);
    }
    await Deno.remove(folder, { recursive: true });
  }
  console.log(`\n${table(["clone", "objects", "MB", "MB on demand", "less", "read"], lines)}`);
}

/** The same clone and the same reads by isomorphic-git and by ours, in Node. */
async function inNode(server: GitServer, name: string): Promise<void> {
  const folder = await Deno.makeTempDir();
  await bundle(new URL("../gitdb/mod.ts", import.meta.url).pathname, folder);
  const lines: string[][] = [];
  let peer: number | undefined;
  for (const kind of ["isomorphic-git", "sluice, WASM"]) {
    const script = `${SCRIPTS}_gitdb_in_node.mjs`;
    const args = [script, kind, server.url(name), folder];
    const { cpuSeconds, seconds, megabytes } = await runMeasured("node", args);
    peer ??= cpuSeconds;
    lines.push([
      kind,
      cpuSeconds.toFixed(2),
      seconds.toFixed(1),
      megabytes.toFixed(0),
      `${(peer / cpuSeconds).toFixed(2)}x`,
    ]);
  }
  await Deno.remove(folder, { recursive: true });
  console.log(`\n${table(["in Node", "CPU s", "wall s", "MB", "CPU, isomorphic-git is 1"], lines)}`);
}

/** A whole clone into the private file system of a page. */
async function inBrowser(server: GitServer, name: string, head: string): Promise<void> {
  const folder = await Deno.makeTempDir();
  await bundle(new URL("../gitdb/mod.ts", import.meta.url).pathname, folder);
  await using pages = serveFolder(folder);
  const browser = await launchChromium();
  try {
    const page = await browser.newPage();
    page.setDefaultTimeout(600_000);
    await page.goto(`http://127.0.0.1:${pages.addr.port}/`);
    const renderers = await renderersBelow(Deno.pid);
    const cpuBefore = await renderersCpu(renderers);
    const script = `(async () => {
      const { fetchGitObjects, GitDirectoryStore, GitRemote } = await import("/bundle.mjs");
      const started = performance.now();
      const root = await navigator.storage.getDirectory();
      const store = await GitDirectoryStore.open(await root.getDirectoryHandle("clone", { create: true }));
      const remote = new GitRemote("${server.url(name)}", { stallTimeoutMs: 300_000 });
      let received = 0;
      const { count } = await fetchGitObjects(remote, store, { wants: ["${head}"], onReceived: (n) => received = n });
      return [count, received, (performance.now() - started) / 1000];
    })()`;
    const [count, received, seconds] = await page.evaluate<[number, number, number]>(script);
    const peaks = await Promise.all(renderers.map(peakOf));
    const cpu = await renderersCpu(renderers) - cpuBefore;
    console.log(
      "\n" +
        table(["in Chromium", "objects", "MB", "wall s", "CPU s of the page", "MB of the page's process"], [[
          "all objects, on the disk",
          `${count}`,
          megabytes(received),
          seconds.toFixed(1),
          cpu.toFixed(1),
          Math.max(...peaks).toFixed(0),
        ]]),
    );
  } finally {
    await browser.close();
    await Deno.remove(folder, { recursive: true });
  }
}

/** The processes that run pages, below this one. */
async function renderersBelow(root: number): Promise<number[]> {
  const found: number[] = [];
  for await (const { name } of Deno.readDir("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const command = await Deno.readTextFile(`/proc/${name}/cmdline`).catch(() => "");
    if (command.includes("--type=renderer") && await isBelow(Number(name), root)) found.push(Number(name));
  }
  return found;
}

async function isBelow(pid: number, root: number): Promise<boolean> {
  for (let at = pid; at > 1;) {
    if (at === root) return true;
    const stat = await Deno.readTextFile(`/proc/${at}/stat`).catch(() => "");
    at = Number(stat.replace(/^.*\) /s, "").split(" ")[1] ?? 0);
  }
  return false;
}

async function peakOf(pid: number): Promise<number> {
  const status = await Deno.readTextFile(`/proc/${pid}/status`).catch(() => "");
  return Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1000;
}

async function renderersCpu(pids: readonly number[]): Promise<number> {
  return (await Promise.all(pids.map(treeCpuSeconds))).reduce((sum, each) => sum + each, 0);
}

/** Runs all parts, or those that are named; `further` are repositories beside the history that are cloned whole, too. */
export async function compareGitRemotes(
  size: CompareOptions["size"],
  further: readonly string[] = [],
  only?: readonly string[],
): Promise<void> {
  if (!GIT_SERVES) return console.log("SKIPPED: repositories on servers: git http-backend is not installed");
  const path = await longHistoryRepository(HISTORY[size]);
  const nameOf = (path: string): string => path.slice(path.lastIndexOf("/") + 1);
  const name = nameOf(path);
  const git = async (...args: string[]): Promise<string> => {
    const { stdout } = await new Deno.Command("git", { args: ["-C", path, ...args] }).output();
    return new TextDecoder().decode(stdout).trim();
  };
  await git("config", "uploadpack.allowFilter", "true");
  await git("symbolic-ref", "HEAD", "refs/heads/main");
  const head = await git("rev-parse", "main");
  await using server = new GitServer(path.slice(0, path.lastIndexOf("/")));
  allowOrigins(server);
  console.log("\n## gitdb: repositories on servers\n");
  const parts: Readonly<Record<string, () => Promise<void>>> = {
    clone: () => clones(server, [name, ...further.map(nameOf)]),
    transfer: () => transfers(server, name, head),
    node: () => inNode(server, name),
    browser: () => inBrowser(server, name, head),
  };
  for (const [part, run] of Object.entries(parts)) if (only?.includes(part) ?? true) await run();
}

if (import.meta.main) {
  console.log(machineLine());
  await compareGitRemotes("full", [], Deno.args.length === 0 ? undefined : Deno.args);
}
