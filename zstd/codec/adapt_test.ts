import { decompressZstd, listZstdFrames, ZstdCompressionStream, ZstdEncoder } from "@sluice/zstd";
import type { ZstdAdaptOptions, ZstdCompressOptions } from "@sluice/zstd";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { testBackends } from "../../tests/_backends.ts";
import { join, text } from "../../tests/_data.ts";
import { AdaptiveLevel } from "../options/_adaptive_level.ts";

const CONTENT = text(24 << 20);
const CHUNK_SIZE = 256 << 10;

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** A clock that goes on only while a codec works, whatever the machine does. */
class WorkClock implements Disposable {
  readonly #now = performance.now;
  readonly #leave = AdaptiveLevel.prototype.leave;
  #ms = 0;

  constructor() {
    const leave = this.#leave;
    const work = (): number => this.#ms += 5;
    performance.now = () => this.#ms;
    AdaptiveLevel.prototype.leave = function (): void {
      work();
      leave.call(this);
    };
  }

  [Symbol.dispose](): void {
    performance.now = this.#now;
    AdaptiveLevel.prototype.leave = this.#leave;
  }
}

/** The content in chunks, each after a pause. */
async function* source(pauseMs: number): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  for (let at = 0; at < CONTENT.length; at += CHUNK_SIZE) {
    if (pauseMs > 0) await pause(pauseMs);
    yield CONTENT.subarray(at, at + CHUNK_SIZE);
  }
}

/** Sends the content through a stream whose ends pause; returns the output and every level seen. */
async function flow(
  options: ZstdCompressOptions,
  sourcePauseMs: number,
  sinkPauseMs: number,
): Promise<{ output: Uint8Array; levels: number[] }> {
  const stream = new ZstdCompressionStream(options);
  const levels = [stream.level];
  const parts: Uint8Array[] = [];
  for await (const chunk of ReadableStream.from(source(sourcePauseMs)).pipeThrough(stream)) {
    if (sinkPauseMs > 0) await pause(sinkPauseMs);
    if (levels.at(-1) !== stream.level) levels.push(stream.level);
    parts.push(chunk);
  }
  return { output: join(...parts), levels };
}

testBackends("an adaptive level rises in its bounds while the sink is slow", async () => {
  const { output, levels } = await flow({ level: 1, adapt: { min: 1, max: 3 } }, 0, 30);
  assertEquals(Math.min(...levels), 1);
  assertEquals(Math.max(...levels), 3);
  assertEquals(decompressZstd(output), CONTENT);
});

testBackends("an adaptive level rises in its bounds while the source is slow", async () => {
  const { output, levels } = await flow({ level: 0, adapt: { min: 2, max: 5 } }, 20, 0);
  assert(levels[0]! >= 2);
  assertEquals(Math.max(...levels), 5);
  assertEquals(decompressZstd(output), CONTENT);
});

testBackends("an adaptive level falls to its minimum while input backs up", (backend) => {
  using encoder = new ZstdEncoder({ level: 6, adapt: { min: 2, max: 9 } });
  const parts: Uint8Array[] = [];
  const levels = new Set<number>();
  using _clock = new WorkClock();
  for (let at = 0; at < CONTENT.length; at += CHUNK_SIZE) {
    parts.push(encoder.push(CONTENT.subarray(at, at + CHUNK_SIZE)));
    levels.add(encoder.level);
  }
  const output = join(...parts, encoder.finish());
  assertEquals(encoder.level, 2);
  assertEquals([...levels], [6, 5, 4, 3, 2]);
  assertEquals(decompressZstd(output), CONTENT);
  const frames = [...listZstdFrames(output)];
  assertEquals(frames.length, backend === "native" ? 1 : 12);
  for (const { windowSize } of frames) assert(windowSize <= 8 << 20);
});

testBackends("an adaptive level keeps to an announced size", () => {
  const options = { size: CONTENT.length, adapt: { min: 1, max: 3 } };
  using encoder = new ZstdEncoder(options);
  assertEquals(decompressZstd(join(encoder.push(CONTENT), encoder.finish())), CONTENT);
  using short = new ZstdEncoder(options);
  short.push(CONTENT.subarray(1));
  assertThrows(() => short.finish(), Error, "expected");
});

testBackends("bounds of an adaptive level are checked", () => {
  assertThrows(() => new ZstdEncoder({ adapt: { min: 5, max: 4 } }), RangeError, "adapt.max");
  assertThrows(() => new ZstdEncoder({ adapt: { max: 23 } }), RangeError, "adapt.max");
  assertThrows(() => new ZstdEncoder({ adapt: { top: 3 } as ZstdAdaptOptions }), TypeError, "top");
  using high = new ZstdEncoder({ level: 22, adapt: { min: 3, max: 7 } });
  assertEquals(high.level, 7);
});
