import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { liveHandleCount } from "@sluice/ffi";
import { byteSourceFromBytes, SluiceError } from "@sluice/internal";
import { compressLz4, Lz4Checkpoint, Lz4CheckpointableDecompressor, Lz4Decoder, lz4Xxh32 } from "../mod.ts";
import { Lz4DecompressionStream } from "../mod.ts";
import { testBackends } from "../../tests/_backends.ts";
import { chunks, join, Random, text } from "../../tests/_data.ts";

const OTHER = { native: "wasm", wasm: "native" } as const;

function streams(): Record<
  string,
  { frame: Uint8Array<ArrayBuffer>; content: Uint8Array; dictionary?: Uint8Array }
> {
  const content = join(text(5000), new Random(2).bytes(1000), text(3000, 3));
  const dictionary = text(2000, 8);
  const skippable = Uint8Array.fromHex("502a4d180300000001020304".slice(0, 22));
  return {
    independent: { frame: compressLz4(content, { blockSize: 700 }), content },
    linked: { frame: compressLz4(content, { blockSize: 700, linked: true, blockChecksums: true }), content },
    legacy: { frame: compressLz4(content, { format: "legacy" }), content },
    "two frames and a skippable one": {
      frame: join(
        compressLz4(content, { blockSize: 2000, contentSize: "none" }),
        skippable,
        compressLz4(content, { linked: true, blockSize: 999 }),
      ),
      content: join(content, content),
    },
    "linked with a dictionary": {
      frame: compressLz4(content, { blockSize: 700, linked: true, dictionary, dictId: 5 }),
      content,
      dictionary,
    },
    "independent with a dictionary": {
      frame: compressLz4(content, { blockSize: 700, dictionary, dictId: 5, level: 9 }),
      content,
      dictionary,
    },
  };
}

testBackends("Lz4Decoder resumes on the other backend at every split", (backend) => {
  for (const [name, { frame, content, dictionary }] of Object.entries(streams())) {
    for (let at = 0; at <= frame.length; at += 7) {
      for (const carry of ["rewind", "embed"] as const) {
        using first = new Lz4Decoder({ backend, dictionary });
        const head = first.push(frame.subarray(0, at));
        const saved = first.checkpoint({ carry }).bytes();
        const checkpoint = Lz4Checkpoint.fromBytes(saved);
        assertEquals(checkpoint.decompressedOffset, head.length, name);
        if (carry === "embed") assertEquals(checkpoint.resumeFrom, at, name);
        using second = Lz4Decoder.fromCheckpoint(checkpoint, { backend: OTHER[backend], dictionary });
        assertEquals(second.checkpoint({ carry }).bytes(), saved, `${name} ${at} ${carry}`);
        const tail = second.push(frame.subarray(checkpoint.resumeFrom));
        second.finish();
        assertEquals(join(head, tail), content, `${name} ${at} ${carry}`);
      }
    }
  }
});

testBackends("stored blocks are given out as they come, and states inside them resume", async (backend) => {
  const content = join(text(3000), new Random(6).bytes(200_000), text(3000, 4));
  for (const linked of [false, true]) {
    const frame = compressLz4(content, { blockSize: 65536, linked });
    const early: number[] = [];
    const waiting = new Lz4DecompressionStream({ backend });
    const writer = waiting.writable.getWriter();
    const reading = (async () => {
      for await (const chunk of waiting.readable) early.push(chunk.length);
    })();
    for (const piece of chunks(frame, 10_000)) await writer.write(piece);
    await writer.close();
    await reading;
    assert(early.length >= 13 && Math.max(...early.slice(3)) <= 10_000, `${early}`);
    let inside = 0;
    for (let at = 1; at < frame.length; at += 997) {
      using first = new Lz4Decoder({ backend });
      const head = first.push(frame.subarray(0, at));
      const saved = first.checkpoint().bytes();
      const checkpoint = Lz4Checkpoint.fromBytes(saved);
      if (checkpoint.resumeFrom === at) inside++;
      using second = Lz4Decoder.fromCheckpoint(checkpoint, { backend: OTHER[backend] });
      assertEquals(second.checkpoint().bytes(), saved);
      const tail = second.push(frame.subarray(checkpoint.resumeFrom));
      second.finish();
      assertEquals(join(head, tail), content);
      await using third = Lz4CheckpointableDecompressor.resume(saved, byteSourceFromBytes(frame), {
        backend,
      });
      const rest: Uint8Array[] = [];
      for await (const chunk of third) rest.push(chunk);
      assertEquals(join(head, ...rest), content);
    }
    assert(inside > 100, `${inside} states need no byte again`);
  }
});

