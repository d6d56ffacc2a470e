/**
 * Client or server killed within copies of every mode: 200 times each with SLUICE_LONG=1, a few times otherwise. A proxy
 * holds each copy at a random byte, so that the kill lands inside it however fast the machine is.
 */
import { assert, assertEquals } from "@std/assert";
import { Buffer } from "node:buffer";
import { copyPdiffTree, PdiffClient } from "@sluice/pdiffcopy";
import { CountingProxy } from "./_counting_proxy.ts";
import { run, sluiceArguments } from "./_cli.ts";
import { Random } from "./_data.ts";
import { testInDirectory } from "./_directory.ts";

const ROUNDS = Number(Deno.env.get("SLUICE_KILLS") ?? (Deno.env.get("SLUICE_LONG") === "1" ? 200 : 3));
const BLOCK = 64 << 10;
/** Several buffers of what is written at a time, so that kills land between writes. */
const SIZE = 256 * BLOCK + 12_345;
/** Half of the blocks differ. */
const CHANGED = SIZE / 2;
/** Where moved blocks are searched, each of the changed bytes costs a block of about 8 KiB. */
const MOVED = SIZE / (2 * BLOCK) * (8 << 10);

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

async function kill(child: Deno.ChildProcess): Promise<void> {
  try {
    child.kill("SIGKILL");
  } catch {
    // It has ended already.
  }
  await child.status;
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

function editedOf(content: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const edited = content.slice();
  for (let at = 0; at < SIZE; at += 2 * BLOCK) edited[at]! ^= 1;
  return edited;
}

function isSame(found: Uint8Array | undefined, content: Uint8Array): boolean {
  return found?.length === content.length && Buffer.compare(found, content) === 0;
}

function list(directory: string): string[] {
  return [...Deno.readDirSync(directory)].map(({ name }) => name).sort();
}

async function clear(directory: string): Promise<void> {
  for (const name of list(directory)) await Deno.remove(`${directory}/${name}`, { recursive: true });
}

/** What was killed, and what it left. */
class Counts {
  client = 0;
  server = 0;
  finished = 0;
  readonly left = { old: 0, new: 0, absent: 0, mixed: 0 };

  toString(): string {
    const { old, new: fresh, absent, mixed } = this.left;
    return `${this.client} clients and ${this.server} servers were killed within ${ROUNDS} copies, ` +
      `${this.finished} ended before; ${old} left the old file, ${fresh} the new one, ${absent} none, ` +
      `${mixed} a journal`;
  }
}

/** One copy that is killed. */
interface Copy {
  readonly args: readonly string[];
  /** About how many bytes travel. */
  readonly bytes: number;
  readonly what: string;
  /** What the target is after the kill; fails where it is neither. */
  inspect(success: boolean): Promise<keyof Counts["left"]>;
  /** Runs the same copy again and checks what it leaves. */
  complete(): Promise<void>;
}

interface Place {
  readonly here: string;
  readonly there: string;
  readonly state: string;
  readonly url: string;
  readonly random: Random;
}

/** Kills copies; `prepare` makes each of them. */
function testKills(mode: string, prepare: (place: Place) => Promise<Copy>): void {
  testInDirectory(`no kill -9 of ${ROUNDS} leads to wrong content: ${mode}`, async (directory) => {
    const seed = Random.seed(4711);
    const random = new Random(seed);
    const [here, there, state] = ["here", "there", "state"].map((name) => `${directory}/${name}`);
    for (const path of [here!, there!, state!]) await Deno.mkdir(path);
    const home = Deno.env.get("XDG_STATE_HOME");
    Deno.env.set("XDG_STATE_HOME", state!);
    let server = await startServer(there!, 0);
    const counts = new Counts();
    try {
      await using proxy = new CountingProxy(server.port);
      const url = `http://127.0.0.1:${proxy.port}`;
      for (let round = 0; round < ROUNDS; round++) {
        const copy = await prepare({ here: here!, there: there!, state: state!, url, random });
        const victim = random.below(3) === 0 ? "server" : "client";
        const bytes = random.below(Math.floor(copy.bytes * 1.02));
        const delay = random.below(4) === 0 ? random.below(60) : 0;
        // A kill after the hold meets what follows the last byte: waiting for the disk, renaming.
        const goesOn = random.below(3) === 0;
        const what =
          `seed ${seed}, round ${round}: ${copy.what}, ${victim} after ${bytes} bytes, ${delay} ms`;
        const held = proxy.holdAfter(bytes);
        const client = new Deno.Command(Deno.execPath(), {
          args: sluiceArguments(["pdiffcopy", "-q", "--retries", "0", ...copy.args]),
          stdin: "null",
          stdout: "null",
          stderr: "null",
        }).spawn();
        let hasEnded = false;
        const ended = client.status.finally(() => hasEnded = true);
        await Promise.race([held, ended]);
        if (goesOn) proxy.release();
        if (delay > 0) await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, delay))]);
        if (hasEnded) counts.finished++;
        else counts[victim]++;
        await kill(victim === "client" ? client : server.child);
        proxy.cut();
        const { success } = await ended;
        if (victim === "server") server = await startServer(there!, server.port);
        try {
          counts.left[await copy.inspect(success)]++;
          await copy.complete();
        } catch (error) {
          throw new Error(what, { cause: error });
        }
      }
    } finally {
      await kill(server.child);
      if (home === undefined) Deno.env.delete("XDG_STATE_HOME");
      else Deno.env.set("XDG_STATE_HOME", home);
    }
    console.log(`pdiffcopy, ${mode}: ${counts}`);
    assert(counts.client + counts.server >= ROUNDS * 0.6, `too few kills landed: ${counts}`);
  });
}

