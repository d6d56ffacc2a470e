/**
 * Names that are no UTF-8 go into archives and come out of them as they are, both ways with Debian's zpaq.
 */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { backendInfo } from "@sluice/ffi";
import { run, sluice } from "./_cli.ts";
import type { Outcome } from "./_cli.ts";
import { testInDirectory } from "./_directory.ts";

const isRaw = Deno.build.os === "linux" && backendInfo().kind === "native";
const hasZpaq = await run("zpaq", [], {}).then(() => true, () => false);
if (!hasZpaq) console.log("SKIPPED: raw names with zpaq: it is not installed");

/** Names with bytes that UTF-8 has nowhere, cuts short, or writes longer than needed; small and large files, and links. */
const MAKE = `
  d=$(printf 's/fold\\377er'); mkdir -p "$d/$(printf 'in\\300\\200ner')" &&
  printf 'one' > "$(printf 's/\\344\\366\\374.txt')" &&
  printf 'two' > "$(printf 's/cut\\342\\202')" &&
  printf 'three' > "$d/plain" &&
  head -c 3000000 /dev/urandom > "$d/$(printf 'large\\376')" &&
  printf 'utf-8' > 's/grün' &&
  ln "$d/plain" "$(printf 's/hard\\375')" &&
  ln -s "$(printf 'fold\\377er/plain')" "$(printf 's/link\\374')" &&
  touch -d 2001-02-03T04:05:06 "$(printf 's/cut\\342\\202')" "$d"`;

/** Names in hexadecimal with kinds, modes, times and content sums, links not followed. */
const SHOW = `cd "$1" && find . -printf '%P\\0' | sort -z | while IFS= read -r -d '' name; do
  [ -z "$name" ] && continue
  printf '%s' "$name" | od -An -tx1 | tr -d ' \\n'
  case $2 in all) stat -c ' %F %a %Y %h %s' "$name" | sed 's/directory \\(.*\\) [0-9]* [0-9]*$/directory \\1/' | tr '\\n' ' ';; esac
  if [ -L "$name" ]; then [ "$2" = all ] && readlink "$name" | sha1sum || echo link
  elif [ -f "$name" ]; then sha1sum < "$name"; else echo folder; fi; done`;

async function bash(script: string, cwd: string, ...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await run("bash", ["-c", script, "bash", ...args], {
    cwd,
    env: { LC_ALL: "C" },
  });
  assertEquals(code, 0, stderr);
  return new TextDecoder().decode(stdout);
}

function ok({ code, stderr }: Outcome): void {
  assertEquals(code, 0, stderr);
}

testInDirectory("zpaq: names that are no UTF-8 come back byte for byte", { ignore: !isRaw }, async (cwd) => {
  const zpaq = (...args: string[]): Promise<Outcome> => sluice(["zpaq", ...args], { cwd });
  await bash(MAKE, cwd);
  const before = await bash(SHOW, cwd, "s", "all");
  assertStringIncludes(before, "666f6c64ff6572");
  ok(await zpaq("a", "p.zpaq", "s"));
  assertStringIncludes((await zpaq("a", "p.zpaq", "s")).stderr, "0 +added, 0 -removed");
  ok(await zpaq("x", "p.zpaq", "-to", "out"));
  assertEquals(await bash(SHOW, cwd, "out/s", "all"), before);
  // Once more: what is there is kept, and with -force replaced.
  const again = await zpaq("x", "p.zpaq", "-to", "out");
  assertStringIncludes(again.stderr, "existing files skipped");
  ok(await zpaq("x", "p.zpaq", "-to", "out", "-force"));
  assertEquals(await bash(SHOW, cwd, "out/s", "all"), before);
  const listed = new TextDecoder().decode((await zpaq("l", "p.zpaq", "s", "-force", "-not", "=")).stdout);
  assertStringIncludes(listed, "0 #different, 0 +external, 0 -internal");
  if (!hasZpaq) return;
  ok(await run("zpaq", ["x", "p.zpaq", "-to", "theirs"], { cwd }));
  const lines = (text: string): string[] => text.split("\n").filter((line) => !/link/.test(line));
  const names = await bash(SHOW, cwd, "s", "content");
  const theirs = await bash(SHOW, cwd, "theirs/s", "content");
  // zpaq makes a small file of a link.
  assertEquals(lines(theirs).length, lines(names).length + 1);
  for (const line of lines(names)) assertStringIncludes(theirs, line);
  await bash("rm \"$(printf 's/link\\374')\"", cwd);
  ok(await run("zpaq", ["a", "z.zpaq", "s"], { cwd }));
  ok(await zpaq("x", "z.zpaq", "-to", "ours"));
  assertEquals(await bash(SHOW, cwd, "ours/s", "content"), await bash(SHOW, cwd, "s", "content"));
});
