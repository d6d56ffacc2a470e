/**
 * When a network of components is compiled, and when it is left to the kernel.
 */
import { describe } from "@sluice/internal";
import type { ZpaqProgramCompilation } from "./decompress_options.ts";
import type { ZpaqHeader } from "../zpaql/header.ts";
import { instructionSize, isShortJump, OP } from "../zpaql/_opcodes.ts";

/** Checks the option. */
export function checkCompilation(value: unknown): ZpaqProgramCompilation {
  if (value === "auto" || value === "always" || value === "never") return value;
  throw new TypeError(
    `Cannot use option "compilePrograms": the value is ${
      describe(value)
    }, expected "auto", "always" or "never"`,
  );
}

/**
 * Smaller content is done before a module is compiled and its code fast: that takes 3 ms for one component and 200 to
 * 400 ms for 22, most of it on a thread beside.
 */
const CONTENT_SIZE_MIN = 256 << 10;
/** The same where a program's loops take most of the time. */
const LOOP_CONTENT_SIZE_MIN = 64 << 10;

/** Whether a program has a jump back. */
function hasLoop(program: Uint8Array): boolean {
  for (let pc = 0; pc < program.length; pc += instructionSize(program[pc]!)) {
    const opcode = program[pc]!;
    if (isShortJump(opcode) && program[pc + 1]! > 127) return true;
    if (opcode === OP.LJ && program[pc + 1]! + 256 * program[pc + 2]! <= pc) return true;
  }
  return false;
}

/**
 * Whether a network is to be compiled; `size` is that of the content, where the comment of a segment says it.
 *
 * On the WASM backend compiled networks take 0.5 to 0.9 of the time of the kernel's loops, those for zpaq's own models among
 * them. Native loops take 0.9 to 1.4 times as long as compiled networks, but run off the event loop, and on several
 * threads: there only programs of contexts with loops are worth it, which take a third of the time
 * (`bench/zpaq_networks_compare.ts`).
 */
export function compilesNetwork(
  when: ZpaqProgramCompilation,
  header: ZpaqHeader,
  size: number | undefined = 0,
  backend: "native" | "wasm",
): boolean {
  if (header.components.length === 0 || when === "never") return false;
  if (when === "always" || size >= LOOP_CONTENT_SIZE_MIN && hasLoop(header.hcomp)) return true;
  return backend === "wasm" && size >= CONTENT_SIZE_MIN;
}
