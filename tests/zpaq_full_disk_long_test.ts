/**
 * A disk that is full at each write of each kind of work, every 40 bytes in the long form: no complete version is lost.
 */
import { assert } from "@std/assert";
import { inDirectory, testInDirectory } from "./_directory.ts";
import { faultLibrary } from "./_fault_library.ts";
import { fillDisk, workOf } from "./_zpaq_kills.ts";

/** Blocks of an update have more than 100 bytes: no write is passed over in the long form. */
const STEP = Deno.env.get("SLUICE_LONG") === "1" ? 40 : 2000;
const CONTENT = 3000;

for (const work of workOf(CONTENT)) {
  testInDirectory(`zpaq ${work.name}: a full disk loses no version`, async (tools) => {
    const library = await faultLibrary(tools);
    if (library === undefined) return;
    await inDirectory(async (cwd) => {
      const full = await fillDisk(cwd, library, work, STEP);
      console.log(`zpaq ${work.name}: full after ${full} numbers of bytes, 0 versions lost`);
      assert(full > 0 || work.name === "repair of parts");
    });
  });
}
