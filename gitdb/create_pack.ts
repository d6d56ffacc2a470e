/**
 * Packs on disk. Deno only.
 *
 * @module
 */
import { CorruptDataError } from "@sluice/internal";
import { toPath } from "./_fs.ts";
import { KIND_OF_TYPE } from "./_object_kind.ts";
import { PackBuilder, packSettings } from "./_pack_build.ts";
import { PackFileWriter } from "./_pack_files.ts";
import { buildIndex, buildReverseIndex } from "./_pack_format.ts";
import { nameHash, sortForDeltas } from "./_pack_order.ts";
import type { PackItem } from "./_pack_order.ts";
import type { ObjectReader } from "./object.ts";
import { ObjectId } from "./object_id.ts";
import type { IdLike } from "./object_id.ts";
import type { PackWriterOptions } from "./pack_writer.ts";

/** An object by its id and, where that is known, its path. */
export interface PackRequest {
  /** The object. */
  readonly id: IdLike;
  /** Its path: objects of similar paths are likely to be similar. */
  readonly path?: string | undefined;
}

/** How {@linkcode createPack} writes. */
export interface CreatePackOptions extends PackWriterOptions {
  /** Wait until the files are on the disk. @default {true} */
  readonly durable?: boolean | undefined;
  /** Front of the names of the files. @default {"pack"} */
  readonly prefix?: string | undefined;
  /** Threads that read objects. @default {1} */
  readonly threads?: number | undefined;
  /** Called after each object with how many are written. */
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
}

/** A pack that was written. */
export interface CreatedPack {
  /** Name of its files without an ending. */
  readonly name: string;
  /** The checksum of the pack in hex. */
  readonly checksum: string;
  /** How many objects it has. */
  readonly count: number;
}

/** Objects that are read ahead. */
const IN_FLIGHT = 32 << 20;

/**
 * Writes objects of a database as a pack into a folder: pack, reverse index and, last of all, index, so that readers see
 * a whole pack or none.
 *
 * @example From memory to disk
 * ```ts
 * import { createPack, MemoryStore, PackStore } from "@sluice/gitdb";
 * import { assertEquals } from "@std/assert";
 *
 * const memory = new MemoryStore();
 * const id = await memory.write({ type: "blob", body: "text" });
 * const folder = await Deno.makeTempDir();
 * await createPack(folder, memory, [{ id }]);
 * {
 *   await using packs = await PackStore.open(folder);
 *   assertEquals(await (await packs.read(id)).text(), "text");
 * }
 * await Deno.remove(folder, { recursive: true });
 * ```
 */
export async function createPack(
  folder: string | URL,
  source: ObjectReader,
  objects: Iterable<PackRequest>,
  options: CreatePackOptions = {},
): Promise<CreatedPack> {
  const algorithm = source.hashAlgorithm;
  const settings = packSettings(options, algorithm);
  const items = await itemsOf(source, objects);
  const sorted = sortForDeltas(items);
  const files = new PackFileWriter(toPath(folder));
  try {
    const builder = new PackBuilder(settings, sorted.length, (bytes) => files.write(bytes));
    try {
      let next = 0;
      const ids = sorted.map(({ id }) => id);
      const reading = { ordered: true, maxInFlightBytes: IN_FLIGHT, threads: options.threads };
      for await (const batch of source.readBatches(ids, reading)) {
        try {
          for (const result of batch) {
            if (!result.ok) throw result.error;
            const { id, kind, size } = sorted[next++]!;
            const bytes = await result.value.bytes();
            if (bytes.length !== size) {
              throw new CorruptDataError(
                `Cannot pack object ${id}: it has ${bytes.length} bytes, expected ${size}`,
                {
                  format: "git",
                  code: "SIZE_MISMATCH",
                },
              );
            }
            builder.add(id, kind, bytes);
            options.onProgress?.(next, sorted.length);
          }
        } finally {
          batch[Symbol.dispose]();
        }
      }
      const { rows, checksum } = builder.finish();
      const hex = `${ObjectId.from(checksum)}`;
      const name = `${options.prefix ?? "pack"}-${hex}`;
      const version = options.indexVersion ?? 2;
      files.commit(name, {
        reverse: buildReverseIndex(rows, checksum, algorithm),
        index: buildIndex(rows, checksum, algorithm, { version }),
        durable: options.durable ?? true,
      });
      return { name, checksum: hex, count: rows.length };
    } finally {
      builder[Symbol.dispose]();
    }
  } finally {
    files[Symbol.dispose]();
  }
}

async function itemsOf(source: ObjectReader, objects: Iterable<PackRequest>): Promise<PackItem[]> {
  const paths = new Map<string, { id: ObjectId; hash: number }>();
  for (const { id, path } of objects) {
    const known = ObjectId.from(id, source.hashAlgorithm);
    if (!paths.has(`${known}`)) paths.set(`${known}`, { id: known, hash: nameHash(path ?? "") });
  }
  const rows = [...paths.values()];
  const items: PackItem[] = new Array(rows.length);
  for await (const group of source.infoBatches(rows.map(({ id }) => id))) {
    for (const result of group) {
      if (!result.ok) throw result.error;
      const { type, size } = result.value;
      const { id, hash } = rows[result.index]!;
      items[result.index] = { id, kind: KIND_OF_TYPE[type], size, nameHash: hash };
    }
  }
  return items;
}
