/**
 * Deltas: applying, making, and composing them.
 *
 * @module
 */
import {
  checkArgument,
  checkKeys,
  checkNumber,
  isAnyIterable,
  LimitExceededError,
  toBytes,
} from "@sluice/internal";
import type { BytesSource } from "@sluice/internal";
import { applyDeltaBytes, deltaSizes, ProgramCodec } from "./_codec.ts";
import { makeDeltaBytes } from "./_deflate.ts";

/** Limits of {@linkcode applyGitDelta}. */
export interface GitApplyDeltaOptions {
  /** The largest target that is made, in bytes. @default {2147483648} */
  readonly maxOutputSize?: number | undefined;
}

const MAX_OUTPUT_SIZE = 2 ** 31;

const APPLY_OPTIONS: ReadonlySet<string> = new Set(["maxOutputSize"]);
const COMPOSE_OPTIONS: ReadonlySet<string> = new Set(["maxSegments"]);

/**
 * Applies a delta to its base.
 *
 * @throws {CorruptDataError} If the delta breaks the rules of its format or does not fit the base.
 * @throws {LimitExceededError} If the target is larger than `maxOutputSize`.
 *
 * @example A copy and a literal
 * ```ts
 * import { applyGitDelta } from "@sluice/gitdb";
 * import { assertEquals } from "@std/assert";
 *
 * const base = new TextEncoder().encode("hello");
 * const delta = new Uint8Array([5, 6, 0x90, 5, 1, 0x21]);
 * assertEquals(new TextDecoder().decode(applyGitDelta(base, delta)), "hello!");
 * ```
 */
export function applyGitDelta(
  base: BytesSource,
  delta: BytesSource,
  options: GitApplyDeltaOptions = {},
): Uint8Array<ArrayBuffer> {
  checkKeys(options, APPLY_OPTIONS);
  const bytes = toBytes(delta);
  const { target } = deltaSizes(bytes);
  const limit = options.maxOutputSize ?? MAX_OUTPUT_SIZE;
  if (target > limit) throw targetTooLarge(target, limit);
  return applyDeltaBytes(toBytes(base), bytes, new Uint8Array(target));
}

/**
 * Makes a delta from a base to a target; undefined where it would have more than `sizeMax` bytes.
 *
 * @example There and back
 * ```ts
 * import { applyGitDelta, makeGitDelta } from "@sluice/gitdb";
 * import { assert, assertEquals } from "@std/assert";
 *
 * const base = new TextEncoder().encode("one line of text, and another line of text");
 * const target = new TextEncoder().encode("one line of text, and yet another line of text");
 * const delta = makeGitDelta(base, target);
 * assert(delta !== undefined && delta.length < target.length);
 * assertEquals(applyGitDelta(base, delta), target);
 * ```
 */
export function makeGitDelta(
  base: BytesSource,
  target: BytesSource,
  sizeMax: number = target.byteLength + (target.byteLength >>> 6) + 32,
): Uint8Array<ArrayBuffer> | undefined {
  return makeDeltaBytes(toBytes(base), toBytes(target), sizeMax);
}

function targetTooLarge(actual: number, limit: number): LimitExceededError {
  return new LimitExceededError(`Cannot apply a delta: its target has ${actual} bytes, more than ${limit}`, {
    format: "git",
    code: "OBJECT_TOO_LARGE",
    limit,
    actual,
    unit: "bytes",
  });
}

const SEGMENTS_MAX = 4 << 20;
const CHUNK_SIZE = 256 << 10;

/**
 * A chain of deltas as one: what the target is made of, from literals and from the base that the oldest delta stands on.
 * Applying it takes one pass, however long the chain is.
 *
 * @example Two deltas at once
 * ```ts
 * import { applyGitDelta, GitDeltaProgram, makeGitDelta } from "@sluice/gitdb";
 * import { assertEquals } from "@std/assert";
 *
 * const bytes = (text: string) => new TextEncoder().encode(text);
 * const first = bytes("the first of three versions of a text");
 * const second = bytes("the second of three versions of a text");
 * const third = bytes("the third of three versions of a text");
 * const deltas = [makeGitDelta(second, third)!, makeGitDelta(first, second)!];
 * using program = GitDeltaProgram.compose(deltas);
 * assertEquals(program.apply(first), third);
 * ```
 */
export class GitDeltaProgram implements Disposable {
  readonly #codec: ProgramCodec;

  private constructor(codec: ProgramCodec) {
    this.#codec = codec;
  }

  /**
   * Composes deltas, the newest first.
   *
   * @throws {CorruptDataError} If a delta is corrupt, or does not fit the one before it.
   * @throws {LimitExceededError} If the result has more than `maxSegments` segments.
   */
  static compose(
    deltas: Iterable<BytesSource>,
    options: { readonly maxSegments?: number | undefined } = {},
  ): GitDeltaProgram {
    checkKeys(options, COMPOSE_OPTIONS);
    checkArgument(isAnyIterable(deltas), "compose deltas", deltas, "an iterable of deltas");
    const codec = new ProgramCodec(options.maxSegments ?? SEGMENTS_MAX);
    try {
      let count = 0;
      for (const delta of deltas) {
        codec.push(toBytes(delta));
        count++;
      }
      if (count === 0) throw new RangeError("Cannot compose deltas: there are none, expected at least one");
      return new GitDeltaProgram(codec);
    } catch (error) {
      codec.close();
      throw error;
    }
  }

  /** How many segments it has. */
  get length(): number {
    return this.#codec.facts.length;
  }

  /** Bytes of the target. */
  get targetSize(): number {
    return this.#codec.facts.targetSize;
  }

  /** Bytes that the base must have. */
  get baseSize(): number {
    return this.#codec.facts.baseSize;
  }

  /**
   * Checks that it makes a target of so many bytes from a base of so many.
   *
   * @throws {RangeError} If it does not.
   */
  check(targetSize: number, baseSize: number = this.baseSize): void {
    checkNumber("targetSize", targetSize);
    checkNumber("baseSize", baseSize);
    if (this.targetSize === targetSize && this.baseSize === baseSize) return;
    throw new RangeError(
      `Cannot use a program that makes ${this.targetSize} bytes of ${this.baseSize}: expected ${targetSize} of ${baseSize}`,
    );
  }

  /** Joins literals that stand side by side; the result is the same. */
  coalesce(): this {
    this.#codec.coalesce();
    return this;
  }

  /** Makes the target. */
  apply(base: BytesSource): Uint8Array<ArrayBuffer> {
    const bytes = toBytes(base);
    if (this.targetSize > MAX_OUTPUT_SIZE) throw targetTooLarge(this.targetSize, MAX_OUTPUT_SIZE);
    const target = new Uint8Array(this.targetSize);
    this.#codec.apply(bytes, 0, target);
    return target;
  }

  /** The target in pieces, made as they are read. The program has to stay open meanwhile. */
  stream(base: BytesSource): ReadableStream<Uint8Array<ArrayBuffer>> {
    const bytes = toBytes(base);
    this.check(this.targetSize, bytes.length);
    let position = 0;
    return new ReadableStream({
      pull: (controller): void => {
        const chunk = new Uint8Array(Math.min(CHUNK_SIZE, this.targetSize - position));
        if (chunk.length === 0) return controller.close();
        this.#codec.apply(bytes, position, chunk);
        position += chunk.length;
        controller.enqueue(chunk);
      },
    }, { highWaterMark: 0 });
  }

  /** Frees its memory; calling it again does nothing. */
  close(): void {
    this.#codec.close();
  }

  /** Frees its memory. */
  [Symbol.dispose](): void {
    this.close();
  }
}
