/**
 * Objects of packs that are too large to be made ahead: their bodies come from a stream of the kernel.
 */
import { GitObjectStreamKernel } from "../kernel/object_stream.ts";
import { toPath } from "../object/_fs.ts";
import type { PackEngine } from "./_pack_engine.ts";
import { RESULT } from "./_pack_engine.ts";
import { MEMORY_BUDGET } from "../object/_options.ts";
import { StreamedObject } from "../object/_stored_object.ts";
import type { Facts } from "../object/_stored_object.ts";
import type { GitReadOptions } from "../object/object.ts";

const CHUNK_SIZE = 256 << 10;

/** Opens the stream of an object. */
async function openStream(
  engine: PackEngine,
  pack: number,
  offset: number,
  options: GitReadOptions,
): Promise<GitObjectStreamKernel> {
  const { signal, maxMemory = MEMORY_BUDGET, spillFolder } = options;
  const folder = spillFolder === undefined || engine.kernel.backend !== "native" ? "" : toPath(spillFolder);
  const stream = new GitObjectStreamKernel(engine.kernel, pack, offset, maxMemory, folder);
  try {
    const result = await engine.settle(() => stream.openAsync(), signal, stream);
    if (result !== RESULT.OK) throw engine.kernel.error(result, "open an object", offset);
    return stream;
  } catch (error) {
    stream.close();
    throw error;
  }
}

/** An object of a pack whose body is read when it is asked for. */
export function packObject(engine: PackEngine, facts: Facts, options: GitReadOptions): StreamedObject {
  const { id, size } = facts;
  const { pack, offset } = facts.packed!;

  function openBody(bodyOptions: GitReadOptions): ReadableStream<Uint8Array<ArrayBuffer>> {
    let stream: GitObjectStreamKernel | undefined;
    let released = false;
    const signal = bodyOptions.signal;
    const release = (): void => {
      if (released || stream === undefined) return;
      released = true;
      stream.close();
    };
    return new ReadableStream({
      type: "bytes",
      async pull(controller): Promise<void> {
        try {
          signal?.throwIfAborted();
          stream ??= await openStream(engine, pack, offset, bodyOptions);
          const view = controller.byobRequest?.view as ArrayBufferView<ArrayBuffer> | null | undefined;
          const target = view
            ? new Uint8Array(view.buffer, view.byteOffset, view.byteLength)
            : new Uint8Array(CHUNK_SIZE);
          let filled = 0;
          let result: number;
          do {
            result = await stream.readAsync(target, filled, target.length);
            filled += stream.produced;
            if (result === RESULT.NEEDS_BYTES) await engine.supply(stream, signal);
          } while (result === RESULT.NEEDS_BYTES && filled < target.length);
          if (result < 0) throw engine.kernel.error(result, `read object ${id}`, offset);
          if (controller.byobRequest !== null) {
            if (filled > 0) controller.byobRequest!.respond(filled);
          } else if (filled > 0) controller.enqueue(target.subarray(0, filled));
          if (result === RESULT.FRAME_END) {
            release();
            controller.close();
            controller.byobRequest?.respond(0);
          }
        } catch (error) {
          release();
          throw error;
        }
      },
      cancel: release,
    });
  }

  async function readWhole(wholeOptions: GitReadOptions): Promise<Uint8Array<ArrayBuffer>> {
    // The target is in memory anyway, so its base may be too.
    const { signal } = wholeOptions;
    const stream = await openStream(engine, pack, offset, { signal, maxMemory: Infinity });
    try {
      const target = new Uint8Array(size);
      let filled = 0;
      while (true) {
        const result = await stream.readAsync(target, filled, size);
        filled += stream.produced;
        if (result === RESULT.NEEDS_BYTES) await engine.supply(stream, signal);
        else if (result < 0) throw engine.kernel.error(result, `read object ${id}`, offset);
        else if (result === RESULT.FRAME_END) return target;
      }
    } finally {
      stream.close();
    }
  }

  return new StreamedObject(facts, options, openBody, readWhole);
}
