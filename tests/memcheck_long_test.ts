/**
 * Every job of the allocator table natively under valgrind's memcheck: nothing may be reported inside our library. A
 * library of planted faults proves that the checker sees them through Deno's FFI.
 */
import { assert, assertEquals } from "@std/assert";
import { runZig } from "../_tools/zig.ts";
import { BACKENDS } from "./_backends.ts";
import { EXERCISES } from "./_exercises.ts";

const LONG = Deno.env.get("SLUICE_LONG") === "1";
const RUN = new URL("_memcheck_run.ts", import.meta.url).pathname;

/** The jobs that the short form watches. */
const SHORT: readonly string[] = ["lz4 push engines"];

const isHere = Deno.build.os === "linux" && BACKENDS.includes("native") &&
  await new Deno.Command("valgrind", { args: ["--version"] }).output().then(
    ({ success }) => success,
    () => false,
  );
if (!isHere) console.log("SKIPPED: memcheck: valgrind or the native library is not here");

/** What the checker says of a run: one text for each report, with its stack. */
async function memcheck(...args: string[]): Promise<{ reports: string[]; output: string }> {
  const log = await Deno.makeTempFile();
  try {
    const { stdout } = await new Deno.Command("valgrind", {
      args: [
        // The engine writes its own code, which the checker has to read again each time.
        "--smc-check=all-non-file",
        "--error-limit=no",
        "--num-callers=30",
        `--log-file=${log}`,
        Deno.execPath(),
        "run",
        "-A",
        "--v8-flags=--single-threaded",
        RUN,
        ...args,
      ],
    }).output();
    const text = (await Deno.readTextFile(log)).replace(/^==\d+== ?/gm, "");
    return {
      reports: text.split("\n\n").filter((part) => /\bat 0x/.test(part)),
      output: new TextDecoder().decode(stdout),
    };
  } finally {
    await Deno.remove(log);
  }
}

/** The planted faults, and what the checker calls them. */
const FAULTS: readonly (readonly [name: string, kind: string])[] = [
  ["canary_read_past", "Invalid read"],
  ["canary_use_freed", "Invalid write"],
  ["canary_uninitialized", "depends on uninitialised"],
  ["canary_free_twice", "Invalid free"],
];

Deno.test(
  "the memory checker finds planted faults and nothing inside the library",
  { ignore: !isHere },
  async () => {
    const names = EXERCISES.map(({ name }) => name).filter((name) => LONG || SHORT.includes(name));
    const folder = await Deno.makeTempDir();
    try {
      const source = new URL("_memcheck_canary.zig", import.meta.url).pathname;
      const canary = `${folder}/libcanary.so`;
      const args = [
        "build-lib",
        "-dynamic",
        "-lc",
        "-OReleaseFast",
        "-mcpu",
        "baseline",
        `-femit-bin=${canary}`,
        source,
      ];
      assert((await runZig(args, folder)).success);
      const { reports, output } = await memcheck(canary, ...names);
      assertEquals(output.trim().split("\n"), names);
      for (const [fault, kind] of FAULTS) {
        const found = reports.some((report) => report.includes(kind) && report.includes(fault));
        assert(found, `${fault}: "${kind}" is not among\n${reports.join("\n\n")}`);
      }
      assertEquals(reports.filter((report) => report.includes("libsluice")), []);
      console.log(
        `memcheck: ${names.length} jobs, nothing reported in the library; ${FAULTS.length} planted faults found`,
      );
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
);
