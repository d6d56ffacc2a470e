/**
 * The lines of a block of files: what each file was in one version, or that it is gone.
 */
import { readU32 } from "@sluice/internal";
import { decodeName } from "../block/_names.ts";
import { fault } from "../zpaql/_fault.ts";
import type { IndexedFile, SegmentPlace } from "./_index_facts.ts";
import { FILE_NAME_MAX } from "./_journal_format.ts";

const NO_SEGMENTS: readonly SegmentPlace[] = [];

/** A block of files with the ids of all its lines. */
interface Block {
  readonly bytes: Uint8Array;
  readonly ids: Uint32Array;
}

/** A line of a block. It keeps places only: views of its own for each file would be larger than what they show. */
class BlockLine implements IndexedFile {
  readonly #block: Block;
  readonly #attributesAt: number;
  readonly #attributesEnd: number;
  readonly #idsAt: number;
  readonly #idsEnd: number;
  readonly name: string;
  readonly date: number;
  readonly version: number;

  constructor(
    block: Block,
    { name, date, version }: Pick<IndexedFile, "name" | "date" | "version">,
    [attributesAt, attributesEnd]: readonly [number, number],
    [idsAt, idsEnd]: readonly [number, number],
  ) {
    this.#block = block;
    this.name = name;
    this.date = date;
    this.version = version;
    this.#attributesAt = attributesAt;
    this.#attributesEnd = attributesEnd;
    this.#idsAt = idsAt;
    this.#idsEnd = idsEnd;
  }

  get attributes(): Uint8Array {
    return this.#block.bytes.subarray(this.#attributesAt, this.#attributesEnd);
  }

  get fragments(): Uint32Array {
    return this.#block.ids.subarray(this.#idsAt, this.#idsEnd);
  }

  get segments(): readonly SegmentPlace[] {
    return NO_SEGMENTS;
  }
}

/** Reads a block of files of a version. The lines keep what they need of its bytes. */
export function parseIndex(bytes: Uint8Array, offset: number, version: number): IndexedFile[] {
  const lines: IndexedFile[] = [];
  const block: Block = { bytes, ids: new Uint32Array(bytes.length >> 2) };
  let used = 0;
  const cut = (): Error => fault("JOURNAL", offset, "a list of files ends inside an entry");
  let at = 0;
  while (at < bytes.length) {
    if (at + 9 > bytes.length) throw cut();
    const date = readU32(bytes, at) + readU32(bytes, at + 4) * 2 ** 32;
    const end = bytes.indexOf(0, at + 8);
    if (end < 0 || end - at - 8 > FILE_NAME_MAX) throw cut();
    const name = decodeName(bytes.subarray(at + 8, end));
    at = end + 1;
    const attributes: [number, number] = [at, at];
    const ids: [number, number] = [used, used];
    if (date !== 0) {
      if (at + 4 > bytes.length) throw cut();
      const attributeSize = readU32(bytes, at);
      at += 4;
      if (attributeSize > bytes.length - at) throw cut();
      attributes[0] = at;
      attributes[1] = at += attributeSize;
      if (at + 4 > bytes.length) throw cut();
      const count = readU32(bytes, at);
      at += 4;
      if (count * 4 > bytes.length - at) throw cut();
      for (let i = 0; i < count; i++) block.ids[used++] = readU32(bytes, at + 4 * i);
      ids[1] = used;
      at += 4 * count;
    }
    lines.push(new BlockLine(block, { name, date, version }, attributes, ids));
  }
  return lines;
}
