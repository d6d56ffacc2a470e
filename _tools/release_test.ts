import { assert, assertEquals, assertThrows } from "@std/assert";
import { comesAfter, withRelease, withVersion } from "./release.ts";

Deno.test("withVersion changes the version and nothing else", () => {
  const json = '{\n  "name": "@sluice/zstd",\n  "version": "0.1.0",\n  "license": "MIT"\n}\n';
  assertEquals(withVersion(json, "0.2.0"), json.replace("0.1.0", "0.2.0"));
  assertThrows(() => withVersion("{}", "0.2.0"), Error, "has none");
});

Deno.test("withRelease gives what is unreleased a heading", () => {
  const log = "# Changelog\n\n## Unreleased\n\n### Added\n\n- a\n";
  const released = withRelease(log, "0.2.0", "2026-11-21");
  assertEquals(released, "# Changelog\n\n## Unreleased\n\n## 0.2.0 - 2026-11-21\n\n### Added\n\n- a\n");
  assertThrows(() => withRelease(released, "0.3.0", "2026-11-22"), Error, "nothing stands");
});

Deno.test("comesAfter compares versions by their numbers", () => {
  assert(comesAfter("0.10.0", "0.9.9"));
  assert(comesAfter("1.0.0-rc.1", "0.9.0"));
  assert(!comesAfter("0.1.0", "0.1.0"));
  assert(!comesAfter("0.0.9", "0.1.0"));
  assert(!comesAfter("next", "0.1.0"));
});
