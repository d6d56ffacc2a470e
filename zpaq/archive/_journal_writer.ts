/**
 * Writing the blocks of a journal.
 */
import { writeU32 } from "@sluice/internal";
import { encodeBlockAsync } from "../block/_block_encoder.ts";
import { encodeName } from "../block/_names.ts";
import { JOURNAL_COMMENT, journalName } from "./_journal_format.ts";
import type { IndexLine, JournalKind } from "./_journal_format.ts";

const INDEX_METHOD = "1";
export const STORED_METHOD = "0";
/** A list of files is closed when it is longer. */
const INDEX_BLOCK_SIZE = 16000;

/** One block. */
export function journalBlock(
  kind: JournalKind,
  date: number,
  number: number,
  data: Uint8Array,
  method: string,
): Promise<Uint8Array<ArrayBuffer>> {
  return encodeBlockAsync({
    data,
    method,
    filename: journalName(kind, date, number),
    comment: `${data.length} ${JOURNAL_COMMENT}`,
    checksum: true,
    tag: true,
    maxMemory: 0,
    compilePrograms: "auto",
    backend: undefined,
  });
}

/** The block that an update starts with; `dataSize` is -1 while the update is being written. */
export async function startBlock(
  date: number,
  firstFragment: number,
  dataSize: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const content = new Uint8Array(8);
  new DataView(content.buffer).setBigInt64(0, BigInt(dataSize), true);
  return await journalBlock("c", date, firstFragment, content, STORED_METHOD);
}

/** A line of an index to write. */
type Line = Omit<IndexLine, "fragments"> & { readonly fragments: ArrayLike<number> };

/** The blocks that list files. */
export async function* indexBlocks(
  date: number,
  lines: Iterable<Line>,
): AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined> {
  let parts: Uint8Array[] = [];
  let size = 0;
  let number = 1;
  const flush = async (): Promise<Uint8Array<ArrayBuffer>> => {
    const content = new Uint8Array(size);
    let at = 0;
    for (const part of parts) {
      content.set(part, at);
      at += part.length;
    }
    parts = [];
    size = 0;
    return await journalBlock("i", date, number++, content, INDEX_METHOD);
  };
  for (const line of lines) {
    const bytes = lineBytes(line);
    parts.push(bytes);
    size += bytes.length;
    if (size > INDEX_BLOCK_SIZE) yield await flush();
  }
  if (size > 0) yield await flush();
}

/** A line as it stands in a block of files. */
function lineBytes({ name, date, attributes, fragments }: Line): Uint8Array {
  const encoded = encodeName(name);
  const gone = date === 0;
  const bytes = new Uint8Array(
    8 + encoded.length + 1 + (gone ? 0 : 8 + attributes.length + 4 * fragments.length),
  );
  writeU32(bytes, 0, date % 2 ** 32);
  writeU32(bytes, 4, Math.floor(date / 2 ** 32));
  bytes.set(encoded, 8);
  if (gone) return bytes;
  let at = 8 + encoded.length + 1;
  writeU32(bytes, at, attributes.length);
  bytes.set(attributes, at + 4);
  at += 4 + attributes.length;
  writeU32(bytes, at, fragments.length);
  for (let i = 0; i < fragments.length; i++) writeU32(bytes, at + 4 + 4 * i, fragments[i]!);
  return bytes;
}
