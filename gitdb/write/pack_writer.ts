/**
 * Making packs.
 *
 * @module
 */
import { checkArgument, concatBytes, inTurn } from "@sluice/internal";
import { hashObject } from "../object/_codec.ts";
import { idMismatch } from "../object/_errors.ts";
import { bytesOfInput } from "../object/_inputs.ts";
import { kindOfType } from "../object/_object_kind.ts";
import type { GitSearchKernel } from "../kernel/encoder.ts";
import { deltaSearch, PackBuilder, packSettings } from "./_pack_build.ts";
import type { BuiltPlace, PackSettings } from "./_pack_build.ts";
import { buildIndex, buildReverseIndex } from "../pack/_index_output.ts";
import { nameHash, sortForDeltas } from "../pack/_pack_order.ts";
import type { PackItem } from "../pack/_pack_order.ts";
import type { GitObjectInput } from "../object/object.ts";
import { GitObjectId } from "../object/object_id.ts";
import type { GitHashAlgorithm } from "../object/object_id.ts";

/** How packs are written. */
export interface PackWriterOptions {
  /** The hash of the ids. @default {"sha1"} */
  readonly hashAlgorithm?: GitHashAlgorithm | undefined;
  /** Objects that each one is tried against for a delta; 0 for none. @default {10} */
  readonly window?: number | undefined;
  /** The longest chain of deltas. @default {50} */
  readonly depth?: number | undefined;
  /** Compression level from 0 to 12. @default {6} */
  readonly level?: number | undefined;
  /** Bytes that the window may hold. @default {268435456} */
  readonly windowMemory?: number | undefined;
  /** Version of the index. @default {2} */
  readonly indexVersion?: 1 | 2 | undefined;
}

/** An object for a pack. */
export interface PackInput extends GitObjectInput {
  /** Its path: objects of similar paths are likely to be similar. */
  readonly path?: string | undefined;
}

/** A pack with what stands beside it. */
export interface GitWrittenPack {
  /** The pack. */
  readonly pack: Uint8Array<ArrayBuffer>;
  /** Its index. */
  readonly index: Uint8Array<ArrayBuffer>;
  /** Its reverse index. */
  readonly reverse: Uint8Array<ArrayBuffer>;
  /** The checksum of the pack in hex: packs are named `pack-` and this. */
  readonly checksum: string;
}

/**
 * Collects objects and makes a pack of them, with deltas. Everything is held in memory: for packs of a database on disk
 * there is {@linkcode createGitPack}.
 *
 * @example Two versions of a text take little more than one
 * ```ts
 * import { PackWriter } from "@sluice/gitdb";
 * import { assert } from "@std/assert";
 *
 * const text = Array.from({ length: 999 }, (_, i) => `line ${i ** 2}\n`).join("");
 * const sizes = await Promise.all([[text], [text, `${text}one more\n`]].map(async (versions) => {
 *   const writer = new PackWriter();
 *   for (const body of versions) await writer.add({ type: "blob", body });
 *   return (await writer.finish()).pack.length;
 * }));
 * assert(sizes[1]! < sizes[0]! + 60);
 * ```
 */
export class PackWriter {
  /** The hash of the ids. */
  readonly hashAlgorithm: GitHashAlgorithm;
  readonly #settings: PackSettings;
  readonly #indexVersion: 1 | 2;
  readonly #items = new Map<string, PackItem & { readonly bytes: Uint8Array }>();

  /** An empty pack. */
  constructor(options: PackWriterOptions = {}) {
    this.hashAlgorithm = options.hashAlgorithm ?? "sha1";
    this.#settings = packSettings(options, this.hashAlgorithm);
    this.#indexVersion = options.indexVersion ?? 2;
  }

  /** Adds an object; returns its id. The same object is kept once. */
  async add(input: PackInput): Promise<GitObjectId> {
    checkArgument(typeof input === "object" && input !== null, "pack an object", input, "an object to pack");
    const kind = kindOfType(input.type);
    const bytes = (await bytesOfInput(input, this.hashAlgorithm)).slice();
    const id = await inTurn(() => hashObject(input.type, bytes, this.hashAlgorithm));
    if (input.id !== undefined) {
      const wanted = GitObjectId.from(input.id, this.hashAlgorithm);
      if (!wanted.equals(id)) throw idMismatch(wanted, id);
    }
    const item = { id, kind, size: bytes.length, nameHash: nameHash(input.path ?? ""), bytes };
    if (!this.#items.has(`${id}`)) this.#items.set(`${id}`, item);
    return id;
  }

  /** How many objects there are so far. */
  get count(): number {
    return this.#items.size;
  }

  /** Makes the pack of what was added. */
  async finish(): Promise<GitWrittenPack> {
    const search = deltaSearch(this.#settings);
    try {
      return await this.#build(search);
    } finally {
      search.close();
    }
  }

  async #build(search: GitSearchKernel): Promise<GitWrittenPack> {
    const chunks: Uint8Array<ArrayBuffer>[] = [];
    const builder = new PackBuilder(
      this.hashAlgorithm,
      this.#items.size,
      (bytes) => void chunks.push(bytes),
    );
    try {
      const places: BuiltPlace[] = [];
      for (const { id, kind, bytes } of sortForDeltas([...this.#items.values()])) {
        builder.add(id, kind, await inTurn(() => search.push(kind, bytes)), places);
      }
      const { table, checksum } = builder.finish();
      const version = this.#indexVersion;
      return {
        pack: concatBytes(chunks),
        index: buildIndex(table, checksum, this.hashAlgorithm, { version }),
        reverse: buildReverseIndex(table, checksum, this.hashAlgorithm),
        checksum: `${GitObjectId.from(checksum)}`,
      };
    } finally {
      builder[Symbol.dispose]();
    }
  }
}
