/**
 * Archives on disk: one file, or parts whose numbers stand for `?` and `*` in the name.
 */
import { decryptZpaqSource, ZpaqArchive } from "@sluice/zpaq";
import type { ByteSource, ZpaqArchiveOptions } from "@sluice/zpaq";
import { openFileSource } from "@sluice/internal/file-source";
import { Failure } from "../shared/exit.ts";
import { lastPartIndex } from "../shared/paths.ts";

/** The archive's file name: zpaq's own suffix where it has none. */
export function archivePath(name: string): string {
  return name.slice(lastPartIndex(name)).includes(".") ? name : `${name}.zpaq`;
}

/** Whether a name stands for several parts. */
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

/** An archive's bytes, and how many parts they are in. */
export interface OpenSource extends Disposable {
  readonly source: ByteSource;
  readonly parts: number;
}

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, (error) => {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  });
}

/** Opens all parts of an archive as one source; undefined where there is none. */
export async function openParts(path: string): Promise<OpenSource | undefined> {
  if (!isMultiPart(path)) {
    if (!await exists(path)) return undefined;
    const source = await openFileSource(path);
    return { source, parts: 1, [Symbol.dispose]: () => source.close() };
  }
  const sources: Awaited<ReturnType<typeof openFileSource>>[] = [];
  while (await exists(partPath(path, sources.length + 1))) {
    sources.push(await openFileSource(partPath(path, sources.length + 1)));
  }
  if (sources.length === 0) return undefined;
  return {
    source: joinSources(sources),
    parts: sources.length,
    [Symbol.dispose]: () => sources.forEach((source) => source.close()),
  };
}

/** Sources behind each other as one. */
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
  readonly parts: number;
}

/** Opens an archive on disk. */
export async function openArchive(
  name: string,
  password: string | undefined,
  options: ZpaqArchiveOptions,
): Promise<OpenArchive> {
  const path = archivePath(name);
  const opened = await openParts(path);
  if (opened === undefined) throw new Failure(`zpaq: ${path}: No such file or directory`, 2);
  try {
    const source = password === undefined ? opened.source : await decryptZpaqSource(opened.source, password);
    const archive = await ZpaqArchive.open(source, options);
    return {
      archive,
      parts: opened.parts,
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
