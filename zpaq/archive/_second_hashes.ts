/**
 * A second hash of fragments, so that content which was made to have the SHA-1 of other content is not taken for it.
 */
import { toHex } from "@sluice/internal";
import { zpaqHash } from "../kernel/archiving.ts";
import { ZPAQ_HASH } from "../kernel/hash.ts";
import type { ZpaqArchive } from "./archive.ts";

const SIZE = 32;

/**
 * The second hash of a file from those of its fragments: the SHA-256 of its one fragment, or that of the SHA-256 of all of
 * them one after the other. Fragments can be hashed in the order in which an archive has them, however a file refers to
 * them.
 */
export class DigestFold {
  #digests = new Uint8Array(SIZE);
  #count = 0;

  /** Takes the SHA-256 of the next fragment. */
  add(digest: Uint8Array): void {
    this.put(this.#count, digest);
  }

  /** Takes the SHA-256 of a fragment. */
  put(index: number, digest: Uint8Array): void {
    const end = SIZE * (index + 1);
    if (end > this.#digests.length) {
      const larger = new Uint8Array(Math.max(end, 2 * this.#digests.length));
      larger.set(this.#digests);
      this.#digests = larger;
    }
    this.#digests.set(digest, SIZE * index);
    this.#count = Math.max(this.#count, index + 1);
  }

  /** The hash of all fragments. */
  digest(): Uint8Array<ArrayBuffer> {
    const all = this.#digests.subarray(0, SIZE * this.#count);
    return this.#count === 1 ? all : zpaqHash(all, undefined, ZPAQ_HASH.sha256);
  }
}

/** SHA-256 of fragments, as far as they are known. */
export class SecondHashes {
  readonly #archive: ZpaqArchive | undefined;
  /** Those of the fragments of this update, one after the other. */
  #added = new Uint8Array(SIZE * 64);
  #first = 1;
  #count = 0;
  /** Those of the archive: of files that are one fragment. */
  #known: Map<number, string> | undefined;

  constructor(archive: ZpaqArchive | undefined) {
    this.#archive = archive;
  }

  /** Takes in the fragment that follows the last; the first may have any id. */
  add(id: number, digest: Uint8Array): void {
    if (this.#count === 0) this.#first = id;
    const at = SIZE * this.#count++;
    if (at + SIZE > this.#added.length) {
      const larger = new Uint8Array(2 * this.#added.length);
      larger.set(this.#added);
      this.#added = larger;
    }
    this.#added.set(digest, at);
  }

  /** The SHA-256 of a fragment in hexadecimal; undefined where it is not known. */
  of(id: number): string | undefined {
    const index = id - this.#first;
    if (this.#count > 0 && index >= 0) return toHex(this.#added.subarray(SIZE * index, SIZE * (index + 1)));
    return (this.#known ??= this.#load()).get(id);
  }

  /** Whether a fragment is known to have another SHA-256. */
  differs(id: number, digest: Uint8Array): boolean {
    const index = id - this.#first;
    if (this.#count === 0 || index < 0) {
      const known = this.of(id);
      return known !== undefined && known !== toHex(digest);
    }
    for (let i = 0; i < SIZE; i++) if (this.#added[SIZE * index + i] !== digest[i]) return true;
    return false;
  }

  #load(): Map<number, string> {
    const known = new Map<number, string>();
    for (const { fragments, attributes } of this.#archive?.entries() ?? []) {
      if (fragments.length !== 1 || attributes?.system !== "unix" || attributes.secondHash === undefined) {
        continue;
      }
      known.set(fragments[0]!, attributes.secondHash);
    }
    return known;
  }
}
