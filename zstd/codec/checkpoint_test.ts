import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { liveHandleCount } from "@sluice/ffi";
import {
  compressZstd,
  compressZstdIterable,
  CorruptDataError,
  decompressZstd,
  decompressZstdIterable,
  LimitExceededError,
  listZstdFrames,
  SluiceError,
  writeZstdSkippableFrame,
  ZstdCompressionStream,
  ZstdDecompressionStream,
} from "@sluice/zstd";
import type { ZstdCheckpoint, ZstdCompressionCheckpointOptions, ZstdCompressOptions } from "@sluice/zstd";
import { testBackends } from "../../tests/_backends.ts";
import { chunks, join, text } from "../../tests/_data.ts";
import { objectOf, startRangeServer } from "../../tests/_range_server.ts";
import { streamOf } from "../../tests/_shapes.ts";

async function compress(
  pieces: readonly Uint8Array[],
  options: ZstdCompressOptions & ZstdCompressionCheckpointOptions,
): Promise<[Uint8Array, ZstdCheckpoint[]]> {
  const checkpoints: ZstdCheckpoint[] = [];
  const onCheckpoint = (checkpoint: ZstdCheckpoint): void => void checkpoints.push(checkpoint);
  const stream = new ZstdCompressionStream({ ...options, onCheckpoint });
  const output = await Array.fromAsync(streamOf(pieces).pipeThrough(stream));
  assertEquals(stream.bytesOut, checkpoints.at(-1)!.compressedOffset);
  return [join(...output), checkpoints];
}

/** The checkpoints that a stream has by its frame list. */
function expected(stream: Uint8Array): ZstdCheckpoint[] {
  let [decompressedOffset, frameIndex] = [0, 0];
  return [...listZstdFrames(stream)].map((frame) => {
    if (frame.type === "zstd") {
      const content = decompressZstd(stream.subarray(frame.offset, frame.offset + frame.compressedSize));
      decompressedOffset += content.length;
      frameIndex++;
    }
    return { compressedOffset: frame.offset + frame.compressedSize, decompressedOffset, frameIndex };
  });
}

testBackends("checkpointEvery ends frames, for every cut of the input and any size", async () => {
  for (const size of [0, 1, 99, 100, 101, 200, 1050]) {
    const data = text(size);
    for (const options of [{}, { size }, { contentChecksum: true, level: 9 }]) {
      for (const pieces of [[data], chunks(data, 1), chunks(data, 100), chunks(data, 73)]) {
        const [stream, checkpoints] = await compress(pieces, { ...options, checkpointEvery: 100 });
        assertEquals(decompressZstd(stream), data);
        assertEquals(checkpoints, expected(stream));
        const frames = [...listZstdFrames(stream)];
        assertEquals(frames.length, Math.max(1, Math.ceil(size / 100)));
        if ("size" in options) {
          assertEquals(
            frames.map((frame) => frame.contentSize),
            frames.map((_, i) => Math.min(100, size - i * 100)),
          );
        }
      }
    }
  }
});

testBackends("flushes and checkpoints go together", async () => {
  const data = text(1000);
  const stream = new ZstdCompressionStream({ checkpointEvery: 300 });
  const output = Array.fromAsync(stream.readable);
  const writer = stream.writable.getWriter();
  await stream.flush();
  for (const [index, piece] of chunks(data, 150).entries()) {
    await writer.write(piece);
    await stream.flush(index === 2 ? "frame" : "block");
  }
  await writer.close();
  const bytes = join(...await output);
  assertEquals(decompressZstd(bytes), data);
  assertEquals(expected(bytes).map((checkpoint) => checkpoint.decompressedOffset), [300, 450, 750, 1000]);
});

testBackends("an announced size is held to over all frames", async () => {
  const data = text(250);
  for (const size of [0, 100, 249, 251, 300]) {
    await assertRejects(() => compress([data], { size, checkpointEvery: 100 }), CorruptDataError);
    await assertRejects(() => compress(chunks(data, 10), { size, checkpointEvery: 100 }), CorruptDataError);
  }
});

testBackends("decompression tells the end of every frame and goes on from each", async () => {
  const parts = [text(1000, 1), text(2000, 2), new Uint8Array(), text(3000, 3)];
  const note = writeZstdSkippableFrame(new Uint8Array(50));
  const stream = join(
    ...parts.flatMap((part, i) => i === 1 ? [note, compressZstd(part)] : [compressZstd(part)]),
  );
  const data = join(...parts);
  const told: ZstdCheckpoint[] = [];
  for (const size of [1, 64, stream.length]) {
    told.length = 0;
    const onCheckpoint = (checkpoint: ZstdCheckpoint): void => void told.push(checkpoint);
    await Array.fromAsync(
      streamOf(chunks(stream, size)).pipeThrough(new ZstdDecompressionStream({ onCheckpoint })),
    );
    assertEquals(told, expected(stream));
  }
  for (const resumeAt of [...told]) {
    const rest = stream.subarray(resumeAt.compressedOffset);
    const after: ZstdCheckpoint[] = [];
    const options = { resumeAt, onCheckpoint: (checkpoint: ZstdCheckpoint) => void after.push(checkpoint) };
    const output = await Array.fromAsync(decompressZstdIterable([rest], options));
    assertEquals(join(...output), data.slice(resumeAt.decompressedOffset));
    assertEquals(after, told.slice(told.indexOf(resumeAt) + 1));
  }
});

