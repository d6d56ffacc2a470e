/**
 * What the components of a model guess, bit by bit.
 */
import type { BackendChoice } from "@sluice/ffi";
import { CorruptDataError } from "@sluice/internal";
import { openEncoder } from "./_segment_encoder.ts";

/** Bytes that are predicted per call. */
const CHUNK_SIZE = 64;

/** One bit of data with what was guessed of it. */
export interface Prediction {
  readonly bit: number;
  readonly logits: Int32Array<ArrayBuffer>;
  readonly probability: number;
}

/** The predictions of every bit of `data`. */
export function* predictions(
  header: Uint8Array,
  data: Uint8Array,
  backend: BackendChoice | undefined,
): Generator<Prediction, void, undefined> {
  const count = header[6] ?? 0;
  if (count === 0) {
    throw new CorruptDataError("Cannot trace a model: it has no components", {
      format: "zpaq",
      code: "HEADER",
    });
  }
  const width = count + 1;
  const kernel = openEncoder(header, 0, backend);
  try {
    for (let at = 0; at < data.length;) {
      const numbers = new Uint32Array(CHUNK_SIZE * 8 * width);
      const result = kernel.predict(data, at, numbers);
      if (result < 0) throw kernel.error(result, "trace a model", at);
      for (let i = 0; i < kernel.consumed * 8; i++) {
        const row = numbers.subarray(i * width, (i + 1) * width);
        yield {
          bit: data[at + (i >> 3)]! >> (7 - (i & 7)) & 1,
          logits: Int32Array.from(row.subarray(0, count)),
          probability: row[count]!,
        };
      }
      at += kernel.consumed;
    }
  } finally {
    kernel.close();
  }
}
