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

/** An archive that entries are of. */
interface OpenArchive {
  readonly store: BlockStore;
  readonly index: ArchiveIndex;
}

/** A file of an archive that was opened. */
export class Entry implements ZpaqArchiveEntry {
  readonly #archive: OpenArchive;
  readonly name: string;
  /** What the index says of it. */
  readonly file: IndexedFile;
  #attributes: ZpaqAttributes | undefined | null = null;

  constructor(archive: OpenArchive, file: IndexedFile, name = file.name) {
    this.#archive = archive;
    this.file = file;
    this.name = name;
  }

  get size(): number | undefined {
    const { segments, fragments } = this.file;
    let size = 0;
    if (segments.length > 0) {
      for (const segment of segments) {
        if (segment.size === undefined) return undefined;
        size += segment.size;
      }
      return size;
    }
    for (let i = 0; i < fragments.length; i++) size += this.#archive.store.fragmentSize(fragments[i]!);
    return size;
  }

  get date(): Date | undefined {
    return this.file.date === 0 ? undefined : dateOf(this.file.date);
  }

  get attributes(): ZpaqAttributes | undefined {
    if (this.#attributes === null) this.#attributes = parseAttributes(this.file.attributes);
    return this.#attributes;
  }

  get version(): number {
    return this.file.version;
  }

  get fragments(): Uint32Array {
    return this.file.fragments;
  }

  get body(): ReadableStream<Uint8Array<ArrayBuffer>> {
    return fileStream(this.#archive.store, this.file);
  }
}
