import { assert, assertEquals, assertRejects } from "@std/assert";
import { BlockWriter, ChunkReader, PassThrough, pump } from "./io.ts";
import type { ByteSink } from "./io.ts";

/** A file that gives `step` bytes a read. */
function fileOf(bytes: Uint8Array, step: number) {
  let at = 0;
  return {
    read(target: Uint8Array): Promise<number | null> {
      const length = Math.min(step, target.length, bytes.length - at);
      if (length === 0) return Promise.resolve(null);
      target.set(bytes.subarray(at, at + length));
      at += length;
      return Promise.resolve(length);
    },
  };
}

function collector(eager = false): ByteSink & { bytes: number[]; writes: number } {
  const sink = {
    eager,
    bytes: [] as number[],
    writes: 0,
    async write(bytes: Uint8Array): Promise<void> {
      await new Promise((resolve) => setTimeout(resolve, 0));
      sink.writes++;
      sink.bytes.push(...bytes);
    },
  };
  return sink;
}

const BYTES = Uint8Array.from({ length: 10_000 }, (_, index) => index * index >>> 3);

for (const step of [1, 7, 1000, 100_000]) {
  Deno.test(`pump moves everything, ${step} bytes a read, after a peek`, async () => {
    const sink = collector();
    const reader = new ChunkReader(fileOf(BYTES, step), 3000);
    assertEquals((await reader.peek(4)).slice(0, 4), BYTES.slice(0, 4));
    await pump(reader, new PassThrough(), new BlockWriter(sink, 100), () => {});
    assertEquals(sink.bytes, [...BYTES]);
    assertEquals(sink.writes, Math.ceil(BYTES.length / 1124));
    assertEquals(reader.bytesIn, BYTES.length);
  });
}

Deno.test("peek answers with less at the end of the file", async () => {
  const reader = new ChunkReader(fileOf(BYTES.subarray(0, 2), 1));
  assertEquals(await reader.peek(4), BYTES.slice(0, 2));
  assertEquals(await reader.next(), BYTES.slice(0, 2));
  assertEquals(await reader.next(), undefined);
});

Deno.test("a failed write ends the pump", async () => {
  const sink = { eager: false, write: () => Promise.reject(new Deno.errors.BrokenPipe("gone")) };
  const writer = new BlockWriter(sink, 100);
  await assertRejects(
    () => pump(new ChunkReader(fileOf(BYTES, 1000)), new PassThrough(), writer, () => {}),
    Deno.errors.BrokenPipe,
  );
});

Deno.test("what a slow codec gives is not kept until a block is full", async () => {
  const sink = collector();
  let reads = 0;
  const source = {
    async read(target: Uint8Array): Promise<number | null> {
      await new Promise((resolve) => setTimeout(resolve, 60));
      target[0] = 7;
      return reads++ < 6 ? 1 : null;
    },
  };
  const reader = new ChunkReader(source);
  // The next read is always there: nothing but time says that somebody waits.
  Object.defineProperty(reader, "ready", { get: () => true, set: () => {} });
  await pump(
    reader,
    new PassThrough(),
    new BlockWriter({ eager: true, write: (bytes) => sink.write(bytes) }),
    () => {},
  );
  assertEquals(sink.bytes, Array(6).fill(7));
  assert(sink.writes > 1, `${sink.writes}`);
});
