/**
 * `hash`, and code for contexts and decoders against what a person writes for the machine.
 */
import { assert, assertEquals } from "@std/assert";
import { CONTEXT_PROGRAMS } from "../../tests/_context_programs.ts";
import { text } from "../../tests/_data.ts";
import { assembleZpaq, runZpaqHcomp, ZpaqMachine } from "../mod.ts";
import { checkZpaqlPy, compileZpaqlPy, diffZpaqlPy, runZpaqlPyHcomp, ZpaqlPyContextStream } from "./mod.ts";

const LEVELS = [0, 1, 2, "s"] as const;

function model(header: string, hcomp: string, pcomp = "def pcomp(c):\n  pass\n"): string {
  return `${header}\npcomp_invocation = ""\n${hcomp}${pcomp}`;
}

Deno.test("hash gives (a + b + 512) * 773 modulo 2^32, at every level and in every place", () => {
  const forms = [
    "hH[0] = hash(c)",
    "hH[0] = hash(c, 0xFFFFFFFF)",
    "hH[0] = hash(hH[0], c)",
    "hH[0] = hash(c, hH[0])",
    "hM[c & 7] = c\n  hH[0] = hash(c, 5)",
    "hM[c & 7] = c\n  hH[0] = hash(hash(hash(0, hM[c & 7]), hM[c - 1 & 7]), hM[c - 2 & 7])",
    "hH[1] = hash(hH[0], hH[1])\n  hH[0] = hH[1] ^ hash(c, hash(c + 1, c + 2))",
    "hH[c & 1] = hash(hash(c), 1) + c",
    "hH[0] = hash(c) if hash(c, 1) > 200000 else hash(1, 2)",
  ];
  const input = Uint8Array.from({ length: 40 }, (_, i) => i * 97 & 255);
  for (const form of forms) {
    const source = model(
      'hh = 1\nhm = 3\nph = pm = 0\nn = len({0: "icm 5", 1: "icm 5"})',
      `def hcomp(c):\n  ${form}\n`,
    );
    for (const optimize of LEVELS) {
      assertEquals(diffZpaqlPy(source, "hcomp", [input], { optimize }), undefined, `${form} at ${optimize}`);
    }
  }
  const source = model(
    'hh = hm = ph = pm = 0\nn = len({0: "icm 5"})',
    "def hcomp(c):\n  hH[0] = hash(c, 7)\n",
  );
  const [line] = runZpaqlPyHcomp(source, new Uint8Array([65]));
  assertEquals(line!.contexts[0], (65 + 7 + 512) * 773);
});

Deno.test("hash is a name that programs may use for something else, and no part of the original language", () => {
  const header = 'hh = 0\nhm = 0\nph = 0\npm = 0\nn = len({0: "icm 5"})';
  const own = model(header, "def hash(x):\n  return x + 1\ndef hcomp(c):\n  hH[0] = hash(c)\n");
  assertEquals([...runZpaqlPyHcomp(own, new Uint8Array([7]))][0]!.contexts[0], 8);
  for (const optimize of LEVELS) {
    assertEquals(diffZpaqlPy(own, "hcomp", [new Uint8Array([7])], { optimize }), undefined);
  }
  const variable = model(
    header,
    "hash = 3\ndef hcomp(c):\n  global hash\n  hash = hash + c & 255\n  hH[0] = hash\n",
  );
  assertEquals(checkZpaqlPy(variable, { strictSubset: true }), []);
  const codes = (body: string, strictSubset = false): string[] =>
    checkZpaqlPy(model(header, body), { strictSubset }).map(({ code }) => code);
  assertEquals(codes("def hcomp(c):\n  hH[0] = hash(c)\n", true), ["ZPY0130"]);
  assertEquals(codes("def hcomp(c):\n  hH[0] = hash()\n"), ["ZPY0202"]);
  assertEquals(codes("def hcomp(c):\n  hH[0] = hash(c, c, c)\n"), ["ZPY0202"]);
  assertEquals(codes("hash = 3\ndef hcomp(c):\n  hH[0] = hash(c)\n"), ["ZPY0208"]);
});

/** Executed instructions of one section for an input. */
function stepsOf(code: Uint8Array, h: number, m: number, input: Uint8Array): number {
  const machine = new ZpaqMachine(code, { h, m, budget: 2 ** 30 });
  for (const byte of input) machine.call(byte);
  return machine.steps;
}

const ORDERS = Array.from({ length: 5 }, (_, i) => i + 1);

/** Hashes of the last one to six bytes, and the last byte: by sums and products, or by `hash`. */
function contexts(hash: (a: string, b: string) => string): string {
  const steps = ORDERS.map((order) =>
    `  h = ${hash("h", `hM[(pos - ${order}) & 7]`)}\n  hH[${order + 1}] = h\n`
  );
  return model(
    `hh = hm = 3\nph = pm = 0\nn = len({${Array.from({ length: 8 }, (_, i) => `${i}: "icm 5"`).join(", ")}})`,
    `pos = 0\ndef hcomp(c):\n  global pos\n  pos = (pos + 1) & 7\n  hM[pos] = c\n  h = ${hash("c", "0")}\n` +
      `  hH[1] = h\n${steps.join("")}  hH[7] = c << 8\n`,
  );
}

