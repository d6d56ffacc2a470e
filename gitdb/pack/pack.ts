/**
 * What a pack of a store offers.
 *
 * @module
 */
import type { GitObject, GitObjectInfo, GitObjectType } from "../object/object.ts";
import type { GitObjectId } from "../object/object_id.ts";
import type { PackIndex, PackIndexEntry } from "./pack_index.ts";

/** What an entry of a pack says about itself. */
export interface PackEntryInfo {
  /** A full object, or a delta with the distance or the id of its base. */
  readonly kind: "full" | "ofs-delta" | "ref-delta";
  /** The type; undefined for deltas, whose base tells. */
  readonly type: GitObjectType | undefined;
  /** Where the entry starts. */
  readonly offset: number;
  /** Where its zlib stream starts. */
  readonly dataOffset: number;
  /** Inflated size of the body or of the delta. */
  readonly size: number;
  /** The base: an offset in the same pack, or an id. */
  readonly base: number | GitObjectId | undefined;
}

/** An entry with its inflated content. */
export interface PackEntry extends PackEntryInfo {
  /** The body, or the delta. */
  readonly raw: Uint8Array<ArrayBuffer>;
}

/** How {@linkcode GitPack.verifyObject} looks. */
export interface GitVerifyObjectOptions {
  /** "crc" for the bytes as they are stored, "hash" for the object. @default {"hash"} */
  readonly mode?: "crc" | "hash" | undefined;
}

/** Something that verification found. */
export interface PackFinding {
  /** Where in the pack; undefined for the pack or index as a whole. */
  readonly offset: number | undefined;
  /** The object, where there is one. */
  readonly id: GitObjectId | undefined;
  /** What is wrong. */
  readonly message: string;
}

/** One row of {@linkcode GitPack.list}. */
export interface PackListEntry extends GitObjectInfo {
  /** Bytes that the entry takes in the pack. */
  readonly packedSize: number;
  /** The base, where the entry is a delta. */
  readonly base: GitObjectId | undefined;
  /** For a delta: its inflated size, else the size of the object. */
  readonly entrySize: number;
}

/** How {@linkcode GitPack.verify} looks. */
export interface GitVerifyPackOptions {
  /** "structure" for offsets and index, "crc" for the stored bytes, "full" for every object. @default {"full"} */
  readonly level?: "structure" | "crc" | "full" | undefined;
  /** Threads that make objects. @default {1} */
  readonly threads?: number | undefined;
  /** Report objects that were made to collide under SHA-1. @default {true} */
  readonly collisionDetection?: boolean | undefined;
}

/** One pack with its index: access by offset, and checking. {@linkcode PackStore.packs} gives them. */
export interface GitPack {
  /** Its name without an ending. */
  readonly name: string;
  /** Its index. */
  readonly index: PackIndex;
  /** How many objects it has. */
  readonly count: number;
  /** Bytes of the pack file. */
  readonly size: number;
  /** The checksum that the pack ends with. */
  checksum(): Promise<Uint8Array>;
  /** Bytes of the pack file as they are. */
  bytesAt(offset: number, length: number): Promise<Uint8Array>;
  /** The header of the entry at an offset. */
  infoAt(offset: number): Promise<PackEntryInfo>;
  /** The entry at an offset, inflated but not resolved. */
  entryAt(offset: number): Promise<PackEntry>;
  /** The entry at an offset and those it stands on, newest first; ends at a full object or a base elsewhere. */
  chainAt(offset: number): Promise<PackEntryInfo[]>;
  /** As `chainAt`, each entry with its inflated content. */
  collectChain(offset: number): Promise<PackEntry[]>;
  /** All rows of the index with offsets rising. */
  entries(): AsyncIterable<PackIndexEntry>;
  /** The object at an offset, of which the id is known. */
  readAt(offset: number, id: GitObjectId): Promise<GitObject>;
  /**
   * Whether the object is stored without damage.
   *
   * @throws {UnsupportedFeatureError} For mode "crc" where the index has version 1.
   */
  verifyObject(id: GitObjectId, options?: GitVerifyObjectOptions): Promise<boolean>;
  /** Facts of every object with its place, offsets rising: what `git verify-pack -v` prints. */
  list(): AsyncIterable<PackListEntry>;
  /** Checks the pack. Finds, and does not throw. */
  verify(options?: GitVerifyPackOptions): AsyncIterable<PackFinding>;
}
