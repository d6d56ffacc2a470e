type Key = string | symbol;

/** Classes whose values are equal when their texts are. */
const COMPARED_AS_TEXT: readonly (abstract new (...args: never[]) => unknown)[] = [
  RegExp,
  URL,
  URLSearchParams,
  Intl.Locale,
];

function isPlain(value: object): boolean {
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype || prototype === Array.prototype;
}

/** Own keys; for instances of classes the keys of the classes as well, so that getters count. */
function keysOf(value: object): Set<Key> {
  const keys = new Set<Key>();
  let level: object | null = value;
  while (level !== null && level !== Object.prototype && level !== Array.prototype) {
    for (const key of Reflect.ownKeys(level)) keys.add(key);
    level = isPlain(value) ? null : Object.getPrototypeOf(level);
  }
  return keys;
}

function samePrototype(a: object, b: object): boolean {
  const [left, right] = [Object.getPrototypeOf(a), Object.getPrototypeOf(b)];
  return left === right || (left ?? Object.prototype) === (right ?? Object.prototype);
}

type NumberArray = ArrayLike<number | bigint>;

function isNumberArray(value: object): value is object & NumberArray {
  return ArrayBuffer.isView(value) && !(value instanceof DataView);
}

function sameNumbers(a: NumberArray, b: NumberArray): boolean {
  if (a.length !== b.length) return false;
  for (let index = 0; index < a.length; index++) {
    if (a[index] !== b[index] && !(Number.isNaN(a[index]) && Number.isNaN(b[index]))) return false;
  }
  return true;
}

/** Whether two values have the same content, all the way down. Cycles are fine. */
export function equal(a: unknown, b: unknown): boolean {
  /** Pairs that are being compared, taken as equal when they come up again. */
  const pending = new Map<object, Set<object>>();

  function sameItems(left: Set<unknown>, right: Set<unknown>): boolean {
    const rest = [...right].filter((item) => !left.has(item));
    for (const item of left) {
      if (right.has(item)) continue;
      const index = rest.findIndex((other) => same(item, other));
      if (index < 0) return false;
      rest.splice(index, 1);
    }
    return rest.length === 0;
  }

  function sameEntries(left: Map<unknown, unknown>, right: Map<unknown, unknown>): boolean {
    const rest = [...right];
    for (const entry of left) {
      const index = rest.findIndex((other) => same(entry[0], other[0]) && same(entry[1], other[1]));
      if (index < 0) return false;
      rest.splice(index, 1);
    }
    return rest.length === 0;
  }

  function sameProperties(left: object, right: object): boolean {
    const keys = keysOf(left);
    const others = keysOf(right);
    if (keys.size !== others.size) return false;
    for (const key of keys) {
      if (!others.has(key)) return false;
      if (!same(Reflect.get(left, key), Reflect.get(right, key))) return false;
    }
    return true;
  }

  function same(left: unknown, right: unknown): boolean {
    if (left === right || Object.is(left, right)) return true;
    if (typeof left !== "object" || typeof right !== "object" || left === null || right === null) {
      return false;
    }
    if (left instanceof Date && right instanceof Date) return Object.is(left.getTime(), right.getTime());
    if (!samePrototype(left, right)) return false;
    if (isNumberArray(left) && isNumberArray(right)) return sameNumbers(left, right);
    if (COMPARED_AS_TEXT.some((type) => left instanceof type)) return String(left) === String(right);
    if (left instanceof WeakMap || left instanceof WeakSet) {
      throw new TypeError(`Cannot compare ${left.constructor.name} instances`);
    }
    if (left instanceof WeakRef && !same(left.deref(), (right as WeakRef<WeakKey>).deref())) return false;
    if (pending.get(left)?.has(right)) return true;
    if (pending.has(left)) pending.get(left)!.add(right);
    else pending.set(left, new Set([right]));
    if (left instanceof Set) return sameItems(left, right as Set<unknown>);
    if (left instanceof Map) return sameEntries(left, right as Map<unknown, unknown>);
    return sameProperties(left, right);
  }

  return same(a, b);
}
