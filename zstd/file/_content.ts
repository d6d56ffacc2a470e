/**
 * Where the content of a file object comes from.
 */
import type { DecompressSettings } from "../options/_decompress_options.ts";
import type { ZstdSeekableReader } from "../seekable/seekable_reader.ts";

/** Compressed bytes from the start on. */
export interface FileChunks {
  readonly chunks: AsyncIterable<Uint8Array<ArrayBufferLike>>;
  /** Frees what they come from; called once. */
  close(): void;
}

/** Where content comes from: at random, or from the start on. */
export type FileContent =
  | { readonly reader: ZstdSeekableReader }
  | { readonly source: FileChunks; readonly settings: DecompressSettings };
