/**
 * Whether a pack from another side has what was wanted, and everything that this leads to is in it or here already.
 */
import { corrupt } from "../object/_errors.ts";
import { referencesOf, SUBMODULE } from "../object/_object_syntax.ts";
import { WHOLE_OBJECT_MAX } from "../object/_stored_object.ts";
import type { GitObject, GitObjectReader } from "../object/object.ts";
import { GitObjectId, HASH_SIZE } from "../object/_object_id.ts";
import { TableIds } from "../pack/_id_set.ts";
import type { PackTable } from "../pack/_pack_table.ts";
import type { PackStore } from "../pack/pack_store.ts";

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

/** Ids that are looked at together, and bodies that are made ahead: the more, the more memory. */
const WINDOW = 8192;
const IN_FLIGHT = 8 << 20;
const DIGIT_ZERO = 0x30;

/**
 * Refuses a pack that does not complete what is here.
 *
 * @throws {CorruptDataError} If an object is in neither place (code "BASE_MISSING").
 */
export async function checkConnected(incoming: PackStore, table: PackTable, wanted: Wanted): Promise<void> {
  const references = new References(table, wanted.existing);
  for (const id of wanted.wants) references.add(id.bytes, 0, id, undefined);
  if (!wanted.isPartial) {
    let window: GitObjectId[] = [];
    for (const id of table.everyId()) {
      window.push(id);
      if (window.length < WINDOW) continue;
      await addReferences(incoming, window, references, wanted.shallow);
      window = [];
    }
    await addReferences(incoming, window, references, wanted.shallow);
  }
  await references.check();
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
class References {
  readonly #ids: TableIds;
  readonly #existing: GitObjectReader;
  /** By hex id, what names them; undefined where they were asked for. */
  readonly #others = new Map<string, GitObjectId | undefined>();
  readonly hashSize: number;

  constructor(table: PackTable, existing: GitObjectReader) {
    this.#ids = new TableIds(table);
    this.#existing = existing;
    this.hashSize = HASH_SIZE[existing.hashAlgorithm];
  }

  /** Takes the id at an offset of some bytes, which `from` names. */
  add(bytes: Uint8Array, offset: number, id: GitObjectId | undefined, from: GitObjectId | undefined): void {
    if (this.#ids.hasAt(bytes, offset)) return;
    const key = `${id ?? GitObjectId.from(bytes.slice(offset, offset + this.hashSize))}`;
    if (!this.#others.has(key)) this.#others.set(key, from);
  }

  /** Looks for all of them in what is here. */
  async check(): Promise<void> {
    const ids = [...this.#others.keys()];
    for await (const group of this.#existing.infoBatches(ids, { promised: false })) {
      for (const result of group) {
        if (result.ok) continue;
        const from = this.#others.get(`${result.id}`);
        throw from === undefined
          ? corrupt("the pack", `it lacks ${result.id}, which was asked for`, "BASE_MISSING")
          : corrupt("the pack", `${from} refers to ${result.id}, which is in neither place`, "BASE_MISSING");
      }
    }
  }
}

/** Collects what some objects of a pack refer to. */
async function addReferences(
  incoming: PackStore,
  ids: readonly GitObjectId[],
  references: References,
  shallow: ReadonlySet<string>,
): Promise<void> {
  const parsed: GitObjectId[] = [];
  for await (const group of incoming.infoBatches(ids)) {
    for (const result of group) {
      if (!result.ok) throw result.error;
      if (result.value.type !== "blob") parsed.push(result.value.id);
    }
  }
  for await (const batch of incoming.readBatches(parsed, { maxInFlightBytes: IN_FLIGHT })) {
    try {
      for (const result of batch) {
        if (!result.ok) throw result.error;
        await addOf(result.value, references, shallow);
      }
    } finally {
      batch[Symbol.dispose]();
    }
  }
}

async function addOf(object: GitObject, references: References, shallow: ReadonlySet<string>): Promise<void> {
  const { id, type } = object;
  const bytes = await object.bytes({ maxObjectSize: WHOLE_OBJECT_MAX });
  if (type === "tree") return addRows(bytes, references, id);
  const isShallow = type === "commit" && shallow.has(`${id}`);
  for (const reference of referencesOf(type, bytes, id.algorithm)) {
    if (isShallow && reference.type === "commit") continue;
    references.add(reference.id.bytes, 0, reference.id, id);
  }
}

/** The ids in a tree, without an object for each row: most objects of a history are trees. */
function addRows(bytes: Uint8Array, references: References, from: GitObjectId): void {
  const { hashSize } = references;
  for (let at = 0; at < bytes.length;) {
    let mode = 0;
    for (; at < bytes.length && bytes[at] !== 0x20; at++) mode = mode * 8 + bytes[at]! - DIGIT_ZERO;
    const end = bytes.indexOf(0, at);
    if (end < 0 || end + 1 + hashSize > bytes.length) {
      throw corrupt(`tree ${from}`, "an entry is too short", "CORRUPT", at);
    }
    if ((mode & 0o170000) !== SUBMODULE) references.add(bytes, end + 1, undefined, from);
    at = end + 1 + hashSize;
  }
}
