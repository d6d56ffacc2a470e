import { assert, assertEquals, assertThrows } from "@std/assert";
import { liveContextCount } from "@sluice/ffi";
import { concatBytes, SluiceError } from "@sluice/internal";
import { BACKENDS, testBackends } from "../tests/_backends.ts";
import { Random } from "../tests/_data.ts";
import { vector, VECTORS } from "../tests/_zpaq_data.ts";
import { assembleZpaq, compressZpaq, compressZpaqConfig, decompressZpaq } from "./mod.ts";

const HEADER_AT = 18;
const GOOD = compressZpaq(new TextEncoder().encode("good"));

/** A block whose header and prefix are given, in front of nothing that can be decoded. */
function blockOf(header: string, data: string, level = 1): Uint8Array<ArrayBuffer> {
  const tag = "376b5374a03183d38cb228b0d37a5051";
  return Uint8Array.fromHex(`${tag}0${level}01${header}01000000${data}feff`);
}

/** A stored block: the post-processor's bytes and the data behind each other. */
function stored(data: number[], ph = 0, pm = 0): Uint8Array<ArrayBuffer> {
  const size = data.length.toString(16).padStart(8, "0");
  const sizes = [ph, pm].map((bits) => bits.toString(16).padStart(2, "0")).join("");
  return blockOf(`07000000${sizes}000000`, `${size}${Uint8Array.from(data).toHex()}00000000`, 2);
}

function pcomp(program: string, bits = 0): Uint8Array<ArrayBuffer> {
  const code = assembleZpaq(`comp 0 0 0 0 0 hcomp end`.replace("end", `pcomp ; ${program} end`)).pcomp!;
  return stored([1, code.length & 255, code.length >> 8, ...code, 65, 66], bits, bits);
}

function changed(bytes: Uint8Array, at: number, value: number): Uint8Array<ArrayBuffer> {
  const copy = bytes.slice();
  copy[at] = value;
  return copy as Uint8Array<ArrayBuffer>;
}

const cm = vector("cm").archive;
const HOSTILE: readonly {
  readonly name: string;
  readonly input: Uint8Array<ArrayBuffer>;
  readonly code: string;
}[] = [
  { name: "nothing", input: new Uint8Array(), code: "NO_DATA" },
  { name: "no block", input: new Uint8Array(100), code: "BAD_MAGIC" },
  { name: "level 3", input: changed(cm, 16, 3), code: "LEVEL" },
  { name: "type 2", input: changed(cm, 17, 2), code: "TYPE" },
  {
    name: "level 1 without components",
    input: blockOf("0700000000000000" + "00", "00000000"),
    code: "HEADER",
  },
  { name: "a header that is too small", input: changed(cm, HEADER_AT, 6), code: "HEADER" },
  { name: "a header that is too large", input: changed(cm, HEADER_AT + 1, 9), code: "TRUNCATED" },
  { name: "hh of 33", input: changed(cm, HEADER_AT + 2, 33), code: "HEADER" },
  {
    name: "hh and hm of 32",
    input: changed(changed(cm, HEADER_AT + 2, 32), HEADER_AT + 3, 32),
    code: "MEMORY_LIMIT",
  },
  { name: "CM of 2^32 cells", input: changed(cm, HEADER_AT + 8, 32), code: "MEMORY_LIMIT" },
  { name: "CM of 2^33 cells", input: changed(cm, HEADER_AT + 8, 33), code: "HEADER" },
  { name: "an unknown component", input: changed(cm, HEADER_AT + 7, 10), code: "HEADER" },
  { name: "HCOMP without end", input: loop("jmp -2"), code: "BUDGET_EXCEEDED" },
  { name: "HCOMP with a bad opcode", input: loop("error"), code: "BAD_OPCODE" },
  { name: "HCOMP that jumps out", input: loop("lj 999"), code: "BAD_OPCODE" },
  { name: "PCOMP without end", input: pcomp("jmp -2"), code: "BUDGET_EXCEEDED" },
  { name: "PCOMP with output without end", input: pcomp("do out forever"), code: "OUTPUT_LIMIT" },
  { name: "PCOMP with a bad opcode", input: pcomp("error"), code: "BAD_OPCODE" },
  { name: "an unknown post-processor", input: stored([2, 0, 0]), code: "POST_TYPE" },
  { name: "an empty post-processor", input: stored([1, 0, 0]), code: "POST_EMPTY" },
  { name: "a stored size past the end", input: vector("stored").archive.slice(0, 100), code: "TRUNCATED" },
  { name: "a cut checksum", input: cm.slice(0, -5), code: "TRUNCATED" },
  { name: "a missing end of block", input: cm.slice(0, -1), code: "TRUNCATED" },
  { name: "a wrong checksum", input: changed(cm, cm.length - 3, 0), code: "CHECKSUM" },
  { name: "a wrong mark", input: changed(cm, cm.length - 1, 7), code: "MARK" },
  {
    name: "a name without end",
    input: concatBytes([cm.slice(0, 32), new Uint8Array(200_000).fill(65)]),
    code: "NAME_LIMIT",
  },
];