type Replace = "inplace" | "atomic" | "auto";

/** A copy of one file. */
async function fileCopy(
  { here, there, url, random }: Place,
  isUpload: boolean,
  replace: Replace,
  shift: boolean,
): Promise<Copy> {
  const [from, to] = isUpload ? [here, there] : [there, here];
  const isNew = random.below(4) === 0;
  // A search for moved blocks would find repeated ones.
  const content = shift ? new Random(random.next()).bytes(SIZE) : contentOf(random.next());
  const old = editedOf(content);
  // With -a the file is a tree of one name, whose facts follow its content.
  const isTree = !shift && random.below(3) === 0;
  for (const directory of [here, there]) await clear(directory);
  await Deno.writeFile(`${from}/file`, content);
  if (!isNew) await Deno.writeFile(`${to}/file`, old);
  const [source, target] = isUpload ? [`${here}/file`, `${url}/file`] : [`${url}/file`, `${here}/file`];
  const options = {
    source,
    target,
    replace,
    ...(shift ? { shift } : { blockSize: BLOCK }),
  };
  return {
    args: [
      "--replace",
      replace,
      ...(shift ? ["--shift", "rolling"] : ["-b", `${BLOCK}`]),
      ...(isTree ? ["-a"] : []),
      source,
      target,
    ],
    bytes: isNew ? SIZE : shift ? MOVED : CHANGED,
    what: `${isUpload ? "upload" : "download"}, ${isNew ? "new" : "existing"}, ${replace}${
      isTree ? ", -a" : ""
    }`,
    async inspect(success): Promise<keyof Counts["left"]> {
      // A server goes on when its client was killed: names are listed around one reading of the content.
      const before = list(to);
      const found = await Deno.readFile(`${to}/file`).catch(() => undefined);
      const hasJournal = [...before, ...list(to)].includes(".file.pdiff-journal");
      const isRight = isSame(found, content);
      if (success) assert(isRight, "success with wrong content");
      if (replace === "atomic") assert(!hasJournal, "a journal of an atomic copy");
      if (isRight) return "new";
      if (found === undefined) return "absent";
      if (hasJournal) return "mixed";
      assert(!isNew && isSame(found, old), "a mixture without a journal");
      return "old";
    },
    async complete(): Promise<void> {
      await new PdiffClient(options).synchronize();
      assert(isSame(await Deno.readFile(`${to}/file`), content), "the next run left wrong content");
      assertEquals(list(to), ["file"], "side files remain");
    },
  };
}

testKills("in place", (place) => fileCopy(place, false, "inplace", false));
testKills("atomic", (place) => fileCopy(place, false, "atomic", false));
testKills(
  "upload",
  (place) => fileCopy(place, true, (["inplace", "atomic", "auto"] as const)[place.random.below(3)]!, false),
);
testKills("shift", (place) =>
  fileCopy(
    place,
    place.random.below(2) === 0,
    (["inplace", "atomic", "auto"] as const)[place.random.below(3)]!,
    true,
  ));

/** Files of a tree: many small ones, and some that travel in blocks. */
const TREE_FILES = Array.from({ length: 48 }, (_, index) => ({
  name: `d${index % 4}/f${index}`,
  size: index % 12 === 0 ? 5 * BLOCK + 17 : 1000 + index * 300,
}));

