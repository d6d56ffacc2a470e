import { assertEquals, assertThrows } from "@std/assert";
import { UsageFailure } from "../shared/exit.ts";
import { checkEffects } from "./effects.ts";
import type { Mode } from "./effects.ts";
import { PDIFFCOPY_OPTIONS } from "./options.ts";

const URL = "http://host/file";

/** Options that others need. */
const NEEDS: Readonly<Record<string, readonly string[]>> = {
  "max-delete": ["delete"],
  "from0": ["files-from"],
  "hard-links": ["archive"],
  "acls": ["archive"],
  "xattrs": ["archive"],
};

Deno.test("options without an effect are refused", () => {
  const cases: readonly (readonly [Mode, string, readonly string[], string])[] = [
    ["copy", "delete", ["a", "b"], "it needs --recursive"],
    ["copy", "max-delete", ["a", "b"], "it needs --recursive"],
    ["tree", "max-delete", ["a", "b"], "it needs --delete"],
    ["copy", "exclude", ["a", "b"], "it needs --recursive"],
    ["copy", "files-from", [URL, "b"], "it needs --recursive"],
    ["tree", "from0", ["a", "b"], "no option reads names or rules from a file"],
    ["tree", "xattrs", ["a", "b"], "it needs --archive"],
    ["copy", "acls", ["a", "b"], "it needs --archive"],
    ["tree", "zstd", ["a", "b"], "neither file is on a server"],
    ["copy", "seed", [URL, "b"], "it needs --shift or --index"],
    ["copy", "store", [URL, "b"], "it needs --index"],
    ["shift", "seed", ["a", URL], "the target is on a server"],
    ["shift", "block-size", [URL, "b"], "it is for"],
    ["copy", "benchmark-json", ["a", "b"], "it needs --benchmark"],
    ["benchmark", "dry-run", ["a", "b"], "it is for"],
    ["index-copy", "token", [URL, "b"], "it is for"],
    ["copy", "compress", ["a", "b"], "neither file is on a server"],
    ["copy", "token", ["a", "b"], "neither file is on a server"],
    ["copy", "no-fsync", ["a", URL], "the server of the target decides that"],
    ["copy", "allow-dirty", [URL, "b"], "the server of the source decides that"],
    ["serve", "dry-run", [], "it is for"],
    ["serve", "dry-run", [], "it is for"],
    ["copy", "config", [URL, "b"], "it is for serve"],
    ["caps", "writable", [URL], "it is for serve"],
    ["copy", "hosts", [URL, "b"], "it is for serve"],
  ];
  for (const [mode, name, operands, reason] of cases) {
    const error = assertThrows(
      () => checkEffects(mode, new Set([name]), operands),
      UsageFailure,
      `--${name}`,
    );
    assertEquals(error.message.includes(reason), true, error.message);
  }
});

Deno.test("beside a file that says everything, options of servers are refused", () => {
  for (const name of ["listen", "root", "writable", "token", "hosts", "no-v1", "socket"]) {
    const used = new Set(["config", name]);
    assertThrows(() => checkEffects("serve", used, []), UsageFailure, `--${name} has no effect`);
  }
  checkEffects("serve", new Set(["config", "verbose"]), []);
});

Deno.test("options with an effect pass, and every option has one somewhere", () => {
  checkEffects("copy", new Set(["compress", "token", "verbose", "check"]), [URL, "b"]);
  checkEffects("tree", new Set(["delete", "max-delete", "archive", "recursive"]), ["a", "b"]);
  checkEffects("serve", new Set(["hosts", "writable", "quiet"]), []);
  const modes: readonly Mode[] = [
    "copy",
    "shift",
    "tree",
    "index-copy",
    "benchmark",
    "serve",
    "diff",
    "hash",
    "index",
    "caps",
  ];
  const places = [[URL, "b"], ["a", URL], ["a", "b"], ["ssh://host/file", "b"]];
  function works(name: string): boolean {
    const used = new Set([name, ...(NEEDS[name] ?? [])]);
    return modes.some((mode) =>
      places.some((operands) => {
        try {
          checkEffects(mode, used, operands);
          return true;
        } catch {
          return false;
        }
      })
    );
  }
  for (const { long } of PDIFFCOPY_OPTIONS.flatMap(({ rows }) => rows)) {
    assertEquals(works(long![0]!), true, long![0]!);
  }
  assertEquals(works("no-such-option"), false);
});
