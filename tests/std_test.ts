/**
 * The stand-ins in vendor/std behave as the documentation of the real packages says.
 */
import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertExists,
  assertGreater,
  assertGreaterOrEqual,
  assertInstanceOf,
  AssertionError,
  assertLess,
  assertLessOrEqual,
  assertMatch,
  assertNotEquals,
  assertRejects,
  assertStrictEquals,
  assertStringIncludes,
  assertThrows,
  equal,
  fail,
} from "@std/assert";
import { parseArgs } from "@std/cli/parse-args";
import { concatReadableStreams, toArrayBuffer, toBlob, toText } from "@std/streams";
import { assertSpyCall, assertSpyCalls, MockError, returnsNext, spy, stub } from "@std/testing/mock";

class Point {
  constructor(readonly x: number, readonly y: number) {}
  get sum(): number {
    return this.x + this.y;
  }
}

const EQUAL: readonly (readonly [name: string, a: unknown, b: unknown])[] = [
  ["zeros", 0, -0],
  ["NaN", NaN, NaN],
  ["nested objects", { a: [1, { b: 2 }] }, { a: [1, { b: 2 }] }],
  ["an object without prototype", Object.assign(Object.create(null), { a: 1 }), { a: 1 }],
  ["dates", new Date(5), new Date(5)],
  ["invalid dates", new Date(NaN), new Date(NaN)],
  ["patterns", /a/g, /a/g],
  ["URLs", new URL("https://example.test"), new URL("https://example.test/")],
  ["sets in another order", new Set([1, new Set([2, 3])]), new Set([new Set([3, 2]), 1])],
  ["maps with object keys", new Map([[{ x: 1 }, [1]]]), new Map([[{ x: 1 }, [1]]])],
  ["typed arrays", new Uint8Array([1, 2]), new Uint8Array([0, 1, 2]).subarray(1)],
  ["instances", new Point(1, 2), new Point(1, 2)],
];

Deno.test("equal compares by content", () => {
  for (const [name, a, b] of EQUAL) assert(equal(a, b), name);
});

const DIFFERENT: readonly (readonly [name: string, a: unknown, b: unknown])[] = [
  ["types", 1, "1"],
  ["null and undefined", null, undefined],
  ["an undefined property and none", { a: undefined }, {}],
  ["other keys", { a: undefined }, { b: undefined }],
  ["lengths", [1, 2, 3], [1, 2]],
  ["order of arrays", [1, 2], [2, 1]],
  ["typed array classes", new Uint8Array([1]), new Int8Array([1])],
  ["typed arrays", new Uint8Array([1, 2]), new Uint8Array([1, 3])],
  ["classes", new Point(1, 2), { x: 1, y: 2 }],
  ["set members", new Set([1, 2]), new Set([1, 3])],
  ["map values", new Map([[1, 1]]), new Map([[1, 2]])],
  ["functions", () => 1, () => 1],
  ["dates", new Date(1), new Date(2)],
];

Deno.test("equal tells different content apart", () => {
  for (const [name, a, b] of DIFFERENT) assertStrictEquals(equal(a, b), false, name);
});

Deno.test("equal follows cycles", () => {
  const a: { self?: unknown } = {};
  a.self = a;
  const b: { self?: unknown } = {};
  b.self = b;
  assert(equal(a, b));
  assertThrows(() => equal(new WeakMap(), new WeakMap()), TypeError, "WeakMap");
});

