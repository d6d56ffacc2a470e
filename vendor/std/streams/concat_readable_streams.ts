/** One stream with the chunks of all given streams, one stream after the other. Cancelling it cancels them all. */
export function concatReadableStreams<T>(...streams: ReadableStream<T>[]): ReadableStream<T> {
  const waiting = [...streams];
  let reader: ReadableStreamDefaultReader<T> | undefined;
  return new ReadableStream<T>({
    async pull(controller): Promise<void> {
      while (true) {
        reader ??= waiting.shift()?.getReader();
        if (reader === undefined) return controller.close();
        const { done, value } = await reader.read();
        if (!done) return controller.enqueue(value);
        reader.releaseLock();
        reader = undefined;
      }
    },
    async cancel(reason): Promise<void> {
      await Promise.all([reader?.cancel(reason), ...waiting.map((stream) => stream.cancel(reason))]);
    },
  });
}
