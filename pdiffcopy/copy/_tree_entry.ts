/**
 * Names below a directory: as entries, as lines that travel, and back.
 */
import { printable } from "@sluice/internal";
import { failure } from "../file/_errors.ts";
import { parseFileTime } from "./_file_time.ts";
import { isOwnName } from "./_side_files.ts";

/** One name below a directory. */
export interface TreeEntry {
  /** Parts joined by "/", from the directory; empty for the directory itself, or for a file listed by itself. */
  readonly path: string;
  /**
   * `other` is what has no content: pipes, sockets, devices. `fault` is what can't be looked at. `unfinished` is a file that
   * copies use for themselves.
   */
  readonly kind: "file" | "dir" | "link" | "other" | "fault" | "unfinished";
  readonly size: number;
  /** When the content changed last, in nanoseconds since 1970. */
  readonly mtimeNs: bigint;
  /** Permission bits. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** The same for all names of a file that has several; undefined for a file with one. */
  readonly identity: string | undefined;
  /** Where a link leads; why a fault is one; "pipe" or "socket". */
  readonly text: string | undefined;
  /** Extended attributes, where they were asked for. */
  readonly attributes: Uint8Array<ArrayBuffer> | undefined;
}

const LINE_SIZE_MAX = 512 << 10;
const MILLISECOND = 1_000_000n;
const KINDS: Readonly<Record<string, TreeEntry["kind"]>> = {
  f: "file",
  d: "dir",
  l: "link",
  o: "other",
  x: "fault",
  u: "unfinished",
};
const LETTERS = { file: "f", dir: "d", link: "l", other: "o", fault: "x", unfinished: "u" } as const;

/** An entry as a line, with more fields where others than its own are told. */
export function formatEntry(entry: TreeEntry, more?: Readonly<Record<string, unknown>>): string {
  const { path, kind, size, mtimeNs, mode, uid, gid, identity, text, attributes } = entry;
  return `${
    JSON.stringify({
      p: path,
      k: LETTERS[kind],
      s: size,
      m: Number(mtimeNs / MILLISECOND),
      n: `${mtimeNs}`,
      t: mode,
      u: uid,
      g: gid,
      h: identity,
      l: text,
      x: attributes?.length === 0 ? "" : attributes?.toBase64(),
      ...more,
    })
  }\n`;
}

/** Whether one part of a path stays in its directory. */
function isInside(part: string): boolean {
  return part !== "" && part !== "." && part !== ".." && !part.includes("\0") &&
    (Deno.build.os !== "windows" || !/[\\:]/.test(part));
}

/** Whether one part of a path stays in its directory, and is a name that copies may use. */
function isTreeName(part: string): boolean {
  return isInside(part) && !isOwnName(part);
}

/** Parts none of which is empty or starts with a dot: most paths, and certainly names that copies may use. */
const PLAIN_PATH = /^[^./\0][^/\0]*(?:\/[^./\0][^/\0]*)*$/;

/** Whether a path stays in its directory, and has only names that copies may use. */
function isTreePath(path: string): boolean {
  if (Deno.build.os !== "windows" && PLAIN_PATH.test(path)) return true;
  return path.split("/").every(isTreeName);
}

const BAD_PATH = "the name leads out of the directory, or is not valid";

/** Fails where a path leads out of its directory, or is not valid. */
export function checkTreePath(path: string): void {
  if (!isTreePath(path)) throw failure("PROTOCOL", `Cannot use the name "${printable(path)}": ${BAD_PATH}`);
}

/** The fields of a line. */
export function parseLine(line: string): Record<string, unknown> {
  if (line.length > LINE_SIZE_MAX) throw refused(line, "it is too long");
  try {
    return (JSON.parse(line) ?? {}) as Record<string, unknown>;
  } catch (error) {
    throw refused(line, "it is no JSON", error);
  }
}

