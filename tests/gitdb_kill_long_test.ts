/**
 * Writers that are killed at any point, and databases that are opened again and again.
 */
import { assert, assertEquals } from "@std/assert";
import { GitDatabase, verifyGitDatabase } from "@sluice/gitdb";
import { liveHandleCount } from "@sluice/ffi";
import { testInDirectory } from "./_directory.ts";
import { git, GIT_IS_HERE, makeRepository } from "./_git.ts";
import { signalProcess } from "./_processes.ts";

const LONG = Deno.env.get("SLUICE_LONG") === "1";
const WRITER = new URL("_gitdb_writer.ts", import.meta.url).pathname;

testInDirectory(
  "gitdb: a writer that is killed leaves nothing half-written under a final name, and loses nothing",
  { ignore: !GIT_IS_HERE },
  async (folder) => {
    await git(folder, ["init", "-q", "--bare", "."]);
    const objects = `${folder}/objects`;
    for (let round = 0; round < (LONG ? 40 : 2); round++) {
      const writer = new Deno.Command(Deno.execPath(), {
        args: ["run", "-A", WRITER, objects, `${round + 1}`],
        stdout: "piped",
        stderr: "null",
      }).spawn();
      const output = writer.stdout.pipeThrough(new TextDecoderStream());
      let told = "";
      let killed: ReturnType<typeof setTimeout> | undefined;
      for await (const text of output) {
        told += text;
        killed ??= setTimeout(() => signalProcess(writer, "SIGKILL"), 30 + round * 37 % 400);
      }
      await writer.status;
      await using database = await GitDatabase.open(folder);
      assertEquals(await Array.fromAsync(verifyGitDatabase(database)), []);
      const stored = told.slice(0, told.lastIndexOf("\n")).split("\n");
      for (const id of stored) assert(await database.has(id), id);
    }
    assertEquals((await git(folder, ["fsck", "--full", "--no-dangling"])).includes("error"), false);
  },
);

testInDirectory("gitdb: opening again and again leaks no descriptor and no context", {
  ignore: !GIT_IS_HERE || Deno.build.os !== "linux",
}, async (folder) => {
  await makeRepository(folder, { packing: ["pack", "loose"], commits: 5 });
  const id = (await git(folder, ["rev-parse", "refs/heads/main"])).trim();
  // Other tests run in the same process: only files of this database count.
  const descriptors = () =>
    [...Deno.readDirSync("/proc/self/fd")].filter(({ name }) => {
      try {
        return Deno.readLinkSync(`/proc/self/fd/${name}`).startsWith(folder);
      } catch {
        return false; // closed meanwhile
      }
    }).length;
  const open = async () => {
    await using database = await GitDatabase.open(folder);
    await (await database.read(id)).bytes();
    for await (const batch of database.readBatches([id])) batch[Symbol.dispose]();
  };
  await open();
  const before = [0, liveHandleCount()];
  for (let i = 0; i < (LONG ? 10_000 : 200); i++) await open();
  assertEquals([descriptors(), liveHandleCount()], before);
});
