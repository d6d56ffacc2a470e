/**
 * Sources that were encrypted with AES in counter mode, by a key or by a password as `openssl enc` takes it.
 *
 * @module
 */
import {
  checkByteSource,
  checkChoice,
  checkInteger,
  checkKeys,
  checkSignal,
  chunksOf,
  CorruptDataError,
  describe,
  readChunks,
  toBytes,
} from "@sluice/internal";
import type { ByteSource, BytesSource, ChunkSource } from "@sluice/internal";
import { decryptAt } from "./_aes_ctr.ts";
import { decryptLz4AesCtrSource } from "./decrypting_source.ts";
import { sourcePart } from "./_source_part.ts";

/** A key and the counter block of the first byte. */
export interface Lz4AesCtrKey {
  /** 16 or 32 bytes. */
  readonly key: BytesSource;
  /** 16 bytes. */
  readonly iv: BytesSource;
}

/** A password, for sources that start with the salt that `openssl enc -pbkdf2` writes. */
export interface Lz4AesCtrPassword {
  /** The password: a text, which is taken as UTF-8, or its bytes. */
  readonly password: string | BytesSource;
  /** Which cipher: `-aes-128-ctr` or `-aes-256-ctr`. @default {256} */
  readonly keyBits?: 128 | 256 | undefined;
  /** The value of `-iter`. @default {10000} */
  readonly iterations?: number | undefined;
}

/** How a source is encrypted. */
export type Lz4AesCtr = Lz4AesCtrKey | Lz4AesCtrPassword;

/** How a stream is decrypted. */
export type Lz4AesCtrDecryptOptions = Lz4AesCtr & {
  /** Gives decrypting up. */
  readonly signal?: AbortSignal | undefined;
};

const KEY_KEYS: ReadonlySet<string> = new Set<keyof Lz4AesCtrKey>(["key", "iv"]);
const PASSWORD_KEYS: ReadonlySet<string> = new Set<keyof Lz4AesCtrPassword>([
  "password",
  "keyBits",
  "iterations",
]);
const IV_SIZE = 16;
const ITERATIONS_DEFAULT = 10_000;
const SALT_MAGIC = new TextEncoder().encode("Salted__");
const SALT_SIZE = 8;
/** Bytes before the encrypted ones. */
const SALT_HEADER_SIZE = SALT_MAGIC.length + SALT_SIZE;

/**
 * The plain bytes of a source that was encrypted with AES in counter mode, at any offset. Counter mode does not notice
 * changes or a wrong key: the checksums of lz4 frames do.
 *
 * @throws {TypeError} If the source is none, or an option has the wrong type or is not known.
 * @throws {RangeError} If a key or an iv has another size.
 * @throws {CorruptDataError} With code "BAD_MAGIC" if a password is given and the source does not start with a salt.
 *
 * @example What `openssl enc -aes-256-ctr -pbkdf2 -pass pass:secret` made
 * ```ts
 * import { byteSourceFromBytes, openLz4AesCtrSource } from "@sluice/lz4";
 * import { assertEquals } from "@std/assert";
 *
 * const sealed = Uint8Array.fromHex("53616c7465645f5f01020304050607081ed08e2ac3");
 * const source = await openLz4AesCtrSource(byteSourceFromBytes(sealed), { password: "secret" });
 * assertEquals(new TextDecoder().decode(await source.read(0, 5)), "plain");
 * ```
 */
export async function openLz4AesCtrSource(source: ByteSource, how: Lz4AesCtr): Promise<ByteSource> {
  checkByteSource(source);
  const opening = checkHow(how);
  const head = new Uint8Array(await source.read(0, Math.min(opening.headSize, source.size)));
  const { key, iv } = await opening.open(head);
  return decryptLz4AesCtrSource(sourcePart(source, opening.headSize, source.size), key, iv);
}

/**
 * Decrypts AES in counter mode as it comes, where it can't be read at any offset: from a pipe or a response.
 *
 * @throws {TypeError} If an option has the wrong type or is not known, or a chunk holds no bytes.
 * @throws {RangeError} If a key or an iv has another size.
 * @throws {CorruptDataError} With code "BAD_MAGIC" if a password is given and the stream does not start with a salt.
 *
 * @example What `openssl enc -aes-256-ctr -pbkdf2 -pass pass:secret` made
 * ```ts
 * import { decryptLz4AesCtrIterable } from "@sluice/lz4";
 * import { assertEquals } from "@std/assert";
 *
 * const sealed = Uint8Array.fromHex("53616c7465645f5f01020304050607081ed08e2ac3");
 * const plain = await Array.fromAsync(decryptLz4AesCtrIterable(sealed, { password: "secret" }));
 * assertEquals(await new Blob(plain).text(), "plain");
 * ```
 */
