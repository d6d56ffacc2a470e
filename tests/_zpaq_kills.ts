/**
 * Kills of `sluice zpaq` at random moments: every version that was complete stays readable, by Debian's zpaq where it is
 * installed, and one more run completes the work.
 */
import { assert, assertEquals } from "@std/assert";
import { run, sluice, sluiceArguments } from "./_cli.ts";
import { Random } from "./_data.ts";
import { leftovers } from "./_outputs.ts";
import { signalProcess } from "./_processes.ts";

const hasZpaq = await run("zpaq", [], {}).then(() => true, () => false);

/** One kind of work that is killed. */
export interface KilledWork {
  readonly name: string;
  /** The archive's name as both programs take it. */
  readonly archive: string;
  /** Makes what each round starts with, from version 1 of the archive, which is there. */
  prepare(cwd: string): Promise<void>;
  readonly args: readonly string[];
}

async function junk(cwd: string, name: string, size: number, seed: number): Promise<void> {
  await Deno.writeFile(`${cwd}/${name}`, new Random(seed).bytes(size));
}

/** The first blocks of an update, as an add that was killed leaves them. */
async function interrupted(size: number): Promise<Uint8Array<ArrayBuffer>> {
  const { updateZpaqArchive } = await import("@sluice/zpaq");
  const parts: Uint8Array<ArrayBuffer>[] = [];
  const sink = {
    write: (bytes: Uint8Array<ArrayBuffer>) => void parts.push(bytes.slice()),
    rewrite(): void {},
  };
  const body = new Random(5).bytes(size) as Uint8Array<ArrayBuffer>;
  await updateZpaqArchive(undefined, [{ name: "lost", body }], sink, { method: "0" });
  const whole = await new Blob(parts).bytes();
  return whole.subarray(0, whole.length - 300);
}

/** All kinds of work, with about as many bytes to write; those of parts write less. */
export const workOf = (size: number): readonly KilledWork[] => [
  {
    name: "add",
    archive: "p.zpaq",
    prepare: (cwd) => junk(cwd, "s/new", size, 2),
    args: ["a", "p.zpaq", "s", "-m0"],
  },
  {
    name: "add of a part",
    archive: "m??.zpaq",
    prepare: (cwd) => junk(cwd, "s/new", size, 2),
    args: ["a", "m??.zpaq", "s", "-m0"],
  },
  {
    name: "repack onto an archive",
    archive: "p.zpaq",
    prepare: async (cwd) => {
      await junk(cwd, "s/new", size, 2);
      await sluice(["zpaq", "a", "big.zpaq", "s", "-m0", "-until", "20200101"], { cwd });
    },
    args: ["x", "big.zpaq", "-repack", "p.zpaq", "-force"],
  },
  {
    name: "repair of a tail",
    archive: "p.zpaq",
    prepare: async (cwd) =>
      await Deno.writeFile(`${cwd}/p.zpaq`, await interrupted(2 * size), { append: true }),
    args: ["check", "p.zpaq", "-repair"],
  },
  {
    name: "repair of parts",
    archive: "m??.zpaq",
    prepare: async (cwd) => {
      await junk(cwd, "s/new", Math.min(size, 100_000), 2);
      await sluice(["zpaq", "a", "m??.zpaq", "s", "-m0"], { cwd });
      await junk(cwd, "s/newer", Math.min(size, 100_000), 3);
      await sluice(["zpaq", "a", "m??.zpaq", "s", "-m0"], { cwd });
      await Deno.rename(`${cwd}/m03.zpaq`, `${cwd}/m04.zpaq`);
      await Deno.rename(`${cwd}/m02.zpaq`, `${cwd}/m03.zpaq`);
      await Deno.writeFile(`${cwd}/m02.zpaq`, await interrupted(Math.min(size, 100_000)));
    },
    args: ["check", "m??.zpaq", "-repair"],
  },
];

/** The first version as it is restored; null where it can't be. */
async function firstVersion(cwd: string, archive: string): Promise<string | null> {
  const out = `${cwd}/out`;
  await Deno.remove(out, { recursive: true }).catch(() => {});
  const args = ["x", archive, "s/a", "-until", "1", "-to", "out"];
  const { code } = hasZpaq ? await run("zpaq", args, { cwd }) : await sluice(["zpaq", ...args], { cwd });
  if (hasZpaq && code !== 0) return null;
  return await Deno.readTextFile(out).catch(() => null);
}

