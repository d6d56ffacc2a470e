/**
 * Stand-in for `jsr:@std/testing/mock`: spies and stubs, with the same names, types and behaviour.
 *
 * @module
 */
import { AssertionError } from "@std/assert/assertion-error";
import { assertEquals } from "@std/assert/equals";
import { assertIsError } from "@std/assert/is-error";

/** A spy or stub was used in a way that can't work. */
export class MockError extends Error {
  /** Makes an error with a message. */
  constructor(message: string) {
    super(message);
    this.name = "MockError";
  }
}

// deno-lint-ignore no-explicit-any
type AnyArgs = any[];
// deno-lint-ignore no-explicit-any
type Any = any;

/** One call of a spy. */
export interface SpyCall<Self = Any, Args extends unknown[] = AnyArgs, Return = Any> {
  /** The arguments. */
  args: Args;
  /** What was returned; absent when it threw. */
  returned?: Return;
  /** What was thrown; absent when it returned. */
  error?: Error;
  /** The value of `this`. */
  self?: Self;
}

/** A function that records its calls. */
export interface Spy<Self = Any, Args extends unknown[] = AnyArgs, Return = Any> {
  (this: Self, ...args: Args): Return;
  /** The function behind it. */
  original: (this: Self, ...args: Args) => Return;
  /** What was called, in order. */
  calls: SpyCall<Self, Args, Return>[];
  /** Whether the original is back in its place. */
  restored: boolean;
  /** Puts the original back. */
  restore(): void;
}

/** A spy in the place of a method. */
export interface MethodSpy<Self = Any, Args extends unknown[] = AnyArgs, Return = Any>
  extends Spy<Self, Args, Return>, Disposable {}

/** A spy in the place of a method that does something else. */
export interface Stub<Self = Any, Args extends unknown[] = AnyArgs, Return = Any>
  extends MethodSpy<Self, Args, Return> {
  /** What is called instead. */
  fake: (this: Self, ...args: Args) => Return;
}

type ArgsOf<Self, Name extends keyof Self> = Self[Name] extends (...args: infer Args) => unknown ? Args
  : never;
type ReturnOf<Self, Name extends keyof Self> = Self[Name] extends (...args: AnyArgs) => infer Return ? Return
  : never;

/** A function that records its calls and passes them to `target`. */
function recorder<Self, Args extends unknown[], Return>(
  target: (this: Self, ...args: Args) => Return,
  facts: { original: unknown; restore: () => void },
): Spy<Self, Args, Return> {
  const calls: SpyCall<Self, Args, Return>[] = [];
  function spied(this: Self, ...args: Args): Return {
    const call: SpyCall<Self, Args, Return> = { args };
    if (this !== undefined) call.self = this;
    calls.push(call);
    try {
      const returned = target.apply(this, args);
      call.returned = returned;
      return returned;
    } catch (error) {
      call.error = error as Error;
      throw error;
    }
  }
  let restored = false;
  Object.defineProperties(spied, {
    original: { enumerable: true, value: facts.original },
    calls: { enumerable: true, value: calls },
    restored: { enumerable: true, get: () => restored },
    restore: {
      enumerable: true,
      value: () => {
        if (restored) throw new MockError("Cannot restore: instance method already restored");
        facts.restore();
        restored = true;
      },
    },
  });
  return spied as unknown as Spy<Self, Args, Return>;
}

/** Puts a recorder in the place of a method. */
function replace<Self, Args extends unknown[], Return>(
  self: Self,
  property: keyof Self,
  target: (this: Self, ...args: Args) => Return,
): MethodSpy<Self, Args, Return> {
  const own = Object.getOwnPropertyDescriptor(self, property);
  if (own !== undefined && !own.configurable) {
    throw new MockError("Cannot spy: non-configurable instance method");
  }
  const method = recorder(target, {
    original: self[property],
    restore: () => {
      if (own === undefined) delete self[property];
      else Object.defineProperty(self, property, own);
    },
  });
  Object.defineProperty(method, Symbol.dispose, {
    value: () => method.restored || method.restore(),
  });
  Object.defineProperty(self, property, {
    configurable: true,
    enumerable: own?.enumerable ?? false,
    writable: own?.writable ?? true,
    value: method,
  });
  return method as MethodSpy<Self, Args, Return>;
}

/** A spy that returns undefined. */
export function spy<Self = Any, Args extends unknown[] = AnyArgs, Return = undefined>(): Spy<
  Self,
  Args,
  Return
