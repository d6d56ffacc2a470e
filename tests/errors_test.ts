/**
 * The page of errors, the table that it is made of, and the code that throws them agree.
 */
import { assert, assertEquals } from "@std/assert";
import { errorsPage } from "../_tools/gen_errors.ts";
import { SLUICE_ERRORS } from "../internal/error_codes.ts";

const ROOT = new URL("../", import.meta.url);
const PACKAGES = ["internal", "ffi", "zstd", "lz4", "gitdb", "zpaq", "pdiffcopy", "cli"];

/** Classes that add members to one of the table. */
const SUBCLASSES: Readonly<Record<string, string>> = { ZpaqBackupError: "SluiceError" };

async function* sources(folder: URL): AsyncGenerator<[string, string]> {
  for await (const entry of Deno.readDir(folder)) {
    const url = new URL(entry.name + (entry.isDirectory ? "/" : ""), folder);
    if (entry.isDirectory && entry.name !== "_wasm" && entry.name !== "node_modules") yield* sources(url);
    else if (
      entry.name.endsWith(".ts") && !entry.name.endsWith("_test.ts") && entry.name !== "error_codes.ts"
    ) {
      yield [url.pathname, await Deno.readTextFile(url)];
    }
  }
}

Deno.test("docs/errors.md is the table of error codes", async () => {
  assertEquals(await Deno.readTextFile(new URL("docs/errors.md", ROOT)), errorsPage());
});

Deno.test("every code is used, and thrown with the class that the table says", async () => {
  const unused = new Set(Object.keys(SLUICE_ERRORS));
  const wrong: string[] = [];
  let thrown = 0;
  for (const name of PACKAGES) {
    for await (const [path, text] of sources(new URL(`${name}/`, ROOT))) {
      for (const [, code] of text.matchAll(/\b([A-Z][A-Z0-9_]+)\b/g)) unused.delete(code!);
      const constructions = /new (\w+Error)\(((?!new \w+Error\()[\s\S]){0,600}?code: "([A-Z0-9_]+)"/g;
      for (const [, className, , code] of text.replace(/^ \*.*$/gm, "").matchAll(constructions)) {
        thrown++;
        const facts = SLUICE_ERRORS[code as keyof typeof SLUICE_ERRORS];
        if (facts.class !== (SUBCLASSES[className!] ?? className)) {
          wrong.push(`${path}: ${className} ${code}, table ${facts.class}`);
        }
      }
    }
  }
  assertEquals(wrong, []);
  assertEquals([...unused], []);
  assert(thrown > 50, `${thrown} constructions found`);
});
