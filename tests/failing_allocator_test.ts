/**
 * Jobs that together call every function of the library, run with some of their allocations failing;
 * `failing_allocator_long_test.ts` fails all of them.
 */
import { configureBackend } from "@sluice/ffi";
import type { BackendModule } from "@sluice/ffi";
import { assert, assertEquals } from "@std/assert";
import { BACKENDS } from "./_backends.ts";
import { EXERCISES } from "./_exercises.ts";
import { failEachAllocation } from "./_failing_allocator.ts";

/** WASM can not open a path; the same table calls it natively. */
const NATIVE_ONLY = "sluice_git_file_open";

Deno.test("the jobs of the allocator table call every function of the library", async () => {
  const called = new Set<string>();
  const known = new Set<string>();
  configureBackend("wasm");
  try {
    for (const { modules, run } of EXERCISES.filter(({ nativeOnly }) => !nativeOnly)) {
      const undo = modules.map((module) => watchCalls(module, known, called));
      await run();
      undo.forEach((each) => each());
    }
  } finally {
    configureBackend("auto");
  }
  const uncalled = [...known].filter((name) => !called.has(name.replace(/_async$/, "")));
  assertEquals(uncalled.sort(), [NATIVE_ONLY]);
});

/** Notes which functions of a module are called from now on; returns what ends that. */
function watchCalls(module: BackendModule<object>, known: Set<string>, called: Set<string>): () => void {
  const { functions } = module.open("wasm") as { functions: Record<string, (...args: unknown[]) => unknown> };
  const originals = { ...functions };
  for (const [name, run] of Object.entries(originals)) {
    known.add(name);
    functions[name] = (...args) => {
      called.add(name.replace(/_async$/, ""));
      return run(...args);
    };
  }
  return () => Object.assign(functions, originals);
}

for (const backend of BACKENDS) {
  Deno.test(`a refused allocation is an error or does not matter [${backend}]`, async (context) => {
    const counts = { runs: 0, errors: 0, results: 0 };
    for (const exercise of EXERCISES.filter(({ nativeOnly }) => !nativeOnly || backend === "native")) {
      await context.step(exercise.name, () => failEachAllocation(exercise, backend, 7, counts));
    }
    console.log(
      `failing allocator, ${backend}: ${counts.runs} runs, ${counts.errors} errors, ${counts.results} results`,
    );
    assert(counts.errors > 50, `${counts.errors} errors`);
  });
}
