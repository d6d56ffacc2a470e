/**
 * The codec of each format, as streams.
 */
import { Lz4CompressionStream, Lz4DecompressionStream } from "@sluice/lz4";
import { ZpaqCompressionStream, ZpaqDecompressionStream } from "@sluice/zpaq";
import { ZstdCompressionStream, ZstdDecompressionStream } from "@sluice/zstd";
import { packOf, unpack } from "./git_pack.ts";
import type { FormatName } from "./messages.ts";
import type { Pipe } from "./streams.ts";
import { wholePipe } from "./whole_pipe.ts";

/** Both directions of a format. */
export interface Codec {
  compress(level: number): Pipe;
  decompress(): Pipe;
}

/** All codecs. */
export const CODECS: { readonly [K in FormatName]: Codec } = {
  zstd: {
    compress: (level) => new ZstdCompressionStream({ level, contentChecksum: true }),
    decompress: () => new ZstdDecompressionStream(),
  },
  lz4: {
    compress: (level) => new Lz4CompressionStream({ level }),
    decompress: () => new Lz4DecompressionStream(),
  },
  zpaq: {
    compress: (level) => new ZpaqCompressionStream({ method: `${level}` }),
    decompress: () => new ZpaqDecompressionStream(),
  },
  "git pack": {
    compress: (level) => wholePipe((file) => packOf(file, level)),
    decompress: () => wholePipe(unpack),
  },
};
