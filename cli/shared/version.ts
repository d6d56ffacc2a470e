/**
 * The version of this package.
 */
import config from "../deno.json" with { type: "json" };

/** As `sluice --version` prints it. */
export const SLUICE_VERSION: string = config.version;

/** Prints the version of one tool; returns the exit code. */
export function printVersion(tool: string): number {
  console.log(`sluice ${tool} ${SLUICE_VERSION}`);
  return 0;
}
