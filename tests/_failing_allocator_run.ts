/**
 * Runs the jobs with failing allocations, in a process of its own, because the planted failure is one for the process.
 * Arguments: the backend, and every how manieth allocation fails. Prints a line a fault, then the counts.
 */
import { EXERCISES } from "./_exercises.ts";
import { failEachAllocation } from "./_failing_allocator.ts";

const backend = Deno.args[0] as "native" | "wasm";
const counts = { runs: 0, errors: 0, results: 0 };
for (const exercise of EXERCISES.filter(({ nativeOnly }) => !nativeOnly || backend === "native")) {
  try {
    await failEachAllocation(exercise, backend, Number(Deno.args[1]), counts);
  } catch (error) {
    console.log(error instanceof Error ? error.stack : error);
    Deno.exitCode = 1;
  }
}
console.log(
  `failing allocator, ${backend}: ${counts.runs} runs, ${counts.errors} errors, ${counts.results} results`,
);
