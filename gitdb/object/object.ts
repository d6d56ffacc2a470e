/**
 * What is known of an object, how it is read and how it is given: the shapes that all stores share.
 *
 * @module
 */
import type { SluiceError } from "@sluice/internal";
import type { GitHashAlgorithm, GitIdLike, GitObjectId } from "./object_id.ts";

/** The four types of objects. */
export type GitObjectType = "commit" | "tree" | "blob" | "tag";

/** Facts about an object, without its body. */
export interface GitObjectInfo {
  /** Its name. */
  readonly id: GitObjectId;
  /** Its type. */
  readonly type: GitObjectType;
  /** Bytes of its body. */
  readonly size: number;
  /** Where this copy lies. */
  readonly storage: "loose" | "packed" | "memory";
  /** How it is stored in its pack; undefined outside of packs. */
  readonly packed?: PackedPlace | undefined;
}

/** Where a packed copy of an object lies. */
export interface PackedPlace {
  /** Links to the full object that its deltas start from; 0 for a full object. */
  readonly depth: number;
  /** Where its entry starts in the pack. */
  readonly offset: number;
  /** Which pack of the store it is in. */
  readonly pack: number;
}

/** An object to read: its facts and, when asked for, its body. */
export interface GitObject extends GitObjectInfo, AsyncDisposable {
  /** The body as a byte stream, made at first use; cancelling it frees what it holds at once. */
  readonly body: ReadableStream<Uint8Array<ArrayBuffer>>;
  /**
   * The whole body.
   *
   * @throws {LimitExceededError} If it is larger than `maxObjectSize`.
   */
  bytes(options?: GitReadOptions): Promise<Uint8Array<ArrayBuffer>>;
  /** The whole body as UTF-8 text. */
  text(options?: GitReadOptions): Promise<string>;
}

/** Options of one read. */
export interface GitReadOptions {
  /** Gives the read up. */
  readonly signal?: AbortSignal | undefined;
  /** Hash the object and compare with its id. @default {false} */
  readonly verifyChecksums?: boolean | undefined;
  /** With `verifyChecksums`: refuse content that was made to collide under SHA-1. @default {true} */
  readonly collisionDetection?: boolean | undefined;
  /** The largest body that is made in one piece, in bytes. @default {268435456} */
  readonly maxObjectSize?: number | undefined;
  /** Memory that a stream of a large object may take, in bytes. @default {67108864} */
  readonly maxMemory?: number | undefined;
  /**
   * Folder for temporary files of delta bases that do not fit the budget; without one they give a `LimitExceededError`.
   * Native backend, not on Windows.
   */
  readonly spillFolder?: string | URL | undefined;
  /** Have an object brought that is absent, where the database was opened with `onAbsent`. @default {true} */
  readonly promised?: boolean | undefined;
}

/** One of many results: a value, or the error that stands in its place. */
export type GitResult<T> =
  | { readonly ok: true; readonly index: number; readonly value: T }
  | { readonly ok: false; readonly index: number; readonly id: GitObjectId; readonly error: SluiceError };

/** Options of calls on many objects. */
export interface GitBulkOptions extends GitReadOptions {
  /** Give results in the order of their ids; else in whatever order is fastest. @default {false} */
  readonly ordered?: boolean | undefined;
  /** Threads, where the backend has them. @default {1} */
  readonly threads?: number | undefined;
  /** Bytes of bodies that are made ahead of the reader. @default {67108864} */
  readonly maxInFlightBytes?: number | undefined;
  /** Ids that are looked at together; more of them share more work. @default {65536} */
  readonly window?: number | undefined;
  /** Called for ids that are not there; their results are then left out. */
  readonly onMissing?: ((index: number, id: GitObjectId) => void) | undefined;
}

/** Options of `count` and `ids`. */
export interface GitEnumerateOptions {
  /** Count or give each object once, wherever it is stored. @default {true} */
  readonly unique?: boolean | undefined;
  /** By id, or as they are stored, which is faster to read. @default {"id"} */
  readonly order?: "id" | "storage" | undefined;
}

/** Many results that share one piece of memory. */
export interface GitObjectBatch extends Disposable, Iterable<GitResult<GitObject>> {
  /** The memory; bodies are views of it, valid until the batch is disposed of. */
  readonly buffer: Uint8Array<ArrayBuffer>;
  /** How many results there are. */
  readonly length: number;
  /** The results. */
  readonly results: readonly GitResult<GitObject>[];
}

