/**
 * Kills of each kind of work, a hundred in the long form: no complete version is ever lost.
 */
import { testInDirectory } from "./_directory.ts";
import { killAtRandom, workOf } from "./_zpaq_kills.ts";

const TIMES = Deno.env.get("SLUICE_LONG") === "1" ? 100 : 2;

for (const work of workOf(8 << 20)) {
  testInDirectory(`zpaq ${work.name}: kills lose no version`, async (cwd) => {
    const cut = await killAtRandom(cwd, work, TIMES);
    console.log(`zpaq ${work.name}: ${TIMES} runs, ${cut} cut short, 0 versions lost`);
  });
}
