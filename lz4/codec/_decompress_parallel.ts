/**
 * Decompression of one independent frame on several threads, without an index: block words tell where blocks are, and
 * all but the last are taken to be full. Whatever does not fit that picture goes the usual way, which also words errors.
 */
import { LZ4_JOB_LENGTH } from "../kernel/decoder.ts";
import { lz4BlocksDecompress, lz4BlockSize } from "../kernel/blocks.ts";
import { readU32, SluiceError } from "@sluice/internal";
import type { DecompressSettings } from "./_decompress_options.ts";
import { FRAME_HEADER_SIZE_MAX, STORED_BIT, WORD_SIZE } from "../frame/_format.ts";
import { parseFrameHeader } from "../frame/_frame_parser.ts";
import type { Lz4FrameHeader } from "../frame/frame_header.ts";

/** Where the blocks of a frame are and what they decode to. */
interface Plan {
  readonly jobs: Uint32Array<ArrayBuffer>;
  readonly size: number;
  readonly checksum: number | undefined;
}

function headerOf(bytes: Uint8Array): Lz4FrameHeader | undefined {
  try {
    const info = parseFrameHeader(bytes, Math.min(bytes.length, FRAME_HEADER_SIZE_MAX), { offset: 0 });
    return typeof info === "number" ? undefined : info;
  } catch (error) {
    if (error instanceof SluiceError) return undefined;
    throw error;
  }
}

/** The jobs of a frame that is all there is; undefined where it is not of that kind. */
function planOf(bytes: Uint8Array, settings: DecompressSettings): Plan | undefined {
  const info = headerOf(bytes);
  if (
    info === undefined || info.type !== "frame" || info.linked || info.blockChecksums ||
    info.dictId !== undefined
  ) {
    return undefined;
  }
  const jobs: number[] = [];
  let pos = info.headerSize;
  let out = 0;
  let word = pos + WORD_SIZE <= bytes.length ? readU32(bytes, pos) : 0;
  while (word !== 0) {
    const size = word % STORED_BIT;
    const next = pos + WORD_SIZE + size;
    if (size > info.blockMax || next + WORD_SIZE > bytes.length) return undefined;
    jobs.push(pos + WORD_SIZE, word, out, info.blockMax, 0);
    out += info.blockMax;
    pos = next;
    word = readU32(bytes, pos);
  }
  const end = pos + WORD_SIZE + (info.contentChecksum ? WORD_SIZE : 0);
  if (end !== bytes.length || jobs.length <= LZ4_JOB_LENGTH) return undefined;
  const last = lastSize(bytes, jobs.slice(-LZ4_JOB_LENGTH), settings);
  const size = out - info.blockMax + last;
  const declared = info.contentSize ?? size;
  if (last < 0 || last > info.blockMax || declared !== size || size > settings.maxOutputSize) {
    return undefined;
  }
  jobs[jobs.length - 2] = last;
  const checksum = info.contentChecksum && settings.verifyChecksums
    ? readU32(bytes, pos + WORD_SIZE)
    : undefined;
  return { jobs: new Uint32Array(jobs), size, checksum };
}

/** Content bytes of the last block; below 0 where it is none. */
function lastSize(bytes: Uint8Array, job: readonly number[], settings: DecompressSettings): number {
  const size = job[1]! % STORED_BIT;
  return job[1]! >= STORED_BIT
    ? size
    : lz4BlockSize(bytes.subarray(job[0]!, job[0]! + size), settings.backend);
}

/** The content of a frame, decoded on several threads; undefined where it must go the usual way. */
export async function decompressParallel(
  bytes: Uint8Array,
  settings: DecompressSettings,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  if (settings.strictBlocks || settings.dictionary !== undefined || settings.maxMemory > 0) return undefined;
  const plan = planOf(bytes, settings);
  if (plan === undefined) return undefined;
  const target = new Uint8Array(plan.size);
  const hash = await lz4BlocksDecompress(
    bytes,
    target,
    plan.jobs,
    settings.threads,
    plan.checksum !== undefined,
    settings.backend,
  );
  for (let i = 0; i < plan.jobs.length; i += LZ4_JOB_LENGTH) {
    if (plan.jobs[i + 4] !== plan.jobs[i + 3]) return undefined;
  }
  return plan.checksum === undefined || hash === plan.checksum ? target : undefined;
}