/** Reads lines of entries; none may lead out of the directory, by its name or through a link. */
export class EntryReader {
  readonly #directories = new Set<string>([""]);
  readonly #paths = new Set<string>();
  #isFirst: boolean;

  /** Of a list from its start on; else of names in directories that are known. */
  constructor(directories?: Iterable<string>) {
    this.#isFirst = directories === undefined;
    for (const path of directories ?? []) this.#directories.add(path);
  }

  /** The entry of a line, whose fields may be known. */
  read(line: string, fields: Record<string, unknown> = parseLine(line)): TreeEntry {
    const entry = entryOf(line, fields);
    // The directory itself, before everything below it, or a file with nothing below it.
    if (entry.path === "" && ["dir", "file", "other"].includes(entry.kind) && this.#isFirst) {
      this.#isFirst = false;
      if (entry.kind !== "dir") this.#directories.clear();
      return entry;
    }
    this.#isFirst = false;
    const slash = entry.path.lastIndexOf("/");
    const parent = entry.path.slice(0, Math.max(0, slash));
    // Nothing is done with a fault.
    const isName = entry.kind === "fault" ? isInside : entry.kind === "unfinished" ? isOwnName : isTreeName;
    // The directories above came before and were checked; else all of the path is.
    const isFit = this.#directories.has(parent)
      ? isName(entry.path.slice(slash + 1)) && slash !== 0
      : isTreePath(entry.path);
    if (!isFit) throw refused(line, BAD_PATH);
    // A directory whose content can't be listed comes twice, the second time as a fault.
    const isAgain = this.#paths.has(entry.path) && entry.kind !== "fault";
    if (!this.#directories.has(parent) || isAgain) {
      throw refused(line, "its directory did not come before it");
    }
    this.#paths.add(entry.path);
    if (entry.kind === "dir") this.#directories.add(entry.path);
    return entry;
  }
}

function entryOf(line: string, fields: Record<string, unknown>): TreeEntry {
  const { p: path, k, s: size, m, n, t: mode, u: uid = 0, g: gid = 0, h: identity, l: text, x } = fields;
  const kind = typeof k === "string" && Object.hasOwn(KINDS, k) ? KINDS[k] : undefined;
  const isWhole = (value: unknown): value is number =>
    typeof value === "number" && Number.isSafeInteger(value);
  const isId = (value: unknown): value is number => isWhole(value) && value >= 0 && value < 2 ** 32;
  const isText = (value: unknown): value is string | undefined =>
    value === undefined || typeof value === "string";
  if (
    typeof path !== "string" || kind === undefined || !isWhole(size) || size < 0 ||
    !isWhole(mode) || !isId(uid) || !isId(gid) || !isText(n) || !isText(identity) || !isText(text) ||
    !isText(x)
  ) {
    throw refused(line, "its fields make no sense");
  }
  if (kind === "link" && (text === undefined || text === "" || text.includes("\0"))) {
    throw refused(line, "the link is not valid");
  }
  const mtimeNs = n === undefined ? isWhole(m) ? BigInt(m) * MILLISECOND : undefined : parseFileTime(n);
  if (mtimeNs === undefined) throw refused(line, "the time is not valid");
  return {
    path,
    kind,
    size,
    mtimeNs,
    mode: mode & 0o7777,
    uid,
    gid,
    identity,
    text: kind === "file" || kind === "dir" ? undefined : text,
    attributes: x === undefined ? undefined : attributesOf(line, x),
  };
}

const NO_ATTRIBUTES = new Uint8Array();

function attributesOf(line: string, text: string): Uint8Array<ArrayBuffer> {
  if (text === "") return NO_ATTRIBUTES;
  try {
    return Uint8Array.fromBase64(text);
  } catch (error) {
    throw refused(line, "the attributes are not valid", error);
  }
}

/** A line that is none of a tree. */
export function refused(line: string, state: string, cause?: unknown): Error {
  return failure("PROTOCOL", `Cannot read the entry "${printable(line.slice(0, 60))}": ${state}`, { cause });
}
