/**
 * Content that was made to collide under SHA-1: the front of two files that were published in 2017 ("SHAttered").
 */
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { gitHash } from "../kernel/codec.ts";
import { GitHashStream, GitMemoryStore } from "@sluice/gitdb";
import { CorruptDataError } from "@sluice/internal";
import { testBackends } from "../../tests/_backends.ts";
import { COLLIDING } from "../../tests/_colliding.ts";
import { Random } from "../../tests/_data.ts";

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
