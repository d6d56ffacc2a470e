/**
 * Where the content of a file object comes from.
 */
import type { ByteSource } from "@sluice/internal";
import type { DecompressSettings } from "../options/_decompress_options.ts";
import type { ZstdSeekableReader } from "../seekable/seekable_reader.ts";

/** Where content comes from: at random, or from the start on. */
export type FileContent =
  | { readonly reader: ZstdSeekableReader }
  | { readonly source: ByteSource; readonly settings: DecompressSettings };
