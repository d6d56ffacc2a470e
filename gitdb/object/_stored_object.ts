/**
 * Objects whose body is in memory, or comes from a stream that is opened when it is asked for.
 */
import { concatBytes } from "@sluice/internal";
import { idMismatch, tooLarge } from "./_errors.ts";
import { hashOutsideObject } from "./_codec.ts";
import { TYPE_OF_KIND } from "./_object_kind.ts";
import type { GitObject, GitObjectInfo, GitObjectType, GitReadOptions, PackedPlace } from "./object.ts";
import type { GitObjectId } from "./_object_id.ts";

/** Bodies that are made in one piece are not larger than this, unless a caller says so: 1.5 kB may expand to 2 GiB. */
const MAX_OBJECT_SIZE = 256 << 20;
/** What can be made in one piece at most, for work that needs the whole. */
export const WHOLE_OBJECT_MAX = 2 ** 31;
const REMEDY = 'read "body" as a stream, or raise "maxObjectSize"';

/** Facts for one object. */
export interface Facts {
  readonly id: GitObjectId;
  readonly kind: number;
  readonly size: number;
  readonly storage: GitObjectInfo["storage"];
  readonly packed?: PackedPlace | undefined;
}

abstract class BaseObject implements GitObject {
  readonly id: GitObjectId;
  readonly type: GitObjectType;
  readonly size: number;
  readonly storage: GitObjectInfo["storage"];
  readonly packed: PackedPlace | undefined;
  #body: ReadableStream<Uint8Array<ArrayBuffer>> | undefined;

  constructor(facts: Facts) {
    this.id = facts.id;
    this.type = TYPE_OF_KIND[facts.kind]!;
    this.size = facts.size;
    this.storage = facts.storage;
    this.packed = facts.packed;
  }

  get body(): ReadableStream<Uint8Array<ArrayBuffer>> {
    return this.#body ??= this.openBody();
  }

  protected abstract openBody(): ReadableStream<Uint8Array<ArrayBuffer>>;
  abstract bytes(options?: GitReadOptions): Promise<Uint8Array<ArrayBuffer>>;

  async text(options?: GitReadOptions): Promise<string> {
    return new TextDecoder().decode(await this.bytes(options));
  }

  protected check(bytes: Uint8Array, options: GitReadOptions | undefined): void {
    if (options?.verifyChecksums !== true) return;
    const actual = hashOutsideObject(this.type, bytes, this.id.algorithm, options);
    if (!actual.equals(this.id)) throw idMismatch(this.id, actual);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#body !== undefined && !this.#body.locked) await this.#body.cancel();
  }
}

/** An object whose body is at hand. */
export class MemoryObject extends BaseObject {
  readonly #bytes: Uint8Array<ArrayBuffer>;

  constructor(facts: Facts, bytes: Uint8Array<ArrayBuffer>) {
    super(facts);
    this.#bytes = bytes;
  }

  /** The body, without a promise around it. */
  get view(): Uint8Array<ArrayBuffer> {
    return this.#bytes;
  }

  protected override openBody(): ReadableStream<Uint8Array<ArrayBuffer>> {
    const bytes = this.#bytes;
    return new ReadableStream({
      type: "bytes",
      pull(controller): void {
        // A copy: a byte stream detaches what it is given, and other objects lie in the same memory.
        if (bytes.length > 0) controller.enqueue(bytes.slice());
        controller.close();
        controller.byobRequest?.respond(0);
      },
    });
  }

  override bytes(options?: GitReadOptions): Promise<Uint8Array<ArrayBuffer>> {
    if (options === undefined && this.size <= MAX_OBJECT_SIZE) return Promise.resolve(this.#bytes);
    const limit = options?.maxObjectSize ?? MAX_OBJECT_SIZE;
    return new Promise((resolve) => {
      if (this.size > limit) throw tooLarge(`object ${this.id}`, this.size, limit, REMEDY);
      this.check(this.#bytes, options);
      resolve(this.#bytes);
    });
  }
}

/** Opens the body of an object. */
export type BodyOpener = (options: GitReadOptions) => ReadableStream<Uint8Array<ArrayBuffer>>;

/** An object that is too large to be made ahead. */
export class StreamedObject extends BaseObject {
  readonly #open: BodyOpener;
  readonly #options: GitReadOptions;
  readonly #readWhole: ((options: GitReadOptions) => Promise<Uint8Array<ArrayBuffer>>) | undefined;

  constructor(
    facts: Facts,
    options: GitReadOptions,
    open: BodyOpener,
    readWhole?: (options: GitReadOptions) => Promise<Uint8Array<ArrayBuffer>>,
  ) {
    super(facts);
    this.#open = open;
    this.#options = options;
    this.#readWhole = readWhole;
  }

  protected override openBody(): ReadableStream<Uint8Array<ArrayBuffer>> {
    return this.#open(this.#options);
  }

  override async bytes(options?: GitReadOptions): Promise<Uint8Array<ArrayBuffer>> {
    const merged = { ...this.#options, ...options };
    const limit = merged.maxObjectSize ?? MAX_OBJECT_SIZE;
    if (this.size > limit) throw tooLarge(`object ${this.id}`, this.size, limit, REMEDY);
    let bytes: Uint8Array<ArrayBuffer>;
    if (this.#readWhole !== undefined) {
      bytes = await this.#readWhole(merged);
    } else {
      const chunks: Uint8Array<ArrayBuffer>[] = [];
      for await (const chunk of this.#open(merged)) chunks.push(chunk);
      bytes = concatBytes(chunks);
    }
    this.check(bytes, merged);
    return bytes;
  }
}

/** Facts alone. */
export function infoOf(facts: Facts): GitObjectInfo {
  return {
    id: facts.id,
    type: TYPE_OF_KIND[facts.kind]!,
    size: facts.size,
    storage: facts.storage,
    packed: facts.packed,
  };
}
