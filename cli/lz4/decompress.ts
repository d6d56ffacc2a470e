/**
 * `sluice lz4 -d` and `-t`: all frames of one input to their content.
 */
import { Lz4Decoder, readLz4FrameHeader } from "@sluice/lz4/decode";
import { SluiceError } from "@sluice/internal";
import { BlockWriter, ChunkReader, PassThrough, pump } from "../shared/io.ts";
import type { ByteSink, PumpCodec, ReadableFile } from "../shared/io.ts";

const MAGIC_SIZE = 4;
/** One read, and one write, of a single thread: the largest block. */
const PIECE_SIZE = 4 << 20;
/** One write of several threads: two of the largest blocks for each of them. */
const THREAD_PIECE_SIZE = 8 << 20;
const THREAD_PIECE_SIZE_MAX = 64 << 20;
/** LZ4 content is at most this many times its compressed size. */
const EXPANSION_MAX = 255;

/** One input on its way to its content. */
export interface Decompression {
  readonly file: ReadableFile;
  /** Bytes of the input; undefined where that is not known. */
  readonly size: number | undefined;
  readonly sink: ByteSink;
  readonly dictionary: Uint8Array<ArrayBuffer> | undefined;
  readonly verifyChecksums: boolean;
  readonly threads: number;
  /** Whether what starts no frame passes as it is. */
  readonly passOthers: boolean;
  onStep(bytesIn: number, bytesOut: number): void;
}

/** Decompresses one input; returns how many bytes went in and came out. */
export async function decompressInput(job: Decompression): Promise<{ in: number; out: number }> {
  const { size = Infinity, threads, sink } = job;
  const pieceSize = threads === 1 ? PIECE_SIZE : Math.min(threads * THREAD_PIECE_SIZE, THREAD_PIECE_SIZE_MAX);
  const reader = new ChunkReader(job.file, size, PIECE_SIZE);
  const writer = new BlockWriter(sink, size * EXPANSION_MAX, pieceSize);
  const step = (): void => job.onStep(reader.bytesIn, writer.bytesWritten);
  if (job.passOthers && !startsFrame(await reader.peek(MAGIC_SIZE))) {
    await pump(reader, new PassThrough(), writer, step);
  } else {
    using decoder = new Lz4Decoder({
      dictionary: job.dictionary,
      allowEmpty: true,
      verifyChecksums: job.verifyChecksums,
      threads,
    });
    const codec: PumpCodec = {
      get needsInput() {
        return decoder.needsInput;
      },
      get ended() {
        return decoder.ended;
      },
      write: (chunk) => decoder.write(chunk),
      end: () => decoder.end(),
      readIntoAsync: (target) => decoder.readIntoAsync(target),
    };
    await pump(reader, codec, writer, step);
  }
  return { in: reader.bytesIn, out: writer.bytesWritten };
}

/** Whether these bytes start a frame of any kind. */
function startsFrame(head: Uint8Array): boolean {
  try {
    readLz4FrameHeader(head);
    return true;
  } catch (error) {
    if (!(error instanceof SluiceError)) throw error;
    return error.code !== "BAD_MAGIC" && head.length >= MAGIC_SIZE;
  }
}
