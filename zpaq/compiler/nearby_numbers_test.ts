/**
 * Numbers above 255 that lie some steps from one that a register holds: as indexes of both arrays and as operands.
 */
import { assert, assertEquals } from "@std/assert";
import { ZpaqMachine } from "../mod.ts";
import { compileZpaqlPy, runZpaqlPyPcomp } from "./mod.ts";

const LEVELS = [0, 1, 2, "s"] as const;
const STATEMENTS: readonly ((near: number) => string)[] = [
  (near) => `  out(pH[1000] + pM[${near}])`,
  (near) => `  out(pM[1000] ^ pH[${near}])`,
  (near) => `  pM[1000] = c\n  pH[${near}] = c\n  out(pM[1000] + pH[${near}])`,
  (near) => `  x = pH[1000]\n  pM[${near}] = x + c & 255\n  out(pM[${near}])`,
  (near) => `  pH[1000] = ${near}\n  x = 1000 ^ c\n  out(x & ${near})\n  out(pH[1000])`,
  (near) => `  x = 1000\n  pM[${near}] = c\n  out(pM[x] + pM[${near}] + x)`,
];

function sourceOf(statements: string): string {
  return `hh = hm = 0
ph = pm = 12
n = len({})
pcomp_invocation = ""
x = 0
def hcomp(c):
  pass
def pcomp(c):
  global x
  if c == NONE:
    return
${statements}
`;
}

Deno.test("numbers above 255 beside one in a register are compiled, and mean what they say", () => {
  const input = new Uint8Array([1, 200, 7]);
  for (const [i, statement] of STATEMENTS.entries()) {
    for (let near = 994; near <= 1006; near++) {
      const source = sourceOf(statement(near));
      const [expected] = runZpaqlPyPcomp(source, [input]);
      for (const optimize of LEVELS) {
        const { program, diagnostics } = compileZpaqlPy(source, { optimize });
        assert(program?.pcomp !== undefined, JSON.stringify(diagnostics));
        const machine = new ZpaqMachine(program.pcomp, { h: program.header[4]!, m: program.header[5]! });
        for (const byte of input) machine.call(byte);
        machine.call(2 ** 32 - 1);
        assertEquals(
          machine.output.map((byte) => byte & 255).join(),
          expected!.join(),
          `statement ${i}, ${near}, level ${optimize}`,
        );
      }
    }
  }
});
