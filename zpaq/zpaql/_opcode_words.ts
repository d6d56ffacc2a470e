/**
 * The words of the ZPAQL machine's instructions, for what reads and writes programs as text.
 */
import { OP } from "./_opcodes.ts";

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
  table[OP.JT] = "jt";
  table[OP.JF] = "jf";
  table[OP.JMP] = "jmp";
  table[OP.STORE_R] = "r=a";
  table[OP.HALT] = "halt";
  table[OP.OUT] = "out";
  table[OP.HASH] = "hash";
  table[OP.HASHD] = "hashd";
  table[OP.LJ] = "lj";
  return table;
}
