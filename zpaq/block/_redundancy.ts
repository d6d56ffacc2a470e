/**
 * What a fragment tells about the data: how redundant it is, and whether it is text or x86 code.
 */

const CONTEXTS = 256;
const HISTORY = 4;
const SHARED_CONTEXTS_MIN = 8;
const SPACE = 0x20;
const X86_MOVE = 139;
/** Weight of a value by how often it came before: 32768 / ((k + 1) * 204). */
const WEIGHTS = Uint32Array.from({ length: CONTEXTS }, (_, k) => Math.floor(32768 / ((k + 1) * 204)));

/** Findings about one fragment. */
export interface FragmentTraits {
  /** Bytes that a simple model would have guessed, or the like. */
  readonly hits: number;
  readonly text: boolean;
  readonly exe: boolean;
}

/** The order-1 tables of the last fragments of a block. */
export class FragmentHistory {
  #tables: Uint8Array[] = Array.from({ length: HISTORY }, () => new Uint8Array(CONTEXTS));

  /** Takes a fragment's table in. */
  push(table: Uint8Array): void {
    this.#tables = [...this.#tables.slice(1), table.slice()];
  }

  /** Forgets all. */
  clear(): void {
    for (const table of this.#tables) table.fill(0);
  }

  /** Whether a fragment has more in common with the block than chance gives. */
  shares(table: Uint8Array): boolean {
    let shared = 0;
    for (const before of this.#tables) {
      for (let i = 0; i < CONTEXTS; i++) if (before[i] !== 0 && before[i] === table[i]) shared++;
    }
    return shared > SHARED_CONTEXTS_MIN;
  }

  #matches(table: Uint8Array): number {
    let matches = 0;
    for (const before of this.#tables) {
      for (let i = 0; i < CONTEXTS; i++) if (before[i] === table[i]) matches++;
    }
    return matches;
  }

  /** Judges a fragment by its size, its order-1 hits and its order-1 table. */
  judge(size: number, hits: number, table: Uint8Array): FragmentTraits {
    const counts = new Uint8Array(CONTEXTS);
    let uneven = size;
    let text = 0;
    let exe = 0;
    for (let i = 0; i < CONTEXTS; i++) {
      const follows = table[i]!;
      if (counts[follows]! < 255) uneven -= Math.floor(size * WEIGHTS[counts[follows]!++]! / 32768);
      if (follows === SPACE && isWordEnd(i)) text++;
      if (follows !== 0 && isControl(i)) text--;
      if (i >= 192 && i < 240 && follows !== 0 && (follows < 128 || follows >= 192)) text--;
      if (follows === X86_MOVE) exe++;
    }
    const most = Math.max(
      hits,
      size > 0 ? Math.trunc(uneven * uneven / size) : 0,
      Math.floor(counts[0]! * size / CONTEXTS),
      Math.floor(this.#matches(table) * size / (CONTEXTS * HISTORY)),
    );
    return { hits: Math.min(most, size), text: text >= 3, exe: exe >= 5 };
  }
}

/** Letters, digits, "." and ",". */
function isWordEnd(byte: number): boolean {
  return byte >= 48 && byte <= 57 || byte >= 65 && byte <= 90 || byte >= 97 && byte <= 122 || byte === 46 ||
    byte === 44;
}

/** Bytes that stand in no text. */
function isControl(byte: number): boolean {
  return byte < 9 || byte === 11 || byte === 12 || byte >= 14 && byte <= 31 || byte >= 240;
}
