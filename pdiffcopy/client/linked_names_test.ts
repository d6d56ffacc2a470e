/**
 * Targets in which names share files: whatever shares what, a copy gives each name the content of its own source, and
 * changes no name elsewhere.
 */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { Random } from "../../tests/_data.ts";
import { testBackends } from "../../tests/_backends.ts";
import { inDirectory } from "../../tests/_directory.ts";
import { copyPdiffTree, PdiffClient, servePdiff } from "../mod.ts";
import type { PdiffTreeOptions } from "../mod.ts";

const NAMES = ["a", "b", "c", "sub/d", "sub/e", "sub/f"];
/** Below and above what travels with many others. */
const SIZES = [5, 5, 3000, 300_000];
const TREES = 12;

async function makeFiles(root: string, random: Random, others: readonly string[]): Promise<void> {
  await Deno.mkdir(`${root}/sub`, { recursive: true });
  const there = [...others];
  for (const name of NAMES) {
    const path = `${root}/${name}`;
    const isLink = there.length > 0 && random.next() % 2 === 0;
    if (isLink) {
      await Deno.link(there[random.next() % there.length]!, path);
    } else if (random.next() % 6 > 0) {
      await Deno.writeFile(path, random.bytes(SIZES[random.next() % SIZES.length]!), { mode: 0o644 });
      await Deno.utime(path, 1_500_000_000, 1_500_000_000 + random.next() % 2);
      if (random.next() % 4 === 0) await Deno.chmod(path, 0o600);
    } else {
      continue;
    }
    there.push(path);
  }
}

interface Found {
  readonly bytes: Uint8Array;
  readonly mode: number;
  readonly ino: number;
}

async function look(root: string): Promise<Map<string, Found>> {
  const found = new Map<string, Found>();
  for (const name of NAMES) {
    const info = await Deno.stat(`${root}/${name}`).catch(() => undefined);
    if (info === undefined) continue;
    found.set(name, { bytes: await Deno.readFile(`${root}/${name}`), mode: info.mode!, ino: info.ino! });
  }
  return found;
}

/** Names by the file that they are. */
function groups(found: ReadonlyMap<string, Found>): string[] {
  const byFile = Map.groupBy(found.keys(), (name) => found.get(name)!.ino);
  return [...byFile.values()].map((names) => names.join(" ")).filter((names) => names.includes(" "));
}

const contents = (found: ReadonlyMap<string, Found>) => [...found].map(([name, { bytes }]) => [name, bytes]);

for (const side of ["local", "download", "upload"] as const) {
  testBackends(`names of a target that share files get what is theirs: ${side}`, async (backend) => {
    for (let seed = 1; seed <= TREES; seed++) {
      await inDirectory(async (directory) => {
        const random = new Random(seed);
        const [root, target, snapshot] = [
          `${directory}/root`,
          `${directory}/target`,
          `${directory}/snapshot`,
        ];
        await makeFiles(root, random, []);
        await makeFiles(snapshot, random, []);
        const pathsOf = (folder: string): string[] => NAMES.map((name) => `${folder}/${name}`);
        const others = pathsOf(seed % 3 === 0 ? root : snapshot).filter((path) => {
          try {
            return Deno.statSync(path).isFile;
          } catch {
            return false;
          }
        });
        await makeFiles(target, random, others);
        const before = { root: await look(root), snapshot: await look(snapshot) };
        await using server = servePdiff({
          root: directory,
          port: 0,
          writable: true,

          durable: false,
        });
        const there = `http://127.0.0.1:${server.port}`;
        const archive = seed % 2 === 0;
        const options: PdiffTreeOptions = {
          source: side === "download" ? `${there}/root` : root,
          target: side === "upload" ? `${there}/target` : target,
          durable: false,
          delete: true,
          archive,
          compareContent: true,
          replace: (["auto", "inplace", "atomic"] as const)[seed % 3],
        };
        const { faults } = await copyPdiffTree(options);
        assertEquals(faults, [], `seed ${seed} ${backend}`);
        const made = await look(target);
        assertEquals(contents(made), contents(before.root), `seed ${seed}`);
        assertEquals(contents(await look(root)), contents(before.root), `seed ${seed}: the source`);
        const modes = (found: ReadonlyMap<string, Found>) =>
          [...found].map(([name, { mode }]) => [name, mode]);
        assertEquals(await look(snapshot), before.snapshot, `seed ${seed}: a snapshot`);
        assertEquals(modes(made), modes(before.root), `seed ${seed}: permissions`);
        if (archive) {
          for (const names of groups(before.root)) assert(groups(made).some((made) => made.includes(names)));
        }
        const again = await copyPdiffTree(options);
        assertEquals([again.filesCopied, again.faults], [0, []], `seed ${seed}: again`);
        assertEquals(contents(await look(target)), contents(before.root));
      });
    }
  });
}

testBackends("permissions of one name are not those of another name that shared its file", async () => {
  await inDirectory(async (directory) => {
    const [root, target] = [`${directory}/root`, `${directory}/target`];
    for (const folder of [root, target]) await Deno.mkdir(folder);
    for (
      const [path, mode] of [[`${root}/a`, 0o600], [`${root}/b`, 0o644], [`${target}/a`, 0o644]] as const
    ) {
      await Deno.writeTextFile(path, "same");
      await Deno.chmod(path, mode);
      await Deno.utime(path, 1_500_000_000, 1_500_000_000);
    }
    await Deno.link(`${target}/a`, `${target}/b`);
    await Deno.link(`${target}/a`, `${directory}/elsewhere`);
    for (let run = 0; run < 2; run++) {
      await copyPdiffTree({ source: root, target, durable: false });
      const modes = await Promise.all(
        [`${target}/a`, `${target}/b`, `${directory}/elsewhere`].map(async (path) =>
          (await Deno.stat(path)).mode! & 0o777
        ),
      );
      assertEquals(modes, [0o600, 0o644, 0o644]);
    }
  });
});

Deno.test("an upload completes what an earlier copy left mixed, also where the source's name has others", async () => {
  await inDirectory(async (directory) => {
    const [root, target] = [`${directory}/root`, `${directory}/target`];
    const random = new Random(5);
    for (const folder of [root, target]) {
      await Deno.mkdir(folder);
      await Deno.writeFile(`${folder}/a`, random.bytes(3_000_000));
    }
    await Deno.link(`${root}/a`, `${root}/b`);
    const stop = new AbortController();
    const left = new PdiffClient({
      source: `${root}/a`,
      target: `${target}/a`,
      replace: "inplace",
      blockSize: 100_000,
      concurrency: 1,
      signal: stop.signal,
      onProgress: ({ phase, bytesIn }) => {
        if (phase === "transfer" && bytesIn > 0) stop.abort();
      },
    });
    await assertRejects(() => left.synchronize());
    const names = () => Array.from(Deno.readDirSync(target), ({ name }) => name).sort();
    await Deno.link(`${target}/a`, `${target}/b`);
    assertEquals(names(), [".a.pdiff-journal", "a", "b"]);
    await using server = servePdiff({ root: directory, port: 0, writable: true, durable: false });
    const there = `http://127.0.0.1:${server.port}/target`;
    const { faults } = await copyPdiffTree({ source: root, target: there, archive: true });
    assertEquals([faults, names()], [[], ["a", "b"]]);
    assertEquals(await Deno.readFile(`${target}/a`), await Deno.readFile(`${root}/a`));
  });
});
