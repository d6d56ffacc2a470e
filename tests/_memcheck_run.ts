/**
 * Runs jobs natively, then the faults of a library that is made of them: the program that the memory checker watches.
 * Arguments: the path of that library, and the names of the jobs.
 */
import { configureBackend } from "@sluice/ffi";
import { EXERCISES } from "./_exercises.ts";

const [canary, ...names] = Deno.args;
configureBackend("native");
for (const exercise of EXERCISES.filter(({ name }) => names.includes(name))) {
  await exercise.run();
  console.log(exercise.name);
}
const { symbols } = Deno.dlopen(canary!, {
  canary_read_past: { parameters: ["u32"], result: "u8" },
  canary_use_freed: { parameters: ["u32"], result: "void" },
  canary_uninitialized: { parameters: ["u32"], result: "u32" },
  canary_free_twice: { parameters: ["u32"], result: "u32" },
});
symbols.canary_read_past(100);
symbols.canary_use_freed(100);
symbols.canary_uninitialized(100);
symbols.canary_free_twice(100);
