/**
 * The instructions of the ZPAQL machine: their words and numbers.
 */

const PLACES = ["a", "b", "c", "d", "*b", "*c", "*d"] as const;
const OPERATIONS = [
  "+=",
  "-=",
  "*=",
  "/=",
  "%=",
  "&=",
  "&~",
  "|=",
  "^=",
  "<<=",
  ">>=",
  "==",
  "<",
  ">",
] as const;
const JUMPS = { 39: "jt", 47: "jf", 63: "jmp" } as const;

/** Opcodes that are told apart by more than their word. */
export const OP = {
  ERROR: 0,
  JT: 39,
  JF: 47,
  STORE_R: 55,
  HALT: 56,
  OUT: 57,
  HASH: 59,
  HASHD: 60,
  JMP: 63,
  LJ: 255,
} as const;

/** Words by opcode; undefined where the opcode is an error. "…=", "a+=" and the like take a number after them. */
export const OPCODE_WORDS: readonly (string | undefined)[] = words();
/** Opcodes by word. */
export const OPCODES: ReadonlyMap<string, number> = new Map(
  OPCODE_WORDS.flatMap((word, opcode) => word === undefined ? [] : [[word, opcode] as const]),
);

function words(): (string | undefined)[] {
  const table: (string | undefined)[] = new Array(256).fill(undefined);
  table[OP.ERROR] = "error";
  PLACES.forEach((place, i) => {
    if (i > 0) table[8 * i] = `${place}<>a`;
    ["++", "--", "!", "=0"].forEach((suffix, j) => table[8 * i + 1 + j] = place + suffix);
    if (i < 4) table[8 * i + 7] = `${place}=r`;
    for (let source = 0; source < 8; source++) {
      table[64 + 8 * i + source] = `${place}=${PLACES[source] ?? ""}`;
    }
  });
  OPERATIONS.forEach((operation, i) => {
    for (let source = 0; source < 8; source++) {
      table[128 + 8 * i + source] = `a${operation}${PLACES[source] ?? ""}`;
    }
  });
  for (const [opcode, word] of Object.entries(JUMPS)) table[Number(opcode)] = word;
  table[OP.STORE_R] = "r=a";
  table[OP.HALT] = "halt";
  table[OP.OUT] = "out";
  table[OP.HASH] = "hash";
  table[OP.HASHD] = "hashd";
  table[OP.LJ] = "lj";
  return table;
}

/** Bytes of an instruction, its opcode among them. */
export function instructionSize(opcode: number): number {
  return opcode === OP.LJ ? 3 : (opcode & 7) === 7 ? 2 : 1;
}

/** Whether the opcode is a jump by a signed byte. */
export function isShortJump(opcode: number): boolean {
  return opcode in JUMPS;
}
