/**
 * The sources of `sluice lz4`: files and URLs, decrypted, and the index that belongs to one. Every sub-command reads
 * through here.
 */
import { NotFoundError, SluiceError } from "@sluice/internal";
import type { ByteSource } from "@sluice/internal";
import {
  buildLz4Index,
  decryptLz4AesCtrIterable,
  decryptLz4AesGcmIterable,
  Lz4Index,
  openLz4AesCtrSource,
  openLz4AesGcmSource,
  scanLz4Index,
} from "@sluice/lz4";
import { Failure, UsageFailure } from "../shared/exit.ts";
import type { ReadableFile } from "../shared/io.ts";
import { isUrl, openSource } from "../shared/source.ts";
import type { OpenSource } from "../shared/source.ts";
import type { ArchiveSettings, Job } from "./archive_options.ts";
import { readCipher } from "./decryption.ts";
import type { DecryptionSettings } from "./decryption.ts";

/** What a command line says about its source. */
export interface SourceSettings extends DecryptionSettings {
  /** Seconds without a byte after which a request is made again. */
  readonly stallTimeout: number | undefined;
}

/** How the requests of a URL are made. */
export function httpOptionsOf(path: string, { stallTimeout }: SourceSettings): { stallTimeoutMs?: number } {
  if (stallTimeout === undefined) return {};
  if (!isUrl(path)) throw new UsageFailure("Option --stall-timeout has no effect on a file");
  return { stallTimeoutMs: 1000 * stallTimeout };
}

/** Opens a source; its bytes are the decrypted ones. */
export async function openPlainSource(path: string, settings: SourceSettings): Promise<OpenSource> {
  const { aesCtr, aesGcm } = await readCipher(settings);
  const source = await openSource(path, httpOptionsOf(path, settings));
  const close = (): void => source[Symbol.dispose]?.();
  try {
    if (aesCtr !== undefined) {
      return { ...await openLz4AesCtrSource(source, aesCtr), [Symbol.dispose]: close };
    }
    if (aesGcm !== undefined) {
      return { ...await openLz4AesGcmSource(source, aesGcm), [Symbol.dispose]: close };
    }
    return source;
  } catch (error) {
    close();
    throw error;
  }
}

/** A source as a file that is read from its start. */
export function readableOf(source: ByteSource): ReadableFile {
  let at = 0;
  return {
    async read(target): Promise<number | null> {
      if (at === source.size) return null;
      const bytes = await source.read(at, Math.min(target.length, source.size - at));
      target.set(bytes);
      at += bytes.length;
      return bytes.length;
    },
  };
}

/** Standard input, decrypted, as a file that is read from its start. */
export async function plainInput(settings: SourceSettings): Promise<ReadableFile> {
  const { aesCtr, aesGcm } = await readCipher(settings);
  const chunks = aesCtr !== undefined
    ? decryptLz4AesCtrIterable(Deno.stdin.readable, aesCtr)
    : decryptLz4AesGcmIterable(Deno.stdin.readable, aesGcm!);
  let rest: Uint8Array = new Uint8Array();
  return {
    async read(target): Promise<number | null> {
      while (rest.length === 0) {
        const { value, done } = await chunks.next();
        if (done) return null;
        rest = value;
      }
      const part = rest.subarray(0, target.length);
      target.set(part);
      rest = rest.subarray(part.length);
      return part.length;
    },
  };
}

/** Opens the source of a sub-command while it is used. */
export async function withSource<T>(
  path: string,
  settings: SourceSettings,
  use: (source: ByteSource) => Promise<T>,
): Promise<T> {
  const source = await openPlainSource(path, settings);
  try {
    if (source.size === 0) throw new Failure(`lz4: ${path}: the file is empty`);
    return await use(source);
  } finally {
    source[Symbol.dispose]?.();
  }
}

/** Bytes of one read. */
const READ_SIZE = 1 << 20;

/** The bytes of a source from `start` up to `end`, in pieces; the next one is read while one is worked on. */
export async function* readForward(
  source: ByteSource,
  start: number,
  end: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  const read = (offset: number): Promise<Uint8Array> => {
    const piece = source.read(offset, Math.min(READ_SIZE, end - offset));
    piece.catch(() => {}); // thrown when its turn comes
    return piece;
  };
  let next = read(start);
  try {
    for (let offset = start; offset < end; offset += READ_SIZE) {
      const piece = await next;
      if (offset + READ_SIZE < end) next = read(offset + READ_SIZE);
      yield piece;
    }
  } finally {
    await next.catch(() => {}); // the source may be closed next
  }
}

