/**
 * The parts of a .zpaq file: blocks with their models, segments with their names (ZPAQ level 2 specification).
 */
import { readZpaqHeader } from "@sluice/zpaq";
import { BlobReader, Damage, littleEndian } from "./blob_reader.ts";
import type { Region } from "./messages.ts";

const TAG = [0x37, 0x6b, 0x53, 0x74, 0xa0, 0x31, 0x83, 0xd3, 0x8c, 0xb2, 0x28, 0xb0, 0xd3] as const;
const START = [0x7a, 0x50, 0x51] as const;
const WINDOW = 64 << 10;
const SHA1_SIZE = 20;
/** First bytes of what follows a block's header. */
const SEGMENT = 1;
const BLOCK_END = 255;
const CHECKED = 253;
const UNCHECKED = 254;

function startsWith(bytes: Uint8Array, pattern: readonly number[]): boolean {
  return pattern.every((byte, i) => bytes[i] === byte);
}

/** Names and comments end with a zero. */
async function textAt(reader: BlobReader, at: number): Promise<{ text: string; end: number }> {
  const bytes = await reader.read(at, WINDOW);
  const length = bytes.indexOf(0);
  if (length < 0) throw new Damage("the file ends in a name", at + bytes.length);
  return { text: new TextDecoder().decode(bytes.subarray(0, length)), end: at + length + 1 };
}

/** Where stored data ends: pieces of a told length, the last of none. */
async function storedEnd(reader: BlobReader, start: number): Promise<number> {
  for (let at = start;;) {
    const head = await reader.read(at, 4);
    if (head.length < 4) throw new Damage("the file ends in stored data", at + head.length);
    const length = head[0]! * 2 ** 24 + head[1]! * 65536 + head[2]! * 256 + head[3]!;
    at += 4 + length;
    if (length === 0) return at;
  }
}

/** Where coded data ends: the coder never leaves four zeros but there. */
async function codedEnd(reader: BlobReader, start: number): Promise<number> {
  for (let at = start, zeros = 0;;) {
    const bytes = await reader.read(at, WINDOW);
    for (let i = 0; i < bytes.length; i++) {
      zeros = bytes[i] === 0 ? zeros + 1 : 0;
      if (zeros === 4) return at + i + 1;
    }
    at += bytes.length;
    if (bytes.length < WINDOW) throw new Damage("the file ends in coded data", at);
  }
}

async function segmentAt(reader: BlobReader, at: number, modelled: boolean, number: number): Promise<Region> {
  const name = await textAt(reader, at + 1);
  const comment = await textAt(reader, name.end);
  const start = comment.end + 1;
  const end = modelled ? await codedEnd(reader, start) : await storedEnd(reader, start);
  const mark = (await reader.read(end, 1))[0];
  if (mark !== CHECKED && mark !== UNCHECKED) throw new Damage("a segment has no end mark", end);
  const size = end + 1 + (mark === CHECKED ? SHA1_SIZE : 0) - at;
  return {
    offset: at,
    size,
    kind: modelled ? "compressed" : "raw",
    title: `Segment ${number}${name.text === "" ? "" : `, ${name.text}`}`,
    facts: [
      ["comment", comment.text],
      ["data", `${end - start} bytes`],
      ["SHA-1", mark === CHECKED ? "yes" : "no"],
    ],
  };
}

/** All parts, in order. */
export async function* zpaqRegions(file: Blob): AsyncGenerator<Region> {
  const reader = new BlobReader(file);
  for (let at = 0, block = 0; at < reader.size; block++) {
    const start = at;
    if (startsWith(await reader.read(at, TAG.length), TAG)) at += TAG.length;
    if (!startsWith(await reader.read(at, START.length), START)) {
      throw new Damage("no block starts here", start);
    }
    const length = 2 + littleEndian(await reader.read(at + 5, 2), 0, 2);
    const bytes = await reader.read(at + 5, length);
    const header = readZpaqHeader(bytes);
    at += 5 + length;
    const components = header.components.map(({ name }) => name).join(" ");
    yield {
      offset: start,
      size: at - start,
      kind: "header",
      title: `Block ${block}`,
      facts: [["model", components === "" ? "none: stored" : components], ["header", `${length} bytes`]],
    };
    for (let number = 0;; number++) {
      const mark = (await reader.read(at, 1))[0];
      if (mark === BLOCK_END) {
        at++;
        break;
      }
      if (mark !== SEGMENT) throw new Damage("neither a segment nor the end of the block", at);
      const segment = await segmentAt(reader, at, header.components.length > 0, number);
      yield segment;
      at += segment.size;
    }
  }
}
