/**
 * Each row of docs/parity/lz4-cli.md, with the tool beside.
 */
import { run } from "./_cli.ts";
import { testParity } from "./_parity.ts";
import type { ParityTool } from "./_parity.ts";
import { codecFiles, codecState } from "./_parity_files.ts";

async function compress(args: readonly string[], content: Uint8Array): Promise<Uint8Array> {
  const { code, stdout, stderr } = await run("lz4", args, { stdin: content });
  if (code !== 0) throw new Error(stderr);
  return stdout;
}

async function decode(bytes: Uint8Array): Promise<Uint8Array | undefined> {
  const { code, stdout } = await run("lz4", ["-dc"], { stdin: bytes });
  return code === 0 ? stdout : undefined;
}

/** lz4 and `sluice lz4`. */
export const LZ4: ParityTool = {
  name: "lz4",
  page: new URL("../docs/parity/lz4-cli.md", import.meta.url),
  theirs: (args) => args,
  ours: (args) => ["lz4", ...args],
  prepare: async (cwd) => {
    await codecFiles(cwd, "lz4", (content) => compress([], content));
    await Deno.writeFile(`${cwd}/legacy.lz4`, await compress(["-l"], await Deno.readFile(`${cwd}/a`)));
  },
  state: (cwd) => codecState(cwd, ".lz4", decode),
};

await testParity(LZ4);