Deno.test("a chain of hashes takes at most 1.3 times the instructions of one written for the machine", () => {
  const config = `comp 3 3 0 0 8 ${ORDERS.map((_, i) => `${i} icm 5`).join(" ")} 5 icm 5 6 icm 5 7 icm 5
    hcomp c++ *c=a b=c a=0 d= 1 hash *d=a ${ORDERS.map(() => "b-- d++ hash *d=a").join(" ")}
    d++ a=*c a<<= 8 *d=a halt end`;
  const input = text(3000);
  const written = stepsOf(assembleZpaq(config).hcomp, 3, 3, input);
  for (
    const hash of [
      (a: string, b: string) => `(${a} + ${b} + 512) * 773`,
      (a: string, b: string) => `hash(${a}, ${b})`,
    ]
  ) {
    const source = contexts(hash);
    const { hcomp } = compileZpaqlPy(source).program!;
    const steps = stepsOf(hcomp, 3, 3, input);
    assert(steps <= written * 1.3, `${steps} instructions, ${written} by hand`);
    for (const optimize of LEVELS) {
      assertEquals(diffZpaqlPy(source, "hcomp", [input.subarray(0, 200)], { optimize }), undefined);
    }
  }
});

for (const { name, source, config, count } of CONTEXT_PROGRAMS) {
  Deno.test(`contexts of a newcomer (${name}) take at most 1.3 times the instructions of those written for the machine`, () => {
    const input = text(3000);
    const written = assembleZpaq(config);
    const [h, m] = [written.header[2]!, written.header[3]!];
    const { program } = compileZpaqlPy(source);
    const [own, other] = [program!, written].map((each) => [...runZpaqHcomp(each, input.subarray(0, 300))]);
    assertEquals(
      own!.map((each) => [...each].slice(0, count)),
      other!.map((each) => [...each].slice(0, count)),
    );
    const [least, steps] = [stepsOf(written.hcomp, h, m, input), stepsOf(program!.hcomp, h, m, input)];
    assert(steps <= least * 1.3, `${steps} instructions, ${least} by hand`);
    for (const optimize of LEVELS) {
      assertEquals(diffZpaqlPy(source, "hcomp", [input.subarray(0, 200)], { optimize }), undefined);
    }
  });
}

Deno.test("a decoder of copies takes at most 1.2 times the instructions of one written for the machine", () => {
  // Pairs: how many bytes to copy, and from how far back; a length of 0 is followed by a byte.
  const source = model(
    "hh = hm = ph = 0\npm = 16\nn = len({})",
    "def hcomp(c):\n  pass\n",
    `at = 0
length = 0
state = 0
def pcomp(c):
  global at, length, state
  if c == NONE:
    at = 0
    state = 0
    return
  if state == 0:
    length = c
    state = 1
  else:
    state = 0
    if length == 0:
      pM[at & 65535] = c
      at += 1
      out(c)
    else:
      source = at - c
      while length:
        b = pM[source & 65535]
        pM[at & 65535] = b
        out(b)
        at += 1
        source += 1
        length -= 1
`,
  );
  const config = `comp 0 0 0 16 0 hcomp halt pcomp x ;
    a> 255 if b=0 d=0 else
      c=a a=d a== 0 if
        a=c r=a 0 d++
      else
        d=0 a=r 0 a== 0 if
          a=c *b=a b++ out
        else
          a=b a-=c c=a d=r 0
          do a=*c *b=a out b++ c++ d-- a=d a> 0 while
        endif
      endif
    endif
    halt end`;
  const input: number[] = [];
  for (const byte of text(300)) input.push(0, byte);
  for (let i = 0; i < 300; i++) input.push(1 + i * 7 % 40, 1 + i * 11 % 250);
  const data = Uint8Array.from(input);
  const written = stepsOf(assembleZpaq(config).pcomp!, 0, 16, data);
  const { pcomp } = compileZpaqlPy(source).program!;
  const steps = stepsOf(pcomp!, 0, 16, data);
  assert(steps <= written * 1.2, `${steps} instructions, ${written} by hand`);
  for (const optimize of LEVELS) {
    assertEquals(diffZpaqlPy(source, "pcomp", [data], { optimize }), undefined, `level ${optimize}`);
  }
});

Deno.test("more contexts than elements of H share them, in Python's way, in code and in streams", async () => {
  const source = model(
    'hh = hm = ph = pm = 0\nn = len({0: "icm 5", 1: "icm 5", 2: "icm 5"})',
    "def hcomp(c):\n  hH[0] = hash(c)\n",
  );
  const input = new Uint8Array([7, 9]);
  const expected = [...runZpaqlPyHcomp(source, input)].map(({ contexts }) => [...contexts]);
  assertEquals(expected[1], Array(3).fill((9 + 512) * 773));
  const { program } = compileZpaqlPy(source);
  assertEquals(diffZpaqlPy(source, "hcomp", [input]), undefined);
  assertEquals(Array.from(runZpaqHcomp(program!, input), (contexts) => [...contexts]), expected);
  const lines = new Blob([input]).stream().pipeThrough(new ZpaqlPyContextStream(program!));
  assertEquals((await Array.fromAsync(lines)).map(({ contexts }) => [...contexts]), expected);
});
