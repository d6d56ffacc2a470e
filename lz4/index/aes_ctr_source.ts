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
  CorruptDataError,
  toBytes,
} from "@sluice/internal";
import type { ByteSource, BytesSource } from "@sluice/internal";
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
  if (!("password" in how)) {
    checkKeys(how, KEY_KEYS);
    return await decrypting(source, new Uint8Array(toBytes(how.key)), new Uint8Array(toBytes(how.iv)));
  }
  checkKeys(how, PASSWORD_KEYS);
  const keySize = how.keyBits === undefined
    ? 32
    : Number(checkChoice("keyBits", String(how.keyBits), ["128", "256"])) / 8;
  const iterations = checkInteger("iterations", how.iterations ?? ITERATIONS_DEFAULT, 1, 2 ** 31 - 1);
  const head = await source.read(0, Math.min(SALT_HEADER_SIZE, source.size));
  if (head.length < SALT_HEADER_SIZE || SALT_MAGIC.some((byte, i) => head[i] !== byte)) {
    throw new CorruptDataError(
      'Cannot decrypt the source at byte 0: it does not start with "Salted__", expected what openssl enc writes',
      { format: "lz4", code: "BAD_MAGIC", offset: 0 },
    );
  }
  const password = typeof how.password === "string"
    ? new TextEncoder().encode(how.password)
    : toBytes(how.password).slice();
  const material = await crypto.subtle.importKey("raw", password, "PBKDF2", false, ["deriveBits"]);
  const derived = new Uint8Array(
    await crypto.subtle.deriveBits(
      {
        name: "PBKDF2",
        hash: "SHA-256",
        salt: new Uint8Array(head.subarray(SALT_MAGIC.length)),
        iterations,
      },
      material,
      8 * (keySize + IV_SIZE),
    ),
  );
  return await decrypting(
    sourcePart(source, SALT_HEADER_SIZE, source.size),
    derived.slice(0, keySize),
    derived.slice(keySize),
  );
}

async function decrypting(
  source: ByteSource,
  key: Uint8Array<ArrayBuffer>,
  iv: Uint8Array<ArrayBuffer>,
): Promise<ByteSource> {
  if (key.length !== 16 && key.length !== 32) {
    throw new RangeError(`Cannot use the key: it has ${key.length} bytes, expected 16 or 32`);
  }
  const imported = await crypto.subtle.importKey("raw", key, "AES-CTR", false, ["decrypt"]);
  return decryptLz4AesCtrSource(source, imported, iv);
}
