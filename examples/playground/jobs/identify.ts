/**
 * What a file is, by how it starts.
 */
import type { FormatName, Job } from "./messages.ts";

/** How much of a file is shown before anything is done with it. */
const HEAD_SIZE = 4096;

const MAGICS: readonly (readonly [FormatName, readonly number[]])[] = [
  ["zstd", [0x28, 0xb5, 0x2f, 0xfd]],
  ["lz4", [0x04, 0x22, 0x4d, 0x18]],
  ["lz4", [0x02, 0x21, 0x4c, 0x18]],
  ["zpaq", [0x37, 0x6b, 0x53, 0x74]],
  ["zpaq", [0x7a, 0x50, 0x51]],
  ["git pack", [0x50, 0x41, 0x43, 0x4b]],
];

/** The format of bytes that start a file; undefined for plain data. */
export function formatOf(head: Uint8Array): FormatName | undefined {
  return MAGICS.find(([, magic]) => magic.every((byte, i) => head[i] === byte))?.[0];
}

/** The format of a file and its first bytes. */
export const identify: Job<"identify"> = async function* ({ file }) {
  const head = new Uint8Array(await file.slice(0, HEAD_SIZE).arrayBuffer());
  yield { format: formatOf(head), head };
};
