/**
 * Blocks of sets of files: compressed one by one, after JSON, and joined, they are the files, and no record is in two of
 * them. Plans that do not fit are typed errors.
 */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { byteSourceFromBytes, SluiceError } from "@sluice/internal";
import {
  compressZpaq,
  createZpaqArchive,
  decompressZpaq,
  joinZpaqBlocks,
  planZpaqBlocks,
  readZpaqBlock,
  ZpaqArchive,
} from "../mod.ts";
import type { ZpaqBlockPlan, ZpaqBlockPlanOptions } from "../mod.ts";
import { testBackends } from "../../tests/_backends.ts";
import { join, text } from "../../tests/_data.ts";
import { DELIMITERS, records } from "../../tests/_records.ts";

type Files = Readonly<Record<string, Uint8Array<ArrayBuffer>>>;

async function plan(files: Files, options: ZpaqBlockPlanOptions): Promise<ZpaqBlockPlan[]> {
  const list = Object.entries(files).map(([name, source]) => ({ name, source }));
  return JSON.parse(JSON.stringify(await Array.fromAsync(planZpaqBlocks(list, options))));
}

testBackends("every record is in one block, and joined blocks are the files", async () => {
  for (const [delimiter, rest] of DELIMITERS) {
    const files: Files = {
      "a/large": records(delimiter, rest),
      "a/empty": new Uint8Array(),
      "b/small": text(1000),
      "b/last": text(70_000, 2),
    };
    for (const splitSize of [1 << 20, 300_000, 50_000]) {
      const blocks = await plan(files, { splitSize, atDelimiter: delimiter });
      const label = `${delimiter} ${splitSize}`;
      assertEquals(blocks.map(({ id }) => id), blocks.map((_, i) => i), label);
      const seen: Record<string, number> = {};
      const parts: Uint8Array<ArrayBuffer>[] = [];
      for (const block of blocks) {
        const encoded: Uint8Array<ArrayBuffer>[] = [];
        for await (const { filename, part, content } of readZpaqBlock((name) => files[name]!, block)) {
          const [start, end] = part.range;
          assertEquals(start, seen[part.name] ?? 0, label);
          seen[part.name] = end;
          assertEquals(filename, start === 0 ? part.name : "", label);
          const file = files[part.name]!;
          if (end < file.length) assertEquals(file[end - 1], delimiter, label);
          encoded.push(compressZpaq(content, { filename, method: "0" }));
        }
        parts.push(join(...encoded));
      }
      assertEquals(
        seen,
        Object.fromEntries(Object.entries(files).map(([name, file]) => [name, file.length])),
      );
      const archive = join(...await Array.fromAsync(joinZpaqBlocks(parts)));
      assertEquals(decompressZpaq(archive), join(...Object.values(files)), label);
      using opened = await ZpaqArchive.open(archive);
      assertEquals((await opened.entries()).map(({ name }) => name), Object.keys(files).sort(), label);
    }
  }
});

Deno.test("plans without alignment cut at the size; none for no files", async () => {
  const blocks = await plan({ a: new Uint8Array(250), b: new Uint8Array(60) }, { splitSize: 100 });
  assertEquals(blocks.map(({ parts }) => parts.map(({ name, range }) => [name, ...range])), [
    [["a", 0, 100]],
    [["a", 100, 200]],
    [["a", 200, 250], ["b", 0, 50]],
    [["b", 50, 60]],
  ]);
  assertEquals(blocks.map(({ size }) => size), [100, 100, 100, 10]);
  assertEquals(await plan({}, {}), []);
  assertEquals((await plan({ a: new Uint8Array() }, {}))[0]!.parts.length, 1);
  await assertRejects(() => plan({}, { splitSize: 0 }), RangeError);
  await assertRejects(() => plan({}, { count: 3 } as never), TypeError, '"count" is not known');
});

Deno.test("a block that does not fit is a typed error", async () => {
  const source = text(1000);
  const [block] = await plan({ a: source }, {}) as [ZpaqBlockPlan];
  const read = (value: unknown, data: Uint8Array<ArrayBuffer> = source, options = {}): Promise<unknown> =>
    Array.fromAsync(readZpaqBlock(() => data, value as ZpaqBlockPlan, options));
  const part = block.parts[0]!;
  const changed = (fields: object): unknown => ({ ...block, parts: [{ ...part, ...fields }] });
  const cases: [string, () => Promise<unknown>, string][] = [
    ["nothing", () => read(7), "SPLIT_INVALID"],
    ["version 9", () => read({ ...block, version: 9 }), "SPLIT_VERSION"],
    ["a shorter file", () => read(block, source.subarray(1)), "SOURCE_CHANGED"],
    ["past the file", () => read(changed({ range: [0, 1001] })), "SPLIT_INVALID"],
    ["another size", () => read(changed({ range: [0, 999] })), "SPLIT_INVALID"],
    ["no name", () => read(changed({ name: 5 })), "SPLIT_INVALID"],
    ["too large", () => read(block, source, { maxSplitSize: 999 }), "OUTPUT_LIMIT"],
  ];
  for (const [label, run, code] of cases) {
    assertEquals((await assertRejects(run, SluiceError, undefined, label)).code, code, label);
  }
  const versioned = { ...byteSourceFromBytes(source), validator: "2" };
  const old = changed({ source: { size: 1000, validator: "1" } }) as ZpaqBlockPlan;
  await assertRejects(() => readZpaqBlock(() => versioned, old).next(), SluiceError, "expected version 1");
});

Deno.test("parts that can't be joined are typed errors", async () => {
  const block = compressZpaq(text(1000), { method: "1" });
  const journal = await createZpaqArchive([{ name: "a", body: text(10) }]);
  for (
    const [label, bad, code] of [
      ["junk", text(100), "TRAILING_DATA"],
      ["junk before", join(text(10), block), "TRAILING_DATA"],
      ["junk after", join(block, text(10)), "TRAILING_DATA"],
      ["cut", block.subarray(0, -1), undefined],
      ["journal", journal, "JOURNAL"],
    ] as const
  ) {
    const error = await assertRejects(
      () => Array.fromAsync(joinZpaqBlocks([block, bad])),
      SluiceError,
      undefined,
      label,
    );
    if (code !== undefined) assertEquals(error.code, code, label);
    assert(error.format === "zpaq", label);
  }
  assertEquals(await Array.fromAsync(joinZpaqBlocks([])), []);
});
