/**
 * Archives on disk or on a server: one file, or parts whose numbers take the place of `?` and `*` in the name.
 */
import { byteSourceFromBytes, byteSourceFromUrl, concatBytes, SluiceError } from "@sluice/internal";
import type { ByteSource } from "@sluice/internal";
import { openFault, openFileSource, statFile } from "@sluice/internal/file-source";
import { ifThere, lastPartIndex } from "./_paths.ts";
import { failure, ZpaqBackupError } from "./_problems.ts";

/** Whether a name is that of an archive on a server. */
export function isUrl(path: string): boolean {
  return /^https?:\/\//i.test(path);
}

/** Marks of a part's number. In a URL one question mark alone starts the query. */
function marksOf(path: string): RegExp {
  return isUrl(path) ? /\*|\?(?=\?)|(?<=\?)\?/g : /[*?]/g;
}

/** Whether a name refers to several parts. */
export function isMultiPart(path: string): boolean {
  return marksOf(path).test(path);
}

/** The path of one part: its digits stand for the question marks, and all of them for a star. */
export function partPath(path: string, part: number): string {
  const marks = path.match(marksOf(path)) ?? [];
  let digits = part.toString().padStart(marks.filter((mark) => mark === "?").length, "0");
  return path.replace(marksOf(path), (mark) => {
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

/** An archive's bytes, and the parts they are in. */
export interface OpenSource extends Disposable {
  readonly source: ByteSource;
  readonly parts: readonly Part[];
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
  return await ifThere(path, Deno.stat) !== undefined;
}

/** What changes when one of an archive's parts is written or replaced, or another is added. */
export async function stampOf(path: string, parts: number): Promise<string> {
  const stamps: string[] = [];
  for (let part = 1; part <= (isMultiPart(path) ? parts + 1 : 1); part++) {
    const info = await ifThere(partPath(path, part), Deno.stat);
    stamps.push(`${info?.dev} ${info?.ino} ${info?.size} ${info?.mtime?.getTime()}`);
  }
  return stamps.join();
}

/** A file with random access; a pipe is read to its end first, as far as memory may be taken for it. */
async function openWhole(path: string, maxMemory: number): Promise<ByteSource & Partial<Disposable>> {
  const { isFile } = await statFile(path);
  if (isFile) return await openFileSource(path);
  try {
    const chunks: Uint8Array<ArrayBuffer>[] = [];
    let size = 0;
    for await (const chunk of (await Deno.open(path)).readable) {
      size += chunk.length;
      if (size > maxMemory) {
        throw failure(
          "CONTENT_LIMIT",
          `Cannot open ${path}: it is no regular file, and has more than the ${maxMemory} bytes that memory is taken for`,
        );
      }
      chunks.push(chunk);
    }
    return byteSourceFromBytes(concatBytes(chunks));
  } catch (cause) {
    if (cause instanceof ZpaqBackupError) throw cause;
    throw openFault(path, cause);
  }
}

/** A source as an archive of one part. */
export function onePart(source: ByteSource & Partial<Disposable>, path: string): OpenSource {
  const part: Part = { number: 1, path, offset: 0, size: source.size };
  return {
    source,
    parts: [part],
    stray: [],
    partAt: () => part,
    [Symbol.dispose]: () => source[Symbol.dispose]?.(),
  };
}

/**
 * Opens all parts of an archive as one source; undefined where there is none. What is no regular file may have
 * `maxMemory` bytes.
 */
export async function openParts(path: string, maxMemory: number): Promise<OpenSource | undefined> {
  if (isUrl(path)) return await openRemote(path);
  try {
    return await openFiles(path, maxMemory);
  } catch (error) {
    if (!(error instanceof SluiceError) || error.format !== "file") throw error;
    throw failure(error.code, error.message);
  }
}

async function openFiles(path: string, maxMemory: number): Promise<OpenSource | undefined> {
  if (!isMultiPart(path)) {
    return await exists(path) ? onePart(await openWhole(path, maxMemory), path) : undefined;
  }
  const sources: Awaited<ReturnType<typeof openFileSource>>[] = [];
  while (await exists(partPath(path, sources.length + 1))) {
    sources.push(await openFileSource(partPath(path, sources.length + 1)));
  }
  const stray = await strayParts(path, sources.length);
  if (sources.length === 0) {
    if (stray.length > 0) {
      throw failure(
        "NOT_FOUND",
        `Cannot open the archive: ${partPath(path, 1)} is missing, but there is ${stray[0]}`,
      );
    }
    return undefined;
  }
  return joinParts(path, sources, stray, () => sources.forEach((source) => source.close()));
}

/** Opens an archive on a server, its parts one after the other up to the first that is not there. */
async function openRemote(path: string): Promise<OpenSource | undefined> {
  const open = async (url: string): Promise<ByteSource | undefined> => {
    try {
      return await byteSourceFromUrl(url);
    } catch (error) {
      if (error instanceof SluiceError && error.code === "NOT_FOUND") return undefined;
      throw error;
    }
  };
  if (!isMultiPart(path)) {
    const source = await open(path);
    return source === undefined ? undefined : onePart(source, path);
  }
  const sources: ByteSource[] = [];
  while (true) {
    const source = await open(partPath(path, sources.length + 1));
    if (source === undefined) break;
    sources.push(source);
  }
  return sources.length === 0 ? undefined : joinParts(path, sources, [], () => {});
}

function joinParts(
  path: string,
  sources: readonly ByteSource[],
  stray: readonly string[],
  close: () => void,
): OpenSource {
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
    parts,
    [Symbol.dispose]: close,
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
