import { assertEquals, assertThrows } from "@std/assert";
import { formatPdiffDuration, formatPdiffSize, parsePdiffSize } from "../mod.ts";

const SIZES: Readonly<Record<string, number>> = {
  "42": 42,
  " 42 ": 42,
  "42.5": 42,
  "3b": 3,
  "3 bytes": 3,
  "3 bits": 3,
  "5K": 5000,
  "5k": 5000,
  "5KB": 5000,
  "5Kilo": 5000,
  "5KiB": 5120,
  "5 kibibytes": 5120,
  "5Ki": 5000,
  "5 K B": 5000,
  "1M": 1_000_000,
  "1 m": 1_000_000,
  "1MiB": 1_048_576,
  "1Mi": 1_000_000,
  "1.5G": 1_500_000_000,
  "0": 0,
};

for (const [text, bytes] of Object.entries(SIZES)) {
  Deno.test(`parseSize reads "${text}"`, () => assertEquals(parsePdiffSize(text), bytes));
}

for (
  const text of [
    "",
    "+5",
    "-5",
    "1_000",
    "1,5",
    "0x10",
    "1e3",
    "5 sK",
    "K",
    "1e",
    "1zib",
    "9999999999999999",
  ]
) {
  Deno.test(`parseSize refuses "${text}"`, () =>
    void assertThrows(() => parsePdiffSize(text), RangeError, "Cannot read"));
}

Deno.test("formatSize and formatDuration write what the original program writes", () => {
  const sizes = [[0, "0 bytes"], [1, "1 byte"], [1023, "1023 bytes"], [1024, "1 KiB"], [1536, "1.5 KiB"], [
    2 ** 40,
    "1 TiB",
  ]];
  for (const [bytes, text] of sizes) assertEquals(formatPdiffSize(bytes as number), text);
  const durations = [
    [0, "0 seconds"],
    [1, "1 second"],
    [59.999, "60 seconds"],
    [60, "1 minute"],
    [64.14, "1 minute and 4.14 seconds"],
    [3600 + 120 + 3, "1 hour, 2 minutes and 3 seconds"],
    [8 * 86_400 + 3600 + 61, "1 week, 1 day and 1 hour"],
  ];
  for (const [seconds, text] of durations) assertEquals(formatPdiffDuration(seconds as number), text);
});
