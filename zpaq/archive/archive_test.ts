import { assert, assertEquals, assertRejects } from "@std/assert";
import { liveHandleCount } from "@sluice/ffi";
import { byteSourceFromBytes, concatBytes, SluiceError } from "@sluice/internal";
import { testBackends } from "../../tests/_backends.ts";
import { Random, text } from "../../tests/_data.ts";
import {
  compressZpaq,
  createZpaqArchive,
  decryptZpaqSource,
  encryptZpaqUpdate,
  updateZpaqArchive,
  ZpaqArchive,
} from "../mod.ts";
import type { ZpaqFile, ZpaqUpdateOptions } from "../mod.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** The archive with one more version. */
async function update(before: Bytes, files: ZpaqFile[], options: ZpaqUpdateOptions = {}): Promise<Bytes> {
  using archive = await ZpaqArchive.open(byteSourceFromBytes(before));
  const parts: Bytes[] = [];
  await updateZpaqArchive(archive, files, {
    write: (bytes) => void parts.push(bytes),
    rewrite: (_, bytes) => void (parts[0] = bytes),
  }, options);
  return concatBytes([before.slice(0, archive.end), ...parts]);
}

async function contents(bytes: Bytes, until?: number): Promise<Record<string, string>> {
  using archive = await ZpaqArchive.open(byteSourceFromBytes(bytes), until === undefined ? {} : { until });
  const found: Record<string, string> = {};
  for (const entry of archive.entries()) found[entry.name] = await new Response(entry.body).text();
  return found;
}

const file = (name: string, body: string): ZpaqFile => ({
  name,
  body: new TextEncoder().encode(body),
  size: body.length,
});

testBackends("an archive keeps its versions, and fragments are stored once", async () => {
  const before = liveHandleCount();
  const first = await createZpaqArchive([file("a", "one"), file("b", "two"), { name: "c/" }]);
  const second = await update(first, [file("a", "one!"), file("d", "two")], { delete: ["b"] });
  assertEquals(await contents(second), { "a": "one!", "c/": "", "d": "two" });
  assertEquals(await contents(second, 1), { "a": "one", "b": "two", "c/": "" });
  assertEquals(await contents(second, -1), await contents(first));
  using archive = await ZpaqArchive.open(byteSourceFromBytes(second));
  assertEquals(archive.versions.map(({ updated, deleted, fragments }) => [updated, deleted, fragments]), [
    [3, 0, 2],
    [2, 1, 1],
  ]);
  assertEquals(archive.deletions(), [{ name: "b", version: 2 }]);
  assertEquals(archive.deletions({ all: 2 }), [{ name: "02/b", version: 2 }]);
  assertEquals(archive.deletions({ until: 1 }), []);
  assertEquals(archive.versions.map(({ size }) => size), [first.length, second.length - first.length]);
  assertEquals(archive.entries({ all: true }).map(({ name }) => name), [
    "0001/a",
    "0001/b",
    "0001/c/",
    "0002/a",
    "0002/d",
  ]);
  archive.close();
  assertEquals(liveHandleCount(), before);
});

testBackends("an update of unchanged files writes nothing", async () => {
  const files = [{ ...file("a", "one"), date: new Date("2020-01-01T00:00:00Z") }];
  const first = await createZpaqArchive(files);
  assertEquals(await update(first, files), first);
});

testBackends("large files cross blocks, and extraction gives every piece once", async () => {
  const random = new Random(9);
  const big = concatBytes([random.bytes(1_500_000), text(900_000), random.bytes(500_000)]);
  const bytes = await createZpaqArchive([
    { name: "big", body: big, size: big.length },
    {
      name: "copy",
      body: ReadableStream.from([big.subarray(0, 1000), big.subarray(1000)]),
      size: big.length,
    },
    { name: "empty" },
  ], { method: "x0,1,4,0,3,18", threads: 2 });
  for (const threads of [1, 3]) {
    using archive = await ZpaqArchive.open(byteSourceFromBytes(bytes));
    const found = new Map(archive.entries().map((entry) => [entry, new Uint8Array(entry.size!)]));
    let last = 0;
    for await (const piece of archive.extract(found.keys(), { threads })) {
      found.get(piece.entry)!.set(piece.bytes, piece.offset);
      if (piece.last) last++;
    }
    assertEquals(last, 3);
    assertEquals([...found.values()].map((content) => content.length), [big.length, big.length, 0]);
    assert([...found.values()].slice(0, 2).every((content) => content.every((byte, i) => byte === big[i])));
  }
});

testBackends("a damaged data block costs its own files only", async () => {
  const random = new Random(4);
  const bytes = await createZpaqArchive([
    { name: "a.x", body: random.bytes(900_000), size: 900_000 },
    { name: "b.y", body: random.bytes(900_000), size: 900_000 },
  ], { method: "x0,0" });
  bytes[5000]! ^= 1;
  const errors: string[] = [];
  using archive = await ZpaqArchive.open(byteSourceFromBytes(bytes), {
    onDamage: (error) => void errors.push(error.code),
  });
  const complete: string[] = [];
  for await (const { entry, last } of archive.extract(archive.entries())) if (last) complete.push(entry.name);
  assertEquals(complete, ["b.y"]);
  assertEquals(errors, ["FRAGMENT"]);
  using strict = await ZpaqArchive.open(byteSourceFromBytes(bytes));
  await assertRejects(() => new Response(strict.entries()[0]!.body).arrayBuffer(), SluiceError);
});

