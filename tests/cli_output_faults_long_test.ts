/**
 * Every command that writes, on a disk that answers with an error or is full after some bytes: the target is what it
 * was, or the complete output, and the exit code says which. It prints its counts.
 */
import { assert, assertEquals } from "@std/assert";
import { run, sluice, sluiceArguments } from "./_cli.ts";
import type { Outcome } from "./_cli.ts";
import { text } from "./_data.ts";
import { testInDirectory } from "./_directory.ts";
import { faultLibrary } from "./_fault_library.ts";
import { bytesAt, leftovers, makeFixture, WRITING_COMMANDS } from "./_outputs.ts";

const LONG = Deno.env.get("SLUICE_LONG") === "1";
/** Bytes that the disk takes before it fails; the last is more than the smallest output has, the fsync after it fails. */
const ROOM = LONG ? [0, 1, 100, 4096, 20_000, 100_000] : [0, 100];
const ERRORS: Readonly<Record<string, number>> = LONG ? { EIO: 5, ENOSPC: 28, EDQUOT: 122 } : { EIO: 5 };

/** A command of which the target is updated, so that a failure may leave more than it was. */
interface UpdatingCommand {
  readonly name: string;
  /** Makes what is there before, in `folder`. */
  prepare(folder: string): Promise<void>;
  args(folder: string): string[];
  /** Holds what must be true after the run, whatever it came to. */
  check(folder: string, code: number): Promise<void>;
}

const UPDATING_COMMANDS: readonly UpdatingCommand[] = [
  {
    name: "zpaq a",
    async prepare(folder) {
      await Deno.mkdir(`${folder}/s`);
      await Deno.writeFile(`${folder}/s/a`, text(5_000));
      assertEquals((await sluice(["zpaq", "a", "p.zpaq", "s"], { cwd: folder })).code, 0);
      await Deno.copyFile(`${folder}/p.zpaq`, `${folder}/before`);
      await Deno.writeFile(`${folder}/s/b`, text(90_000, 4));
    },
    args: () => ["zpaq", "a", "p.zpaq", "s", "-m0"],
    async check(folder, code) {
      const before = await Deno.readFile(`${folder}/before`);
      const after = await Deno.readFile(`${folder}/p.zpaq`);
      assertEquals(after.subarray(0, before.length), before);
      if (code === 0) assertEquals((await sluice(["zpaq", "t", "p.zpaq"], { cwd: folder })).code, 0);
    },
  },
  ...["atomic", "inplace"].map((mode): UpdatingCommand => ({
    name: `pdiffcopy --replace ${mode}`,
    async prepare(folder) {
      await Deno.writeFile(`${folder}/new`, text(90_000, 4));
      await Deno.writeFile(`${folder}/target`, text(90_000, 3));
    },
    args: (folder) => [
      "pdiffcopy",
      "--block-size",
      "4096",
      "--replace",
      mode,
      `${folder}/new`,
      `${folder}/target`,
    ],
    async check(folder, code) {
      const target = await bytesAt(`${folder}/target`);
      const complete = await bytesAt(`${folder}/new`);
      if (code === 0) return assertEquals(target, complete);
      if (mode === "atomic" || target !== complete) {
        const again = await sluice(this.args(folder), { cwd: folder });
        assertEquals(again.code, 0, again.stderr);
        assertEquals(await bytesAt(`${folder}/target`), complete);
      }
    },
  })),
  {
    name: "gitdb hash-object -w",
    async prepare(folder) {
      await run("git", ["init", "-q", "--bare", "r.git"], { cwd: folder });
      await Deno.writeFile(`${folder}/file`, text(90_000, 4));
    },
    args: () => ["gitdb", "--git-dir", "r.git", "hash-object", "-w", "file"],
    async check(folder, code) {
      const id = (await run("git", ["hash-object", "file"], { cwd: folder })).stdout;
      const args = ["--git-dir=r.git", "cat-file", "-e", new TextDecoder().decode(id).trim()];
      assertEquals((await run("git", args, { cwd: folder })).code === 0, code === 0);
      assertEquals((await run("git", ["--git-dir=r.git", "fsck"], { cwd: folder })).code, 0);
    },
  },
  {
    name: "gitdb index-pack",
    async prepare(folder) {
      await run("git", ["init", "-q", "--bare", "r.git"], { cwd: folder });
      for (let i = 0; i < 40; i++) await Deno.writeFile(`${folder}/f${i}`, text(2_000, i));
      const names = Array.from({ length: 40 }, (_, i) => `f${i}`);
      const ids = await run("git", ["--git-dir=r.git", "hash-object", "-w", ...names], { cwd: folder });
      const packed = await run("git", ["--git-dir=r.git", "pack-objects", "-q", "p"], {
        cwd: folder,
        stdin: ids.stdout,
      });
      assertEquals(packed.code, 0, packed.stderr);
      for (const { name } of Deno.readDirSync(folder)) {
        if (name.endsWith(".pack")) await Deno.rename(`${folder}/${name}`, `${folder}/p.pack`);
        else if (name.startsWith("p-")) await Deno.remove(`${folder}/${name}`);
      }
    },
    args: () => ["gitdb", "index-pack", "p.pack"],
    async check(folder, code) {
      const there = await bytesAt(`${folder}/p.idx`) !== undefined;
      assertEquals(there, code === 0);
      if (there) assertEquals((await run("git", ["verify-pack", "p.idx"], { cwd: folder })).code, 0);
    },
  },
];

