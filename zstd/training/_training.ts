/**
 * Training and finalizing dictionaries in the library: samples go there in one buffer.
 */
import type { BackendChoice } from "@sluice/ffi";
import { finalizeDictionary, trainDictionary, trainDictionarySync } from "../kernel/training.ts";
import type { ZstdSampleSlab, ZstdTrained, ZstdTrainingNumbers } from "../kernel/training.ts";
import { SegmentedBuffer, toBytes } from "@sluice/internal";
import type { BytesSource } from "@sluice/internal";

/** The bytes of a trained dictionary, and what its training came to. */
export interface Trained {
  readonly bytes: Uint8Array;
  readonly k: number;
  readonly d: number;
}

type Samples = Iterable<BytesSource> | SegmentedBuffer;

/** Trains a dictionary of at most `size` bytes on the event loop. */
export function train(
  samples: Samples,
  numbers: ZstdTrainingNumbers,
  size: number,
  backend: BackendChoice | undefined,
): Trained {
  const target = new Uint8Array(size);
  return trained(target, trainDictionarySync(slab(samples), numbers, target, backend));
}

/** As `train`, off the event loop where the backend can. */
export async function trainAsync(
  samples: Samples,
  numbers: ZstdTrainingNumbers,
  size: number,
  backend: BackendChoice | undefined,
): Promise<Trained> {
  const target = new Uint8Array(size);
  return trained(target, await trainDictionary(slab(samples), numbers, target, backend));
}

/** Gives content a dictionary header; the whole has at most `size` bytes. */
export function finalize(
  content: Uint8Array,
  samples: Samples,
  level: number,
  id: number,
  size: number,
  backend: BackendChoice | undefined,
): Uint8Array {
  const target = new Uint8Array(size);
  return target.subarray(0, finalizeDictionary(content, slab(samples), level, id, target, backend));
}

function trained(target: Uint8Array, { size, k, d }: ZstdTrained): Trained {
  return { bytes: target.subarray(0, size), k, d };
}

/** All samples one after the other. */
function slab(samples: Iterable<BytesSource> | SegmentedBuffer): ZstdSampleSlab {
  const buffer = samples instanceof SegmentedBuffer ? samples : Array.from(samples, toBytes);
  const sizes = Uint32Array.from(buffer, ({ length }) => length);
  if (sizes.length === 0) throw new RangeError("Cannot train a dictionary: no sample is given");
  const bytes = new Uint8Array(sizes.reduce((sum, size) => sum + size, 0));
  let offset = 0;
  for (const sample of buffer) {
    bytes.set(sample, offset);
    offset += sample.length;
  }
  return { bytes, sizes };
}
