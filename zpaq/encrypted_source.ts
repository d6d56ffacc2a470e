/**
 * Encrypted archives as sources of their plain bytes.
 *
 * @module
 */
import type { ByteSource } from "@sluice/internal";
import { openEncrypted } from "./_cipher.ts";

/**
 * The plain bytes of an encrypted archive: AES-256 in counter mode with a key that scrypt derives from the password. The
 * format has no proof of the password but the first bytes of the archive.
 *
 * @throws {SluiceError} With code "PASSWORD" if the password does not fit, "TRUNCATED" if there is no salt.
 *
 * @example A wrong password
 * ```ts
 * import { byteSourceFromBytes } from "@sluice/internal";
 * import { decryptZpaqSource } from "@sluice/zpaq";
 * import { assertRejects } from "@std/assert";
 *
 * const source = byteSourceFromBytes(new Uint8Array(100));
 * await assertRejects(() => decryptZpaqSource(source, "secret"), Error, "password");
 * ```
 */
export async function decryptZpaqSource(source: ByteSource, password: string | Uint8Array): Promise<ByteSource> {
  return await openEncrypted(source, password);
}
