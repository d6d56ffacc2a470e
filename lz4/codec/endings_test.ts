/**
 * Where streams, sources and engines end, and what comes after.
 */
import {
  buildLz4Index,
  compressLz4,
  compressLz4Block,
  decompressLz4,
  decompressLz4Block,
  decompressLz4Iterable,
  Lz4CheckpointableDecompressor,
  Lz4Decoder,
  Lz4DecompressionStream,
  Lz4Encoder,
  recoverLz4Iterable,
} from "@sluice/lz4";
import { concatBytes, SluiceError } from "@sluice/internal";
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { testBackends } from "../../tests/_backends.ts";

const CONTENT = new Uint8Array(3000).map((_, i) => i * i >> 6);
const small = { blockSize: 65536 } as const;
const STREAMS: Record<string, Uint8Array<ArrayBuffer>> = {
  frame: compressLz4(CONTENT, { ...small, contentChecksum: true, contentSize: CONTENT.length }),
  stored: compressLz4(crypto.getRandomValues(new Uint8Array(500)), { ...small, contentChecksum: true }),
  linked: compressLz4(new Uint8Array(200_000).map((_, i) => i >> 9), { ...small, linked: true }),
  "two frames": concatBytes([compressLz4(CONTENT), compressLz4(CONTENT.subarray(100))]),
  legacy: compressLz4(CONTENT, { format: "legacy" }),
  "two legacy frames": Uint8Array.fromHex("02214c180200000010610221 4c18020000001061".replace(" ", "")),
};

async function rest(decompressor: Lz4CheckpointableDecompressor): Promise<Uint8Array<ArrayBuffer>[]> {
  return await Array.fromAsync(decompressor);
}

testBackends("another source goes on after one that ended as after one that failed", async () => {
  let cases = 0;
  for (const [name, stream] of Object.entries(STREAMS)) {
    const content = decompressLz4(stream);
    const step = stream.length > 600 ? 23 : 3;
    for (let cut = 0; cut <= stream.length; cut += step) {
      for (const ending of ["ends", "fails"]) {
        for (const offset of ["told", "held", "start"]) {
          const source = async function* () {
            if (cut > 0) yield stream.slice(0, cut);
            if (ending === "fails") throw new Error("connection lost");
          };
          await using decompressor = new Lz4CheckpointableDecompressor(source(), { allowEmpty: false });
          const parts: Uint8Array<ArrayBuffer>[] = [];
          try {
            for await (const part of decompressor) parts.push(part);
          } catch (error) {
            const ended = error instanceof SluiceError && /^(TRUNCATED|NO_DATA)/.test(error.code);
            assert(
              ended || (error as Error).message === "connection lost",
              `${name} cut at ${cut}: ${error}`,
            );
          }
          const { compressedOffset: bytesIn, held } = decompressor.position;
          const at = offset === "start" ? bytesIn : bytesIn + held;
          if (offset === "told") decompressor.setSource([stream.slice(at)]);
          else decompressor.setSource([stream.slice(at)], at);
          parts.push(...await rest(decompressor));
          assertEquals(concatBytes(parts), content, `${name} cut at ${cut}, ${ending}, ${offset}`);
          cases++;
        }
      }
    }
  }
  console.log(`${cases} continuations`);
});

testBackends("streams are the same by chunk as whole", () => {
  for (const [name, stream] of Object.entries(STREAMS)) {
    const content = decompressLz4(stream);
    for (const size of [1, 2, 3, 5, 7, 11, 13]) {
      using decoder = new Lz4Decoder();
      const parts: Uint8Array<ArrayBuffer>[] = [];
      for (let at = 0; at < stream.length; at += size) {
        parts.push(decoder.push(stream.subarray(at, at + size)));
      }
      decoder.finish();
      assertEquals(concatBytes(parts), content, `${name} by ${size}`);
    }
  }
});

testBackends("a raw block has to hold what its container declares", () => {
  for (const container of ["size", "mozilla"] as const) {
    for (const declared of [101, 200, 1000]) {
      const block = compressLz4Block(new Uint8Array(100), { container });
      new DataView(block.buffer).setUint32(container === "size" ? 0 : 8, declared, true);
      for (const partial of [false, true]) {
        assertThrows(() => decompressLz4Block(block, { container, partial }), SluiceError, "bytes");
      }
      assertEquals(decompressLz4Block(block, { container, partial: true, maxOutputSize: 50 }).length, 50);
    }
  }
});

testBackends("a frame that is cut short is truncated, whatever it declares", () => {
  const frame = compressLz4(new Uint8Array(10_000_000), { contentSize: 10_000_000 });
  for (const cut of [frame.length - 1, 1000, 30, 16]) {
    const error = assertThrows(() => decompressLz4(frame.subarray(0, cut)), SluiceError);
    assertEquals(error.code, "TRUNCATED", `cut at ${cut}`);
  }
});

