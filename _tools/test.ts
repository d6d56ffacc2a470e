/**
 * Runs every test: Zig tests, unit tests and examples of code and Markdown on both backends with sanitizers, and a run
 * without any permission. The last line is `N passed, N failed`, summed over all commands.
 *
 * Run `deno task test`. Arguments go to `deno test` alone and leave the other commands out:
 * `deno task test --filter=truncated zstd/`.
 */
import { nativeLibraryPath } from "../ffi/_resolve.ts";
import { runCommand, runDeno } from "./command.ts";
import { countDenoTests, countZigTests, sumCounts } from "./test_counts.ts";
import type { TestCounts } from "./test_counts.ts";
import { runZig } from "./zig.ts";

/** Tools of others that tests compare with or run in, named as their Debian packages are. */
const PEERS = ["zstd", "lz4", "git", "chromium", "rsync", "zpaq", "valgrind", "redis-server"] as const;

/** Files that have a run of their own, with fewer permissions than all. */
const NO_PERMISSION_TEST = "tests/no_permission_test.ts";
const FFI_PERMISSION_TEST = "tests/ffi_permission_test.ts";

/** What every run of `deno test` is given. */
export const TEST_FLAGS: readonly string[] = [
  "--parallel",
  "--sanitize-ops",
  "--sanitize-resources",
  "--trace-leaks",
  "--preload=tests/_warm_up.ts",
];

async function isInstalled(program: string): Promise<boolean> {
  return await runCommand(program, ["--version"]).then(() => true, () => false);
}

/** Installs what is missing, or says that the tests against it will be skipped. */
export async function installPeers(): Promise<void> {
  const present = await Promise.all(PEERS.map(isInstalled));
  const missing = PEERS.filter((_, index) => !present[index]);
  if (missing.length === 0) return;
  let reason = "not running as root";
  if (Deno.build.os === "linux" && Deno.uid() === 0) {
    // At run level 1 no service is started that a package brings.
    const env = { DEBIAN_FRONTEND: "noninteractive", RUNLEVEL: "1" };
    const install = ["install", "--yes", "--no-install-recommends", ...missing];
    try {
      if ((await runCommand("apt-get", install, { env })).success) return;
      await runCommand("apt-get", ["update"], { env });
      const { success, stderr } = await runCommand("apt-get", install, { env });
      if (success) return;
      reason = stderr.trim().split("\n").at(-1)!;
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
      reason = "there is no apt-get";
    }
  }
  console.log(`SKIPPED: tests against ${missing.join(", ")}: not installed, and can not be: ${reason}`);
}

/** A command whose closing line is missing counts as one failure. */
function counted(counts: TestCounts | undefined, success: boolean): TestCounts {
  if (counts === undefined) return { passed: 0, failed: 1 };
  return success || counts.failed > 0 ? counts : { ...counts, failed: 1 };
}

/** Runs `deno test` with its output shown. */
export async function testDeno(
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<TestCounts> {
  const { success, stdout } = await runDeno(["test", ...args], { env, show: true });
  return counted(countDenoTests(stdout), success);
}

async function testZig(): Promise<TestCounts> {
  const { success, stderr } = await runZig(["build", "test", "--summary", "all"], undefined, "piped");
  const counts = counted(countZigTests(stderr), success);
  console.log(success ? `zig build test: ${counts.passed} passed\n` : stderr);
  return counts;
}

async function testAll(): Promise<TestCounts> {
  return sumCounts([
    await testZig(),
    await testDeno([
      "-A",
      "--doc",
      ...TEST_FLAGS,
      `--ignore=${NO_PERMISSION_TEST},${FFI_PERMISSION_TEST}`,
    ]),
    await testDeno(["--no-prompt", NO_PERMISSION_TEST]),
    await testDeno(["--no-prompt", `--allow-ffi=${nativeLibraryPath()}`, FFI_PERMISSION_TEST]),
  ]);
}

if (import.meta.main) {
  await installPeers();
  const args = Deno.args.filter((arg) => arg !== "--");
  const { passed, failed } = args.length === 0
    ? await testAll()
    : await testDeno(["-A", "--doc", ...TEST_FLAGS, ...args]);
  console.log(`\n${passed} passed, ${failed} failed`);
  if (failed > 0) Deno.exit(1);
}
