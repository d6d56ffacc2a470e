/**
 * Keeps a few closable things for the next caller instead of making them anew.
 *
 * @module
 */

/**
 * Idle things by key, oldest out first when there are too many.
 *
 * @example Taking back what was given
 * ```ts
 * import { IdlePool } from "@sluice/internal";
 * import { assertEquals, assertStrictEquals } from "@std/assert";
 *
 * const closed: string[] = [];
 * const make = (name: string) => ({ close: () => void closed.push(name) });
 * const pool = new IdlePool<{ close(): void }>(1);
 * const first = pool.acquire("key", () => make("first"));
 * pool.release("key", first);
 * assertStrictEquals(pool.acquire("key", () => make("second")), first);
 * pool.release("key", first);
 * pool.clear();
 * assertEquals(closed, ["first"]);
 * ```
 */
export class IdlePool<T extends { close(): void }> {
  readonly #capacity: number;
  readonly #idle: { key: string; thing: T }[] = [];

  /** A pool that keeps at most `capacity` idle things. */
  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** How many things are idle. */
  get idleCount(): number {
    return this.#idle.length;
  }

  /** Takes an idle thing with this key, or makes one. */
  acquire(key: string, make: () => T): T {
    const index = this.#idle.findLastIndex((entry) => entry.key === key);
    return index < 0 ? make() : this.#idle.splice(index, 1)[0]!.thing;
  }

  /** Gives a thing back; the oldest idle one is closed when there is no room. */
  release(key: string, thing: T): void {
    this.#idle.push({ key, thing });
    if (this.#idle.length > this.#capacity) this.#idle.shift()!.thing.close();
  }

  /** Closes everything idle. */
  clear(): void {
    for (const { thing } of this.#idle.splice(0)) thing.close();
  }
}
