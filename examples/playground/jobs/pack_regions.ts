/**
 * The parts of a .pack file: its objects, and what deltas are made from.
 */
import { openPack } from "./git_pack.ts";
import type { Region } from "./messages.ts";

const HEADER_SIZE = 12;
const TRAILER_SIZE = 20;

/** All parts, in order. */
export async function* packRegions(file: Blob): AsyncGenerator<Region> {
  const store = await openPack(file);
  try {
    yield { offset: 0, size: HEADER_SIZE, kind: "header", title: "Header of the pack", facts: [] };
    const places = new Map<string, number>();
    let at = HEADER_SIZE;
    let number = 1;
    for await (const { id, type, size, packedSize, base, entrySize } of store.packs[0]!.list()) {
      const delta = base !== undefined;
      const from = delta ? places.get(`${base}`) : undefined;
      places.set(`${id}`, number++);
      yield {
        offset: at,
        size: packedSize,
        kind: delta ? "delta" : type,
        title: `${type} ${`${id}`.slice(0, 12)}`,
        facts: [
          ["object", `${size} bytes`],
          ...delta ? [["delta", `${entrySize} bytes, to ${`${base}`.slice(0, 12)}`] as const] : [],
        ],
        ...from === undefined ? {} : { base: from },
      };
      at += packedSize;
    }
    yield { offset: at, size: TRAILER_SIZE, kind: "checksum", title: "SHA-1 of the pack", facts: [] };
  } finally {
    store.close();
  }
}
