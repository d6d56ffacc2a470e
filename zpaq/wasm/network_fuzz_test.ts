/**
 * Networks compiled to WebAssembly against the kernel's loop for any network, on both backends.
 */
import { assert, assertEquals, assertThrows } from "@std/assert";
import { liveHandleCount } from "@sluice/ffi";
import { concatBytes, SluiceError } from "@sluice/internal";
import { BACKENDS } from "../../tests/_backends.ts";
import { CONTENT_KINDS, Random } from "../../tests/_data.ts";
import { randomHeader } from "../../tests/_zpaq_random.ts";
import { NetworkRunner } from "../block/_network_runner.ts";
import { compressZpaqConfig, decompressZpaq, readZpaqHeader } from "../mod.ts";
import type { ZpaqDecompressOptions } from "../mod.ts";

const LONG = Deno.env.get("SLUICE_LONG") === "1";
const ROUNDS = LONG ? 20_000 : 250;
const HCOMP_BUDGET = 300;
const NO_LIMITS = { budget: Infinity, maxMemory: Infinity };
const START = Uint8Array.fromHex("376b5374a03183d38cb228b0d37a50510101");

/** What came of a block: its output, or the error. */
function outcome(input: Uint8Array, options: ZpaqDecompressOptions): string {
  try {
    return decompressZpaq(input, options).toHex();
  } catch (error) {
    assert(error instanceof SluiceError, `${error}`);
    return `${error.code} ${error.message}`;
  }
}

const SEGMENT_START = Uint8Array.of(1, 0, 0, 0);
/** Enough of coded data for its first byte. */
const FIRST_BYTE_SIZE = 12;

/** A block whose coded data is anything, after a byte that says that nothing is to be post-processed. */
function blockOf(header: Uint8Array<ArrayBuffer>, random: Random): Uint8Array<ArrayBuffer> {
  const program = Uint8Array.of(56, 0);
  const halting = concatBytes([
    header.subarray(0, header.length - readZpaqHeader(header).hcomp.length),
    program,
  ]);
  new DataView(halting.buffer).setUint16(0, halting.length - 2, true);
  const block = compressZpaqConfig({ header: halting, pcomp: undefined }, [{ body: random.bytes(20) }]);
  const at = START.length + halting.length + SEGMENT_START.length;
  const first = block.subarray(at, at + FIRST_BYTE_SIZE);
  return concatBytes([
    START,
    header,
    SEGMENT_START,
    first,
    random.bytes(300),
    Uint8Array.of(0, 0, 0, 0, 254, 255),
  ]);
}

/** A block of two segments with a random model; undefined where the program of its contexts fails. */
function encoded(header: Uint8Array<ArrayBuffer>, random: Random): Uint8Array<ArrayBuffer> | undefined {
  const kinds = Object.values(CONTENT_KINDS);
  const segments = [random.below(400), random.below(40)].map((size) => ({
    body: kinds[random.below(kinds.length)]!(size),
  }));
  const blockBy = (compilePrograms: "never" | "always"): Uint8Array<ArrayBuffer> =>
    compressZpaqConfig({ header, pcomp: undefined }, segments, { backend: BACKENDS[0], compilePrograms });
  try {
    const block = blockBy("never");
    assertEquals(blockBy("always"), block);
    return block;
  } catch (error) {
    if (!(error instanceof SluiceError)) throw error;
    assertThrows(() => blockBy("always"), SluiceError, error.message);
    return undefined;
  }
}

