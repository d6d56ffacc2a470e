/**
 * Packs on disk. Deno only.
 *
 * @module
 */
import { CorruptDataError, inTurn } from "@sluice/internal";
import type { SluiceProgress } from "@sluice/internal";
import { toPath } from "../object/_fs.ts";
import { KIND_OF_TYPE } from "../object/_object_kind.ts";
import { GitCompoundDatabase } from "../database/compound_database.ts";
import { findReusableDeltas } from "./_delta_reuse.ts";
import type { StoredDelta } from "./_delta_reuse.ts";
import type { GitStoredForm } from "../kernel/encoder.ts";
import { deltaSearch, PackBuilder, packSettings } from "./_pack_build.ts";
import type { BuiltPlace, PackSettings } from "./_pack_build.ts";
import { PackFileWriter } from "../pack/_pack_files.ts";
import { buildIndex, buildReverseIndex } from "../pack/_index_output.ts";
import { nameHash, sortForDeltas } from "../pack/_pack_order.ts";
import type { PackItem } from "../pack/_pack_order.ts";
import { WHOLE_OBJECT_MAX } from "../object/_stored_object.ts";
import type { GitObjectReader } from "../object/object.ts";
import { GitObjectId } from "../object/object_id.ts";
import type { GitIdLike } from "../object/object_id.ts";
import type { GitPack } from "../pack/pack.ts";
import { PackStore } from "../pack/pack_store.ts";
import type { PackWriterOptions } from "./pack_writer.ts";

/** An object by its id and, where that is known, its path. */
export interface PackRequest {
  /** The object. */
  readonly id: GitIdLike;
  /** Its path: objects of similar paths are likely to be similar. */
  readonly path?: string | undefined;
}

/** How {@linkcode createGitPack} writes. */
export interface GitCreatePackOptions extends PackWriterOptions {
  /** Wait until the files are on the disk. @default {true} */
  readonly durable?: boolean | undefined;
  /** Front of the names of the files. @default {"pack"} */
  readonly prefix?: string | undefined;
  /** Threads that search for deltas and compress; the pack does not depend on how many. @default {1} */
  readonly threads?: number | undefined;
  /** Copy deltas as they are from the packs of the source, once their CRC is checked. @default {true} */
  readonly reuseDeltas?: boolean | undefined;
  /** Called after each object; bytes read are those of bodies, bytes written those of the pack. */
  readonly onProgress?: ((progress: SluiceProgress) => void) | undefined;
}

/** A pack that was written. */
export interface GitCreatedPack {
  /** Name of its files without an ending. */
  readonly name: string;
  /** The checksum of the pack in hex. */
  readonly checksum: string;
  /** How many objects it has. */
  readonly count: number;
}

/** Bytes that are read ahead for each thread. */
const IN_FLIGHT = 32 << 20;
/** Objects that are searched together: a search begins anew after them, whatever the number of threads. */
const SEGMENT = 4096;

/**
 * Writes objects of a database as a pack into a folder: pack, reverse index and, last of all, index, so that readers see
 * a whole pack or none.
 *
 * @example From memory to disk
 * ```ts
 * import { createGitPack, GitMemoryStore, PackStore } from "@sluice/gitdb";
 * import { assertEquals } from "@std/assert";
 *
 * const memory = new GitMemoryStore();
 * const id = await memory.write({ type: "blob", body: "text" });
 * const folder = await Deno.makeTempDir();
 * await createGitPack(folder, memory, [{ id }]);
 * {
 *   await using packs = await PackStore.open(folder);
 *   assertEquals(await (await packs.read(id)).text(), "text");
 * }
 * await Deno.remove(folder, { recursive: true });
 * ```
 */
export async function createGitPack(
  folder: string | URL,
  source: GitObjectReader,
  objects: Iterable<PackRequest>,
  options: GitCreatePackOptions = {},
): Promise<GitCreatedPack> {
  const algorithm = source.hashAlgorithm;
  const settings = packSettings(options, algorithm);
  const items = sortForDeltas(await itemsOf(source, objects));
  const wanted = new Set(items.map(({ id }) => `${id}`));
  const copied: ReadonlyMap<string, StoredDelta> = options.reuseDeltas !== false
    ? await findReusableDeltas(packsOf(source), wanted, settings.depth)
    : new Map();
  const files = new PackFileWriter(toPath(folder));
  try {
    const report = new ProgressReport(items, options.onProgress);
    const builder = new PackBuilder(algorithm, items.length, (bytes) => {
      report.bytesOut += bytes.length;
      files.write(bytes);
    });
    try {
      const segments = segmentsOf(items.filter(({ id }) => !copied.has(`${id}`)));
      for await (const forms of searchAll(source, segments, settings, options.threads ?? 1)) {
        const places: BuiltPlace[] = [];
        for (const { item, form } of forms) {
          await inTurn(() => builder.add(item.id, item.kind, form, places));
          report.step(item.size);
        }
      }
      const sizes = new Map(
        items.filter(({ id }) => copied.has(`${id}`)).map(({ id, size }) => [`${id}`, size]),
      );
      await copyDeltas(builder, source, copied.values(), settings, (id) => report.step(sizes.get(`${id}`)!));
      const { table, checksum } = builder.finish();
      const hex = `${GitObjectId.from(checksum)}`;
      const name = `${options.prefix ?? "pack"}-${hex}`;
      const version = options.indexVersion ?? 2;
      files.commit(name, {
        reverse: buildReverseIndex(table, checksum, algorithm),
        index: buildIndex(table, checksum, algorithm, { version }),
        durable: options.durable ?? true,
      });
      return { name, checksum: hex, count: table.count };
    } finally {
      builder[Symbol.dispose]();
    }
  } finally {
    files[Symbol.dispose]();
  }
}

