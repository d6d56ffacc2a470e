/**
 * Hashing what passes by.
 *
 * @module
 */
import { checkArgument, checkKeys, deferred, toBytes } from "@sluice/internal";
import type { BytesSource } from "@sluice/internal";
import { GitHashKernel } from "./_codec.ts";
import { HASH_SIZE } from "./_object_id.ts";
import type { GitHashAlgorithm } from "./object_id.ts";

/** Options of {@linkcode GitHashStream}. */
export interface GitHashStreamOptions {
  /** Refuse bytes that were made to collide under SHA-1 (code "SHA1_COLLISION"). @default {false} */
  readonly collisionDetection?: boolean | undefined;
}

const HASH_OPTIONS: ReadonlySet<string> = new Set(["collisionDetection"]);

/**
 * A pair of streams that lets bytes through as they are and hashes them.
 *
 * @example The hash of a stream
 * ```ts
 * import { GitHashStream } from "@sluice/gitdb";
 * import { assertEquals } from "@std/assert";
 *
 * const hashing = new GitHashStream("sha1");
 * const passed = new Response("abc").body!.pipeThrough(hashing);
 * assertEquals(await new Response(passed).text(), "abc");
 * assertEquals((await hashing.digest).toHex(), "a9993e364706816aba3e25717850c26c9cd0d89d");
 * ```
 */
export class GitHashStream {
  /** What was written. */
  readonly readable: ReadableStream<Uint8Array<ArrayBuffer>>;
  /** Takes bytes. */
  readonly writable: WritableStream<BytesSource>;
  /** The hash of everything, once the input has ended. */
  readonly digest: Promise<Uint8Array<ArrayBuffer>>;

  /** Starts a hash. */
  constructor(algorithm: GitHashAlgorithm = "sha1", options: GitHashStreamOptions = {}) {
    checkKeys(options, HASH_OPTIONS);
    checkArgument(Object.hasOwn(HASH_SIZE, algorithm), "hash an object", algorithm, "sha1 or sha256");
    const kernel = new GitHashKernel(HASH_SIZE[algorithm], { outside: options.collisionDetection });
    const { promise, resolve, reject } = deferred<Uint8Array<ArrayBuffer>>();
    promise.catch(() => {}); // nobody has to ask for it
    const { readable, writable } = new TransformStream<BytesSource, Uint8Array<ArrayBuffer>>({
      transform(given, controller): void {
        try {
          const chunk = toBytes(given);
          kernel.update(chunk);
          controller.enqueue(chunk as Uint8Array<ArrayBuffer>);
        } catch (error) {
          kernel.close();
          reject(error);
          throw error;
        }
      },
      flush(): void {
        try {
          resolve(kernel.digest());
        } catch (error) {
          reject(error);
          throw error;
        } finally {
          kernel.close();
        }
      },
      cancel(reason): void {
        kernel.close();
        reject(reason);
      },
    });
    this.readable = readable;
    this.writable = writable;
    this.digest = promise;
  }
}
