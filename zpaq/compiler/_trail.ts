/**
 * Maps whose changes can be taken back.
 */

/** What changes replaced, the oldest first. */
export class Trail {
  readonly #steps: {
    readonly map: Map<unknown, unknown>;
    readonly key: unknown;
    readonly before: unknown;
  }[] = [];

  get length(): number {
    return this.#steps.length;
  }

  /** Takes note of a change that is about to be made. */
  note(map: Map<unknown, unknown>, key: unknown): void {
    this.#steps.push({ map, key, before: map.get(key) });
  }

  /** Takes changes back until so many are left. */
  rollBack(length: number): void {
    while (this.#steps.length > length) {
      const { map, key, before } = this.#steps.pop()!;
      if (before === undefined) map.delete(key);
      else map.set(key, before);
    }
  }
}

/** A map whose changes are on a trail; no value is undefined. */
export class TrailedMap<Key, Item extends NonNullable<unknown>> {
  readonly #map = new Map<Key, Item>();
  readonly #trail: Trail;

  constructor(trail: Trail) {
    this.#trail = trail;
  }

  get(key: Key): Item | undefined {
    return this.#map.get(key);
  }

  set(key: Key, value: Item): void {
    this.#trail.note(this.#map, key);
    this.#map.set(key, value);
  }

  delete(key: Key): void {
    if (!this.#map.has(key)) return;
    this.#trail.note(this.#map, key);
    this.#map.delete(key);
  }

  keys(): IterableIterator<Key> {
    return this.#map.keys();
  }
}
