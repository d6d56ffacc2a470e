/**
 * The kernel of file facts: what the system knows of all files in a folder, read in one call, and facts of many files,
 * set in one call. Linux only, on the native backend only.
 *
 * @module
 */
import { resolveBackend, RESULT, STEP, STEP_LENGTH } from "@sluice/ffi";
import { FILE_FACTS, FILE_FACTS_SET } from "./_abi/zpaq_tree.gen.ts";
import { ZPAQ_TREE } from "./tree_module.ts";

/** What the system knows of a file; a link is not followed. */
export interface RawFacts {
  /** The name's bytes. */
  readonly name: Uint8Array<ArrayBuffer>;
  /** Why the system says nothing more; 0 where it does. */
  readonly errno: number;
  /** Type and permission bits. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Hard links. */
  readonly links: number;
  /** When the content changed last: whole seconds, and nanoseconds of the next. */
  readonly seconds: number;
  readonly nanoseconds: number;
  readonly size: number;
  /** Device and inode. */
  readonly identity: string;
  /** Where a link leads; empty for anything else. */
  readonly link: Uint8Array<ArrayBuffer>;
  /** Extended attributes, each as two u32 sizes, name and value; undefined where there are none. */
  readonly extended: Uint8Array<ArrayBuffer> | undefined;
}

/** Facts to set; those that are undefined stay. */
export interface NewRawFacts {
  readonly path: Uint8Array;
  readonly owner?: { readonly uid: number; readonly gid: number } | undefined;
  readonly mode?: number | undefined;
  readonly time?: { readonly seconds: number; readonly nanoseconds: number } | undefined;
  readonly extended?: Uint8Array | undefined;
}

const RECORD_SIZE = FILE_FACTS.LENGTH * 4;
const LIST_SIZE = 64 << 10;
const LIST_MANY_SIZE = 1 << 20;
const LIST_SIZE_MAX = 1 << 30;
const INVALID = 22;

/** Whether facts can be read natively. */
export function hasNativeTree(): boolean {
  return typeof Deno !== "undefined" && Deno.build.os === "linux" && resolveBackend(undefined) === "native";
}

/** One record. What is asked for is read from its bytes: most of it never is. */
class RawRecord implements RawFacts {
  readonly #view: DataView<ArrayBuffer>;
  readonly #at: number;

  constructor(view: DataView<ArrayBuffer>, at: number) {
    this.#view = view;
    this.#at = at;
  }

  #field(index: number): number {
    return this.#view.getUint32(this.#at + 4 * index, true);
  }

  #whole(low: number): number {
    return this.#field(low) + this.#field(low + 1) * 2 ** 32;
  }

  #bytes(from: number, to: number): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.#view.buffer, this.#view.byteOffset + this.#at + from, to - from);
  }

  /** Bytes of the record and all that follows it. */
  get recordSize(): number {
    return this.#field(FILE_FACTS.SIZE);
  }

  get #linkAt(): number {
    return RECORD_SIZE + (this.#field(FILE_FACTS.NAME_AND_LINK_SIZE) & 0xffff);
  }

  get #extendedAt(): number {
    return this.#linkAt + (this.#field(FILE_FACTS.NAME_AND_LINK_SIZE) >>> 16);
  }

  get name(): Uint8Array<ArrayBuffer> {
    return this.#bytes(RECORD_SIZE, this.#linkAt);
  }

  get errno(): number {
    return this.#field(FILE_FACTS.ERRNO);
  }

  get mode(): number {
    return this.#field(FILE_FACTS.MODE);
  }

  get uid(): number {
    return this.#field(FILE_FACTS.UID);
  }

  get gid(): number {
    return this.#field(FILE_FACTS.GID);
  }

  get links(): number {
    return this.#field(FILE_FACTS.LINKS);
  }

  get seconds(): number {
    return (this.#field(FILE_FACTS.SECONDS_HIGH) | 0) * 2 ** 32 + this.#field(FILE_FACTS.SECONDS_LOW);
  }

  get nanoseconds(): number {
    return this.#field(FILE_FACTS.NANOSECONDS);
  }

  get size(): number {
    return this.#whole(FILE_FACTS.BYTES_LOW);
  }

  get identity(): string {
    const device = this.#whole(FILE_FACTS.DEVICE_LOW);
    return `${device.toString(16)}-${this.#whole(FILE_FACTS.INODE_LOW).toString(16)}`;
  }

  get link(): Uint8Array<ArrayBuffer> {
    return this.#bytes(this.#linkAt, this.#extendedAt);
  }

  get extended(): Uint8Array<ArrayBuffer> | undefined {
    const from = this.#extendedAt;
    return from === this.recordSize ? undefined : this.#bytes(from, this.recordSize);
  }
}

function readRecords(bytes: Uint8Array<ArrayBuffer>): RawFacts[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const found: RawFacts[] = [];
  for (let at = 0; at < bytes.length;) {
    const record = new RawRecord(view, at);
    found.push(record);
    at += record.recordSize;
  }
  return found;
}

