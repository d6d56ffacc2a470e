/**
 * Random damage to real frames, and random bytes, through every decoder of zstd. Seconds by default; SLUICE_LONG=1 runs
 * a minute for each backend. A failing run prints its seed: repeat it with SEED=….
 */
import { liveHandleCount } from "@sluice/ffi";
import { SluiceError } from "@sluice/internal";
import {
  compressZstd,
  decompressZstd,
  decompressZstdAsync,
  listZstdFrames,
  readZstdFrameHeader,
  readZstdSkippableFrame,
  writeZstdSkippableFrame,
  ZstdDecoder,
} from "@sluice/zstd";
import { assert, assertEquals } from "@std/assert";
import { testBackends } from "../../tests/_backends.ts";
import { join, Random, text } from "../../tests/_data.ts";

const SECONDS = Deno.env.get("SLUICE_LONG") === "1" ? 60 : 2;
const LIMITS = { maxOutputSize: 4 << 20, maxMemory: 16 << 20, maxWindowLog: 23 } as const;

function corpus(random: Random): Uint8Array<ArrayBuffer>[] {
  const frames: Uint8Array<ArrayBuffer>[] = [];
  for (const size of [0, 1, 20, 500, 5000, 200_000]) {
    const content = random.below(2) === 0 ? text(size, random.next()) : random.bytes(size);
    for (const level of [-3, 1, 5, 13, 19]) {
      frames.push(compressZstd(content, { level, contentChecksum: level === 5, contentSize: level !== 13 }));
    }
  }
  frames.push(join(frames[3]!, writeZstdSkippableFrame(text(40), 3), frames[8]!));
  return frames;
}

/** A damaged copy: bytes changed, removed, repeated, or joined with those of another frame. */
function mutate(frame: Uint8Array, other: Uint8Array, random: Random): Uint8Array<ArrayBuffer> {
  let bytes = frame.slice();
  for (let count = 1 + random.below(4); count > 0; count--) {
    const at = random.below(bytes.length + 1);
    switch (random.below(6)) {
      case 0:
        if (at < bytes.length) bytes[at]! ^= 1 << random.below(8);
        break;
      case 1:
        if (at < bytes.length) bytes[at] = random.next();
        break;
      case 2:
        bytes = bytes.slice(0, at);
        break;
      case 3:
        bytes = join(bytes.subarray(0, at), random.bytes(random.below(20)), bytes.subarray(at));
        break;
      case 4:
        bytes = join(bytes.subarray(0, at), other.subarray(random.below(other.length + 1)));
        break;
      default:
        if (bytes.length < 100_000) bytes = join(bytes, bytes.subarray(at));
    }
  }
  return bytes;
}

/** The outcome of one decoder: its output, or the code of a typed error. Anything else fails the test. */
async function outcome(run: () => Uint8Array | Promise<Uint8Array>): Promise<Uint8Array | string> {
  try {
    return await run();
  } catch (error) {
    assert(error instanceof SluiceError, `an untyped error: ${error}`);
    return error.code;
  }
}

testBackends("damaged frames give content or a typed error, the same in every shape", async (backend) => {
  const seed = Random.seed(Date.now());
  console.log(`zstd fuzz on ${backend}: SEED=${seed}`);
  const random = new Random(seed);
  const frames = corpus(random);
  const live = liveHandleCount();
  const end = performance.now() + SECONDS * 1000;
  let runs = 0;
  while (performance.now() < end) {
    const input = random.below(20) === 0
      ? random.bytes(random.below(300))
      : mutate(frames[random.below(frames.length)]!, frames[random.below(frames.length)]!, random);
    const start = performance.now();
    const whole = await outcome(() => decompressZstd(input, LIMITS));
    const pushed = await outcome(() => {
      using decoder = new ZstdDecoder(LIMITS);
      const parts: Uint8Array[] = [];
      for (let pos = 0; pos < input.length;) {
        const size = 1 + random.below(random.below(3) === 0 ? 5 : 50_000);
        parts.push(decoder.push(input.subarray(pos, pos += size)));
      }
      decoder.finish();
      return join(...parts);
    });
    assertEquals(pushed, whole);
    if (runs % 16 === 0) assertEquals(await outcome(() => decompressZstdAsync(input, LIMITS)), whole);
    await outcome(() => {
      readZstdFrameHeader(input);
      readZstdSkippableFrame(input);
      return new Uint8Array([...listZstdFrames(input)].length);
    });
    assert(performance.now() - start < 5000, `one input of ${input.length} bytes took seconds`);
    runs++;
  }
  assert(liveHandleCount() - live <= 2, "contexts were left open");
  console.log(`zstd fuzz on ${backend}: ${runs} inputs`);
});
