/**
 * From the body of an answer to whole frames, in one buffer that is used again and again.
 */
import { failure } from "../file/_errors.ts";
import { FRAME, FRAME_HEADER_SIZE, frameSize, parseEnd, readFrame } from "../file/_frames.ts";
import type { StreamEnd } from "../file/_frames.ts";

const BUFFER_SIZE = 4 << 20;
const PIECE_SIZE = 256 << 10;

/** What a stream of frames ends with. */
export interface FrameStreamResult {
  end: StreamEnd | undefined;
}

/**
 * Yields whole frames, many at a time; a chunk may change when the next one is asked for. The frame that ends the stream
 * goes to `result`; an error that the server reports is thrown. Where the stream breaks, the frames that came are yielded
 * before its error is thrown.
 */
export async function* wholeFrames(
  body: ReadableStream<Uint8Array>,
  payloadMax: number,
  onBytes: (count: number) => void,
  result: FrameStreamResult,
): AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined> {
  const reader = body.getReader({ mode: "byob" });
  const capacity = Math.max(BUFFER_SIZE, 2 * (FRAME_HEADER_SIZE + payloadMax));
  const buffer = new Uint8Array(capacity);
  // A buffer that is read into is lost when the stream breaks: what came is kept in another one.
  let piece = new Uint8Array(PIECE_SIZE);
  let filled = 0;
  let finished = false;
  try {
    while (!finished) {
      let whole = 0;
      let wanted = 0;
      // Reads on until the next frame would not fit any more, so that each chunk is worth a call.
      let broken: { readonly error: unknown } | undefined;
      while (!finished && whole + wanted <= capacity) {
        const room = Math.min(PIECE_SIZE, capacity - filled);
        const { value, done } = await reader.read(new Uint8Array(piece.buffer, 0, room))
          .catch((error) => ({ value: undefined, done: { error } }));
        if (done || value === undefined) {
          broken = typeof done === "object" ? done : { error: truncated() };
          break;
        }
        piece = new Uint8Array(value.buffer as ArrayBuffer);
        buffer.set(value, filled);
        filled += value.length;
        onBytes(value.length);
        for (;;) {
          const size = frameSize(buffer, whole, filled, payloadMax);
          wanted = size === 0 ? FRAME_HEADER_SIZE : size;
          if (size === 0 || whole + size > filled) break;
          const type = buffer[whole]!;
          if (type === FRAME.END || type === FRAME.ERROR) {
            finished = true;
            break;
          }
          whole += size;
        }
        if (filled === capacity) break;
      }
      if (whole > 0) yield buffer.subarray(0, whole);
      if (broken !== undefined) throw broken.error;
      if (finished) conclude(buffer, whole, result);
      buffer.copyWithin(0, whole, filled);
      filled -= whole;
    }
  } finally {
    await reader.cancel().catch(() => {});
  }
}

function truncated(): Error {
  return failure("TRUNCATED", "Cannot read frames: the stream ended too early");
}

/** Takes the last frame. */
function conclude(buffer: Uint8Array, pos: number, result: FrameStreamResult): void {
  const frame = readFrame(buffer, pos);
  if (frame.type === FRAME.END) {
    result.end = parseEnd(frame);
    return;
  }
  let code = "SERVER";
  let message = "the server gave up";
  try {
    const parsed = JSON.parse(new TextDecoder().decode(frame.payload)) as Record<string, unknown>;
    if (typeof parsed.code === "string") code = parsed.code;
    if (typeof parsed.message === "string") message = parsed.message;
  } catch {
    // A server that can't say why has still given up.
  }
  const known = code === "SOURCE_CHANGED" || code === "IO" || code === "PERMISSION" ? code : "SERVER";
  throw failure(known, `Cannot go on with the stream of frames: ${message}`);
}
