/**
 * What `sluice zstd` does with files that are not compressed: the real tool's rules, flag by flag.
 */
import { testInDirectory } from "./_directory.ts";
import { assertEquals } from "@std/assert";
import { names, ours, real, run, sluice, testInterop } from "./_cli.ts";
import { join } from "./_data.ts";

const PLAIN = new TextEncoder().encode("plain text\n");

/** Arguments after `zstd`; "zstdcat" in front calls that command. */
const CASES: readonly string[][] = [
  ["zstdcat", "plain"],
  ["zstdcat", "--no-pass-through", "plain"],
  ["zstdcat", "two"],
  ["zstdcat", "empty"],
  ["zstdcat", "mixed"],
  ["zstdcat", "plain", "empty", "two", "missing"],
  ["zstdcat", "directory"],
  ["zstdcat", "-r", "directory"],
  ["zstdcat", "link"],
  ["zstdcat", "good.zst", "plain", "good.zst"],
  ["-dc", "plain"],
  ["-dc", "empty"],
  ["-dc", "link"],
  ["-dcf", "plain"],
  ["-dcf", "--no-pass-through", "plain"],
  ["-dc", "--pass-through", "plain"],
  ["-d", "--pass-through", "plain"],
  ["-d", "--pass-through", "plain", "-o", "out"],
  ["-df", "plain", "-o", "out"],
  ["-df", "named.zst"],
  ["-d", "--pass-through", "named.zst"],
  ["-t", "--pass-through", "plain"],
  ["-t", "-f", "plain"],
];

/** Input on stdin. */
const STREAMS: readonly string[][] = [["-d"], ["-d", "--pass-through"], ["-df"], ["-dcf"], ["-dc"]];

async function makeFiles(directory: string): Promise<void> {
  await Deno.mkdir(`${directory}/directory`, { recursive: true });
  const good = (await real(["-c"], { stdin: PLAIN })).stdout;
  const files: Record<string, Uint8Array> = {
    plain: PLAIN,
    empty: new Uint8Array(),
    two: PLAIN.subarray(0, 2),
    mixed: join(good, PLAIN),
    "good.zst": good,
    "named.zst": PLAIN,
    "directory/file": PLAIN,
  };
  for (const [name, bytes] of Object.entries(files)) await Deno.writeFile(`${directory}/${name}`, bytes);
  await Deno.symlink("plain", `${directory}/link`);
}

testInterop("passes other formats through where zstd does", async (directory) => {
  for (const args of CASES) {
    const results = [];
    for (const side of ["mine", "theirs"]) {
      const cwd = `${directory}/${side}${CASES.indexOf(args)}`;
      await makeFiles(cwd);
      const cat = args[0] === "zstdcat";
      const { code, stdout } = side === "mine"
        ? await (cat ? sluice(args, { cwd }) : ours(args, { cwd }))
        : await (cat ? run("zstdcat", args.slice(1), { cwd }) : real(args, { cwd }));
      const left = names(cwd).map((name) => [name, Deno.statSync(`${cwd}/${name}`).size]);
      results.push({ code, stdout, left });
    }
    assertEquals(results[0], results[1], args.join(" "));
  }
});

testInterop("passes stdin through where zstd does", async () => {
  for (const args of STREAMS) {
    for (const stdin of [PLAIN, PLAIN.subarray(0, 2), new Uint8Array()]) {
      const mine = await ours(args, { stdin });
      const theirs = await real(args, { stdin });
      assertEquals(
        [mine.code, mine.stdout],
        [theirs.code, theirs.stdout],
        `${args.join(" ")} ${stdin.length}`,
      );
    }
  }
});

testInDirectory(
  "sluice zcat reads gzip and zstd, passes other files through, and fails on damaged gzip",
  async (cwd) => {
    const gzip = new Uint8Array(
      await new Response(new Blob([PLAIN]).stream().pipeThrough(new CompressionStream("gzip"))).arrayBuffer(),
    );
    await Deno.writeFile(`${cwd}/file.gz`, gzip);
    await Deno.writeFile(`${cwd}/plain`, PLAIN);
    await Deno.writeFile(`${cwd}/cut.gz`, gzip.subarray(0, gzip.length - 4));
    for (const name of ["file.gz", "plain"]) {
      const { code, stdout } = await sluice(["zcat", name], { cwd });
      assertEquals([code, stdout], [0, PLAIN]);
    }
    assertEquals((await sluice(["gzcat", "cut.gz"], { cwd })).code, 1);
  },
);
