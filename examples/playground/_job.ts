/**
 * Running a file through a codec, with progress.
 */
import type { Pipe } from "./_whole_pipe.ts";

/** A moment of a job. */
export interface Sample {
  /** Seconds since the start. */
  readonly seconds: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
}

/** What a job gave. */
export interface JobResult {
  readonly output: Blob;
  readonly samples: readonly Sample[];
}

const SAMPLE_EVERY_MS = 25;
const PIECE_SIZE = 8 << 20;

/** Lets the page draw and answer. */
function breathe(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}

/** Pipes a file through a codec and collects what comes out; `onSample` is told of the progress. */
export async function runJob(
  file: Blob,
  pipe: Pipe,
  onSample: (sample: Sample) => void,
  signal: AbortSignal,
): Promise<JobResult> {
  const started = performance.now();
  const samples: Sample[] = [{ seconds: 0, bytesIn: 0, bytesOut: 0 }];
  let [bytesIn, bytesOut, last] = [0, 0, started];
  const counting = new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
    transform(chunk, controller): void {
      bytesIn += chunk.length;
      controller.enqueue(chunk);
    },
  });
  const output = file.stream().pipeThrough(counting).pipeThrough(pipe, { signal });
  const sample = (): void => {
    const point = { seconds: (performance.now() - started) / 1000, bytesIn, bytesOut };
    samples.push(point);
    onSample(point);
  };
  const blobs: Blob[] = [];
  let parts: Uint8Array<ArrayBuffer>[] = [];
  let held = 0;
  for await (const chunk of chunksOf(output)) {
    parts.push(chunk);
    held += chunk.length;
    bytesOut += chunk.length;
    if (held >= PIECE_SIZE) {
      blobs.push(new Blob(parts)); // browsers move these out of the page's memory
      [parts, held] = [[], 0];
    }
    if (performance.now() - last < SAMPLE_EVERY_MS) continue;
    sample();
    await breathe();
    last = performance.now();
  }
  sample();
  return { output: new Blob([...blobs, ...parts]), samples };
}

/** The chunks of a stream: not every browser iterates over streams. */
async function* chunksOf<T>(stream: ReadableStream<T>): AsyncGenerator<T, void, undefined> {
  const reader = stream.getReader();
  try {
    while (true) {
      const { value, done } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    reader.releaseLock();
  }
}

/** The first bytes of a stream, without making the rest. */
export async function firstBytes(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
  size: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const reader = stream.getReader();
  const { value } = await reader.read();
  await reader.cancel();
  return (value ?? new Uint8Array()).slice(0, size);
}
