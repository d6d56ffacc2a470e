/**
 * Many values in few buffers: what batch calls take and give.
 *
 * @module
 */
import { checkNumber } from "./options.ts";
import { toBytes } from "./bytes.ts";
import type { BytesSource } from "./bytes.ts";

/** Where one value lies: its offset and its length, in bytes. */
export type Segment = readonly [offset: number, length: number];

interface Part {
  readonly bytes: Uint8Array;
  /** Offset and length of each segment, alternating. */
  readonly segments: Float64Array;
  /** How many segments stand in the parts before. */
  readonly first: number;
}

/**
 * A list of byte values that are views of one or a few buffers. Reading a value copies nothing; as long as one view is
 * held, the whole buffer behind it stays in memory.
 *
 * @example Values in one buffer
 * ```ts
 * import { SegmentedBuffer } from "@sluice/internal";
 * import { assertEquals } from "@std/assert";
 *
 * const values = new SegmentedBuffer(new TextEncoder().encode("onetwo"), [[0, 3], [3, 3]]);
 * assertEquals([...values].map((value) => new TextDecoder().decode(value)), ["one", "two"]);
 * assertEquals(values.offsetOf(1), 3);
 * ```
 */
export class SegmentedBuffer implements Iterable<Uint8Array> {
  #parts: readonly Part[];
  /** How many values there are. */
  readonly length: number;
  /** Bytes of all values together. */
  readonly byteLength: number;

  /**
   * Names the values of one buffer. Segments may overlap and need no order.
   *
   * @throws {RangeError} If a segment does not lie inside the data.
   */
  constructor(data: BytesSource, segments: BigUint64Array | readonly Segment[]) {
    const bytes = toBytes(data);
    const table = segments instanceof BigUint64Array
      ? Float64Array.from(segments, Number)
      : Float64Array.from(segments.flat());
    if (table.length % 2 !== 0) {
      throw new RangeError(`Cannot use segments: there are ${table.length} numbers, expected pairs`);
    }
    let byteLength = 0;
    for (let i = 0; i < table.length; i += 2) {
      const offset = table[i]!;
      const length = table[i + 1]!;
      const inside = Number.isInteger(offset) && Number.isInteger(length) && offset >= 0 && length >= 0 &&
        offset + length <= bytes.length;
      if (!inside) {
        throw new RangeError(
          `Cannot use segment ${
            i / 2
          }: ${length} bytes at byte ${offset} do not lie inside ${bytes.length} bytes`,
        );
      }
      byteLength += length;
    }
    this.#parts = [{ bytes, segments: table, first: 0 }];
    this.length = table.length / 2;
    this.byteLength = byteLength;
  }

  /**
   * One list over several, in order; their buffers are shared.
   *
   * @throws {RangeError} If none is given.
   */
  static concat(...buffers: readonly SegmentedBuffer[]): SegmentedBuffer {
    if (buffers.length === 0) throw new RangeError("Cannot join segmented buffers: none is given");
    const parts: Part[] = [];
    let length = 0;
    let byteLength = 0;
    for (const buffer of buffers) {
      for (const part of buffer.#parts) parts.push({ ...part, first: length + part.first });
      length += buffer.length;
      byteLength += buffer.byteLength;
    }
    const joined = new SegmentedBuffer(new Uint8Array(), []);
    joined.#parts = parts;
    return Object.assign(joined, { length, byteLength });
  }

  /**
   * The value at an index, as a view.
   *
   * @throws {RangeError} If the index is no integer from 0 up to the last value's.
   */
  at(index: number): Uint8Array {
    const [part, local] = this.#find(index);
    const offset = part.segments[2 * local]!;
    return part.bytes.subarray(offset, offset + part.segments[2 * local + 1]!);
  }

  /**
   * Where a value starts in the buffer that it lies in, in bytes.
   *
   * @throws {RangeError} As `at`.
   */
  offsetOf(index: number): number {
    const [part, local] = this.#find(index);
    return part.segments[2 * local]!;
  }

  /** Offset and length of every value in its buffer. */
  get segments(): BigUint64Array {
    return BigUint64Array.from(
      this.#parts.flatMap((part) => [...part.segments]),
      BigInt,
    );
  }

  /** The buffers that the values lie in. */
  get buffers(): readonly Uint8Array[] {
    return this.#parts.map((part) => part.bytes);
  }

  /** All values one after the other, as a copy. */
  toBytes(): Uint8Array<ArrayBuffer> {
    const joined = new Uint8Array(this.byteLength);
    let offset = 0;
    for (const value of this) {
      joined.set(value, offset);
      offset += value.length;
    }
    return joined;
  }

  /** The values in order, as views. */
  *[Symbol.iterator](): Generator<Uint8Array, void, undefined> {
    for (const { bytes, segments } of this.#parts) {
      for (let i = 0; i < segments.length; i += 2) {
        yield bytes.subarray(segments[i]!, segments[i]! + segments[i + 1]!);
      }
    }
  }

  #find(index: number): [Part, number] {
    checkNumber("index", index);
    if (!Number.isInteger(index) || index < 0 || index >= this.length) {
      throw new RangeError(`Cannot read value ${index}: there are ${this.length} values`);
    }
    const part = this.#parts.findLast(({ first, segments }) => segments.length > 0 && first <= index)!;
    return [part, index - part.first];
  }
}
