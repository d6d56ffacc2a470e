import { assert, assertEquals, assertThrows } from "@std/assert";
import { readWhole, readWholeAsync } from "@sluice/internal";
import type { PullCodec } from "@sluice/internal";

/** Gives `size` bytes, at most `most` a read, and counts the rooms that it was offered. */
class Counter implements PullCodec {
  readonly needsInput = false;
  readonly rooms: number[] = [];
  #left: number;

  constructor(size: number, readonly most: number, readonly offLoop: boolean) {
    this.#left = size;
  }

  get done(): boolean {
    return this.#left === 0;
  }

  write(): void {}

  end(): void {}

  read(target: Uint8Array<ArrayBuffer>, start: number): number {
    this.rooms.push(target.length);
    const count = Math.min(this.#left, this.most, target.length - start);
    target.fill(7, start, start + count);
    this.#left -= count;
    return count;
  }

  readAsync(target: Uint8Array<ArrayBuffer>, start: number): Promise<number> {
    return Promise.resolve(this.read(target, start));
  }

  close(): void {}
}

for (const size of [0, 1, 99, 100, 101, 1000, 70_000]) {
  for (const expected of [0, 1, 100, 1000, 80_000]) {
    Deno.test(`a whole output of ${size} bytes where ${expected} are expected`, async () => {
      const plan = { expected, limit: 1 << 20, pieceSize: 4096 };
      const content = readWhole(new Counter(size, 1000, false), plan);
      assertEquals(content, new Uint8Array(size).fill(7));
      assert(content.buffer.byteLength <= Math.max(2 * size, expected === size ? size : 1 << 20));
      for (const offLoop of [false, true]) {
        const codec = new Counter(size, 1000, offLoop);
        const same = await readWholeAsync(codec, plan);
        assertEquals(same, content);
        assert(codec.rooms.every((room) => room <= plan.pieceSize));
      }
    });
  }
}

Deno.test("a whole output never takes more than its limit at a time", () => {
  const limit = 100 << 20;
  const codec = new Counter(limit, Infinity, false);
  const content = readWhole(codec, { expected: 1 << 20, limit, pieceSize: Infinity });
  assertEquals(content.length, limit);
  assertEquals(content.buffer.byteLength, limit);
  assertEquals(codec.rooms, [1 << 20, 1, (64 << 20) - (1 << 20) - 1, 1, (36 << 20) - 1]);
});

Deno.test("a whole output passes on what its codec throws", () => {
  const codec = new Counter(10, 5, false);
  codec.read = () => {
    throw new RangeError("no more");
  };
  assertThrows(() => readWhole(codec, { expected: 10, limit: 10, pieceSize: 10 }), RangeError, "no more");
});
