/**
 * Bodies of answers that are made as they are read.
 */
import type { BlockFile } from "../file/_block_file.ts";

const CHUNK_SIZE = 1 << 20;

/** A body that is made as it is read; a failure breaks the connection, so that nobody takes the rest for all. */
export function streamOf(
  file: BlockFile,
  step: (controller: ReadableStreamDefaultController<Uint8Array>) => Promise<boolean>,
): ReadableStream<Uint8Array> {
  return new ReadableStream({
    async pull(controller): Promise<void> {
      try {
        if (!await step(controller)) return;
        file.close();
        controller.close();
      } catch (error) {
        file.close();
        throw error;
      }
    },
    cancel(): void {
      file.close();
    },
  }, { highWaterMark: 0 });
}

/** A range of a file. */
export function fileStream(file: BlockFile, start: number, end: number): ReadableStream<Uint8Array> {
  let at = start;
  return streamOf(file, async (controller) => {
    if (at < end) {
      const chunk = new Uint8Array(Math.min(CHUNK_SIZE, end - at));
      if (await file.read(at, chunk) < chunk.length) {
        throw new Error("Cannot go on reading: the file became shorter");
      }
      controller.enqueue(chunk);
      at += chunk.length;
    }
    return at >= end;
  });
}
