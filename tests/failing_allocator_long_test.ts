/**
 * Every allocation of every job fails once, on both backends.
 */
import { assert } from "@std/assert";
import { BACKENDS } from "./_backends.ts";
import { EXERCISES } from "./_exercises.ts";
import { failEachAllocation } from "./_failing_allocator.ts";

for (const backend of BACKENDS) {
  Deno.test({
    name: `each refused allocation is an error or does not matter [${backend}]`,
    ignore: Deno.env.get("SLUICE_LONG") !== "1",
    fn: async (context) => {
      const counts = { runs: 0, errors: 0, results: 0 };
      for (const exercise of EXERCISES.filter(({ nativeOnly }) => !nativeOnly || backend === "native")) {
        await context.step(exercise.name, () => failEachAllocation(exercise, backend, 1, counts));
      }
      console.log(
        `failing allocator, ${backend}: ${counts.runs} runs, ${counts.errors} errors, ${counts.results} results`,
      );
      assert(counts.errors > 500, `${counts.errors} errors`);
    },
  });
}
