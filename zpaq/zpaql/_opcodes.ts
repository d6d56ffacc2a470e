/**
 * The instructions of the ZPAQL machine: their numbers and sizes.
 */

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

/** Bytes of an instruction, its opcode among them. */
export function instructionSize(opcode: number): number {
  return opcode === OP.LJ ? 3 : (opcode & 7) === 7 ? 2 : 1;
}

/** Whether the opcode is a jump by a signed byte. */
export function isShortJump(opcode: number): boolean {
  return opcode === OP.JT || opcode === OP.JF || opcode === OP.JMP;
}