/** The path of the index beside a file. */
export function sidecarOf(path: string): string {
  return `${path}.s4ix`;
}

/** The dictionary that a command line names, as an option of whoever decompresses. */
export async function dictionaryOf(
  settings: Pick<ArchiveSettings, "dictionary">,
): Promise<{ dictionary?: Uint8Array<ArrayBuffer> }> {
  return settings.dictionary === undefined ? {} : { dictionary: await Deno.readFile(settings.dictionary) };
}

/** Opens a source and its index, which is inside it, beside it, or made now. */
export async function withIndex<T>(
  { settings, operands }: Pick<Job, "settings" | "operands">,
  use: (source: ByteSource, index: Lz4Index) => Promise<T>,
): Promise<T> {
  const path = operands[0]!;
  return await withSource(path, settings, async (source) => {
    using open = new DisposableStack();
    const index = await findIndex({ settings, operands }, source, open);
    return await use(source, index ?? await buildIndex(source, settings));
  });
}

/**
 * The index of a source, as `lookUpIndex` finds it.
 *
 * @throws {UsageFailure} If there is one, and the command line says how to make one.
 */
export async function findIndex(
  job: Pick<Job, "settings" | "operands">,
  source: ByteSource,
  open: DisposableStack,
): Promise<Lz4Index | undefined> {
  const index = await lookUpIndex(job, source, open);
  const { headers, spacing } = job.settings;
  const idle = headers ? "--headers" : spacing === undefined ? undefined : "--spacing";
  if (index === undefined || idle === undefined) return index;
  throw new UsageFailure(`Option ${idle} has no effect: ${job.operands[0]} has an index`);
}

/**
 * The index that the command line names, or the one inside the source or beside it, which stays open; undefined where
 * there is none.
 */
async function lookUpIndex(
  { settings, operands }: Pick<Job, "settings" | "operands">,
  source: ByteSource,
  open: DisposableStack,
): Promise<Lz4Index | undefined> {
  const path = operands[0]!;
  const named = settings.index;
  const embedded = named === undefined ? await Lz4Index.embedded(source) : undefined;
  if (embedded !== undefined) return embedded;
  // At a URL the name of the index is a guess: whatever is there, or refused, is none of it.
  const guessed = named === undefined && isUrl(path);
  try {
    const beside = named ?? sidecarOf(path);
    const sidecar = named === undefined ? await openSidecar(beside) : await openSource(beside);
    if (sidecar === undefined) return undefined;
    open.defer(() => sidecar[Symbol.dispose]?.());
    const index = await Lz4Index.open(sidecar);
    if (await index.matches(source)) return index;
    if (!guessed) throw new Failure(`lz4: ${beside}: is the index of another file`);
  } catch (error) {
    if (!guessed || !(error instanceof SluiceError)) throw error;
  }
  return undefined;
}

/** Content bytes between points, unless another number is asked for. */
const SPACING_DEFAULT = 4 << 20;

/** Makes the index of a source, as a command line wants it. */
export async function buildIndex(source: ByteSource, settings: ArchiveSettings): Promise<Lz4Index> {
  // Splits end where points are: for smaller ones the points lie closer.
  const wanted = settings.spacing ?? Math.min(settings.bytes ?? SPACING_DEFAULT, SPACING_DEFAULT);
  const spacing = { spacing: wanted };
  if (settings.headers) {
    const idle = settings.lines ? "--lines" : settings.dictionary === undefined ? undefined : "-D";
    if (idle !== undefined) throw new UsageFailure(`Option ${idle} has no effect with --headers`);
    return await scanLz4Index(source, spacing);
  }
  return await buildLz4Index(source, { ...await dictionaryOf(settings), ...spacing, lines: settings.lines });
}

/** A sidecar that may not be there. */
async function openSidecar(path: string): Promise<OpenSource | undefined> {
  try {
    return await openSource(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof NotFoundError) return undefined;
    throw error;
  }
}
