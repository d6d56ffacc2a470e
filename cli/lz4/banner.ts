/**
 * Who speaks: the command with the version of the format's library.
 */
import { backendInfo } from "@sluice/ffi";
import { LZ4_VERSION } from "@sluice/lz4/decode";
import { SLUICE_VERSION } from "../shared/version.ts";

/** The command's line about itself. */
export function banner(): string {
  return `*** LZ4 CLI (sluice ${SLUICE_VERSION}, ${backendInfo().kind}) v${LZ4_VERSION} ***`;
}
