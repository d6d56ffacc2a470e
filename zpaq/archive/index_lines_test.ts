import { assertEquals, assertThrows } from "@std/assert";
import { byteSourceFromBytes } from "@sluice/internal";
import { testBackends } from "../../tests/_backends.ts";
import { Random } from "../../tests/_data.ts";
import { createZpaqArchive, ZpaqArchive } from "../mod.ts";
import { decodeName, encodeName } from "../block/_names.ts";
import { sortForArchive } from "./_file_order.ts";
import { dateNumber, dateOf } from "./_journal_format.ts";

const NAMES = [
  "a",
  "plain/letters and more of them",
  "latin/\u0080\u009f\u00e9",
  "wide/\u6f22\u5b57",
  "pair/\u{1f600}",
  "bytes/\udc80\udcff",
  "long/".padEnd(300, "x"),
];

testBackends("names of all kinds come back from one block of the index", async () => {
  const bytes = await createZpaqArchive(NAMES.map((name) => ({ name, body: encodeName(name) })));
  using archive = await ZpaqArchive.open(byteSourceFromBytes(bytes));
  const entries = archive.entries();
  assertEquals(entries.map(({ name }) => name).sort(), NAMES.toSorted());
  for (const entry of entries) {
    assertEquals(entry.size, encodeName(entry.name).length);
    assertEquals(decodeName(new Uint8Array(await new Response(entry.body).arrayBuffer())), entry.name);
  }
  assertEquals(archive.entries({ all: 2 }).map(({ name }) => name), entries.map(({ name }) => `01/${name}`));
});

testBackends("blocks have room for files that do not say their size", async () => {
  const random = new Random(5);
  const contents = [0, 1, 70_000, 300_000, 1_500_000, 10, 2_100_000, 40_000].map((size) =>
    random.bytes(size)
  );
  for (const known of [true, false]) {
    const files = contents.map((body, i) => ({
      name: `${i}`,
      ...(known ? { size: body.length } : {}),
      body: new Blob([body]).stream(),
    }));
    // Blocks of 1 MiB: some of them take the room of one that was written.
    const bytes = await createZpaqArchive(files, { method: "00" });
    using archive = await ZpaqArchive.open(byteSourceFromBytes(bytes));
    for (const entry of archive.entries()) {
      assertEquals(
        new Uint8Array(await new Response(entry.body).arrayBuffer()),
        contents[Number(entry.name)]!,
      );
    }
  }
});

Deno.test("files are ordered by the bytes of their extensions, whatever their names are", () => {
  const names = [
    "z",
    "b.c/noext",
    "a.c",
    "x.tar.C",
    "a.c\u00e9",
    "a.c\udc80",
    "q.longextension",
    "q.longezzz",
    ".",
  ];
  /** The rule as zpaq states it: what follows the last dot of the last part, five bytes of it, in lower case. */
  const keyOf = (name: string): number => {
    let letters: number[] = [];
    for (const byte of encodeName(name)) {
      if (byte === 0x2f || byte === 0x2e) letters = byte === 0x2e ? [-1] : [];
      else if (letters.length > 0 && letters.length <= 5) {
        letters.push(byte >= 65 && byte <= 90 ? byte + 32 : byte);
      }
    }
    return [1, 2, 3, 4, 5].reduce((sum, i) => sum * 256 + (letters[i] ?? 0), 0);
  };
  const sorted = sortForArchive(names.map((name) => ({ name, size: 0 }))).map(({ name }) => name);
  assertEquals(sorted, names.toSorted((a, b) => keyOf(a) - keyOf(b) || (a < b ? -1 : 1)));
});

Deno.test("dates and their digits are the same moments, in any order", () => {
  const random = new Random(6);
  const from = Date.UTC(1900, 0);
  for (let i = 0; i < 2000; i++) {
    const time = from + Math.floor(random.next() / 2 ** 32 * 1100 * 365.25 * 86_400) * 1000;
    assertEquals(dateOf(dateNumber(new Date(time))).getTime(), time);
    assertEquals(dateOf(dateNumber(new Date(time + 999))).getTime(), time);
  }
  assertThrows(() => dateNumber(new Date(NaN)), RangeError, "invalid");
});
