/**
 * Runs the tests that have a long form, with `SLUICE_LONG=1` in their environment: files named `*_long_test.ts` and
 * `*fuzz*_test.ts`. Their short form is part of `deno task test`.
 *
 * Run `deno task test:long`; arguments go to `deno test`.
 */
import { listFiles } from "./command.ts";
import { installPeers, TEST_FLAGS, testDeno } from "./test.ts";

await installPeers();
const files = await listFiles("*_long_test.ts", "*fuzz*_test.ts");
const started = performance.now();
const { passed, failed } = files.length === 0
  ? { passed: 0, failed: 0 }
  : await testDeno(["-A", ...TEST_FLAGS, ...Deno.args.filter((arg) => arg !== "--"), ...files], {
    SLUICE_LONG: "1",
  });
const seconds = Math.round((performance.now() - started) / 1000);
console.log(`\n${files.length} files with a long form in ${seconds} s: ${files.join(", ") || "none"}`);
console.log(`${passed} passed, ${failed} failed`);
if (failed > 0) Deno.exit(1);
