/**
 * Indexes whose points stay in their file: the same answers as with all points at hand, for what a few pages cost.
 */
import v8 from "node:v8";
import vm from "node:vm";
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { byteSourceFromBytes, SluiceError } from "@sluice/internal";
import type { ByteSource } from "@sluice/internal";
import {
  buildLz4Index,
  carveLz4,
  compressLz4,
  Lz4Archive,
  Lz4Index,
  lz4Xxh32,
  readLz4FrameHeader,
} from "../mod.ts";
import { testBackends } from "../../tests/_backends.ts";
import { join, Random, text } from "../../tests/_data.ts";
import type { IndexModel } from "./_index_model.ts";

/** A source that counts what is read of it. */
function counting(bytes: Uint8Array<ArrayBuffer>): ByteSource & { reads: number; bytes: number } {
  const inner = byteSourceFromBytes(bytes);
  return {
    size: bytes.length,
    reads: 0,
    bytes: 0,
    read(offset, length): Promise<Uint8Array> {
      this.reads++;
      this.bytes += length;
      return inner.read(offset, length);
    },
  };
}

const CONTENT = join(text(400_000, 3), new Random(4).bytes(50_000), text(300_000, 5));
/** Contents in files with thousands of points: in one frame, in many, and in some of which each has a few. */
const FILES = {
  linked: [
    CONTENT.slice(0, 40_000),
    compressLz4(CONTENT.subarray(0, 40_000), { linked: true, blockSize: 32 }),
  ],
  independent: [
    CONTENT,
    compressLz4(CONTENT, { blockSize: 150, blockChecksums: true, contentChecksum: true }),
  ],
  "many frames": [CONTENT, compressLz4(CONTENT, { frameSize: 200, contentChecksum: true })],
  "some frames": [
    CONTENT,
    join(
      compressLz4(CONTENT.subarray(0, 300_000), { frameSize: 1000, blockSize: 200, linked: true }),
      compressLz4(new Uint8Array()),
      compressLz4(CONTENT.subarray(300_000), { blockSize: 333 }),
    ),
  ],
} as const;

testBackends("an index that is opened answers as one with all points at hand", async (backend) => {
  const random = new Random(Random.seed(31));
  for (const [name, [content, file]] of Object.entries(FILES)) {
    const source = byteSourceFromBytes(file);
    const built = await buildLz4Index(source, { spacing: 1, lines: true });
    assert(built.pointCount > 1100, `${name}: ${built.pointCount}`);
    const bytes = built.toBytes();
    const opened = await Lz4Index.open(bytes);
    const embedded = await Lz4Index.embedded(join(file, built.toSkippableFrame()));
    assertEquals(embedded!.embeddedOffset, file.length);
    for (const index of [opened, embedded!]) {
      assertEquals([index.pointCount, index.frameCount], [built.pointCount, built.frameCount]);
      assertEquals(assertThrows(() => index.points, SluiceError).code, "NOT_READY");
      assertEquals(assertThrows(() => index.toBytes(), SluiceError).code, "NOT_READY");
    }
    using archive = new Lz4Archive(source, opened, { cacheSize: 50_000 });
    for (let i = 0; i < (backend === "native" ? 300 : 60); i++) {
      const start = random.below(content.length + 1);
      const end = Math.min(content.length, start + random.below(i % 10 === 0 ? 300_000 : 2000));
      assertEquals(
        await archive.read(start, end - start),
        content.slice(start, end),
        `${name} ${start}-${end}`,
      );
      assertEquals(await opened.at(start), await built.at(start));
      const line = random.below(20_000);
      assertEquals(await opened.beforeLine(line), await built.beforeLine(line));
      const { decompressedOffset, lines } = await built.beforeLine(line);
      assert(lines < line || decompressedOffset === 0, name);
      assertEquals(
        await opened.pieces(start, end),
        await built.pieces(start, end),
        `${name} ${start}-${end}`,
      );
    }
    const { points } = built;
    for (const i of [1023, 1024, 1025, 2047, 2048]) { // where pages meet
      if (i + 1 >= points.length) continue;
      const [from, to] = [points[i]!.decompressedOffset, points[i + 1]!.decompressedOffset];
      for (
        const [start, end] of [[from, to], [from - 1, from], [from, from + 1], [from - 50, to]] as const
      ) {
        assertEquals(await archive.read(start, end - start), content.slice(start, end));
        assertEquals(await opened.pieces(start, end), await built.pieces(start, end));
        assertEquals(await carveLz4(source, opened, start, end), await carveLz4(source, built, start, end));
      }
    }
    for (const threads of [1, 3]) {
      const streamed = await Array.fromAsync(archive.stream(5, content.length - 10, { threads }));
      assertEquals(join(...streamed), content.slice(5, -5), name);
    }
    const pieces = await opened.pieces(6000, content.length - 6000);
    assertEquals(pieces, await built.pieces(6000, content.length - 6000));
    await opened.load();
    assertEquals(opened.toBytes(), bytes);
    assertEquals(opened.points.length, built.points.length);
    assertEquals(Lz4Index.fromBytes(bytes).toBytes(), bytes);
  }
});