function loop(program: string): Uint8Array<ArrayBuffer> {
  const { header } = assembleZpaq(`comp 0 0 0 0 1 0 cm 9 4 hcomp ${program} end`);
  const body = cm.slice(HEADER_AT + 13);
  return concatBytes([cm.slice(0, HEADER_AT), header, body]);
}

for (const { name, input, code } of HOSTILE) {
  testBackends(`decompressZpaq refuses ${name} with ${code}`, (backend) => {
    const before = liveContextCount();
    const options = { backend, maxOutputSize: 1 << 20, pcompBudget: 2 ** 22, maxMemory: 2 ** 27 };
    const started = performance.now();
    const error = assertThrows(() => decompressZpaq(input, options), SluiceError);
    assertEquals(error.code, code);
    assert(performance.now() - started < 2000);
    assertEquals(liveContextCount(), before);
  });
}

testBackends("a good block behind a damaged one is recovered", (backend) => {
  for (const { name, input, code } of HOSTILE) {
    if (["NO_DATA", "BAD_MAGIC", "OUTPUT_LIMIT", "NAME_LIMIT"].includes(code)) continue;
    const errors: string[] = [];
    const output = decompressZpaq(concatBytes([input, GOOD]), {
      backend,
      pcompBudget: 2 ** 22,
      maxMemory: 2 ** 27,
      onDamage: (error) => void errors.push(error.code),
    });
    // A cut block may take what follows for its own, but then what follows is found inside it.
    assert(errors.length > 0, name);
    if (!name.startsWith("a cut") && !name.startsWith("a stored size")) {
      assert(new TextDecoder().decode(output).endsWith("good"), name);
    }
  }
});

testBackends("junk around blocks is passed over", (backend) => {
  const junk = new Random(3).bytes(5000);
  const input = concatBytes([junk, GOOD, junk, GOOD, junk]);
  assertEquals(new TextDecoder().decode(decompressZpaq(input, { backend })), "goodgood");
});

Deno.test("decompressZpaq ends on every cut and every flipped bit, the same on both backends", () => {
  for (const { name, archive } of VECTORS) {
    const before = liveContextCount();
    const inputs: Uint8Array[] = [];
    for (let size = 0; size < archive.length; size++) inputs.push(archive.subarray(0, size));
    for (let bit = 0; bit < archive.length * 8; bit += 3) {
      inputs.push(changed(archive, bit >>> 3, archive[bit >>> 3]! ^ 1 << (bit & 7)));
    }
    for (const input of inputs) {
      const outcomes = BACKENDS.map((backend) => {
        try {
          const options = {
            backend,
            maxOutputSize: 1 << 16,
            maxMemory: 1 << 24,
            hcompBudget: 2 ** 16,
            pcompBudget: 2 ** 16,
          };
          return decompressZpaq(input, options).toHex();
        } catch (error) {
          assert(error instanceof SluiceError, `${name}: ${error}`);
          return error.code;
        }
      });
      assertEquals(new Set(outcomes).size, 1, `${name}: ${outcomes}`);
    }
    assertEquals(liveContextCount(), before);
  }
});

testBackends("a program that gives nothing back is refused when compressing", (backend) => {
  const program = assembleZpaq("comp 0 0 0 0 0 hcomp end".replace("end", "pcomp ; halt end"));
  const error = assertThrows(
    () => compressZpaqConfig(program, [{ data: new Uint8Array(5) }], { backend }),
    SluiceError,
  );
  assertEquals(error.code, "POST_MISMATCH");
});
