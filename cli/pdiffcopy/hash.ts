/**
 * `sluice pdiffcopy hash`: the digests of a file's blocks.
 */
import { hashPdiffBlocks, PDIFF_BLOCK_SIZE } from "@sluice/pdiffcopy/portable";
import { EXIT } from "../shared/exit.ts";
import type { PdiffcopySettings } from "./options.ts";

/** Runs the subcommand. */
export async function hash(settings: PdiffcopySettings, [path]: readonly string[]): Promise<number> {
  const options = { blockSize: settings.blockSize ?? PDIFF_BLOCK_SIZE, hash: settings.hash ?? "sha1" };
  for await (const { offset, digest } of hashPdiffBlocks(path!, options)) {
    console.log(`${offset}\t${digest.toHex()}`);
  }
  return EXIT.ok;
}
