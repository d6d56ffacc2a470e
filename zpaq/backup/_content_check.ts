/**
 * Whether content that is restored has the second hash that the archive keeps of it, beside the SHA-1 of its fragments.
 */
import { zpaqHash } from "../kernel/archiving.ts";
import { ZPAQ_HASH } from "../kernel/hash.ts";
import { DigestFold } from "../archive/_second_hashes.ts";
import type { ZpaqArchiveEntry, ZpaqPiece } from "../archive/_types.ts";

/** A file of which some pieces came. */
interface Running {
  readonly fold: DigestFold;
  /** Where pieces start, as numbers of fragments. */
  readonly indexes: ReadonlyMap<number, number>;
}

/** The second hash that an archive keeps of a file. */
export function secondHashOf({ attributes }: Pick<ZpaqArchiveEntry, "attributes">): string | undefined {
  return attributes?.system === "unix" ? attributes.secondHash : undefined;
}

/** Checks of the files of one run. Each piece is a fragment. */
export class ContentCheck {
  readonly #running = new Map<ZpaqArchiveEntry, Running>();
  readonly #sizeOf: (id: number) => number;

  /** `sizeOf` says how large a fragment is. */
  constructor(sizeOf: (id: number) => number) {
    this.#sizeOf = sizeOf;
  }

  /** Takes a piece of a file, in whatever order; whether all is well so far. The last piece decides. */
  take({ entry, offset, bytes, last }: ZpaqPiece): boolean {
    const expected = secondHashOf(entry);
    if (expected === undefined) return true;
    const digest = zpaqHash(bytes, undefined, ZPAQ_HASH.sha256);
    if (entry.fragments.length <= 1) return digest.toHex() === expected;
    let running = this.#running.get(entry);
    if (running === undefined) {
      running = { fold: new DigestFold(), indexes: this.#indexesOf(entry) };
      this.#running.set(entry, running);
    }
    running.fold.put(running.indexes.get(offset)!, digest);
    if (!last) return true;
    this.#running.delete(entry);
    return running.fold.digest().toHex() === expected;
  }

  #indexesOf({ fragments }: ZpaqArchiveEntry): Map<number, number> {
    const indexes = new Map<number, number>();
    let offset = 0;
    for (const [i, id] of fragments.entries()) {
      indexes.set(offset, i);
      offset += this.#sizeOf(id);
    }
    return indexes;
  }
}
