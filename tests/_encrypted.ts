/**
 * Files as `openssl enc -aes-256-ctr -pbkdf2` writes them.
 */
import { join } from "./_data.ts";

/** Encrypts bytes by a password, with the default rounds. */
export async function encryptAsOpenssl(
  bytes: Uint8Array<ArrayBuffer>,
  password: string,
): Promise<Uint8Array<ArrayBuffer>> {
  const salt = new Uint8Array([1, 2, 3, 4, 5, 6, 7, 8]);
  const secret = new TextEncoder().encode(password);
  const material = await crypto.subtle.importKey("raw", secret, "PBKDF2", false, ["deriveBits"]);
  const pbkdf2 = { name: "PBKDF2", hash: "SHA-256", salt, iterations: 10_000 };
  const derived = new Uint8Array(await crypto.subtle.deriveBits(pbkdf2, material, 8 * 48));
  const key = await crypto.subtle.importKey("raw", derived.slice(0, 32), "AES-CTR", false, ["encrypt"]);
  const counter = { name: "AES-CTR", counter: derived.slice(32), length: 128 };
  const sealed = new Uint8Array(await crypto.subtle.encrypt(counter, key, bytes));
  return join(new TextEncoder().encode("Salted__"), salt, sealed);
}