testBackends("Lz4Decoder states are as small as promised", () => {
  const content = text(3_000_000);
  const sizes: Record<string, number> = {};
  for (const linked of [false, true]) {
    for (const contentChecksum of [false, true]) {
      const frame = compressLz4(content, { blockSize: 65536, linked, contentChecksum, contentSize: "none" });
      using decoder = new Lz4Decoder();
      let largest = 0;
      for (const piece of chunks(frame, 20_000)) {
        decoder.push(piece);
        largest = Math.max(largest, decoder.checkpoint().bytes().length);
      }
      sizes[`${linked ? "linked" : "independent"}${contentChecksum ? " with checksum" : ""}`] = largest;
    }
  }
  assert(sizes["independent"]! <= 48, JSON.stringify(sizes));
  assert(sizes["independent with checksum"]! <= 80, JSON.stringify(sizes));
  assert(sizes["linked with checksum"]! <= 65_657, JSON.stringify(sizes));
  const noise = compressLz4(new Random(5).bytes(400_000), { blockSize: 65536, linked: true });
  using decoder = new Lz4Decoder();
  decoder.push(noise.subarray(0, 300_000));
  const size = decoder.checkpoint().bytes().length;
  assert(size <= 65_657, `${size}`);
  console.log(JSON.stringify({ ...sizes, incompressible: size }));
});

testBackends("Lz4Decoder.clone goes its own way", () => {
  const content = text(4000);
  const frame = compressLz4(content, { blockSize: 500, linked: true });
  using first = new Lz4Decoder();
  const head = first.push(frame.subarray(0, 800));
  using second = first.clone();
  assertEquals(join(head, first.push(frame.subarray(800))), content);
  assertEquals(join(head, second.push(frame.subarray(800))), content);
});

testBackends("Lz4Decoder keeps its checkpoint after a truncated end", () => {
  const content = text(4000);
  const frame = compressLz4(content, { blockSize: 500 });
  using decoder = new Lz4Decoder();
  const head = decoder.push(frame.subarray(0, 800));
  assertThrows(() => decoder.finish(), SluiceError, "inside a frame");
  const checkpoint = decoder.checkpoint();
  using second = Lz4Decoder.fromCheckpoint(checkpoint);
  assertEquals(join(head, second.push(frame.subarray(checkpoint.resumeFrom))), content);
});

testBackends("Lz4 states of any bytes are refused or safe, pushed and streamed", async () => {
  const seed = Random.seed(77);
  console.log(`seed ${seed}`);
  const random = new Random(seed);
  const base = Object.values(streams()).map(({ frame, dictionary }) => {
    using decoder = new Lz4Decoder({ dictionary });
    decoder.push(frame.subarray(0, 900));
    return { state: decoder.checkpoint({ carry: "embed" }).bytes(), frame, dictionary };
  });
  const before = liveHandleCount();
  let loaded = 0;
  let streamed = 0;
  for (let round = 0; round < 4000; round++) {
    const { state, frame, dictionary } = base[round % base.length]!;
    let mangled = state.slice();
    for (let i = random.below(4) + 1; i > 0; i--) {
      mangled[4 + random.below(mangled.length - 8)] = random.next();
    }
    if (round % 9 === 0) mangled = mangled.slice(0, random.below(mangled.length));
    if (round % 11 === 0) mangled = random.bytes(random.below(200));
    fixChecksum(mangled);
    try {
      const options = { dictionary, maxOutputSize: 2 ** 50 };
      const rest = frame.subarray(random.below(frame.length));
      if (round % 3 === 0) {
        const checkpoint = Lz4Checkpoint.fromBytes(mangled);
        const input = round % 2 === 0 ? frame.subarray(Math.min(frame.length, checkpoint.resumeFrom)) : rest;
        await using resumed = Lz4CheckpointableDecompressor.resume(checkpoint, chunks(input, 200), {
          ...options,
          retries: 0,
        });
        for await (const chunk of resumed) streamed += chunk.length;
      } else {
        using decoder = Lz4Decoder.fromCheckpoint(mangled, options);
        loaded++;
        for (const piece of chunks(rest, round % 2 === 0 ? rest.length : 100)) decoder.push(piece);
        decoder.finish();
      }
    } catch (error) {
      assert(error instanceof SluiceError, `round ${round}: ${error}`);
    }
  }
  assert(loaded > 0 && streamed > 0);
  assertEquals(liveHandleCount(), before);
});

