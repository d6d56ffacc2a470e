/**
 * Makes native objects on each backend, forgets them, and prints how many the collector left. Run with `--expose-gc`.
 */
import { liveHandleCount } from "@sluice/ffi";
import { GitStoreKernel } from "../gitdb/kernel/store.ts";
import { GitJobKernel } from "../gitdb/kernel/job.ts";
import { ZstdEncoderDictionary, ZstdEncoderKernel } from "../zstd/kernel/encoder.ts";
import { BACKENDS } from "./_backends.ts";

/** Makes four objects: a store with a job on it, and a context that refers to a dictionary. */
function forget(backend: "native" | "wasm"): void {
  const store = new GitStoreKernel({ hashSize: 20, pageBudget: 1 << 20, cacheBudget: 1 << 20, backend });
  new GitJobKernel(store, { ids: new Uint8Array(20), flags: 0, threads: 1 });
  const kernel = new ZstdEncoderKernel({ maxMemory: 0, backend });
  const parameters = new Int32Array([100, 1]);
  kernel.configure(parameters);
  kernel.useDictionary(new ZstdEncoderDictionary(kernel, new Uint8Array(1000).fill(7), 1, parameters));
}

const { gc } = globalThis as unknown as { gc(): void };
for (const backend of BACKENDS) {
  for (let i = 0; i < 25; i++) forget(backend);
  const made = liveHandleCount();
  for (let i = 0; i < 50 && liveHandleCount() > 0; i++) {
    gc();
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  console.log(`${backend}: ${made} made, ${liveHandleCount()} left`);
}
