/**
 * `sluice lz4 -1`: one input to one frame.
 */
import { compressLz4Iterable, lz4BlockSizeOf } from "@sluice/lz4/encode";
import type { Lz4CompressOptions, Lz4StreamOptions } from "@sluice/lz4/encode";
import { ChunkReader } from "../shared/io.ts";
import type { ByteSink, ReadableFile } from "../shared/io.ts";
import { loaderBeside } from "../shared/load.ts";
import { readEncryptionKey } from "./decryption.ts";
import type { Lz4Settings } from "./options.ts";

const load = loaderBeside(import.meta.url);

/** One input on its way to its frame. */
export interface Compression {
  readonly file: ReadableFile;
  /** Bytes of the input; undefined where that is not known. */
  readonly size: number | undefined;
  readonly sink: ByteSink;
  readonly settings: Lz4Settings;
  readonly dictionary: Uint8Array<ArrayBuffer> | undefined;
  onStep(bytesIn: number, bytesOut: number): void;
}

/** Compresses one input; one write runs while the next chunk is made. Returns how many bytes went in and came out. */
export async function compressInput(job: Compression): Promise<{ in: number; out: number }> {
  const { settings, sink } = job;
  const key = await readEncryptionKey(settings.encrypt, settings.keyFile);
  const reader = new ChunkReader(job.file, job.size);
  async function* chunks(): AsyncGenerator<Uint8Array> {
    for (let chunk = await reader.next(); chunk !== undefined; chunk = await reader.next()) yield chunk;
  }
  let out = 0;
  let writing = Promise.resolve();
  try {
    const compressed = compressLz4Iterable(chunks(), compressOptions(job));
    for await (const chunk of key === undefined ? compressed : await encrypt(compressed, key)) {
      out += chunk.length;
      await writing;
      writing = sink.write(chunk);
      writing.catch(() => {}); // thrown by the turn that waits for it
      job.onStep(reader.bytesIn, out);
    }
    await writing;
  } finally {
    await writing.catch(() => {});
    await reader.settle();
  }
  return { in: reader.bytesIn, out };
}

async function encrypt(
  compressed: AsyncIterable<Uint8Array<ArrayBuffer>>,
  key: Uint8Array<ArrayBuffer>,
): Promise<AsyncIterable<Uint8Array<ArrayBuffer>>> {
  const { encryptLz4AesGcmIterable } = await load<typeof import("./encryption.ts")>("./encryption.ts");
  return encryptLz4AesGcmIterable(compressed, { key });
}

function compressOptions({ settings, dictionary, size }: Compression): Lz4CompressOptions & Lz4StreamOptions {
  const { level, threads } = settings;
  if (settings.legacy) return { format: "legacy", level, threads };
  const { blockChecksums, contentChecksum, favorDecompressionSpeed } = settings;
  return {
    level,
    ...blocksFor(settings, size),
    blockChecksums,
    contentChecksum,
    favorDecompressionSpeed,
    threads,
    dictionary,
    contentSize: settings.contentSize ? size : undefined,
  };
}

const BLOCK_ID_MIN = 4;
const BLOCK_ID_MAX = 7;

/** The blocks of a frame: one for content that fits, no larger than it needs, as readers take memory for whole blocks. */
function blocksFor(
  settings: Lz4Settings,
  size: number | undefined,
): Pick<Lz4CompressOptions, "blockSize" | "linked"> {
  const { blockSize, linked } = settings;
  if (size === undefined || size > blockBytesOf(settings)) return { blockSize, linked };
  let id = BLOCK_ID_MIN;
  while (id < BLOCK_ID_MAX && lz4BlockSizeOf(id) < size) id++;
  return { blockSize: id, linked: false };
}

/** Bytes of a block: the option takes the format's numbers for sizes, too. */
export function blockBytesOf({ blockSize }: Lz4Settings): number {
  return blockSize >= BLOCK_ID_MIN && blockSize <= BLOCK_ID_MAX ? lz4BlockSizeOf(blockSize) : blockSize;
}
