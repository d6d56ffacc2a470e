/**
 * The encryption of archives: a salt of 32 bytes in front, then AES-256 in counter mode.
 */
import { zpaqDeriveKey } from "../kernel/archiving.ts";
import type { ByteSource } from "@sluice/internal";
import { checkRange } from "@sluice/internal";
import { fault } from "../zpaql/_fault.ts";

export const SALT_SIZE = 32;
const CIPHER_BLOCK = 16;
const COUNTER_BITS = 64;
const START_SIZE = 4;
const encoder = new TextEncoder();

/** Encrypts and decrypts at any offset: both are the same. */
export class Cipher {
  readonly #key: CryptoKey;
  readonly #salt: Uint8Array;

  private constructor(key: CryptoKey, salt: Uint8Array) {
    this.#key = key;
    this.#salt = salt;
  }

  /** Derives the key; that takes 16 MiB and some tens of milliseconds. */
  static async create(password: string | Uint8Array, salt: Uint8Array): Promise<Cipher> {
    const secret = typeof password === "string" ? encoder.encode(password) : password;
    const key = await zpaqDeriveKey(secret, salt, undefined);
    const imported = await crypto.subtle.importKey("raw", key, "AES-CTR", false, ["encrypt"]);
    return new Cipher(imported, salt.slice());
  }

  /** The bytes that stand at `offset` of the file, the salt counted. */
  async apply(bytes: Uint8Array, offset: number): Promise<Uint8Array<ArrayBuffer>> {
    const lead = offset % CIPHER_BLOCK;
    const padded = new Uint8Array(lead + bytes.length);
    padded.set(bytes, lead);
    const counter = new Uint8Array(CIPHER_BLOCK);
    counter.set(this.#salt.subarray(0, 8));
    new DataView(counter.buffer).setBigUint64(8, BigInt((offset - lead) / CIPHER_BLOCK));
    const result = await crypto.subtle.encrypt(
      { name: "AES-CTR", counter, length: COUNTER_BITS },
      this.#key,
      padded,
    );
    return new Uint8Array(result).subarray(lead);
  }
}

/** Whether these first bytes can start an archive. */
export function startsArchive(bytes: Uint8Array): boolean {
  const text = String.fromCharCode(...bytes.subarray(0, START_SIZE));
  return text === "7kSt" || text.startsWith("zPQ") && bytes[3]! >= 1;
}

/** The plain bytes of an encrypted archive. */
export async function openEncrypted(source: ByteSource, password: string | Uint8Array): Promise<ByteSource> {
  if (source.size < SALT_SIZE) {
    throw fault("TRUNCATED", source.size, "an encrypted archive has 32 bytes of salt");
  }
  const cipher = await Cipher.create(password, await source.read(0, SALT_SIZE));
  const size = source.size - SALT_SIZE;
  const plain: ByteSource = {
    size,
    async read(offset, length, options): Promise<Uint8Array> {
      checkRange(offset, length, size);
      return await cipher.apply(await source.read(offset + SALT_SIZE, length, options), offset + SALT_SIZE);
    },
  };
  if (size > 0 && !startsArchive(await plain.read(0, Math.min(START_SIZE, size)))) {
    throw fault("PASSWORD", 0, "the password does not fit", "open the archive");
  }
  return plain;
}