testBackends("an engine gives all output before a fault, however much that is", () => {
  const content = new Uint8Array(5_000_000).map((_, i) => i >> 11);
  for (const blockSize of [65536, 4 << 20] as const) {
    const frame = compressLz4(content, { blockSize, blockChecksums: true });
    const last = frame.length - 9; // a byte of the last block
    frame[last]! ^= 0x55;
    using decoder = new Lz4Decoder();
    const output = decoder.push(frame);
    assertEquals(output.length, content.length - (content.length % blockSize || blockSize));
    assertEquals(output, content.subarray(0, output.length));
    assertThrows(() => decoder.push(new Uint8Array(1)), SluiceError);
  }
});

testBackends("the first frame may have to be the only one", async () => {
  const two = STREAMS["two frames"]!;
  assertEquals(decompressLz4(two, { frames: "first" }), CONTENT);
  const options = { frames: "first", trailing: "error" } as const;
  const shapes: (() => unknown)[] = [
    () => decompressLz4(two, options),
    () => Array.fromAsync(decompressLz4Iterable([two], options)),
    () => new Response(new Blob([two]).stream().pipeThrough(new Lz4DecompressionStream(options))).bytes(),
  ];
  for (const shape of shapes) {
    const error = await assertRejects(async () => await shape(), SluiceError);
    assertEquals(error.code, "TRAILING_DATA");
  }
  assertEquals(decompressLz4(compressLz4(CONTENT), options), CONTENT);
});

testBackends("an engine tells what follows the end and starts over", () => {
  using decoder = new Lz4Decoder({ frames: "first" });
  const frame = compressLz4(CONTENT);
  for (let round = 0; round < 3; round++) {
    assertEquals(decoder.unused.length, 0);
    assertEquals(decoder.push(concatBytes([frame, Uint8Array.of(1, 2, 3)])), CONTENT);
    assertEquals([decoder.ended, [...decoder.unused]], [true, [1, 2, 3]]);
    for (let i = 0; i < 1000; i++) decoder.push(new Uint8Array(65536));
    assertEquals([...decoder.unused], [1, 2, 3]);
    decoder.reset();
    decoder.push(frame.subarray(0, frame.length - round - 1)); // a reset in the middle forgets as well
    decoder.reset();
    assertEquals(decoder.position, {
      compressedOffset: 0,
      decompressedOffset: 0,
      held: 0,
      frame: 0,
      block: 0,
    });
  }
});

testBackends("after close every call of an engine is a TypeError", () => {
  const encoder = new Lz4Encoder();
  const decoder = new Lz4Decoder();
  encoder.close();
  decoder.close();
  const bytes = new Uint8Array(10);
  const calls: (() => unknown)[] = [
    () => encoder.push(bytes),
    () => encoder.flush(),
    () => encoder.finish(),
    () => decoder.push(bytes),
    () => decoder.finish(),
    () => decoder.reset(),
    () => decoder.checkpoint(),
  ];
  for (const call of calls) assertThrows(call, TypeError);
});

testBackends("a signal ends a pending read of every helper", async () => {
  const frame = STREAMS["frame"]!;
  const sources = {
    "a generator": async function* () {
      yield frame.subarray(0, 20);
      await new Promise(() => {});
    },
    "a stream": () =>
      new ReadableStream<Uint8Array>({ start: (stream) => stream.enqueue(frame.subarray(0, 20)) }),
    "a function": () => () => new Promise<never>(() => {}),
    "a byte source": () => ({ size: frame.length, read: () => new Promise<never>(() => {}) }),
  };
  for (const [name, source] of Object.entries(sources)) {
    const helpers: ((signal: AbortSignal) => Promise<unknown>)[] = [
      (signal) => Array.fromAsync(new Lz4CheckpointableDecompressor(source(), { signal })),
      (signal) => Array.fromAsync(recoverLz4Iterable(source(), { signal })),
      (signal) => buildLz4Index(source(), { signal }),
    ];
    if (name === "a generator" || name === "a stream") {
      helpers.push((signal) =>
        Array.fromAsync(decompressLz4Iterable(source() as AsyncIterable<Uint8Array>, { signal }))
      );
    }
    for (const helper of helpers) {
      const controller = new AbortController();
      const work = helper(controller.signal);
      work.catch(() => {});
      await new Promise((resolve) => setTimeout(resolve, 2));
      controller.abort(new Error("enough"));
      await assertRejects(() => work, Error, "enough", name);
    }
  }
  const stuck = new Lz4CheckpointableDecompressor(sources["a generator"]());
  const pending = stuck.next().then(() => stuck.next());
  pending.catch(() => {});
  await new Promise((resolve) => setTimeout(resolve, 2));
  await stuck[Symbol.asyncDispose](); // a read that is pending does not hold it up
  await assertRejects(() => pending, TypeError, "closed");
});
