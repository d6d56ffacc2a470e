/**
 * References in tables of their own (git's reftable format, versions 1 and 2): a stack of files, of which the newer ones
 * count. Read only; logs are not read. Deno only.
 */
import { NotFoundError } from "@sluice/internal";
import { readU32BE } from "../object/_big_endian.ts";
import { gitCrc32 } from "../object/_codec.ts";
import { corrupt } from "../object/_errors.ts";
import { joinPath, readSmallFile, readText, statPath } from "../object/_fs.ts";
import { GitObjectId, HASH_SIZE } from "../object/_object_id.ts";
import type { GitHashAlgorithm } from "../object/_object_id.ts";

/** What a reference holds: an id, or the name of another one. */
export type StoredReference = { readonly id: GitObjectId } | { readonly target: string };

const MAGIC = 0x52454654;
/** Bytes before the first block, and of the footer, by version. */
const HEADER_SIZE: Readonly<Record<number, number>> = { 1: 24, 2: 28 };
const FOOTER_REST = 44;
const HASH_ID: Readonly<Record<GitHashAlgorithm, number>> = { sha1: 0x73686131, sha256: 0x73323536 };
const REF_BLOCK = 0x72;
const VALUE = { deletion: 0, id: 1, peeled: 2, target: 3 } as const;
/** Tables may be joined while they are read: the list is then read again. */
const TRIES = 5;

/** Whether the references of a git folder are in tables. */
export function hasReftables(gitFolder: string): boolean {
  return statPath(joinPath(gitFolder, "reftable/tables.list"))?.isFile === true;
}

/** The references of one git folder. */
export class Reftables {
  readonly #folder: string;
  readonly #algorithm: GitHashAlgorithm;
  #list: string | undefined;
  #references: ReadonlyMap<string, StoredReference> = new Map();

  constructor(gitFolder: string, algorithm: GitHashAlgorithm) {
    this.#folder = joinPath(gitFolder, "reftable");
    this.#algorithm = algorithm;
  }

