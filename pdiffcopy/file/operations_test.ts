import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { NotFoundError } from "@sluice/internal";
import { testBackends } from "../../tests/_backends.ts";
import { inDirectory } from "../../tests/_directory.ts";
import {
  mutatePdiffFile,
  pdiffTransferSize,
  readPdiffBlock,
  readPdiffFileInfo,
  readPdiffFileSize,
  resizePdiffFile,
  writePdiffBlock,
} from "../mod.ts";

testBackends("single steps on files do what servers do", async () => {
  await inDirectory(async (directory) => {
    const path = `${directory}/f`;
    assertEquals([readPdiffFileInfo(path), readPdiffFileSize(path)], [undefined, undefined]);
    await assertRejects(() => readPdiffBlock(path, 0, 10), NotFoundError);
    await assertRejects(() => writePdiffBlock(path, 0, new Uint8Array(1)), NotFoundError);
    await resizePdiffFile(path, 10);
    assertEquals([readPdiffFileInfo(path), readPdiffFileSize(path)], [{ size: 10 }, 10]);
    await writePdiffBlock(path, 8, new Uint8Array([1, 2, 3, 4]));
    assertEquals(await readPdiffBlock(path, 6, 100), new Uint8Array([0, 0, 1, 2, 3, 4]));
    assertEquals(await readPdiffBlock(path, 500, 5), new Uint8Array());
    await resizePdiffFile(path, 9);
    assertEquals(await Deno.readFile(path), new Uint8Array([0, 0, 0, 0, 0, 0, 0, 0, 1]));
    for (const bad of [-1, 0.5, NaN, 2 ** 53]) {
      await assertRejects(() => readPdiffBlock(path, bad, 1), RangeError);
      await assertRejects(() => resizePdiffFile(path, bad), RangeError);
    }
    await assertRejects(() => readPdiffBlock(path, 0, -1), RangeError);
  });
});

testBackends("mutateFile changes as much as it is told, there and back", async () => {
  await inDirectory(async (directory) => {
    const path = `${directory}/f`;
    const content = new Uint8Array(1_100_000);
    await Deno.writeFile(path, content);
    for (const pattern of ["prefix", "scatter"] as const) {
      for (const [percent, bytes] of [[0, 0], [25, 256 << 10], [100, 1 << 20]] as const) {
        assertEquals(await mutatePdiffFile(path, { percent, pattern }), bytes);
        const changed = (await Deno.readFile(path)).reduce((sum, byte) => sum + (byte === 255 ? 1 : 0), 0);
        assertEquals(changed, bytes);
        await mutatePdiffFile(path, { percent, pattern });
        assertEquals(await Deno.readFile(path), content);
      }
    }
    await assertRejects(() => mutatePdiffFile(path, { percent: 101 }), RangeError);
  });
});

Deno.test("transferSize adds ranges up", () => {
  assertEquals(pdiffTransferSize({ ranges: [] }), 0);
  assertThrows(() => pdiffTransferSize(undefined as never), TypeError);
});
