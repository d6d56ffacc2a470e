import { assert, assertEquals } from "@std/assert";
import { liveHandleCount } from "@sluice/ffi";
import { SluiceError } from "@sluice/internal";
import { BACKENDS } from "../../tests/_backends.ts";
import { Random, text } from "../../tests/_data.ts";
import { CORPORA, VECTORS } from "../../tests/_zpaq_data.ts";
import { compressZpaq, decompressZpaq } from "../mod.ts";

const LONG = Deno.env.get("SLUICE_LONG") === "1";
const ROUNDS = LONG ? 40_000 : 300;

/** What came of an input on one backend. */
function outcome(input: Uint8Array, backend: "native" | "wasm", plain: boolean): string {
  try {
    const options = {
      backend,
      maxOutputSize: 1 << 17,
      maxMemory: 1 << 26,
      hcompBudget: 2 ** 14,
      pcompBudget: 2 ** 18,
      verifyChecksums: false,
      plainPostprocessing: plain,
    };
    const output = decompressZpaq(input, options);
    return `${output.length} ${output.subarray(0, 64).toHex()}`;
  } catch (error) {
    assert(error instanceof SluiceError || error instanceof RangeError, `${error}`);
    return error instanceof SluiceError ? error.code : error.name;
  }
}

Deno.test("damaged archives end in a typed error or in output, the same on both backends", () => {
  const seed = Random.seed(Date.now() & 0xffffff);
  console.log(`SEED=${seed}`);
  const random = new Random(seed);
  const seeds = [
    ...VECTORS.map(({ archive }) => archive),
    ...["1", "2", "3", "4", "5"].map((method) => compressZpaq(text(3000), { method })),
    ...[1, 2, 3, 4, 5, 6, 7].map((type) =>
      compressZpaq(CORPORA["exe"]!.slice(0, 4000), { method: `x0,${type},6,0,3,16` })
    ),
  ];
  const before = liveHandleCount();
  for (let round = 0; round < ROUNDS; round++) {
    const input = seeds[random.below(seeds.length)]!.slice();
    for (let i = random.below(4); i >= 0; i--) input[random.below(input.length)] = random.next() & 255;
    const outcomes = BACKENDS.map((backend) => outcome(input, backend, round % 2 === 0));
    assertEquals(new Set(outcomes).size, 1, `round ${round}: ${outcomes}`);
  }
  assertEquals(liveHandleCount(), before);
});
