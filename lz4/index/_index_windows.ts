/**
 * The histories of an index: at hand, or left in the index's own file until a read needs one.
 */
import { lz4Xxh32 } from "../kernel/blocks.ts";
import { CorruptDataError } from "@sluice/internal";
import type { ByteSource } from "@sluice/internal";
import { unpackWindow } from "../codec/_checkpoint_format.ts";
import type { IndexModel, IndexPoint, StoredWindow, StoredWindowReader } from "./_index_model.ts";
import { ByteReader } from "../frame/_varint.ts";

const CACHE_SIZE = 4 << 20;

/** Reads windows from an index's file and keeps the last 4 MiB of them. */
export class WindowSource implements StoredWindowReader {
  readonly #source: ByteSource;
  readonly #cache = new Map<number, Uint8Array<ArrayBuffer>>();
  #cached = 0;

  constructor(source: ByteSource) {
    this.#source = source;
  }

  /** The packed bytes of a window. */
  async read(window: StoredWindow): Promise<Uint8Array<ArrayBuffer>> {
    const kept = this.#cache.get(window.offset);
    if (kept !== undefined) return kept;
    const bytes = new Uint8Array(await this.#source.read(window.offset, window.size));
    checkWindow(bytes, window.hash, window.offset);
    this.#cache.set(window.offset, bytes);
    this.#cached += bytes.length;
    for (const [offset, { length }] of this.#cache) {
      if (this.#cached <= CACHE_SIZE) break;
      this.#cache.delete(offset);
      this.#cached -= length;
    }
    return bytes;
  }
}

/** Refuses packed bytes that are not the ones that were written. */
export function checkWindow(bytes: Uint8Array, hash: number, offset: number): void {
  if (lz4Xxh32(bytes, 0, bytes.length, 0, undefined) === hash) return;
  throw new CorruptDataError(
    `Cannot read an lz4 index at byte ${offset}: a window does not match its checksum`,
    { format: "lz4", code: "INDEX_INVALID", offset },
  );
}

/** The window of a point, restored, from the index's file where it is there; empty where its blocks need none. */
export async function readWindow(model: IndexModel, point: IndexPoint): Promise<Uint8Array<ArrayBuffer>> {
  const { window } = point;
  if (window === undefined) return new Uint8Array();
  return unpack(window instanceof Uint8Array ? window : await model.windowSource!.read(window));
}

function unpack(packed: Uint8Array): Uint8Array<ArrayBuffer> {
  const fail = (field: string, state: string): Error =>
    new CorruptDataError(`Cannot read an lz4 index: ${field} ${state}`, {
      format: "lz4",
      code: "INDEX_INVALID",
    });
  return unpackWindow(new ByteReader(packed, fail));
}
