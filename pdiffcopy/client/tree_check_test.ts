import { assert, assertEquals } from "@std/assert";
import { testBackends } from "../../tests/_backends.ts";
import { inDirectory } from "../../tests/_directory.ts";
import { hasNativeFiles } from "../kernel/file.ts";
import { copyPdiffTree, servePdiff } from "../mod.ts";
import type { PdiffTreeOptions } from "../mod.ts";
import { listTree } from "../copy/_tree_list.ts";
import { openDirectory, openFile } from "../file/_files.ts";

const ignore = Deno.build.os !== "linux";
const DAY = 86_400;
/** Seconds of 2300, which 64-bit nanoseconds do not reach, and of 1850. */
const FAR = 10_413_792_000;
const LONG_AGO = -3_781_450_433;

async function run(command: string, ...args: string[]): Promise<boolean> {
  return (await new Deno.Command(command, { args, stdout: "null", stderr: "null" }).output()).success;
}

/** Everything that trees have and that anybody can make. */
async function makeTree(root: string): Promise<void> {
  await Deno.mkdir(`${root}/dir/empty`, { recursive: true });
  for (
    const [name, size] of [["small", 10], ["dir/other", 20], ["dir/large", 300_000], ["far", 5], [
      "old",
      5,
    ]] as const
  ) {
    await Deno.writeFile(`${root}/${name}`, new Uint8Array(size).fill(size));
    await Deno.utime(`${root}/${name}`, DAY, DAY);
  }
  await Deno.utime(`${root}/far`, FAR, FAR);
  await Deno.utime(`${root}/old`, LONG_AGO, LONG_AGO);
  await Deno.symlink("small", `${root}/link`);
  await Deno.symlink("/nowhere/at/all", `${root}/dangling`);
  await Deno.link(`${root}/small`, `${root}/dir/hard`);
}

/** A pipe, and a socket that lives as long as its listener. */
async function makeSpecials(root: string): Promise<Deno.Listener> {
  assert(await run("mkfifo", "-m", "640", `${root}/dir/pipe`));
  return Deno.listen({ transport: "unix", path: `${root}/socket` });
}

interface Direction {
  readonly directory: string;
  /** Options of a copy from `root` to `copy` in that directory. */
  readonly options: PdiffTreeOptions;
}

function testDirections(name: string, body: (at: Direction) => Promise<void>): void {
  for (const kind of ["local", "download", "upload"] as const) {
    testBackends(`${name}: ${kind}`, () =>
      inDirectory(async (directory) => {
        if (ignore) return;
        await Deno.mkdir(`${directory}/root`);
        await using server = servePdiff({ root: directory, port: 0, writable: true, durable: false });
        const there = `http://127.0.0.1:${server.port}`;
        const options = {
          source: kind === "download" ? `${there}/root` : `${directory}/root`,
          target: kind === "upload" ? `${there}/copy` : `${directory}/copy`,
          durable: false,
        };
        await body({ directory, options });
      }));
  }
}

async function isEqual(options: PdiffTreeOptions): Promise<boolean> {
  const { equal, faults } = await copyPdiffTree({ ...options, dryRun: true });
  assertEquals(faults, []);
  return equal;
}

