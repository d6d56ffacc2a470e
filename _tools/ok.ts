/**
 * Runs everything that CI runs, cheap steps first, and goes on after a failure so that one run shows them all.
 *
 * Run `deno task ok`; `--skip-tests` leaves out the tests for a caller that runs `deno task test` itself.
 */
import { listFiles, listMembers, runDeno } from "./command.ts";
import { ROOT, runZig } from "./zig.ts";

/** One step: a name, and what to run; it returns what to show when it failed, or undefined. */
interface Step {
  readonly name: string;
  run(): Promise<string | undefined>;
}

function deno(name: string, ...args: string[]): Step {
  return {
    name,
    run: async () => {
      const { success, stdout, stderr } = await runDeno(args);
      return success ? undefined : `deno ${args.join(" ")}\n${stdout}${stderr}`;
    },
  };
}

const zigFormat: Step = {
  name: "zig fmt",
  run: async () => {
    const files = (await listFiles("*.zig")).map((path) => new URL(path, ROOT).pathname);
    const { success, stdout } = await runZig(["fmt", "--check", ...files], ROOT.pathname);
    return success ? undefined : `zig fmt changes ${stdout.trim()}`;
  },
};

const tests: Step = {
  name: "tests",
  run: async () => {
    const { success } = await runDeno(["run", "-A", "_tools/test.ts"], { show: true });
    return success ? undefined : "tests failed";
  },
};

async function documentation(): Promise<Step[]> {
  const entries = (await listMembers()).flatMap(({ folder, exports }) =>
    Object.values(exports).map((path) => `${folder}/${path}`.replaceAll("./", ""))
  );
  const pages: Step = {
    name: "doc --html",
    run: async () => {
      await Deno.mkdir(new URL("coverage", ROOT), { recursive: true });
      const { success, stdout, stderr } = await runDeno([
        "doc",
        "--html",
        "--name=sluice",
        "--output=coverage/api",
        ...entries,
      ]);
      return success && !/warning/i.test(stdout + stderr) ? undefined : stdout + stderr;
    },
  };
  return [...entries.map((entry) => deno(`doc --lint ${entry}`, "doc", "--lint", entry)), pages];
}

const steps: readonly Step[] = [
  deno("deno fmt", "fmt", "--check"),
  zigFormat,
  deno("deno lint", "lint"),
  deno("deno check", "check", "--doc"),
  ...await documentation(),
  deno("generated files", "run", "-A", "_tools/gen_symbols.ts", "--check"),
  deno("generated decoders", "run", "-A", "_tools/gen_decoders.ts", "--check"),
  deno("rooms", "run", "-A", "_tools/rooms.ts"),
  deno("conventions", "run", "-A", "_tools/check_conventions.ts"),
  deno("parity", "run", "-A", "_tools/check_parity.ts"),
  ...(Deno.args.includes("--skip-tests") ? [] : [tests]),
  deno("bench smoke", "run", "-A", "bench/compare.ts", "all", "--smoke"),
  deno("bench zpaqlpy smoke", "run", "-A", "bench/zpaqlpy.ts", "--smoke"),
  deno("publish", "run", "-A", "_tools/publish_check.ts"),
];

const failures: string[] = [];
const width = Math.max(...steps.map(({ name }) => name.length));
for (const { name, run } of steps) {
  const started = performance.now();
  const failure = await run();
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(
    `${failure === undefined ? "ok    " : "FAILED"} ${name.padEnd(width)} ${seconds.padStart(6)} s`,
  );
  if (failure === undefined) continue;
  failures.push(name);
  console.error(failure);
}
console.log(
  failures.length === 0
    ? `all ${steps.length} steps ok`
    : `${failures.length} of ${steps.length} steps failed: ${failures.join(", ")}`,
);
if (failures.length > 0) Deno.exit(1);
