/**
 * A thousand small files, an empty one and one of mostly zeros, both ways between Debian's zpaq and ours. The long form
 * has a file of 1 GiB, the short one of 64 MiB.
 */
import { assertEquals } from "@std/assert";
import { run, sluice } from "./_cli.ts";
import { Random } from "./_data.ts";

const LONG = Deno.env.get("SLUICE_LONG") === "1";
const SPARSE_SIZE = LONG ? 2 ** 30 : 2 ** 26;
const FILE_COUNT = 1000;
/** Pieces of data in the file of zeros. */
const ISLANDS = 5;

const ignore = !await new Deno.Command("zpaq", { stdout: "null", stderr: "null" }).output().then(
  () => true,
  () => false,
);
if (ignore) console.log("SKIPPED: many files with zpaq: it is not installed");

async function makeFiles(folder: string): Promise<void> {
  const random = new Random(11);
  for (let i = 0; i < FILE_COUNT; i++) {
    const folderOfTen = `${folder}/${i % 10}`;
    await Deno.mkdir(folderOfTen, { recursive: true });
    await Deno.writeFile(`${folderOfTen}/${i}.dat`, random.bytes(random.below(500)));
  }
  await Deno.writeFile(`${folder}/empty`, new Uint8Array());
  using file = await Deno.open(`${folder}/sparse`, { write: true, create: true });
  await file.truncate(SPARSE_SIZE);
  for (let i = 0; i < ISLANDS; i++) {
    await file.seek(random.below(SPARSE_SIZE - 10_000), Deno.SeekMode.Start);
    await file.write(random.bytes(10_000));
  }
}

Deno.test({
  name: `a thousand files, an empty one and ${SPARSE_SIZE >> 20} MiB of zeros go both ways with zpaq`,
  ignore,
  async fn(): Promise<void> {
    const cwd = await Deno.makeTempDir();
    const ok = ({ code, stderr }: { code: number; stderr: string }): void => assertEquals(code, 0, stderr);
    try {
      await makeFiles(`${cwd}/src`);
      const until = ["-until", "20300101000000"];
      ok(await sluice(["zpaq", "a", "ours.zpaq", "src", "-m1", "-715", ...until], { cwd }));
      ok(await run("zpaq", ["a", "theirs.zpaq", "src", "-m1", "-t1", ...until], { cwd, env: { TZ: "UTC" } }));
      ok(await run("cmp", ["ours.zpaq", "theirs.zpaq"], { cwd }));
      ok(await sluice(["zpaq", "x", "theirs.zpaq", "-to", "ours"], { cwd }));
      ok(await run("diff", ["-r", "src", "ours/src"], { cwd }));
      await Deno.remove(`${cwd}/ours`, { recursive: true });
      ok(await run("zpaq", ["x", "ours.zpaq", "-to", "theirs"], { cwd }));
      ok(await run("diff", ["-r", "src", "theirs/src"], { cwd }));
    } finally {
      await Deno.remove(cwd, { recursive: true });
    }
  },
});