testBackends("an update that was not finished is not seen", async () => {
  const first = await createZpaqArchive([file("a", "one")]);
  const second = await update(first, [file("b", "two")]);
  const unfinished = second.slice();
  // The size in the update's first block is -1 until all is written; the block's sum is that of the size.
  const parts: Bytes[] = [];
  using archive = await ZpaqArchive.open(byteSourceFromBytes(first));
  await updateZpaqArchive(archive, [file("b", "two")], {
    write: (bytes) => void parts.push(bytes),
    rewrite(): void {},
  });
  unfinished.set(parts[0]!, first.length);
  assertEquals(await contents(unfinished), { a: "one" });
});

testBackends("streaming archives are listed and read", async () => {
  const bytes = concatBytes([
    compressZpaq(text(10_000), { filename: "one", comment: "20191231235958 u33188", blockSize: 4000 }),
    compressZpaq(text(100), { filename: "two", method: "5" }),
  ]);
  using archive = await ZpaqArchive.open(byteSourceFromBytes(bytes));
  const [one, two] = archive.entries();
  assertEquals([one!.name, one!.size, one!.date?.toISOString()], ["one", 10_000, "2019-12-31T23:59:58.000Z"]);
  assertEquals(one!.attributes, { system: "unix", mode: 33188 });
  assertEquals(new Uint8Array(await new Response(one!.body).arrayBuffer()), text(10_000));
  assertEquals(new Uint8Array(await new Response(two!.body).arrayBuffer()), text(100));
});

testBackends("an encrypted archive opens with its password only", async () => {
  const salt = new Random(2).bytes(32);
  const parts: Bytes[] = [];
  const sink = await encryptZpaqUpdate(
    { write: (bytes) => void parts.push(bytes), rewrite: (_, bytes) => void (parts[0] = bytes) },
    "secret",
    salt,
    salt.length,
  );
  await updateZpaqArchive(undefined, [file("a", "one")], sink);
  const bytes = concatBytes([salt, ...parts]);
  using archive = await ZpaqArchive.open(byteSourceFromBytes(bytes), { password: "secret" });
  assertEquals(await new Response(archive.entries()[0]!.body).text(), "one");
  const error = await assertRejects(
    () => decryptZpaqSource(byteSourceFromBytes(bytes), "wrong"),
    SluiceError,
  );
  assertEquals(error.code, "PASSWORD");
});

Deno.test("a cut index is reported or thrown, and never hangs", async () => {
  const bytes = await createZpaqArchive([file("a", "one"), file("b", "two")]);
  for (let size = 0; size < bytes.length; size += 7) {
    const errors: string[] = [];
    const onDamage = (error: SluiceError): void => void errors.push(error.code);
    try {
      using archive = await ZpaqArchive.open(byteSourceFromBytes(bytes.slice(0, size)), { onDamage });
      assert(archive.entries().length <= 2);
    } catch (error) {
      assert(error instanceof SluiceError && error.code === "BAD_MAGIC");
      assert(size < 104);
    }
  }
});

testBackends("a file that can't be read is left out, and its earlier version stays", async () => {
  const first = await createZpaqArchive([file("a", "one"), file("b", "one")]);
  const broken = (): ReadableStream<Uint8Array<ArrayBuffer>> =>
    ReadableStream.from((async function* () {
      yield new TextEncoder().encode("part");
      throw new Error("the disk failed");
    })());
  const files = [{ name: "a", body: broken, size: 9 }, { name: "b", body: new Uint8Array(5), size: 5 }];
  await assertRejects(() => createZpaqArchive(files), Error, "the disk failed");
  const failed: string[] = [];
  using archive = await ZpaqArchive.open(byteSourceFromBytes(first));
  const parts: Bytes[] = [];
  const sink = {
    write: (bytes: Bytes) => void parts.push(bytes),
    rewrite: (_: number, bytes: Bytes) => void (parts[0] = bytes),
  };
  const result = await updateZpaqArchive(archive, files, sink, {
    onUnreadable: (error, { name }) => void failed.push(`${name}: ${(error as Error).message}`),
  });
  assertEquals([failed, result.updated], [["a: the disk failed"], 1]);
  assertEquals(await contents(concatBytes([first, ...parts])), { a: "one", b: "\0\0\0\0\0" });
});

testBackends("names that no index can hold are refused, and bytes of no UTF-8 stay apart", async () => {
  await assertRejects(() => createZpaqArchive([file("a\0b", "one")]), TypeError, "zero");
  await assertRejects(() => createZpaqArchive([file("n".repeat(65_536), "one")]), RangeError, "65536 bytes");
  const names = ["f\udcfe", "f\udcff", "n".repeat(65_535)];
  const bytes = await createZpaqArchive(names.map((name) => file(name, name.slice(0, 3))));
  assertEquals(Object.keys(await contents(bytes)), names.toSorted());
});

testBackends("a streaming archive is not updated", async () => {
  using archive = await ZpaqArchive.open(byteSourceFromBytes(compressZpaq(text(10), { filename: "a" })));
  const sink = { write(): void {}, rewrite(): void {} };
  const error = await assertRejects(() => updateZpaqArchive(archive, [file("b", "two")], sink), SluiceError);
  assertEquals([archive.streaming, error.code], [true, "STREAMING"]);
});
