/**
 * The server of files that are copied in part, without the client, so that programs which only serve start sooner.
 * `@sluice/pdiffcopy` has all of this.
 *
 * @example A folder that everybody on this machine may read
 * ```ts
 * import { servePdiff } from "@sluice/pdiffcopy/server";
 * import { assertEquals } from "@std/assert";
 *
 * const root = await Deno.makeTempDir();
 * {
 *   await using server = servePdiff({ root, port: 0 });
 *   const answer = await fetch(`http://127.0.0.1:${server.port}/v2/caps`);
 *   assertEquals([answer.status, typeof await answer.json()], [200, "object"]);
 * }
 * await Deno.remove(root);
 * ```
 *
 * @module
 */
export * from "./file/constants.ts";
export * from "./server/server.ts";
export * from "@sluice/internal/faults";
