/**
 * Cutting a batch into groups, each of which is one call of the kernel.
 */
import { checkInteger, processorCount, SegmentedBuffer, SluiceError, toBytes } from "@sluice/internal";
import type { BytesSource, Segment } from "@sluice/internal";

/** Values of one call in one buffer. */
export interface BatchGroup {
  /** The index of the group's first value in the batch. */
  readonly first: number;
  readonly source: Uint8Array;
  /** Where each value starts, and where the last one ends. */
  readonly offsets: Uint32Array;
}

/** The most bytes of one call, both sides together: u32 offsets natively, small memory in WASM. */
const GROUP_SIZE_MAX = { native: 512 << 20, wasm: 8 << 20 } as const;
/** Below this much work a further thread costs more than it gives. */
const BYTES_PER_THREAD_MIN = 64 << 10;
const THREADS_MAX = 64;

/** The bytes of every value of a batch. */
export function batchItems(inputs: Iterable<BytesSource> | SegmentedBuffer): Uint8Array[] {
  if (typeof inputs !== "object" || inputs === null || !(Symbol.iterator in inputs)) {
    throw new TypeError("Cannot read a batch: expected an iterable of byte values");
  }
  return Array.from(inputs, (input, index) => {
    try {
      return toBytes(input);
    } catch (error) {
      throw withIndex(error, index);
    }
  });
}

/** Says in an error which value of a batch it is about. */
export function withIndex(error: unknown, index: number): unknown {
  if (!(error instanceof Error)) return error;
  error.message = `${error.message} (value ${index} of the batch)`;
  if (error instanceof SluiceError) error.index = index;
  return error;
}

/** Groups of values; `room` says how much output a value needs. */
export function* groups(
  items: readonly Uint8Array[],
  room: (index: number) => number,
  backend: "native" | "wasm",
): Generator<BatchGroup & { readonly slots: Uint32Array }> {
  const limit = GROUP_SIZE_MAX[backend];
  for (let first = 0; first < items.length;) {
    let end = first;
    let size = 0;
    do {
      size += items[end]!.length + room(end);
      end++;
    } while (end < items.length && size + items[end]!.length + room(end) <= limit);
    const offsets = new Uint32Array(end - first + 1);
    const slots = new Uint32Array(end - first + 1);
    for (let i = first; i < end; i++) {
      offsets[i - first + 1] = offsets[i - first]! + items[i]!.length;
      slots[i - first + 1] = slots[i - first]! + room(i);
    }
    yield { first, source: gather(items, first, offsets), offsets, slots };
    first = end;
  }
}

/** The values one after the other: as they are where they lie so already, else copied. */
function gather(items: readonly Uint8Array[], first: number, offsets: Uint32Array): Uint8Array {
  const count = offsets.length - 1;
  const total = offsets[count]!;
  const { buffer, byteOffset } = items[first]!;
  const inPlace = items.slice(first, first + count).every((item, i) =>
    item.buffer === buffer && item.byteOffset === byteOffset + offsets[i]!
  );
  if (inPlace) return new Uint8Array(buffer, byteOffset, total);
  const source = new Uint8Array(total);
  for (let i = 0; i < count; i++) source.set(items[first + i]!, offsets[i]);
  return source;
}

/** How many threads a batch of this many bytes gets. */
export function threadCount(threads: number | "auto" | undefined, bytes: number): number {
  const wanted = threads === undefined || threads === "auto"
    ? processorCount()
    : checkInteger("threads", threads, 0, THREADS_MAX);
  return Math.max(1, Math.min(wanted, Math.ceil(bytes / BYTES_PER_THREAD_MIN), THREADS_MAX));
}

/** Values that stand one after the other, with these borders. */
export function segmentsOf(borders: Uint32Array): Segment[] {
  return Array.from({ length: borders.length - 1 }, (_, i) => [borders[i]!, borders[i + 1]! - borders[i]!]);
}

/** The groups of a batch as one list. */
export function joinGroups(buffers: readonly SegmentedBuffer[]): SegmentedBuffer {
  return buffers.length === 0
    ? new SegmentedBuffer(new Uint8Array(), [])
    : SegmentedBuffer.concat(...buffers);
}
