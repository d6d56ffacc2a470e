/**
 * Output that waits for its upload on the disk of a worker: compressing a part may take minutes, so neither a broken
 * upload nor a worker that was killed makes it again on the same machine.
 */
import type { PartResult } from "./tasks.ts";

/** The output of one part. */
export class Scratch {
  readonly #folder: string;
  readonly #bytes: string;
  readonly #result: string;

  /** The place of a part, by its identity. */
  constructor(folder: string, identity: string) {
    this.#folder = folder;
    this.#bytes = `${folder}/${identity}.part`;
    this.#result = `${folder}/${identity}.json`;
  }

  /** What an earlier attempt left, complete; undefined where there is nothing. */
  async read(): Promise<{ bytes: Uint8Array<ArrayBuffer>; result: PartResult } | undefined> {
    try {
      const result = JSON.parse(await Deno.readTextFile(this.#result)) as PartResult;
      const bytes = await Deno.readFile(this.#bytes);
      const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
      return hash === result.sha256 ? { bytes, result } : undefined;
    } catch {
      return undefined; // nothing, or not written to its end
    }
  }

  /** Keeps output; on a full disk nothing stays. */
  async write(bytes: Uint8Array<ArrayBuffer>, result: PartResult): Promise<void> {
    try {
      await Deno.mkdir(this.#folder, { recursive: true, mode: 0o700 });
      await Deno.writeFile(this.#bytes, bytes);
      await Deno.writeTextFile(this.#result, JSON.stringify(result));
    } catch (error) {
      await this.remove();
      throw error;
    }
  }

  /** Removes what is kept. */
  async remove(): Promise<void> {
    for (const path of [this.#result, this.#bytes]) await Deno.remove(path).catch(() => {});
  }
}
