/**
 * What ends a stream or an engine ends it at once: a writer that aborts while a write waits for the reader, and `close`
 * while a call runs off the event loop. And a target never shares bytes with the input.
 */
import { configureBackend, liveHandleCount } from "@sluice/ffi";
import { compressLz4, decompressLz4Into, Lz4CompressionStream, Lz4DecompressionStream } from "@sluice/lz4";
import { compressZpaq, ZpaqCompressionStream, ZpaqDecompressionStream } from "@sluice/zpaq";
import {
  compressZstd,
  compressZstdInto,
  decompressZstdInto,
  ZstdCompressionStream,
  ZstdDecoder,
  ZstdDecompressionStream,
  ZstdEncoder,
} from "@sluice/zstd";
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { Random } from "./_data.ts";

const NOISE = new Random(Random.seed(3)).bytes(400_000);

const STREAMS: readonly (readonly [string, () => ReadableWritablePair<unknown, BufferSource>, Uint8Array])[] =
  [
    ["ZstdCompressionStream", () => new ZstdCompressionStream({ chunkSize: 1000 }), NOISE],
    ["ZstdDecompressionStream", () => new ZstdDecompressionStream({ chunkSize: 1000 }), compressZstd(NOISE)],
    ["Lz4CompressionStream", () => new Lz4CompressionStream({ chunkSize: 1000 }), NOISE],
    ["Lz4DecompressionStream", () => new Lz4DecompressionStream({ chunkSize: 1000 }), compressLz4(NOISE)],
    ["ZpaqCompressionStream", () => new ZpaqCompressionStream(), NOISE],
    ["ZpaqDecompressionStream", () => new ZpaqDecompressionStream({ chunkSize: 1000 }), compressZpaq(NOISE)],
  ];

/** Rejects when a promise takes longer than an end that is at once. */
async function soon<T>(promise: Promise<T>, what: string): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} waits`)), 5000);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

for (const backend of ["native", "wasm"] as const) {
  Deno.test(`a writer that aborts ends its stream, whatever waits [${backend}]`, async () => {
    configureBackend(backend);
    try {
      for (const [name, make, input] of STREAMS) {
        for (const reads of [0, 1, 2]) {
          const before = liveHandleCount();
          const { readable, writable } = make();
          const writer = writable.getWriter();
          const reader = readable.getReader();
          const write = writer.write(input as Uint8Array<ArrayBuffer>);
          const closed = Promise.allSettled([write, writer.closed, reader.closed]);
          for (let i = 0; i < reads; i++) {
            const pause = new Promise<void>((resolve) => setTimeout(resolve, 20));
            await Promise.race([reader.read(), pause]);
            await pause;
          }
          const reason = new Error("mine");
          await soon(writer.abort(reason), `${name}: abort after ${reads} reads`);
          const error = await soon(assertRejects(() => reader.read()), `${name}: read`);
          assertEquals(error, reason);
          await soon(closed, `${name}: a promise`);
          assertEquals(liveHandleCount(), before, name);
        }
      }
    } finally {
      configureBackend("auto");
    }
  });

  Deno.test(`an engine that is closed under a call ends it with a TypeError [${backend}]`, async () => {
    const frame = compressZstd(new Uint8Array(3_000_000).map((_, i) => i * i >> 7), { backend });
    const before = liveHandleCount();
    for (const engine of [new ZstdDecoder({ backend }), new ZstdEncoder({ backend })]) {
      engine.write(frame);
      const call = engine.readIntoAsync(new Uint8Array(1_000_000));
      engine.close();
      await assertRejects(() => call, TypeError, "closed");
      engine.close();
    }
    assertEquals(liveHandleCount(), before);
  });

  Deno.test(`a target that shares bytes with the input is refused [${backend}]`, () => {
    const refused = "shares bytes with the input";
    const frames = { zstd: compressZstd(NOISE), lz4: compressLz4(NOISE) };
    const buffer = new Uint8Array(2 * NOISE.length + 10_000);
    for (const shift of [0, 1, 50, NOISE.length - 1]) {
      buffer.set(NOISE);
      const target = buffer.subarray(shift);
      const input = buffer.subarray(0, NOISE.length);
      assertThrows(() => compressZstdInto(input, target, { backend }), TypeError, refused);
      buffer.set(frames.zstd);
      const zstd = buffer.subarray(0, frames.zstd.length);
      assertThrows(() => decompressZstdInto(zstd, target, { backend }), TypeError, refused);
      for (const engine of [new ZstdDecoder({ backend }), new ZstdEncoder({ backend })]) {
        engine.write(zstd);
        assertThrows(() => engine.readInto(target), TypeError, refused);
        engine.close();
      }
      buffer.set(frames.lz4);
      const lz4 = buffer.subarray(0, frames.lz4.length);
      assertThrows(() => decompressLz4Into(lz4, target, { backend }), TypeError, refused);
    }
    buffer.set(frames.lz4);
    const apart = buffer.subarray(frames.lz4.length);
    assertEquals(decompressLz4Into(buffer.subarray(0, frames.lz4.length), apart, { backend }), NOISE.length);
    assertEquals(apart.subarray(0, NOISE.length), NOISE);
  });
}
