/**
 * Extraction of many files: each block is decoded once, several at a time, and its fragments go where they belong.
 */
import { SluiceError } from "@sluice/internal";
import type { DataBlock, IndexedFile } from "./_index_facts.ts";
import type { BlockContent, BlockStore } from "./_block_store.ts";
import { contentOf } from "./_content_stream.ts";
import type { DecompressSettings } from "../block/_decompress_options.ts";
import { limitFault } from "../zpaql/_fault.ts";
import type { ZpaqArchiveEntry, ZpaqPiece } from "./_types.ts";

/** A file to extract. */
interface Wanted {
  readonly entry: ZpaqArchiveEntry;
  readonly file: IndexedFile;
}

/** A fragment in a file. */
interface Place {
  readonly id: number;
  readonly target: Target;
  readonly offset: number;
}

/** A file with how many of its fragments are still to come. */
interface Target {
  readonly entry: ZpaqArchiveEntry;
  left: number;
}

/** What is to be read from one block. */
interface Job {
  readonly block: DataBlock;
  readonly places: Place[];
}

/** Takes an error with the file that it is of. */
type Damaged = (error: unknown, entry: ZpaqArchiveEntry) => void;

/** Sorts fragments into the blocks that have them. */
function plan(
  store: BlockStore,
  wanted: readonly Wanted[],
  damaged: Damaged,
): Job[] {
  const jobs = new Map<DataBlock, Job>();
  for (const { entry, file } of wanted) {
    const places: Place[] = [];
    const target: Target = { entry, left: file.fragments.length };
    let offset = 0;
    let missing: number | undefined;
    for (const id of file.fragments) {
      if (store.find(id) === undefined) missing ??= id;
      places.push({ id, target, offset });
      offset += store.fragmentSize(id);
    }
    if (missing !== undefined) {
      damaged(store.missing(missing), entry);
      continue;
    }
    for (const place of places) {
      const block = store.find(place.id)!;
      const job = jobs.get(block) ?? { block, places: [] };
      job.places.push(place);
      jobs.set(block, job);
    }
  }
  return [...jobs.values()].sort((a, b) => a.block.offset - b.block.offset);
}

/** The pieces of all files, in the order of their blocks; files without fragments first. */
export async function* extractPieces(
  store: BlockStore,
  wanted: readonly Wanted[],
  settings: DecompressSettings,
  { threads, signal, onDamage }: {
    readonly threads: number;
    readonly signal: AbortSignal | undefined;
    readonly onDamage: ((error: SluiceError, entry: ZpaqArchiveEntry) => void) | undefined;
  },
): AsyncGenerator<ZpaqPiece, void, undefined> {
  // Long: the pieces of a block are yielded between the steps that free it, and a generator can not be cut there.
  let given = 0;
  const damaged: Damaged = (error, entry) => {
    const report = onDamage ?? settings.onDamage;
    if (!(error instanceof SluiceError) || report === undefined || error.code === "OUTPUT_LIMIT") throw error;
    // The next file would wait for the same server.
    if (error.format === "http") throw error;
    report(error, entry);
  };
  function count(size: number): void {
    given += size;
    if (given > settings.maxOutputSize) {
      throw limitFault("OUTPUT_LIMIT", 0, "the files are larger", settings.maxOutputSize);
    }
  }

  for (const { entry, file } of wanted) {
    if (file.fragments.length > 0) continue;
    if (file.segments.length === 0) {
      if (!entry.name.endsWith("/")) yield { entry, offset: 0, bytes: new Uint8Array(), last: true };
      continue;
    }
    try {
      let offset = 0;
      for await (const bytes of contentOf(store, file)) {
        signal?.throwIfAborted();
        count(bytes.length);
        yield { entry, offset, bytes, last: false };
        offset += bytes.length;
      }
      yield { entry, offset, bytes: new Uint8Array(), last: true };
    } catch (error) {
      damaged(error, entry);
    }
  }

  const jobs = plan(store, wanted, damaged);
  const running: { readonly job: Job; readonly content: Promise<BlockContent> }[] = [];
  let next = 0;
  try {
    while (next < jobs.length || running.length > 0) {
      while (running.length < threads && next < jobs.length) {
        const job = jobs[next++]!;
        const content = store.decode(job.block);
        content.catch(() => {}); // it is awaited below, in order
        running.push({ job, content });
      }
      const { job, content } = running.shift()!;
      try {
        const decoded = await content;
        for (const { id, target, offset } of job.places) {
          signal?.throwIfAborted();
          try {
            const bytes = store.fragment(job.block, decoded, id);
            count(bytes.length);
            target.left--;
            yield { entry: target.entry, offset, bytes, last: target.left === 0 };
          } catch (error) {
            damaged(error, target.entry);
          }
        }
      } catch (error) {
        if (onDamage === undefined) damaged(error, job.places[0]!.target.entry);
        else for (const entry of new Set(job.places.map(({ target }) => target.entry))) damaged(error, entry);
      }
    }
  } finally {
    await Promise.allSettled(running.map(({ content }) => content));
  }
}
