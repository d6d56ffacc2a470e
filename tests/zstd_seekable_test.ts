/**
 * Seekable files beside the zstd tool and over HTTP.
 */
import { assertEquals, assertRejects } from "@std/assert";
import { compressZstd } from "@sluice/zstd";
import {
  buildZstdIndex,
  byteSourceFromBytes,
  compressZstdSeekable,
  TransferError,
  ZstdSeekableReader,
  ZstdSeekIndex,
} from "@sluice/zstd/seekable";
import { testBackends } from "./_backends.ts";
import { join, Random, text } from "./_data.ts";
import { objectOf, startRangeServer } from "./_range_server.ts";
import { ZSTD_TOOL_IS_HERE, zstdTool } from "./_zstd_tool.ts";

testBackends("the zstd tool decodes and tests seekable files", async () => {
  if (!ZSTD_TOOL_IS_HERE) return;
  for (const data of [new Uint8Array(), text(100_000), new Random(1).bytes(100_000)]) {
    for (const options of [{}, { frameSplit: "rsync" as const }, { contentChecksum: false }, { level: 19 }]) {
      const file = compressZstdSeekable(data, { frameSize: 9000, ...options });
      assertEquals(await zstdTool(["-dcq", "file.zst"], { "file.zst": file }), data);
      await zstdTool(["-tq", "file.zst"], { "file.zst": file });
    }
  }
});

testBackends("files of the zstd tool become seekable by an index", async () => {
  if (!ZSTD_TOOL_IS_HERE) return;
  const parts = [text(300_000, 1), text(10, 2), new Random(3).bytes(200_000)];
  const frames = await Promise.all(parts.map((part) => zstdTool(["-cq", "part"], { part })));
  const sizeless = await Promise.all(
    parts.map((part) => zstdTool(["-cq", "--no-content-size", "--no-check", "part"], { part })),
  );
  for (const files of [frames, sizeless]) {
    const source = byteSourceFromBytes(join(...files));
    const index = await buildZstdIndex(source);
    assertEquals(index.frameCount, 3);
    assertEquals(index.hasChecksums, files === frames);
    const reader = await ZstdSeekableReader.open(source, { index });
    assertEquals(await reader.read(299_990, 30), join(...parts).slice(299_990, 300_020));
    await reader.verify();
  }
});

Deno.test("an object of 10 GiB: 4 KiB at random cost two requests and one frame", async () => {
  const frameSize = 2 << 20;
  const frameCount = 5120;
  const content = text(frameSize);
  const frame = compressZstd(content, { contentChecksum: true });
  const checksum = new DataView(frame.buffer).getUint32(frame.length - 4, true);
  const table = new ZstdSeekIndex({
    compressedSizes: new Array(frameCount).fill(frame.length),
    sizes: new Array(frameCount).fill(frameSize),
    checksums: new Array(frameCount).fill(checksum),
  }).toBytes();
  const framesSize = frameCount * frame.length;
  await using server = startRangeServer({
    size: framesSize + table.length,
    etag: '"big"',
    slice: (start, end) =>
      Uint8Array.from({ length: end - start }, (_, i) => {
        const at = start + i;
        return at < framesSize ? frame[at % frame.length]! : table[at - framesSize]!;
      }),
  });
  const reader = await ZstdSeekableReader.open(server.url);
  assertEquals(reader.size, 10 * 2 ** 30);
  const offset = 7 * 2 ** 30 + 12_345;
  assertEquals(await reader.read(offset, 4096), content.slice(offset % frameSize, offset % frameSize + 4096));
  assertEquals(server.ranges.length, 2);
  assertEquals(server.ranges[0], "bytes=-65536");
  const [first, last] = server.ranges[1]!.slice("bytes=".length).split("-").map(Number);
  assertEquals(last! - first! + 1, frame.length, "one frame was read");
  // The next frame is at hand neither decoded nor read, the same one is.
  await reader.read(offset + 4096, 4096);
  assertEquals(server.ranges.length, 2);
});

testBackends("a stream over HTTP takes few requests, and an object that changes is noticed", async () => {
  const data = text(3_000_000);
  const file = compressZstdSeekable(data, { frameSize: 50_000 });
  await using server = startRangeServer(objectOf(file));
  const reader = await ZstdSeekableReader.open(server.url);
  assertEquals(join(...await Array.fromAsync(reader.stream())), data);
  assertEquals(server.ranges.length, 2);
  await reader.verify();
  server.serve(objectOf(file, '"2"'));
  const error = await assertRejects(() => reader.read(0, 10), TransferError);
  assertEquals(error.code, "SOURCE_CHANGED");
});

Deno.test("an object smaller than the tail costs one request in all", async () => {
  const data = text(20_000);
  await using server = startRangeServer(objectOf(compressZstdSeekable(data, { frameSize: 1000 })));
  const reader = await ZstdSeekableReader.open(server.url);
  assertEquals(await reader.read(0, data.length), data);
  assertEquals(server.ranges, ["bytes=-65536"]);
});
