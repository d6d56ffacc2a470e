/**
 * Codecs that need the whole input before they give anything, in the shape of those that do not.
 */
import type { Bytes } from "./messages.ts";
import type { Pipe } from "./streams.ts";

/** Collects the input, then gives what is made of it, chunk by chunk as the reader asks. */
export function wholePipe(make: (input: Blob) => AsyncIterable<Bytes>): Pipe {
  const parts: Blob[] = [];
  const input = Promise.withResolvers<Blob>();
  input.promise.catch(() => {}); // the reader is told
  let output: AsyncIterator<Bytes> | undefined;
  const readable = new ReadableStream<Bytes>({
    async pull(controller): Promise<void> {
      output ??= make(await input.promise)[Symbol.asyncIterator]();
      const { done, value } = await output.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    async cancel(): Promise<void> {
      await output?.return?.();
    },
  });
  const writable = new WritableStream<BufferSource>({
    write: (chunk) => void parts.push(new Blob([chunk])),
    close: () => input.resolve(new Blob(parts)),
    abort: (reason) => input.reject(reason),
  });
  return { readable, writable };
}
