/**
 * Client or server killed at random moments of copies. 200 times with SLUICE_LONG=1, a few times otherwise.
 */
import { assert, assertEquals } from "@std/assert";
import { sluiceArguments } from "./_cli.ts";
import { Random } from "./_data.ts";
import { inDirectory } from "./_directory.ts";

const LONG = Deno.env.get("SLUICE_LONG") === "1";
const ROUNDS = LONG ? 200 : 8;
const SIZE = (48 << 20) + 12_345;
const BLOCK = 64 << 10;

/** How files are replaced, or that moved content is looked for. */
const MODES = ["auto", "inplace", "atomic", "shift"] as const;

interface RunningServer {
  readonly child: Deno.ChildProcess;
  readonly port: number;
}

async function startServer(root: string, port: number): Promise<RunningServer> {
  const child = new Deno.Command(Deno.execPath(), {
    args: sluiceArguments(["pdiffcopy", "-l", `127.0.0.1:${port}`, "--root", root, "--writable"]),
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  const reader = child.stderr.getReader();
  let text = "";
  while (!/listening on .*:(\d+)\n/.test(text)) {
    const { value, done } = await reader.read();
    if (done) throw new Error(`the server ended: ${text}`);
    text += new TextDecoder().decode(value);
  }
  (async (): Promise<void> => {
    while (!(await reader.read()).done);
  })().catch(() => {});
  return { child, port: Number(/listening on .*:(\d+)\n/.exec(text)![1]) };
}

async function stop(server: RunningServer): Promise<void> {
  try {
    server.child.kill("SIGKILL");
  } catch {
    // It has ended already.
  }
  await server.child.status;
}

async function isEqual(path: string, content: Uint8Array): Promise<boolean> {
  return isSame(await Deno.readFile(path).catch(() => undefined), content);
}

function isSame(found: Uint8Array | undefined, content: Uint8Array): boolean {
  if (found?.length !== content.length) return false;
  const [a, b] = [found, content].map((bytes) => new Uint32Array(bytes.buffer, 0, bytes.length >> 2));
  for (let i = 0; i < a!.length; i++) if (a![i] !== b![i]) return false;
  return true;
}

/** Content that is cheap to make and different for each seed. */
function contentOf(seed: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(SIZE);
  const block = new Random(seed).bytes(BLOCK);
  for (let at = 0; at < SIZE; at += BLOCK) {
    block[at / BLOCK % BLOCK]! ^= 0x55;
    bytes.set(block.subarray(0, Math.min(BLOCK, SIZE - at)), at);
  }
  return bytes;
}

Deno.test(`no kill -9 of ${ROUNDS} leads to wrong content that passes for right`, async () => {
  await inDirectory(async (directory) => {
    const seed = Random.seed(4711);
    const random = new Random(seed);
    const [here, there] = [`${directory}/here`, `${directory}/there`];
    await Deno.mkdir(here);
    await Deno.mkdir(there);
    let server = await startServer(there, 0);
    const counts = { finished: 0, old: 0, new: 0, mixed: 0, absent: 0, client: 0, server: 0 };
    try {
      for (let round = 0; round < ROUNDS; round++) {
        const isUpload = random.below(2) === 0;
        const isNew = random.below(3) === 0;
        const mode = MODES[random.below(MODES.length)]!;
        const victim = random.below(2) === 0 ? "client" : "server";
        const delay = 40 + random.below(500);
        const [from, to] = isUpload ? [here, there] : [there, here];
        const content = contentOf(random.next());
        const old = content.slice();
        for (let at = 0; at < SIZE; at += 2 * BLOCK) old[at]! ^= 1;
        await Deno.writeFile(`${from}/file`, content);
        for (const entry of Deno.readDirSync(to)) await Deno.remove(`${to}/${entry.name}`);
        if (!isNew) await Deno.writeFile(`${to}/file`, old);
        const remote = `http://127.0.0.1:${server.port}/file`;
        const args = [
          "pdiffcopy",
          "-q",
          "--retries",
          "0",
          ...(mode === "shift" ? ["--shift", "cdc"] : ["-b", `${BLOCK}`, "--replace", mode]),
          ...(isUpload ? [`${here}/file`, remote] : [remote, `${here}/file`]),
        ];
        const start = (): Deno.ChildProcess =>
          new Deno.Command(Deno.execPath(), {
            args: sluiceArguments(args),
            stdin: "null",
            stdout: "null",
            stderr: "null",
          }).spawn();
        const what = `seed ${seed}, round ${round}: ${isUpload ? "upload" : "download"} ${
          isNew ? "new" : "existing"
        }, ${mode}, ${victim} after ${delay} ms`;
        const client = start();
        await new Promise((resolve) => setTimeout(resolve, delay));
        try {
          (victim === "client" ? client : server.child).kill("SIGKILL");
          counts[victim]++;
        } catch {
          // It had ended.
        }
        const { success } = await client.status;
        if (victim === "server") {
          await stop(server);
          server = await startServer(there, server.port);
        }
        // A server goes on when its client was killed: names are listed around one reading of the content.
        const list = (): string[] => [...Deno.readDirSync(to)].map(({ name }) => name);
        const before = list();
        const found = await Deno.readFile(`${to}/file`).catch(() => undefined);
        const names = [...before, ...list()];
        const isRight = isSame(found, content);
        if (success) {
          counts.finished++;
          assert(isRight, `${what}: success with wrong content`);
        } else {
          if (isRight) counts.new++;
          else if (found === undefined) counts.absent++;
          else if (names.includes(".file.pdiff-journal")) counts.mixed++;
          else {
            counts.old++;
            assert(!isNew && isSame(found, old), `${what}: a mixture without a journal`);
          }
        }
        const again = await start().status;
        assert(again.success, `${what}: the next run failed with ${again.code}`);
        assert(await isEqual(`${to}/file`, content), `${what}: the next run left wrong content`);
        assertEquals([...Deno.readDirSync(to)].map(({ name }) => name), ["file"], what);
      }
    } finally {
      await stop(server);
    }
    console.log(
      `pdiffcopy: ${counts.client} clients and ${counts.server} servers killed in ${ROUNDS} copies: ${counts.finished} had finished, ` +
        `${counts.old} left the old file, ${counts.new} the new one, ${counts.absent} none, ${counts.mixed} one with a journal; ` +
        `no wrong content passed for right, every next run completed`,
    );
  });
});

Deno.test(`no kill -9 of ${ROUNDS} leaves a file of a tree that is neither old nor new`, async () => {
  await inDirectory(async (directory) => {
    const seed = Random.seed(4712);
    const random = new Random(seed);
    const [here, there] = [`${directory}/here`, `${directory}/there`];
    await Deno.mkdir(there);
    const server = await startServer(there, 0);
    try {
      for (let round = 0; round < ROUNDS; round++) {
        const isUpload = round % 2 === 0;
        const [from, to] = isUpload ? [here, `${there}/tree`] : [`${there}/tree`, here];
        for (const path of [here, `${there}/tree`]) {
          await Deno.remove(path, { recursive: true }).catch(() => {});
        }
        const names = await makeTrees(from, to, random);
        const url = `http://127.0.0.1:${server.port}/tree`;
        const args = ["pdiffcopy", "-q", "-r", "--delete", ...(isUpload ? [here, url] : [url, here])];
        const start = (): Deno.ChildProcess =>
          new Deno.Command(Deno.execPath(), {
            args: sluiceArguments(args),
            stdin: "null",
            stdout: "null",
            stderr: "null",
          }).spawn();
        const client = start();
        await new Promise((resolve) => setTimeout(resolve, 40 + random.below(500)));
        try {
          client.kill("SIGKILL");
        } catch {
          // It had ended.
        }
        await client.status;
        const what = `seed ${seed}, round ${round}`;
        for (const name of names) {
          const found = await Deno.readFile(`${to}/${name}`).catch(() => undefined);
          const journal = `${to}/${name.replace(/([^/]+)$/, ".$1.pdiff-journal")}`;
          const isMixed = await Deno.stat(journal).then(() => true, () => false);
          if (found === undefined || isMixed) continue;
          const kinds = new Set(found);
          assert(
            found.length === TREE_FILE_SIZE && kinds.size === 1,
            `${what}: ${name} is neither old nor new`,
          );
        }
        assertEquals((await start().status).code, 0, what);
        for (const name of names) {
          assertEquals(await Deno.readFile(`${to}/${name}`), new Uint8Array(TREE_FILE_SIZE).fill(2));
        }
        assertEquals([...Deno.readDirSync(`${to}/d0`)].length, 8, what);
      }
    } finally {
      await stop(server);
    }
  });
});

const TREE_FILE_SIZE = 300_000;

/** A tree of files that hold twos, and an older one in which half of them hold ones, with names of its own. */
async function makeTrees(from: string, to: string, random: Random): Promise<string[]> {
  const names: string[] = [];
  for (let d = 0; d < 5; d++) {
    await Deno.mkdir(`${from}/d${d}`, { recursive: true });
    await Deno.mkdir(`${to}/d${d}`, { recursive: true });
    await Deno.writeTextFile(`${to}/d${d}/extra`, "x");
    for (let f = 0; f < 8; f++) {
      const name = `d${d}/f${f}`;
      names.push(name);
      await Deno.writeFile(`${from}/${name}`, new Uint8Array(TREE_FILE_SIZE).fill(2));
      if (random.below(2) === 0) {
        await Deno.writeFile(`${to}/${name}`, new Uint8Array(TREE_FILE_SIZE).fill(1));
        await Deno.utime(`${to}/${name}`, 1_500_000_000, 1_500_000_000);
      }
    }
  }
  return names;
}