testBackends("offsets and limits count from the start of the whole stream", async () => {
  const first = compressZstd(text(1000, 1));
  const second = compressZstd(text(1000, 2));
  const resumeAt = { compressedOffset: first.length, decompressedOffset: 1000, frameIndex: 1 };
  const read = (bytes: Uint8Array, options = {}): Promise<unknown> =>
    Array.fromAsync(decompressZstdIterable([bytes], { resumeAt, ...options }));
  await read(second, { maxOutputSize: 2000 });
  await assertRejects(() => read(second, { maxOutputSize: 1999 }), LimitExceededError);
  const error = await assertRejects(() => read(second.slice(0, -1)), SluiceError);
  assertEquals([error.code, error.offset], ["TRUNCATED", first.length + second.length - 1]);
  const trailing = await assertRejects(() => read(new TextEncoder().encode("junk after")), SluiceError);
  assertEquals([trailing.code, trailing.offset], ["TRAILING_DATA", first.length]);
  assertEquals(await read(new Uint8Array()), [], "nothing is left behind the last frame");
  await read(second, { skipBytes: 7 });
});

Deno.test("checkpoint options are checked", () => {
  const before = liveHandleCount();
  const wrong = [
    { onCheckpoint: 1 },
    { resumeAt: { compressedOffset: -1, decompressedOffset: 0, frameIndex: 0 } },
    { resumeAt: { compressedOffset: 0, decompressedOffset: 0, frameIndex: 0.5 } },
    { resumeAt: { offset: 1 } },
  ];
  for (const options of wrong) {
    for (const Stream of [ZstdCompressionStream, ZstdDecompressionStream]) {
      const error = assertThrows(() => new Stream(options as never));
      assertEquals(error instanceof TypeError || error instanceof RangeError, true);
    }
  }
  assertThrows(() => new ZstdCompressionStream({ checkpointEvery: 0 }), RangeError);
  assertThrows(() => new ZstdDecompressionStream({ checkpointEvery: 5 } as never), TypeError);
  assertEquals(liveHandleCount(), before);
});

testBackends("a callback that throws fails the stream with its error", async () => {
  const onCheckpoint = (): never => {
    throw new Error("stop here");
  };
  const frame = compressZstd(text(100));
  await assertRejects(
    () =>
      Array.fromAsync(streamOf([frame, frame]).pipeThrough(new ZstdDecompressionStream({ onCheckpoint }))),
    Error,
    "stop here",
  );
  await assertRejects(
    () => Array.fromAsync(compressZstdIterable([text(100)], { onCheckpoint })),
    Error,
    "stop here",
  );
});

testBackends("a download that breaks off again and again is resumed by Range", async () => {
  const data = text(2_000_000, 5);
  const [stream] = await compress([data], { checkpointEvery: 100_000 });
  await using server = startRangeServer(objectOf(stream));
  server.breakAfter(70_000, 0, 130_000, 1000, 200_000);

  const stored = new Uint8Array(data.length);
  let size = 0;
  let resumeAt: ZstdCheckpoint = { compressedOffset: 0, decompressedOffset: 0, frameIndex: 0 };
  let attempts = 0;
  for (let complete = false; !complete && attempts < 20; attempts++) {
    const waiting: ZstdCheckpoint[] = [];
    try {
      const from = resumeAt.compressedOffset;
      const response = await fetch(server.url, { headers: { range: `bytes=${from}-` } });
      const decoder = new ZstdDecompressionStream({
        resumeAt,
        onCheckpoint: (checkpoint) => void waiting.push(checkpoint),
      });
      size = resumeAt.decompressedOffset;
      for await (const chunk of response.body!.pipeThrough(decoder)) {
        stored.set(chunk, size);
        size += chunk.length;
        while (waiting.length > 0 && waiting[0]!.decompressedOffset <= size) resumeAt = waiting.shift()!;
      }
      complete = true;
    } catch (error) {
      if (error instanceof SluiceError) throw error;
    }
  }
  assertEquals(size, data.length);
  assertEquals(stored, data);
  assertEquals(attempts, 6);
  assertEquals(new Set(server.ranges).size > 2, true, server.ranges.join(" "));
});

testBackends("an upload that breaks off goes on from the last checkpoint that arrived", async () => {
  const data = text(1_500_000, 6);
  let received = new Uint8Array();
  let room = 150_000;
  await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async (request) => {
    // The peer keeps what it got and says how much that is.
    if (request.method === "HEAD") {
      return new Response(null, { headers: { "x-received": `${received.length}` } });
    }
    received = received.slice(0, Number(request.headers.get("x-offset")));
    for await (const chunk of request.body!) {
      received = join(received, chunk);
      if (received.length > room) {
        received = received.slice(0, room);
        room += 200_000;
        return new Response(null, { status: 500 });
      }
    }
    return new Response();
  });
  const url = `http://127.0.0.1:${server.addr.port}/`;
  let checkpoints: ZstdCheckpoint[] = [{ compressedOffset: 0, decompressedOffset: 0, frameIndex: 0 }];
  let attempts = 0;
  for (let complete = false; !complete && attempts < 20; attempts++) {
    const head = await fetch(url, { method: "HEAD" });
    const arrived = Number(head.headers.get("x-received"));
    checkpoints = checkpoints.filter(({ compressedOffset }) => compressedOffset <= arrived);
    const resumeAt = checkpoints.at(-1)!;
    const body = streamOf(chunks(data.subarray(resumeAt.decompressedOffset), 50_000)).pipeThrough(
      new ZstdCompressionStream({
        resumeAt,
        checkpointEvery: 65_536,
        onCheckpoint: (checkpoint) => void checkpoints.push(checkpoint),
      }),
    );
    const headers = { "x-offset": `${resumeAt.compressedOffset}` };
    try {
      const response = await fetch(url, { method: "POST", headers, body });
      await response.body?.cancel();
      complete = response.ok;
    } catch {
      // The connection went before the body was through.
    }
  }
  assertEquals(decompressZstd(received), data);
  assertEquals(attempts > 1, true);
});