/** An assertion that fails, and what its message says. */
const FAILURES: readonly (readonly [name: string, message: string, fails: () => unknown])[] = [
  ["assert", "no good", () => assert(0, "no good")],
  ["assertEquals", "Values are not equal.", () => assertEquals(1, 2)],
  ["assertEquals with a message", "Values are not equal: really", () => assertEquals(1, 2, "really")],
  ["assertNotEquals", "not to be", () => assertNotEquals([1], [1])],
  ["assertStrictEquals", "not strictly equal", () => assertStrictEquals(0, -0)],
  ["assertStrictEquals on a copy", "not reference-equal", () => assertStrictEquals([1], [1])],
  ["assertExists", "to not be null or undefined", () => assertExists(null)],
  [
    "assertInstanceOf",
    'Expected object to be an instance of "RegExp" but was "Date".',
    () => assertInstanceOf(new Date(), RegExp),
  ],
  ["assertInstanceOf on a number", 'but was "number"', () => assertInstanceOf(5, Number)],
  ["assertStringIncludes", 'Expected actual: "abc" to contain: "x".', () => assertStringIncludes("abc", "x")],
  ["assertMatch", 'Expected actual: "abc" to match: "/x/"', () => assertMatch("abc", /x/)],
  ["assertGreater", "Expect 1 > 1", () => assertGreater(1, 1)],
  ["assertGreaterOrEqual", "Expect 0 >= 1", () => assertGreaterOrEqual(0, 1)],
  ["assertLess", "Expect 1 < 1", () => assertLess(1, 1)],
  ["assertLessOrEqual", "Expect 2 <= 1", () => assertLessOrEqual(2, 1)],
  ["assertAlmostEquals", "to be close to", () => assertAlmostEquals(1, 1.1)],
  ["fail", "Failed assertion: why", () => fail("why")],
  ["assertThrows without a throw", "Expected function to throw.", () => assertThrows(() => {})],
  ["assertThrows with a message", "Expected function to throw: so", () => assertThrows(() => {}, "so")],
  [
    "assertThrows on another class",
    'Expected error to be instance of "RangeError", but was "TypeError"',
    () =>
      assertThrows(() => {
        throw new TypeError("x");
      }, RangeError),
  ],
  [
    "assertThrows on another message",
    'Expected error message to include "y", but got "x".',
    () =>
      assertThrows(
        () => {
          throw new TypeError("x");
        },
        TypeError,
        "y",
      ),
  ],
  [
    "assertThrows on no error",
    "A non-Error object was thrown.",
    () =>
      assertThrows(() => {
        throw "x";
      }, Error),
  ],
];

for (const [name, message, fails] of FAILURES) {
  Deno.test(`a failing ${name} says so`, () => {
    const error = assertThrows(fails, AssertionError, message);
    assertStrictEquals(error.name, "AssertionError");
  });
}

Deno.test("assertions that hold are silent", () => {
  assertAlmostEquals(0.1 + 0.2, 0.3);
  assertAlmostEquals(9e20, 9.0000000001e20);
  assertAlmostEquals(1, 1.5, 0.5);
  assertGreaterOrEqual(1, 1);
  assertLessOrEqual(1n, 2n);
  assertMatch("abc", /b/);
  assertExists(0);
  assertNotEquals(1, 2);
  const caught = assertThrows(() => {
    throw null;
  });
  assertStrictEquals(caught, null);
});

Deno.test("assertRejects resolves to the reason", async () => {
  const error = await assertRejects(() => Promise.reject(new RangeError("far out")), RangeError, "far");
  assertStrictEquals(error.message, "far out");
  await assertRejects(
    () => assertRejects(() => Promise.resolve(1)),
    AssertionError,
    "Expected function to reject.",
  );
  await assertRejects(
    () =>
      assertRejects(() => {
        throw new Error("at once");
      }),
    AssertionError,
    "Function throws when expected to reject",
  );
});

type Options = Parameters<typeof parseArgs>[1];
const ARGUMENTS: readonly (readonly [line: string, options: Options, expected: unknown])[] = [
  ["--name value --flag x=1", {}, { name: "value", flag: "x=1", _: [] }],
  ["--level=19 a 7", {}, { level: 19, _: ["a", 7] }],
  ["--hex 0xff -n5 -x 1e3", {}, { hex: 255, n: 5, x: 1000, _: [] }],
  ["-abc d", {}, { a: true, b: true, c: "d", _: [] }],
  ["-xyz/foo", {}, { x: true, y: true, z: "/foo", _: [] }],
  ["-f=abc=def", {}, { f: "abc=def", _: [] }],
  ["-123 456", {}, { 1: true, 2: true, 3: 456, _: [] }],
  ["-", {}, { _: ["-"] }],
  ["-n -", {}, { n: "-", _: [] }],
  ["-f-", {}, { f: "-", _: [] }],
  ["-b -", { boolean: "b" }, { b: true, _: ["-"] }],
  ["--a -- b 1", {}, { a: true, _: ["b", "1"] }],
  ["--a x -- b", { "--": true }, { a: "x", _: [], "--": ["b"] }],
  ["--a x y --b", { stopEarly: true }, { a: "x", _: ["y", "--b"] }],
  ["--force x", { boolean: ["force", "quiet"] }, { force: true, quiet: false, _: ["x"] }],
  ["--force=false", { boolean: "force" }, { force: false, _: [] }],
  ["--force false x", { boolean: "force" }, { force: false, _: ["x"] }],
  ["--honk cow -p 5 --t=go", { boolean: true }, { honk: true, p: 5, t: "go", _: ["cow"] }],
  ["--no-moo", {}, { "no-moo": true, _: [] }],
  ["--check --no-check", { boolean: "check", negatable: "check" }, { check: false, _: [] }],
  ["--s 0001", { string: "s" }, { s: "0001", _: [] }],
  ["--s", { string: "s" }, { s: "", _: [] }],
  ["5", { string: "_" }, { _: ["5"] }],
  ["--o a --o b --p c --p d", { collect: "o" }, { o: ["a", "b"], p: "d", _: [] }],
  ["", { string: "o", collect: "o" }, { o: [], _: [] }],
  ["-o a --out b", { alias: { o: "out" } }, { o: "b", out: "b", _: [] }],
  ["-h x", { alias: { h: ["help", "usage"] }, boolean: "h" }, { h: true, help: true, usage: true, _: ["x"] }],
  ["--a 1", { default: { a: 2, b: 3 } }, { a: 1, b: 3, _: [] }],
  ["", { default: { a: 2 }, alias: { a: "x" } }, { a: 2, x: 2, _: [] }],
  ["--a.b 1 --a.c", {}, { a: { b: 1, c: true }, _: [] }],
  ["-k --keep x", { boolean: "keep", unknown: (arg) => arg === "x" }, { keep: true, _: ["x"] }],
];

