/**
 * The parts of a .zst file: frames, blocks, what blocks are made of (RFC 8878).
 */
import { readZstdFrameHeader } from "@sluice/zstd";
import { BlobReader, Damage, littleEndian } from "./blob_reader.ts";
import type { Region } from "./messages.ts";

const MAGIC = 0xfd2fb528;
const SKIPPABLE = 0x184d2a50;
const SEEK_TABLE_MAGIC = 0x8f92eab1;
/** The largest frame header. */
const HEADER_MAX = 18;
/** Enough of a block for the headers of its literals and sequences, where these are near. */
const CHECKSUM_SIZE = 4;
const LITERALS = ["stored", "one byte repeated", "Huffman", "Huffman, table as before"] as const;

type Facts = Region["facts"];

/** How long a literals section is: header, content as it is stored, and as it comes out. */
function literalsOf(block: Uint8Array): { kind: number; stored: number; content: number } {
  const kind = block[0]! & 3;
  const format = block[0]! >> 2 & 3;
  if (kind < 2) {
    const header = format === 1 ? 2 : format === 3 ? 3 : 1;
    const content = littleEndian(block, 0, header) >>> (header === 1 ? 3 : 4);
    return { kind, stored: header + (kind === 1 ? 1 : content), content };
  }
  const header = format < 2 ? 3 : format + 2;
  const bits = format < 2 ? 10 : format === 2 ? 14 : 18;
  const packed = littleEndian(block, 0, Math.min(header, 4)) + (header === 5 ? block[4]! * 2 ** 32 : 0);
  const content = Math.floor(packed / 16) % 2 ** bits;
  const size = Math.floor(packed / 2 ** (4 + bits)) % 2 ** bits;
  return { kind, stored: header + size, content };
}

function sequencesOf(block: Uint8Array, at: number): number {
  const first = block[at] ?? 0;
  if (first < 128) return first;
  if (first < 255) return (first - 128) * 256 + (block[at + 1] ?? 0);
  return littleEndian(block, at + 1, 2) + 0x7f00;
}

function factsOf(block: Uint8Array): Facts {
  if (block.length < 3) return [];
  const { kind, stored, content } = literalsOf(block);
  return [
    ["literals", `${content} bytes, ${LITERALS[kind]}, in ${stored}`],
    ["sequences", sequencesOf(block, stored)],
    ["matches and literals take", `${block.length} bytes`],
  ];
}

async function* blocksOf(reader: BlobReader, start: number): AsyncGenerator<Region, number> {
  for (let at = start, number = 0;; number++) {
    const head = await reader.read(at, 3);
    if (head.length < 3) throw new Damage("the file ends between blocks", at + head.length);
    const word = littleEndian(head, 0, 3);
    const [last, type, length] = [word & 1, word >> 1 & 3, word >> 3];
    if (type === 3) throw new Damage("a block of a reserved type", at);
    const stored = type === 1 ? 1 : length;
    const body = await reader.read(at + 3, stored);
    if (body.length < stored) throw new Damage("the file ends in a block", at + 3 + body.length);
    const kind = (["raw", "run", "compressed"] as const)[type]!;
    const facts: Facts = type === 2 ? factsOf(body) : [["content", `${length} bytes`]];
    const title = `Block ${number}, ${["stored", "one byte repeated", "compressed"][type]}`;
    yield { offset: at, size: 3 + stored, kind, title, facts };
    at += 3 + stored;
    if (last === 1) return at;
  }
}

async function skippable(reader: BlobReader, at: number): Promise<Region> {
  const size = 8 + littleEndian(await reader.read(at + 4, 4), 0, 4);
  if (at + size > reader.size) throw new Damage("the file ends in a skippable frame", reader.size);
  const magic = littleEndian(await reader.read(at + size - 4, 4), 0, 4);
  const title = magic === SEEK_TABLE_MAGIC ? "Seek table" : "Skippable frame";
  return { offset: at, size, kind: "skippable", title, facts: [] };
}

/** All parts, in order. */
export async function* zstdRegions(file: Blob): AsyncGenerator<Region> {
  const reader = new BlobReader(file);
  for (let at = 0, number = 0; at < reader.size;) {
    const head = await reader.read(at, HEADER_MAX);
    const magic = littleEndian(head, 0, 4);
    if (magic >= SKIPPABLE && magic < SKIPPABLE + 16) {
      const region = await skippable(reader, at);
      yield region;
      at += region.size;
      continue;
    }
    if (magic !== MAGIC) throw new Damage("no frame starts here", at);
    const header = readZstdFrameHeader(head);
    const facts: Facts = [
      ["content", header.contentSize === undefined ? "not told" : `${header.contentSize} bytes`],
      ["window", `${header.windowSize} bytes`],
      ["checksum", header.hasChecksum ? "yes" : "no"],
      ["dictionary", header.dictId === 0 ? "none" : header.dictId],
    ];
    yield { offset: at, size: header.headerSize, kind: "header", title: `Frame ${number++}`, facts };
    at = yield* blocksOf(reader, at + header.headerSize);
    if (!header.hasChecksum) continue;
    if (at + CHECKSUM_SIZE > reader.size) throw new Damage("the file ends in a checksum", reader.size);
    yield { offset: at, size: CHECKSUM_SIZE, kind: "checksum", title: "Checksum of the content", facts: [] };
    at += CHECKSUM_SIZE;
  }
}
