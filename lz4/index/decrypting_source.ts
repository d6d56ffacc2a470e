/**
 * Random access to encrypted bytes, for archives and decompressors over them.
 *
 * @module
 */
import { checkByteSource, checkInteger, checkRange, concatBytes, SluiceError } from "@sluice/internal";
import type { ByteSource } from "@sluice/internal";
import { AES_BLOCK, decryptAt } from "./_aes_ctr.ts";

/**
 * A source whose bytes go through a cipher that can start anywhere: `decrypt` gets the offset of the bytes it is given.
 *
 * @example A cipher of one's own
 * ```ts
 * import { decryptLz4Source } from "@sluice/lz4";
 * import { byteSourceFromBytes } from "@sluice/lz4";
 * import { assertEquals } from "@std/assert";
 *
 * const source = decryptLz4Source(
 *   byteSourceFromBytes(new Uint8Array([1, 2, 3])),
 *   (offset, bytes) => bytes.map((byte, i) => byte ^ (offset + i)),
 * );
 * assertEquals(await source.read(1, 2), new Uint8Array([3, 1]));
 * ```
 */
export function decryptLz4Source(
  source: ByteSource,
  decrypt: (offset: number, bytes: Uint8Array) => Uint8Array | Promise<Uint8Array>,
): ByteSource {
  checkByteSource(source);
  return {
    size: source.size,
    validator: source.validator,
    async read(offset, length, options): Promise<Uint8Array> {
      return await decrypt(offset, await source.read(offset, length, options));
    },
  };
}

/**
 * A source encrypted with AES in counter mode; `counter` is the 16-byte counter block of offset 0.
 *
 * @throws {RangeError} If the counter is not 16 bytes.
 *
 * @example From the middle of an encrypted file
 * ```ts
 * import { decryptLz4AesCtrSource } from "@sluice/lz4";
 * import { byteSourceFromBytes } from "@sluice/lz4";
 * import { assertEquals } from "@std/assert";
 *
 * const key = await crypto.subtle.generateKey({ name: "AES-CTR", length: 128 }, false, ["encrypt", "decrypt"]);
 * const counter = new Uint8Array(16);
 * const data = new Uint8Array(100).map((_, i) => i);
 * const sealed = await crypto.subtle.encrypt({ name: "AES-CTR", counter, length: 64 }, key, data);
 * const source = decryptLz4AesCtrSource(byteSourceFromBytes(sealed), key, counter);
 * assertEquals(await source.read(37, 3), new Uint8Array([37, 38, 39]));
 * ```
 */
export function decryptLz4AesCtrSource(source: ByteSource, key: CryptoKey, counter: Uint8Array): ByteSource {
  checkByteSource(source);
  if (counter.length !== AES_BLOCK) {
    throw new RangeError(`Cannot use the counter: it has ${counter.length} bytes, expected ${AES_BLOCK}`);
  }
  return decryptLz4Source(source, (offset, bytes) => decryptAt(key, counter, offset, bytes));
}

/** A file of chunks that were sealed one by one. */
export interface Lz4SealedChunks {
  /** Plain bytes of each chunk but the last. */
  readonly chunkSize: number;
  /** Bytes that sealing adds to a chunk. */
  readonly overhead: number;
  /** Opens a chunk; throws when it was changed. */
  readonly open: (index: number, sealed: Uint8Array<ArrayBuffer>) => Promise<Uint8Array>;
}

/**
 * A source whose chunks are authenticated: a read makes one read of the source and opens every chunk that it touches,
 * whole. The last chunk of a read is kept for the next one. `openLz4AesGcmSource` is the one with a format.
 *
 * @throws {SluiceError} With code "SOURCE_POSITION" if a chunk opens to another size than the layout says.
 *
 * @example AES-GCM, a nonce a chunk
 * ```ts
 * import { openLz4SealedSource } from "@sluice/lz4";
 * import { byteSourceFromBytes } from "@sluice/lz4";
 * import { assertEquals } from "@std/assert";
 *
 * const key = await crypto.subtle.generateKey({ name: "AES-GCM", length: 128 }, false, ["encrypt", "decrypt"]);
 * const algorithm = (index: number) => ({ name: "AES-GCM", iv: new Uint8Array(12).fill(index) });
 * const sealed = await crypto.subtle.encrypt(algorithm(0), key, new Uint8Array([1, 2, 3]));
 * const source = openLz4SealedSource(byteSourceFromBytes(sealed), {
 *   chunkSize: 4096,
 *   overhead: 16,
 *   open: async (index, bytes) =>
 *     new Uint8Array(await crypto.subtle.decrypt(algorithm(index), key, new Uint8Array(bytes))),
 * });
 * assertEquals(await source.read(1, 2), new Uint8Array([2, 3]));
 * ```
 */
export function openLz4SealedSource(source: ByteSource, layout: Lz4SealedChunks): ByteSource {
  checkByteSource(source);
  const chunkSize = checkInteger("chunkSize", layout.chunkSize, 1, 2 ** 30);
  const overhead = checkInteger("overhead", layout.overhead, 0, 2 ** 20);
  const sealedSize = chunkSize + overhead;
  const count = Math.ceil(source.size / sealedSize);
  const size = source.size - count * overhead;

  let kept: { readonly index: number; readonly plain: Uint8Array<ArrayBuffer> } | undefined;

  async function openChunk(
    index: number,
    sealed: Uint8Array<ArrayBuffer>,
  ): Promise<Uint8Array<ArrayBuffer>> {
    const plain = await layout.open(index, sealed);
    if (plain.length === sealed.length - overhead) return new Uint8Array(plain);
    throw new SluiceError(
      `Cannot read chunk ${index}: it opens to ${plain.length} bytes, expected ${sealed.length - overhead}`,
      { format: "lz4", code: "SOURCE_POSITION", offset: index * sealedSize },
    );
  }

  /** Chunks that follow each other, opened at the same time. */
  async function openChunks(
    first: number,
    last: number,
    signal: AbortSignal | undefined,
  ): Promise<Uint8Array<ArrayBuffer>[]> {
    const start = first * sealedSize;
    const end = Math.min((last + 1) * sealedSize, source.size);
    const sealed = new Uint8Array(await source.read(start, end - start, { signal }));
    const opening = Array.from({ length: last - first + 1 }, (_, i) => {
      return openChunk(first + i, sealed.slice(i * sealedSize, (i + 1) * sealedSize));
    });
    await Promise.allSettled(opening); // a read that fails leaves nothing under way
    return await Promise.all(opening);
  }

  return {
    size,
    validator: source.validator,
    async read(offset, length, options): Promise<Uint8Array> {
      checkRange(offset, length, size);
      if (length === 0) return new Uint8Array();
      const first = Math.floor(offset / chunkSize);
      const last = Math.floor((offset + length - 1) / chunkSize);
      const parts = kept?.index === first ? [kept.plain] : [];
      if (first + parts.length <= last) {
        parts.push(...await openChunks(first + parts.length, last, options?.signal));
      }
      kept = { index: last, plain: parts.at(-1)! };
      const start = offset - first * chunkSize;
      // A copy, so that whoever changes it does not change what is kept.
      return concatBytes(parts).slice(start, start + length);
    },
  };
}
