/**
 * Post-processors compiled to WebAssembly against the interpreter, on both backends.
 */
import { assert, assertEquals } from "@std/assert";
import { concatBytes, SluiceError } from "@sluice/internal";
import { BACKENDS, testBackends } from "../../tests/_backends.ts";
import { Random, text } from "../../tests/_data.ts";
import { CORPORA } from "../../tests/_zpaq_data.ts";
import { randomProgram } from "../../tests/_zpaq_random.ts";
import {
  assembleZpaq,
  compressZpaq,
  compressZpaqConfig,
  decompressZpaq,
  decompressZpaqIterable,
} from "../mod.ts";
import type { ZpaqDecompressOptions } from "../mod.ts";

const LONG = Deno.env.get("SLUICE_LONG") === "1";
const ROUNDS = LONG ? 20_000 : 400;
const TAG_AND_START = "376b5374a03183d38cb228b0d37a50510201";
/** A stored block of two segments after a program. */
function blockOf(
  program: Uint8Array,
  ph: number,
  pm: number,
  contents: readonly Uint8Array[],
): Uint8Array<ArrayBuffer> {
  const header = Uint8Array.of(7, 0, 0, 0, ph, pm, 0, 0, 0);
  const parts: Uint8Array<ArrayBuffer>[] = [Uint8Array.fromHex(TAG_AND_START), header];
  contents.forEach((content, i) => {
    const prefix = i > 0 ? [] : [1, program.length & 255, program.length >> 8, ...program];
    const data = Uint8Array.from([...prefix, ...content]);
    const size = new Uint8Array(4);
    new DataView(size.buffer).setUint32(0, data.length);
    parts.push(Uint8Array.of(1, 0, 0, 0), size, data, Uint8Array.of(0, 0, 0, 0, 254));
  });
  parts.push(Uint8Array.of(255));
  return concatBytes(parts);
}

/** What came of a block: its output, or the error's words. */
function outcome(input: Uint8Array, options: ZpaqDecompressOptions): string {
  try {
    return decompressZpaq(input, options).toHex();
  } catch (error) {
    assert(error instanceof SluiceError, `${error}`);
    return error.code === "OUTPUT_LIMIT" ? error.code : `${error.code} ${error.message.split(": ").at(-1)}`;
  }
}

Deno.test("compiled programs do what interpreted ones do, failures and budgets included", () => {
  const seed = Random.seed(Date.now() & 0xffffff);
  console.log(`SEED=${seed}`);
  const random = new Random(seed);
  const kinds = new Map<string, number>();
  for (let round = 0; round < ROUNDS; round++) {
    const program = randomProgram(random);
    const contents = [random.bytes(1 + random.below(30)), random.bytes(1 + random.below(10))];
    const input = blockOf(program, random.below(5), random.below(6), contents);
    const limits = { pcompBudget: 1 + random.below(300), maxOutputSize: 1 << 12 };
    const outcomes = BACKENDS.flatMap((backend) =>
      (["never", "always"] as const).map((compilePrograms) =>
        outcome(input, { ...limits, backend, compilePrograms })
      )
    );
    assertEquals(new Set(outcomes).size, 1, `round ${round}: ${program.toHex()}\n${outcomes.join("\n")}`);
    const kind = /^[A-Z_]+/.exec(outcomes[0]!)?.[0] ?? (outcomes[0] === "" ? "nothing" : "output");
    kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
  }
  console.log([...kinds].map(([kind, count]) => `${kind}: ${count}`).join(", "));
  for (const kind of ["output", "BAD_OPCODE", "BUDGET_EXCEEDED"]) assert(kinds.has(kind), kind);
});

testBackends("zpaq's own programs give the content when compiled, at every target size", async (backend) => {
  const data = concatBytes([text(20_000), CORPORA["exe"]!.slice(0, 20_000)]);
  for (const type of [1, 2, 3, 4, 5, 6, 7]) {
    for (const block of [0, 5]) {
      const archive = compressZpaq(data, { method: `x${block},${type},${type & 1 ? 4 : 8},0,3,18`, backend });
      const options = { backend, plainPostprocessing: true, compilePrograms: "always" } as const;
      assertEquals(decompressZpaq(archive, options), data, `${type} ${block}`);
      const pieces = decompressZpaqIterable([archive], { ...options, chunkSize: 777 });
      assertEquals(concatBytes(await Array.fromAsync(pieces)), data);
    }
  }
});

testBackends("a compiled program keeps its state over the segments of a block", (backend) => {
  const source = `comp 0 0 0 0 1 0 cm 9 4 hcomp halt
    pcomp ; a> 255 if a=r 1 out a=r 2 out halt endif b=a a=r 1 a++ r=a 1 a=r 2 a+=b r=a 2 halt end`;
  const program = assembleZpaq(source);
  const segments = [
    { preprocessed: Uint8Array.of(65, 66, 67, 68), body: Uint8Array.of(4, 10) },
    { preprocessed: Uint8Array.of(1), body: Uint8Array.of(5, 11) },
  ];
  const block = compressZpaqConfig(program, segments, { backend });
  for (const compilePrograms of ["never", "always", "auto"] as const) {
    assertEquals(decompressZpaq(block, { backend, compilePrograms }), Uint8Array.of(4, 10, 5, 11));
  }
});
