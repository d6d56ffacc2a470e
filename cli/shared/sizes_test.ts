import { assertEquals } from "@std/assert";
import { formatSize, formatSizeColumn, parseByte, parseSize } from "./sizes.ts";

const READ: readonly [string, number | undefined][] = [
  ["0", 0],
  ["123", 123],
  ["1K", 1024],
  ["1Ki", 1024],
  ["1KB", 1024],
  ["64KiB", 65536],
  ["2M", 2097152],
  ["2MB", 2097152],
  ["1GiB", 1073741824],
  ["", undefined],
  ["K", undefined],
  ["1k", undefined],
  ["1X", undefined],
  ["1 K", undefined],
  ["-1", undefined],
  ["99999999999999999999", undefined],
];

for (const [text, size] of READ) {
  Deno.test(`parseSize reads "${text}"`, () => assertEquals(parseSize(text), size));
}

const WRITTEN: readonly [number, string][] = [
  [0, "0 B"],
  [1023, "1023 B"],
  [1024, "1.000 KiB"],
  [1025, "1.00 KiB"],
  [26672, "26.0 KiB"],
  [108894, "106 KiB"],
  [2 ** 21, "2.00 MiB"],
  [2 ** 40, "1.000 TiB"],
  [2 ** 60, "1.000 EiB"],
  [2 ** 63, "8.00 EiB"],
];

for (const [bytes, text] of WRITTEN) {
  Deno.test(`formatSize writes ${bytes} bytes`, () => assertEquals(formatSize(bytes), text));
}

Deno.test("formatSizeColumn aligns numbers and units", () => {
  assertEquals(formatSizeColumn(26672, 6), "  26.0 KiB");
  assertEquals(formatSizeColumn(1000, 6), "  1000   B");
});

Deno.test("parseByte reads decimal and hexadecimal bytes, and nothing else", () => {
  const read = ["0", "10", "255", "0x0a", "0xFF", "256", "0x100", "", "-1", "a", "0x"].map(parseByte);
  assertEquals(read, [0, 10, 255, 10, 255, undefined, undefined, undefined, undefined, undefined, undefined]);
});