/** What may be different, and the options that make it count. */
const DIFFERENCES: readonly (readonly [
  name: string,
  change: (copy: string) => unknown,
  options: Partial<PdiffTreeOptions>,
  without?: Partial<PdiffTreeOptions>,
])[] = [
  ["a missing file", (copy) => Deno.remove(`${copy}/small`), {}],
  ["a missing empty directory", (copy) => Deno.remove(`${copy}/dir/empty`), {}],
  ["a missing link", (copy) => Deno.remove(`${copy}/dangling`), {}],
  ["a link elsewhere", async (copy) => {
    await Deno.remove(`${copy}/link`);
    await Deno.symlink("old", `${copy}/link`);
  }, {}],
  ["permissions of a file", (copy) => Deno.chmod(`${copy}/small`, 0o600), {}, { permissions: false }],
  ["permissions of a directory", (copy) => Deno.chmod(`${copy}/dir/empty`, 0o700), {}, {
    permissions: false,
  }],
  ["the time of a directory", (copy) => Deno.utime(`${copy}/dir/empty`, DAY, DAY), {}, { times: false }],
  ["the time of a file", (copy) => Deno.utime(`${copy}/small`, DAY, 2 * DAY), {}, { times: false }],
  ["the size of a file", (copy) => Deno.truncate(`${copy}/dir/large`, 5), {}],
  [
    "content of a small file",
    async (copy) => {
      await Deno.writeFile(`${copy}/dir/other`, new Uint8Array(20));
      await Deno.utime(`${copy}/dir/other`, DAY, DAY);
    },
    { compareContent: true },
    {},
  ],
  [
    "content of a large file",
    async (copy) => {
      await Deno.writeFile(`${copy}/dir/large`, new Uint8Array(300_000));
      await Deno.utime(`${copy}/dir/large`, DAY, DAY);
    },
    { compareContent: true },
    {},
  ],
  [
    "another name",
    async (copy) => {
      await Deno.writeTextFile(`${copy}/other`, "");
      await sameTime(copy, `${copy}/../root`);
    },
    { delete: true },
    {},
  ],
  [
    "a hard link that is a file",
    async (copy) => {
      const { mode } = await Deno.stat(`${copy}/small`);
      await Deno.remove(`${copy}/dir/hard`);
      await Deno.writeFile(`${copy}/dir/hard`, new Uint8Array(10).fill(10), { mode: mode! & 0o777 });
      await Deno.utime(`${copy}/dir/hard`, DAY, DAY);
      await sameTime(`${copy}/dir`, `${copy}/../root/dir`);
    },
    { archive: true },
    {},
  ],
];

async function sameTime(copy: string, root: string): Promise<void> {
  const { mtime } = await Deno.stat(root);
  await Deno.utime(copy, mtime!, mtime!);
}

testDirections(
  "a tree that was copied is equal, and nothing that was changed is",
  async ({ directory, options }) => {
    await makeTree(`${directory}/root`);
    // Times that Deno can give back to what a test changes.
    for (const path of ["dir/empty", "dir", ""]) {
      await Deno.utime(
        `${directory}/root/${path}`,
        3 * DAY,
        3 * DAY,
      );
    }
    assertEquals(await isEqual(options), false);
    const first = await copyPdiffTree(options);
    assertEquals([first.equal, first.faults], [false, []]);
    for (
      const more of [{}, { compareContent: true }, { delete: true }, { permissions: false }, { times: false }]
    ) {
      assert(await isEqual({ ...options, ...more }), JSON.stringify(more));
    }
    for (const [name, change, more, without] of DIFFERENCES) {
      assertEquals((await copyPdiffTree({ ...options, ...more, delete: true })).faults, [], name);
      assert(await isEqual({ ...options, ...more }), name);
      await change(`${directory}/copy`);
      assertEquals(await isEqual({ ...options, ...more }), false, name);
      if (without !== undefined) assert(await isEqual({ ...options, ...without }), `${name}, without`);
    }
  },
);

