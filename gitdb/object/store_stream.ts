/**
 * Storing many objects as a pair of streams.
 *
 * @module
 */
import { checkArgument, checkKeys, SluiceError } from "@sluice/internal";
import { createBulkStream } from "./_bulk_stream.ts";
import { GitObjectId as Id } from "./_object_id.ts";
import type { GitObjectInput, GitObjectWriter, GitResult, GitTransformStream } from "./object.ts";
import type { GitObjectId } from "./object_id.ts";

/** How {@linkcode createGitStoreStream} stores. */
export interface GitStoreStreamOptions {
  /** Inputs that may wait to be stored; a writer waits when so many do. @default {16} */
  readonly window?: number | undefined;
  /** Gives the stream up. */
  readonly signal?: AbortSignal | undefined;
}

const STREAM_OPTIONS: ReadonlySet<string> = new Set(["window", "signal"]);

/**
 * A pair of streams from objects to their ids, in order, stored in `writer`. An object that is refused gives a failed
 * result and does not end the stream.
 *
 * @example Two objects
 * ```ts
 * import { createGitStoreStream, GitMemoryStore } from "@sluice/gitdb";
 * import type { GitObjectInput } from "@sluice/gitdb";
 * import { assertEquals } from "@std/assert";
 *
 * const store = new GitMemoryStore();
 * const inputs: GitObjectInput[] = [{ type: "blob", body: "one" }, { type: "blob", body: "two" }];
 * const ids = ReadableStream.from(inputs).pipeThrough(createGitStoreStream(store));
 * for await (const result of ids) assertEquals(result.ok && await store.has(result.value), true);
 * ```
 */
export function createGitStoreStream(
  writer: GitObjectWriter,
  options: GitStoreStreamOptions = {},
): GitTransformStream<GitObjectInput, GitResult<GitObjectId>> {
  checkKeys(options, STREAM_OPTIONS);
  checkArgument(typeof writer?.write === "function", "store objects", writer, "a store to write to");
  const { signal } = options;
  return createBulkStream(async function* (inputs: readonly GitObjectInput[], start: number) {
    for (const [i, input] of inputs.entries()) {
      const index = start + i;
      let result: GitResult<GitObjectId>;
      try {
        result = { ok: true, index, value: await writer.write(input, { signal }) };
      } catch (error) {
        if (!(error instanceof SluiceError)) throw error;
        const id = input.id === undefined ? Id.zero() : Id.from(input.id);
        result = { ok: false, index, id, error };
      }
      yield [result];
    }
  }, { window: options.window ?? 16, signal });
}

/** What {@linkcode createGitStoreSink} does beside storing. */
export interface GitStoreSinkOptions {
  /** Called with the id of each object that was stored, and what it was made of. */
  readonly onStored?: ((id: GitObjectId, input: GitObjectInput) => void) | undefined;
}

const SINK_OPTIONS: ReadonlySet<string> = new Set<keyof GitStoreSinkOptions>(["onStored"]);

/**
 * A stream to write objects to, which are stored in `writer` one after the other. An object that is refused is an error of
 * the stream, and nothing is stored after it.
 *
 * @example Objects of a stream
 * ```ts
 * import { createGitStoreSink, GitMemoryStore } from "@sluice/gitdb";
 * import type { GitObjectInput } from "@sluice/gitdb";
 * import { assertEquals } from "@std/assert";
 *
 * const store = new GitMemoryStore();
 * const ids: string[] = [];
 * const inputs: GitObjectInput[] = [{ type: "blob", body: "one" }, { type: "blob", body: "" }];
 * await ReadableStream.from(inputs).pipeTo(createGitStoreSink(store, { onStored: (id) => void ids.push(`${id}`) }));
 * assertEquals([await store.count(), ids[1]], [2, "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"]);
 * ```
 */
export function createGitStoreSink(
  writer: GitObjectWriter,
  options: GitStoreSinkOptions = {},
): WritableStream<GitObjectInput> {
  checkKeys(options, SINK_OPTIONS);
  checkArgument(typeof writer?.write === "function", "store objects", writer, "a store to write to");
  return new WritableStream({
    async write(input, { signal }) {
      const id = await writer.write(input, { signal });
      options.onStored?.(id, input);
    },
  });
}