/** An index of version 1, as it was written before there were pages, and its file. */
const OLD_FILE =
  "BCJNGEhAmAEAAAAAAAAkJgAAAPYEYSBsaW5lLCBhbmQKYW5vdGhlchIAXyBvbmUKIgAqUG5kIG9uCgAAAA9EAExQIGFuZCAKAAAA" +
  "D6oATFBlLCBhbgoAAAAPEAFMUGluZSwgCAAAgGFuZCBvbmUKAAAAAA==";
const OLD_INDEX =
  "UzRJWAEPAABzAAAAAAAAAJgBAAAAAAAAZAAAAAAAAAAFAAAAAAAAAAEAAAAAAAAAUQAAAAAAAAD37hhCzAknThhHbboAJms9XLG5t6kf4/YASEAAAG+YAw8q" +
  "Dg4OAAFkBAAFf0F5l6XOZQFzo4euVGu7CQRXQtIABQYGBgApKiorXZowvA5DMO9z9D80wKpxJwFkJvYEYSBsaW5lLCBhbmQKYW5vdGhlchIAXyBvbmUKIgAq" +
  "UG5kIG9uAcgBJvYEYSBsaW5lLCBhbmQKYW5vdGhlchIAXyBvbmUKIgCOUCBhbmQgAawCJvYEYSBsaW5lLCBhbmQKYW5vdGhlchIAXyBvbmUKIgDyUGUsIGFu" +
  "AZADJ/YEYSBsaW5lLCBhbmQKYW5vdGhlchIAXyBvbmUKIgD/V1BpbmUsIA==";

Deno.test("indexes of version 1 are read, and written anew as version 2", async () => {
  const file = byteSourceFromBytes(Uint8Array.fromBase64(OLD_FILE));
  const old = Uint8Array.fromBase64(OLD_INDEX);
  const content = new TextEncoder().encode("a line, and\nanother line, and one\n".repeat(12));
  const built = await buildLz4Index(file, { spacing: 100, lines: true });
  for (const index of [Lz4Index.fromBytes(old), await Lz4Index.open(old)]) {
    assertEquals([index.points.length, index.outputSize], [5, content.length]);
    assert(await index.matches(file));
    using archive = new Lz4Archive(file, index);
    for (let at = 0; at < content.length - 7; at += 13) {
      assertEquals(await archive.read(at, 5 + at % 3), content.slice(at, at + 5 + at % 3));
    }
    assertEquals(await index.pieces(150, 250), await built.pieces(150, 250));
    await index.load();
    assertEquals(index.toBytes(), built.toBytes());
  }
  for (let at = 0; at < old.length; at++) {
    const damaged = old.slice();
    damaged[at]! ^= 1;
    const { code } = assertThrows(() => Lz4Index.fromBytes(damaged), SluiceError);
    assert(["INDEX_INVALID", "INDEX_VERSION"].includes(code), `${at}: ${code}`);
  }
});

/** Bytes of objects that are still in use. */
function heapUsed(): number {
  v8.setFlagsFromString("--expose-gc");
  (vm.runInNewContext("gc") as () => void)();
  return Deno.memoryUsage().heapUsed;
}

/** The index of a file of 800 GB that nobody has: a frame of blocks of 4 MiB, with a point each. */
function hugeIndex(count: number): Uint8Array<ArrayBuffer> {
  const info = readLz4FrameHeader(compressLz4(new Uint8Array(5_000_000), { blockSize: 4 << 20 }));
  const [block, packed] = [4 << 20, 3_999_000];
  const model: IndexModel = {
    inputSize: count * packed + 100,
    outputSize: count * block,
    spacing: block,
    hasLines: true,
    hasHashes: true,
    fingerprint: new Uint8Array(16),
    frames: [{ info, compressedOffset: 0, decompressedOffset: 0, blocksEnd: count * packed + 50 }],
    points: Array.from({ length: count }, (_, i) => ({
      compressedOffset: 15 + i * packed + i % 900,
      decompressedOffset: i * block,
      frame: 0,
      window: undefined,
      hash: i * 2_654_435_761 >>> 0,
      lines: i * 50_000,
    })),
  };
  return new Lz4Index(model).toBytes();
}

