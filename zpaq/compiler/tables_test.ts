/**
 * Constant tables: what they cost as code, and those that come with the data instead.
 */
import { assert, assertEquals, assertThrows } from "@std/assert";
import { testBackends } from "../../tests/_backends.ts";
import { Random } from "../../tests/_data.ts";
import { assembleZpaq, compressZpaqConfig, decompressZpaq, runZpaqPcomp, SluiceError } from "../mod.ts";
import { compileZpaqlPy, compressZpaqlPy, runZpaqlPyPcomp } from "./mod.ts";

const LEVELS = [0, 1, 2, "s"] as const;
/** What takes a table from the data, the same for all sizes. */
const LOADER_MAX = 160;

function noise(size: number): Uint8Array<ArrayBuffer> {
  const random = new Random(5);
  return Uint8Array.from({ length: size }, () => random.below(256));
}

function literal(bytes: Uint8Array): string {
  return `b"${Array.from(bytes, (byte) => `\\x${byte.toString(16).padStart(2, "0")}`).join("")}"`;
}

/** Writes for each byte where the table has it. */
const POSITIONS = `def encode(reader, writer):
  c = reader()
  while c != NONE:
    at = c
    while T[at] != c:
      at += 1
    writer(at & 255)
    writer(at >> 8)
    c = reader()
`;

/** A table that two bytes of the data point into, low byte first. */
function source(table: Uint8Array, encode = ""): string {
  return `hh = hm = ph = pm = 0
n = len({0: "icm 12"})
pcomp_invocation = ""
T = ${literal(table)}
${encode}def hcomp(c):
  hH[0] = hash(c)
def pcomp(c):
  if c != NONE:
    at = c + read_b() * 256
    out(T[at % len(T)])
`;
}

/** Which elements, and the data that points at them. */
function lookups(
  table: Uint8Array,
): { readonly data: Uint8Array<ArrayBuffer>; readonly body: Uint8Array<ArrayBuffer> } {
  const places = [0, 1, 2, 255, 256, 65_535, 40_000, 7].map((at) => at % 65_536);
  return {
    data: Uint8Array.from(places.flatMap((at) => [at & 255, at >> 8])),
    body: Uint8Array.from(places, (at) => table[at % table.length]!),
  };
}

Deno.test("a table of noise costs at most three bytes of code for each of its own, at every level", () => {
  const [few, many] = [noise(256), noise(16_384)];
  for (const optimize of LEVELS) {
    const sizeOf = (table: Uint8Array): number =>
      compileZpaqlPy(source(table), { optimize }).program!.pcomp!.length;
    const each = (sizeOf(many) - sizeOf(few)) / (many.length - few.length);
    assert(each <= 3, `level ${optimize}: ${each} bytes`);
  }
});

Deno.test("a table that comes with the data costs one byte for each of its own, at every level", async () => {
  for (const size of [1, 300, 70_000]) {
    const table = noise(size);
    const { data, body } = lookups(table);
    for (const optimize of LEVELS) {
      const { program, diagnostics } = compileZpaqlPy(source(table), { optimize, streamTables: true });
      assertEquals(diagnostics, []);
      assertEquals(program!.tables, table);
      assert(program!.pcomp!.length <= LOADER_MAX, `level ${optimize}: ${program!.pcomp!.length} bytes`);
      const segments = [new Uint8Array([...table, ...data]), data, new Uint8Array(), data];
      assertEquals(runZpaqPcomp(program!, segments), [body, body, new Uint8Array(), body]);
    }
    const program = compileZpaqlPy(source(table), { streamTables: true }).program!;
    assertEquals(runZpaqlPyPcomp(source(table), [data]), [body]);
    // What is prepared elsewhere gets the tables as well.
    const archive = await compressZpaqlPy(program, [{ body }, { body }], {
      preprocess: () =>
        new TransformStream({
          transform: () => {},
          flush: (controller) => controller.enqueue(data),
        }),
    });
    assertEquals(decompressZpaq(archive), new Uint8Array([...body, ...body]));
  }
});

testBackends("archives with tables that come with the data are read", (backend) => {
  const table = noise(300);
  const { data, body } = lookups(table);
  const program = compileZpaqlPy(source(table), { streamTables: true }).program!;
  const contents = [{ preprocessed: new Uint8Array([...table, ...data]), body }];
  const archive = compressZpaqConfig(assembleZpaq(program.config), contents, { backend });
  assertEquals(decompressZpaq(archive, { backend }), body);
});

