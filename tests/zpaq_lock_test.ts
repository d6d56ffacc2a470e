/**
 * Two processes that write one archive: the second is refused before it changes anything, readers are not, and a killed
 * writer is in nobody's way.
 */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { sluice, sluiceArguments } from "./_cli.ts";
import { Random } from "./_data.ts";
import { testInDirectory } from "./_directory.ts";
import { ZpaqBackup } from "@sluice/zpaq/backup";

const WAIT_MAX_MS = 30_000;

/** Waits until something holds. */
async function until(what: string, holds: () => boolean): Promise<void> {
  const start = performance.now();
  while (!holds()) {
    assert(performance.now() - start < WAIT_MAX_MS, `${what} did not come`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Whether the system knows of a lock on a file. */
function isLocked(path: string): boolean {
  try {
    const { ino } = Deno.statSync(path);
    return new RegExp(`:${ino} `).test(Deno.readTextFileSync("/proc/locks"));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** Runs an action while a writer holds its lock: it is stopped in the middle, and killed in the end. */
async function heldBy(
  cwd: string,
  args: readonly string[],
  lock: string,
  work: (child: Deno.ChildProcess) => Promise<void>,
): Promise<void> {
  const child = new Deno.Command(Deno.execPath(), {
    args: [...sluiceArguments(["zpaq", ...args])],
    cwd,
    stdout: "null",
    stderr: "null",
  }).spawn();
  try {
    await until(lock, () => isLocked(`${cwd}/${lock}`));
    child.kill("SIGSTOP");
    await work(child);
  } finally {
    child.kill("SIGKILL");
    await child.status;
  }
}

const ARCHIVES = [
  { archive: "p.zpaq", lock: "p.zpaq.lock" },
  { archive: "m??.zpaq", lock: "m00.zpaq.lock" },
];

for (const { archive, lock } of ARCHIVES) {
  testInDirectory(
    `zpaq: one writer of ${archive} at a time`,
    { ignore: Deno.build.os !== "linux" },
    async (cwd) => {
      const zpaq = (...args: string[]) => sluice(["zpaq", ...args], { cwd });
      await Deno.mkdir(`${cwd}/s`);
      await Deno.writeTextFile(`${cwd}/s/a`, "one\n");
      assertEquals((await zpaq("a", archive, "s", "-until", "20200101")).code, 0);
      await Deno.writeFile(`${cwd}/s/b`, new Random(2).bytes(1 << 18));
      await heldBy(cwd, ["a", archive, "s", "-m5"], lock, async () => {
        await Deno.writeTextFile(`${cwd}/s/c`, "three\n");
        for (const args of [["a", archive, "s"], ["check", archive, "-repair"]]) {
          const { code, stderr } = await zpaq(...args);
          assertEquals(code, 2, `${args.join(" ")}: ${stderr}`);
          assertStringIncludes(stderr, "another process is writing it");
          assertStringIncludes(stderr, "(LOCKED)");
        }
        const read = await zpaq("x", archive, "s/a", "-until", "1", "-to", "out");
        assertEquals(await Deno.readTextFile(`${cwd}/out`), "one\n");
        assert(!read.stderr.includes("LOCKED"), read.stderr);
      });
      // It was killed: its lock is not held, and the file is taken over.
      const { code, stderr } = await zpaq("a", archive, "s");
      assert(code < 2, stderr);
      assertEquals((await zpaq("t", archive)).code, 0);
      assertEquals([...Deno.readDirSync(cwd)].filter(({ name }) => name.endsWith(".lock")), []);
    },
  );
}

testInDirectory("zpaq: a repack is refused while its target is written", {
  ignore: Deno.build.os !== "linux",
}, async (cwd) => {
  const zpaq = (...args: string[]) => sluice(["zpaq", ...args], { cwd });
  await Deno.mkdir(`${cwd}/s`);
  await Deno.writeTextFile(`${cwd}/s/a`, "one\n");
  assertEquals((await zpaq("a", "p.zpaq", "s")).code, 0);
  await Deno.symlink("p.zpaq", `${cwd}/other name.zpaq`);
  assertEquals((await zpaq("a", "q.zpaq", "s")).code, 0);
  await Deno.writeFile(`${cwd}/s/b`, new Random(2).bytes(1 << 18));
  await heldBy(cwd, ["a", "other name.zpaq", "s", "-m5"], "p.zpaq.lock", async () => {
    for (const option of ["-repack", "-index"]) {
      const { code, stderr } = await zpaq("x", "q.zpaq", option, "p.zpaq", "-force");
      assertEquals(code, 2);
      assertStringIncludes(stderr, "(LOCKED)");
    }
  });
});

testInDirectory("zpaq: a file of the user is no lock, and a version never holds one", async (cwd) => {
  const zpaq = (...args: string[]) => sluice(["zpaq", ...args], { cwd });
  await Deno.mkdir(`${cwd}/s`);
  await Deno.writeTextFile(`${cwd}/s/a`, "one\n");
  await Deno.writeTextFile(`${cwd}/s/p.zpaq.lock`, "precious\n");
  const { code, stderr } = await zpaq("a", "s/p.zpaq", "s");
  assertEquals(code, 2);
  assertStringIncludes(stderr, "is no lock");
  assertEquals(await Deno.readTextFile(`${cwd}/s/p.zpaq.lock`), "precious\n");
  await Deno.writeTextFile(`${cwd}/s/p.zpaq.lock`, "");
  assertEquals((await zpaq("a", "s/p.zpaq", "s")).code, 0);
  const listed = new TextDecoder().decode((await zpaq("l", "s/p.zpaq")).stdout);
  assertStringIncludes(listed, "s/a\n");
  assert(!listed.includes(".lock"), listed);
});

testInDirectory("zpaq: many adds at once lose nothing", async (cwd) => {
  const zpaq = (...args: string[]) => sluice(["zpaq", ...args], { cwd });
  const names = ["a", "b", "c", "d"];
  for (const name of names) await Deno.writeTextFile(`${cwd}/${name}`, name);
  const outcomes = await Promise.all(names.map((name) => zpaq("a", "p.zpaq", name)));
  const added = names.filter((_, i) => outcomes[i]!.code === 0);
  for (const { code, stderr } of outcomes) assert(code === 0 || stderr.includes("(LOCKED)"), stderr);
  const listed = new TextDecoder().decode((await zpaq("l", "p.zpaq")).stdout);
  assertStringIncludes(listed, `${added.length} versions, ${added.length} files`);
  assertEquals((await zpaq("t", "p.zpaq")).code, 0);
});

testInDirectory(
  "zpaq: a writer that is told to stop leaves no lock",
  { ignore: Deno.build.os !== "linux" },
  async (cwd) => {
    await Deno.writeFile(`${cwd}/a`, new Random(1).bytes(1 << 20));
    const child = new Deno.Command(Deno.execPath(), {
      args: [...sluiceArguments(["zpaq", "a", "p.zpaq", "a", "-m5"])],
      cwd,
      stdout: "null",
      stderr: "null",
    }).spawn();
    await until(
      "the update",
      () => [...Deno.readDirSync(cwd)].some(({ name }) => name.endsWith(".part")),
    );
    child.kill("SIGTERM");
    assertEquals((await child.status).code, 143);
    assertEquals([...Deno.readDirSync(cwd)].map(({ name }) => name), ["a"]);
  },
);

testInDirectory(
  "ZpaqBackup: one of two adders gets LOCKED, and sees the version of the other afterwards",
  async (cwd) => {
    await Deno.writeTextFile(`${cwd}/a`, "a");
    using first = await ZpaqBackup.open(`${cwd}/p.zpaq`);
    using second = await ZpaqBackup.open(`${cwd}/p.zpaq`);
    const outcomes = await Promise.allSettled([first.add(`${cwd}/a`), second.add(`${cwd}/a`)]);
    const codes = outcomes.map((outcome) => outcome.status === "rejected" ? outcome.reason.code : undefined);
    assertEquals(codes.toSorted(), ["LOCKED", undefined]);
    await Deno.writeTextFile(`${cwd}/b`, "b");
    for (const backup of [first, second, first]) await backup.add([`${cwd}/a`, `${cwd}/b`], { force: true });
    await Deno.writeTextFile(`${cwd}/b`, "longer");
    assertEquals((await second.add(`${cwd}/b`)).updated, 1);
    using all = await ZpaqBackup.open(`${cwd}/p.zpaq`);
    const versions = await all.versions();
    assertEquals(versions.map(({ updated }) => updated), [1, 1, 1]);
    assertEquals((await all.verify()).problems, []);
  },
);
