/**
 * Which package owns a module of the Zig library: its declarations and its WASM are generated into that package.
 */

/** The package whose kernel each prefix of a library module belongs to. */
const OWNERS: Readonly<Record<string, string>> = {
  git: "gitdb",
  lz4: "lz4",
  pdiffcopy: "pdiffcopy",
  zpaq: "zpaq",
  zstd: "zstd",
};

/** The kernel folder of a library module, from the root: "zstd_decode" is in "zstd/kernel/". */
export function kernelFolder(module: string): string {
  const owner = OWNERS[module.split("_")[0]!];
  if (owner === undefined) throw new Error(`Cannot place the library module ${module}: no package owns it`);
  return `${owner}/kernel/`;
}