testKills("tree", async ({ here, there, url, random }) => {
  const isUpload = random.below(2) === 0;
  const [from, to] = isUpload ? [here, `${there}/tree`] : [`${there}/tree`, here];
  for (const directory of [here, there]) await clear(directory);
  const version = random.below(250);
  const [fresh, stale] = [version + 1, version + 2];
  let bytes = 0;
  for (const { name, size } of TREE_FILES) {
    for (const root of [from, to]) {
      await Deno.mkdir(`${root}/${name.split("/")[0]}`, { recursive: true });
    }
    await Deno.writeFile(`${from}/${name}`, new Uint8Array(size).fill(fresh));
    bytes += size;
    if (random.below(2) === 0) continue;
    await Deno.writeFile(`${to}/${name}`, new Uint8Array(size).fill(stale));
    await Deno.utime(`${to}/${name}`, 1_500_000_000, 1_500_000_000);
  }
  for (let d = 0; d < 4; d++) await Deno.writeTextFile(`${to}/d${d}/extra`, "x");
  const [source, target] = isUpload ? [here, `${url}/tree`] : [`${url}/tree`, here];
  return {
    args: [random.below(2) === 0 ? "-r" : "-a", "--delete", source, target],
    bytes,
    what: `tree, ${isUpload ? "upload" : "download"}`,
    async inspect(success): Promise<keyof Counts["left"]> {
      let [mixed, olds] = [0, 0];
      for (const { name, size } of TREE_FILES) {
        const journal = `${to}/${name.replace(/([^/]+)$/, ".$1.pdiff-journal")}`;
        const hasJournal = (): Promise<boolean> => Deno.stat(journal).then(() => true, () => false);
        const before = await hasJournal();
        const found = await Deno.readFile(`${to}/${name}`).catch(() => undefined);
        const isRight = isSame(found, new Uint8Array(size).fill(fresh));
        if (success) assert(isRight, `success without ${name}`);
        if (isRight) continue;
        if (before || await hasJournal()) mixed++;
        else olds++;
        const isOld = found === undefined || isSame(found, new Uint8Array(size).fill(stale));
        assert(isOld || before || await hasJournal(), `${name} is neither old nor new`);
      }
      return mixed > 0 ? "mixed" : olds > 0 ? "old" : "new";
    },
    async complete(): Promise<void> {
      const { faults } = await copyPdiffTree({ source, target, delete: true });
      assertEquals(faults, []);
      for (const { name, size } of TREE_FILES) {
        assert(isSame(await Deno.readFile(`${to}/${name}`), new Uint8Array(size).fill(fresh)), name);
      }
      for (let d = 0; d < 4; d++) {
        const names = TREE_FILES.map(({ name }) => name.split("/")).filter(([folder]) => folder === `d${d}`);
        assertEquals(
          list(`${to}/d${d}`),
          names.map(([, name]) => name!).sort(),
          "names that do not belong there",
        );
      }
    },
  };
});

/** A block device over a file, or undefined where the system has none to offer. */
async function makeDevice(image: string): Promise<string | undefined> {
  try {
    const { code, stdout } = await run("losetup", ["-f", "--show", image]);
    return code === 0 ? new TextDecoder().decode(stdout).trim() : undefined;
  } catch {
    return undefined;
  }
}

let device: string | undefined;
const image = await Deno.makeTempFile();
if (Deno.build.os === "linux" && Deno.uid() === 0) {
  await Deno.truncate(image, Math.ceil(SIZE / 4096) * 4096);
  device = await makeDevice(image);
}
if (device === undefined) console.log("skipped: kills within copies to devices, there are no loop devices");
else {
  const path = device;
  testKills("device", async ({ here, there, state, url, random }) => {
    for (const directory of [here, there]) await clear(directory);
    const content = contentOf(random.next());
    const old = editedOf(content);
    await Deno.writeFile(`${there}/file`, content);
    await using file = await Deno.open(path, { write: true });
    for (let at = 0; at < SIZE;) at += await file.write(old.subarray(at));
    const source = `${url}/file`;
    return {
      args: ["-b", `${BLOCK}`, source, path],
      bytes: CHANGED,
      what: "device",
      async inspect(success): Promise<keyof Counts["left"]> {
        const found = (await Deno.readFile(path)).subarray(0, SIZE);
        const hasJournal = list(state).length > 0 && list(`${state}/sluice`).length > 0;
        if (success) assert(isSame(found, content), "success with wrong content");
        if (isSame(found, content)) return "new";
        if (hasJournal) return "mixed";
        assert(isSame(found, old), "a mixture without a journal");
        return "old";
      },
      async complete(): Promise<void> {
        await new PdiffClient({ source, target: path, blockSize: BLOCK }).synchronize();
        assert(
          isSame((await Deno.readFile(path)).subarray(0, SIZE), content),
          "the next run left wrong content",
        );
        assertEquals(list(state).flatMap((name) => list(`${state}/${name}`)), [], "a journal remains");
      },
    };
  });
}

// However few of these tests ran.
addEventListener("unload", () => {
  if (device !== undefined) new Deno.Command("losetup", { args: ["-d", device] }).outputSync();
  Deno.removeSync(image);
});
