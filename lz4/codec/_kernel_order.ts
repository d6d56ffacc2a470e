/**
 * One call of the kernel: which input it gets and how far it may go.
 */
import type { FrameWalk } from "./_frame_walk.ts";

/** Source bytes of one WASM run: what is copied in again when the target fills first stays small. */
const WASM_SOURCE_WINDOW = 128 << 10;

/** One call of the kernel. */
export interface Order {
  readonly source: Uint8Array;
  readonly pos: number;
  readonly end: number;
  /** Where the target ends. */
  readonly room: number;
  readonly goal: number;
  /** Whether the source is the held part. */
  readonly held: boolean;
}

/** The call that decodes the input at hand to `at` and up to `room`; WASM gets `wider` more bytes than usual. */
export function orderFor(walk: FrameWalk, at: number, room: number, goal: number, wider: number): Order {
  const { input, kernel } = walk;
  if (input.length > 0) {
    return { source: input.part, pos: 0, end: input.length, room, goal, held: true };
  }
  const window = kernel.backend === "native"
    ? input.rest
    : Math.max(WASM_SOURCE_WINDOW, Math.min(room - at, walk.info!.blockMax)) + wider;
  const end = Math.min(input.chunk.length, input.pos + window);
  return { source: input.chunk, pos: input.pos, end, room, goal, held: false };
}
