import {
  checkBoolean,
  checkChoice,
  checkInteger,
  checkKeys,
  checkLimit,
  concatBytes,
  CorruptDataError,
  IdlePool,
  LimitExceededError,
  readU16,
  readU24,
  readU32,
  readU64,
  SluiceError,
  toBytes,
  writeU32,
} from "@sluice/internal";
import * as internal from "@sluice/internal";
import { assert, assertEquals, assertInstanceOf, assertThrows } from "@std/assert";

Deno.test("toBytes views everything that holds bytes and copies shared memory", () => {
  const bytes = Uint8Array.of(1, 2, 3, 4);
  assert(toBytes(bytes) === bytes);
  assertEquals(toBytes(bytes.buffer), bytes);
  assertEquals(toBytes(new DataView(bytes.buffer, 1, 2)), Uint8Array.of(2, 3));
  assertEquals(toBytes(new Uint16Array(bytes.buffer)), bytes);
  const shared = new SharedArrayBuffer(2);
  const copy = toBytes(new Uint8Array(shared));
  new Uint8Array(shared)[0] = 9;
  assertEquals(copy, Uint8Array.of(0, 0));
  assertEquals(toBytes(shared), Uint8Array.of(9, 0));
  for (const value of ["text", null, undefined, 7, [1], {}]) {
    assertThrows(() => toBytes(value as unknown as Uint8Array), TypeError, "expected a typed array");
  }
});

Deno.test("numbers are little-endian and unsigned", () => {
  const bytes = Uint8Array.of(0xff, 0xfe, 0xfd, 0xfc, 0xfb, 0xfa, 0xf9, 0xf8);
  assertEquals([readU16(bytes, 0), readU24(bytes, 0), readU32(bytes, 0)], [0xfeff, 0xfdfeff, 0xfcfdfeff]);
  assertEquals(readU64(bytes, 0), 0xf8f9fafbfcfdfeffn);
  const written = new Uint8Array(5);
  writeU32(written, 1, 0xfcfdfeff);
  assertEquals(written, Uint8Array.of(0, 0xff, 0xfe, 0xfd, 0xfc));
});

Deno.test("concatBytes joins and passes a single chunk on", () => {
  const one = Uint8Array.of(1);
  assert(concatBytes([one]) === one);
  assertEquals(concatBytes([one, new Uint8Array(), Uint8Array.of(2, 3)]), Uint8Array.of(1, 2, 3));
  assertEquals(concatBytes([]), new Uint8Array());
});

Deno.test("option checks tell types from ranges and name the option", () => {
  assertEquals(checkInteger("level", 3, 0, 9), 3);
  for (const value of [1.5, NaN, -1, 10, Infinity]) {
    assertThrows(() => checkInteger("level", value, 0, 9), RangeError, '"level"');
  }
  for (const value of ["3", null, {}, undefined]) {
    assertThrows(() => checkInteger("level", value, 0, 9), TypeError, '"level"');
  }
  assertEquals([checkLimit("max", Infinity), checkLimit("max", 5)], [Infinity, 5]);
  assertThrows(() => checkLimit("max", -1), RangeError);
  assertEquals(checkBoolean("flag", false), false);
  assertThrows(() => checkBoolean("flag", 0), TypeError);
  assertEquals(checkChoice("mode", "a", ["a", "b"]), "a");
  assertThrows(() => checkChoice("mode", "c", ["a", "b"]), RangeError, "expected one of a, b");
  checkKeys({ a: 1 }, new Set(["a"]));
  assertThrows(() => checkKeys({ b: 1 }, new Set(["a"])), TypeError, '"b" is not known');
});

Deno.test("every error class has its own name, its facts and its cause", () => {
  const cause = new Error("below");
  const facts = { format: "zstd", code: "CORRUPT", offset: 5, errno: 20, cause } as const;
  for (const [name, value] of Object.entries(internal)) {
    if (!name.endsWith("Error") || typeof value !== "function") continue;
    const make = value as unknown as new (message: string, options: object) => SluiceError;
    const error = new make("Cannot do it", { ...facts, limit: 1, unit: "bytes" });
    assertInstanceOf(error, SluiceError);
    assertEquals([error.name, error.message, error.code, error.offset], [name, "Cannot do it", "CORRUPT", 5]);
    assert(error.cause === cause);
  }
  const limit = new LimitExceededError("m", { ...facts, limit: 3, actual: 4, unit: "bytes" });
  assertEquals([limit.limit, limit.actual, limit.unit], [3, 4, "bytes"]);
  assertEquals(new CorruptDataError("m", { format: "x", code: "TRUNCATED" }).offset, undefined);
});

Deno.test("IdlePool gives back by key and closes the oldest when it is full", () => {
  const closed: number[] = [];
  const make = (id: number) => ({ id, close: () => void closed.push(id) });
  const pool = new IdlePool<ReturnType<typeof make>>(2);
  pool.release("a", make(1));
  pool.release("b", make(2));
  assertEquals(pool.acquire("b", () => make(9)).id, 2);
  assertEquals(pool.acquire("b", () => make(3)).id, 3);
  pool.release("b", make(4));
  pool.release("b", make(5));
  assertEquals([closed, pool.idleCount], [[1], 2]);
  pool.clear();
  assertEquals([closed, pool.idleCount], [[1, 4, 5], 0]);
});
