/**
 * Small files of a backup, natively: many are read, or written, in one call.
 */
import type { CutFile, CutLimits, CutReader } from "../archive/_cut_files.ts";
import type { ZpaqArchiveEntry } from "../archive/_types.ts";
import { encodeName } from "../block/_names.ts";
import { hasNativeTree } from "../kernel/tree.ts";
import {
  readRawContents,
  writeRawFiles,
  ZPAQ_CONTENT,
  ZPAQ_CONTENT_FRAGMENT_NUMBERS,
  ZPAQ_CONTENT_TOO_LARGE,
  ZPAQ_WRITTEN,
} from "../kernel/tree_content.ts";
import type { RawContents } from "../kernel/tree_content.ts";
import { rawFactsToSet, systemError } from "./_file_facts.ts";
import type { NewFacts } from "./_file_facts.ts";
import type { Undoing } from "./_update_file.ts";
import type { WalkedFile } from "./_walk.ts";

/** Larger files are read and written by themselves. */
const SMALL_MAX = 1 << 20;
/** Bytes, files and fragments of one call. */
const BATCH_SIZE = 4 << 20;
const BATCH_FILES = 512;
const BATCH_FRAGMENTS = 4096;

/** Reads small files of a walk; undefined where that can't be done natively. */
export function smallFileReader(): CutReader | undefined {
  if (!hasNativeTree()) return undefined;
  let room: RawContents | undefined;
  return {
    takes: (file) => (file as WalkedFile).path !== undefined && file.size! <= SMALL_MAX,
    read(files, limits) {
      room ??= {
        bytes: new Uint8Array(BATCH_SIZE),
        parts: new Uint32Array(BATCH_FRAGMENTS * ZPAQ_CONTENT_FRAGMENT_NUMBERS),
        contents: new Uint32Array(BATCH_FILES * ZPAQ_CONTENT.LENGTH),
      };
      return readSmall(files as readonly WalkedFile[], limits, room);
    },
  };
}

async function* readSmall(
  files: readonly WalkedFile[],
  limits: CutLimits,
  room: RawContents,
): AsyncGenerator<CutFile | undefined, void, undefined> {
  const { bytes, parts, contents } = room;
  for (let next = 0; next < files.length;) {
    const paths = encodeName(
      files.slice(next, next + BATCH_FILES).map(({ path }) => `${path}\0`).join(""),
    );
    const count = await readRawContents(paths, limits, limits.second, room);
    let byteAt = 0;
    let partAt = 0;
    for (let i = 0; i < count; i++) {
      const row = i * ZPAQ_CONTENT.LENGTH;
      const errno = contents[row + ZPAQ_CONTENT.ERRNO]!;
      const byteEnd = byteAt + contents[row + ZPAQ_CONTENT.SIZE]!;
      const partEnd = partAt + contents[row + ZPAQ_CONTENT.FRAGMENTS]! * ZPAQ_CONTENT_FRAGMENT_NUMBERS;
      yield errno === ZPAQ_CONTENT_TOO_LARGE ? undefined : {
        error: errno === 0 ? undefined : systemError(errno),
        bytes: bytes.subarray(byteAt, byteEnd),
        parts: parts.subarray(partAt, partEnd),
      };
      byteAt = byteEnd;
      partAt = partEnd;
    }
    next += count;
  }
}

/** A small file that waits to be written. */
interface Waiting {
  readonly entry: ZpaqArchiveEntry;
  readonly facts: NewFacts;
  readonly path: string;
  readonly at: number;
  readonly size: number;
}

/** What becomes of small files. */
export interface SmallFileEvents {
  /** Called with a file that is there, and why it does not have all of its facts. */
  written(entry: ZpaqArchiveEntry, path: string, facts: Error | undefined): void;
  /** Called with a file that could not be written. */
  refused(entry: ZpaqArchiveEntry, path: string, error: Error): Promise<void>;
}

/** Writes small files, as many at a time as have room. */
export class SmallFileWriter {
  readonly #bytes = new Uint8Array(BATCH_SIZE);
  readonly #replace: boolean;
  readonly #undoing: Undoing;
  readonly #events: SmallFileEvents;
  #used = 0;
  #waiting: Waiting[] = [];

  constructor(replace: boolean, undoing: Undoing, events: SmallFileEvents) {
    this.#replace = replace;
    this.#undoing = undoing;
    this.#events = events;
  }

  /** Whether content of this size is small. */
  static takes(size: number): boolean {
    return size <= SMALL_MAX;
  }

  /** Takes a file: its facts name the temporary path. */
  async add(entry: ZpaqArchiveEntry, content: Uint8Array, facts: NewFacts, path: string): Promise<void> {
    if (this.#used + content.length > BATCH_SIZE || this.#waiting.length >= BATCH_FILES) await this.flush();
    this.#bytes.set(content, this.#used);
    this.#waiting.push({ entry, facts, path, at: this.#used, size: content.length });
    this.#used += content.length;
  }

  /** Writes what waits. */
  async flush(): Promise<void> {
    const files = this.#waiting;
    if (files.length === 0) return;
    this.#waiting = [];
    this.#used = 0;
    const forget = this.#undoing(() => files.forEach(({ facts }) => removeIfThere(facts.path)));
    const raw = files.map(({ facts, path, at, size }) => ({
      facts: rawFactsToSet(facts),
      path: encodeName(path),
      at,
      size,
    }));
    const results = await writeRawFiles(raw, this.#bytes, this.#replace);
    forget();
    for (const [i, { entry, path }] of files.entries()) {
      const errno = results[i * ZPAQ_WRITTEN.LENGTH + ZPAQ_WRITTEN.ERRNO]!;
      const facts = results[i * ZPAQ_WRITTEN.LENGTH + ZPAQ_WRITTEN.FACTS_ERRNO]!;
      if (errno !== 0) await this.#events.refused(entry, path, systemError(errno));
      else this.#events.written(entry, path, facts === 0 ? undefined : systemError(facts));
    }
  }
}

function removeIfThere(path: string): void {
  try {
    Deno.removeSync(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