testDirections(
  "pipes and sockets are carried by an archive, and are faults without",
  async ({ directory, options }) => {
    const [root, copy] = [`${directory}/root`, `${directory}/copy`];
    await makeTree(root);
    using _socket = await makeSpecials(root);
    const archive = { ...options, archive: true };
    const names = ["dir/pipe", "socket"];
    const plain = await copyPdiffTree(options);
    assertEquals(
      plain.faults.map(({ path, code }) => [path, code]),
      names.map((path) => [path, "UNSUPPORTED"]),
    );
    const check = await copyPdiffTree({ ...options, dryRun: true });
    assertEquals([check.faults, check.equal], [plain.faults, false]);
    const { faults } = await copyPdiffTree(archive);
    if (!hasNativeFiles(undefined)) {
      assertEquals(faults.map(({ code }) => code), [
        "UNSUPPORTED",
        "UNSUPPORTED",
        ...names.map(() => "NOT_FOUND"),
      ]);
      return;
    }
    assertEquals(faults, []);
    assert(await isEqual(archive));
    const pipe = await Deno.lstat(`${copy}/dir/pipe`);
    assertEquals([pipe.isFifo, pipe.mode! & 0o7777], [true, 0o640]);
    assert((await Deno.lstat(`${copy}/socket`)).isSocket);
    const times = async (root: string): Promise<bigint[]> => {
      using top = openDirectory(root, false);
      return (await listTree(top)).filter(({ kind }) => kind === "other").map(({ mtimeNs }) => mtimeNs);
    };
    assertEquals(await times(copy), await times(root));
    // A file in its place, another kind, other permissions, and none.
    await Deno.remove(`${copy}/dir/pipe`);
    await Deno.writeTextFile(`${copy}/dir/pipe`, "x");
    await Deno.remove(`${copy}/socket`);
    assert(await run("mkfifo", `${copy}/socket`));
    assertEquals(await isEqual(archive), false);
    assertEquals((await copyPdiffTree(archive)).faults, []);
    assert((await Deno.lstat(`${copy}/dir/pipe`)).isFifo && (await Deno.lstat(`${copy}/socket`)).isSocket);
    assert(await isEqual(archive));
    await Deno.chmod(`${copy}/dir/pipe`, 0o600);
    assertEquals(await isEqual(archive), false);
    await Deno.remove(`${copy}/socket`);
    assertEquals((await copyPdiffTree(archive)).faults, []);
    assert(await isEqual(archive));
    await Deno.remove(`${root}/socket`);
    assertEquals((await copyPdiffTree({ ...archive, delete: true })).deleted, 1);
  },
);

testDirections("owners count for root alone, attributes for everybody", async ({ directory, options }) => {
  if (Deno.uid() !== 0) return;
  const [root, copy] = [`${directory}/root`, `${directory}/copy`];
  await makeTree(root);
  await Deno.chown(`${root}/small`, 107, 36);
  const archive = { ...options, archive: true };
  assertEquals((await copyPdiffTree(archive)).faults, []);
  assert(await isEqual(archive));
  await Deno.chown(`${copy}/dir/empty`, 107, 36);
  assertEquals(await isEqual(archive), false);
  assert(await isEqual(options));
  assertEquals((await copyPdiffTree(archive)).faults, []);
  using file = openFile(`${copy}/small`, { write: true });
  if (file.attributes() === undefined) return; // Deno's own calls know none
  file.setAttributes(new Uint8Array([6, 0, 0, 0, 1, 0, 0, 0, ...new TextEncoder().encode("user.kv")]));
  assertEquals(await isEqual(archive), false);
  assert(await isEqual(options));
});

testDirections(
  "the system's last second is carried, or its file system is said not to hold it",
  async ({ directory, options }) => {
    if (!hasNativeFiles(undefined)) return; // Deno's own calls reach no such years
    await Deno.writeTextFile(`${directory}/root/a`, "x");
    await Deno.writeTextFile(`${directory}/root/b`, "y");
    for (const seconds of [2n ** 63n - 1n, 2n ** 62n + 12_345n, -(2n ** 40n)]) {
      const mtimeNs = seconds * 1_000_000_000n;
      for (const name of ["a", "b"]) {
        using file = openFile(`${directory}/root/${name}`, { write: true });
        file.setFacts({ mtimeNs });
      }
      using source = openFile(`${directory}/root/a`);
      if (source.status().mtimeNs !== mtimeNs) continue; // the file system took the nearest
      for (const archive of [false, true]) {
        assertEquals((await copyPdiffTree({ ...options, archive })).faults, []);
        using copy = openFile(`${directory}/copy/a`);
        assertEquals(copy.status().mtimeNs, mtimeNs);
        assert(await isEqual({ ...options, archive }));
        await Deno.remove(`${directory}/copy`, { recursive: true });
      }
    }
  },
);

testDirections("names that records do not carry are compared one by one", async ({ directory, options }) => {
  for (const name of ["n".repeat(201), "other", "third"]) {
    await Deno.writeTextFile(`${directory}/root/${name}`, name);
  }
  await copyPdiffTree(options);
  assert(await isEqual({ ...options, compareContent: true }));
  await Deno.writeTextFile(`${directory}/copy/${"n".repeat(201)}`, "m".repeat(201));
  const { filesCopied } = await copyPdiffTree({ ...options, compareContent: true, dryRun: true });
  assertEquals(filesCopied, 1);
});

