/**
 * Jobs that together call every function of the library, run with some of their allocations failing, with SLUICE_LONG=1
 * with each of them.
 */
import { configureBackend } from "@sluice/ffi";
import type { BackendModule } from "@sluice/ffi";
import { assert, assertEquals } from "@std/assert";
import { BACKENDS } from "./_backends.ts";
import { EXERCISES } from "./_exercises.ts";

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
  Deno.test(`a refused allocation is an error or does not matter [${backend}]`, async () => {
    const stride = Deno.env.get("SLUICE_LONG") === "1" ? "1" : "7";
    const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", new URL("_failing_allocator_run.ts", import.meta.url).pathname, backend, stride],
    }).output();
    const output = new TextDecoder().decode(stdout);
    assert(success, output + new TextDecoder().decode(stderr));
    const [, errors] = /runs, (\d+) errors/.exec(output) ?? [];
    assert(Number(errors) > 50, output);
    console.log(output.trim());
  });
}
