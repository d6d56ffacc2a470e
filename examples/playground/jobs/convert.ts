/**
 * Running a file through a codec, with progress.
 */
import { CODECS } from "./formats.ts";
import type { Bytes, ConvertStep, Job } from "./messages.ts";
import { ResultWriter } from "./result_writer.ts";
import { chunksOf } from "./streams.ts";
import type { Pipe } from "./streams.ts";

const SAMPLE_EVERY_MS = 25;
const PAUSE_MS = 10;

function pause(): Promise<undefined> {
  return new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
}

/** Pipes a file through a codec; the last step has what came out. */
export async function* runPipe(file: Blob, pipe: Pipe): AsyncGenerator<ConvertStep> {
  const started = performance.now();
  let [bytesIn, bytesOut, last] = [0, 0, started];
  const counting = new TransformStream<Bytes, Bytes>({
    transform(chunk, controller): void {
      bytesIn += chunk.length;
      controller.enqueue(chunk);
    },
  });
  const sample = () => ({ seconds: (performance.now() - started) / 1000, bytesIn, bytesOut });
  yield { sample: sample() };
  const output = new ResultWriter();
  const chunks = chunksOf(file.stream().pipeThrough(counting).pipeThrough(pipe));
  try {
    for (let next = chunks.next();;) {
      // Some codecs take many megabytes before they give anything.
      const result = await Promise.race([next, pause()]);
      if (result?.done) break;
      if (result !== undefined) {
        await output.add(result.value);
        bytesOut += result.value.length;
        next = chunks.next();
      }
      if (performance.now() - last < SAMPLE_EVERY_MS) continue;
      yield { sample: sample() };
      last = performance.now();
    }
  } catch (error) {
    await output.drop();
    throw error;
  }
  yield { sample: sample(), output: await output.finish() };
}

/** A file compressed to a format or decompressed from one. */
export const convert: Job<"convert"> = async function* ({ file, format, compresses, level }) {
  const codec = CODECS[format];
  yield* runPipe(file, compresses ? codec.compress(level) : codec.decompress());
};
