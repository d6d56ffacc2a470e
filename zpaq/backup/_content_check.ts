/**
 * Whether content that is restored has the SHA-256 that the archive keeps of it, beside the SHA-1 of its fragments.
 */
import { zpaqHash } from "../kernel/archiving.ts";
import { ZPAQ_HASH, ZpaqHashKernel } from "../kernel/hash.ts";
import type { ZpaqArchiveEntry, ZpaqPiece } from "../archive/_types.ts";

/** A file of which some pieces came. */
interface Running {
  readonly hash: ZpaqHashKernel;
  /** Where the next piece is to start; undefined once one came out of order. */
  next: number | undefined;
}

/** The SHA-256 that an archive keeps of a file. */
export function sha256Of({ attributes }: Pick<ZpaqArchiveEntry, "attributes">): string | undefined {
  return attributes?.system === "unix" ? attributes.sha256 : undefined;
}

/** Checks of the files of one run. */
export class ContentCheck {
  readonly #running = new Map<ZpaqArchiveEntry, Running>();

  /** Takes the next piece of a file; whether all is well so far. The last piece decides. */
  async take({ entry, offset, bytes, last }: ZpaqPiece): Promise<boolean> {
    const expected = sha256Of(entry);
    if (expected === undefined) return true;
    let running = this.#running.get(entry);
    if (running === undefined) {
      if (last) return zpaqHash(bytes, undefined, ZPAQ_HASH.sha256).toHex() === expected;
      running = { hash: new ZpaqHashKernel(undefined, ZPAQ_HASH.sha256), next: 0 };
      this.#running.set(entry, running);
    }
    if (running.next === offset) {
      running.hash.update(bytes);
      running.next += bytes.length;
    } else running.next = undefined;
    if (!last) return true;
    this.#running.delete(entry);
    try {
      // Content whose pieces lie in another order in the archive is read once more.
      if (running.next === undefined) return await hashOf(entry.body) === expected;
      return running.hash.digest().toHex() === expected;
    } finally {
      running.hash.close();
    }
  }

  /** Frees what files hold that did not end. */
  close(): void {
    for (const { hash } of this.#running.values()) hash.close();
    this.#running.clear();
  }
}

async function hashOf(content: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<string> {
  const hash = new ZpaqHashKernel(undefined, ZPAQ_HASH.sha256);
  try {
    for await (const bytes of content) hash.update(bytes);
    return hash.digest().toHex();
  } finally {
    hash.close();
  }
}
