/**
 * Lines in content that comes in pieces.
 */
import { concatBytes } from "@sluice/internal";

const NEWLINE = 10;

/** Newlines in a piece. */
export function countLines(content: Uint8Array): number {
  let count = 0;
  for (let at = content.indexOf(NEWLINE); at >= 0; at = content.indexOf(NEWLINE, at + 1)) count++;
  return count;
}

/**
 * Lines `from` up to, not including, `to`. A piece is only read where its number of newlines is not known, or lines of the
 * range may lie in it. A line may go over several pieces; what follows the last newline is a line unless it is empty.
 */
export async function* linesOf(
  pieces: Iterable<() => Promise<Uint8Array>>,
  newlines: readonly (number | undefined)[],
  from: number,
  to: number,
): AsyncGenerator<string, void, undefined> {
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  let line = 0;
  let start: Uint8Array<ArrayBuffer> = new Uint8Array();
  let index = 0;
  for (const read of pieces) {
    if (line >= to) return;
    const known = newlines[index++];
    if (known !== undefined && line + known < from) {
      line += known;
      continue;
    }
    const content = await read();
    let at = 0;
    for (let end = content.indexOf(NEWLINE); end >= 0; end = content.indexOf(NEWLINE, at)) {
      if (line >= from) {
        if (line >= to) return;
        yield decoder.decode(concatBytes([start, new Uint8Array(content.subarray(at, end))]));
      }
      start = new Uint8Array();
      line++;
      at = end + 1;
    }
    if (line >= from && at < content.length) start = concatBytes([start, content.slice(at)]);
  }
  if (line >= from && line < to && start.length > 0) yield decoder.decode(start);
}
