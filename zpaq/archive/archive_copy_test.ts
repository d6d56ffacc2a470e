import { assert, assertEquals, assertRejects } from "@std/assert";
import { byteSourceFromBytes, concatBytes, SluiceError } from "@sluice/internal";
import { testBackends } from "../../tests/_backends.ts";
import { Random, text } from "../../tests/_data.ts";
import { compressZpaq, createZpaqArchive, updateZpaqArchive, ZpaqArchive } from "../mod.ts";
import type { ZpaqUpdateSink } from "../mod.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** What a writer of archives writes. */
async function written(write: (sink: ZpaqUpdateSink) => Promise<unknown>): Promise<Bytes> {
  const parts: Bytes[] = [];
  await write({
    write: (bytes) => void parts.push(bytes),
    rewrite: (_, bytes) => void (parts[0] = bytes),
  });
  return concatBytes(parts);
}

/** An archive of two versions: large random files, one of which the second version takes away. */
async function twoVersions(): Promise<Bytes> {
  const random = new Random(6);
  const first = await createZpaqArchive([
    { name: "gone.x", body: random.bytes(900_000), size: 900_000 },
    { name: "kept.y", body: random.bytes(900_000), size: 900_000 },
  ], { method: "x0,0" });
  using archive = await ZpaqArchive.open(byteSourceFromBytes(first));
  const second = await written((sink) =>
    updateZpaqArchive(archive, [{ name: "new.z", body: text(1000), size: 1000 }], sink, {
      delete: ["gone.x"],
    })
  );
  return concatBytes([first, second]);
}

async function sums(bytes: Bytes): Promise<Record<string, string>> {
  using archive = await ZpaqArchive.open(byteSourceFromBytes(bytes));
  const found: Record<string, string> = {};
  for (const { name, body } of archive.entries()) {
    const digest = await crypto.subtle.digest("SHA-1", await new Response(body).arrayBuffer());
    found[name] = new Uint8Array(digest).toHex();
  }
  return found;
}

testBackends("repacking leaves out the blocks that nothing refers to", async () => {
  const bytes = await twoVersions();
  using archive = await ZpaqArchive.open(byteSourceFromBytes(bytes));
  const repacked = await written((sink) => archive.repack(sink));
  assert(repacked.length < bytes.length - 800_000);
  assertEquals(await sums(repacked), await sums(bytes));
  using again = await ZpaqArchive.open(byteSourceFromBytes(repacked));
  assertEquals(again.versions.map(({ number, date }) => [number, date]), [[1, archive.versions[1]!.date]]);
  const third = await written((sink) => updateZpaqArchive(again, [{ name: "more", body: text(50) }], sink));
  assertEquals(Object.keys(await sums(concatBytes([repacked, third]))), ["kept.y", "more", "new.z"]);
});

testBackends("an index lists what its archive lists", async () => {
  const bytes = await twoVersions();
  using archive = await ZpaqArchive.open(byteSourceFromBytes(bytes));
  const index = await written((sink) => archive.writeIndex(sink));
  assert(index.length < 3000);
  using listed = await ZpaqArchive.open(byteSourceFromBytes(index));
  const facts = (each: ZpaqArchive): unknown =>
    each.entries().map(({ name, size, date }) => [name, size, date]);
  assertEquals(facts(listed), facts(archive));
  assertEquals(listed.versions.length, 2);
});

testBackends("streaming archives are not repacked", async () => {
  using archive = await ZpaqArchive.open(byteSourceFromBytes(compressZpaq(text(10), { filename: "a" })));
  const error = await assertRejects(() => written((sink) => archive.repack(sink)), SluiceError);
  assertEquals(error.code, "STREAMING");
});
