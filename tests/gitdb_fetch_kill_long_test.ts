/**
 * Fetches and clones that are killed, and connections that end at any byte: what is left is what git trusts and can go on
 * from, or nothing.
 */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { fetchGitRepository, GitRepository, SluiceError } from "@sluice/gitdb";
import { sluiceArguments } from "./_cli.ts";
import { Random } from "./_data.ts";
import { testInDirectory } from "./_directory.ts";
import { git, makeRepository } from "./_git.ts";
import { GIT_SERVES, withServer } from "./_git_server.ts";
import type { GitServer } from "./_git_server.ts";
import { run } from "./_cli.ts";
import { signalProcess } from "./_processes.ts";

const LONG = Deno.env.get("SLUICE_LONG") === "1";
const KILLS = LONG ? 100 : 3;
const CUTS = LONG ? 200 : 12;

/** A history of which a part is cloned and the rest is to be fetched. */
async function prepare(folder: string): Promise<{ tips: string[] }> {
  const path = `${folder}/served.git`;
  await makeRepository(path, { commits: 60, packing: ["pack"] });
  await git(path, ["symbolic-ref", "HEAD", "refs/heads/main"]);
  await git(path, ["tag", "-d", "v0"]);
  const tips = (await git(path, ["rev-list", "main"])).trim().split("\n");
  return { tips };
}

/** Pauses that last: a client that is killed leaves one, which has to end before its test does. */
const pauses = new Set<Promise<void>>();

async function pause(milliseconds: number): Promise<void> {
  const over = new Promise<void>((resolve) => setTimeout(resolve, milliseconds));
  pauses.add(over);
  await over;
  pauses.delete(over);
}

/** Answers come in small pieces, each after a while, so that there is time for a signal. */
function slowDown(server: GitServer, pieces: number, pauseMs: number): void {
  server.intercept = async (_, answer) => {
    const response = await answer();
    const bytes = new Uint8Array(await response.arrayBuffer());
    const size = Math.ceil(bytes.length / pieces);
    let at = 0;
    const body = new ReadableStream<Uint8Array>({
      async pull(controller): Promise<void> {
        await pause(pauseMs);
        if (at >= bytes.length) return controller.close();
        controller.enqueue(bytes.subarray(at, at += size));
      },
    });
    return new Response(body, { status: response.status, headers: response.headers });
  };
}

/** Files of a killed process: locks are removed by hand, as git asks for it; packs are whole or have no name. */
async function inspect(gitFolder: string): Promise<{ locks: number; temporary: number }> {
  let locks = 0;
  let temporary = 0;
  const folders = [gitFolder];
  for (const folder of folders) {
    for (const entry of [...Deno.readDirSync(folder)]) {
      const path = `${folder}/${entry.name}`;
      if (entry.isDirectory) folders.push(path);
      else if (entry.name.endsWith(".lock")) {
        await Deno.remove(path);
        locks++;
      } else if (entry.name.startsWith("tmp_")) temporary++;
    }
  }
  const names = [...Deno.readDirSync(`${gitFolder}/objects/pack`)].map(({ name }) => name);
  for (const name of names.filter((each) => each.endsWith(".idx"))) {
    assert(names.includes(name.replace(".idx", ".pack")), `${name} without its pack`);
  }
  return { locks, temporary };
}

async function killed(args: readonly string[], cwd: string, afterMs: number): Promise<boolean> {
  const child = new Deno.Command(Deno.execPath(), {
    args: sluiceArguments(["gitdb", ...args]),
    cwd,
    stdout: "null",
    stderr: "null",
  }).spawn();
  const timer = setTimeout(() => signalProcess(child, "SIGKILL"), afterMs);
  const { signal } = await child.status;
  clearTimeout(timer);
  return signal === "SIGKILL";
}

testInDirectory("a fetch that is killed leaves a repository that git trusts, and the next one goes on", {
  ignore: !GIT_SERVES,
}, async (folder) => {
  const { tips } = await prepare(folder);
  const served = `${folder}/served.git`;
  const random = new Random(5);
  await withServer(folder, async (server) => {
    await git(served, ["update-ref", "refs/heads/main", tips[40]!]);
    await git(folder, ["clone", "-q", server.url("served.git"), "start"]);
    await git(served, ["update-ref", "refs/heads/main", tips[0]!]);
    const counts = { runs: 0, kills: 0, moved: 0, locks: 0, temporary: 0 };
    for (; counts.kills < KILLS; counts.runs++) {
      const copy = `${folder}/copy`;
      await run("cp", ["-r", `${folder}/start`, copy]);
      slowDown(server, 8, 20 + random.below(30));
      if (await killed(["fetch"], copy, 250 + random.below(LONG ? 1400 : 900))) counts.kills++;
      server.intercept = (_, answer) => answer();
      const { locks, temporary } = await inspect(`${copy}/.git`);
      counts.locks += locks;
      counts.temporary += temporary;
      await git(copy, ["fsck", "--strict", "--no-dangling"]);
      const now = (await git(copy, ["rev-parse", "origin/main"])).trim();
      assert([tips[0], tips[40]].includes(now), now);
      if (now === tips[0]) counts.moved++;
      await git(copy, ["fetch", "-q"]);
      assertEquals((await git(copy, ["rev-parse", "origin/main"])).trim(), tips[0]);
      await Deno.remove(copy, { recursive: true });
    }
    console.log(
      `fetches: ${counts.runs} runs, ${counts.kills} killed, ${counts.moved} had set the reference, ` +
        `${counts.locks} locks and ${counts.temporary} temporary files left`,
    );
  });
  await Promise.all(pauses);
});

