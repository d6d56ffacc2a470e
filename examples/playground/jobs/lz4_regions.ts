/**
 * The parts of a .lz4 file: frames, blocks, how blocks are made of literals and matches (LZ4 frame and block formats).
 */
import { readLz4FrameHeader } from "@sluice/lz4";
import { BlobReader, Damage, littleEndian } from "./blob_reader.ts";
import type { Region } from "./messages.ts";

const HEADER_MAX = 19;
const WORD = 4;
const STORED = 2 ** 31;
const MIN_MATCH = 4;
const LEGACY_BLOCK_MAX = (8 << 20) + (8 << 20) / 255 + 16;

/** Sums over the sequences of a block. */
function factsOf(block: Uint8Array): Region["facts"] {
  let [sequences, literals, matched, longest] = [0, 0, 0, 0];
  let at = 0;
  const more = (length: number): number => {
    if (length < 15) return length;
    let byte = 255;
    while (byte === 255 && at < block.length) length += byte = block[at++]!;
    return length;
  };
  while (at < block.length) {
    const token = block[at++]!;
    const count = more(token >> 4);
    literals += count;
    at += count;
    if (at >= block.length) break;
    at += 2;
    const length = more(token & 15) + MIN_MATCH;
    sequences++;
    matched += length;
    longest = Math.max(longest, length);
  }
  return [
    ["content", `${literals + matched} bytes`],
    ["literals", `${literals} bytes`],
    ["matches", `${sequences}, ${matched} bytes, the longest ${longest}`],
  ];
}

async function* blocksOf(
  reader: BlobReader,
  start: number,
  { legacy, checksums }: { legacy: boolean; checksums: boolean },
): AsyncGenerator<Region, number> {
  for (let at = start, number = 0;; number++) {
    const head = await reader.read(at, WORD);
    if (legacy && head.length === 0) return at;
    if (head.length < WORD) throw new Damage("the file ends between blocks", at + head.length);
    const word = littleEndian(head, 0, WORD);
    if (legacy && word > LEGACY_BLOCK_MAX) return at;
    if (!legacy && word === 0) {
      yield { offset: at, size: WORD, kind: "checksum", title: "End of the blocks", facts: [] };
      return at + WORD;
    }
    const stored = !legacy && word >= STORED;
    const length = stored ? word - STORED : word;
    const body = await reader.read(at + WORD, length);
    if (body.length < length) throw new Damage("the file ends in a block", at + WORD + body.length);
    const size = WORD + length + (checksums ? WORD : 0);
    const title = `Block ${number}, ${stored ? "stored" : "compressed"}`;
    const facts: Region["facts"] = stored ? [["content", `${length} bytes`]] : factsOf(body);
    yield { offset: at, size, kind: stored ? "raw" : "compressed", title, facts };
    at += size;
  }
}

/** All parts, in order. */
export async function* lz4Regions(file: Blob): AsyncGenerator<Region> {
  const reader = new BlobReader(file);
  for (let at = 0, number = 0; at < reader.size;) {
    const header = readLz4FrameHeader(await reader.read(at, HEADER_MAX));
    if (header.type === "skippable") {
      const size = header.headerSize + (header.contentSize ?? 0);
      if (at + size > reader.size) throw new Damage("the file ends in a skippable frame", reader.size);
      yield { offset: at, size, kind: "skippable", title: "Skippable frame", facts: [] };
      at += size;
      continue;
    }
    const facts: Region["facts"] = [
      ["content", header.contentSize === undefined ? "not told" : `${header.contentSize} bytes`],
      ["blocks", `${header.linked ? "linked" : "independent"}, at most ${header.blockMax} bytes`],
      [
        "checksums",
        `${header.contentChecksum ? "of the content" : "none"}${header.blockChecksums ? ", of blocks" : ""}`,
      ],
    ];
    yield { offset: at, size: header.headerSize, kind: "header", title: `Frame ${number++}`, facts };
    const how = { legacy: header.type === "legacy", checksums: header.blockChecksums };
    at = yield* blocksOf(reader, at + header.headerSize, how);
    if (!header.contentChecksum) continue;
    if (at + WORD > reader.size) throw new Damage("the file ends in a checksum", reader.size);
    yield { offset: at, size: WORD, kind: "checksum", title: "Checksum of the content", facts: [] };
    at += WORD;
  }
}
