/**
 * The chunks of S4GC files: their header, their nonces, and what is wrong with them.
 */
import { CorruptDataError, toBytes, TruncatedDataError, UnsupportedFeatureError } from "@sluice/internal";
import type { BytesSource, SluiceErrorCode } from "@sluice/internal";

const MAGIC = new TextEncoder().encode("S4GC");
const VERSION = 1;
/** Bytes before the first chunk. */
export const HEADER_SIZE = 16;
const RANDOM_OFFSET = 8;
const NONCE_SIZE = 12;
/** Bytes that sealing adds to a chunk. */
export const TAG_SIZE = 16;
const [LOG_MIN, LOG_MAX] = [12, 24];
/** Content of a chunk unless told otherwise. */
export const CHUNK_SIZE_DEFAULT = 2 ** 16;
const LAST_BIT = 2 ** 31;
/** The highest number of a chunk. */
export const LAST_CHUNK_MAX = LAST_BIT - 1;

/** A file whose chunks are opened. */
export interface SealedFile {
  readonly header: Uint8Array<ArrayBuffer>;
  readonly key: CryptoKey;
  /** Bytes of each chunk but the last, sealed. */
  readonly sealedSize: number;
}

/**
 * The content of a chunk; `end` is where the file ends, known with its last chunk.
 *
 * @throws {CorruptDataError} With code "SEAL_MISMATCH" if it is not authentic.
 * @throws {TruncatedDataError} If it is the last, but belongs to the middle: what followed it is gone.
 */
export async function openChunk(
  { header, key, sealedSize }: SealedFile,
  index: number,
  sealed: Uint8Array<ArrayBuffer>,
  end: number | undefined,
): Promise<Uint8Array<ArrayBuffer>> {
  const last = end !== undefined;
  const decrypt = (last: boolean): Promise<ArrayBuffer> =>
    crypto.subtle.decrypt(parameters(header, index, last), key, sealed);
  try {
    return new Uint8Array(await decrypt(last));
  } catch {
    if (last && await decrypt(false).then(() => true, () => false)) throw truncated(end);
    throw fault(
      "SEAL_MISMATCH",
      HEADER_SIZE + index * sealedSize,
      `chunk ${index} is not authentic: it was changed or moved, or encrypted with another key`,
    );
  }
}

/** A key for Web Crypto. */
export async function importKey(bytes: BytesSource, usage: "encrypt" | "decrypt"): Promise<CryptoKey> {
  const key = new Uint8Array(toBytes(bytes));
  if (key.length !== 16 && key.length !== 32) {
    throw new RangeError(`Cannot use the key: it has ${key.length} bytes, expected 16 or 32`);
  }
  return await crypto.subtle.importKey("raw", key, "AES-GCM", false, [usage]);
}

/** How Web Crypto opens or seals a chunk. */
export function parameters(header: Uint8Array<ArrayBuffer>, index: number, last: boolean): AesGcmParams {
  const iv = new Uint8Array(NONCE_SIZE);
  iv.set(header.subarray(RANDOM_OFFSET));
  new DataView(iv.buffer).setUint32(HEADER_SIZE - RANDOM_OFFSET, index + (last ? LAST_BIT : 0));
  return { name: "AES-GCM", iv, additionalData: header, tagLength: 8 * TAG_SIZE };
}

const CHUNK_SIZES = Array.from({ length: LOG_MAX - LOG_MIN + 1 }, (_, i) => String(2 ** (LOG_MIN + i)));

/** The header of a new file. */
export function newHeader(chunkSize: number): Uint8Array<ArrayBuffer> {
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

/** Content bytes of each chunk but the last, by a header. */
export function chunkSizeOf(header: Uint8Array): number {
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

/** The error for a file that is not what it was. */
export function fault(code: SluiceErrorCode, offset: number, why: string): CorruptDataError {
  return new CorruptDataError(`Cannot decrypt the source at byte ${offset}: ${why}`, {
    format: "lz4",
    code,
    offset,
  });
}

/** The error for a file that was cut at `size`. */
export function truncated(size: number): TruncatedDataError {
  return new TruncatedDataError(
    `Cannot decrypt the source at byte ${size}: it ends before its last chunk does`,
    {
      format: "lz4",
      code: "TRUNCATED",
      offset: size,
    },
  );
}
