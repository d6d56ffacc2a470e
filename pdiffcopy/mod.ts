/**
 * Copies of large files that are mostly there already: only blocks that differ travel, over plain HTTP, in parallel, and
 * nothing is lost whatever interrupts it.
 *
 * @example A copy within this machine
 * ```ts
 * import { PdiffClient } from "@sluice/pdiffcopy";
 * import { assertEquals } from "@std/assert";
 *
 * const directory = await Deno.makeTempDir();
 * const [source, target] = [`${directory}/source`, `${directory}/target`];
 * await Deno.writeFile(source, new Uint8Array(300_000).fill(1));
 * const result = await new PdiffClient({ source, target }).synchronize();
 * assertEquals(result.bytesTransferred, 300_000);
 * assertEquals((await Deno.stat(target)).size, 300_000);
 * await Deno.remove(directory, { recursive: true });
 * ```
 *
 * @module
 */
export * from "./client.ts";
export * from "./client/benchmark.ts";
export * from "./file/hash.ts";
export * from "./index/index_copy.ts";
export * from "./file/operations.ts";
export * from "./index/pdiff_index.ts";
export * from "./file/worker_pool.ts";
export * from "./server.ts";