/** A command line that writes through the system's C library: native files call the kernel themselves. */
function withoutNativeFiles(args: readonly string[]): string[] {
  const [subcommand, ...rest] = sluiceArguments(args);
  const isNative = args[0] === "pdiffcopy" || args[0] === "zpaq" && args[1] === "x";
  return [subcommand!, ...isNative ? ["--deny-ffi"] : [], ...rest];
}

testInDirectory("a disk with errors leaves every target as it was, or complete", async (folder) => {
  const library = await faultLibrary(folder);
  if (library === undefined) return;
  let count = 0;
  let failed = 0;
  const failing = async (
    args: readonly string[],
    cwd: string,
    room: number,
    errno: number,
  ): Promise<Outcome> => {
    const outcome = await run(Deno.execPath(), withoutNativeFiles(args), {
      cwd,
      env: {
        LD_PRELOAD: library,
        SLUICE_FAULT_FOLDER: cwd,
        SLUICE_FAULT_BYTES: `${room}`,
        SLUICE_FAULT_ERRNO: `${errno}`,
      },
    });
    count++;
    if (outcome.code !== 0) failed++;
    assert(
      outcome.code <= 128 && !outcome.stderr.includes("    at "),
      `${args.join(" ")}: ${outcome.stderr}`,
    );
    return outcome;
  };
  for (const errno of Object.values(ERRORS)) {
    for (const command of WRITING_COMMANDS) {
      const work = await Deno.makeTempDir({ dir: folder });
      const fixture = await makeFixture(work);
      const output = fixture.path("output");
      const args = command.args(fixture.path(command.input), output, true, fixture);
      for (const room of ROOM) {
        await Deno.writeTextFile(output, "precious");
        const { code } = await failing(args, work, room, errno);
        const kept = await Deno.readTextFile(output) === "precious";
        assertEquals(kept, code !== 0, `${args.join(" ")} with room for ${room} bytes`);
        assertEquals(leftovers(work), [], args.join(" "));
        if (room === 0) assert(code !== 0, `${args.join(" ")} ended with 0 and no byte was written`);
      }
    }
    for (const command of UPDATING_COMMANDS) {
      for (const room of ROOM) {
        const work = await Deno.makeTempDir({ dir: folder });
        await command.prepare(work);
        const { code } = await failing(command.args(work), work, room, errno);
        await command.check(work, code);
        if (room === 0) assert(code !== 0, `${command.name} ended with 0 and no byte was written`);
      }
    }
  }
  console.log(
    `disk errors: ${WRITING_COMMANDS.length + UPDATING_COMMANDS.length} commands × ${ROOM.length} places × ${
      Object.keys(ERRORS).join(", ")
    } = ${count}, ${failed} of them ended with an error, 0 failed`,
  );
});
