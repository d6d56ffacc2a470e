/**
 * The command `sluice native`: says which backend runs the codecs, and why.
 *
 * @module
 */
import { backendInfo } from "@sluice/ffi";
import { EXIT, runToExitCode, UsageFailure } from "./_exit.ts";

/** Words that may follow the command's name. */
export const SUBCOMMANDS = ["status"] as const;

/** Runs the command; returns its exit code. */
export async function run(args: string[]): Promise<number> {
  // deno-lint-ignore require-await -- a failure of the command becomes its exit code
  return await runToExitCode("sluice native", async () => {
    const [subcommand, ...rest] = args;
    if (subcommand === "--help" || subcommand === "-h") {
      console.log("Usage: sluice native status");
      return EXIT.ok;
    }
    if (subcommand !== "status" || rest.length > 0) throw new UsageFailure(`Expected "sluice native status"`);
    printStatus();
    return EXIT.ok;
  });
}

function printStatus(): void {
  const { kind, libraryPath, reason, threads } = backendInfo();
  console.log(`backend  ${kind}`);
  console.log(`library  ${libraryPath ?? "none"}`);
  if (reason !== undefined) console.log(`reason   ${reason}`);
  console.log(`threads  ${threads ? "yes" : "no"}`);
}