/** Counts what is read and written, and reports it. */
class ProgressReport {
  readonly #total: number;
  readonly #onProgress: ((progress: SluiceProgress) => void) | undefined;
  #bytesIn = 0;
  /** Bytes of the pack so far. */
  bytesOut = 0;

  constructor(items: readonly PackItem[], onProgress: ((progress: SluiceProgress) => void) | undefined) {
    this.#total = items.reduce((sum, { size }) => sum + size, 0);
    this.#onProgress = onProgress;
  }

  /** Counts an object, and reports it. */
  step(size: number): void {
    this.#bytesIn += size;
    this.#onProgress?.({ bytesIn: this.#bytesIn, bytesOut: this.bytesOut, total: this.#total });
  }
}

function packsOf(source: GitObjectReader): readonly GitPack[] {
  return source instanceof PackStore || source instanceof GitCompoundDatabase ? source.allPacks : [];
}

function segmentsOf(items: readonly PackItem[]): PackItem[][] {
  const segments: PackItem[][] = [];
  for (let at = 0; at < items.length; at += SEGMENT) segments.push(items.slice(at, at + SEGMENT));
  return segments;
}

interface FoundForm {
  readonly item: PackItem;
  readonly form: GitStoredForm;
}

/** Searches segments, as many at a time as there are threads, and gives them in their order. */
async function* searchAll(
  source: GitObjectReader,
  segments: readonly (readonly PackItem[])[],
  settings: PackSettings,
  threads: number,
): AsyncGenerator<readonly FoundForm[]> {
  const running: Promise<readonly FoundForm[]>[] = [];
  try {
    for (let next = 0; next < segments.length || running.length > 0;) {
      while (next < segments.length && running.length < Math.max(1, threads)) {
        const search = searchSegment(source, segments[next++]!, settings, threads > 1);
        search.catch(() => {}); // its turn comes
        running.push(search);
      }
      yield await running[0]!;
      running.shift();
    }
  } finally {
    await Promise.allSettled(running);
  }
}

async function searchSegment(
  source: GitObjectReader,
  items: readonly PackItem[],
  settings: PackSettings,
  offLoop: boolean,
): Promise<FoundForm[]> {
  const search = deltaSearch(settings);
  try {
    const forms: FoundForm[] = [];
    const reading = { ordered: true, maxInFlightBytes: IN_FLIGHT };
    for await (const batch of source.readBatches(items.map(({ id }) => id), reading)) {
      try {
        for (const result of batch) {
          if (!result.ok) throw result.error;
          const item = items[forms.length]!;
          const bytes = await result.value.bytes({ maxObjectSize: WHOLE_OBJECT_MAX });
          if (bytes.length !== item.size) throw sizeMismatch(item, bytes.length);
          const form = await (offLoop
            ? search.pushAsync(item.kind, bytes)
            : inTurn(() =>
              search.push(item.kind, bytes)
            ));
          forms.push({ item, form });
        }
      } finally {
        batch[Symbol.dispose]();
      }
    }
    return forms;
  } finally {
    search.close();
  }
}

function sizeMismatch({ id, size }: PackItem, actual: number): CorruptDataError {
  return new CorruptDataError(`Cannot pack object ${id}: it has ${actual} bytes, expected ${size}`, {
    format: "git",
    code: "SIZE_MISMATCH",
  });
}

/** Copies deltas; one that is damaged, or whose chain has become too long, is stored anew. */
async function copyDeltas(
  builder: PackBuilder,
  source: GitObjectReader,
  deltas: Iterable<StoredDelta>,
  settings: PackSettings,
  onCopied: (id: GitObjectId) => void,
): Promise<void> {
  const places: BuiltPlace[] = [];
  const search = deltaSearch(settings);
  try {
    for (const { id, base, size, stream } of deltas) {
      const fits = builder.placeOf(base)!.depth < settings.depth;
      const stored = fits ? await stream() : undefined;
      if (stored !== undefined) builder.copy(id, base, size, stored);
      else {
        const object = await source.read(id);
        const kind = KIND_OF_TYPE[object.type];
        const bytes = await object.bytes({ maxObjectSize: WHOLE_OBJECT_MAX });
        builder.add(id, kind, await inTurn(() => search.push(kind, bytes)), places);
      }
      onCopied(id);
    }
  } finally {
    search.close();
  }
}

async function itemsOf(source: GitObjectReader, objects: Iterable<PackRequest>): Promise<PackItem[]> {
  const paths = new Map<string, { id: GitObjectId; hash: number }>();
  for (const { id, path } of objects) {
    const known = GitObjectId.from(id, source.hashAlgorithm);
    if (!paths.has(`${known}`)) paths.set(`${known}`, { id: known, hash: nameHash(path ?? "") });
  }
  const table = [...paths.values()];
  const items: PackItem[] = new Array(table.length);
  for await (const group of source.infoBatches(table.map(({ id }) => id))) {
    for (const result of group) {
      if (!result.ok) throw result.error;
      const { type, size } = result.value;
      const { id, hash } = table[result.index]!;
      items[result.index] = { id, kind: KIND_OF_TYPE[type], size, nameHash: hash };
    }
  }
  return items;
}
