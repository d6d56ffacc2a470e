/**
 * Reading what stands before and after the data of segments. Each function gives undefined, and uses nothing up, where
 * the input does not hold all of its part yet.
 */
import { fault, limitFault } from "../zpaql/_fault.ts";
import { BLOCK_MAGIC, DIGEST_SIZE, HEADER_TYPE, MARK, TEXT_SIZE_MAX } from "../zpaql/_format.ts";
import { parseHeader } from "../zpaql/_header_parser.ts";
import type { ZpaqHeader } from "../zpaql/header.ts";
import type { InputBuffer } from "./_input_buffer.ts";

/** The block at hand. */
export interface BlockFacts {
  /** Where it starts, its tag included. */
  readonly offset: number;
  readonly level: number;
  readonly header: ZpaqHeader;
  /** The header as it stands in the block. */
  readonly headerBytes: Uint8Array<ArrayBuffer>;
}

/** The segment at hand. */
export interface SegmentFacts {
  readonly offset: number;
  readonly name: Uint8Array<ArrayBuffer>;
  readonly comment: Uint8Array<ArrayBuffer>;
}

/** What comes after a segment's data. */
export interface Trailer {
  /** The stored SHA-1, where there is one. */
  readonly checksum: Uint8Array<ArrayBuffer> | undefined;
}

const decoder = new TextDecoder();

/** Bytes as text, for people. */
export function textOf(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}

/** Wants input, unless none can come. */
export function needInput(buffer: InputBuffer, more: boolean): "input" {
  if (!more) throw fault("TRUNCATED", buffer.offset + buffer.length, "the data ends inside a block");
  return "input";
}

/** Reads the header of a block whose magic stands `tag` bytes after its start; its `size` is not used up yet. */
export function readHeader(
  buffer: InputBuffer,
  tag: number,
  maxMemory: number,
): { readonly block: BlockFacts; readonly size: number } | undefined {
  const at = buffer.pos + tag + BLOCK_MAGIC.length;
  if (buffer.end < at + 4) return undefined;
  const [level, type, low, high] = buffer.bytes.subarray(at, at + 4) as unknown as [
    number,
    number,
    number,
    number,
  ];
  const { offset } = buffer;
  if (level !== 1 && level !== 2) {
    throw fault("LEVEL", offset, `the block has level ${level}, expected 1 or 2`);
  }
  if (type !== HEADER_TYPE) throw fault("TYPE", offset, `the block has type ${type}, expected 1`);
  const end = at + 2 + low + 256 * high + 2;
  if (buffer.end < end) return undefined;
  const headerBytes = buffer.bytes.slice(at + 2, end);
  const header = parseHeader(headerBytes, offset);
  if (level === 1 && header.components.length === 0) {
    throw fault("HEADER", offset, "a block of level 1 has no components");
  }
  if (header.memoryUsage > maxMemory) {
    throw limitFault(
      "MEMORY_LIMIT",
      offset,
      `the model takes ${header.memoryUsage} bytes`,
      maxMemory,
      header.memoryUsage,
    );
  }
  return { block: { offset, level, header, headerBytes }, size: end - buffer.pos };
}

/** Reads what comes next in a block: its end, which is used up, or a segment, whose mark is left to `readNames`. */
export function readMark(buffer: InputBuffer): "block-end" | "segment" | undefined {
  if (buffer.length === 0) return undefined;
  const mark = buffer.bytes[buffer.pos]!;
  if (mark === MARK.BLOCK_END) {
    buffer.consume(1);
    return "block-end";
  }
  if (mark !== MARK.SEGMENT) {
    throw fault("MARK", buffer.offset, `a segment or the end of the block was expected, byte ${mark} found`);
  }
  return "segment";
}

/** Reads the mark, the name and the comment of a segment. */
export function readNames(buffer: InputBuffer): SegmentFacts | undefined {
  const { bytes, end, offset } = buffer;
  const nameStart = buffer.pos + 1;
  const nameEnd = bytes.indexOf(0, nameStart);
  const commentEnd = nameEnd < 0 ? -1 : bytes.indexOf(0, nameEnd + 1);
  if (nameEnd < 0 || nameEnd >= end || commentEnd < 0 || commentEnd + 1 >= end) {
    if (buffer.length > 2 * TEXT_SIZE_MAX) {
      throw limitFault("NAME_LIMIT", offset, "the name or comment of a segment has no end", TEXT_SIZE_MAX);
    }
    return undefined;
  }
  if (bytes[commentEnd + 1] !== 0) throw fault("RESERVED", offset, "a byte that must be 0 is not");
  const name = bytes.slice(nameStart, nameEnd);
  const comment = bytes.slice(nameEnd + 1, commentEnd);
  buffer.consume(commentEnd + 2 - buffer.pos);
  return { offset, name, comment };
}

/** Reads what comes after a segment's data. */
export function readTrailer(buffer: InputBuffer): Trailer | undefined {
  if (buffer.length === 0) return undefined;
  const mark = buffer.bytes[buffer.pos]!;
  if (mark === MARK.NO_CHECKSUM) {
    buffer.consume(1);
    return { checksum: undefined };
  }
  if (mark !== MARK.CHECKSUM) {
    throw fault("MARK", buffer.offset, `the end of a segment was expected, byte ${mark} found`);
  }
  if (buffer.length < 1 + DIGEST_SIZE) return undefined;
  const checksum = buffer.bytes.slice(buffer.pos + 1, buffer.pos + 1 + DIGEST_SIZE);
  buffer.consume(1 + DIGEST_SIZE);
  return { checksum };
}
