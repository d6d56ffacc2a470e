/**
 * The rooms of the house: which package may import which, and the order of the rooms inside each. The lint plugin holds
 * both; `deno task rooms` prints what is there.
 *
 * @module
 */

/** What each package may import, through the public entries of the other. Everything points down. */
export const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  internal: [],
  ffi: ["internal"],
  zstd: ["internal", "ffi"],
  lz4: ["internal", "ffi"],
  gitdb: ["internal", "ffi"],
  zpaq: ["internal", "ffi", "zstd", "lz4"],
  pdiffcopy: ["internal", "ffi", "zstd"],
  cli: ["internal", "ffi", "zstd", "lz4", "gitdb", "zpaq", "pdiffcopy"],
  "mod.ts": ["zstd", "lz4", "gitdb", "zpaq", "pdiffcopy"],
};

/** Rooms of each package from the ground up: a file imports from its own room and from those before it, types included. */
export const ROOMS: Readonly<Record<string, readonly string[]>> = {
  zstd: ["kernel", "frame", "options", "codec", "training", "seekable", "file", "log", "http", "patch"],
  lz4: ["kernel", "frame", "codec", "block", "index", "salvage", "download"],
  gitdb: ["kernel", "object", "loose", "pack", "database", "write", "repository", "remote"],
  zpaq: ["kernel", "zpaql", "wasm", "block", "archive", "backup", "pack", "compiler"],
  pdiffcopy: ["kernel", "file", "copy", "index", "wire", "client", "server"],
  cli: ["shared", "zstd", "lz4", "gitdb", "zpaq", "pdiffcopy"],
};

/** The room that alone imports `@sluice/ffi`, but for types that an entry point passes on. */
export const KERNEL = "kernel";

/** Where a file stands: its path from the root, its package, and its room, undefined for an entry of the package. */
export interface Place {
  readonly path: string;
  readonly package: string;
  readonly room: string | undefined;
  readonly isTest: boolean;
}

/** The place of a path from the root. */
export function placeOf(path: string): Place {
  const parts = path.split("/");
  const room = parts.length > 2 && ROOMS[parts[0]!]?.includes(parts[1]!) ? parts[1] : undefined;
  return { path, package: parts[0]!, room, isTest: path.endsWith("_test.ts") };
}

/** Why a file of one room may not import one of another of the same package; undefined when it may. */
export function roomFault(from: Place, to: Place): string | undefined {
  const order = ROOMS[from.package];
  if (order === undefined || from.package !== to.package || from.room === undefined) return undefined;
  if (from.room === to.room || !to.path.endsWith(".ts")) return undefined;
  if (to.room === undefined) return `${from.room} may not import an entry of its own package`;
  // The rooms of the program are its tools: none knows another.
  const below = from.package === "cli" ? ["shared"] : order.slice(0, order.indexOf(from.room));
  return below.includes(to.room) ? undefined : `${from.room} may not import ${to.room}`;
}
