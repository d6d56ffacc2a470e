/**
 * Which options have an effect on what. An option without one is an error, so that nobody relies on it.
 */
import { UsageFailure } from "../shared/exit.ts";
import { optionNames } from "../shared/options.ts";
import { isSsh } from "./ssh.ts";
import type { OptionGroup } from "../shared/options.ts";
import type { PdiffcopySettings } from "./options.ts";

/** What a command line asks for. */
export type Mode =
  | "copy"
  | "shift"
  | "tree"
  | "index-copy"
  | "benchmark"
  | "serve"
  | "diff"
  | "hash"
  | "index"
  | "caps";

const NETWORK = ["token", "ca", "stall-timeout", "retries", "ssh", "remote-command"];
const EVERY_COPY = [...NETWORK, "concurrency", "dry-run", "check", "json", "bwlimit", "no-fsync"];
const RULES = ["exclude", "include", "exclude-from", "include-from", "filter", "filter-from"];
/** What `--archive` carries anyway. */
const CARRIED = ["hard-links", "acls", "xattrs"];
/** What `--recursive` alone has a use for. */
const TREES = [
  ...RULES,
  "files-from",
  "from0",
  "delete",
  "delete-excluded",
  "max-delete",
  "checksum",
  "archive",
  ...CARRIED,
  "no-times",
  "no-perms",
];
const BLOCKS = ["block-size", "hash-method", "protocol", "literal-paths", "allow-dirty"];
/** What goes for copies of blocks alone, of files and of trees. */
const BLOCK_COPY = [...BLOCKS, "whole-file", "replace", "compress", "zstd"];

/** Long names of options by mode; `verbose`, `quiet` and `help` belong to all. */
const EFFECTS: Readonly<Record<Mode, readonly string[]>> = {
  "copy": [
    ...EVERY_COPY,
    ...BLOCK_COPY,
    "no-verify",
    "verify",
    "progress",
  ],
  "shift": [...EVERY_COPY, "replace", "literal-paths", "allow-dirty", "shift", "seed", "verify", "progress"],
  "tree": [
    ...EVERY_COPY,
    ...BLOCK_COPY,
    "recursive",
    "verify",
    ...TREES,
  ],
  "index-copy": [
    "index",
    "store",
    "seed",
    "concurrency",
    "dry-run",
    "check",
    "json",
    "bwlimit",
    "no-fsync",
    "replace",
    "retries",
  ],
  "benchmark": [
    ...NETWORK,
    ...BLOCK_COPY,
    "concurrency",
    "bwlimit",
    "no-fsync",
    "no-verify",
    "progress",
    "benchmark",
    "benchmark-pattern",
    "benchmark-json",
    "force",
  ],
  "serve": [
    "listen",
    "root",
    "writable",
    "path-mode",
    "no-v1",
    "tls-cert",
    "tls-key",
    "token",
    "hosts",
    "no-fsync",
    "concurrency",
    "socket",
    "attached",
    "config",
  ],
  "diff": [...NETWORK, ...BLOCKS, "concurrency", "json", "progress"],
  "hash": ["block-size", "hash-method"],
  "index": ["output", "force", "block-size", "chunks", "concurrency"],
  "caps": ["token", "ca"],
};

/** Options that only servers have a use for. */
const NEED_SERVER: readonly string[] = [
  ...NETWORK,
  "protocol",
  "compress",
  "zstd",
  "bwlimit",
  "literal-paths",
];

/** The same options, which also note their long names in `used`. */
export function noting(
  groups: readonly OptionGroup<PdiffcopySettings>[],
  used: Set<string>,
): OptionGroup<PdiffcopySettings>[] {
  return groups.map((group) => ({
    ...group,
    rows: group.rows.map((row) => ({
      ...row,
      set(settings: PdiffcopySettings, value: string, name: string): void {
        used.add(row.long?.[0] ?? optionNames(row)[0]!);
        row.set(settings, value, name);
      },
    })),
  }));
}

/** The mode that options ask for where two operands are to be copied. */
export function copyMode(settings: PdiffcopySettings): Mode {
  if (settings.recursive) return "tree";
  if (settings.index !== undefined) return "index-copy";
  if (settings.benchmark > 0) return "benchmark";
  return settings.shift ? "shift" : "copy";
}

function isRemote(operand: string | undefined): boolean {
  return operand !== undefined && /^(?:(?:pdiff\+)?https?|ssh):\/\//i.test(operand);
}

/**
 * Refuses options without an effect.
 *
 * @throws {UsageFailure} Naming the first of them.
 */
export function checkEffects(mode: Mode, used: ReadonlySet<string>, operands: readonly string[]): void {
  const known = new Set([...EFFECTS[mode], "verbose", "quiet", "help"]);
  const refuse = (name: string, reason: string): never => {
    throw new UsageFailure(`Option --${name} has no effect: ${reason}`);
  };
  for (const name of used) if (!known.has(name)) refuse(name, reasonFor(name, mode));
  if (used.has("config")) {
    for (const name of used) {
      if (!["config", "verbose", "quiet", "help"].includes(name)) {
        refuse(name, "the file of --config says that");
      }
    }
  }
  for (const name of CARRIED) {
    if (used.has(name) && !used.has("archive")) refuse(name, reasonFor(name, mode));
  }
  const deletes = used.has("delete") || used.has("delete-excluded");
  if (used.has("max-delete") && !deletes) refuse("max-delete", "it needs --delete");
  if (
    used.has("from0") && !["files-from", ...RULES].some((name) => name.endsWith("-from") && used.has(name))
  ) {
    refuse("from0", "no option reads names or rules from a file");
  }
  if (used.has("files-from") && deletes && !used.has("recursive")) {
    refuse("delete", "--files-from needs --recursive with it");
  }
  const isCopy = ["copy", "shift", "tree", "benchmark", "diff"].includes(mode);
  if (!isCopy) return;
  const [source, target] = operands;
  const overSsh = operands.some(isSsh);
  for (const name of ["ssh", "remote-command"]) {
    if (used.has(name) && !overSsh) refuse(name, "neither file is at an ssh:// address");
  }
  for (const name of ["token", "ca"]) {
    if (used.has(name) && overSsh) refuse(name, "ssh protects the connection");
  }
  if (!isRemote(source) && !isRemote(target)) {
    for (const name of NEED_SERVER) if (used.has(name)) refuse(name, "neither file is on a server");
  }
  if (isRemote(target)) {
    if (used.has("no-fsync")) refuse("no-fsync", "the server of the target decides that");
    if (used.has("seed")) refuse("seed", "the target is on a server");
  }
  if (isRemote(source) && used.has("allow-dirty")) {
    refuse("allow-dirty", "the server of the source decides that");
  }
}

function reasonFor(name: string, mode: Mode): string {
  if (CARRIED.includes(name)) return "it needs --archive, which carries that";
  if (TREES.includes(name)) return "it needs --recursive";
  if (name === "seed") return "it needs --shift or --index";
  if (name === "store") return "it needs --index";
  if (name.startsWith("benchmark-")) return "it needs --benchmark";
  const others = Object.entries(EFFECTS).filter(([, names]) => names.includes(name)).map(([other]) => other);
  return `it is for ${others.join(", ")}, and this is ${mode}`;
}
