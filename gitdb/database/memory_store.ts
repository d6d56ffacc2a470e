/**
 * Objects in memory.
 *
 * @module
 */
import { checkEnumerateOptions, checkReadOptions, checkWriteOptions } from "../object/_options.ts";
import { checkArgument, checkKeys, checkLimit, inTurn, isAnyIterable } from "@sluice/internal";
import { hashObject, hashOutsideObject } from "../object/_codec.ts";
import { idMismatch, objectNotFound } from "../object/_errors.ts";
import { bytesOfInput, bytesOfStream, isEncoded } from "../object/_inputs.ts";
import { checkPrefix } from "../object/_ids.ts";
import { decodeLoose, readLooseHeader } from "../loose/_loose_format.ts";
import { KIND_OF_TYPE, kindOfType } from "../object/_object_kind.ts";
import { infoOf, MemoryObject } from "../object/_stored_object.ts";
import type {
  GitEncodedInput,
  GitEnumerateOptions,
  GitObject,
  GitObjectInfo,
  GitObjectInput,
  GitObjectReader,
  GitObjectType,
  GitObjectWriter,
  GitReadOptions,
  GitWriteOptions,
} from "../object/object.ts";
import { GitObjectId } from "../object/object_id.ts";
import type { GitHashAlgorithm, GitIdLike } from "../object/object_id.ts";
import { GitObjectStore } from "../object/object_store.ts";

const MEMORY_OPTIONS: ReadonlySet<string> = new Set(["hashAlgorithm"]);

/**
 * A store in memory: to collect objects before they are written, or for tests.
 *
 * @example Collecting, then copying what is missing
 * ```ts
 * import { GitMemoryStore } from "@sluice/gitdb";
 * import { assertEquals } from "@std/assert";
 *
 * const from = new GitMemoryStore();
 * const id = await from.write({ type: "blob", body: "text" });
 * const to = new GitMemoryStore();
 * assertEquals(await from.copyTo(to, [id]), 1);
 * assertEquals(await from.copyTo(to, [id]), 0);
 * assertEquals(await (await to.read(id)).text(), "text");
 * ```
 */
export class GitMemoryStore extends GitObjectStore implements GitObjectWriter {
  /** The hash that names its objects. */
  readonly hashAlgorithm: GitHashAlgorithm;
  readonly #objects = new Map<
    string,
    { readonly id: GitObjectId; readonly type: GitObjectType; readonly bytes: Uint8Array<ArrayBuffer> }
  >();

  /** An empty store. */
  constructor(options: { readonly hashAlgorithm?: GitHashAlgorithm | undefined } = {}) {
    super();
    checkKeys(options, MEMORY_OPTIONS);
    this.hashAlgorithm = options.hashAlgorithm ?? "sha1";
  }

  #find(id: GitIdLike): { facts: Parameters<typeof infoOf>[0]; bytes: Uint8Array<ArrayBuffer> } {
    this.checkOpen();
    const known = GitObjectId.from(id, this.hashAlgorithm);
    const object = this.#objects.get(`${known}`);
    if (object === undefined) throw objectNotFound(known);
    const { type, bytes } = object;
    return {
      facts: { id: object.id, kind: KIND_OF_TYPE[type], size: bytes.length, storage: "memory" },
      bytes,
    };
  }

  /** Facts about an object. */
  override info(id: GitIdLike, options?: GitReadOptions): Promise<GitObjectInfo> {
    return new Promise((resolve) => {
      checkReadOptions(options);
      resolve(infoOf(this.#find(id).facts));
    });
  }

  /** An object to read. */
  override read(id: GitIdLike, options?: GitReadOptions): Promise<GitObject> {
    return new Promise((resolve) => {
      checkReadOptions(options);
      const { facts, bytes } = this.#find(id);
      resolve(new MemoryObject(facts, bytes));
    });
  }

  /** The ids of all objects. */
  override async *ids(options?: GitEnumerateOptions): AsyncGenerator<GitObjectId> {
    checkEnumerateOptions(options);
    this.checkOpen();
    yield* [...this.#objects.values()].map(({ id }) => id).sort(GitObjectId.compare);
  }

  /** Ids that start with these hex digits, in order, at most `limit`. */
  override async candidates(prefix: string, limit: number = Infinity): Promise<GitObjectId[]> {
    this.checkOpen();
    checkLimit("limit", limit);
    const wanted = checkPrefix(prefix, this.hashAlgorithm, 2);
    const found = [...this.#objects.entries()].filter(([hex]) => hex.startsWith(wanted));
    return await Promise.resolve(found.map(([, { id }]) => id).sort(GitObjectId.compare).slice(0, limit));
  }

  /** Stores an object; returns its id. */
  async write(input: GitObjectInput | GitEncodedInput, options?: GitWriteOptions): Promise<GitObjectId> {
    this.checkOpen();
    checkWriteOptions(options);
    options?.signal?.throwIfAborted();
    let type: GitObjectType;
    let bytes: Uint8Array;
    if (isEncoded(input)) {
      const encoded = input.encoded instanceof Uint8Array
        ? input.encoded
        : await bytesOfStream(input.encoded);
      const header = readLooseHeader(encoded, "an encoded object");
      type = header.type;
      bytes = decodeLoose(encoded, header, "an encoded object");
    } else {
      kindOfType(input.type);
      type = input.type;
      bytes = await bytesOfInput(input, this.hashAlgorithm);
    }
    const id = await inTurn(() =>
      isEncoded(input)
        ? hashOutsideObject(type, bytes, this.hashAlgorithm, input)
        : hashObject(type, bytes, this.hashAlgorithm)
    );
    if (input.id !== undefined) {
      const wanted = GitObjectId.from(input.id, this.hashAlgorithm);
      if (!wanted.equals(id)) throw idMismatch(wanted, id);
    }
    if (!this.#objects.has(`${id}`)) this.#objects.set(`${id}`, { id, type, bytes: bytes.slice() });
    return id;
  }

  /** Copies objects that `target` lacks; returns how many those were. */
  async copyTo(target: GitObjectReader & GitObjectWriter, ids: Iterable<GitIdLike>): Promise<number> {
    checkArgument(typeof target?.write === "function", "copy objects", target, "a store that can be written");
    checkArgument(isAnyIterable(ids) && Symbol.iterator in ids, "copy objects", ids, "an iterable of ids");
    let copied = 0;
    for (const id of ids) {
      const { facts, bytes } = this.#find(id);
      const present = await target.has(facts.id);
      // Writing what is there marks it as in use.
      await target.write({ type: infoOf(facts).type, body: bytes, id: facts.id, strict: false });
      if (!present) copied++;
    }
    return copied;
  }

  /** Forgets all objects. */
  override [Symbol.asyncDispose](): Promise<void> {
    this.markClosed();
    this.#objects.clear();
    return Promise.resolve();
  }
}
