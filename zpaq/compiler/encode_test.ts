import { assert, assertEquals, assertRejects } from "@std/assert";
import { CorruptDataError, decompressZpaq, runZpaqPcomp } from "../mod.ts";
import { text } from "../../tests/_data.ts";
import { checkZpaqlPy, compileZpaqlPy, compressZpaqlPy, runZpaqlPyPcomp } from "./mod.ts";

const PAIRS = `def encode(reader, writer):
  c = reader()
  while c != NONE:
    count = 1
    following = reader()
    while following == c and count < 255:
      count += 1
      following = reader()
    writer(c)
    writer(count)
    c = following
`;
const DECODER = `def pcomp(c):
  if c != NONE:
    count = read_b()
    while count > 0:
      out(c)
      count -= 1
`;

function source(encode: string, decoder = DECODER): string {
  return `hh = hm = ph = pm = 0\nn = len({0: "icm 10"})\npcomp_invocation = ""\n${encode}` +
    `def hcomp(c):\n  hH[0] = hash(c)\n${decoder}`;
}

const RUNS = new TextEncoder().encode("a".repeat(1000) + "bcd" + "e".repeat(50));

Deno.test("encode prepares files for pcomp at every level, and archives come back", async () => {
  for (const optimize of [0, 1, 2, "s"] as const) {
    const { program, diagnostics } = compileZpaqlPy(source(PAIRS), { optimize });
    assertEquals(diagnostics, []);
    const [prepared] = runZpaqPcomp(program!.encoder!, [RUNS]);
    assertEquals(prepared!.length, 2 * (4 + 3 + 1));
    assertEquals(runZpaqlPyPcomp(source(PAIRS), [prepared!]), [RUNS]);
    const files = [RUNS, new Uint8Array(), text(500)];
    const archive = await compressZpaqlPy(program!, files.map((body, i) => ({ body, filename: `${i}` })));
    assertEquals(decompressZpaq(archive), new Uint8Array(await new Blob(files).arrayBuffer()));
  }
  const plain = compileZpaqlPy(source("")).program!;
  assertEquals(plain.encoder, undefined);
});

Deno.test("nothing is stored where pcomp does not undo encode", async () => {
  const { program } = compileZpaqlPy(source(PAIRS.replace("writer(count)", "writer(count ^ 1)")));
  const error = await assertRejects(() => compressZpaqlPy(program!, [{ body: RUNS }]), CorruptDataError);
  assertEquals(error.code, "POST_MISMATCH");
});

Deno.test("what is wrong in encode is found where it is", () => {
  const codes = (encode: string): [string, number][] =>
    compileZpaqlPy(source(encode)).diagnostics.map(({ code, line }) => [code, line]);
  assertEquals(codes(PAIRS.replace("writer(c)", "writer(c, 1)")), [["ZPY0202", 12]]);
  assertEquals(codes(PAIRS.replace("writer(c)", "writer(unknown)")), [["ZPY0200", 12]]);
  assertEquals(
    checkZpaqlPy(source(PAIRS.replace("writer(c)", "writer()"))).map(({ code, line }) => [code, line]),
    [["ZPY0202", 12]],
  );
  assert(codes(PAIRS.replace("writer(c)", "c = reader")).some(([code]) => code === "ZPY0200"));
});

Deno.test("a function of that name that the program calls is one like all others", () => {
  const { program, diagnostics } = compileZpaqlPy(
    source(
      "def encode(a, b):\n  return a + b\n",
      "def pcomp(c):\n  if c != NONE:\n    out(encode(c, 1) & 255)\n",
    ),
  );
  assertEquals([diagnostics, program!.encoder], [[], undefined]);
  assertEquals(
    runZpaqlPyPcomp(
      source(
        "def encode(a, b):\n  return a + b\n",
        "def pcomp(c):\n  if c != NONE:\n    out(encode(c, 1) & 255)\n",
      ),
      [
        new Uint8Array([1]),
      ],
    ),
    [new Uint8Array([2])],
  );
});
