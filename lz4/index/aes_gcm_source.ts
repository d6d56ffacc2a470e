/**
 * Files of chunks that are encrypted and authenticated one by one with AES-GCM: read at any offset, written as a stream.
 *
 * The format, S4GC: a header of 16 bytes is "S4GC", the version 1, the binary logarithm of the chunk size, two zero bytes
 * and 8 random bytes. Chunks follow, each its ciphertext and a tag of 16 bytes; all but the last hold the chunk size, the
 * last from one byte up to that, or none where there is no content. The nonce of a chunk is the 8 random bytes and its
 * number from 0 as a big-endian u32, whose highest bit is set for the last chunk; the header is additional data of all.
 *
 * @module
 */
import { checkByteSource, checkKeys, checkSignal, chunksOf, readChunks } from "@sluice/internal";
import type { ByteSource, BytesSource, ChunkSource } from "@sluice/internal";
import {
  CHUNK_SIZE_DEFAULT,
  chunkSizeOf,
  fault,
  HEADER_SIZE,
  importKey,
  LAST_CHUNK_MAX,
  newHeader,
  openChunk,
  parameters,
  TAG_SIZE,
  truncated,
} from "./_aes_gcm_chunks.ts";
import type { SealedFile } from "./_aes_gcm_chunks.ts";
import { openLz4SealedSource } from "./decrypting_source.ts";
import { sourcePart } from "./_source_part.ts";

/** The key of an encrypted file. */
export interface Lz4AesGcm {
  /** 16 or 32 bytes. It is safe for about a million files: each has its own nonces, of 64 random bits. */
  readonly key: BytesSource;
}

/** How content is encrypted. */
export interface Lz4AesGcmEncryptOptions extends Lz4AesGcm {
  /** Content bytes of a chunk, a power of two from 4 KiB to 16 MiB: the least that a read decrypts. @default {65536} */
  readonly chunkSize?: number | undefined;
  /** Gives encrypting up. */
  readonly signal?: AbortSignal | undefined;
}

/** How a stream is decrypted. */
export interface Lz4AesGcmDecryptOptions extends Lz4AesGcm {
  /** Gives decrypting up. */
  readonly signal?: AbortSignal | undefined;
}

const OPEN_KEYS: ReadonlySet<string> = new Set<keyof Lz4AesGcm>(["key"]);
const DECRYPT_KEYS: ReadonlySet<string> = new Set<keyof Lz4AesGcmDecryptOptions>(["key", "signal"]);
const ENCRYPT_KEYS: ReadonlySet<string> = new Set<keyof Lz4AesGcmEncryptOptions>([
  "key",
  "chunkSize",
  "signal",
]);
/**
 * The plain bytes of a source that `encryptLz4AesGcmIterable` or `sluice lz4 --encrypt` wrote, at any offset. A read
 * decrypts the chunks that it touches and returns only bytes that are authentic and where they belong. The last chunk is
 * decrypted at once, so that a source that was cut is found before its first byte is used.
 *
 * @throws {TypeError} If the source is none, or an option has the wrong type or is not known.
 * @throws {RangeError} If the key has another size.
 * @throws {CorruptDataError} With code "BAD_MAGIC" if the source is none of these; with "SEAL_MISMATCH", also from a read,
 *   at the offset of a chunk that was changed, moved, or encrypted with another key; with "BAD_HEADER" if the header makes
 *   no sense.
 * @throws {TruncatedDataError} If the source ends before its last chunk does.
 * @throws {UnsupportedFeatureError} With code "VERSION".
 *
 * @example Content from the middle
 * ```ts
 * import { byteSourceFromBytes, encryptLz4AesGcmIterable, openLz4AesGcmSource } from "@sluice/lz4";
 * import { assertEquals } from "@std/assert";
 *
 * const key = crypto.getRandomValues(new Uint8Array(32));
 * const content = new Uint8Array(200_000).map((_, i) => i);
 * const parts = await Array.fromAsync(encryptLz4AesGcmIterable(content, { key }));
 * const sealed = byteSourceFromBytes(await new Blob(parts).arrayBuffer());
 * const source = await openLz4AesGcmSource(sealed, { key });
 * assertEquals(await source.read(150_000, 3), content.slice(150_000, 150_003));
 * ```
 */
export async function openLz4AesGcmSource(source: ByteSource, how: Lz4AesGcm): Promise<ByteSource> {
  checkByteSource(source);
  checkKeys(how, OPEN_KEYS);
  const key = await importKey(how.key, "decrypt");
  const header = new Uint8Array(await source.read(0, Math.min(HEADER_SIZE, source.size)));
  const chunkSize = chunkSizeOf(header);
  const sealedSize = chunkSize + TAG_SIZE;
  const body = source.size - HEADER_SIZE;
  const count = Math.ceil(body / sealedSize);
  const lastSize = body - (count - 1) * sealedSize;
  if (count > LAST_CHUNK_MAX) throw fault("BAD_HEADER", 5, "its chunks are too small for its size");
  if (count === 0 || lastSize < TAG_SIZE || lastSize === TAG_SIZE && count > 1) throw truncated(source.size);
  const file: SealedFile = { header, key, sealedSize };
  const open = (index: number, sealed: Uint8Array<ArrayBuffer>): Promise<Uint8Array> =>
    openChunk(file, index, sealed, index === count - 1 ? source.size : undefined);
  const chunks = sourcePart(source, HEADER_SIZE, source.size);
  const plain = openLz4SealedSource(chunks, { chunkSize, overhead: TAG_SIZE, open });
  await open(count - 1, new Uint8Array(await chunks.read((count - 1) * sealedSize, lastSize)));
  return plain;
}