Deno.test("encode and pcomp share tables that come with the data", async () => {
  const table = noise(30_000);
  const refused = compileZpaqlPy(source(table, POSITIONS));
  assertEquals(refused.program, undefined);
  const { program } = compileZpaqlPy(source(table, POSITIONS), { streamTables: true });
  assertEquals([program!.tables, program!.encoder!.tables], [table, table]);
  const files = [noise(100), new Uint8Array(), noise(50).toReversed()];
  const archive = await compressZpaqlPy(program!, files.map((body, i) => ({ body, filename: `${i}` })));
  assertEquals(decompressZpaq(archive), new Uint8Array(await new Blob(files).arrayBuffer()));
});

Deno.test("a table of 1 MiB comes with the data", async () => {
  const table = noise(2 ** 20);
  const { data, body } = lookups(table);
  const { program, diagnostics } = compileZpaqlPy(source(table), { streamTables: true });
  assertEquals(diagnostics, []);
  assert(program!.pcomp!.length <= LOADER_MAX);
  const preprocess = (): TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>> =>
    new TransformStream({ transform: () => {}, flush: (controller) => controller.enqueue(data) });
  const archive = await compressZpaqlPy(program!, [{ body }], { preprocess });
  assertEquals(decompressZpaq(archive), body);
  // Noise is not made smaller by a model, nor much larger.
  assert(archive.length < 1.02 * table.length, `${archive.length} bytes`);
});

const ignore = !await new Deno.Command("zpaq", { stdout: "null", stderr: "null" }).output().then(
  () => true,
  () => false,
);
if (ignore) console.log("SKIPPED: tables that come with the data against the zpaq tool: it is not installed");

Deno.test("sluice zpaq c lets a table come with the data that code has no room for, and zpaq extracts", {
  ignore,
}, async () => {
  const folder = await Deno.makeTempDir();
  try {
    const table = noise(30_000);
    await Deno.writeTextFile(`${folder}/model.py`, source(table, POSITIONS));
    const [a, b] = [noise(100), noise(70).toReversed()];
    await Deno.writeFile(`${folder}/a`, a);
    await Deno.writeFile(`${folder}/b`, b);
    const main = new URL("../../cli/main.ts", import.meta.url).pathname;
    const run = async (command: string, args: readonly string[]): Promise<void> => {
      const { success, stderr } = await new Deno.Command(command, {
        args: [...args],
        cwd: folder,
        stdin: "null",
      })
        .output();
      assert(success, new TextDecoder().decode(stderr));
    };
    await run(Deno.execPath(), ["run", "-A", main, "zpaq", "c", "model.py", "a.zpaq", "a", "b"]);
    await Deno.mkdir(`${folder}/out`);
    await run("zpaq", ["x", "a.zpaq", "-to", "out/"]);
    assertEquals([await Deno.readFile(`${folder}/out/a`), await Deno.readFile(`${folder}/out/b`)], [a, b]);
    const compile = ["run", "-A", main, "zpaq", "py", "compile", "model.py", "--stream-tables"];
    await run(Deno.execPath(), [...compile, "--emit", "tables"]);
    assertEquals(await Deno.readFile(`${folder}/model.tables`), table);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("a table that takes all the room is an error at its place, which says what can be done", () => {
  const large = source(noise(30_000));
  const [error] = compileZpaqlPy(large).diagnostics;
  assertEquals([error!.code, error!.line, error!.column], ["ZPY0400", 4, 1]);
  assert(error!.message.includes('write "T"') && error!.hint!.includes("--stream-tables"));
  // Contexts are computed before anything is decoded: there is no data that a table could come with.
  const contexts = source(noise(30_000)).replace("hash(c)", "T[c]").replace("T[at % len(T)]", "at");
  const [other] = compileZpaqlPy(contexts, { streamTables: true }).diagnostics;
  assertEquals([other!.code, other!.line], ["ZPY0400", 4]);
  assert(other!.message.startsWith('"hcomp"') && !other!.hint!.includes("--stream-tables"));
});

Deno.test("data that ends before its tables do is an error", () => {
  const { program } = compileZpaqlPy(source(noise(300)), { streamTables: true });
  const error = assertThrows(() => runZpaqPcomp(program!, [new Uint8Array(299)]), SluiceError);
  assertEquals(error.code, "BAD_OPCODE");
});
