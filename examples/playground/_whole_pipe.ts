/**
 * Codecs that need the whole input before they give anything, in the shape of those that do not.
 */

/** Bytes in, bytes out. */
export type Pipe = ReadableWritablePair<Uint8Array<ArrayBuffer>, BufferSource>;

/** Collects the input, then gives what is made of it, chunk by chunk as the reader asks. */
export function wholePipe(make: (input: Blob) => AsyncIterable<Uint8Array<ArrayBuffer>>): Pipe {
  const parts: Blob[] = [];
  let start: (input: Blob) => void;
  let fail: (reason: unknown) => void;
  const input = new Promise<Blob>((resolve, reject) => [start, fail] = [resolve, reject]);
  input.catch(() => {}); // the reader is told
  let output: AsyncIterator<Uint8Array<ArrayBuffer>> | undefined;
  const readable = new ReadableStream<Uint8Array<ArrayBuffer>>({
    async pull(controller): Promise<void> {
      output ??= make(await input)[Symbol.asyncIterator]();
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
    close: () => start(new Blob(parts)),
    abort: (reason) => fail(reason),
  });
  return { readable, writable };
}
