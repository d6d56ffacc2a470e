/**
 * Files of an archive as callers see them.
 */
import type { ArchiveIndex, IndexedFile } from "./_index_facts.ts";
import { parseAttributes } from "./_attributes.ts";
import type { ZpaqAttributes } from "./_attributes.ts";
import type { BlockStore } from "./_block_store.ts";
import { fileStream } from "./_content_stream.ts";
import { dateOf } from "./_journal_format.ts";
import type { ZpaqArchiveEntry } from "./_types.ts";

/** A file of an archive that was opened. */
export class Entry implements ZpaqArchiveEntry {
  readonly #archive: { readonly store: BlockStore; readonly index: ArchiveIndex };
  readonly #file: IndexedFile;
  readonly size: number | undefined;
  #attributes: ZpaqAttributes | undefined | null = null;

  constructor(archive: { readonly store: BlockStore; readonly index: ArchiveIndex }, file: IndexedFile) {
    this.#archive = archive;
    this.#file = file;
    if (file.segments.length > 0) {
      this.size = file.segments.every(({ size }) => size !== undefined)
        ? file.segments.reduce((sum, { size }) => sum + size!, 0)
        : undefined;
    } else {
      let size = 0;
      for (const id of file.fragments) size += archive.store.fragmentSize(id);
      this.size = size;
    }
  }

  get name(): string {
    return this.#file.name;
  }

  get date(): Date | undefined {
    return this.#file.date === 0 ? undefined : dateOf(this.#file.date);
  }

  get attributes(): ZpaqAttributes | undefined {
    if (this.#attributes === null) this.#attributes = parseAttributes(this.#file.attributes);
    return this.#attributes;
  }

  get version(): number {
    return this.#file.version;
  }

  get fragments(): Uint32Array {
    return this.#file.fragments;
  }

  get file(): IndexedFile {
    return this.#file;
  }

  get body(): ReadableStream<Uint8Array<ArrayBuffer>> {
    return fileStream(this.#archive.store, this.#file);
  }
}