export async function* decryptLz4AesCtrIterable(
  source: ChunkSource,
  options: Lz4AesCtrDecryptOptions,
): AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined> {
  checkOptions(options);
  const { signal: given, ...how } = options;
  const signal = checkSignal(given);
  signal?.throwIfAborted();
  const opening = checkHow(how as Lz4AesCtr);
  const head = new Uint8Array(opening.headSize);
  let filled = 0;
  let cipher = opening.headSize === 0 ? await opening.open(head) : undefined;
  let offset = 0;
  for await (const bytes of readChunks(chunksOf(source), signal)) {
    const part = bytes.subarray(0, head.length - filled);
    head.set(part, filled);
    filled += part.length;
    if (filled < head.length || part.length === bytes.length) continue;
    cipher ??= await opening.open(head);
    const sealed = bytes.subarray(part.length);
    yield await decryptAt(cipher.key, cipher.iv, offset, sealed);
    offset += sealed.length;
  }
  if (cipher === undefined) await opening.open(head.subarray(0, filled));
}

/** What is known of a cipher before the first byte. */
interface Opening {
  /** Bytes before the encrypted ones. */
  readonly headSize: number;
  /** The key and the counter block of offset 0, by these bytes. */
  open(head: Uint8Array<ArrayBuffer>): Promise<{ key: CryptoKey; iv: Uint8Array<ArrayBuffer> }>;
}

function checkOptions(options: unknown): void {
  if (typeof options !== "object" || options === null) {
    throw new TypeError(`Cannot read options: the value is ${describe(options)}, expected an object`);
  }
}

function checkHow(how: Lz4AesCtr): Opening {
  checkOptions(how);
  if (!("password" in how)) {
    checkKeys(how, KEY_KEYS);
    const [key, iv] = [new Uint8Array(toBytes(how.key)), new Uint8Array(toBytes(how.iv))];
    if (key.length !== 16 && key.length !== 32) {
      throw new RangeError(`Cannot use the key: it has ${key.length} bytes, expected 16 or 32`);
    }
    if (iv.length !== IV_SIZE) {
      throw new RangeError(`Cannot use the iv: it has ${iv.length} bytes, expected ${IV_SIZE}`);
    }
    return { headSize: 0, open: async () => ({ key: await importKey(key), iv }) };
  }
  checkKeys(how, PASSWORD_KEYS);
  const keySize = how.keyBits === undefined
    ? 32
    : Number(checkChoice("keyBits", String(how.keyBits), ["128", "256"])) / 8;
  const iterations = checkInteger("iterations", how.iterations ?? ITERATIONS_DEFAULT, 1, 2 ** 31 - 1);
  const password = typeof how.password === "string"
    ? new TextEncoder().encode(how.password)
    : toBytes(how.password).slice();
  return {
    headSize: SALT_HEADER_SIZE,
    async open(head) {
      if (head.length < SALT_HEADER_SIZE || SALT_MAGIC.some((byte, i) => head[i] !== byte)) {
        throw new CorruptDataError(
          'Cannot decrypt the source at byte 0: it does not start with "Salted__", expected what openssl enc writes',
          { format: "lz4", code: "BAD_MAGIC", offset: 0 },
        );
      }
      const salt = head.slice(SALT_MAGIC.length);
      const material = await crypto.subtle.importKey("raw", password, "PBKDF2", false, ["deriveBits"]);
      const derived = new Uint8Array(
        await crypto.subtle.deriveBits(
          { name: "PBKDF2", hash: "SHA-256", salt, iterations },
          material,
          8 * (keySize + IV_SIZE),
        ),
      );
      return { key: await importKey(derived.slice(0, keySize)), iv: derived.slice(keySize) };
    },
  };
}

async function importKey(key: Uint8Array<ArrayBuffer>): Promise<CryptoKey> {
  return await crypto.subtle.importKey("raw", key, "AES-CTR", false, ["decrypt"]);
}