testDirections("the order of attributes makes no difference", async ({ directory, options }) => {
  const attribute = (
    name: string,
  ): number[] => [6, 0, 0, 0, 1, 0, 0, 0, ...new TextEncoder().encode(name), 49];
  await Deno.writeTextFile(`${directory}/root/a`, "x");
  const archive = { ...options, archive: true };
  const setAttributes = (path: string, ...names: string[]): boolean => {
    using file = openFile(`${directory}/${path}`, { write: true });
    file.setAttributes(new Uint8Array(names.flatMap(attribute)));
    return file.attributes()?.length === 15 * names.length;
  };
  if (!setAttributes("root/a", "user.a", "user.b")) return; // they are not kept here
  await copyPdiffTree(archive);
  assert(await isEqual(archive));
  setAttributes("copy/a", "user.b");
  assertEquals(await isEqual(archive), false);
  setAttributes("copy/a", "user.b", "user.a");
  assert(await isEqual(archive));
});

testDirections("a target may hold whole seconds", async ({ directory, options }) => {
  const path = `${directory}/root/a`;
  await Deno.writeTextFile(path, "x");
  const times = [[DAY + 0.75, DAY, true], [DAY, DAY + 0.75, false], [DAY + 0.75, DAY + 1, false]] as const;
  for (const [from, to, equal] of [...times, [-DAY - 0.25, -DAY - 1, true] as const]) {
    await Deno.utime(path, from, from);
    await copyPdiffTree(options);
    await Deno.utime(`${directory}/copy/a`, to, to);
    assertEquals(await isEqual(options), equal, `${from} and ${to}`);
  }
});

testDirections("what could not be removed is not counted", async ({ directory, options }) => {
  await Deno.mkdir(`${directory}/copy`);
  for (const name of ["gone", "stays"]) await Deno.writeTextFile(`${directory}/copy/${name}`, "x");
  if (!await run("chattr", "+i", `${directory}/copy/stays`)) return; // for root, on some file systems
  try {
    const removed: string[] = [];
    const onEntry = (action: string, path: string): void => {
      if (action === "remove") removed.push(path);
    };
    const { deleted, faults } = await copyPdiffTree({ ...options, delete: true, onEntry });
    assertEquals([deleted, faults.map(({ path }) => path), removed], [1, ["stays"], ["gone"]]);
  } finally {
    assert(await run("chattr", "-i", `${directory}/copy/stays`));
  }
});

testDirections("what gets other facts alone is named", async ({ directory, options }) => {
  await makeTree(`${directory}/root`);
  const set = async (): Promise<string[]> => {
    const names: string[] = [];
    const onEntry: PdiffTreeOptions["onEntry"] = (action, path) => {
      if (action === "set") names.push(path);
    };
    await copyPdiffTree({ ...options, onEntry, dryRun: true });
    await copyPdiffTree({ ...options, onEntry: undefined });
    return names;
  };
  assertEquals(await set(), []);
  await Deno.chmod(`${directory}/root/dir/large`, 0o600);
  await Deno.chmod(`${directory}/root/dir`, 0o700);
  await Deno.chmod(`${directory}/root`, 0o750);
  assertEquals((await set()).sort(), ["", "dir", "dir/large"]);
  assertEquals(await set(), []);
});

testDirections("lists of many names may be long", async ({ directory, options }) => {
  if (!`${options.source}`.startsWith("http") || !hasNativeFiles(undefined)) return; // each answer is read the same way
  const [folder, file] = ["d".repeat(180), "f".repeat(200)];
  const count = 2800;
  for (let i = 0; i < count; i++) {
    for (const side of ["root", "copy"]) {
      Deno.mkdirSync(`${directory}/${side}/${i}${folder}`, { recursive: true });
    }
    Deno.writeTextFileSync(`${directory}/root/${i}${folder}/${file}`, "x");
  }
  const { filesCopied, faults } = await copyPdiffTree({ ...options, dryRun: true, retries: 0 });
  assertEquals([filesCopied, faults.length], [count, 0]);
});
