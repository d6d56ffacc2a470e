/**
 * A hash of content that grows, without all of it in memory.
 */

const BLOCK_SIZE = 1 << 20;
const DIGEST_SIZE = 32;

/** SHA-256 over blocks of 1 MiB, each of which is hashed together with the hash of all before it. */
export class RunningHash {
  /** The hash of all whole blocks, and after it the block that fills. */
  readonly #buffer = new Uint8Array(DIGEST_SIZE + BLOCK_SIZE);
  #filled = DIGEST_SIZE;

  /** Takes the next bytes in. */
  async update(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length;) {
      const part = bytes.subarray(at, at + this.#buffer.length - this.#filled);
      this.#buffer.set(part, this.#filled);
      this.#filled += part.length;
      at += part.length;
      if (this.#filled < this.#buffer.length) continue;
      this.#buffer.set(await this.#hash());
      this.#filled = DIGEST_SIZE;
    }
  }

  /** The hash so far, in hexadecimal; more bytes may follow. */
  async digest(): Promise<string> {
    return (await this.#hash()).toHex();
  }

  async #hash(): Promise<Uint8Array<ArrayBuffer>> {
    return new Uint8Array(await crypto.subtle.digest("SHA-256", this.#buffer.subarray(0, this.#filled)));
  }
}
