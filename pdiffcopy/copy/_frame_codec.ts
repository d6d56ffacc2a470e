/**
 * Blocks that travel compressed: DATA frames become DATAZ frames, and back, where that makes them smaller.
 */
import { concatBytes, readU32, writeU32 } from "@sluice/internal";
import type { Table } from "../file/_block_file.ts";
import { failure } from "../file/_errors.ts";
import { FRAME, FRAME_HEADER_SIZE, makeFrame, readFrame } from "../file/_frames.ts";

/** The number of the codec in DATAZ frames. */
const ZSTD = 2;
/** A block that shrinks by less than a tenth travels as it is. */
const WORTH_IT = 0.9;
const PROBE_SIZE = 64 << 10;

/** Loaded when it is asked for: most copies do without, and start sooner. */
const loadZstd = () => import("@sluice/zstd");

/** What frames pass through on their way. */
export interface FrameCodec {
  /** What is asked of a server. */
  readonly query: Readonly<Record<string, string>>;
  encode(frames: Uint8Array<ArrayBuffer>, table: Table): Promise<Uint8Array<ArrayBuffer>>;
  decode(frames: Uint8Array<ArrayBuffer>, table: Table): Promise<Uint8Array<ArrayBuffer>>;
}

/** Frames as they are. */
export const PLAIN: FrameCodec = {
  query: {},
  encode: (frames) => Promise.resolve(frames),
  decode: (frames) => Promise.resolve(frames),
};

/** Blocks compressed with zstd. */
export class ZstdFrames implements FrameCodec {
  readonly query: Readonly<Record<string, string>>;
  readonly #level: number;

  constructor(level: number) {
    this.#level = level;
    this.query = { codec: "zstd", level: `${level}` };
  }

  async encode(frames: Uint8Array<ArrayBuffer>, table: Table): Promise<Uint8Array<ArrayBuffer>> {
    const parts: Uint8Array<ArrayBuffer>[] = [];
    for (let pos = 0; pos + FRAME_HEADER_SIZE <= frames.length;) {
      const frame = readFrame(frames, pos);
      const whole = frames.subarray(pos, frame.end);
      parts.push(
        frame.type === FRAME.DATA ? await this.#shrink(frame.position, frame.payload, table) ?? whole : whole,
      );
      pos = frame.end;
    }
    return concatBytes(parts);
  }

  /** The DATAZ frame of a block; undefined where it is not worth it, judged by its start first. */
  async #shrink(
    position: number,
    payload: Uint8Array,
    table: Table,
  ): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const { compressZstdAsync } = await loadZstd();
    const { digestSize } = table.hash;
    const block = payload.subarray(digestSize);
    const probe = block.subarray(0, PROBE_SIZE);
    if (block.length > 4 * PROBE_SIZE) {
      const tried = await compressZstdAsync(probe, { level: this.#level });
      if (tried.length > probe.length * WORTH_IT) return undefined;
    }
    const packed = await compressZstdAsync(block, { level: this.#level });
    if (packed.length > block.length * WORTH_IT) return undefined;
    const body = new Uint8Array(digestSize + 4 + packed.length);
    body.set(payload.subarray(0, digestSize));
    writeU32(body, digestSize, block.length);
    body.set(packed, digestSize + 4);
    return makeFrame(FRAME.DATAZ, position, body, ZSTD);
  }

  async decode(frames: Uint8Array<ArrayBuffer>, table: Table): Promise<Uint8Array<ArrayBuffer>> {
    if (!hasPacked(frames)) return frames;
    const parts: Uint8Array<ArrayBuffer>[] = [];
    for (let pos = 0; pos + FRAME_HEADER_SIZE <= frames.length;) {
      const frame = readFrame(frames, pos);
      parts.push(frame.type === FRAME.DATAZ ? await unpack(frame, table) : frames.subarray(pos, frame.end));
      pos = frame.end;
    }
    return concatBytes(parts);
  }
}

function hasPacked(frames: Uint8Array): boolean {
  for (let pos = 0; pos + FRAME_HEADER_SIZE <= frames.length;) {
    const frame = readFrame(frames, pos);
    if (frame.type === FRAME.DATAZ) return true;
    pos = frame.end;
  }
  return false;
}

async function unpack(
  { aux, payload, position }: { aux: number; payload: Uint8Array; position: number },
  { hash, blockSize }: Table,
): Promise<Uint8Array<ArrayBuffer>> {
  const at = hash.digestSize + 4;
  const size = payload.length >= at ? readU32(payload, hash.digestSize) : Infinity;
  if (aux !== ZSTD || size > blockSize) {
    throw failure("PROTOCOL", `Cannot unpack the block at byte ${position}: its header is not valid`, {
      offset: position,
    });
  }
  const { decompressZstdAsync } = await loadZstd();
  const block = await decompressZstdAsync(payload.subarray(at), { maxOutputSize: size });
  if (block.length !== size) {
    throw failure(
      "PROTOCOL",
      `Cannot unpack the block at byte ${position}: it has ${block.length} bytes, expected ${size}`,
      {
        offset: position,
      },
    );
  }
  const body = new Uint8Array(hash.digestSize + size);
  body.set(payload.subarray(0, hash.digestSize));
  body.set(block, hash.digestSize);
  return makeFrame(FRAME.DATA, position, body);
}