testInDirectory(
  "a clone that is killed is no repository to git, or a complete one",
  { ignore: !GIT_SERVES },
  async (folder) => {
    await prepare(folder);
    const random = new Random(6);
    await withServer(folder, async (server) => {
      const url = server.url("served.git");
      const counts = { runs: 0, kills: 0, complete: 0 };
      for (; counts.kills < KILLS; counts.runs++) {
        slowDown(server, 8, 10 + random.below(20));
        if (
          await killed(["clone", "-q", url, "clone"], folder, 250 + random.below(LONG ? 1400 : 900))
        ) counts.kills++;
        server.intercept = (_, answer) => answer();
        const isThere = await Deno.stat(`${folder}/clone`).then(() => true, () => false);
        if (!isThere) continue;
        const { code } = await run("git", ["-C", `${folder}/clone`, "rev-parse", "--git-dir"]);
        if (code === 0) {
          counts.complete++;
          await git(`${folder}/clone`, ["fsck", "--strict", "--no-dangling"]);
          await git(`${folder}/clone`, ["rev-parse", "HEAD^{tree}", "origin/main"]);
        }
        await Deno.remove(`${folder}/clone`, { recursive: true });
      }
      console.log(
        `clones: ${counts.runs} runs, ${counts.kills} killed, ${counts.complete} repositories that were complete`,
      );
    });
    await Promise.all(pauses);
  },
);

testInDirectory("a connection that ends at any byte leaves nothing, and the next fetch negotiates again", {
  ignore: !GIT_SERVES,
}, async (folder) => {
  const { tips } = await prepare(folder);
  const served = `${folder}/served.git`;
  await withServer(folder, async (server) => {
    await git(served, ["update-ref", "refs/heads/main", tips[40]!]);
    await git(folder, ["clone", "-q", server.url("served.git"), "clone"]);
    await git(served, ["update-ref", "refs/heads/main", tips[0]!]);
    const path = `${folder}/clone`;
    const packs = (): string[] =>
      [...Deno.readDirSync(`${path}/.git/objects/pack`)].map(({ name }) => name).sort();
    const [before, refs] = [packs(), await git(path, ["for-each-ref"])];
    const random = new Random(7);
    const answers = new Map<string, number>();
    const codes = new Map<string, number>();
    await using repository = await GitRepository.open(path);
    const fetch = (): Promise<unknown> =>
      fetchGitRepository(repository, { connection: { stallTimeoutMs: 5000 } });
    for (let round = 0; round < CUTS; round++) {
      let requests = 0;
      const cutOne = random.below(3); // the capabilities, the references, or the pack
      server.intercept = async (_, answer) => {
        const response = await answer();
        if (requests++ !== cutOne) return response;
        const bytes = new Uint8Array(await response.arrayBuffer());
        answers.set(`${cutOne}`, bytes.length);
        const end = random.below(bytes.length);
        const body = round % 2 === 0 ? bytes.subarray(0, end) : brokenAt(bytes, end);
        return new Response(body, { status: response.status, headers: response.headers });
      };
      const error = await assertRejects(fetch, SluiceError);
      codes.set(error.code, (codes.get(error.code) ?? 0) + 1);
      assertEquals(packs(), before, `${round}: ${error.message}`);
      assertEquals(await git(path, ["for-each-ref"]), refs);
    }
    console.log(
      `cuts: ${CUTS} in answers of ${[...answers.values()].join(", ")} bytes: ${[...codes].join(" ")}`,
    );
    assertEquals([...codes.keys()].filter((code) => code !== "TRUNCATED" && code !== "NETWORK"), []);
    server.intercept = (_, answer) => answer();
    await fetch();
    assertEquals((await git(path, ["rev-parse", "origin/main"])).trim(), tips[0]);
    await git(path, ["fsck", "--strict", "--no-dangling"]);
  });
});

/** A body whose connection breaks. */
function brokenAt(bytes: Uint8Array, end: number): ReadableStream<Uint8Array> {
  let isFirst = true;
  return new ReadableStream({
    pull(controller): void {
      if (isFirst && end > 0) controller.enqueue(bytes.subarray(0, end));
      else controller.error(new Error("cut"));
      isFirst = false;
    },
  });
}
