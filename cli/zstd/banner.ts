/**
 * Who speaks: the command with the version of the format's library.
 */
import { backendInfo } from "@sluice/ffi";
import { ZSTD_VERSION } from "@sluice/zstd/encode";
import { SLUICE_VERSION } from "../shared/version.ts";

/** The command's line about itself; scripts that ask quietly get the bare version of the format's library. */
export function banner(bare: boolean): string {
  return bare
    ? ZSTD_VERSION
    : `*** Zstandard CLI (sluice ${SLUICE_VERSION}, ${backendInfo().kind}) v${ZSTD_VERSION} ***`;
}
