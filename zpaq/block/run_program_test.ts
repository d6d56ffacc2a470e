import { assert, assertEquals, assertThrows } from "@std/assert";
import { CorruptDataError, LimitExceededError } from "@sluice/internal";
import { text } from "../../tests/_data.ts";
import { assembleZpaq, runZpaqHcomp, runZpaqPcomp, ZpaqMachine } from "../mod.ts";

/** Runs tests with and without the host's compiler. */
function onBothWays(name: string, run: () => void): void {
  Deno.test(`${name} [compiled]`, run);
  Deno.test(`${name} [interpreted]`, () => {
    const { Module } = WebAssembly;
    // A host that forbids compilation.
    WebAssembly.Module = class {
      constructor() {
        throw new WebAssembly.CompileError("not allowed");
      }
    } as unknown as typeof Module;
    try {
      run();
    } finally {
      WebAssembly.Module = Module;
    }
  });
}

let unique = 0;

/** A program that no other test has had compiled. */
function program(hcomp: string, pcomp: string): ReturnType<typeof assembleZpaq> {
  const own = `a= ${unique++} `;
  return assembleZpaq(
    `comp 2 2 2 2 2 0 icm 5 1 icm 5 hcomp b=a ${own}a=b ${hcomp} halt pcomp x ; b=a ${own}a=b ${pcomp} halt end`,
  );
}

const PAIRS =
  "a> 255 if c=0 else a=c a== 0 if d=b c++ else do a=b a> 0 if a=d out b-- else c=0 endif a=b a> 0 while endif endif";

onBothWays("post-processors write the same in every segment as the machine", () => {
  const model = program("*d=a", PAIRS);
  const first = Uint8Array.from({ length: 3000 }, (_, i) => i % 2 === 0 ? 97 + i % 26 : 1 + i % 90);
  const segments = [first, new Uint8Array(0), new Uint8Array([120, 255])];
  const machine = new ZpaqMachine(model.pcomp!, { h: 2, m: 2 });
  const expected = segments.map((segment) => {
    for (const value of [...segment, 2 ** 32 - 1]) machine.call(value);
    return Uint8Array.from(machine.output.splice(0));
  });
  assert(expected[0]!.length > 1 << 16);
  assertEquals(runZpaqPcomp(model, segments), expected);
});

onBothWays("contexts are those of the machine after every byte", () => {
  const model = program("out c++ *c=a b=c a=0 hash d=0 *d=a b-- hash d++ *d=a", "halt");
  const data = text(2000);
  const machine = new ZpaqMachine(model.hcomp, { h: 2, m: 2 });
  let at = 0;
  for (const contexts of runZpaqHcomp(model, data)) {
    machine.call(data[at++]!);
    assertEquals([...contexts], [...machine.h.subarray(0, 2)]);
  }
  assertEquals(at, data.length);
});

onBothWays("programs that fail, do not halt or write too much end in typed errors", () => {
  const data = new Uint8Array([1]);
  const failing = assertThrows(() => runZpaqPcomp(program("halt", "error"), [data]), CorruptDataError);
  assertEquals(failing.code, "BAD_OPCODE");
  const endless = assertThrows(
    () => runZpaqPcomp(program("halt", "do a++ forever"), [data], { budget: 1000 }),
    LimitExceededError,
  );
  assertEquals(endless.code, "BUDGET_EXCEEDED");
  const contexts = assertThrows(
    () => [...runZpaqHcomp(program("do a++ forever", "halt"), data, { budget: 1000 })],
    LimitExceededError,
  );
  assertEquals(contexts.code, "BUDGET_EXCEEDED");
  const large = assertThrows(
    () =>
      runZpaqPcomp(program("halt", "a> 255 if halt endif c= 200 do out c-- a=c a> 0 while"), [data], {
        maxOutputSize: 99,
      }),
    LimitExceededError,
  );
  assertEquals(large.code, "OUTPUT_LIMIT");
});
