/**
 * Loose objects: one file each.
 *
 * @module
 */
import {
  checkEnumerateOptions,
  checkReadOptions,
  checkWriteOptions,
  STORE_OPTIONS,
} from "../object/_options.ts";
import { checkKeys, checkLimit, inTurn, readChunks } from "@sluice/internal";
import { GitHashKernel, hashObject, hashOutsideObject } from "../object/_codec.ts";
import { deflateBytes } from "../object/_deflate.ts";
import { corrupt, idMismatch, objectNotFound } from "../object/_errors.ts";
import { joinPath, toPath } from "../object/_fs.ts";
import { checkPrefix } from "../object/_ids.ts";
import { bytesOfInput, bytesOfStream, chunksOfBody, isEncoded, wrongSize } from "../object/_inputs.ts";
import { loosePresence } from "./_loose_presence.ts";
import {
  freshenLoose,
  looseIdsIn,
  loosePath,
  looseStat,
  openLoose,
  readHead,
  readLoose,
  TemporaryFile,
} from "./_loose_files.ts";
import { decodeLoose, looseHeader, readLooseHeader, streamLoose } from "./_loose_format.ts";
import { sharedModeOf } from "../object/_shared_mode.ts";
import { HASH_SIZE } from "../object/_object_id.ts";
import { KIND_OF_TYPE, kindOfType } from "../object/_object_kind.ts";
import { infoOf, MemoryObject, StreamedObject } from "../object/_stored_object.ts";
import type {
  GitEncodedInput,
  GitEnumerateOptions,
  GitObject,
  GitObjectInfo,
  GitObjectInput,
  GitObjectWriter,
  GitReadOptions,
  GitWriteOptions,
} from "../object/object.ts";
import { GitObjectId } from "../object/object_id.ts";
import type { GitHashAlgorithm, GitIdLike } from "../object/object_id.ts";
import { GitObjectStore } from "../object/object_store.ts";

/** How a loose store writes. */
export interface GitLooseStoreOptions {
  /** The hash of its ids. @default {"sha1"} */
  readonly hashAlgorithm?: GitHashAlgorithm | undefined;
  /** Compression level from 0 to 12. @default {1} */
  readonly level?: number | undefined;
  /** Wait until an object is on the disk. @default {false} */
  readonly durable?: boolean | undefined;
}

/** Bodies up to this size are made in one piece. */
const WHOLE_SIZE_MAX = 16 << 20;

/**
 * A folder of loose objects, `hh/…` each.
 *
 * An object is written under another name in the same folder and linked to its own when it is whole, so that a process
 * that is killed leaves nothing half-written. Writing an object that exists marks it as in use, so that git's garbage
 * collection keeps it. Deno only.
 *
 * @example There and back
 * ```ts
 * import { GitLooseStore } from "@sluice/gitdb";
 * import { assertEquals } from "@std/assert";
 *
 * const folder = await Deno.makeTempDir();
 * await using store = new GitLooseStore(folder);
 * const id = await store.write({ type: "blob", body: "loose" });
 * assertEquals(await (await store.read(id)).text(), "loose");
 * await Deno.remove(folder, { recursive: true });
 * ```
 */
export class GitLooseStore extends GitObjectStore implements GitObjectWriter {
  /** The hash that names its objects. */
  readonly hashAlgorithm: GitHashAlgorithm;
  /** The folder. */
  readonly root: string;
  readonly #level: number;
  readonly #durable: boolean;

  /** Names the folder; nothing is touched yet. */
  constructor(root: string | URL, options: GitLooseStoreOptions = {}) {
    super();
    checkKeys(options, STORE_OPTIONS);
    this.root = toPath(root);
    this.hashAlgorithm = options.hashAlgorithm ?? "sha1";
    this.#level = options.level ?? 1;
    this.#durable = options.durable ?? false;
  }

  /** Where an object is or would be, below the root. */
  pathOf(id: GitIdLike): string {
    return loosePath(GitObjectId.from(id, this.hashAlgorithm));
  }

  /** The whole path of an object's file; undefined where there is none. */
  findPath(id: GitIdLike): string | undefined {
    this.checkOpen();
    const path = joinPath(this.root, this.pathOf(id));
    return looseStat(path) === undefined ? undefined : path;
  }

