/**
 * What the playground knows of each format: how its files start, what can be done with them, and what is inside.
 */
import type { PackStore } from "@sluice/gitdb";
import { byteSourceFromBlob, listLz4Frames, Lz4CompressionStream, Lz4DecompressionStream } from "@sluice/lz4";
import { ZpaqArchive, ZpaqCompressionStream, ZpaqDecompressionStream } from "@sluice/zpaq";
import { listZstdFrames, ZstdCompressionStream, ZstdDecompressionStream } from "@sluice/zstd";
import { openPack, packOf, unpack } from "./_git_pack.ts";
import { wholePipe } from "./_whole_pipe.ts";
import type { Pipe } from "./_whole_pipe.ts";

export type { Pipe };

/** One line of a listing. */
export interface Line {
  /** The same keys in every line. */
  readonly cells: Readonly<Record<string, string | number>>;
  /** The content behind the line, where there is one to look into. */
  readonly content?: () => Promise<ReadableStream<Uint8Array<ArrayBuffer>>>;
}

/** What is inside a file, while that is open. */
export interface Listing {
  lines(): AsyncIterable<Line>;
  close(): void;
}

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
  list(file: Blob): Promise<Listing>;
}

function startsWith(head: Uint8Array, ...magic: number[]): boolean {
  return magic.every((byte, i) => head[i] === byte);
}

/** A listing that holds nothing open. */
function plainListing(cells: () => AsyncIterable<Line["cells"]>): Promise<Listing> {
  return Promise.resolve({
    async *lines() {
      for await (const each of cells()) yield { cells: each };
    },
    close() {},
  });
}

const ZSTD: Format = {
  name: "zstd",
  suffix: ".zst",
  matches: (head) => startsWith(head, 0x28, 0xb5, 0x2f, 0xfd),
  levels: { min: -7, max: 19, start: 3 },
  compress: (level) => new ZstdCompressionStream({ level, contentChecksum: true }),
  decompress: () => new ZstdDecompressionStream(),
  list: (file) =>
    plainListing(async function* () {
      for (const frame of listZstdFrames(await file.arrayBuffer())) {
        yield {
          offset: frame.offset,
          type: frame.type,
          size: frame.compressedSize,
          content: frame.contentSize ?? "not stored",
        };
      }
    }),
};

const LZ4: Format = {
  name: "lz4",
  suffix: ".lz4",
  matches: (head) => startsWith(head, 0x04, 0x22, 0x4d, 0x18) || startsWith(head, 0x02, 0x21, 0x4c, 0x18),
  levels: { min: -10, max: 12, start: 1 },
  compress: (level) => new Lz4CompressionStream({ level }),
  decompress: () => new Lz4DecompressionStream(),
  list: (file) =>
    plainListing(async function* () {
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
    }),
};

const ZPAQ: Format = {
  name: "zpaq",
  suffix: ".zpaq",
  matches: (head) => startsWith(head, 0x37, 0x6b, 0x53, 0x74) || startsWith(head, 0x7a, 0x50, 0x51),
  levels: { min: 1, max: 5, start: 1 },
  compress: (level) => new ZpaqCompressionStream({ method: `${level}` }),
  decompress: () => new ZpaqDecompressionStream(),
  async list(file) {
    const archive = await ZpaqArchive.open(byteSourceFromBlob(file));
    return {
      async *lines() {
        for (const entry of archive.entries()) {
          const { name, size, date } = entry;
          yield {
            cells: { name, size: size ?? "not stored", date: date?.toISOString() ?? "not stored" },
            content: () => Promise.resolve(entry.body),
          };
        }
      },
      close: () => archive.close(),
    };
  },
};

const GIT_PACK: Format = {
  name: "git pack",
  suffix: ".pack",
  matches: (head) => startsWith(head, 0x50, 0x41, 0x43, 0x4b),
  levels: { min: 0, max: 9, start: 6 },
  compress: (level) => wholePipe((file) => packOf(file, level)),
  decompress: () => wholePipe(unpack),
  async list(file) {
    const store: PackStore = await openPack(file);
    return {
      async *lines() {
        for await (const { id, type, size, packedSize, base } of store.packs[0]!.list()) {
          yield {
            cells: {
              id: `${id}`,
              type,
              size,
              packed: packedSize,
              base: base === undefined ? "" : `${base}`.slice(0, 10),
            },
            content: async () => (await store.read(id)).body,
          };
        }
      },
      close: () => store.close(),
    };
  },
};

/** All formats. */
export const FORMATS: readonly Format[] = [ZSTD, LZ4, ZPAQ, GIT_PACK];

/** The format of a file; undefined for plain data. */
export async function formatOf(file: Blob): Promise<Format | undefined> {
  const head = new Uint8Array(await file.slice(0, 16).arrayBuffer());
  return FORMATS.find((format) => format.matches(head));
}
