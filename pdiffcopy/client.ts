/**
 * Copies of files and directories to and from servers, and on this machine, without the server itself, so that programs
 * which only copy start sooner. `@sluice/pdiffcopy` has all of this.
 *
 * @example A directory
 * ```ts
 * import { copyPdiffTree } from "@sluice/pdiffcopy/client";
 * import { assertEquals } from "@std/assert";
 *
 * const directory = await Deno.makeTempDir();
 * const [source, target] = [`${directory}/source`, `${directory}/target`];
 * await Deno.mkdir(source);
 * await Deno.writeTextFile(`${source}/hello`, "world");
 * assertEquals((await copyPdiffTree({ source, target })).filesCopied, 1);
 * assertEquals(await Deno.readTextFile(`${target}/hello`), "world");
 * await Deno.remove(directory, { recursive: true });
 * ```
 *
 * @module
 */
export * from "./client/client.ts";
export * from "./client/client_options.ts";
export * from "./client/tree.ts";
export * from "./file/constants.ts";
export * from "./file/location.ts";
export * from "./file/sizes.ts";
export type { SluiceProgress } from "@sluice/internal";
export * from "@sluice/internal/faults";
export * from "@sluice/internal/sources";
