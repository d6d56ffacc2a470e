/**
 * What is below a directory: as entries, as lines that travel, and back.
 */
import { denoFailure, failure } from "../file/_errors.ts";
import { isOwnName } from "../copy/_target.ts";

/** One name below a directory. */
export interface TreeEntry {
  /** Parts joined by "/", from the directory. */
  readonly path: string;
  readonly kind: "file" | "dir" | "link";
  readonly size: number;
  /** When the content changed last, in milliseconds since 1970. */
  readonly mtimeMs: number;
  /** Permission bits. */
  readonly mode: number;
  /** What a link says. */
  readonly link: string | undefined;
}

const LINE_SIZE_MAX = 64 << 10;
const DEPTH_MAX = 200;

/** Everything below a directory, each directory in front of what it has. Links are told, not followed. */
export function* listTree(root: string, prefix = "", depth = 0): Generator<TreeEntry, void, undefined> {
  if (depth > DEPTH_MAX) throw failure("IO", `Cannot list ${root}: directories are nested too deep`);
  const names = [...readNames(`${root}/${prefix}`)].sort();
  for (const name of names) {
    if (isOwnName(name)) continue;
    const path = prefix === "" ? name : `${prefix}/${name}`;
    const info = Deno.lstatSync(`${root}/${path}`);
    const facts = {
      path,
      size: info.size,
      mtimeMs: info.mtime?.getTime() ?? 0,
      mode: (info.mode ?? 0o644) & 0o7777,
    };
    if (info.isSymlink) {
      yield { ...facts, kind: "link", size: 0, link: Deno.readLinkSync(`${root}/${path}`) };
    } else if (info.isDirectory) {
      yield { ...facts, kind: "dir", size: 0, link: undefined };
      yield* listTree(root, path, depth + 1);
    } else if (info.isFile) {
      yield { ...facts, kind: "file", link: undefined };
    }
  }
}

function* readNames(path: string): Generator<string, void, undefined> {
  try {
    for (const { name } of Deno.readDirSync(path)) yield name;
  } catch (error) {
    throw denoFailure(`list ${path}`, error);
  }
}

/** An entry as a line. */
export function formatEntry({ path, kind, size, mtimeMs, mode, link }: TreeEntry): string {
  return `${
    JSON.stringify({
      p: path,
      k: kind[0],
      s: size,
      m: mtimeMs,
      t: mode,
      ...(link === undefined ? {} : { l: link }),
    })
  }\n`;
}

const KINDS: Readonly<Record<string, TreeEntry["kind"]>> = { f: "file", d: "dir", l: "link" };

/** Reads lines of entries; none may lead out of the directory, by its name or through a link. */
export class EntryReader {
  readonly #directories = new Set<string>([""]);
  readonly #paths = new Set<string>();

  /** The entry of a line. */
  read(line: string): TreeEntry {
    if (line.length > LINE_SIZE_MAX) throw refused(line, "it is too long");
    let fields: Record<string, unknown>;
    try {
      fields = JSON.parse(line) as Record<string, unknown>;
    } catch (error) {
      throw refused(line, "it is no JSON", error);
    }
    const { p: path, k, s: size, m: mtimeMs, t: mode, l: link } = fields ?? {};
    const kind = typeof k === "string" && Object.hasOwn(KINDS, k) ? KINDS[k] : undefined;
    const whole = (value: unknown): value is number =>
      typeof value === "number" && Number.isSafeInteger(value);
    if (
      typeof path !== "string" || kind === undefined || !whole(size) || size < 0 || !whole(mtimeMs) ||
      !whole(mode)
    ) {
      throw refused(line, "its fields make no sense");
    }
    const parts = path.split("/");
    if (
      parts.some((part) =>
        part === "" || part === "." || part === ".." || part.includes("\0") || isOwnName(part)
      )
    ) {
      throw refused(line, "the name leads out of the directory, or is not valid");
    }
    const parent = parts.slice(0, -1).join("/");
    if (!this.#directories.has(parent) || this.#paths.has(path)) {
      throw refused(line, "its directory did not come before it");
    }
    if (kind === "link" && (typeof link !== "string" || link === "" || link.includes("\0"))) {
      throw refused(line, "the link is not valid");
    }
    this.#paths.add(path);
    if (kind === "dir") this.#directories.add(path);
    return {
      path,
      kind,
      size,
      mtimeMs,
      mode: mode & 0o777,
      link: kind === "link" ? link as string : undefined,
    };
  }
}

function refused(line: string, state: string, cause?: unknown): Error {
  return failure("PROTOCOL", `Cannot read the entry "${line.slice(0, 60)}": ${state}`, { cause });
}
