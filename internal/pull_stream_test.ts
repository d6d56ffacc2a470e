/**
 * The stream pair with a codec that is easy to follow: it writes every input byte `factor` times.
 */
import { createPullStream, iterateCodec, readAvailable } from "@sluice/internal";
import type { PullCodec } from "@sluice/internal";
import { assert, assertEquals, assertRejects } from "@std/assert";

class Repeater implements PullCodec {
  readonly offLoop: boolean;
  readonly #factor: number;
  #chunk: Uint8Array = new Uint8Array();
  #pos = 0;
  #repeated = 0;
  #ended = false;
  closed = 0;
  reads = 0;

  constructor(factor: number, offLoop = false) {
    this.#factor = factor;
    this.offLoop = offLoop;
  }

  get needsInput(): boolean {
    return !this.#ended && this.#pos === this.#chunk.length;
  }

  get done(): boolean {
    return this.#ended && this.#pos === this.#chunk.length;
  }

  write(chunk: Uint8Array): void {
    assert(this.needsInput, "written to before it needs input");
    this.#chunk = chunk;
    this.#pos = 0;
  }

  end(): void {
    assert(this.needsInput, "ended before it needs input");
    this.#ended = true;
  }

  read(target: Uint8Array<ArrayBuffer>, start: number): number {
    assert(this.closed === 0, "read after close");
    this.reads++;
    let at = start;
    while (at < target.length && this.#pos < this.#chunk.length) {
      if (this.#chunk[this.#pos] === 0xff) throw new RangeError("no 0xff please");
      target[at++] = this.#chunk[this.#pos]!;
      if (++this.#repeated === this.#factor) {
        this.#repeated = 0;
        this.#pos++;
      }
    }
    return at - start;
  }

  async readAsync(target: Uint8Array<ArrayBuffer>, start: number): Promise<number> {
    await new Promise((resolve) => setTimeout(resolve, 0));
    return this.closed > 0 ? 0 : this.read(target, start);
  }

  close(): void {
    this.closed++;
  }
}

for (const offLoop of [false, true]) {
  const where = offLoop ? "off the loop" : "on the loop";

  Deno.test(`createPullStream gives one chunk a pull, ${where}`, async () => {
    const codec = new Repeater(1000, offLoop);
    const { readable, writable } = createPullStream(codec, { chunkSize: 100 });
    const writer = writable.getWriter();
    const writing = writer.write(new Uint8Array([1, 2, 3]));
    await new Promise((resolve) => setTimeout(resolve, 2));
    assertEquals(codec.reads, 0);
    const reader = readable.getReader();
    for (let i = 1; i <= 30; i++) {
      const { value } = await reader.read();
      assertEquals([value!.length, value![0]], [100, Math.ceil(i / 10)]);
      assertEquals(codec.reads, i);
    }
    await Promise.all([writing, writer.close(), reader.read()]);
    assertEquals(codec.closed, 1);
  });

  Deno.test(`createPullStream keeps order over many writes, ${where}`, async () => {
    const { readable, writable } = createPullStream(new Repeater(3, offLoop), { chunkSize: 7 });
    const writer = writable.getWriter();
    const writes: Promise<void>[] = [];
    for (let i = 0; i < 50; i++) {
      writes.push(writer.write(Uint8Array.of(i, i + 1)), writer.write(new Uint8Array()));
    }
    writes.push(writer.close());
    const output = (await Array.fromAsync(readable)).flatMap((chunk) => [...chunk]);
    await Promise.all(writes);
    assertEquals(output, Array.from({ length: 50 }, (_, i) => [i, i, i, i + 1, i + 1, i + 1]).flat());
  });

  Deno.test(`createPullStream fails both sides with the codec's error, ${where}`, async () => {
    const codec = new Repeater(1, offLoop);
    const { readable, writable } = createPullStream(codec, { chunkSize: 10 });
    const writer = writable.getWriter();
    const writing = writer.write(new Uint8Array([0xff]));
    const error = await assertRejects(() => readable.getReader().read(), RangeError);
    assertEquals(await assertRejects(() => writing), error);
    await assertRejects(() => writer.write(new Uint8Array([1])), RangeError);
    assertEquals(codec.closed, 1);
  });

  Deno.test(`createPullStream ends a read that waits when the writer aborts, ${where}`, async () => {
    const codec = new Repeater(1, offLoop);
    const { readable, writable } = createPullStream(codec, { chunkSize: 10 });
    const reading = readable.getReader().read();
    await new Promise((resolve) => setTimeout(resolve, 2));
    await writable.abort(new Error("gone"));
    await assertRejects(() => reading, Error, "gone");
    assertEquals(codec.closed, 1);
  });

  Deno.test(`createPullStream lets a waiting writer go when the reader cancels, ${where}`, async () => {
    const codec = new Repeater(1000, offLoop);
    const { readable, writable } = createPullStream(codec, { chunkSize: 10 });
    const writing = writable.getWriter().write(new Uint8Array([1, 2]));
    const reader = readable.getReader();
    await reader.read();
    await reader.cancel(new Error("enough"));
    await assertRejects(() => writing, Error, "enough");
    assertEquals(codec.closed, 1);
  });

  Deno.test(`iterateCodec closes its codec however it ends, ${where}`, async () => {
    const finished = new Repeater(2, offLoop);
    const output = await Array.fromAsync(
      iterateCodec(finished, [Uint8Array.of(1), Uint8Array.of(2)], { chunkSize: 3 }),
    );
    assertEquals(output.flatMap((chunk) => [...chunk]), [1, 1, 2, 2]);
    assertEquals(finished.closed, 1);

    const left = new Repeater(1000, offLoop);
    for await (const chunk of iterateCodec(left, [Uint8Array.of(1)], { chunkSize: 10 })) {
      assertEquals(chunk.length, 10);
      break;
    }
    assertEquals(left.closed, 1);

    const wrong = new Repeater(1, offLoop);
    await assertRejects(
      () => Array.fromAsync(iterateCodec(wrong, 7 as unknown as Uint8Array, { chunkSize: 10 })),
      TypeError,
    );
    assertEquals(wrong.closed, 1);
  });
}

Deno.test("createPullStream runs an action between writes", async () => {
  const codec = new Repeater(1);
  const { readable, writable, flush } = createPullStream(codec, { chunkSize: 10 });
  const writer = writable.getWriter();
  const order: string[] = [];
  const reading = Array.fromAsync(readable);
  await writer.write(Uint8Array.of(1));
  await flush(() => {
    order.push("action");
  });
  await writer.close();
  assertEquals([order, (await reading).map((chunk) => chunk[0])], [["action"], [1]]);
  await assertRejects(() => flush(() => order.push("never")), TypeError, "it has ended");
  assertEquals(order, ["action"]);
});

Deno.test("readAvailable stops at the wanted size", () => {
  const codec = new Repeater(100);
  codec.write(Uint8Array.of(7));
  assertEquals(readAvailable(codec, 16, 30).length, 30);
  assertEquals(readAvailable(codec, 16, Infinity).length, 70);
  assertEquals(readAvailable(codec, 16, Infinity).length, 0);
});

for (const offLoop of [false, true]) {
  Deno.test(`a chunk begun for one reader reaches the next, ${offLoop ? "off" : "on"} the loop`, async () => {
    const { readable, writable } = createPullStream(new Repeater(100, offLoop), { chunkSize: 1000 });
    const first = readable.getReader();
    const left = first.read();
    left.catch(() => {}); // ends with the lock
    await new Promise((resolve) => setTimeout(resolve, 2));
    first.releaseLock();
    const reader = readable.getReader({ mode: "byob" });
    const writer = writable.getWriter();
    const writing = Promise.all([writer.write(Uint8Array.of(1, 2, 3)), writer.close()]);
    const output: number[] = [];
    while (true) {
      const { value, done } = await reader.read(new Uint8Array(70));
      output.push(...value ?? []);
      if (done) break;
    }
    await writing;
    assertEquals(output, [1, 2, 3].flatMap((byte) => new Array(100).fill(byte)));
  });
}

Deno.test("a write is rejected when the call that uses its bytes has ended", async () => {
  const codec = new Repeater(1000, true);
  const { readable, writable } = createPullStream(codec, { chunkSize: 10 });
  let rejected = false;
  const writing = writable.getWriter().write(Uint8Array.of(1)).catch(() => rejected = true);
  const reader = readable.getReader();
  const reading = reader.read();
  reading.catch(() => {});
  await Promise.resolve();
  await reader.cancel(new Error("enough"));
  assertEquals([codec.closed, rejected], [1, false]);
  await writing;
  assert(rejected);
});
