/**
 * Indexes of a pack that lies anywhere, after every object of it has been made and hashed.
 */
import type { BackendChoice } from "@sluice/ffi";
import type { ByteSource } from "@sluice/internal";
import type { GitObjectReader } from "../object/object.ts";
import { GitObjectId } from "../object/_object_id.ts";
import type { GitHashAlgorithm } from "../object/_object_id.ts";
import { indexEntries, unresolved } from "../pack/_pack_entries.ts";
import { makeIndexes } from "./_pack_indexes.ts";
import type { IncomingCheck, PackOpener } from "./_pack_indexes.ts";

/** How a pack is indexed. */
export interface GitPackIndexBuildOptions {
  /** The hash of the ids. @default {"sha1"} */
  readonly hashAlgorithm?: GitHashAlgorithm | undefined;
  /** The most objects. @default {Infinity} */
  readonly maxObjects?: number | undefined;
  /** The largest entry, in bytes. @default {Infinity} */
  readonly maxObjectSize?: number | undefined;
  /** Where objects may be with the same ids as those of the pack: the pack is refused if one has other content. */
  readonly existing?: GitObjectReader | undefined;
  /**
   * Refuse a pack that has an object twice, a tree, commit or tag that git would not accept, or, where there is an
   * `existing` database, one that refers to an object in neither place. @default {false}
   */
  readonly strict?: boolean | undefined;
  /** Version of the index. @default {2} */
  readonly indexVersion?: 1 | 2 | undefined;
  /** Offsets from here on are written with 64 bits. @default {2147483648} */
  readonly largeOffsetsFrom?: number | undefined;
  /** Threads that make objects, natively. @default {1} */
  readonly threads?: number | undefined;
  /** Refuse objects that were made to collide under SHA-1. @default {true} */
  readonly collisionDetection?: boolean | undefined;
  /** The backend for this call. @default {what configureBackend says} */
  readonly backend?: BackendChoice | undefined;
}

/** The indexes of a pack, as git stores them beside it. */
export interface PackSourceIndex {
  /** The index. */
  readonly index: Uint8Array<ArrayBuffer>;
  /** The reverse index. */
  readonly reverseIndex: Uint8Array<ArrayBuffer>;
  /** How many objects the pack has. */
  readonly count: number;
  /** The checksum at the pack's end, in hexadecimal. */
  readonly checksum: string;
}

/** Builds both indexes; `path` is that of a file, which the native library reads by itself. */
export async function buildPackIndex(
  source: ByteSource,
  path: string | undefined,
  options: GitPackIndexBuildOptions & { readonly check?: IncomingCheck | undefined },
  open: PackOpener,
): Promise<PackSourceIndex> {
  const { hashAlgorithm = "sha1", ...settings } = options;
  const indexed = await indexEntries({ source, path }, hashAlgorithm, settings);
  const { table, missing, checksum } = indexed;
  if (missing.length > 0) throw unresolved(missing.length);
  const { index, reverse } = await makeIndexes(
    { source, path },
    indexed,
    hashAlgorithm,
    settings,
    open,
  );
  return { index, reverseIndex: reverse, count: table.count, checksum: `${GitObjectId.from(checksum)}` };
}
