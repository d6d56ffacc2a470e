/**
 * Files with holes: blocks of zeros are passed over instead of written.
 */
import { writeAll } from "./io.ts";

/** Zeros are looked for in pieces of this size, a multiple of every file system's block. */
const SEGMENT_SIZE = 32 << 10;

/** Writes a file from its start and leaves holes where whole segments are zero. */
export class SparseWriter {
  readonly #file: Deno.FsFile;
  #position = 0;
  /** Zeros before the position that are not in the file yet. */
  #hole = 0;

  /** A writer for an empty file, which stays the caller's. */
  constructor(file: Deno.FsFile) {
    this.#file = file;
  }

  /** Appends bytes. */
  async write(bytes: Uint8Array): Promise<void> {
    let at = 0;
    while (at < bytes.length) {
      const zero = isZero(bytes, at);
      let end = at;
      do end = Math.min(end + SEGMENT_SIZE, bytes.length); while (
        end < bytes.length && isZero(bytes, end) === zero
      );
      if (zero) {
        this.#hole += end - at;
      } else {
        if (this.#hole > 0) await this.#file.seek(this.#hole, Deno.SeekMode.Current);
        this.#hole = 0;
        await writeAll(this.#file, bytes.subarray(at, end));
      }
      this.#position += end - at;
      at = end;
    }
  }

  /** Gives the file its full length when it ends with a hole. */
  async finish(): Promise<void> {
    if (this.#hole > 0) await this.#file.truncate(this.#position);
  }
}

/** Whether the segment at `at` holds nothing but zeros. */
function isZero(bytes: Uint8Array, at: number): boolean {
  const end = Math.min(at + SEGMENT_SIZE, bytes.length);
  if (bytes[at] !== 0 || bytes[end - 1] !== 0) return false;
  const segment = bytes.subarray(at, end);
  const aligned = (segment.byteOffset & 3) === 0;
  if (!aligned) return segment.every((byte) => byte === 0);
  const words = new Int32Array(segment.buffer, segment.byteOffset, segment.length >>> 2);
  for (let i = 0; i < words.length; i++) if (words[i] !== 0) return false;
  for (let i = segment.length & ~3; i < segment.length; i++) if (segment[i] !== 0) return false;
  return true;
}
