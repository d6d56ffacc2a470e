/**
 * `sluice zstd -d` and `-t`: all frames of one input to their content.
 */
import { SluiceError } from "@sluice/internal";
import { readZstdFrameHeader, ZstdDecoder, ZstdParallelDecoder } from "@sluice/zstd/decode";
import type { ZstdDecompressOptions, ZstdParallelOptions } from "@sluice/zstd/decode";
import { EXIT, Failure } from "../shared/exit.ts";
import { PassThrough, pump, readChunks } from "../shared/io.ts";
import { decompressionFailure, windowFailure } from "./faults.ts";
import type { ZstdTransfer } from "./transfer.ts";
import type { ZstdReference } from "./reference.ts";
import { WINDOW_LOG_DEFAULT } from "./settings.ts";
import type { ZstdSettings } from "./settings.ts";

const MAGIC_SIZE = 4;
const GZIP_MAGIC = [0x1f, 0x8b] as const;
const WINDOW_LOG_MIN = 10;
const WINDOW_LOG_MAX = 31;
const THREADS_MAX = 64;
/** Content of frames that are decoded side by side comes in one piece. */
const RUN_SIZE_MAX = 32 << 20;
/** Content of less bytes is collected for larger writes. */
const LARGE_WRITE_MIN = 256 << 10;
/** Content of one block needs no window, whatever the limit. */
const BLOCK_LOG_MAX = 17;

/**
 * The largest window that may be decompressed, in bytes: unless told otherwise twice the base of a patch, if that is
 * more than usual.
 *
 * @throws {Failure} If the settings ask for less than a window can be.
 */
function windowLimit(settings: ZstdSettings, baseSize: number): number {
  const baseLog = Math.min(Math.ceil(Math.log2(Math.max(baseSize, 1))) + 1, WINDOW_LOG_MAX);
  const limit = settings.maxMemory ?? 2 ** (settings.longWindowLog || Math.max(WINDOW_LOG_DEFAULT, baseLog));
  if (limit >= 2 ** WINDOW_LOG_MIN && limit <= 2 ** WINDOW_LOG_MAX) return limit;
  throw new Failure(
    `zstd: error 11 : Parameter is out of bound : window limit of ${limit} bytes`,
    EXIT.parameter,
  );
}

/** Decompresses everything from the reader to the writer. */
export async function decompressTransfer(
  transfer: ZstdTransfer,
  settings: ZstdSettings,
  passThrough: boolean,
  reference: ZstdReference,
): Promise<void> {
  const { reader, writer, progress, name } = transfer;
  const limit = windowLimit(settings, reference.prefix?.length ?? 0);
  const head = await reader.peek(MAGIC_SIZE);
  if (head.length === 0 && !passThrough) throw new Failure(`zstd: ${name}: unexpected end of file `);
  if (head[0] === GZIP_MAGIC[0] && head[1] === GZIP_MAGIC[1]) return await gunzip(transfer);
  if (!startsFrame(head)) {
    if (passThrough) return await pump(reader, new PassThrough(), writer, () => {});
    throw new Failure(
      `zstd: ${name}: ${head.length < MAGIC_SIZE ? "unknown header" : "unsupported format"} `,
    );
  }
  const options: ZstdDecompressOptions = {
    maxWindowLog: Math.max(Math.ceil(Math.log2(limit)), BLOCK_LOG_MAX),
    verifyChecksums: settings.checksum,
    trailing: passThrough ? "ignore" : "error",
    dictionary: reference.dictionary,
    prefix: reference.prefix,
    checkHeader: ({ windowSize, contentSize = Infinity, contentSizeBig }) => {
      if (windowSize > limit && contentSize > 2 ** BLOCK_LOG_MAX) {
        // A window that no number holds is that of a frame in one segment: its content.
        throw windowFailure(name, windowSize === Infinity ? contentSizeBig! : windowSize, limit);
      }
    },
  };
  const threads = Math.min(settings.decodingThreads, THREADS_MAX);
  if (threads > 1 && !passThrough) return await decompressOnThreads(transfer, { ...options, threads });
  using decoder = new ZstdDecoder(options);
  const codec = {
    get needsInput() {
      return decoder.needsInput;
    },
    get ended() {
      return decoder.ended;
    },
    write: (chunk: Uint8Array) => decoder.write(chunk),
    end: () => decoder.finish(),
    readIntoAsync: (target: Uint8Array<ArrayBuffer>) => decoder.readIntoAsync(target),
  };
  try {
    await pump(reader, codec, writer, () => progress.update(decoder.bytesIn, decoder.bytesOut));
    if (passThrough && !reader.ended) {
      await writer.write(decoder.unused);
      await pump(reader, new PassThrough(), writer, () => {});
    }
  } catch (error) {
    if (error instanceof Deno.errors.BrokenPipe) throw error;
    throw decompressionFailure(error, { name, bytesUsed: decoder.bytesIn, bytesIn: reader.bytesIn });
  }
}

/** Decodes frames side by side; what follows the last frame is an error. */
async function decompressOnThreads(
  { reader, writer, progress, name }: ZstdTransfer,
  options: ZstdParallelOptions,
): Promise<void> {
  const chunks = { chunkSize: RUN_SIZE_MAX, reuseChunks: true };
  const decoder = new ZstdParallelDecoder(readChunks(reader), { ...options, ...chunks });
  try {
    for await (const chunk of decoder) {
      if (chunk.length < LARGE_WRITE_MIN) await writer.write(chunk);
      else await writer.writeThrough(chunk);
      if (!reader.ready && writer.waiting) await writer.push();
      progress.update(decoder.bytesIn, decoder.bytesOut);
    }
    await writer.flush();
  } catch (error) {
    if (writer.waiting) await writer.flush(); // what came before the fault is worth having
    if (error instanceof Deno.errors.BrokenPipe) throw error;
    throw decompressionFailure(error, { name, bytesUsed: decoder.bytesIn, bytesIn: reader.bytesIn });
  } finally {
    await writer.settle();
    await reader.settle();
  }
}

/** Decompresses gzip data, as `zcat` does, by the platform's own stream. */
async function gunzip({ reader, writer, name }: ZstdTransfer): Promise<void> {
  const source = new ReadableStream<Uint8Array<ArrayBuffer>>({
    async pull(controller): Promise<void> {
      const chunk = await reader.next();
      if (chunk === undefined) controller.close();
      else controller.enqueue(chunk.slice());
    },
  });
  try {
    for await (const chunk of source.pipeThrough(new DecompressionStream("gzip"))) await writer.write(chunk);
    await writer.flush();
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new Failure(`${name} : Decoding error (36) : ${error.message} `);
  } finally {
    await writer.settle();
    await reader.settle();
  }
}

/** Whether these bytes, and what follows them, may be a frame. */
function startsFrame(head: Uint8Array): boolean {
  try {
    readZstdFrameHeader(head);
  } catch (error) {
    if (!(error instanceof SluiceError)) throw error;
    return error.code !== "BAD_MAGIC";
  }
  return true;
}
