/**
 * Content that was made to collide under SHA-1: the front of two files that were published in 2017 ("SHAttered").
 */
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { gitHash } from "../kernel/codec.ts";
import { GitHashStream, GitMemoryStore } from "@sluice/gitdb";
import { CorruptDataError } from "@sluice/internal";
import { testBackends } from "../../tests/_backends.ts";
import { Random } from "../../tests/_data.ts";

const FRONT =
  "255044462d312e330a25e2e3cfd30a0a0a312030206f626a0a3c3c2f57696474682032203020522f48656967687420" +
  "33203020522f547970652034203020522f537562747970652035203020522f46696c7465722036203020522f436f6c6f72537061" +
  "63652037203020522f4c656e6774682038203020522f42697473506572436f6d706f6e656e7420383e3e0a73747265616d0affd8" +
  "fffe00245348412d3120697320646561642121212121852fec092339759c39b1a1c63c4c97e1fffe01";
const BLOCKS = [
  "7346dc9166b67e118f029ab621b2560ff9ca67cca8c7f85ba84c79030c2b3de218f86db3a90901d5df45c14f26fedfb3dc38e96a" +
  "c22fe7bd728f0e45bce046d23c570feb141398bb552ef5a0a82be331fea48037b8b5d71f0e332edf93ac3500eb4ddc0decc1a864" +
  "790c782c76215660dd309791d06bd0af3f98cda4bc4629b1",
  "7f46dc93a6b67e013b029aaa1db2560b45ca67d688c7f84b8c4c791fe02b3df614f86db1690901c56b45c1530afedfb76038e972" +
  "722fe7ad728f0e4904e046c230570fe9d41398abe12ef5bc942be33542a4802d98b5d70f2a332ec37fac3514e74ddc0f2cc1a874" +
  "cd0c78305a21566461309789606bd0bf3f98cda8044629a1",
];
const COLLIDING = BLOCKS.map((blocks) => Uint8Array.fromHex(FRONT + blocks));

testBackends("both SHAttered files have one SHA-1, and are found out when they come from outside", () => {
  for (const bytes of COLLIDING) {
    assertEquals(gitHash(0, bytes, 20).toHex(), "f92d74e3874587aaf443d1db961d4e26dde13e9c");
    const error = assertThrows(() => gitHash(0, bytes, 20, { outside: true }), CorruptDataError);
    assertEquals(error.code, "SHA1_COLLISION");
    assertEquals(gitHash(0, bytes, 32, { outside: true }), gitHash(0, bytes, 32));
    // What follows does not hide it.
    const longer = new Uint8Array(bytes.length + 1000);
    longer.set(bytes);
    assertThrows(() => gitHash(0, longer, 20, { outside: true }), CorruptDataError);
  }
});

testBackends("HashStream finds a collision at every split", async () => {
  // Eight blocks are tested together where there are so many: the two stand at each place of them.
  const longer = new Uint8Array(COLLIDING[0]!.length + 1500);
  longer.set(COLLIDING[0]!);
  for (let split = 0; split <= 640; split += 16) {
    const stream = new GitHashStream("sha1", { collisionDetection: true });
    const content = split % 32 === 0 ? longer : COLLIDING[0]!;
    const parts = [content.slice(0, split), content.slice(split)];
    await assertRejects(
      async () => await ReadableStream.from(parts).pipeThrough(stream).pipeTo(new WritableStream()),
      CorruptDataError,
    );
    await assertRejects(() => stream.digest, CorruptDataError);
  }
});

testBackends("detection changes no id of other content", async () => {
  const random = new Random(11);
  const store = new GitMemoryStore();
  for (let size = 0; size < 400; size += 7) {
    const bytes = random.bytes(size);
    assertEquals(gitHash(3, bytes, 20, { outside: true }), gitHash(3, bytes, 20));
    const id = await store.write({ type: "blob", body: bytes });
    for (const collisionDetection of [true, false]) {
      assertEquals(await (await store.read(id)).bytes({ verifyChecksums: true, collisionDetection }), bytes);
    }
  }
});
