/**
 * Journaling archives that lie about what they hold.
 */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { byteSourceFromBytes, concatBytes, SluiceError } from "@sluice/internal";
import { testBackends } from "../../tests/_backends.ts";
import { Random, text } from "../../tests/_data.ts";
import { changed } from "../../tests/_zpaq_hostile.ts";
import { compressZpaq, createZpaqArchive, ZpaqArchive } from "../mod.ts";

type Bytes = Uint8Array<ArrayBuffer>;

const DATE = "20200101000000";

function words(...numbers: number[]): Bytes {
  return new Uint8Array(Uint32Array.from(numbers).buffer);
}

/** A block of a journal. */
function block(kind: string, number: number, content: Bytes, date = DATE, comment = "jDC\x01"): Bytes {
  const filename = `jDC${date}${kind}${number.toString().padStart(10, "0")}`;
  return compressZpaq(content, { method: "0", filename, comment });
}

async function sha1(bytes: Bytes): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.digest("SHA-1", bytes));
}

/** A line of an index: a file of some fragments. */
function line(name: string, ids: readonly number[]): Bytes {
  const date = new Uint8Array(BigUint64Array.of(BigInt(DATE)).buffer);
  const fragments = new Uint8Array(Uint32Array.from(ids).buffer);
  return concatBytes([date, new TextEncoder().encode(`${name}\0`), words(0, ids.length), fragments]);
}

const FRAGMENT = text(1000);

/** What an archive of one fragment is made of. */
async function parts(
  changes: { readonly start?: Bytes; readonly first?: number; readonly lines?: Bytes } = {},
): Promise<Bytes[]> {
  const first = changes.first ?? 1;
  const data = block("d", first, concatBytes([FRAGMENT, words(FRAGMENT.length, 0, 1)]));
  const hashes = concatBytes([words(data.length), await sha1(FRAGMENT), words(FRAGMENT.length)]);
  return [
    block("c", first, changes.start ?? words(data.length, 0)),
    data,
    block("h", first, hashes),
    block("i", 1, changes.lines ?? line("file", [1])),
  ];
}

/** What can be extracted, and the codes of errors. */
async function read(bytes: Bytes, maxOutputSize = 1 << 20): Promise<{ sizes: number[]; codes: string[] }> {
  const codes: string[] = [];
  const sizes: number[] = [];
  try {
    using archive = await ZpaqArchive.open(byteSourceFromBytes(bytes), {
      maxOutputSize,
      onDamage: (error) => void codes.push(error.code),
    });
    const entries = archive.entries();
    let size = 0;
    for await (const piece of archive.extract(entries)) {
      size += piece.bytes.length;
      if (piece.last) sizes.push(size);
    }
  } catch (error) {
    assert(error instanceof SluiceError, `${error}`);
    codes.push(error.code);
  }
  return { sizes, codes };
}

testBackends("a journal made by hand is read", async () => {
  assertEquals(await read(concatBytes(await parts())), { sizes: [1000], codes: [] });
});

testBackends("an id of 4e9 takes no memory and no time", async () => {
  const before = performance.now();
  const { sizes, codes } = await read(concatBytes(await parts({ first: 4_000_000_000 })));
  assertEquals(sizes, []);
  assert(codes.includes("JOURNAL"));
  assert(performance.now() - before < 2000);
});

testBackends("a fragment that no block has costs its file only", async () => {
  const lines = concatBytes([line("bad", [2 ** 32 - 1]), line("none", [0]), line("good", [1])]);
  assertEquals(await read(concatBytes(await parts({ lines }))), {
    sizes: [1000],
    codes: ["FRAGMENT_ID", "FRAGMENT_ID"],
  });
});

testBackends("an update whose data would pass the end is reported, and read block by block", async () => {
  const { sizes, codes } = await read(concatBytes(await parts({ start: words(1 << 30, 1) })));
  assertEquals([sizes, codes], [[1000], ["JOURNAL", "JOURNAL"]]);
});

testBackends("a negative size means that the update is not finished", async () => {
  for (const start of [words(0xffff_ffff, 0xffff_ffff), words(5, 0x8000_0000)]) {
    assertEquals(await read(concatBytes(await parts({ start }))), { sizes: [], codes: [] });
  }
});

testBackends("many copies of one fragment meet the output limit", async () => {
  const lines = line("bomb", new Array<number>(200_000).fill(1));
  const bytes = concatBytes(await parts({ lines }));
  assertEquals((await read(bytes)).codes, ["OUTPUT_LIMIT"]);
  using archive = await ZpaqArchive.open(byteSourceFromBytes(bytes), { maxOutputSize: 1 << 20 });
  const error = await assertRejects(
    () => new Response(archive.entries()[0]!.body).arrayBuffer(),
    SluiceError,
  );
  assertEquals(error.code, "OUTPUT_LIMIT");
});

