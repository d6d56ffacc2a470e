/**
 * Every command that writes × what can be wrong with its target, its input or its disk. It prints its counts.
 */
import { assert, assertEquals } from "@std/assert";
import { main } from "./main.ts";
import { inDirectory, testInDirectory } from "../tests/_directory.ts";
import { bytesAt, leftovers, makeFixture, WRITING_COMMANDS } from "../tests/_outputs.ts";
import type { Fixture, WritingCommand } from "../tests/_outputs.ts";

/** Where a file of a few bytes fills the disk; undefined where none can be mounted. */
async function mountSmallDisk(folder: string): Promise<string | undefined> {
  const disk = `${folder}/disk`;
  await Deno.mkdir(disk);
  const mount = new Deno.Command("mount", {
    args: ["-t", "tmpfs", "-o", "size=4k", "none", disk],
    stderr: "null",
  });
  return await mount.output().then(({ success }) => success ? disk : undefined, () => undefined);
}

/** Runs a command line in this process, without its words. */
async function quietly(args: readonly string[]): Promise<number> {
  const { log, error } = console;
  const write = Deno.stderr.writeSync;
  console.log = console.error = () => {};
  Deno.stderr.writeSync = (bytes) => bytes.length;
  try {
    return await main(args);
  } finally {
    console.log = log;
    console.error = error;
    Deno.stderr.writeSync = write;
  }
}

type Check = (command: WritingCommand, fixture: Fixture, output: string) => Promise<void>;

/** A run that must fail and leave its target as it was. */
async function keeps(args: readonly string[], target: string, folder: string): Promise<void> {
  const before = await bytesAt(target);
  const code = await quietly(args);
  assert(code !== 0, `${args.join(" ")} ended with 0`);
  assertEquals(await bytesAt(target), before, args.join(" "));
  assertEquals(leftovers(folder), [], args.join(" "));
}

const CASES: Readonly<Record<string, Check>> = {
  async "no target yet"(command, fixture, output): Promise<void> {
    const args = command.args(fixture.path(command.input), output, false, fixture);
    assertEquals(await quietly(args), 0, args.join(" "));
    assert(await bytesAt(output) !== undefined);
  },
  async "target exists"(command, fixture, output): Promise<void> {
    await Deno.writeTextFile(output, "precious");
    const args = command.args(fixture.path(command.input), output, false, fixture);
    if (!command.skips) return await keeps(args, output, fixture.folder);
    await quietly(args);
    assertEquals(await Deno.readTextFile(output), "precious");
  },
  async "target exists, forced"(command, fixture, output): Promise<void> {
    await Deno.writeTextFile(output, "precious");
    const args = command.args(fixture.path(command.input), output, true, fixture);
    assertEquals(await quietly(args), 0, args.join(" "));
    assert(await bytesAt(output) !== undefined);
    assert(!(await Deno.readTextFile(output)).startsWith("precious"));
  },
  async "target is the input"(command, fixture): Promise<void> {
    const input = fixture.path(command.input);
    for (const force of [false, true]) {
      await keeps(command.args(input, input, force, fixture), input, fixture.folder);
    }
  },
  async "target is a symbolic link to the input"(command, fixture, output): Promise<void> {
    const input = fixture.path(command.input);
    await Deno.symlink(input, output);
    await keeps(command.args(input, output, true, fixture), input, fixture.folder);
    assertEquals((await Deno.lstat(output)).isSymlink, true);
  },
  async "target is a hard link to the input"(command, fixture, output): Promise<void> {
    const input = fixture.path(command.input);
    await Deno.link(input, output);
    await keeps(command.args(input, output, true, fixture), input, fixture.folder);
    assertEquals((await Deno.stat(output)).ino, (await Deno.stat(input)).ino);
  },
  async "target is a folder"(command, fixture, output): Promise<void> {
    await Deno.mkdir(output);
    await keeps(command.args(fixture.path(command.input), output, true, fixture), output, fixture.folder);
  },
  async "input is missing"(command, fixture, output): Promise<void> {
    await Deno.writeTextFile(output, "precious");
    await keeps(command.args(fixture.path("missing"), output, true, fixture), output, fixture.folder);
  },
  async "input is junk"(command, fixture, output): Promise<void> {
    if (command.anyInput) return;
    const junk = fixture.path("junk");
    await Deno.writeTextFile(junk, "no format has this: ".repeat(50));
    await Deno.writeTextFile(output, "precious");
    const args = command.args(junk, output, true, fixture);
    if (command.salvages) assert(await quietly(args) !== 0);
    else await keeps(args, output, fixture.folder);
  },
  async "input is cut"(command, fixture, output): Promise<void> {
    if (command.anyInput || command.parts) return;
    const cut = fixture.path("cut");
    const whole = await Deno.readFile(fixture.path(command.input));
    for (const part of [0, 0.01, 0.5, 0.98]) {
      if (part === 0 && command.emptyIsGood) continue;
      await Deno.writeFile(cut, whole.subarray(0, Math.floor(whole.length * part)));
      await Deno.writeTextFile(output, "precious");
      const args = command.args(cut, output, true, fixture);
      if (command.salvages) assert(await quietly(args) !== 0);
      else await keeps(args, output, fixture.folder);
    }
  },
  async "input can't be read"(command, fixture, output): Promise<void> {
    if (Deno.build.os !== "linux") return;
    await Deno.writeTextFile(output, "precious");
    // Reading it from its start is an input/output error.
    await keeps(command.args("/proc/self/mem", output, true, fixture), output, fixture.folder);
  },
};

Deno.test("no command that writes destroys what it was not asked to replace", async () => {
  let count = 0;
  const failures: string[] = [];
  for (const command of WRITING_COMMANDS) {
    for (const [name, check] of Object.entries(CASES)) {
      await inDirectory(async (folder) => {
        const fixture = await makeFixture(folder);
        await check(command, fixture, fixture.path("output")).catch((error) => {
          failures.push(`${command.name}, ${name}: ${(error as Error).message}`);
        });
      });
      count++;
    }
  }
  console.log(
    `outputs: ${WRITING_COMMANDS.length} commands × ${
      Object.keys(CASES).length
    } cases = ${count}, ${failures.length} failed`,
  );
  assertEquals(failures, []);
});

testInDirectory("a full disk leaves every target as it was", async (folder) => {
  const disk = await mountSmallDisk(folder);
  if (disk === undefined) return console.log("SKIPPED: a full disk: no file system can be mounted here");
  try {
    const fixture = await makeFixture(folder, 400_000);
    let count = 0;
    for (const command of WRITING_COMMANDS) {
      if (SMALL_OUTPUTS.has(command.name)) continue;
      const output = `${disk}/output`;
      await Deno.writeTextFile(output, "precious");
      await keeps(command.args(fixture.path(command.input), output, true, fixture), output, disk);
      count++;
    }
    console.log(`full disk: ${count} commands, 0 failed`);
  } finally {
    await new Deno.Command("umount", { args: [disk] }).output();
  }
});

/** Commands whose output of the fixture fits a page. */
const SMALL_OUTPUTS: ReadonlySet<string> = new Set([
  "zstd --train",
  "zstd index",
  "pdiffcopy index",
  "lz4 index",
  "lz4 splits --glue",
  "zpaq x -index",
  "zpaq asm",
  "zpaq py compile",
  "zpaq py report",
  "zpaq py tune",
  "zpaqlpy",
]);