/** Facts of everything in a folder, in the system's order; the system's number where that fails. */
export async function listRawFacts(path: Uint8Array): Promise<RawFacts[] | number> {
  const { sluice_zpaq_tree_list_async: list } = ZPAQ_TREE.open("native").functions;
  const step = new Uint32Array(STEP_LENGTH);
  for (let size = LIST_SIZE;; size *= 8) {
    const buffer = new Uint8Array(size);
    const result = await list(path, 0, path.length, buffer, 0, size, step);
    if (result === RESULT.OUTPUT_TOO_SMALL && size < LIST_SIZE_MAX) continue;
    if (result < 0) return step[STEP.DETAIL]! || INVALID;
    return readRecords(buffer.subarray(0, step[STEP.PRODUCED]!));
  }
}

/**
 * Facts of everything in each of some folders, in the system's order, or the system's number where that fails; fewer
 * than asked for where the rest is too much for one call.
 */
export async function listManyRawFacts(folders: Uint8Array, count: number): Promise<(RawFacts[] | number)[]> {
  const { sluice_zpaq_tree_list_many_async: list } = ZPAQ_TREE.open("native").functions;
  const step = new Uint32Array(STEP_LENGTH);
  const results = new Uint32Array(2 * count);
  const buffer = new Uint8Array(LIST_MANY_SIZE);
  const result = await list(
    folders,
    0,
    folders.length,
    buffer,
    0,
    buffer.length,
    results,
    results.length,
    step,
  );
  const found: (RawFacts[] | number)[] = [];
  if (result < 0) return found;
  let at = 0;
  for (let i = 0; i < step[STEP.DETAIL]!; i++) {
    const [errno, size] = [results[2 * i]!, results[2 * i + 1]!];
    found.push(errno === 0 ? readRecords(buffer.slice(at, at + size)) : errno);
    at += size;
  }
  return found;
}

/** Facts of one path; the system's number where that fails. */
export function rawFactsOf(path: Uint8Array): RawFacts | number {
  const { sluice_zpaq_tree_describe: describe } = ZPAQ_TREE.open("native").functions;
  const step = new Uint32Array(STEP_LENGTH);
  for (let size = LIST_SIZE;; size *= 8) {
    const buffer = new Uint8Array(size);
    const result = describe(path, 0, path.length, buffer, 0, size, step);
    if (result === RESULT.OUTPUT_TOO_SMALL && size < LIST_SIZE_MAX) continue;
    if (result < 0) return step[STEP.DETAIL]! || INVALID;
    const [facts] = readRecords(buffer.subarray(0, step[STEP.PRODUCED]!));
    return facts!.errno === 0 ? facts! : facts!.errno;
  }
}

/** Where a record has the facts that are set, and which of them are. */
type FactPlaces = Readonly<
  Record<"SET" | "MODE" | "UID" | "GID" | "NANOSECONDS" | "SECONDS_LOW" | "SECONDS_HIGH", number>
>;

/** Puts facts into a record. */
export function putFacts(
  { owner, mode, time, extended }: NewRawFacts,
  places: FactPlaces,
  put: (index: number, value: number) => void,
): void {
  put(
    places.SET,
    (owner === undefined ? 0 : FILE_FACTS_SET.OWNER) | (mode === undefined ? 0 : FILE_FACTS_SET.MODE) |
      (time === undefined ? 0 : FILE_FACTS_SET.TIME) |
      (extended === undefined ? 0 : FILE_FACTS_SET.ATTRIBUTES),
  );
  put(places.MODE, mode ?? 0);
  put(places.UID, owner?.uid ?? 0);
  put(places.GID, owner?.gid ?? 0);
  put(places.NANOSECONDS, time?.nanoseconds ?? 0);
  put(places.SECONDS_LOW, (time?.seconds ?? 0) >>> 0);
  put(places.SECONDS_HIGH, Math.floor((time?.seconds ?? 0) / 2 ** 32) >>> 0);
}

/** Sets facts, no link followed; a number for each path, 0 or the system's. */
export async function setRawFacts(list: readonly NewRawFacts[]): Promise<Uint32Array<ArrayBuffer>> {
  const sizeOf = ({ path, extended }: NewRawFacts): number =>
    RECORD_SIZE + path.length + (extended?.length ?? 0);
  const bytes = new Uint8Array(list.reduce((sum, facts) => sum + sizeOf(facts), 0));
  const view = new DataView(bytes.buffer);
  const places = { ...FILE_FACTS, SET: FILE_FACTS.ERRNO };
  let at = 0;
  for (const facts of list) {
    const { path, extended } = facts;
    const put = (index: number, value: number): void => view.setUint32(at + 4 * index, value, true);
    put(FILE_FACTS.SIZE, sizeOf(facts));
    put(FILE_FACTS.NAME_AND_LINK_SIZE, Math.min(path.length, 0xffff));
    putFacts(facts, places, put);
    bytes.set(path, at + RECORD_SIZE);
    bytes.set(extended ?? new Uint8Array(), at + RECORD_SIZE + path.length);
    at += sizeOf(facts);
  }
  const results = new Uint32Array(list.length);
  const step = new Uint32Array(STEP_LENGTH);
  const { sluice_zpaq_tree_set_async: set } = ZPAQ_TREE.open("native").functions;
  const result = await set(bytes, 0, bytes.length, results, results.length, step);
  if (result < 0) results.fill(INVALID);
  return results;
}