/**
 * Encrypts chunks as they come; `ReadableStream.from` makes a stream of the result. Nothing is read before the first
 * `next()`; one chunk is held. Every call draws new nonces, so that the same content never gives the same bytes.
 *
 * @throws {TypeError} If an option has the wrong type or is not known, or a chunk holds no bytes.
 * @throws {RangeError} If the key or the chunk size is none of those that are allowed, or the content has more than 2^31 - 1
 *   chunks.
 *
 * @example Compressed and encrypted
 * ```ts
 * import { byteSourceFromBytes, compressLz4Iterable, encryptLz4AesGcmIterable } from "@sluice/lz4";
 * import { Lz4Archive, openLz4AesGcmSource } from "@sluice/lz4";
 * import { assertEquals } from "@std/assert";
 *
 * const key = crypto.getRandomValues(new Uint8Array(32));
 * const compressed = compressLz4Iterable([new Uint8Array(100_000), new Uint8Array([7])]);
 * const stream = ReadableStream.from(encryptLz4AesGcmIterable(compressed, { key }));
 * const sealed = byteSourceFromBytes(await new Response(stream).bytes());
 * using archive = await Lz4Archive.open(await openLz4AesGcmSource(sealed, { key }));
 * assertEquals(await archive.read(100_000, 1), new Uint8Array([7]));
 * ```
 */
export async function* encryptLz4AesGcmIterable(
  source: ChunkSource,
  options: Lz4AesGcmEncryptOptions,
): AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined> {
  checkKeys(options, ENCRYPT_KEYS);
  const signal = checkSignal(options.signal);
  signal?.throwIfAborted();
  const chunks = chunksOf(source);
  const header = newHeader(options.chunkSize ?? CHUNK_SIZE_DEFAULT);
  const key = await importKey(options.key, "encrypt");
  const chunk = new Uint8Array(chunkSizeOf(header));
  let filled = 0;
  let index = 0;
  const seal = async (last: boolean): Promise<Uint8Array<ArrayBuffer>> => {
    if (index >= LAST_CHUNK_MAX) {
      throw new RangeError(
        `Cannot encrypt more than ${LAST_CHUNK_MAX} chunks: a larger "chunkSize" is expected`,
      );
    }
    const how = parameters(header, index++, last);
    return new Uint8Array(await crypto.subtle.encrypt(how, key, chunk.subarray(0, filled)));
  };
  yield header.slice();
  for await (const bytes of readChunks(chunks, signal)) {
    for (let at = 0; at < bytes.length;) {
      // A full chunk waits until it is known whether it is the last.
      if (filled === chunk.length) {
        yield await seal(false);
        filled = 0;
      }
      const part = bytes.subarray(at, at + chunk.length - filled);
      chunk.set(part, filled);
      filled += part.length;
      at += part.length;
    }
  }
  yield await seal(true);
}

/**
 * Decrypts what `encryptLz4AesGcmIterable` wrote as it comes, where it can't be read at any offset: from a pipe or a
 * response. A chunk is given when it is authentic; that nothing is missing is known at the end. One chunk is held.
 *
 * @throws {TypeError} If an option has the wrong type or is not known, or a chunk holds no bytes.
 * @throws {RangeError} If the key has another size.
 * @throws {CorruptDataError} As `openLz4AesGcmSource`.
 * @throws {TruncatedDataError} If the stream ends before its last chunk does.
 * @throws {UnsupportedFeatureError} With code "VERSION".
 *
 * @example There and back
 * ```ts
 * import { decryptLz4AesGcmIterable, encryptLz4AesGcmIterable } from "@sluice/lz4";
 * import { assertEquals } from "@std/assert";
 *
 * const key = crypto.getRandomValues(new Uint8Array(32));
 * const sealed = encryptLz4AesGcmIterable(new TextEncoder().encode("content"), { key });
 * const plain = await Array.fromAsync(decryptLz4AesGcmIterable(sealed, { key }));
 * assertEquals(await new Blob(plain).text(), "content");
 * ```
 */
export async function* decryptLz4AesGcmIterable(
  source: ChunkSource,
  options: Lz4AesGcmDecryptOptions,
): AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined> {
  checkKeys(options, DECRYPT_KEYS);
  const signal = checkSignal(options.signal);
  signal?.throwIfAborted();
  const chunks = chunksOf(source);
  const key = await importKey(options.key, "decrypt");
  let held: Uint8Array<ArrayBuffer> = new Uint8Array(HEADER_SIZE);
  let filled = 0;
  let file: SealedFile | undefined;
  let [index, end] = [0, 0];
  for await (const bytes of readChunks(chunks, signal)) {
    end += bytes.length;
    for (let at = 0; at < bytes.length;) {
      // A chunk of full size waits until it is known whether it is the last.
      if (filled === held.length) {
        if (file === undefined) {
          file = { header: held, key, sealedSize: chunkSizeOf(held) + TAG_SIZE };
          held = new Uint8Array(file.sealedSize);
        } else {
          if (index === LAST_CHUNK_MAX) throw fault("BAD_HEADER", 5, "its chunks are too small for its size");
          yield await openChunk(file, index++, held, undefined);
        }
        filled = 0;
      }
      const part = bytes.subarray(at, at + held.length - filled);
      held.set(part, filled);
      filled += part.length;
      at += part.length;
    }
  }
  if (file === undefined) {
    chunkSizeOf(held.subarray(0, filled));
    throw truncated(end);
  }
  if (filled < TAG_SIZE || filled === TAG_SIZE && index > 0) throw truncated(end);
  yield await openChunk(file, index, held.subarray(0, filled), end);
}