Deno.test("an index of 200,000 points is opened for a read, and a place in it found for another", async () => {
  const count = 200_000;
  const bytes = hugeIndex(count);
  const random = new Random(9);
  const source = counting(bytes);
  const heap = heapUsed();
  const started = performance.now();
  const index = await Lz4Index.open(source);
  const openedIn = performance.now() - started;
  assertEquals([source.reads, source.bytes, index.pointCount], [1, 65536, count]);
  let most = 0;
  for (let i = 0; i < 200; i++) {
    const out = Math.floor(random.below(2 ** 30) / 2 ** 30 * index.outputSize);
    const before = { ...source };
    const point = await index.at(out);
    const id = Math.floor(out / (4 << 20));
    assertEquals(point.decompressedOffset, id * (4 << 20));
    assertEquals(point.compressedOffset, 15 + id * 3_999_000 + id % 900);
    const [piece] = await index.pieces(out, Math.min(out + 1, index.outputSize));
    assertEquals(piece!.compressedRange[0], point.compressedOffset);
    assert(source.reads - before.reads <= 2, `${source.reads - before.reads} reads`);
    most = Math.max(most, source.bytes - before.bytes);
  }
  assert(most > 0 && most <= 40_000, `${most} bytes for a place`);
  const held = heapUsed() - heap;
  assert(held < 4e6, `${held} bytes are held`);
  const all = performance.now();
  await index.load();
  const loadedIn = performance.now() - all;
  assertEquals(index.toBytes(), bytes);
  assert(openedIn * 10 < loadedIn, `opened in ${openedIn} ms, loaded in ${loadedIn} ms`);
  console.log(
    `index of ${count} points, ${bytes.length} bytes: opened in ${
      openedIn.toFixed(1)
    } ms by one read, at most ${most} ` +
      `bytes for a place, ${(held / 1e6).toFixed(1)} MB held; all loaded in ${loadedIn.toFixed(0)} ms`,
  );
});

Deno.test("pages of any kind are refused or safe", async () => {
  const random = new Random(Random.seed(17));
  for (const [, file] of [FILES.linked, FILES["many frames"]]) {
    const source = byteSourceFromBytes(file);
    const good = (await buildLz4Index(source, { spacing: 1, lines: true })).toBytes();
    let read = 0;
    for (let round = 0; round < 90; round++) {
      const bytes = good.slice();
      if (round % 3 > 0) damagePage(bytes, random);
      else bytes[random.below(bytes.length)]! ^= 1 << random.below(8);
      try {
        using archive = new Lz4Archive(source, await Lz4Index.open(bytes));
        for (let i = 0; i < 10; i++) {
          const start = random.below(archive.size);
          await archive.read(start, Math.min(3000, archive.size - start));
          read++;
        }
      } catch (error) {
        assert(error instanceof SluiceError || error instanceof RangeError, `round ${round}: ${error}`);
      }
      assert(await isRefusedOrGood(bytes), `round ${round}`);
    }
    assert(read > 50, `${read}`);
  }
  // A directory that promises a page larger than any is refused before that is read.
  const large = hugeIndex(3000);
  const size = new DataView(large.buffer).getUint32(48, true);
  const header = large.slice(0, 64 + size);
  const entry = 64 + 16 + 2 + 1; // after the points of the first page, and where its content starts
  header.set([0x80, 0x80, 0x40], entry); // 1 MiB
  header.copyWithin(entry + 3, entry + 2, header.length - 1);
  sealHeader(header, size);
  await assertRejects(() => Lz4Index.open(header), SluiceError, "page has 1048576 bytes");
  const bytes = hugeIndex(3000);
  const cut = bytes.subarray(0, bytes.length - 1);
  assertEquals((await assertRejects(() => Lz4Index.open(cut), SluiceError)).code, "INDEX_INVALID");
});

async function isRefusedOrGood(bytes: Uint8Array<ArrayBuffer>): Promise<boolean> {
  try {
    const index = await Lz4Index.open(bytes);
    await index.load();
    return index.pointCount === index.points.length;
  } catch (error) {
    return error instanceof SluiceError && error.code === "INDEX_INVALID";
  }
}

/** Changes a byte of a page and makes all checksums right, so that what is after them is reached. */
function damagePage(bytes: Uint8Array<ArrayBuffer>, random: Random): void {
  const view = new DataView(bytes.buffer);
  const end = 64 + view.getUint32(48, true);
  let pos = 64 + 16;
  const number = (): number => {
    let value = 0;
    for (let i = 0;; i++) {
      const byte = bytes[pos++]!;
      value += (byte & 127) * 2 ** (7 * i);
      if (byte < 128) return value;
    }
  };
  const hasWindows = (bytes[5]! & 4) !== 0;
  const chosen = random.below(2);
  for (let page = 0, offset = end; pos < end; page++) {
    number();
    number();
    const size = number();
    const hashAt = pos;
    pos += 4;
    number();
    if (hasWindows) number();
    if (page === chosen) {
      for (let i = random.below(2); i >= 0; i--) {
        bytes[offset + random.below(Math.min(size, 3000))] = random.next();
      }
      view.setUint32(hashAt, lz4Xxh32(bytes.subarray(offset, offset + size)), true);
    }
    offset += size;
  }
  sealHeader(bytes, end - 64);
}

/** Makes the checksums of a header and its directory right. */
function sealHeader(bytes: Uint8Array<ArrayBuffer>, size: number): void {
  const view = new DataView(bytes.buffer);
  view.setUint32(56, lz4Xxh32(bytes.subarray(64, 64 + size)), true);
  view.setUint32(60, lz4Xxh32(bytes.subarray(0, 60)), true);
}
