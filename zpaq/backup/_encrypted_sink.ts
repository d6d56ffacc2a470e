/**
 * Updates under a password.
 */
import type { ZpaqUpdateSink } from "../archive/_types.ts";
import type { Formats } from "./_formats.ts";

/** Bytes of the salt that an encrypted archive starts with. */
export const SALT_SIZE = 32;

/** Writes a salt, and encrypts what follows. */
export async function encryptedFromStart(
  sink: ZpaqUpdateSink,
  password: string | Uint8Array,
  { encrypt, newSalt }: Pick<Formats, "encrypt" | "newSalt">,
): Promise<ZpaqUpdateSink> {
  const salt = newSalt();
  await sink.write(salt.slice());
  const { write, rewrite } = sink;
  const afterSalt: ZpaqUpdateSink = { write, rewrite: (offset, bytes) => rewrite(offset + SALT_SIZE, bytes) };
  return await encrypt(afterSalt, password, salt, SALT_SIZE);
}
