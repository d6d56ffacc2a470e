/**
 * Names of objects; public through object_id.ts.
 */
import { checkArgument, describe } from "@sluice/internal";

/** The hash that names objects: ids of 20 or of 32 bytes. */
export type GitHashAlgorithm = "sha1" | "sha256";

/** What an id can be given as: the class, hex digits, or raw bytes. */
export type GitIdLike = GitObjectId | string | Uint8Array;

/** Bytes of an id by algorithm. */
export const HASH_SIZE: Readonly<Record<GitHashAlgorithm, number>> = { sha1: 20, sha256: 32 };

/**
 * The name of an object: the hash of its type, size and body. Immutable.
 *
 * @example From hex and back
 * ```ts
 * import { GitObjectId } from "@sluice/gitdb";
 * import { assert, assertEquals } from "@std/assert";
 *
 * const id = GitObjectId.from("e69de29bb2d1d6434b8b29ae775ad8c2e48c5391");
 * assertEquals(id.bytes.length, 20);
 * assertEquals(`${id}`, "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391");
 * assert(id.equals(GitObjectId.from(id.bytes)));
 * ```
 */
export class GitObjectId {
  /** Which hash made it. */
  readonly algorithm: GitHashAlgorithm;
  /** The raw bytes; not to be written to. */
  readonly bytes: Uint8Array;
  #hex: string | undefined;

  private constructor(bytes: Uint8Array, hex: string | undefined) {
    this.bytes = bytes;
    this.algorithm = bytes.length === HASH_SIZE.sha1 ? "sha1" : "sha256";
    this.#hex = hex;
  }

  /**
   * Makes an id of hex digits or raw bytes, which are kept without copying.
   *
   * @throws {TypeError} If it is neither.
   * @throws {RangeError} If it is no full id, or not of `algorithm`.
   */
  static from(value: GitIdLike, algorithm?: GitHashAlgorithm): GitObjectId {
    const id = value instanceof GitObjectId ? value : GitObjectId.#parse(value);
    if (algorithm !== undefined && id.algorithm !== algorithm) {
      throw new RangeError(`Cannot use the id ${id}: it is of ${id.algorithm}, expected ${algorithm}`);
    }
    return id;
  }

  static #parse(value: unknown): GitObjectId {
    if (typeof value === "string") {
      const isFull = value.length === 2 * HASH_SIZE.sha1 || value.length === 2 * HASH_SIZE.sha256;
      if (!isFull || !/^[0-9a-fA-F]+$/.test(value)) {
        throw new RangeError(`Cannot read the id "${value.slice(0, 80)}": expected 40 or 64 hex digits`);
      }
      const bytes = new Uint8Array(value.length / 2);
      for (let i = 0; i < bytes.length; i++) bytes[i] = parseInt(value.slice(2 * i, 2 * i + 2), 16);
      return new GitObjectId(bytes, value.toLowerCase());
    }
    if (!(value instanceof Uint8Array)) {
      throw new TypeError(`Cannot read an id: it is ${describe(value)}, expected a string or bytes`);
    }
    if (value.length !== HASH_SIZE.sha1 && value.length !== HASH_SIZE.sha256) {
      throw new RangeError(`Cannot read an id: it has ${value.length} bytes, expected 20 or 32`);
    }
    return new GitObjectId(value, undefined);
  }

  /** The id of nothing: all bytes zero. */
  static zero(algorithm: GitHashAlgorithm = "sha1"): GitObjectId {
    return new GitObjectId(new Uint8Array(HASH_SIZE[algorithm]), undefined);
  }

  /** Less than, equal to or greater than zero, in the order of the bytes. */
  static compare(left: GitObjectId, right: GitObjectId): -1 | 0 | 1 {
    const length = Math.min(left.bytes.length, right.bytes.length);
    for (let i = 0; i < length; i++) {
      const difference = left.bytes[i]! - right.bytes[i]!;
      if (difference !== 0) return difference < 0 ? -1 : 1;
    }
    return Math.sign(left.bytes.length - right.bytes.length) as -1 | 0 | 1;
  }

  /** Whether both name the same object. */
  equals(other: GitObjectId): boolean {
    checkArgument(other instanceof GitObjectId, "compare ids", other, "a GitObjectId");
    return GitObjectId.compare(this, other) === 0;
  }

  /** The hex digits, in lower case. */
  toString(): string {
    return this.#hex ??= toHex(this.bytes);
  }

  /** The hex digits, for JSON. */
  toJSON(): string {
    return this.toString();
  }
}

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

function toHex(bytes: Uint8Array): string {
  let hex = "";
  for (let i = 0; i < bytes.length; i++) hex += HEX[bytes[i]!];
  return hex;
}
