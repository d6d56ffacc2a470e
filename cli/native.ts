/**
 * The command `sluice native`: says which backend runs the codecs, and why, and installs the native one.
 *
 * @module
 */
import { backendInfo } from "@sluice/ffi";
import { installNative } from "@sluice/ffi/install-native";
import { SluiceError } from "@sluice/internal";
import type { Word } from "./shared/options.ts";
import { EXIT, Failure, runToExitCode, UsageFailure } from "./shared/exit.ts";

/** Words that may follow the command's name. */
export const SUBCOMMANDS = ["status", "install"] as const;

const HELP = `Usage: sluice native [status]
       sluice native install [--from=URL]

status   says which backend runs, and why
install  fetches the native library for this machine into the user's cache folder;
         --from is the address of the package, ending in a slash`;

/** Its option. */
export function words(): Promise<Word[]> {
  return Promise.resolve([{ text: "--from=", help: "The address of the package, for install" }]);
}

/** Runs the command; returns its exit code. */
export async function run(args: string[]): Promise<number> {
  return await runToExitCode("sluice native", async () => {
    const [subcommand, ...rest] = args;
    if (args.includes("--help") || args.includes("-h")) {
      console.log(HELP);
      return EXIT.ok;
    }
    if (subcommand === "install") await install(rest);
    else if (subcommand === "status" && rest.length === 0) printStatus();
    else if (subcommand === undefined) printStatus();
    else throw new UsageFailure(`Unexpected "${args.join(" ")}", expected status or install`);
    return EXIT.ok;
  });
}

async function install(args: readonly string[]): Promise<void> {
  const from = args[0]?.startsWith("--from=") ? args[0].slice("--from=".length) : undefined;
  if (args.length > 1 || args.length === 1 && !URL.canParse(from ?? "")) {
    throw new UsageFailure(`Unexpected "${args.join(" ")}", expected --from=URL or nothing`);
  }
  try {
    console.log(await installNative({ from }));
  } catch (error) {
    if (error instanceof SluiceError) throw new Failure(`sluice native: ${error.message} (${error.code})`);
    throw error;
  }
}

function printStatus(): void {
  const { kind, libraryPath, reason, threads } = backendInfo();
  console.log(`backend  ${kind}`);
  console.log(`library  ${libraryPath ?? "none"}`);
  if (reason !== undefined) console.log(`reason   ${reason}`);
  console.log(`threads  ${threads ? "yes" : "no"}`);
}
