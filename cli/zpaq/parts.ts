/**
 * Archives on disk: one file, or parts whose numbers stand for `?` and `*` in the name.
 */
import { decryptZpaqSource, ZpaqArchive } from "@sluice/zpaq";
import type { ByteSource } from "@sluice/zpaq";
import { byteSourceFromBytes } from "@sluice/internal";
import { openFileSource } from "@sluice/internal/file-source";
import { Failure } from "../shared/exit.ts";
import { lastPartIndex } from "../shared/paths.ts";
import type { ZpaqSettings } from "./options.ts";

/** Files that the shell has opened have no suffix. */
const SYSTEM_FILE = /^\/(?:dev|proc)\//;

/** The archive's file name: zpaq's own suffix where it has none. */
export function archivePath(name: string): string {
  return SYSTEM_FILE.test(name) || name.slice(lastPartIndex(name)).includes(".") ? name : `${name}.zpaq`;
}

/** Whether a name refers to several parts. */
export function isMultiPart(path: string): boolean {
  return /[*?]/.test(path);
}

/** The path of one part: its digits stand for the question marks, and all of them for a star. */
export function partPath(path: string, part: number): string {
  let digits = part.toString().padStart((path.match(/\?/g) ?? []).length, "0");
  return path.replace(/[*?]/g, (mark) => {
    if (mark === "*") return part.toString();
    const [first] = digits;
    digits = digits.slice(1);
    return first ?? "0";
  });
}

/** One file of an archive. */
export interface Part {
  /** Counted from 1. */
  readonly number: number;
  readonly path: string;
  /** Where it starts in the archive. */
  readonly offset: number;
  readonly size: number;
}

/** An archive's bytes, and how many parts they are in. */
export interface OpenSource extends Disposable {
  readonly source: ByteSource;
  readonly parts: number;
  /** Files that follow a part that is missing: they can't be read. */
  readonly stray: readonly string[];
  /** The part that has the byte at an offset. */
  partAt(offset: number): Part;
}

/** Files whose names fit those of an archive's parts, with greater numbers than there are parts. */
async function strayParts(path: string, parts: number): Promise<string[]> {
  const at = lastPartIndex(path);
  const folder = path.slice(0, at) || ".";
  const pattern = path.slice(at).replace(/[.+^${}()|[\]\\]/g, "\\$&").replace(/\*/g, "\\d+").replace(
    /\?/g,
    "\\d",
  );
  const expression = new RegExp(`^${pattern}$`);
  const known = new Set(Array.from({ length: parts + 1 }, (_, number) => partPath(path, number)));
  const stray: string[] = [];
  for await (const { name } of Deno.readDir(folder)) {
    const file = path.slice(0, at) + name;
    if (expression.test(name) && !known.has(file)) stray.push(file);
  }
  return stray.sort();
}

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, (error) => {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  });
}

/** A file with random access; a pipe is read to its end first. */
async function openWhole(path: string): Promise<ByteSource & Partial<Disposable>> {
  const { isFile } = await Deno.stat(path);
  return isFile ? await openFileSource(path) : byteSourceFromBytes(await Deno.readFile(path));
}

/** Opens all parts of an archive as one source; undefined where there is none. */
export async function openParts(path: string): Promise<OpenSource | undefined> {
  if (!isMultiPart(path)) {
    if (!await exists(path)) return undefined;
    const source = await openWhole(path);
    const part: Part = { number: 1, path, offset: 0, size: source.size };
    return {
      source,
      parts: 1,
      stray: [],
      partAt: () => part,
      [Symbol.dispose]: () => source[Symbol.dispose]?.(),
    };
  }
  const sources: Awaited<ReturnType<typeof openFileSource>>[] = [];
  while (await exists(partPath(path, sources.length + 1))) {
    sources.push(await openFileSource(partPath(path, sources.length + 1)));
  }
  const stray = await strayParts(path, sources.length);
  if (sources.length === 0) {
    if (stray.length > 0) {
      throw new Failure(`zpaq: ${partPath(path, 1)} is missing, but there is ${stray[0]}`, 2);
    }
    return undefined;
  }
  const parts: Part[] = [];
  for (const { size } of sources) {
    const last = parts.at(-1);
    const number = parts.length + 1;
    parts.push({
      number,
      path: partPath(path, number),
      offset: (last?.offset ?? 0) + (last?.size ?? 0),
      size,
    });
  }
  return {
    stray,
    partAt: (offset) => parts.findLast((part) => part.offset <= offset)!,
    source: joinSources(sources),
    parts: sources.length,
    [Symbol.dispose]: () => sources.forEach((source) => source.close()),
  };
}

/** Sources one after the other as one. */
function joinSources(sources: readonly ByteSource[]): ByteSource {
  const size = sources.reduce((sum, source) => sum + source.size, 0);
  return {
    size,
    async read(offset, length, options): Promise<Uint8Array> {
      const bytes = new Uint8Array(length);
      let start = 0;
      for (const source of sources) {
        const from = Math.max(offset, start);
        const to = Math.min(offset + length, start + source.size);
        if (from < to) bytes.set(await source.read(from - start, to - from, options), from - offset);
        start += source.size;
      }
      return bytes;
    },
  };
}

/** An archive that was opened from disk. */
export interface OpenArchive extends Disposable {
  readonly archive: ZpaqArchive;
  /** Bytes of all parts together. */
  readonly size: number;
  /** Where the parts are. */
  readonly paths: readonly string[];
}

/**
 * Opens an archive on disk. What is wrong with it as a whole is said: bytes that belong to no block, an update that was
 * interrupted, parts that can't be read.
 */
export async function openArchive(
  name: string,
  { password, until, maxMemory }: Pick<ZpaqSettings, "password" | "until" | "maxMemory">,
  complain: (text: string) => void,
): Promise<OpenArchive> {
  const path = archivePath(name);
  const opened = await openParts(path);
  if (opened === undefined) throw new Failure(`zpaq: ${path}: No such file or directory`, 2);
  try {
    const source = password === undefined ? opened.source : await decryptZpaqSource(opened.source, password);
    const archive = await ZpaqArchive.open(source, {
      until,
      ...(maxMemory === undefined ? {} : { maxMemory }),
      onDamage: (error) => complain(`${path}: ${error.message}`),
    });
    for (const { offset, size } of archive.junk) {
      complain(`${path}: ${size} bytes at ${offset} belong to no block`);
    }
    if (archive.incomplete !== undefined) {
      const part = opened.partAt(archive.incomplete + opened.source.size - source.size);
      const hidden = opened.parts > part.number
        ? `; nothing of the ${opened.parts - part.number} parts after it is seen`
        : "";
      complain(`${part.path}: an update was interrupted at byte ${archive.incomplete}${hidden}`);
    }
    for (const stray of opened.stray) {
      complain(`part ${opened.parts + 1} is missing: nothing of ${stray} is seen`);
    }
    return {
      archive,
      size: opened.source.size,
      paths: Array.from(
        { length: opened.parts },
        (_, i) => isMultiPart(path) ? partPath(path, i + 1) : path,
      ),
      [Symbol.dispose](): void {
        archive.close();
        opened[Symbol.dispose]();
      },
    };
  } catch (error) {
    opened[Symbol.dispose]();
    throw error;
  }
}
