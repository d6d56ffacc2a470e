/**
 * Keys of encrypted sources, from the command line.
 */
import type { Lz4AesCtr } from "@sluice/lz4";
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

const KEY_BITS: Readonly<Record<string, 128 | 256>> = { "aes-128-ctr": 128, "aes-256-ctr": 256 };
const IV_SIZE = 16;

/**
 * The key that a command line gives; undefined where nothing is encrypted. With an iv the file holds the key, as bytes or
 * hexadecimal digits; without one its first line is the password, as for `openssl enc -pass file:`.
 *
 * @throws {UsageFailure} If the options do not fit together.
 * @throws {Failure} If the file can't be read or holds no key.
 */
export async function readAesCtr(settings: DecryptionSettings): Promise<Lz4AesCtr | undefined> {
  const { decrypt, keyFile, iv, iterations } = settings;
  if (decrypt === undefined) {
    const given = keyFile !== undefined ? "--key-file" : iv !== undefined ? "--iv" : undefined;
    const name = given ?? (iterations !== undefined ? "--iterations" : undefined);
    if (name !== undefined) throw new UsageFailure(`Option ${name} has no effect without --decrypt`);
    return undefined;
  }
  const keyBits = KEY_BITS[decrypt];
  if (keyBits === undefined) {
    throw new UsageFailure(
      `Option --decrypt has the value "${decrypt}", expected ${Object.keys(KEY_BITS).join(" or ")}`,
    );
  }
  if (keyFile === undefined) throw new UsageFailure("Option --decrypt needs --key-file");
  const bytes = await Deno.readFile(keyFile).catch((error) => {
    throw new Failure(`lz4: ${keyFile}: ${describeSystemError(error)}`);
  });
  if (iv === undefined) {
    const password = new TextDecoder().decode(bytes).split(/\r?\n/, 1)[0]!;
    return { password, keyBits, iterations };
  }
  if (iterations !== undefined) throw new UsageFailure("Option --iterations has no effect with --iv");
  const counter = fromHex(iv);
  if (counter?.length !== IV_SIZE) {
    throw new UsageFailure(`Option --iv has the value "${iv}", expected ${2 * IV_SIZE} hexadecimal digits`);
  }
  const key = bytes.length * 8 === keyBits ? bytes : fromHex(new TextDecoder().decode(bytes).trim());
  if (key === undefined || key.length * 8 !== keyBits) {
    throw new Failure(
      `lz4: ${keyFile}: holds no key of ${keyBits} bits, expected ${keyBits / 8} bytes or ${
        keyBits / 4
      } hexadecimal digits`,
    );
  }
  return { key, iv: counter };
}

/** What to add to an error of a source that was decrypted: a wrong key gives bytes that start no frame. */
export function keyHint({ decrypt }: DecryptionSettings, { code }: SluiceError): string {
  return decrypt !== undefined && code === "BAD_MAGIC" ? "; is it the right key?" : "";
}

function fromHex(text: string): Uint8Array<ArrayBuffer> | undefined {
  return /^(?:[0-9a-f]{2})+$/i.test(text) ? Uint8Array.fromHex(text) : undefined;
}
