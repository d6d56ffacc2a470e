/**
 * Ordering and endings of the stream pair, with a codec that fails when anything touches it during a call.
 */
import { createPullStream, iterateCodec } from "@sluice/internal";
import type { PullCodec } from "@sluice/internal";
import { assert, assertEquals, assertRejects } from "@std/assert";

/** Copies input to output, writes 0xf1 for a flush, and is done at a byte 0xee. */
class Watchful implements PullCodec {
  readonly offLoop: boolean;
  #input: number[] = [];
  #ended = false;
  #stopped = false;
  #busy = false;
  closed = false;

  constructor(offLoop: boolean) {
    this.offLoop = offLoop;
  }

  get needsInput(): boolean {
    return !this.#ended && !this.#stopped && this.#input.length === 0;
  }

  get done(): boolean {
    return this.#stopped || this.#ended && this.#input.length === 0;
  }

  write(chunk: Uint8Array): void {
    this.#touch();
    this.#input.push(...chunk);
  }

  flush(): void {
    this.#touch();
    this.#input.push(0xf1);
  }

  end(): void {
    this.#touch();
    this.#ended = true;
  }

  read(target: Uint8Array<ArrayBuffer>, start: number): number {
    let at = start;
    while (at < target.length && this.#input.length > 0 && !this.#stopped) {
      const byte = this.#input.shift()!;
      if (byte === 0xee) this.#stopped = true;
      else target[at++] = byte;
    }
    return at - start;
  }

  async readAsync(target: Uint8Array<ArrayBuffer>, start: number): Promise<number> {
    this.#busy = true;
    await new Promise((resolve) => setTimeout(resolve, 1));
    this.#busy = false;
    return this.closed ? 0 : this.read(target, start);
  }

  close(): void {
    this.closed = true;
  }

  #touch(): void {
    assert(!this.#busy, "touched while a call is under way");
    assert(this.needsInput, "touched before it needs input");
  }
}

for (const offLoop of [false, true]) {
  const where = offLoop ? "off the loop" : "on the loop";

  Deno.test(`a flush covers all writes before it, awaited or not, ${where}`, async () => {
    const codec = new Watchful(offLoop);
    const { readable, writable, flush } = createPullStream(codec, { chunkSize: 100 });
    const writer = writable.getWriter();
    const output = Array.fromAsync(readable);
    const jobs = [
      writer.write(Uint8Array.of(1)),
      writer.write(new Uint8Array()),
      writer.write(Uint8Array.of(2)),
      flush(() => codec.flush()),
      writer.write(Uint8Array.of(3)),
      flush(() => codec.flush()),
      flush(() => codec.flush()),
      writer.write(Uint8Array.of(4)),
      writer.close(),
    ];
    await Promise.all(jobs);
    assertEquals((await output).flatMap((chunk) => [...chunk]), [1, 2, 0xf1, 3, 0xf1, 0xf1, 4]);
    await assertRejects(() => flush(() => codec.flush()), TypeError, "it has ended");
  });

  Deno.test(`a flush before a close that is not awaited comes before the end, ${where}`, async () => {
    const codec = new Watchful(offLoop);
    const { readable, writable, flush } = createPullStream(codec, { chunkSize: 100 });
    const writer = writable.getWriter();
    const jobs = [writer.write(Uint8Array.of(1)), writer.close(), flush(() => codec.flush())];
    assertEquals((await Array.fromAsync(readable)).flatMap((chunk) => [...chunk]), [1, 0xf1]);
    await Promise.all(jobs);
  });

  Deno.test(`a flush fails with the error of its stream, ${where}`, async () => {
    const codec = new Watchful(offLoop);
    const { readable, writable, flush } = createPullStream(codec, { chunkSize: 100 });
    const reading = readable.getReader().read();
    const pending = flush(() => {
      throw new RangeError("broken");
    });
    await assertRejects(() => reading, RangeError, "broken");
    await assertRejects(() => pending, RangeError, "broken");
    await assertRejects(() => flush(() => codec.flush()), RangeError, "broken");
    await assertRejects(() => writable.getWriter().write(Uint8Array.of(1)), RangeError, "broken");
    assert(codec.closed);
  });

  Deno.test(`the end of the content cancels a source that is silent, ${where}`, async () => {
    const cancelled = Promise.withResolvers<unknown>();
    const source = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(Uint8Array.of(1, 2, 0xee, 9)),
      cancel: cancelled.resolve,
    });
    const codec = new Watchful(offLoop);
    const output = await Array.fromAsync(source.pipeThrough(createPullStream(codec, { chunkSize: 100 })));
    assertEquals(output.flatMap((chunk) => [...chunk]), [1, 2]);
    assert(await cancelled.promise instanceof TypeError);
    assert(codec.closed);
  });

  Deno.test(`a close after the end of the content succeeds, a write does not, ${where}`, async () => {
    const closing = createPullStream(new Watchful(offLoop), { chunkSize: 100 });
    const writer = closing.writable.getWriter();
    const jobs = [writer.write(Uint8Array.of(1, 0xee)), writer.close()];
    await Array.fromAsync(closing.readable);
    await Promise.all(jobs);

    const writing = createPullStream(new Watchful(offLoop), { chunkSize: 100 });
    const second = writing.writable.getWriter();
    const first = second.write(Uint8Array.of(1, 0xee));
    const late = second.write(Uint8Array.of(2));
    late.catch(() => {});
    await Array.fromAsync(writing.readable);
    await first;
    await assertRejects(() => late, TypeError, "its content has ended");
    await assertRejects(() => second.closed, TypeError);
  });

  Deno.test(`an end that arrives during a call is not lost, ${where}`, async () => {
    for (let pause = 0; pause < 4; pause++) {
      const { readable, writable } = createPullStream(new Watchful(offLoop), { chunkSize: 2 });
      const output = Array.fromAsync(readable);
      const writer = writable.getWriter();
      const writing = writer.write(Uint8Array.of(1, 2, 3));
      await new Promise((resolve) => setTimeout(resolve, pause));
      await Promise.all([writing, writer.close()]);
      assertEquals((await output).flatMap((chunk) => [...chunk]), [1, 2, 3]);
    }
  });

  Deno.test(`a signal ends a pending read of the stream and of the iterable, ${where}`, async () => {
    const controller = new AbortController();
    const { signal } = controller;
    const stream = createPullStream(new Watchful(offLoop), { chunkSize: 10, signal });
    const reading = stream.readable.getReader().read();
    const sources = {
      stream: new ReadableStream<Uint8Array>(),
      generator: (async function* () {
        yield Uint8Array.of(1);
        await new Promise(() => {});
      })(),
    };
    const iterations = Object.values(sources).map((source) =>
      Array.fromAsync(iterateCodec(new Watchful(offLoop), source, { chunkSize: 10, signal }))
    );
    for (const iteration of iterations) iteration.catch(() => {});
    await new Promise((resolve) => setTimeout(resolve, 5));
    controller.abort(new Error("enough"));
    await assertRejects(() => reading, Error, "enough");
    for (const iteration of iterations) await assertRejects(() => iteration, Error, "enough");
  });
}
