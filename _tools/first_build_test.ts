/**
 * What `_tools/setup.ts` says before it builds.
 */
import { assert, assertEquals } from "@std/assert";
import { firstBuildNotice } from "./first_build.ts";

Deno.test("a first build says in one line what it builds, and later starts say nothing", async () => {
  const here = new URL(import.meta.url);
  const missing = new URL("no_such_file", here);
  const notice = await firstBuildNotice([here, missing], []);
  assert(
    /^First build: .*the native library and all WASM modules on \d+ cores.*minutes.*$/.test(notice!),
    notice,
  );
  assert((await firstBuildNotice([missing], ["zstd_decode"]))!.includes("the WASM modules zstd_decode on"));
  assertEquals(await firstBuildNotice([here], []), undefined);
});
