import { assert, assertEquals } from "@std/assert";
import { Random } from "../../tests/_data.ts";
import { runZpaqPcomp } from "../mod.ts";
import { runPythonFile } from "../../tests/_python_file.ts";
import { randomProgram, textOf } from "../../tests/_random_python.ts";
import {
  checkZpaqlPy,
  compileZpaqlPy,
  diffZpaqlPy,
  runZpaqlPyHcomp,
  runZpaqlPyPcomp,
  zpaqlPyTemplate,
} from "./mod.ts";

const ignore = await runPythonFile("", new Uint8Array()) === undefined;
if (ignore) console.log("SKIPPED: sources that Python runs: it is not installed");

/** The template with larger arrays and a body of pcomp. */
function withPcomp(body: string): string {
  return zpaqlPyTemplate()
    .replace(/hh = 2\nhm = 0\nph = 0\npm = 0\n/, "hh = 2\nhm = 0\nph = 9\npm = 10\n")
    .replace("def pcomp(c):\n  pass\n", `${body}\n`);
}

Deno.test("zpaqlPyTemplate is a program of the original language", () => {
  for (const minimal of [false, true]) {
    const source = zpaqlPyTemplate({ minimal });
    assertEquals(checkZpaqlPy(source, { strictSubset: true }), []);
    const { program } = compileZpaqlPy(source);
    assertEquals([program!.pcomp, program!.hcomp.length], [undefined, 2]);
  }
});

const ALLOCATIONS = `def pcomp(c):
  global blocks
  if c == NONE:
    return
  slot = c & 15
  if pH[slot] != 0:
    old = array_MEMORY(pH[slot])
    out(old[0])
    out(old[len_MEMORY(old) - 1])
    free_MEMORY(old)
    pH[slot] = 0
  else:
    size = 1 + (c >> 4)
    new = alloc_MEMORY(size)
    i = 0
    while i < size:
      new[i] = (c + i) & 255
      i += 1
    pH[slot] = new
    out(len_MEMORY(new))
`;

for (const memory of ["pM", "pH"]) {
  Deno.test(`the template's allocator of ${memory} gives memory and takes it back`, async () => {
    // The first cells of H hold the references: the allocator of H begins after them.
    const source = withPcomp(ALLOCATIONS.replaceAll("MEMORY", memory).replace("  global blocks\n", ""))
      .replace(
        "def addr_alloc_pH(size):\n  if size == 0:\n    size = 1\n  at = 2",
        "def addr_alloc_pH(size):\n  if size == 0:\n    size = 1\n  at = 18",
      );
    const random = new Random(Random.seed(6));
    const input = random.bytes(600);
    const slots = new Array<readonly number[] | undefined>(16);
    const expected: number[] = [];
    for (const byte of input) {
      const old = slots[byte & 15];
      if (old !== undefined) expected.push(old[0]!, old.at(-1)!);
      else expected.push(1 + (byte >> 4));
      slots[byte & 15] = old === undefined
        ? Array.from({ length: 1 + (byte >> 4) }, (_, i) => byte + i & 255)
        : undefined;
    }
    assertEquals([...runZpaqlPyPcomp(source, [input])[0]!], expected);
    for (const optimize of [0, 1, 2, "s"] as const) {
      assertEquals(diffZpaqlPy(source, "pcomp", [input], { optimize }), undefined);
    }
    const run = await runPythonFile(source, input, "pcomp", "input");
    if (run !== undefined) assertEquals([...run.output], expected, run.errors);
  });
}

Deno.test("Python runs what the interpreter runs", { ignore }, async () => {
  const seed = Random.seed(3);
  const count = Deno.env.get("SLUICE_LONG") === "1" ? 5000 : 12;
  let compared = 0;
  for (let i = 0; i < count; i++) {
    const program = randomProgram(new Random(seed * 100_003 + i * 7919));
    const source = zpaqlPyTemplate({ minimal: true })
      .replace(/hh = 2\nhm = 0\nph = 0\npm = 0\n/, "hh = hm = ph = pm = 8\n")
      .replace(
        "def pcomp(c):\n  pass\n",
        () => textOf(program.pieces.filter(({ line }) => line !== "def hcomp(c):")),
      );
    let expected: Uint8Array;
    try {
      [expected] = runZpaqlPyPcomp(source, [program.input], { budget: 20_000 }) as [Uint8Array];
    } catch {
      continue;
    }
    const run = await runPythonFile(source, program.input, "pcomp", "input");
    assertEquals([...run!.output], [...expected], `program ${i} of seed ${seed}: ${run!.errors}\n${source}`);
    compared++;
  }
  assert(compared >= count / 2, `${compared} of ${count}`);
});

Deno.test("Python prints the contexts that the interpreter gives", { ignore }, async () => {
  const source = zpaqlPyTemplate({ minimal: true }).replace(
    "def hcomp(c):\n  pass\n",
    "last = 0\ndef hcomp(c):\n  global last\n  hH[0] = (last << 9) + read_b() + c\n  last = c\n",
  );
  const input = new Random(2).bytes(50);
  const lines = [...runZpaqlPyHcomp(source, input)].map(({ byte, contexts }) =>
    `${byte}: [${contexts.join(", ")}]\n`
  );
  const run = await runPythonFile(source, input, "hcomp", "input");
  assertEquals(new TextDecoder().decode(run!.output), lines.join(""), run!.errors);
});

Deno.test("Python tells where its output differs from a file", { ignore }, async () => {
  const source = withPcomp("def pcomp(c):\n  if c != NONE:\n    out(c + 1)\n");
  const run = await runPythonFile(source, Uint8Array.of(1, 2, 3), "pcomp", "input", "--compare", "input");
  assert(/^byte 0: 2 comes out at line \d+, expected 1/.test(run!.errors), run!.errors);
});

Deno.test({
  name: "Python computes hashes with the template as the compiler does",
  ignore,
  async fn() {
    const source = zpaqlPyTemplate({ minimal: true }).replace(
      "def hcomp(c):\n  pass\n",
      "def hcomp(c):\n  hH[0] = hash(hash(c), hH[0])\n",
    );
    const input = new Uint8Array([1, 200, 65, 65]);
    const { output, errors } = (await runPythonFile(source, input, "hcomp", "input"))!;
    assertEquals(errors, "");
    const expected = [...runZpaqlPyHcomp(source, input)].map(({ byte, contexts }) =>
      `${byte}: [${contexts[0]}]\n`
    );
    assertEquals(new TextDecoder().decode(output), expected.join(""));
  },
});

Deno.test({
  name: "Python prepares files by encode as the compiled program does",
  ignore,
  async fn() {
    const source = zpaqlPyTemplate({ minimal: true }).replace(
      "def pcomp(c):\n  pass\n",
      "def encode(reader, writer):\n  c = reader()\n  while c != NONE:\n    writer(c ^ 1)\n    c = reader()\n" +
        "def pcomp(c):\n  if c != NONE:\n    out(c ^ 1)\n",
    );
    const input = new Uint8Array([1, 200, 65]);
    const { output, errors } = (await runPythonFile(source, input, "encode", "input"))!;
    assertEquals(errors, "");
    const { program } = compileZpaqlPy(source);
    assertEquals([output], runZpaqPcomp(program!.encoder!, [input]));
  },
});
