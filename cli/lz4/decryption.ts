/**
 * Keys of encrypted sources, from the command line.
 */
import type { Lz4AesCtr, Lz4AesGcm } from "@sluice/lz4";
import type { SluiceError } from "@sluice/internal";
import { describeSystemError, Failure, UsageFailure } from "../shared/exit.ts";

/** What a command line says about encryption. */
export interface DecryptionSettings {
  /** The cipher. */
  readonly decrypt: string | undefined;
  /** A file with the key, or with the password where no iv is given. */
  readonly keyFile: string | undefined;
  /** The counter block of the first byte, in hexadecimal. */
  readonly iv: string | undefined;
  /** Rounds of PBKDF2. */
  readonly iterations: number | undefined;
}

/** How a source is encrypted, as options of `downloadLz4`. */
export interface Cipher {
  readonly aesCtr?: Lz4AesCtr;
  readonly aesGcm?: Lz4AesGcm;
}

/** The ciphers by name. */
const CIPHERS: Readonly<Record<string, { readonly keyBits: 128 | 256; readonly authentic: boolean }>> = {
  "aes-128-ctr": { keyBits: 128, authentic: false },
  "aes-256-ctr": { keyBits: 256, authentic: false },
  "aes-128-gcm": { keyBits: 128, authentic: true },
  "aes-256-gcm": { keyBits: 256, authentic: true },
};
const LINE_FEED = 10;
const IV_SIZE = 16;

/**
 * How the source is encrypted that a command line names; nothing where it is not. For GCM, and for CTR with an iv, the file
 * holds the key, as bytes or hexadecimal digits; for CTR without one its first line is the password, as for
 * `openssl enc -pass file:`.
 *
 * @throws {UsageFailure} If the options do not fit together.
 * @throws {Failure} If the file can't be read or holds no key.
 */
export async function readCipher(settings: DecryptionSettings): Promise<Cipher> {
  const { decrypt, keyFile, iv, iterations } = settings;
  if (decrypt === undefined) {
    const given = keyFile !== undefined ? "--key-file" : iv !== undefined ? "--iv" : undefined;
    const name = given ?? (iterations !== undefined ? "--iterations" : undefined);
    if (name !== undefined) throw new UsageFailure(`Option ${name} has no effect without --decrypt`);
    return {};
  }
  const { keyBits, authentic } = cipherOf("--decrypt", decrypt, Object.keys(CIPHERS));
  if (keyFile === undefined) throw new UsageFailure("Option --decrypt needs --key-file");
  if (authentic) {
    const idle = iv !== undefined ? "--iv" : iterations !== undefined ? "--iterations" : undefined;
    if (idle !== undefined) throw new UsageFailure(`Option ${idle} has no effect with ${decrypt}`);
    return { aesGcm: { key: await readKey(keyFile, keyBits) } };
  }
  if (iv === undefined) {
    const bytes = await readKeyFile(keyFile);
    const end = bytes.indexOf(LINE_FEED);
    const password = end < 0 ? bytes : bytes.subarray(0, end); // as for openssl, all bytes of the first line
    return { aesCtr: { password, keyBits, iterations } };
  }
  if (iterations !== undefined) throw new UsageFailure("Option --iterations has no effect with --iv");
  const counter = fromHex(iv);
  if (counter?.length !== IV_SIZE) {
    throw new UsageFailure(`Option --iv has the value "${iv}", expected ${2 * IV_SIZE} hexadecimal digits`);
  }
  return { aesCtr: { key: await readKey(keyFile, keyBits), iv: counter } };
}

/**
 * The key that a command line gives for encrypting; undefined where nothing is encrypted.
 *
 * @throws {UsageFailure} If the options do not fit together.
 * @throws {Failure} If the file can't be read or holds no key.
 */
export async function readEncryptionKey(
  encrypt: string | undefined,
  keyFile: string | undefined,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  if (encrypt === undefined) {
    if (keyFile !== undefined) throw new UsageFailure("Option --key-file has no effect without --encrypt");
    return undefined;
  }
  const names = Object.keys(CIPHERS).filter((name) => CIPHERS[name]!.authentic);
  const { keyBits } = cipherOf("--encrypt", encrypt, names);
  if (keyFile === undefined) throw new UsageFailure("Option --encrypt needs --key-file");
  return await readKey(keyFile, keyBits);
}

function cipherOf(option: string, name: string, names: readonly string[]) {
  if (names.includes(name)) return CIPHERS[name]!;
  throw new UsageFailure(`Option ${option} has the value "${name}", expected ${names.join(" or ")}`);
}

async function readKeyFile(path: string): Promise<Uint8Array<ArrayBuffer>> {
  return await Deno.readFile(path).catch((error) => {
    throw new Failure(`lz4: ${path}: ${describeSystemError(error)}`);
  });
}

/** A key of so many bits, as bytes or as hexadecimal digits. */
async function readKey(path: string, keyBits: number): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = await readKeyFile(path);
  const key = bytes.length * 8 === keyBits ? bytes : fromHex(new TextDecoder().decode(bytes).trim());
  if (key !== undefined && key.length * 8 === keyBits) return key;
  throw new Failure(
    `lz4: ${path}: holds no key of ${keyBits} bits, expected ${keyBits / 8} bytes or ${
      keyBits / 4
    } hexadecimal digits`,
  );
}

/** What to add to an error of a source that was decrypted: a wrong key gives bytes that start no frame. */
export function keyHint({ decrypt }: DecryptionSettings, { code }: SluiceError): string {
  return decrypt !== undefined && code === "BAD_MAGIC" ? "; is it the right key?" : "";
}

function fromHex(text: string): Uint8Array<ArrayBuffer> | undefined {
  return /^(?:[0-9a-f]{2})+$/i.test(text) ? Uint8Array.fromHex(text) : undefined;
}
