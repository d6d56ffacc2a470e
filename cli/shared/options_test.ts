import { assertEquals, assertThrows } from "@std/assert";
import { UsageFailure } from "./exit.ts";
import { formatOptions, optionNames, parseOptions } from "./options.ts";
import type { OptionGroup } from "./options.ts";

type Log = string[];

const GROUPS: readonly OptionGroup<Log>[] = [{
  title: "All",
  rows: [
    { short: "d", long: ["decompress", "uncompress"], help: "Decompress", set: (log) => log.push("d") },
    { short: "c", set: (log) => log.push("c") },
    {
      short: "#",
      value: "glued",
      glued: /\d+/y,
      help: "Level",
      set: (log, value) => log.push(`level ${value}`),
    },
    {
      short: "T",
      long: ["threads"],
      value: "glued",
      help: "Threads",
      set: (log, value) => log.push(`T ${value}`),
    },
    {
      short: "o",
      value: "next",
      valueName: "FILE",
      help: "Output",
      set: (log, value) => log.push(`o ${value}`),
    },
    { long: ["long"], value: "optional", help: "Window", set: (log, value) => log.push(`long ${value}`) },
  ],
}];

const VECTORS: readonly { args: string[]; log: string[]; operands: string[] }[] = [
  { args: [], log: [], operands: [] },
  { args: ["-dc", "a", "-"], log: ["d", "c"], operands: ["a", "-"] },
  { args: ["-19"], log: ["level 19"], operands: [] },
  { args: ["-dT4c", "-T128KiB", "-T"], log: ["d", "T 4", "c", "T 128KiB", "T "], operands: [] },
  { args: ["-d12c"], log: ["d", "level 12", "c"], operands: [] },
  { args: ["--threads=2", "--threads", "3"], log: ["T 2", "T 3"], operands: [] },
  { args: ["-co", "x", "y"], log: ["c", "o x"], operands: ["y"] },
  { args: ["--long", "27", "--long=30"], log: ["long ", "long 30"], operands: ["27"] },
  { args: ["--uncompress", "--", "-d", "--"], log: ["d"], operands: ["-d", "--"] },
];

for (const { args, log, operands } of VECTORS) {
  Deno.test(`parseOptions takes ${JSON.stringify(args)}`, () => {
    const found: Log = [];
    assertEquals(parseOptions(GROUPS, args, found), operands);
    assertEquals(found, log);
  });
}

const FAULTS: readonly string[][] = [["-x"], ["--bogus"], ["-dx"], ["-o"], ["-oc", "x"], ["--decompress=1"], [
  "--threads",
]];

for (const args of FAULTS) {
  Deno.test(`parseOptions refuses ${JSON.stringify(args)}`, () => {
    assertThrows(() => parseOptions(GROUPS, args, []), UsageFailure);
  });
}

Deno.test("formatOptions names what has a help text", () => {
  const text = formatOptions(GROUPS);
  for (const part of ["-d, --decompress ", "-# ", "-T#, --threads=# ", "-o FILE ", "--long[=#] "]) {
    assertEquals(text.includes(`  ${part}`), true, part);
  }
  assertEquals(text.includes("-c"), false);
  assertEquals(optionNames(GROUPS[0]!.rows[0]!), ["-d", "--decompress", "--uncompress"]);
});
