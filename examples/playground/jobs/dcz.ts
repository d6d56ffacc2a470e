/**
 * A new version of a file sent to somebody who has the old one.
 */
import { compressZstd } from "@sluice/zstd";
import { compressDcz, DczDictionary, decompressDcz } from "@sluice/zstd/http";
import type { Bytes, DczSize, Job } from "./messages.ts";
import { collect } from "./streams.ts";

async function timed(label: string, make: () => Bytes | Promise<Bytes>): Promise<[DczSize, Bytes]> {
  const started = performance.now();
  const body = await make();
  return [{ label, bytes: body.length, seconds: (performance.now() - started) / 1000 }, body];
}

/** The sizes of the bodies that a server could send, smallest last. */
export const dcz: Job<"dcz"> = async function* ({ before, after }) {
  const [old, next] = [new Uint8Array(await before.arrayBuffer()), new Uint8Array(await after.arrayBuffer())];
  yield { label: "identity", bytes: next.length, seconds: 0 };
  const gzip = () => collect(after.stream().pipeThrough(new CompressionStream("gzip")));
  yield (await timed("gzip", gzip))[0];
  yield (await timed("zstd", () => compressZstd(next, { level: 3 })))[0];
  const dictionary = await DczDictionary.from(old);
  try {
    const [size, body] = await timed("dcz", () => compressDcz(next, { dictionary, level: 3 }));
    const copy = await decompressDcz(body, { dictionaries: [dictionary] });
    if (copy.length !== next.length || copy.some((byte, i) => byte !== next[i])) {
      throw new Error("The dcz body does not give the new version");
    }
    yield size;
  } finally {
    dictionary.close();
  }
};
