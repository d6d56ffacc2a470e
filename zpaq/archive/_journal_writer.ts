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
/** Bytes of a line beside its name, its attributes and its fragments. */
const LINE_NUMBERS = 17;
/** The most bytes of a name for each of its characters. */
const NAME_BYTES = 3;

const encoder = new TextEncoder();

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
  let room = new Uint8Array(2 * INDEX_BLOCK_SIZE);
  let size = 0;
  let number = 1;
  const flush = async (): Promise<Uint8Array<ArrayBuffer>> => {
    const content = room.subarray(0, size);
    size = 0;
    return await journalBlock("i", date, number++, content, INDEX_METHOD);
  };
  for (const line of lines) {
    const { attributes } = line;
    const most = LINE_NUMBERS + NAME_BYTES * line.name.length + attributes.length + 4 * line.fragments.length;
    if (size + most > room.length) {
      const larger = new Uint8Array(size + most);
      larger.set(room.subarray(0, size));
      room = larger;
    }
    size = putLine(line, attributes, room, size);
    if (size > INDEX_BLOCK_SIZE) yield await flush();
  }
  if (size > 0) yield await flush();
}

/** Writes a line as it stands in a block of files; returns where it ends. */
function putLine(
  { name, date, fragments }: Line,
  attributes: Uint8Array,
  room: Uint8Array<ArrayBuffer>,
  start: number,
): number {
  writeU32(room, start, date % 2 ** 32);
  writeU32(room, start + 4, Math.floor(date / 2 ** 32));
  let at = start + 8;
  if (name.isWellFormed()) at += encoder.encodeInto(name, room.subarray(at)).written;
  else {
    const encoded = encodeName(name);
    room.set(encoded, at);
    at += encoded.length;
  }
  room[at++] = 0;
  if (date === 0) return at;
  writeU32(room, at, attributes.length);
  room.set(attributes, at + 4);
  at += 4 + attributes.length;
  writeU32(room, at, fragments.length);
  at += 4;
  for (let i = 0; i < fragments.length; i++, at += 4) writeU32(room, at, fragments[i]!);
  return at;
}
