/**
 * Sources of parts, each opened once for all parts that a thread works on.
 */
import { openByteSource, openLz4AesGcmSource } from "@sluice/lz4";
import type { ByteSource } from "@sluice/lz4";
import type { Source } from "./tasks.ts";

/** The version that a part was planned for. */
type Planned = Pick<ByteSource, "size" | "validator">;

/** Sources that are open; another version of one is another source. */
export class OpenSources {
  readonly #key: Uint8Array<ArrayBuffer> | undefined;
  readonly #open = new Map<string, Promise<ByteSource>>();
  /** Ranges that were read so far. */
  reads = 0;

  /** The key opens what is encrypted. */
  constructor(key: Uint8Array<ArrayBuffer> | undefined) {
    this.#key = key;
  }

  /** Opens a source, or returns the one that is open; one that failed or is not the planned version is opened again. */
  async open({ url, encrypted }: Source, planned: Planned): Promise<ByteSource> {
    const open = this.#open.get(url);
    if (open !== undefined) {
      const source = await open;
      if (source.size === planned.size && source.validator === planned.validator) return source;
    }
    const fresh = this.#openNow(url, encrypted);
    this.#open.set(url, fresh);
    fresh.catch(() => this.#open.delete(url));
    return await fresh;
  }

  /** Forgets a source, which may have changed. */
  forget(url: string): void {
    this.#open.delete(url);
  }

  async #openNow(url: string, encrypted: boolean): Promise<ByteSource> {
    const source = await openByteSource(url);
    const counted: ByteSource = {
      size: source.size,
      validator: source.validator,
      read: (offset, length, options) => {
        this.reads++;
        return source.read(offset, length, options);
      },
    };
    if (!encrypted) return counted;
    if (this.#key === undefined) throw new Error("the source is encrypted: start the worker with --key-file");
    return await openLz4AesGcmSource(counted, { key: this.#key });
  }
}