Deno.test("compiled networks decode what the kernel's loops do, failures and budgets included", () => {
  const seed = Random.seed(Date.now() & 0xffffff);
  console.log(`SEED=${seed}`);
  const random = new Random(seed);
  const kinds = new Map<string, number>();
  const before = liveHandleCount();
  for (let round = 0; round < ROUNDS; round++) {
    // What may run for ever is decoded only, from data that is no data.
    const straight = random.below(4) > 0;
    const header = randomHeader(random, random.below(10) === 0 ? 60 : 12, straight);
    assert(
      NetworkRunner.create(readZpaqHeader(header), header, "decode", NO_LIMITS, undefined) !== undefined,
    );
    const block = straight ? encoded(header, random) : undefined;
    const input = block ?? blockOf(header, random);
    // Half of what decodes is damaged.
    if (block !== undefined && random.below(2) === 0) {
      const front = START.length + header.length;
      const at = front + random.below(input.length - front);
      input[at] = input[at]! ^ 1 << random.below(8);
    }
    const limits = { hcompBudget: HCOMP_BUDGET, maxOutputSize: 1 << 12, maxMemory: 1 << 26 };
    const outcomes = BACKENDS.flatMap((backend) =>
      (["never", "always"] as const).map((compilePrograms) =>
        outcome(input, { ...limits, backend, compilePrograms })
      )
    );
    assertEquals(new Set(outcomes).size, 1, `round ${round}: ${input.toHex()}\n${outcomes.join("\n")}`);
    const kind = /^[A-Z_]+/.exec(outcomes[0]!)?.[0] ?? "output";
    kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
  }
  assertEquals(liveHandleCount(), before);
  console.log([...kinds].map(([kind, count]) => `${kind}: ${count}`).join(", "));
  const frequent = ["output", "CHECKSUM", "BAD_OPCODE"];
  for (const kind of LONG ? [...frequent, "BUDGET_EXCEEDED"] : frequent) assert(kinds.has(kind), kind);
});

/** Blocks whose post-processor has no program, or one that fails, as damage left them: how much is decoded at a time differs. */
const DAMAGED_POST = [
  {
    code: "POST_EMPTY",
    headerSize: 45,
    block:
      "376b5374a03183d38cb228b0d37a505101012b0002010000040121090200784607050101caa60501013100126845392b22d2226038000000" +
      "000000000038000100000005e8811100000000fdda39a3ee5e6b4b0d3255bfef95601890afd8070901000000000122965311e39d1bfb00" +
      "000000fd32591eb92e47802cf9f0903ffac043ca9a76dbe3ff",
  },
  {
    code: "BAD_OPCODE",
    headerSize: 55,
    block:
      "376b5374a03183d38cb228b0d37a505101013500030200000404030609000083b00305080301001268471b4d219dac09323c1f0001b71e2f" +
      "051a6211a218380000000000000000380001000000feca1d55da17ad6079e8df8cfdbc46b291fdf8d5ec8491580201681d2caf535a7f54" +
      "151c2064716034979e835cc7ee803af95210c360578673bcbe7a6616c653e8c7d6407cb849addd70b06e4ca7ea2ae2850b41c3e8233a2f" +
      "c470c2347634d6eca48d5085937f931bf8ea06b25538647c6d7875ba3d0a9c3b7364c28459cd8a68eac640db7a5e3ae2012768a298cf5f" +
      "25ab75010293787584f16a0f05d5a48eb501dce82368db47c8a2c1a01adaa3f66bd9224c90c515a1ac3cd38bc284561edbe2d71aaaa3b8" +
      "4baab3a55655bc8b437c57351489f784b27c2eeaf2f1e78d5c6992abe4620e9944fdbbff3e2869aa4e3500000000fdbe99fa13be7ef1a6" +
      "d34416c55d1395ce091b66e501000000fffcd9ad722744a888427bbd1a8892129ca28d706e0643b15b3030a646beaa8803c200000000fd" +
      "abf726f5fda729fb7f3f0484d7c94b3107aa02aeff",
  },
] as const;

Deno.test("a failing post-processor is reported where the data starts, whoever decodes it", () => {
  for (const { code, headerSize, block } of DAMAGED_POST) {
    for (const backend of BACKENDS) {
      for (const compilePrograms of ["never", "always"] as const) {
        const error = assertThrows(
          () =>
            decompressZpaq(Uint8Array.fromHex(block), {
              backend,
              compilePrograms,
              hcompBudget: HCOMP_BUDGET,
            }),
          SluiceError,
        );
        assertEquals([error.code, error.offset], [code, START.length + headerSize + SEGMENT_START.length]);
      }
    }
  }
});