  #open(id: GitIdLike): { id: GitObjectId; path: string; size: number; what: string } {
    this.checkOpen();
    const known = GitObjectId.from(id, this.hashAlgorithm);
    const path = joinPath(this.root, loosePath(known));
    const info = looseStat(path);
    if (info === undefined) throw objectNotFound(known);
    if (info.size === 0) throw corrupt(`object ${known}`, "its file is empty", "TRUNCATED", 0);
    return { id: known, path, size: info.size, what: `object ${known}` };
  }

  /** Whether an object is there. */
  override has(id: GitIdLike, options?: GitReadOptions): Promise<boolean> {
    return new Promise((resolve) => {
      checkReadOptions(options);
      resolve(this.findPath(id) !== undefined);
    });
  }

  /**
   * Marks an object as in use, so that git's garbage collection takes it for new; returns false where it is not there.
   *
   * @example An object that is a day old
   * ```ts
   * import { GitLooseStore } from "@sluice/gitdb";
   * import { assert } from "@std/assert";
   *
   * const folder = await Deno.makeTempDir();
   * const store = new GitLooseStore(folder);
   * const path = `${folder}/${store.pathOf(await store.write({ type: "blob", body: "old" }))}`;
   * const yesterday = Date.now() / 1000 - 86400;
   * await Deno.utime(path, yesterday, yesterday);
   * assert(await store.freshen("489b19f19108e8b9c2dbda3c6b9cbf8ab6f8ce2b") === false);
   * assert(await store.freshen(await store.write({ type: "blob", body: "old" })));
   * assert((await Deno.stat(path)).mtime!.getTime() / 1000 > yesterday + 3600);
   * await Deno.remove(folder, { recursive: true });
   * ```
   */
  freshen(id: GitIdLike): Promise<boolean> {
    return new Promise((resolve) => {
      this.checkOpen();
      resolve(freshenLoose(joinPath(this.root, this.pathOf(id))));
    });
  }

  /** Whether an object need not be written, because it was found and marked as in use. */
  protected isStored(id: GitObjectId): Promise<boolean> {
    return this.freshen(id);
  }

  /** Facts about an object. */
  override info(id: GitIdLike, options?: GitReadOptions): Promise<GitObjectInfo> {
    return new Promise((resolve) => {
      checkReadOptions(options);
      const { id: known, path, what } = this.#open(id);
      const { type, size } = readLooseHeader(readHead(known, path), what);
      resolve(infoOf({ id: known, kind: KIND_OF_TYPE[type], size, storage: "loose" }));
    });
  }

  /** An object to read. */
  override async read(id: GitIdLike, options: GitReadOptions = {}): Promise<GitObject> {
    checkReadOptions(options);
    options.signal?.throwIfAborted();
    const { id: known, path, size: fileSize, what } = this.#open(id);
    const head = readHead(known, path);
    const header = readLooseHeader(head, what);
    const facts = {
      id: known,
      kind: KIND_OF_TYPE[header.type],
      size: header.size,
      storage: "loose" as const,
    };
    if (header.size > WHOLE_SIZE_MAX) {
      return new StreamedObject(
        facts,
        options,
        () => streamLoose(() => openLoose(known, path), header, what),
      );
    }
    const encoded = head.length === fileSize ? head : await readLoose(known, path);
    const object = new MemoryObject(facts, decodeLoose(encoded, header, what));
    if (options.verifyChecksums === true) await object.bytes(options);
    return object;
  }

  /**
   * Whether objects may be there, by what the folders list.
   * @internal
   */
  protected override presence(ids: readonly GitIdLike[]): (row: number) => boolean {
    this.checkOpen();
    return loosePresence(this.root, ids, this.hashAlgorithm);
  }

  /** The ids of all objects. */
  override async *ids(options?: GitEnumerateOptions): AsyncGenerator<GitObjectId> {
    checkEnumerateOptions(options);
    this.checkOpen();
    for (let byte = 0; byte < 256; byte++) {
      yield* looseIdsIn(this.root, byte.toString(16).padStart(2, "0"), this.hashAlgorithm);
    }
  }

  /** Ids that start with these hex digits, in order, at most `limit`; reads one folder. */
  override async candidates(prefix: string, limit: number = Infinity): Promise<GitObjectId[]> {
    this.checkOpen();
    checkLimit("limit", limit);
    const wanted = checkPrefix(prefix, this.hashAlgorithm, 2);
    const ids = looseIdsIn(this.root, wanted.slice(0, 2), this.hashAlgorithm);
    return await Promise.resolve(ids.filter((id) => `${id}`.startsWith(wanted)).slice(0, limit));
  }

  /** Stores an object; returns its id. */
  async write(input: GitObjectInput | GitEncodedInput, options: GitWriteOptions = {}): Promise<GitObjectId> {
    this.checkOpen();
    checkWriteOptions(options);
    options.signal?.throwIfAborted();
    if (isEncoded(input)) return await this.#writeEncoded(input);
    kindOfType(input.type);
    const chunked = chunksOfBody(input);
    if (chunked !== undefined && chunked.size > WHOLE_SIZE_MAX) {
      return await this.#writeStream(input, chunked.size, chunked.chunks, options.signal);
    }
    const body = await bytesOfInput(input, this.hashAlgorithm);
    const id = await inTurn(() => hashObject(input.type, body, this.hashAlgorithm));
    this.#checkId(input.id, id);
    if (await this.isStored(id)) return id;
    const header = looseHeader(input.type, body.length);
    const whole = new Uint8Array(header.length + body.length);
    whole.set(header);
    whole.set(body, header.length);
    this.#commit(id, await inTurn(() => deflateBytes(whole, this.#level)));
    return id;
  }

  #checkId(wanted: GitIdLike | undefined, actual: GitObjectId): void {
    if (wanted === undefined) return;
    const id = GitObjectId.from(wanted, this.hashAlgorithm);
    if (!id.equals(actual)) throw idMismatch(id, actual);
  }

  #commit(id: GitObjectId, encoded: Uint8Array): void {
    const path = joinPath(this.root, loosePath(id));
    const file = new TemporaryFile(path.slice(0, path.lastIndexOf("/")), sharedModeOf(this.root));
    try {
      file.write(encoded);
      file.commit(path, this.#durable);
    } finally {
      file[Symbol.dispose]();
    }
  }

  async #writeEncoded(input: GitEncodedInput): Promise<GitObjectId> {
    const id = GitObjectId.from(input.id, this.hashAlgorithm);
    const encoded = input.encoded instanceof Uint8Array ? input.encoded : await bytesOfStream(input.encoded);
    if (input.verifyChecksums !== false) {
      const header = readLooseHeader(encoded, `object ${id}`);
      const body = decodeLoose(encoded, header, `object ${id}`);
      this.#checkId(id, hashOutsideObject(header.type, body, this.hashAlgorithm, input));
    }
    if (!await this.isStored(id)) this.#commit(id, encoded);
    return id;
  }

  /** Hashes and deflates in bounded memory; the place is known only at the end. */
  async #writeStream(
    input: GitObjectInput,
    size: number,
    chunks: AsyncIterable<Uint8Array>,
    signal: AbortSignal | undefined,
  ): Promise<GitObjectId> {
    const file = new TemporaryFile(this.root, sharedModeOf(this.root));
    try {
      const hash = new GitHashKernel(HASH_SIZE[this.hashAlgorithm]);
      try {
        const deflate = new CompressionStream("deflate");
        const written = deflate.readable.pipeTo(
          new WritableStream({ write: (chunk: Uint8Array) => file.write(chunk) }),
        );
        const writer = deflate.writable.getWriter();
        let seen = 0;
        const put = async (bytes: Uint8Array): Promise<void> => {
          hash.update(bytes);
          await writer.write(bytes as Uint8Array<ArrayBuffer>);
        };
        try {
          await put(looseHeader(input.type, size));
          for await (const chunk of readChunks(chunks as AsyncIterable<Uint8Array<ArrayBuffer>>, signal)) {
            seen += chunk.length;
            if (seen > size) throw wrongSize(size, seen);
            await put(chunk);
          }
          if (seen !== size) throw wrongSize(size, seen);
          await writer.close();
          await written;
        } catch (error) {
          await writer.abort(error).catch(() => {});
          await written.catch(() => {});
          throw error;
        }
        const id = GitObjectId.from(hash.digest());
        this.#checkId(input.id, id);
        if (!await this.isStored(id)) {
          file.commit(joinPath(this.root, loosePath(id)), this.#durable);
        }
        return id;
      } finally {
        hash[Symbol.dispose]();
      }
    } finally {
      file[Symbol.dispose]();
    }
  }

  /** Ends the use of the store, which holds nothing open. */
  override [Symbol.asyncDispose](): Promise<void> {
    this.markClosed();
    return Promise.resolve();
  }
}
