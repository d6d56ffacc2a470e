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
import {
  checkByteSource,
  checkKeys,
  checkSignal,
  chunksOf,
  CorruptDataError,
  readChunks,
  toBytes,
  TruncatedDataError,
  UnsupportedFeatureError,
} from "@sluice/internal";
import type { ByteSource, BytesSource, ChunkSource, SluiceErrorCode } from "@sluice/internal";
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

const OPEN_KEYS: ReadonlySet<string> = new Set<keyof Lz4AesGcm>(["key"]);
const ENCRYPT_KEYS: ReadonlySet<string> = new Set<keyof Lz4AesGcmEncryptOptions>([
  "key",
  "chunkSize",
  "signal",
]);
const MAGIC = new TextEncoder().encode("S4GC");
const VERSION = 1;
const HEADER_SIZE = 16;
const RANDOM_OFFSET = 8;
const NONCE_SIZE = 12;
const TAG_SIZE = 16;
const [LOG_MIN, LOG_MAX, LOG_DEFAULT] = [12, 24, 16];
const LAST_BIT = 2 ** 31;
const LAST_CHUNK_MAX = LAST_BIT - 1;

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
  const decrypt = (index: number, last: boolean, sealed: Uint8Array<ArrayBuffer>): Promise<ArrayBuffer> =>
    crypto.subtle.decrypt(parameters(header, index, last), key, sealed);
  const open = async (index: number, sealed: Uint8Array<ArrayBuffer>): Promise<Uint8Array> => {
    const last = index === count - 1;
    try {
      return new Uint8Array(await decrypt(index, last, sealed));
    } catch {
      // A chunk of full size that belongs to the middle is at the end: what followed it is gone.
      const isCut = last && await decrypt(index, false, sealed).then(() => true, () => false);
      if (isCut) throw truncated(source.size);
      throw fault(
        "SEAL_MISMATCH",
        HEADER_SIZE + index * sealedSize,
        `chunk ${index} is not authentic: it was changed or moved, or encrypted with another key`,
      );
    }
  };
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
  const header = newHeader(options.chunkSize ?? 2 ** LOG_DEFAULT);
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

async function importKey(bytes: BytesSource, usage: "encrypt" | "decrypt"): Promise<CryptoKey> {
  const key = new Uint8Array(toBytes(bytes));
  if (key.length !== 16 && key.length !== 32) {
    throw new RangeError(`Cannot use the key: it has ${key.length} bytes, expected 16 or 32`);
  }
  return await crypto.subtle.importKey("raw", key, "AES-GCM", false, [usage]);
}

/** How Web Crypto opens or seals a chunk. */
function parameters(header: Uint8Array<ArrayBuffer>, index: number, last: boolean): AesGcmParams {
  const iv = new Uint8Array(NONCE_SIZE);
  iv.set(header.subarray(RANDOM_OFFSET));
  new DataView(iv.buffer).setUint32(HEADER_SIZE - RANDOM_OFFSET, index + (last ? LAST_BIT : 0));
  return { name: "AES-GCM", iv, additionalData: header, tagLength: 8 * TAG_SIZE };
}

const CHUNK_SIZES = Array.from({ length: LOG_MAX - LOG_MIN + 1 }, (_, i) => String(2 ** (LOG_MIN + i)));

function newHeader(chunkSize: number): Uint8Array<ArrayBuffer> {
  if (!CHUNK_SIZES.includes(String(chunkSize))) {
    throw new RangeError(
      `Cannot use option "chunkSize": it is ${chunkSize}, expected a power of two from ${2 ** LOG_MIN} to ${
        2 ** LOG_MAX
      }`,
    );
  }
  const header = crypto.getRandomValues(new Uint8Array(HEADER_SIZE));
  header.set(MAGIC);
  header.set([VERSION, Math.log2(chunkSize), 0, 0], MAGIC.length);
  return header;
}

function chunkSizeOf(header: Uint8Array): number {
  if (header.length < MAGIC.length || MAGIC.some((byte, i) => header[i] !== byte)) {
    throw fault("BAD_MAGIC", 0, 'it does not start with "S4GC"');
  }
  if (header.length < HEADER_SIZE) throw truncated(header.length);
  const [version, log, ...zeros] = header.subarray(MAGIC.length, RANDOM_OFFSET);
  if (version !== VERSION) {
    throw new UnsupportedFeatureError(
      `Cannot decrypt the source at byte ${MAGIC.length}: it has version ${version}, expected ${VERSION}`,
      { format: "lz4", code: "VERSION", offset: MAGIC.length },
    );
  }
  if (log! < LOG_MIN || log! > LOG_MAX || zeros.some((byte) => byte !== 0)) {
    throw fault("BAD_HEADER", MAGIC.length + 1, "its header has a value that no writer gives it");
  }
  return 2 ** log!;
}

function fault(code: SluiceErrorCode, offset: number, why: string): CorruptDataError {
  return new CorruptDataError(`Cannot decrypt the source at byte ${offset}: ${why}`, {
    format: "lz4",
    code,
    offset,
  });
}

function truncated(size: number): TruncatedDataError {
  return new TruncatedDataError(
    `Cannot decrypt the source at byte ${size}: it ends before its last chunk does`,
    {
      format: "lz4",
      code: "TRUNCATED",
      offset: size,
    },
  );
}