async function bytesBelow(cwd: string): Promise<Map<string, Uint8Array>> {
  const found = new Map<string, Uint8Array>();
  for await (const { name, isFile } of Deno.readDir(cwd)) {
    if (isFile) found.set(name, await Deno.readFile(`${cwd}/${name}`));
  }
  return found;
}

/** What every round starts with, and what puts it back. */
async function makeStart(cwd: string, work: KilledWork): Promise<() => Promise<void>> {
  await Deno.mkdir(`${cwd}/s`);
  await Deno.writeTextFile(`${cwd}/s/a`, "one\n");
  const first = ["zpaq", "a", work.archive, "s", "-until", "20200101"];
  assertEquals((await sluice(first, { cwd })).code, 0);
  await work.prepare(cwd);
  const before = await bytesBelow(cwd);
  return async () => {
    for await (const { name, isFile } of Deno.readDir(cwd)) if (isFile) await Deno.remove(`${cwd}/${name}`);
    for (const [name, bytes] of before) await Deno.writeFile(`${cwd}/${name}`, bytes);
  };
}

/** Holds that the first version is there after a run that was cut short, and that another completes the work. */
async function checkAfter(cwd: string, work: KilledWork, label: string): Promise<void> {
  assertEquals(await firstVersion(cwd, work.archive), "one\n", label);
  const again = await sluice(["zpaq", ...work.args], { cwd });
  assert(again.code < 2, `${label}: ${again.stderr}`);
  assertEquals(await firstVersion(cwd, work.archive), "one\n", label);
  assertEquals((await sluice(["zpaq", "t", work.archive], { cwd })).code, 0, label);
}

/** Does one kind of work on disks that are full after more and more bytes, up to one that suffices; how many were full. */
export async function fillDisk(
  cwd: string,
  library: string,
  work: KilledWork,
  step: number,
): Promise<number> {
  const reset = await makeStart(cwd, work);
  for (let full = 0;; full++) {
    await reset();
    const label = `${work.name}, disk full after ${full * step} bytes`;
    const outcome = await run(Deno.execPath(), sluiceArguments(["zpaq", ...work.args]), {
      cwd,
      env: {
        LD_PRELOAD: library,
        SLUICE_FAULT_FOLDER: `${await Deno.realPath(cwd)}/`,
        SLUICE_FAULT_BYTES: `${full * step}`,
        SLUICE_FAULT_ERRNO: "28",
      },
    });
    if (outcome.code < 2) {
      await checkAfter(cwd, work, label);
      return full;
    }
    assert(/No space left/.test(outcome.stderr), `${label}: ${outcome.stderr}`);
    assertEquals(leftovers(cwd), [], label);
    await checkAfter(cwd, work, label);
  }
}

/** Kills one kind of work some times, in a folder without anything; returns how many runs were cut short. */
export async function killAtRandom(cwd: string, work: KilledWork, times: number): Promise<number> {
  const reset = await makeStart(cwd, work);
  // The first run loads what later ones have at hand.
  let usual = Infinity;
  for (let round = 0; round < 3; round++) {
    await reset();
    const start = performance.now();
    assert((await sluice(["zpaq", ...work.args], { cwd })).code < 2);
    usual = Math.min(usual, performance.now() - start);
  }
  let cut = 0;
  for (let round = 0; round < times; round++) {
    await reset();
    const child = new Deno.Command(Deno.execPath(), {
      args: [...sluiceArguments(["zpaq", ...work.args])],
      cwd,
      stdout: "null",
      stderr: "null",
    }).spawn();
    // The first half of a run loads the program.
    const wait = usual * (0.4 + 0.6 * Math.random());
    const timer = setTimeout(() => signalProcess(child, "SIGKILL"), wait);
    const { signal } = await child.status;
    clearTimeout(timer);
    if (signal !== null) cut++;
    const label = `${work.name}, round ${round}, killed after ${wait.toFixed(0)} ms`;
    await checkAfter(cwd, work, label);
  }
  return cut;
}
