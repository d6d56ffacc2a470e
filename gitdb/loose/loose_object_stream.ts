/**
 * The encoding of loose objects as pairs of streams.
 *
 * @module
 */
import type { BytesSource } from "@sluice/internal";
import { deferred, toBytes } from "@sluice/internal";
import { corrupt } from "../object/_errors.ts";
import { GitInflaterKernel, RESULT } from "../object/_codec.ts";
import { looksLoose, looseHeader, parseLooseHeader } from "./_loose_format.ts";
import { kindOfType } from "../object/_object_kind.ts";
import type { GitObjectType } from "../object/object.ts";

const CHUNK_SIZE = 64 << 10;
const WHAT = "an encoded object";

/** What the header of a loose object says. */
export interface GitLooseObjectHeader {
  /** Its type. */
  readonly type: GitObjectType;
  /** Bytes of its body. */
  readonly size: number;
}

/**
 * A pair of streams from a body to its encoding as a loose object.
 *
 * @example There and back
 * ```ts
 * import { GitLooseObjectDecoderStream, GitLooseObjectEncoderStream } from "@sluice/gitdb";
 * import { assertEquals } from "@std/assert";
 *
 * const decoder = new GitLooseObjectDecoderStream();
 * const body = new Blob(["text"]).stream().pipeThrough(new GitLooseObjectEncoderStream("blob", 4)).pipeThrough(decoder);
 * assertEquals(await new Response(body).text(), "text");
 * assertEquals(await decoder.header, { type: "blob", size: 4 });
 * ```
 */
export class GitLooseObjectEncoderStream {
  /** The encoding. */
  readonly readable: ReadableStream<Uint8Array<ArrayBuffer>>;
  /** Takes the body. */
  readonly writable: WritableStream<BytesSource>;

  /** Starts an object of a type and a size that its body has to have. */
  constructor(type: GitObjectType, size: number) {
    kindOfType(type);
    let left = size;
    const { readable, writable } = new TransformStream<BytesSource, Uint8Array<ArrayBuffer>>({
      start(controller): void {
        controller.enqueue(looseHeader(type, size));
      },
      transform(given, controller): void {
        const chunk = toBytes(given);
        left -= chunk.length;
        if (left < 0) throw wrongSize(size);
        controller.enqueue(chunk as Uint8Array<ArrayBuffer>);
      },
      flush(): void {
        if (left > 0) throw wrongSize(size);
      },
    });
    this.writable = writable;
    this.readable = readable.pipeThrough(new CompressionStream("deflate"));
  }
}

function wrongSize(size: number): Error {
  return corrupt("a body", `it has not the ${size} bytes that were announced`, "SIZE_MISMATCH");
}

/**
 * A pair of streams from the encoding of a loose object to its body, in bounded memory.
 *
 * @example An object whose stream is cut off
 * ```ts
 * import { GitLooseObjectDecoderStream } from "@sluice/gitdb";
 * import { assertRejects } from "@std/assert";
 *
 * const cut = new Blob([new Uint8Array([0x78, 0x01])]).stream().pipeThrough(new GitLooseObjectDecoderStream());
 * await assertRejects(() => new Response(cut).arrayBuffer());
 * ```
 */
export class GitLooseObjectDecoderStream {
  /** The body. */
  readonly readable: ReadableStream<Uint8Array<ArrayBuffer>>;
  /** Takes the encoding. */
  readonly writable: WritableStream<BytesSource>;
  /** What the header says, once it has come. */
  readonly header: Promise<GitLooseObjectHeader>;

  /** Starts to decode. */
  constructor() {
    // Long: both sides of the stream are closures over the header and what is left of the body.
    const inflater = new GitInflaterKernel();
    const known = deferred<GitLooseObjectHeader>();
    known.promise.catch(() => {}); // nobody has to ask for it
    this.header = known.promise;
    let head: Uint8Array<ArrayBuffer> = new Uint8Array();
    let left: number | undefined;
    let ended = false;
    let first = true;

    /** Takes inflated bytes: the header first, then the body. */
    function take(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
      if (left === undefined) {
        const joined = new Uint8Array(head.length + bytes.length);
        joined.set(head);
        joined.set(bytes, head.length);
        head = joined;
        const header = parseLooseHeader(head, WHAT);
        if (header === undefined) return new Uint8Array();
        known.resolve({ type: header.type, size: header.size });
        left = header.size;
        bytes = head.subarray(header.length);
      }
      left -= bytes.length;
      if (left < 0) throw corrupt(WHAT, "it is longer than its header says", "SIZE_MISMATCH");
      return bytes;
    }

    function release(reason: unknown): void {
      inflater.close();
      known.reject(reason);
    }

    const { readable, writable } = new TransformStream<BytesSource, Uint8Array<ArrayBuffer>>({
      transform(given, controller): void {
        try {
          const chunk = toBytes(given);
          if (first && chunk.length >= 2 && !looksLoose(chunk)) {
            throw corrupt(WHAT, "it is no zlib stream", "BAD_MAGIC", 0);
          }
          first = false;
          if (ended && chunk.length > 0) throw corrupt(WHAT, "bytes follow its end", "TRAILING_DATA");
          for (let at = 0; !ended;) {
            const output = new Uint8Array(CHUNK_SIZE);
            const result = inflater.step(chunk, at, output, 0);
            if (result < 0) throw corrupt(WHAT, "its stream is corrupt", "CORRUPT", inflater.totalIn);
            at += inflater.consumed;
            const body = take(output.subarray(0, inflater.produced));
            if (body.length > 0) controller.enqueue(body);
            ended = result === RESULT.FRAME_END;
            if (ended && at < chunk.length) throw corrupt(WHAT, "bytes follow its end", "TRAILING_DATA");
            if (result === RESULT.OK) break;
          }
        } catch (error) {
          release(error);
          throw error;
        }
      },
      flush(): void {
        const fault = !ended
          ? corrupt(WHAT, "its stream ends too early", "TRUNCATED")
          : left !== 0
          ? corrupt(WHAT, "it is shorter than its header says", "SIZE_MISMATCH")
          : undefined;
        release(fault);
        if (fault !== undefined) throw fault;
      },
      cancel: release,
    });
    this.readable = readable;
    this.writable = writable;
  }
}
