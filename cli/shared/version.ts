/**
 * The version of this package.
 */
import config from "../deno.json" with { type: "json" };

/** As `sluice --version` prints it. */
export const SLUICE_VERSION: string = config.version;
