/**
 * Dictionaries of compression dictionary transport (RFC 9842).
 *
 * @module
 */
import { toBytes } from "@sluice/internal";
import type { BytesSource } from "@sluice/internal";
import { ZstdDictionary } from "../options/dictionary.ts";

/**
 * A resource that serves as the dictionary of others, and the SHA-256 that peers name it by. Any bytes will do: they are
 * content, even where they look like a formatted dictionary.
 *
 * @example The header that a client offers a dictionary with
 * ```ts
 * import { DczDictionary } from "@sluice/zstd/http";
 * import { assertEquals } from "@std/assert";
 *
 * using dictionary = await DczDictionary.from(new TextEncoder().encode("the previous version"));
 * assertEquals(dictionary.sha256.length, 32);
 * assertEquals(dictionary.availableDictionary.length, 46);
 * ```
 */
export class DczDictionary implements Disposable {
  /** The dictionary as the codec takes it. */
  readonly zstd: ZstdDictionary;
  /** The SHA-256 of the bytes. */
  readonly sha256: Uint8Array<ArrayBuffer>;

  private constructor(zstd: ZstdDictionary, sha256: Uint8Array<ArrayBuffer>) {
    this.zstd = zstd;
    this.sha256 = sha256;
  }

  /**
   * Copies the bytes and hashes them.
   *
   * @throws {TypeError} If the value holds no bytes.
   */
  static async from(data: BytesSource): Promise<DczDictionary> {
    const zstd = new ZstdDictionary(toBytes(data), { type: "raw" });
    return new DczDictionary(zstd, new Uint8Array(await crypto.subtle.digest("SHA-256", zstd.bytes)));
  }

  /** Bytes of the dictionary. */
  get size(): number {
    return this.zstd.size;
  }

  /** The value of `Available-Dictionary` that offers it. */
  get availableDictionary(): string {
    return `:${btoa(String.fromCharCode(...this.sha256))}:`;
  }

  /** Whether a hash is this dictionary's. */
  matches(sha256: Uint8Array): boolean {
    const bytes = toBytes(sha256);
    return bytes.length === this.sha256.length && this.sha256.every((byte, i) => byte === bytes[i]);
  }

  /** Frees what the codec made of it. It can be used again. */
  close(): void {
    this.zstd.close();
  }

  /** Frees what the codec made of it. */
  [Symbol.dispose](): void {
    this.close();
  }
}
