/**
 * Dask and PySpark read the splits of a plan with nothing of ours on their workers. With SLUICE_LONG=1 what is missing is
 * installed from PyPI into a folder of its own; without, what is missing is skipped.
 */
import { assert, assertEquals } from "@std/assert";
import { buildLz4Index, compressLz4, planLz4Splits, repackLz4 } from "@sluice/lz4";
import { compressZstdSeekable, planZstdSplits, ZstdSeekableReader } from "@sluice/zstd/seekable";
import { join } from "./_data.ts";
import { testInDirectory } from "./_directory.ts";
import { objectOf, startRangeServer } from "./_range_server.ts";

const LONG = Deno.env.get("SLUICE_LONG") === "1";
const ROWS = 50_000;
const LINES = Array.from(
  { length: ROWS },
  (_, i) => JSON.stringify({ id: i, user: i * 7 % 1000, text: `row ${i}` }),
);
const CONTENT = new TextEncoder().encode(`${LINES.join("\n")}\n`);
const SUM = LINES.reduce((sum, line) => sum + JSON.parse(line).user, 0);
const EXAMPLES = new URL("../examples/cluster/", import.meta.url).pathname;

/** What is read: files of linked blocks, of many frames, and of zstd. */
const CALLS = [["linked.lz4", "http"], ["log.zst", "disk"], ["frames.lz4", "disk"], [
  "log.zst",
  "http",
]] as const;

/** A program's output; undefined where it is not installed. */
async function run(
  program: string,
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<{ readonly success: boolean; readonly stdout: string; readonly stderr: string } | undefined> {
  try {
    const output = await new Deno.Command(program, { args: [...args], env, stdout: "piped", stderr: "piped" })
      .output();
    const decoder = new TextDecoder();
    return {
      success: output.success,
      stdout: decoder.decode(output.stdout),
      stderr: decoder.decode(output.stderr),
    };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** A Python that has these packages; undefined, and a line that says so, where there is none. */
async function pythonWith(
  folder: string,
  modules: string,
  packages: readonly string[],
): Promise<string | undefined> {
  const probe = ["-c", `import ${modules}`];
  if ((await run("python3", probe))?.success) return "python3";
  if (LONG && (await run("python3", ["-m", "venv", folder]))?.success) {
    const installed = await run(`${folder}/bin/pip`, ["install", "--quiet", ...packages]);
    if (installed?.success && (await run(`${folder}/bin/python`, probe))?.success) {
      return `${folder}/bin/python`;
    }
  }
  console.log(`SKIPPED: reading with ${packages[0]}: python3 with ${packages.join(", ")} is not installed`);
  return undefined;
}

/** Files, each with the plan of its splits. */
async function plans(): Promise<
  Record<string, { readonly file: Uint8Array<ArrayBuffer>; readonly plan: unknown[] }>
> {
  const options = { splitSize: 300_000, atLine: true };
  const linked = compressLz4(CONTENT, { linked: true, blockSize: 65536, contentChecksum: true });
  const frames = join(...await Array.fromAsync(repackLz4([linked], { frameSize: 100_000, separator: 10 })));
  const zst = compressZstdSeekable(CONTENT, { frameSize: 100_000 });
  const lz4Plan = async (file: Uint8Array<ArrayBuffer>): Promise<unknown[]> =>
    await Array.fromAsync(planLz4Splits(file, await buildLz4Index(file, { spacing: 65536 }), options));
  return {
    "linked.lz4": { file: linked, plan: await lz4Plan(linked) },
    "frames.lz4": { file: frames, plan: await lz4Plan(frames) },
    "log.zst": {
      file: zst,
      plan: await Array.fromAsync(planZstdSplits(zst, (await ZstdSeekableReader.open(zst)).index, options)),
    },
  };
}

/** Runs a script over the plans of files, from disk or over HTTP. */
async function checkScript(
  folder: string,
  python: string,
  script: string,
  env: Record<string, string>,
  calls: readonly (readonly [name: string, from: "disk" | "http"])[],
): Promise<void> {
  const files = await plans();
  for (const [name, from] of calls) {
    const { file, plan } = files[name]!;
    assert(plan.length > 3, name);
    await Deno.writeFile(`${folder}/${name}`, file);
    await Deno.writeTextFile(
      `${folder}/plan.jsonl`,
      plan.map((split) => `${JSON.stringify(split)}\n`).join(""),
    );
    await using server = startRangeServer(objectOf(file));
    const source = from === "http" ? server.url : `${folder}/${name}`;
    const result = await run(python, [EXAMPLES + script, `${folder}/plan.jsonl`, source, "user"], env);
    assert(result?.success, `${source}: ${result?.stderr}`);
    assertEquals(result.stdout.trim(), `rows ${ROWS} sum ${SUM}`, source);
    if (from === "http") assert(server.ranges.length >= plan.length);
  }
}

testInDirectory("Dask reads splits of lz4 and zstd, from disk and over HTTP", async (folder) => {
  const packages = ["dask", "distributed", "lz4", "zstandard"];
  const python = await pythonWith(`${folder}/venv`, "dask.distributed, lz4.frame, zstandard", packages);
  if (python === undefined) return;
  await checkScript(folder, python, "dask_read.py", {}, CALLS);
});

testInDirectory("PySpark reads splits of lz4 and zstd, from disk and over HTTP", async (folder) => {
  if (!(await run("java", ["-version"]))?.success) {
    return console.log("SKIPPED: reading with pyspark: java is not installed");
  }
  const packages = ["pyspark", "lz4", "zstandard"];
  const python = await pythonWith(`${folder}/venv`, "pyspark, lz4.frame, zstandard", packages);
  if (python === undefined) return;
  const env = { SPARK_LOCAL_IP: "127.0.0.1", SPARK_MASTER: "local[2]", PYSPARK_PYTHON: python };
  await checkScript(folder, python, "spark_read.py", env, LONG ? CALLS : CALLS.slice(0, 2));
});

Deno.test("the Python examples have at most 40 lines", async () => {
  for (const script of ["dask_read.py", "spark_read.py"]) {
    const text = await Deno.readTextFile(EXAMPLES + script);
    assert(text.trimEnd().split("\n").length <= 40, script);
  }
});
