import { assertEquals, assertThrows } from "@std/assert";
import { UsageFailure } from "../shared/exit.ts";
import { parseUntil, parseZpaqOptions, ZPAQ_OPTION_NAMES, zpaqOptionNames } from "./options.ts";

const VALUES: Readonly<Record<string, string>> = { "-maxsize": "1G", "-memory": "1G" };

Deno.test("an option of zpaq works or is a usage error, in every command", () => {
  let count = 0;
  for (
    const command of [
      "a",
      "x",
      "l",
      "t",
      "verify",
      "check",
      "blocks",
      "c",
      "d",
      "r",
      "asm",
      "disasm",
      "trace",
      "e",
    ]
  ) {
    const known = zpaqOptionNames(command);
    for (const name of ZPAQ_OPTION_NAMES) {
      const parse = (): unknown => parseZpaqOptions(command, ["operand", name, VALUES[name] ?? "1"]);
      if (known.includes(name)) parse();
      else assertThrows(parse, UsageFailure, "no effect", `${command} ${name}`);
      count++;
    }
  }
  console.log(`zpaq options: ${count} pairs of command and option, 0 failed`);
});

const UNTIL: readonly [string, string | number][] = [
  ["0", 0],
  ["3", 3],
  ["-2", -2],
  ["20200601", "2020-06-01T23:59:59.000Z"],
  ["2020-06-01", "2020-06-01T23:59:59.000Z"],
  ["2020-6-1 9:05", "2020-06-01T09:05:59.000Z"],
  ["20200601123456", "2020-06-01T12:34:56.000Z"],
];

for (const [text, until] of UNTIL) {
  Deno.test(`-until ${text}`, () => {
    const value = parseUntil(text.split(" "));
    assertEquals(value instanceof Date ? value.toISOString() : value, until);
  });
}

for (const text of ["", "x", "1x", "18000101", "20260230", "30000101", "202006010", "20200601 25:00", "-0"]) {
  Deno.test(`-until "${text}" is refused`, () => {
    assertThrows(() => parseUntil(text.split(" ")), UsageFailure);
  });
}