function fixChecksum(state: Uint8Array<ArrayBuffer>): void {
  if (state.length < 4) return;
  const hash = xxh(state.subarray(0, state.length - 4));
  new DataView(state.buffer).setUint32(state.length - 4, hash, true);
}

function xxh(bytes: Uint8Array): number {
  return lz4Xxh32(bytes, 0x53344b31);
}

testBackends("Lz4Checkpoint.seal admits nobody without the key", async () => {
  using decoder = new Lz4Decoder();
  decoder.push(compressLz4(text(100)).subarray(0, 50));
  const make = () => crypto.subtle.generateKey({ name: "HMAC", hash: "SHA-256" }, false, ["sign", "verify"]);
  const [key, other] = [await make(), await make()];
  const sealed = await decoder.checkpoint().seal(key);
  assertEquals((await Lz4Checkpoint.fromSealed(sealed, key)).bytes(), decoder.checkpoint().bytes());
  const unopened = assertThrows(
    () => Lz4Checkpoint.fromBytes(sealed),
    SluiceError,
    "it is sealed with a key",
  );
  assertEquals(unopened.code, "STATE_AUTH");
  await assertRejects(() => Lz4Checkpoint.fromSealed(sealed, other), SluiceError, "not sealed");
  await assertRejects(
    () => Lz4Checkpoint.fromSealed(decoder.checkpoint().bytes(), key),
    SluiceError,
    "not sealed",
  );
});

testBackends("Lz4CheckpointableDecompressor goes on over new sources", async () => {
  const content = text(40_000);
  const frame = compressLz4(content, { blockSize: 3000, linked: true });
  await using decompressor = new Lz4CheckpointableDecompressor(chunks(frame.subarray(0, 5000), 700), {
    chunkSize: 3000,
  });
  const output: Uint8Array[] = [];
  await assertRejects(
    async () => {
      for await (const chunk of decompressor) output.push(chunk);
    },
    SluiceError,
    "inside a frame",
  );
  const { compressedOffset: start, held } = decompressor.position;
  const resumed = Lz4CheckpointableDecompressor.resume(
    decompressor.checkpoint(),
    chunks(frame.subarray(start), 700),
  );
  await using _ = resumed;
  const copy = decompressor.clone(byteSourceFromBytes(frame));
  await using __ = copy;
  const [first, second]: [Uint8Array[], Uint8Array[]] = [[], []];
  for await (const chunk of resumed) first.push(chunk);
  let switched = false;
  for await (const chunk of copy) {
    second.push(chunk);
    if (!switched) copy.setSource(byteSourceFromBytes(frame));
    switched = true;
  }
  assertEquals(join(...output, ...first), content);
  assertEquals(join(...output, ...second), content);
  assert(held > 0);
  assertThrows(() => resumed.setSource([frame], 1), SluiceError, "source");
});

testBackends("Lz4CheckpointableDecompressor opens a broken source again", async () => {
  const content = text(200_000);
  const frame = compressLz4(content, { blockSize: 5000 });
  let opened = 0;
  await using decompressor = new Lz4CheckpointableDecompressor(
    async function* (offset) {
      await Promise.resolve();
      opened++;
      for (const chunk of chunks(frame.subarray(offset, offset + 9000), 1000)) yield chunk;
      if (opened % 2 === 0) throw new Error("Cannot read: the connection broke");
    },
    { retryDelayMs: 0 },
  );
  assertEquals(join(...await Array.fromAsync(decompressor)), content);
  assertEquals(decompressor.reconnects, opened - 1);
});

testBackends("Lz4DecompressionStream gives checkpoints that resume", async () => {
  const content = text(300_000);
  for (const options of [{ blockSize: 5000, linked: true }, { blockSize: 65536 }]) {
    const frame = compressLz4(content, options);
    const checkpoints: Lz4Checkpoint[] = [];
    const stream = ReadableStream.from(chunks(frame, 3000)).pipeThrough(
      new Lz4DecompressionStream({
        onCheckpoint: (cp) => checkpoints.push(cp),
        checkpointEvery: 40_000,
        chunkSize: 9000,
      }),
    );
    assertEquals(join(...await Array.fromAsync(stream)), content);
    assert(checkpoints.length >= 3);
    for (const checkpoint of checkpoints) {
      using decoder = Lz4Decoder.fromCheckpoint(checkpoint.bytes());
      assertEquals(
        decoder.push(frame.subarray(checkpoint.resumeFrom)),
        content.subarray(checkpoint.decompressedOffset),
      );
      decoder.finish();
    }
  }
});
