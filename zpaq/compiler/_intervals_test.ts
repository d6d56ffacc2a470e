import { assert, assertEquals } from "@std/assert";
import { applyBinary } from "./_constants.ts";
import { between, binaryInterval, exactly, fits, UNKNOWN } from "./_intervals.ts";
import type { BinaryOperator } from "./_ast.ts";

Deno.test("a range holds every result of its operator", () => {
  const operators: readonly BinaryOperator[] = ["+", "-", "*", "<<", ">>", "//", "%", "&", "|", "^"];
  const ranges = [[-3, 2], [0, 0], [0, 7], [1, 4], [5, 9], [-9, -4]] as const;
  for (const operator of operators) {
    for (const [aLow, aHigh] of ranges) {
      for (const [bLow, bHigh] of ranges) {
        const range = binaryInterval(operator, between(aLow, aHigh), between(bLow, bHigh));
        if (range === UNKNOWN) continue;
        for (let a = aLow; a <= aHigh; a++) {
          for (let b = bLow; b <= bHigh; b++) {
            const value = applyBinary(operator, BigInt(a), BigInt(b));
            if (value === undefined) continue;
            assert(
              range.low <= Number(value) && Number(value) <= range.high,
              `${a} ${operator} ${b} is ${value}`,
            );
          }
        }
      }
    }
  }
});

Deno.test("a range says whether 32 bits hold it", () => {
  assertEquals([exactly(2 ** 32 - 1), exactly(2 ** 32), exactly(-1), UNKNOWN].map(fits), [
    true,
    false,
    false,
    true,
  ]);
});
