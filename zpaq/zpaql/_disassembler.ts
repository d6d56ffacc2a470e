/**
 * The disassembler.
 */
import { UnsupportedFeatureError } from "@sluice/internal";
import { parseHeader } from "./_header_parser.ts";
import { OPCODE_WORDS } from "./_opcode_words.ts";
import { instructionSize, isShortJump, OP } from "./_opcodes.ts";
import type { ZpaqInstruction } from "./_types.ts";

const INSTRUCTIONS_PER_LINE = 9;

/** The instructions of a program; an operand that its end cuts off is read as 0. */
export function instructionsOf(program: Uint8Array): ZpaqInstruction[] {
  const list: ZpaqInstruction[] = [];
  for (let pc = 0; pc < program.length;) {
    const opcode = program[pc]!;
    const size = instructionSize(opcode);
    const operand = program[pc + 1] ?? 0;
    const word = OPCODE_WORDS[opcode] ?? "error";
    let text = word;
    let target: number | undefined;
    if (opcode === OP.LJ) {
      target = operand + 256 * (program[pc + 2] ?? 0);
      text = `lj ${target}`;
    } else if (isShortJump(opcode)) {
      const distance = operand << 24 >> 24;
      target = pc + 2 + distance;
      text = `${word} ${distance}`;
    } else if (size === 2 && OPCODE_WORDS[opcode] !== undefined) {
      text = `${word} ${operand}`;
    }
    list.push({ pc, opcode, text, target });
    pc += size;
  }
  return list;
}

/** The lines of a section, without its final zero; targets of jumps are comments. */
function sectionLines(program: Uint8Array, name: string): string[] {
  const instructions = instructionsOf(program);
  const last = instructions.at(-1);
  const wordless = instructions.find(({ opcode }) => OPCODE_WORDS[opcode] === undefined);
  if (
    wordless !== undefined || last === undefined || last.pc !== program.length - 1 || last.opcode !== OP.ERROR
  ) {
    throw new UnsupportedFeatureError(
      `Cannot disassemble ${name}: byte ${wordless?.pc ?? program.length - 1} is no instruction`,
      { format: "zpaq", code: "NO_WORDS", offset: wordless?.pc ?? program.length - 1 },
    );
  }
  const body = instructions.slice(0, -1);
  const targets = new Set(body.map(({ target }) => target));
  const lines: string[] = [];
  let line: string[] = [];
  function flush(): void {
    if (line.length > 0) lines.push(`  ${line.join(" ")}`);
    line = [];
  }
  for (const { pc, text, target } of body) {
    if (targets.has(pc)) {
      flush();
      line.push(`(${pc})`);
    }
    line.push(target === undefined ? text : `${text} (to ${target})`);
    if (line.length >= INSTRUCTIONS_PER_LINE || target !== undefined) flush();
  }
  flush();
  return lines;
}

/** Writes a header and a post-processor as a config. */
export function disassembleConfig(headerBytes: Uint8Array, pcomp: Uint8Array | undefined): string {
  const header = parseHeader(headerBytes, 0);
  const { hh, hm, ph, pm, components } = header;
  const lines = [`comp ${hh} ${hm} ${ph} ${pm} ${components.length}`];
  components.forEach((component, i) =>
    lines.push(`  ${i} ${component.name} ${component.arguments.join(" ")}`)
  );
  lines.push("hcomp", ...sectionLines(header.hcomp, "hcomp"));
  if (pcomp !== undefined) lines.push("pcomp ;", ...sectionLines(pcomp, "pcomp"));
  lines.push("end", "");
  return lines.join("\n");
}
