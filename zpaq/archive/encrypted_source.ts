/**
 * Encrypted archives as sources of their plain bytes.
 *
 * @module
 */
import { checkArgument, openByteSource } from "@sluice/internal";
import type { ByteSource, ByteSourceLike } from "@sluice/internal";
import { Cipher, openEncrypted, SALT_SIZE } from "./_cipher.ts";
import type { ZpaqUpdateSink } from "./update_archive.ts";

/**
 * The plain bytes of an encrypted archive: AES-256 in counter mode with a key that scrypt derives from the password. The
 * format has no proof of the password but the first bytes of the archive.
 *
 * @throws {SluiceError} With code "PASSWORD" if the password does not fit, "TRUNCATED" if there is no salt.
 *
 * @example A wrong password
 * ```ts
 * import { byteSourceFromBytes } from "@sluice/zpaq";
 * import { decryptZpaqSource } from "@sluice/zpaq";
 * import { assertRejects } from "@std/assert";
 *
 * const source = byteSourceFromBytes(new Uint8Array(100));
 * await assertRejects(() => decryptZpaqSource(source, "secret"), Error, "password");
 * ```
 */
export async function decryptZpaqSource(
  source: ByteSourceLike,
  password: string | Uint8Array,
): Promise<ByteSource> {
  return await openEncrypted(await openByteSource(source), password);
}

/**
 * A salt for a new encrypted archive: 32 random bytes that do not look like the start of an archive.
 *
 * @example Its size
 * ```ts
 * import { newZpaqSalt } from "@sluice/zpaq";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(newZpaqSalt().length, 32);
 * ```
 */
export function newZpaqSalt(): Uint8Array<ArrayBuffer> {
  const salt = crypto.getRandomValues(new Uint8Array(SALT_SIZE));
  while (salt[0] === 0x37 || salt[0] === 0x7a) crypto.getRandomValues(salt.subarray(0, 1));
  return salt;
}

/**
 * A sink that encrypts an update on its way: `offset` is where the update starts in the file, the salt counted.
 *
 * @example A new archive: the salt first
 * ```ts
 * import { decryptZpaqSource, encryptZpaqUpdate, updateZpaqArchive, ZpaqArchive } from "@sluice/zpaq";
 * import { assertEquals } from "@std/assert";
 *
 * const salt = new Uint8Array(32);
 * const parts: Uint8Array<ArrayBuffer>[] = [];
 * const sink = await encryptZpaqUpdate({
 *   write: (bytes) => void parts.push(bytes),
 *   rewrite: (_, bytes) => void (parts[0] = bytes),
 * }, "secret", salt, salt.length);
 * await updateZpaqArchive(undefined, [{ name: "a", body: new Uint8Array(9) }], sink);
 * using archive = await ZpaqArchive.open(await decryptZpaqSource(new Blob([salt, ...parts]), "secret"));
 * assertEquals(archive.entries()[0]!.size, 9);
 * ```
 */
export async function encryptZpaqUpdate(
  sink: ZpaqUpdateSink,
  password: string | Uint8Array,
  salt: Uint8Array,
  offset: number,
): Promise<ZpaqUpdateSink> {
  checkArgument(typeof sink?.write === "function", "encrypt an update", sink, "a sink");
  const cipher = await Cipher.create(password, salt);
  let at = offset;
  return {
    async write(bytes): Promise<void> {
      await sink.write(await cipher.apply(bytes, at));
      at += bytes.length;
    },
    async rewrite(from, bytes): Promise<void> {
      await sink.rewrite(from, await cipher.apply(bytes, offset + from));
    },
  };
}
