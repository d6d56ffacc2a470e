/**
 * Loose objects of a server that gives away files.
 */
import { byteSourceFromUrl, NotFoundError } from "@sluice/internal";
import type { HttpSourceOptions } from "@sluice/internal";
import { hashOutsideObject } from "../object/_codec.ts";
import { idMismatch, objectNotFound, tooLarge } from "../object/_errors.ts";
import { checkReadOptions } from "../object/_options.ts";
import { KIND_OF_TYPE } from "../object/_object_kind.ts";
import { infoOf, MemoryObject } from "../object/_stored_object.ts";
import { decodeLoose, readLooseHeader } from "../loose/_loose_format.ts";
import type { GitObject, GitObjectInfo, GitReadOptions } from "../object/object.ts";
import { GitObjectId } from "../object/_object_id.ts";
import type { GitHashAlgorithm, GitIdLike } from "../object/_object_id.ts";

/** What an encoded object may take; larger ones are packed. */
const ENCODED_MAX = 256 << 20;
/** As much as comes with the first request. */
const FIRST_READ = 64 << 10;

/** A file of a server as a whole. */
export async function readWhole(
  url: URL,
  options: HttpSourceOptions,
  limit: number,
  signal?: AbortSignal,
): Promise<Uint8Array> {
  const source = await byteSourceFromUrl(url, {
    ...options,
    tailSize: FIRST_READ,
    maxWholeSize: limit,
    signal,
  });
  if (source.size > limit) throw tooLarge(`${url.pathname}`, source.size, limit);
  return await source.read(0, source.size);
}

/** Reads one object; every one is hashed, as it comes from outside. */
export class WebLoose {
  readonly #root: URL;
  readonly #options: HttpSourceOptions;
  readonly #algorithm: GitHashAlgorithm;

  /** `root` is the folder of objects. */
  constructor(root: URL, options: HttpSourceOptions, algorithm: GitHashAlgorithm) {
    this.#root = root;
    this.#options = options;
    this.#algorithm = algorithm;
  }

  async read(given: GitIdLike, options: GitReadOptions | undefined): Promise<GitObject> {
    checkReadOptions(options);
    const id = GitObjectId.from(given, this.#algorithm);
    const hex = `${id}`;
    const url = new URL(`${hex.slice(0, 2)}/${hex.slice(2)}`, this.#root);
    let encoded: Uint8Array;
    try {
      encoded = await readWhole(url, this.#options, ENCODED_MAX, options?.signal);
    } catch (error) {
      if (error instanceof NotFoundError) throw objectNotFound(id);
      throw error;
    }
    const header = readLooseHeader(encoded, `object ${id}`);
    const limit = options?.maxObjectSize ?? ENCODED_MAX;
    if (header.size > limit) throw tooLarge(`object ${id}`, header.size, limit);
    const bytes = decodeLoose(encoded, header, `object ${id}`);
    const actual = hashOutsideObject(header.type, bytes, this.#algorithm, options);
    if (!actual.equals(id)) throw idMismatch(id, actual);
    return new MemoryObject(
      { id, kind: KIND_OF_TYPE[header.type], size: bytes.length, storage: "loose" },
      bytes,
    );
  }

  async info(id: GitIdLike, options: GitReadOptions | undefined): Promise<GitObjectInfo> {
    const object = await this.read(id, options);
    return infoOf({ id: object.id, kind: KIND_OF_TYPE[object.type], size: object.size, storage: "loose" });
  }
}
