/**
 * Whether a pack from another side has what was wanted, and everything that this leads to is in it or here already.
 */
import { corrupt } from "../object/_errors.ts";
import { KIND_OF_TYPE } from "../object/_object_kind.ts";
import { referencesOf, SUBMODULE } from "../object/_object_syntax.ts";
import type { GitObjectReader } from "../object/object.ts";
import { GitObjectId, HASH_SIZE } from "../object/_object_id.ts";
import type { GitHashAlgorithm } from "../object/_object_id.ts";
import { TableIds } from "../pack/_id_set.ts";
import type { EachBody } from "../pack/_pack_entries.ts";
import type { PackTable } from "../pack/_pack_table.ts";

/** What is looked for. */
export interface Wanted {
  /** The objects that were asked for. */
  readonly wants: readonly GitObjectId[];
  /** Commits whose parents are left out, by hex id. */
  readonly shallow: ReadonlySet<string>;
  /** Whether objects may be missing: the other side has promised them. */
  readonly isPartial: boolean;
  /** What is here already. */
  readonly existing: GitObjectReader;
}

const DIGIT_ZERO = 0x30;

/**
 * Refuses a pack that does not complete what is here.
 *
 * @throws {CorruptDataError} If an object is in neither place (code "BASE_MISSING").
 */
export async function checkConnected(each: EachBody, table: PackTable, wanted: Wanted): Promise<void> {
  await (await outsideReferences(each, table, wanted)).check(wanted.existing);
}

/** What a pack refers to, or was to have, and does not have. */
export async function outsideReferences(
  each: EachBody,
  table: PackTable,
  wanted: Wanted,
): Promise<OutsideReferences> {
  const { hashAlgorithm } = wanted.existing;
  const references = new OutsideReferences(table, hashAlgorithm);
  for (const id of wanted.wants) references.add(id.bytes, 0, undefined);
  if (!wanted.isPartial) {
    await each((row, content) => {
      if (table.kinds[row] === KIND_OF_TYPE.tree) return addRows(content, references, row);
      const isCommit = table.kinds[row] === KIND_OF_TYPE.commit;
      const isShallow = isCommit && wanted.shallow.size > 0 && wanted.shallow.has(`${table.idAt(row)}`);
      for (const { id, type } of referencesOf(isCommit ? "commit" : "tag", content, hashAlgorithm)) {
        if (!isShallow || type !== "commit") references.add(id.bytes, 0, row);
      }
    });
  }
  return references;
}

/**
 * Refuses an empty pack where something was wanted that is not here.
 *
 * @throws {CorruptDataError} If an object is missing (code "BASE_MISSING").
 */
export async function checkPresent(wants: readonly GitObjectId[], existing: GitObjectReader): Promise<void> {
  for (const id of wants) {
    if (!await existing.has(id)) {
      throw corrupt("the pack", `it lacks ${id}, which was asked for`, "BASE_MISSING");
    }
  }
}

/** References that are not in the pack, each once. */
export class OutsideReferences {
  readonly table: PackTable;
  readonly #ids: TableIds;
  /** By hex id, the row that names them; undefined where they were asked for. */
  readonly #others = new Map<string, number | undefined>();
  readonly hashSize: number;

  constructor(table: PackTable, hashAlgorithm: GitHashAlgorithm) {
    this.table = table;
    this.#ids = new TableIds(table);
    this.hashSize = HASH_SIZE[hashAlgorithm];
  }

  /** Takes the id at an offset of some bytes, which the entry of a row names. */
  add(bytes: Uint8Array, offset: number, row: number | undefined): void {
    if (this.#ids.hasAt(bytes, offset)) return;
    const key = `${GitObjectId.from(bytes.slice(offset, offset + this.hashSize))}`;
    if (!this.#others.has(key)) this.#others.set(key, row);
  }

  /**
   * Looks for all of them in what is here.
   *
   * @throws {CorruptDataError} If one is not there.
   */
  async check(existing: GitObjectReader): Promise<void> {
    const ids = [...this.#others.keys()];
    for await (const group of existing.infoBatches(ids, { promised: false })) {
      for (const result of group) {
        if (result.ok) continue;
        const row = this.#others.get(`${result.id}`);
        const state = row === undefined
          ? `it lacks ${result.id}, which was asked for`
          : `${this.table.idAt(row)} refers to ${result.id}, which is in neither place`;
        throw corrupt("the pack", state, "BASE_MISSING");
      }
    }
  }
}

/** The ids in a tree, without an object for each row: most objects of a history are trees. */
function addRows(bytes: Uint8Array, references: OutsideReferences, row: number): void {
  const { hashSize } = references;
  for (let at = 0; at < bytes.length;) {
    let mode = 0;
    for (; at < bytes.length && bytes[at] !== 0x20; at++) mode = mode * 8 + bytes[at]! - DIGIT_ZERO;
    const end = bytes.indexOf(0, at);
    if (end < 0 || end + 1 + hashSize > bytes.length) {
      throw corrupt(`tree ${references.table.idAt(row)}`, "an entry is too short", "CORRUPT", at);
    }
    if ((mode & 0o170000) !== SUBMODULE) references.add(bytes, end + 1, row);
    at = end + 1 + hashSize;
  }
}
