import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { liveHandleCount } from "@sluice/ffi";
import { concatBytes, SluiceError } from "@sluice/internal";
import { BACKENDS, testBackends } from "../../tests/_backends.ts";
import { Random } from "../../tests/_data.ts";
import { vector, VECTORS } from "../../tests/_zpaq_data.ts";
import { changed, GOOD, HOSTILE } from "../../tests/_zpaq_hostile.ts";
import { assembleZpaq, compressZpaqConfig, decompressZpaq } from "../mod.ts";

for (const { name, input, code } of HOSTILE) {
  testBackends(`decompressZpaq refuses ${name} with ${code}`, (backend) => {
    const before = liveHandleCount();
    const options = { backend, maxOutputSize: 1 << 20, pcompBudget: 2 ** 22, maxMemory: 2 ** 27 };
    const started = performance.now();
    const error = assertThrows(() => decompressZpaq(input, options), SluiceError);
    assertEquals(error.code, code);
    assert(performance.now() - started < 2000);
    assertEquals(liveHandleCount(), before);
  });
}

testBackends("a good block after a damaged one is recovered", (backend) => {
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

testBackends("junk around blocks is passed over and reported", (backend) => {
  const junk = new Random(3).bytes(5000);
  const input = concatBytes([junk, GOOD, junk, GOOD, junk]);
  const found: number[][] = [];
  const onJunk = ({ offset, size }: { offset: number; size: number }): void =>
    void found.push([offset, size]);
  assertEquals(new TextDecoder().decode(decompressZpaq(input, { backend, onJunk })), "goodgood");
  const step = GOOD.length + junk.length;
  assertEquals(found, [0, step, 2 * step].map((offset) => [offset, junk.length]));
});

Deno.test("decompressZpaq ends on every cut and every flipped bit, the same on both backends", () => {
  for (const { name, archive } of VECTORS) {
    const before = liveHandleCount();
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
    assertEquals(liveHandleCount(), before);
  }
});

testBackends("a wrong checksum is passed over when asked", (backend) => {
  const { archive, content } = vector("cm");
  const wrong = changed(archive, archive.length - 3, 0);
  const output = decompressZpaq(wrong, { backend, verifyChecksums: false });
  assertEquals(new TextDecoder().decode(output), content);
});

testBackends("a program that gives nothing back is refused when compressing", (backend) => {
  const program = assembleZpaq("comp 0 0 0 0 0 hcomp end".replace("end", "pcomp ; halt end"));
  const error = assertThrows(
    () => compressZpaqConfig(program, [{ body: new Uint8Array(5) }], { backend }),
    SluiceError,
  );
  assertEquals(error.code, "POST_MISMATCH");
  assertStringIncludes(error.message, "returns the end at byte 0, expected 0");
  const other = assembleZpaq("comp 0 0 0 0 0 hcomp pcomp ; a== 7 jf 1 a++ out halt end");
  const data = new Uint8Array([5, 6, 7, 8]);
  const second = assertThrows(() => compressZpaqConfig(other, [{ body: data }], { backend }), SluiceError);
  assertEquals([second.code, second.offset], ["POST_MISMATCH", 2]);
  assertStringIncludes(second.message, "returns 8 at byte 2, expected 7");
  assertStringIncludes(second.message, '-preprocess ""');
});