  /**
   * All references by their full names. Tables never change, so they are read again only when others are listed.
   *
   * @throws {CorruptDataError} If a table breaks the rules of its format.
   */
  async references(): Promise<ReadonlyMap<string, StoredReference>> {
    for (let tries = 1;; tries++) {
      const list = await readText(joinPath(this.#folder, "tables.list")) ?? "";
      if (list === this.#list) return this.#references;
      const merged = await this.#merge(list.split("\n").filter((name) => name !== ""));
      if (merged !== undefined) {
        this.#list = list;
        return this.#references = merged;
      }
      if (tries === TRIES) {
        throw new NotFoundError(`Cannot read references: a table of "${this.#folder}" is missing`, {
          format: "git",
          code: "NOT_FOUND",
        });
      }
    }
  }

  /** What all tables say together; undefined where one of them is gone. */
  async #merge(names: readonly string[]): Promise<Map<string, StoredReference> | undefined> {
    const merged = new Map<string, StoredReference>();
    for (const name of names) {
      if (name.includes("/")) throw corrupt("tables.list", `"${name}" is no table`, "CORRUPT");
      const bytes = await readSmallFile(joinPath(this.#folder, name));
      if (bytes === undefined) return undefined;
      for (const [reference, value] of new Table(name, bytes, this.#algorithm).rows()) {
        if (value === undefined) merged.delete(reference);
        else merged.set(reference, value);
      }
    }
    return merged;
  }
}

/** One file. */
class Table {
  readonly #name: string;
  readonly #bytes: Uint8Array;
  readonly #hashSize: number;
  readonly #headerSize: number;
  readonly #blockSize: number;
  /** Where the blocks of references end. */
  readonly #end: number;

  constructor(name: string, bytes: Uint8Array, algorithm: GitHashAlgorithm) {
    this.#name = name;
    this.#bytes = bytes;
    this.#hashSize = HASH_SIZE[algorithm];
    const version = bytes[4] ?? 0;
    const headerSize = HEADER_SIZE[version];
    if (bytes.length < 8 || readU32BE(bytes, 0) !== MAGIC || headerSize === undefined) {
      throw this.#fail("it does not start as tables do", 0);
    }
    const footer = bytes.length - headerSize - FOOTER_REST;
    if (footer < headerSize) throw this.#fail("it is cut off", bytes.length);
    const hash = version === 1 ? HASH_ID.sha1 : readU32BE(bytes, headerSize - 4);
    if (hash !== HASH_ID[algorithm]) throw this.#fail("its ids are of another hash", headerSize - 4);
    if (gitCrc32(bytes.slice(footer, -4)) !== readU32BE(bytes, bytes.length - 4)) {
      throw this.#fail("its checksum is wrong", bytes.length - 4);
    }
    this.#headerSize = headerSize;
    this.#blockSize = readU24(bytes, 5);
    this.#end = this.#refEnd(footer);
  }

  #fail(state: string, offset: number): Error {
    return corrupt(`the table of references "${this.#name}"`, state, "CORRUPT", offset);
  }

  /** The first of the sections that may follow the references: their index, objects, and logs. */
  #refEnd(footer: number): number {
    const at = footer + this.#headerSize;
    const starts = [readU64(this.#bytes, at), Math.floor(readU64(this.#bytes, at + 8) / 32)];
    starts.push(readU64(this.#bytes, at + 24));
    const end = Math.min(footer, ...starts.filter((start) => start > 0));
    if (end < 0 || end > footer) throw this.#fail("a section lies outside of it", at);
    return end;
  }

  /** Every reference in its order; undefined for one that was removed. */
  *rows(): Generator<[name: string, value: StoredReference | undefined]> {
    const decoder = new TextDecoder();
    for (let start = 0; start < this.#end;) {
      const head = start === 0 ? this.#headerSize : start;
      // A table of logs alone starts with those.
      if (head >= this.#end || this.#bytes[head] !== REF_BLOCK) return;
      const length = readU24(this.#bytes, head + 1);
      const stop = start + length;
      if (head + 4 > this.#end || stop > this.#end || stop < head + 6) {
        throw this.#fail("a block is cut off", head);
      }
      const restarts = this.#bytes[stop - 2]! << 8 | this.#bytes[stop - 1]!;
      const rowsEnd = stop - 2 - 3 * restarts;
      const rows = new Rows(
        this.#bytes.subarray(0, Math.max(rowsEnd, head)),
        head + 4,
        this.#hashSize,
        (state, offset) => this.#fail(state, offset),
      );
      while (!rows.isDone) {
        const { name, value } = rows.next();
        yield [decoder.decode(name), value];
      }
      start = this.#blockSize === 0
        ? stop
        : start + Math.max(this.#blockSize, Math.ceil(length / this.#blockSize) * this.#blockSize);
    }
  }
}

/** The rows of a block: names share their starts with those before. */
class Rows {
  readonly #bytes: Uint8Array;
  readonly #hashSize: number;
  readonly #fail: (state: string, offset: number) => Error;
  at: number;
  #name = new Uint8Array();

  constructor(
    bytes: Uint8Array,
    start: number,
    hashSize: number,
    fail: (state: string, offset: number) => Error,
  ) {
    this.#fail = fail;
    this.#bytes = bytes;
    this.#hashSize = hashSize;
    this.at = start;
  }

  get isDone(): boolean {
    return this.at >= this.#bytes.length;
  }

  next(): { readonly name: Uint8Array; readonly value: StoredReference | undefined } {
    const shared = this.#number();
    const packed = this.#number();
    const rest = this.#take(Math.floor(packed / 8));
    if (shared > this.#name.length) throw this.#fail("a name is cut off", this.at);
    const name = new Uint8Array(shared + rest.length);
    name.set(this.#name.subarray(0, shared));
    name.set(rest, shared);
    this.#name = name;
    this.#number(); // when it was written: the order of tables says the same
    return { name, value: this.#value(packed % 8) };
  }

  #value(kind: number): StoredReference | undefined {
    if (kind === VALUE.deletion) return undefined;
    if (kind === VALUE.target) return { target: new TextDecoder().decode(this.#take(this.#number())) };
    if (kind !== VALUE.id && kind !== VALUE.peeled) throw this.#fail("a value of no known kind", this.at);
    const id = GitObjectId.from(this.#take(this.#hashSize).slice());
    // What a tag leads to.
    if (kind === VALUE.peeled) this.#take(this.#hashSize);
    return { id };
  }

  #take(count: number): Uint8Array {
    const end = this.at + count;
    if (end > this.#bytes.length) throw this.#fail("a row is cut off", this.at);
    const part = this.#bytes.subarray(this.at, end);
    this.at = end;
    return part;
  }

  /** As distances in packs: the highest group first, one added for each byte that follows. */
  #number(): number {
    let byte = this.#take(1)[0]!;
    let value = byte & 127;
    while (byte & 0x80) {
      byte = this.#take(1)[0]!;
      value = (value + 1) * 128 + (byte & 127);
      if (value > Number.MAX_SAFE_INTEGER) throw this.#fail("a number is too large", this.at);
    }
    return value;
  }
}

function readU24(bytes: Uint8Array, at: number): number {
  return (bytes[at] ?? 0) << 16 | (bytes[at + 1] ?? 0) << 8 | (bytes[at + 2] ?? 0);
}

function readU64(bytes: Uint8Array, at: number): number {
  return readU32BE(bytes, at) * 2 ** 32 + readU32BE(bytes, at + 4);
}