for (const [line, options, expected] of ARGUMENTS) {
  Deno.test(`parseArgs reads "${line}" with ${Deno.inspect(options)}`, () => {
    assertEquals<unknown>(parseArgs(line === "" ? [] : line.split(" "), options), expected);
  });
}

Deno.test("parseArgs tells what it does not know", () => {
  const unknown: unknown[] = [];
  parseArgs(["--bad", "--good", "x", "y"], {
    string: "good",
    unknown: (arg, key, value) => unknown.push([arg, key, value]),
  });
  assertEquals(unknown, [["--bad", "bad", true], ["y", undefined, undefined]]);
});

Deno.test("parseArgs types what the options declare", () => {
  const args = parseArgs(["-o", "x"], {
    boolean: ["force"],
    string: ["output", "include"],
    collect: ["include"],
    alias: { output: "o" },
    default: { level: 3 },
  });
  const force: boolean = args.force;
  const output: string | undefined = args.output;
  const short: string | undefined = args.o;
  const include: string[] = args.include;
  assertEquals<unknown>([force, output, short, include, args.level, args._], [false, "x", "x", [], 3, []]);
});

Deno.test("the stream helpers collect and join", async () => {
  const bytes = (...values: number[]): ReadableStream<Uint8Array<ArrayBuffer>> =>
    ReadableStream.from(values.map((value) => new Uint8Array([value])));
  assertEquals(new Uint8Array(await toArrayBuffer(bytes(1, 2, 3))), new Uint8Array([1, 2, 3]));
  assertEquals(await toText(bytes(0xc3, 0xa4)), "ä");
  assertEquals(await toText(ReadableStream.from(["a", "b"])), "ab");
  assertEquals((await toBlob(bytes(1, 2))).size, 2);
  assertEquals((await Array.fromAsync(concatReadableStreams(bytes(1), bytes(), bytes(2)))).length, 2);
});

Deno.test("concatReadableStreams passes a cancel on to every stream", async () => {
  const reasons: unknown[] = [];
  const open = (): ReadableStream<number> =>
    new ReadableStream({
      pull: (controller) => controller.enqueue(1),
      cancel: (reason) => void reasons.push(reason),
    });
  const reader = concatReadableStreams(open(), open()).getReader();
  await reader.read();
  await reader.cancel("enough");
  assertEquals(reasons, ["enough", "enough"]);
});

Deno.test("spy records calls, results and errors", () => {
  const half = spy((value: number): number => {
    if (value % 2 !== 0) throw new RangeError("odd");
    return value / 2;
  });
  assertEquals(half(4), 2);
  assertThrows(() => half(3), RangeError);
  assertSpyCalls(half, 2);
  assertSpyCall(half, 0, { args: [4], returned: 2 });
  assertSpyCall(half, 1, { error: { Class: RangeError, msgIncludes: "odd" } });
  assertThrows(() => assertSpyCalls(half, 1), AssertionError);
  assertThrows(() => assertSpyCall(half, 2), AssertionError);
  assertThrows(() => half.restore(), MockError, "cannot be restored");
});

Deno.test("stub replaces a method until it is disposed of", () => {
  const point = { name: (): string => "real" };
  const { name } = point;
  {
    using replaced = stub(point, "name", returnsNext(["one", new RangeError("two")]));
    assertEquals(point.name(), "one");
    assertThrows(() => point.name(), RangeError, "two");
    assertThrows(() => point.name(), MockError, "not expected to be called more than 2 times");
    assertSpyCalls(replaced, 3);
    assertStrictEquals(replaced.original, name);
  }
  assertStrictEquals(point.name, name);
});