>;
/** A spy in front of a function. */
export function spy<Self, Args extends unknown[], Return>(
  func: (this: Self, ...args: Args) => Return,
): Spy<Self, Args, Return>;
/** A spy in front of a method; call `restore` or dispose of it when done. */
export function spy<Self, Name extends keyof Self>(
  self: Self,
  property: Name,
): MethodSpy<Self, ArgsOf<Self, Name>, ReturnOf<Self, Name>>;
export function spy(target?: Any, property?: PropertyKey): Any {
  if (property === undefined) {
    const original = target ?? ((): void => {});
    return recorder(original, {
      original,
      restore: () => {
        throw new MockError("Cannot restore: function cannot be restored");
      },
    });
  }
  if (typeof target[property] !== "function") {
    throw new MockError("Cannot spy: property is not an instance method");
  }
  return replace(target, property as never, target[property]);
}

/** Replaces a method by a function, or by one that returns undefined; call `restore` or dispose of it when done. */
export function stub<Self, Name extends keyof Self>(
  self: Self,
  property: Name,
): Stub<Self, ArgsOf<Self, Name>, ReturnOf<Self, Name>>;
/** Replaces a method by a function. */
export function stub<Self, Name extends keyof Self>(
  self: Self,
  property: Name,
  func: (this: Self, ...args: ArgsOf<Self, Name>) => ReturnOf<Self, Name>,
): Stub<Self, ArgsOf<Self, Name>, ReturnOf<Self, Name>>;
export function stub(self: Any, property: PropertyKey, func?: Any): Any {
  if (self[property] !== undefined && typeof self[property] !== "function") {
    throw new MockError("Cannot stub: property is not an instance method");
  }
  const fake = func ?? ((): void => {});
  const method = replace(self, property as never, fake);
  Object.defineProperty(method, "fake", { enumerable: true, value: fake });
  return method;
}

/** Asserts how often a spy was called. */
export function assertSpyCalls<Self, Args extends unknown[], Return>(
  spy: Spy<Self, Args, Return>,
  expectedCalls: number,
): void {
  if (spy.calls.length === expectedCalls) return;
  const kind = spy.calls.length < expectedCalls ? "not called as much as" : "called more than";
  throw new AssertionError(
    `Spy ${kind} expected:\n-   ${spy.calls.length}\n+   ${expectedCalls}\n`,
  );
}

/** What one call must have been; what is left out is not looked at. */
export interface ExpectedSpyCall<Self = Any, Args extends unknown[] = AnyArgs, Return = Any> {
  /** The arguments. */
  args?: [...Args, ...unknown[]];
  /** What was returned. */
  returned?: Return;
  /** The value of `this`. */
  self?: Self;
  /** What was thrown. */
  error?: {
    /** Its class. */
    // deno-lint-ignore no-explicit-any
    Class?: new (...args: any[]) => Error;
    /** A part of its message, or a pattern for it. */
    msgIncludes?: string;
  };
}

/** Asserts that a spy was called, and how. */
export function assertSpyCall<Self, Args extends unknown[], Return>(
  spy: Spy<Self, Args, Return>,
  callIndex: number,
  expected?: ExpectedSpyCall<Self, Args, Return>,
): void {
  const call = spy.calls[callIndex];
  if (call === undefined) {
    throw new AssertionError(`Expected spy call at index ${callIndex} but it was not called`);
  }
  if (expected === undefined) return;
  if (expected.args !== undefined) assertEquals<unknown[]>(call.args, expected.args);
  if ("self" in expected) assertEquals(call.self, expected.self);
  if ("returned" in expected) {
    if ("error" in expected) {
      throw new TypeError("Cannot check a call: do not expect a result and an error at once");
    }
    if (call.error !== undefined) {
      throw new AssertionError("Expected spy call did not return a value, an error was thrown.");
    }
    assertEquals(call.returned, expected.returned);
  }
  if (expected.error !== undefined) {
    if ("returned" in call) {
      throw new AssertionError("Expected spy call did not throw an error, a value was returned.");
    }
    assertIsError(call.error, expected.error.Class, expected.error.msgIncludes);
  }
}

/** A function that returns the values one by one, and throws those that are errors. */
export function returnsNext<Return, Self = Any, Args extends unknown[] = AnyArgs>(
  values: Iterable<Return | Error>,
): (this: Self, ...args: Args) => Return {
  const iterator = values[Symbol.iterator]();
  let calls = 0;
  return (): Return => {
    const next = iterator.next();
    if (next.done) {
      throw new MockError(`Cannot return a value: not expected to be called more than ${calls} times`);
    }
    calls++;
    if (next.value instanceof Error) throw next.value;
    return next.value;
  };
}
