/**
 * Loose objects: one zlib stream of `type SP size NUL body`.
 */
import { failedResult, gitInflate, GitInflaterKernel, RESULT } from "../object/_codec.ts";
import { corrupt } from "../object/_errors.ts";
import { TYPE_OF_KIND } from "../object/_object_kind.ts";
import type { GitObjectType } from "../object/object.ts";

/** The header of a known type ends within so many bytes. */
const HEADER_SIZE_MAX = 64;

/** What a header says. */
export interface GitLooseHeader {
  /** Its type. */
  readonly type: GitObjectType;
  /** Bytes of the body. */
  readonly size: number;
  /** Bytes of the header with its NUL. */
  readonly length: number;
}

/** The header before a body. */
export function looseHeader(type: GitObjectType, size: number): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(`${type} ${size}\0`);
}

/** Whether two bytes may start a loose object: a zlib header (RFC 1950, section 2.2). */
export function looksLoose(bytes: Uint8Array): boolean {
  return bytes.length >= 2 && (bytes[0]! & 0x8f) === 0x08 && (bytes[0]! << 8 | bytes[1]!) % 31 === 0;
}

/**
 * Parses an inflated header; undefined while its NUL has not come and may still come.
 *
 * @throws {CorruptDataError} If it is none.
 */
export function parseLooseHeader(bytes: Uint8Array, what: string): GitLooseHeader | undefined {
  const end = bytes.subarray(0, HEADER_SIZE_MAX).indexOf(0);
  if (end < 0) {
    if (bytes.length < HEADER_SIZE_MAX) return undefined;
    throw corrupt(what, "its header does not end", "BAD_HEADER", 0);
  }
  const text = String.fromCharCode(...bytes.subarray(0, end));
  const match = /^([a-z]+) (0|[1-9]\d*)$/.exec(text);
  const size = Number(match?.[2]);
  if (match === null || !Number.isSafeInteger(size)) {
    throw corrupt(what, "its header is not a type and a size", "BAD_HEADER", 0);
  }
  const type = TYPE_OF_KIND.find((known) => known === match[1]);
  if (type === undefined) throw corrupt(what, `"${match[1]}" is no type of objects`, "BAD_OBJECT_TYPE", 0);
  return { type, size, length: end + 1 };
}

/** The header of an encoded object. */
export function readLooseHeader(encoded: Uint8Array, what: string): GitLooseHeader {
  if (!looksLoose(encoded)) throw corrupt(what, "it is no zlib stream", "BAD_MAGIC", 0);
  const inflater = new GitInflaterKernel();
  try {
    const head = new Uint8Array(HEADER_SIZE_MAX);
    const result = inflater.step(encoded, 0, head, 0);
    if (result < 0) throw failedResult(result, `read ${what}`);
    const header = parseLooseHeader(head.subarray(0, inflater.produced), what);
    if (header === undefined) throw corrupt(what, "it ends within its header", "TRUNCATED", encoded.length);
    return header;
  } finally {
    inflater.close();
  }
}

/** The body of an encoded object in memory, which has to end where its stream ends. */
export function decodeLoose(
  encoded: Uint8Array,
  header: GitLooseHeader,
  what: string,
): Uint8Array<ArrayBuffer> {
  // No stream of deflate expands to more than this.
  if (header.size / 1032 > encoded.length + 16) {
    throw corrupt(what, `${encoded.length} bytes can not hold ${header.size}`, "BAD_HEADER", 0);
  }
  const whole = new Uint8Array(header.length + header.size);
  const consumed = gitInflate(encoded, whole);
  if (consumed === RESULT.OUT_OF_MEMORY) throw failedResult(consumed, `read ${what}`);
  if (consumed < 0) {
    throw corrupt(what, "its stream is corrupt or has another size", "CORRUPT", header.length);
  }
  if (consumed !== encoded.length) {
    throw corrupt(what, `${encoded.length - consumed} bytes follow its end`, "TRAILING_DATA", consumed);
  }
  return whole.subarray(header.length);
}

/** A source of encoded bytes. */
export interface EncodedSource {
  read(target: Uint8Array): number | null | Promise<number | null>;
  close(): void;
}

const INPUT_SIZE = 64 << 10;
const OUTPUT_SIZE = 256 << 10;

/** The body of an encoded object as a stream in bounded memory. */
export function streamLoose(
  open: () => EncodedSource,
  header: GitLooseHeader,
  what: string,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  let source: EncodedSource | undefined;
  let inflater: GitInflaterKernel | undefined;
  const input = new Uint8Array(INPUT_SIZE);
  let available = new Uint8Array();
  let ended = false;
  let skip = header.length;
  let left = header.size;

  function release(): void {
    inflater?.close();
    source?.close();
    source = undefined;
  }

  async function next(): Promise<{ bytes: Uint8Array<ArrayBuffer>; done: boolean }> {
    source ??= open();
    inflater ??= new GitInflaterKernel();
    while (true) {
      if (available.length === 0 && !ended) {
        const count = await source.read(input);
        if (count === null) ended = true;
        else available = input.subarray(0, count);
      }
      const output = new Uint8Array(OUTPUT_SIZE);
      const result = inflater.step(available, 0, output, 0);
      if (result < 0) throw corrupt(what, "its stream is corrupt", "CORRUPT", header.size - left);
      const { consumed, produced } = inflater;
      available = available.subarray(consumed);
      const skipped = Math.min(skip, produced);
      skip -= skipped;
      left -= produced - skipped;
      if (left < 0) throw corrupt(what, "it is longer than its header says", "SIZE_MISMATCH", header.size);
      const done = result === RESULT.FRAME_END;
      if (done) {
        if (left > 0) {
          throw corrupt(what, "it is shorter than its header says", "SIZE_MISMATCH", header.size - left);
        }
        if (available.length > 0 || (!ended && (await source.read(input) ?? 0) > 0)) {
          throw corrupt(what, "bytes follow its end", "TRAILING_DATA", inflater.totalIn);
        }
      } else if (produced === 0 && consumed === 0 && ended) {
        throw corrupt(what, "its stream ends too early", "TRUNCATED", header.size - left);
      }
      if (produced > skipped || done) return { bytes: output.subarray(skipped, produced), done };
    }
  }

  return new ReadableStream({
    async pull(controller): Promise<void> {
      try {
        const { bytes, done } = await next();
        if (bytes.length > 0) controller.enqueue(bytes);
        if (done) {
          release();
          controller.close();
        }
      } catch (error) {
        release();
        throw error;
      }
    },
    cancel: release,
  }, { highWaterMark: 0 });
}
