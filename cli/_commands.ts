/**
 * The commands of `sluice`: one row each, loaded when it is called.
 */
import type { Command, CommandModule } from "./shared/command.ts";

/**
 * Loads a module when its command is called. Deno reads every module that a literal import names before it starts, the
 * rarest command's with the rest: this one is named at run time.
 */
function loadLater(path: string): () => Promise<CommandModule> {
  return () => import(path);
}

/** Every command, in the order of the help. */
export const COMMANDS: readonly Command[] = [
  {
    name: "zstd",
    summary: "Compress and decompress .zst files",
    banner: true,
    load: loadLater("./zstd/main.ts"),
  },
  {
    name: "unzstd",
    summary: "Decompress: sluice zstd -d",
    leading: ["-d"],
    banner: true,
    load: loadLater("./zstd/main.ts"),
  },
  {
    name: "zstdcat",
    summary: "Decompress to stdout: sluice zstd -dcf",
    leading: ["-dcf"],
    banner: true,
    load: loadLater("./zstd/main.ts"),
  },
  {
    name: "zcat",
    summary: "Decompress zstd and gzip files to stdout: sluice zstd -dcf",
    leading: ["-dcf"],
    banner: true,
    load: loadLater("./zstd/main.ts"),
  },
  {
    name: "gzcat",
    summary: "The same under its other name",
    leading: ["-dcf"],
    banner: true,
    load: loadLater("./zstd/main.ts"),
  },
  {
    name: "zstdmt",
    summary: "Compress with all cores: sluice zstd -T0",
    leading: ["-T0"],
    banner: true,
    load: loadLater("./zstd/main.ts"),
  },
  {
    name: "lz4",
    summary: "Compress and decompress .lz4 files; read, split, resume and repair them",
    banner: true,
    load: loadLater("./lz4/main.ts"),
  },
  {
    name: "unlz4",
    summary: "Decompress: sluice lz4 -d",
    leading: ["-d"],
    banner: true,
    load: loadLater("./lz4/main.ts"),
  },
  {
    name: "lz4cat",
    summary: "Decompress to stdout: sluice lz4 -dcfm",
    leading: ["-dcfm"],
    banner: true,
    load: loadLater("./lz4/main.ts"),
  },
  {
    name: "gitdb",
    summary: "Read, write and check git object databases",
    load: loadLater("./gitdb/main.ts"),
  },
  {
    name: "pdiffcopy",
    summary: "Copy large files that are mostly there already, over HTTP; serve them",
    load: loadLater("./pdiffcopy/main.ts"),
  },
  {
    name: "zpaq",
    summary: "Keep versions of files in ZPAQ archives; develop models",
    load: loadLater("./zpaq/main.ts"),
  },
  {
    name: "zpaqlpy",
    summary: "Compile models in a subset of Python, with the original's options",
    load: loadLater("./zpaq/zpaqlpy.ts"),
  },
  { name: "native", summary: "Show which backend runs", load: loadLater("./native.ts") },
  {
    name: "completions",
    summary: "Print a completion script for bash, zsh or fish",
    load: loadLater("./completions.ts"),
  },
];
