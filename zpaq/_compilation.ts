/**
 * When a network of components is compiled, and when it is left to the kernel.
 */
import { describe } from "@sluice/internal";
import type { ZpaqProgramCompilation } from "./decompress_options.ts";
import type { ZpaqHeader } from "./header.ts";
import { instructionSize, isShortJump, OP } from "./_opcodes.ts";

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
/** The same where a program's loops take most of the time, and where native code competes. */
const LOOP_CONTENT_SIZE_MIN = 64 << 10;
const NATIVE_CONTENT_SIZE_MIN = 2 << 20;

/** How a network would be used. */
export interface NetworkUse {
  /** The size of the content, where known; by convention the comment of a segment says it. */
  readonly size: number | undefined;
  readonly backend: "native" | "wasm";
  /** Whether the caller waits for each call, so that the event loop stands still either way. */
  readonly synchronous: boolean;
}

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
 * Whether a network is to be compiled.
 *
 * On the WASM backend compiled networks take 0.5 to 0.8 of the time of the kernel's loops, those for zpaq's own models among
 * them. Native loops take 1.1 to 1.3 times as long as compiled networks, but run off the event loop, and on several
 * threads: compiling is worth it natively where programs of contexts have loops, which then take a third of the time, and
 * where the caller waits anyway (`bench/zpaq_networks_compare.ts`).
 */
export function compilesNetwork(
  when: ZpaqProgramCompilation,
  header: ZpaqHeader,
  { size = 0, backend, synchronous }: NetworkUse,
): boolean {
  if (header.components.length === 0 || when === "never") return false;
  if (when === "always" || size >= LOOP_CONTENT_SIZE_MIN && hasLoop(header.hcomp)) return true;
  if (backend === "native") return synchronous && size >= NATIVE_CONTENT_SIZE_MIN;
  return size >= CONTENT_SIZE_MIN;
}
