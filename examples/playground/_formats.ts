/**
 * What the playground knows of each format: how its files start, what can be done with them, and what is inside.
 */
import { byteSourceFromBlob } from "@sluice/internal";
import { listLz4Frames, Lz4CompressionStream, Lz4DecompressionStream } from "@sluice/lz4";
import { ZpaqArchive, ZpaqCompressionStream, ZpaqDecompressionStream } from "@sluice/zpaq";
import { listZstdFrames, ZstdCompressionStream, ZstdDecompressionStream } from "@sluice/zstd";

/** Bytes in, bytes out. */
export type Pipe = ReadableWritablePair<Uint8Array<ArrayBuffer>, BufferSource>;

/** One line of a listing: the same keys in every line. */
export type Row = Readonly<Record<string, string | number>>;

/** Levels of a compressor. */
export interface Levels {
  readonly min: number;
  readonly max: number;
  readonly start: number;
}

/** A format. */
export interface Format {
  readonly name: string;
  /** What its files end in. */
  readonly suffix: string;
  /** Whether a file that starts so is one. */
  matches(head: Uint8Array): boolean;
  readonly levels: Levels;
  compress(level: number): Pipe;
  decompress(): Pipe;
  list(file: Blob): AsyncIterable<Row>;
}

function startsWith(head: Uint8Array, ...magic: number[]): boolean {
  return magic.every((byte, i) => head[i] === byte);
}

const ZSTD: Format = {
  name: "zstd",
  suffix: ".zst",
  matches: (head) => startsWith(head, 0x28, 0xb5, 0x2f, 0xfd),
  levels: { min: -7, max: 19, start: 3 },
  compress: (level) => new ZstdCompressionStream({ level, checksum: true }),
  decompress: () => new ZstdDecompressionStream(),
  async *list(file) {
    for (const frame of listZstdFrames(await file.arrayBuffer())) {
      yield {
        offset: frame.offset,
        type: frame.type,
        size: frame.compressedSize,
        content: frame.contentSize ?? "not stored",
      };
    }
  },
};

const LZ4: Format = {
  name: "lz4",
  suffix: ".lz4",
  matches: (head) => startsWith(head, 0x04, 0x22, 0x4d, 0x18) || startsWith(head, 0x02, 0x21, 0x4c, 0x18),
  levels: { min: -10, max: 12, start: 1 },
  compress: (level) => new Lz4CompressionStream({ level }),
  decompress: () => new Lz4DecompressionStream(),
  async *list(file) {
    for await (const frame of listLz4Frames(byteSourceFromBlob(file))) {
      yield {
        offset: frame.offset,
        type: frame.type,
        size: frame.compressedSize,
        content: frame.contentSize ?? "not stored",
        blocks: frame.blockCount,
        linked: frame.linked ? "yes" : "no",
      };
    }
  },
};

const ZPAQ: Format = {
  name: "zpaq",
  suffix: ".zpaq",
  matches: (head) => startsWith(head, 0x37, 0x6b, 0x53, 0x74) || startsWith(head, 0x7a, 0x50, 0x51),
  levels: { min: 1, max: 5, start: 1 },
  compress: (level) => new ZpaqCompressionStream({ method: `${level}` }),
  decompress: () => new ZpaqDecompressionStream(),
  async *list(file) {
    const archive = await ZpaqArchive.open(byteSourceFromBlob(file));
    try {
      for (const { name, size, date } of archive.entries()) {
        yield { name, size: size ?? "not stored", date: date?.toISOString() ?? "not stored" };
      }
    } finally {
      archive.close();
    }
  },
};

/** All formats. */
export const FORMATS: readonly Format[] = [ZSTD, LZ4, ZPAQ];

/** The format of a file; undefined for plain data. */
export async function formatOf(file: Blob): Promise<Format | undefined> {
  const head = new Uint8Array(await file.slice(0, 16).arrayBuffer());
  return FORMATS.find((format) => format.matches(head));
}
