/**
 * What goes into archives, comes out of them, and how they are written.
 */
import type { BytesSource, SluiceProgress } from "@sluice/internal";
import type { ZpaqAttributes } from "./_attributes.ts";

/** A file or folder to archive. */
export interface ZpaqFile {
  /** Its name; a folder's ends in "/". */
  readonly name: string;
  /** When it was changed last. @default {the update's date} */
  readonly date?: Date | undefined;
  /** System attributes to keep. */
  readonly attributes?: ZpaqAttributes | undefined;
  /** The size of its content, where it is known: it decides on the order and the blocks. @default {0} */
  readonly size?: number | undefined;
  /** Its content; nothing for a folder. A function is called when the content is needed. */
  readonly body?: ZpaqFileBody | (() => ZpaqFileBody | Promise<ZpaqFileBody>) | undefined;
}

/** Content of a file to archive. */
export type ZpaqFileBody = BytesSource | ReadableStream<BytesSource> | AsyncIterable<BytesSource>;

/** How an update is written. */
export interface ZpaqUpdateOptions {
  /** A level "0" to "5" with an optional block exponent, as "-m" of zpaq takes it, or an expanded method. @default {"1"} */
  readonly method?: string | undefined;
  /** The date of the update; moved on where the archive has a later one. @default {now} */
  readonly date?: Date | undefined;
  /** log2 of the mean size of fragments in KiB. @default {6} */
  readonly fragment?: number | undefined;
  /** Blocks that are compressed at the same time, natively. @default {1} */
  readonly threads?: number | undefined;
  /** Names to take away from what the archive shows. */
  readonly delete?: Iterable<string> | undefined;
  /** Archive files whose date and size have not changed. @default {false} */
  readonly force?: boolean | undefined;
  /**
   * Called with the error of a file whose content can't be read, instead of throwing it: the file is left out, and the
   * archive shows its earlier version, if there is one.
   */
  readonly onUnreadable?: ((error: unknown, file: ZpaqFile) => void) | undefined;
  /**
   * Keep a second hash of each file that has Unix attributes in these, and of each fragment while the update is written.
   * @default {false}
   */
  readonly fileDigests?: boolean | undefined;
  /**
   * Called with a file that has content whose SHA-1 is that of other content, which `fileDigests` finds. Both are stored.
   */
  readonly onCollision?: ((file: ZpaqFile) => void) | undefined;
  /** Gives the update up: nothing of it stays in the archive. */
  readonly signal?: AbortSignal | undefined;
  /** Called with each name that the update changes, when its content has been read. */
  readonly onFile?: ((file: ZpaqUpdatedFile) => void) | undefined;
  /** Called as content is read: `bytesIn` of `total` bytes of the files that are read, and `bytesOut` written. */
  readonly onProgress?: ((progress: SluiceProgress) => void) | undefined;
}

/** A name that an update changes. */
export interface ZpaqUpdatedFile {
  /** The name in the archive. */
  readonly name: string;
  /** Bytes of content that were read. */
  readonly size: number;
  /** What becomes of it; "attributes" where content was not read because only what is stored beside it differs. */
  readonly change: "added" | "updated" | "attributes" | "removed";
}

/** What an update came to. */
export interface ZpaqUpdateResult {
  /** Files that were written to the index. */
  readonly updated: number;
  /** Files that were taken away. */
  readonly deleted: number;
  /** Bytes of content that was looked at, and those of it that were new. */
  readonly bytesIn: number;
  /** Bytes of new fragments. */
  readonly bytesNew: number;
  /** Bytes that were written. */
  readonly bytesOut: number;
}

/** Where an update goes: after the archive, but for the first block, which is written once more at the end. */
export interface ZpaqUpdateSink {
  /** Appends bytes. */
  write(bytes: Uint8Array<ArrayBuffer>): Promise<void> | void;
  /** Writes over bytes that were appended; `offset` counts from the start of the update. */
  rewrite(offset: number, bytes: Uint8Array<ArrayBuffer>): Promise<void> | void;
}

/** A file or folder of an archive. */
export interface ZpaqArchiveEntry {
  /** Its name; a folder's ends in "/". Nothing says that it stays inside a folder: check before writing. */
  readonly name: string;
  /** When it was changed last; undefined where the archive does not say. */
  readonly date: Date | undefined;
  /** What of its system attributes was kept. */
  readonly attributes: ZpaqAttributes | undefined;
  /** The size of its content; undefined where a streaming archive does not say. */
  readonly size: number | undefined;
  /** The version that wrote it. */
  readonly version: number;
  /** Ids of its fragments; none in a streaming archive. */
  readonly fragments: Uint32Array;
  /** Its content, decoded as it is read. Each access makes a stream. */
  readonly body: ReadableStream<Uint8Array<ArrayBuffer>>;
}

/** Part of a file's content. */
export interface ZpaqPiece {
  /** Whose content it is. */
  readonly entry: ZpaqArchiveEntry;
  /** Where in the file it stands. */
  readonly offset: number;
  /** The bytes: a view that is valid until the next piece is taken. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Whether the file is complete with it. */
  readonly last: boolean;
}
