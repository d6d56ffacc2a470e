/**
 * Each row of docs/parity/zstd-cli.md, with the tool beside.
 */
import { run } from "./_cli.ts";
import { testParity } from "./_parity.ts";
import type { ParityTool } from "./_parity.ts";
import { codecFiles, codecState } from "./_parity_files.ts";

async function compress(content: Uint8Array): Promise<Uint8Array> {
  const { code, stdout, stderr } = await run("zstd", ["-c"], { stdin: content });
  if (code !== 0) throw new Error(stderr);
  return stdout;
}

/** A file may need a window beyond the default, and the dictionary or the base is the file `b` or none. */
async function decode(bytes: Uint8Array): Promise<Uint8Array | undefined> {
  const { code, stdout } = await run("zstd", ["-dc", "--memory=2048MB"], { stdin: bytes });
  return code === 0 ? stdout : undefined;
}

/** zstd and `sluice zstd`. */
export const ZSTD: ParityTool = {
  name: "zstd",
  page: new URL("../docs/parity/zstd-cli.md", import.meta.url),
  theirs: (args) => args,
  ours: (args) => ["zstd", ...args],
  prepare: (cwd) => codecFiles(cwd, "zst", compress),
  state: (cwd) => codecState(cwd, ".zst", decode),
};

await testParity(ZSTD);
