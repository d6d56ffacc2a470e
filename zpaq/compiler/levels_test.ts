import { assert, assertEquals } from "@std/assert";
import { costsOf, pythonCorpus } from "../../tests/_python_corpus.ts";

/** Code is chosen by inputs of the compiler's own: for others it may take so many times the instructions of other levels. */
const STEPS_TOLERANCE = 1.005;

Deno.test("-Os makes the least code and -O2 executes the fewest instructions, on thirty programs", () => {
  const corpus = pythonCorpus(2000);
  assertEquals(corpus.length, 30);
  const worse: string[] = [];
  let [smaller, faster] = [0, 0];
  for (const program of corpus) {
    const costs = costsOf(program);
    const [, one, two, small] = costs;
    if (costs.some(({ bytes }) => bytes < small!.bytes)) {
      worse.push(`${program.name}: -Os ${JSON.stringify(costs)}`);
    }
    if (costs.some(({ steps }) => steps * STEPS_TOLERANCE < two!.steps)) {
      worse.push(`${program.name}: -O2 ${JSON.stringify(costs)}`);
    }
    if (small!.bytes < two!.bytes) smaller++;
    if (two!.steps < one!.steps) faster++;
  }
  assertEquals(worse, []);
  assert(smaller > 5 && faster > 5, `${smaller} are smaller, ${faster} are faster`);
});
