/**
 * Which entries of a pack hang together by their delta bases: a large pack is made in groups of whole trees, as the plan of
 * a job takes some 130 bytes for each of its entries.
 */
import type { PackTable } from "./_pack_table.ts";

/** Rows of a group, where its last tree does not go beyond. */
const GROUP_ROWS = 1 << 16;
const ROWS_MIN = 64;

/** The trees of a pack, found while its entries are. */
export class DeltaTrees {
  readonly #table: PackTable;
  /** By row, that of the entry that its chain of bases starts with. */
  #roots = new Uint32Array(ROWS_MIN);
  #isWhole = true;

  constructor(table: PackTable) {
    this.#table = table;
  }

  /** Whether no base is named by its id. */
  get isWhole(): boolean {
    return this.#isWhole;
  }

  /** Takes the last row of the table, an entry that stands on the one at `base`: zero is none, more than a place an id. */
  add(base: number): void {
    const row = this.#table.count - 1;
    if (row === this.#roots.length) {
      const grown = new Uint32Array(row * 2);
      grown.set(this.#roots);
      this.#roots = grown;
    }
    if (base > Number.MAX_SAFE_INTEGER) this.#isWhole = false;
    const found = base === 0 ? undefined : this.#table.rowAt(base);
    this.#roots[row] = found === undefined ? row : this.#roots[found]!;
  }

  /**
   * The rows in groups, each of whole trees in the order of their roots; one group where a base is named by its id, as that
   * may be any entry.
   */
  *groups(limit = GROUP_ROWS): Generator<Uint32Array<ArrayBuffer>, void, undefined> {
    const { count } = this.#table;
    if (!this.#isWhole || count <= limit) return yield Uint32Array.from({ length: count }, (_, row) => row);
    const ends = new Uint32Array(count);
    for (let row = 0; row < count; row++) ends[this.#roots[row]!]!++;
    for (let root = 1; root < count; root++) ends[root]! += ends[root - 1]!;
    const rows = new Uint32Array(count);
    for (let row = count - 1; row >= 0; row--) rows[--ends[this.#roots[row]!]!] = row;
    // `ends` holds by root where its tree starts now.
    for (let from = 0, root = 0; from < count;) {
      while (root < count && ends[root]! - from < limit) root++;
      const to = root < count ? ends[root]! : count;
      yield rows.subarray(from, to);
      from = to;
    }
  }
}