/** A place to read objects from. */
export interface GitObjectReader extends AsyncDisposable {
  /** The hash that names its objects. */
  readonly hashAlgorithm: GitHashAlgorithm;
  /** Whether an object is there. */
  has(id: GitIdLike, options?: GitReadOptions): Promise<boolean>;
  /**
   * Facts about an object.
   *
   * @throws {NotFoundError} If it is not there.
   */
  info(id: GitIdLike, options?: GitReadOptions): Promise<GitObjectInfo>;
  /**
   * An object to read.
   *
   * @throws {NotFoundError} If it is not there.
   */
  read(id: GitIdLike, options?: GitReadOptions): Promise<GitObject>;
  /** Marks an object as in use; returns false where it is not there or has no file that can be marked. */
  freshen?(id: GitIdLike): Promise<boolean>;
  /** How many objects there are. */
  count(options?: GitEnumerateOptions): Promise<number>;
  /** The ids of all objects. */
  ids(options?: GitEnumerateOptions): AsyncIterable<GitObjectId>;
  /** Ids that start with these hex digits, in order, at most `limit`. */
  candidates(prefix: string, limit?: number): Promise<GitObjectId[]>;
  /**
   * The one id that starts with these hex digits.
   *
   * @throws {NotFoundError} If there is none.
   * @throws {AmbiguousIdError} If there are more.
   */
  resolvePrefix(prefix: string): Promise<GitObjectId>;
  /** Looks for what others have stored or removed; returns whether something changed. */
  refresh(options?: { readonly force?: boolean | undefined }): Promise<boolean>;
  /** Batches of objects: the fastest way to read many. */
  readBatches(
    ids: Iterable<GitIdLike> | AsyncIterable<GitIdLike>,
    options?: GitBulkOptions,
  ): AsyncIterable<GitObjectBatch>;
  /** Groups of facts: the fastest way to ask about many. */
  infoBatches(
    ids: Iterable<GitIdLike> | AsyncIterable<GitIdLike>,
    options?: GitBulkOptions,
  ): AsyncIterable<readonly GitResult<GitObjectInfo>[]>;
  /** A pair of streams from ids to whether they are there. */
  hasStream(options?: GitBulkOptions): GitTransformStream<GitIdLike, { id: GitObjectId; present: boolean }>;
  /** A pair of streams from ids to facts. */
  infoStream(options?: GitBulkOptions): GitTransformStream<GitIdLike, GitResult<GitObjectInfo>>;
  /** A pair of streams from ids to objects. */
  objectStream(options?: GitBulkOptions): GitTransformStream<GitIdLike, GitResult<GitObject>>;
}

/** Both sides of a stream, for `pipeThrough`. */
export interface GitTransformStream<In, Out> {
  /** What comes out. */
  readonly readable: ReadableStream<Out>;
  /** What goes in. */
  readonly writable: WritableStream<In>;
}

/** A body: bytes, text, or a stream of bytes. */
export type GitBodyInput = Uint8Array | string | Blob | ReadableStream<Uint8Array>;

/** An object to store. */
export interface GitObjectInput {
  /** Its type. */
  readonly type: GitObjectType;
  /** Bytes of its body, where that is a stream and the size is known ahead. */
  readonly size?: number | undefined;
  /** Its body. */
  readonly body: GitBodyInput;
  /** The id that it must have. */
  readonly id?: GitIdLike | undefined;
  /** Refuse a tree, commit or tag that git could not read. @default {true} */
  readonly strict?: boolean | undefined;
}

/** An object that is encoded as loose objects are: a zlib stream of header and body. */
export interface GitEncodedInput {
  /** Its id. */
  readonly id: GitIdLike;
  /** The zlib stream. */
  readonly encoded: Uint8Array | ReadableStream<Uint8Array>;
  /** Decode it and compare with the id before it is stored. @default {true} */
  readonly verifyChecksums?: boolean | undefined;
  /** With `verifyChecksums`: refuse content that was made to collide under SHA-1. @default {true} */
  readonly collisionDetection?: boolean | undefined;
}

/** Options of one write. */
export interface GitWriteOptions {
  /** Gives the write up. */
  readonly signal?: AbortSignal | undefined;
}

/** A place to store objects in. */
export interface GitObjectWriter {
  /**
   * Stores an object; returns its id. An object that is there already is left as it is.
   *
   * @throws {ChecksumMismatchError} If the object does not have the id that was given.
   */
  write(input: GitObjectInput | GitEncodedInput, options?: GitWriteOptions): Promise<GitObjectId>;
}