testBackends("blocks with a wrong size, date or comment are left out", async () => {
  const [start, data, hashes, index] = await parts() as [Bytes, Bytes, Bytes, Bytes];
  const good = { sizes: [1000], codes: [] as string[] };
  for (
    const extra of [
      block("i", 2, line("x", [1]), "18991231235959"),
      block("i", 2, line("x", [1]), "30000101000000"),
      block("i", 2, line("x", [1]), DATE, "other"),
    ]
  ) {
    const { sizes, codes } = await read(concatBytes([start, data, hashes, index, extra]));
    assertEquals([sizes, codes], [[1000], ["JOURNAL"]]);
  }
  for (const damage of [hashes, index]) {
    // The last byte but 21 stands before the checksum's mark.
    const wrong = changed(damage, damage.length - 30, damage[damage.length - 30]! ^ 1);
    const all = [start, data, hashes, index].map((part) => part === damage ? wrong : part);
    const { sizes, codes } = await read(concatBytes(all));
    assertEquals(sizes, []);
    assert(codes.length > 0);
  }
  const oddHashes = block("h", 1, words(1, 2, 3));
  assertEquals(await read(concatBytes([start, data, oddHashes, hashes, index])), {
    ...good,
    codes: ["JOURNAL"],
  });
  assertEquals(await read(concatBytes([start, data, hashes, index])), good);
});

testBackends("bytes that are no archive are an error, never an empty archive", async () => {
  for (const junk of [new Uint8Array(), new Random(2).bytes(9999), text(500), new Uint8Array(300)]) {
    assertEquals(await read(junk), { sizes: [], codes: ["BAD_MAGIC"] });
    const error = await assertRejects(() => ZpaqArchive.open(byteSourceFromBytes(junk)), SluiceError);
    assertEquals(error.code, "BAD_MAGIC");
  }
});

testBackends("one changed byte in the names of an update's blocks is an error, not fewer files", async () => {
  const all = await parts() as [Bytes, Bytes, Bytes, Bytes];
  for (const [part, bytes] of all.entries()) {
    const at = bytes.findIndex((_, i) => String.fromCharCode(...bytes.subarray(i, i + 3)) === "jDC");
    for (let i = 0; i < 28; i++) {
      const wrong = all.map((each, j) => j === part ? changed(each, at + i, each[at + i]! ^ 3) : each);
      const { codes } = await read(concatBytes(wrong));
      // Nothing reads the names of data blocks but to pass over them, and the numbers of lists of files.
      const matters = part === 0 ? i < 18 : part === 2 || part === 3 && i < 18;
      if (matters) assert(codes.length > 0, `byte ${i} of part ${part}`);
    }
  }
});

testBackends("bytes that belong to no block are kept in mind", async () => {
  const good = concatBytes(await parts());
  for (
    const [bytes, junk] of [
      [concatBytes([good, text(20)]), [{ offset: good.length, size: 20 }]],
      [concatBytes([text(7), good]), [{ offset: 0, size: 7 }]],
      [good, []],
    ] as const
  ) {
    using archive = await ZpaqArchive.open(byteSourceFromBytes(bytes));
    assertEquals(archive.junk, junk);
    assertEquals(archive.entries().length, 1);
  }
});

testBackends("an update cut inside its first block is incomplete, wherever it is cut", async () => {
  const good = concatBytes(await parts());
  const [start] = await parts({ start: words(0xffff_ffff, 0xffff_ffff) }) as [Bytes];
  for (let size = 1; size <= start.length; size++) {
    using archive = await ZpaqArchive.open(byteSourceFromBytes(concatBytes([good, start.subarray(0, size)])));
    assertEquals([archive.incomplete, archive.end, archive.entries().length], [good.length, good.length, 1]);
  }
});

testBackends("content that is not as long as its comment says is refused", async () => {
  const [start, data, hashes, index] = await parts() as [Bytes, Bytes, Bytes, Bytes];
  // The comment's number stands after the name's zero.
  const at = data.indexOf(0x31, data.indexOf(0, 40));
  for (const digit of [0x30, 0x32]) {
    const { sizes, codes } = await read(concatBytes([start, changed(data, at, digit), hashes, index]));
    assertEquals([sizes, codes], [[], ["CONTENT_SIZE"]]);
  }
});

testBackends("a password is named only where one was given", async () => {
  const junk = concatBytes([new Random(1).bytes(100), ...await parts()]);
  assertEquals((await read(junk)).sizes, [1000]);
  const error = await assertRejects(
    () => ZpaqArchive.open(byteSourceFromBytes(junk), { password: "x" }),
    SluiceError,
  );
  assertEquals(error.code, "PASSWORD");
});

testBackends("damaged journals end in typed errors or in what is not damaged", async () => {
  const random = new Random(Random.seed(7));
  const good = await createZpaqArchive([
    { name: "a", body: text(5000), size: 5000 },
    { name: "b", body: random.bytes(3000), size: 3000 },
  ], { method: "x0,1,4,0,1,15" });
  for (let round = 0; round < 60; round++) {
    const bytes = good.slice();
    for (let i = random.below(3); i >= 0; i--) bytes[random.below(bytes.length)] = random.next() & 255;
    const { sizes } = await read(bytes);
    assert(sizes.length <= 3);
  }
});
