/**
 * Runs a test on every backend that this process may use.
 */
import { backendInfo, configureBackend } from "@sluice/ffi";

/** The backends to test: WASM always, native where it may be used. */
export const BACKENDS: readonly ("native" | "wasm")[] = backendInfo().kind === "native"
  ? ["native", "wasm"]
  : ["wasm"];

if (!BACKENDS.includes("native")) console.log(`native backend not tested: ${backendInfo().reason}`);

/** Registers one test for each backend; the backend is also the configured one while the test runs. */
export function testBackends(
  name: string,
  run: (backend: "native" | "wasm", context: Deno.TestContext) => void | Promise<void>,
): void {
  for (const backend of BACKENDS) {
    Deno.test(`${name} [${backend}]`, async (context) => {
      configureBackend(backend);
      try {
        await run(backend, context);
      } finally {
        configureBackend("auto");
      }
    });
  }
}
