/**
 * "zstd" for the streams of the Web platform.
 *
 * @module
 */
import { createPullStream } from "@sluice/internal";
import type { PullCodec } from "@sluice/internal";
import { resolveCompressOptions } from "../options/_compress_options.ts";
import { resolveStreamingOptions } from "../options/_decompress_options.ts";
import { CHUNK_SIZE_DEFAULT } from "../options/_stream_options.ts";
import { DecoderCodec } from "./_decoder_codec.ts";
import { EncoderCodec } from "./_encoder_codec.ts";

/** Which of the two streams were replaced, because they did not know "zstd". */
export interface ZstdStreamsInstalled {
  /** Whether `CompressionStream` was. */
  readonly compression: boolean;
  /** Whether `DecompressionStream` was. */
  readonly decompression: boolean;
}

/** The two sides of a stream. */
interface Pair {
  readonly readable: ReadableStream<Uint8Array<ArrayBuffer>>;
  readonly writable: WritableStream<BufferSource>;
}

type StreamClass = new (format: string) => Pair;
type StreamName = "CompressionStream" | "DecompressionStream";

/** Passes everything on; faults become the `TypeError` that the platform's streams fail with. */
class PlatformCodec implements PullCodec {
  readonly #codec: PullCodec;

  constructor(codec: PullCodec) {
    this.#codec = codec;
  }

  get needsInput(): boolean {
    return this.#codec.needsInput;
  }

  get done(): boolean {
    return this.#codec.done;
  }

  get offLoop(): boolean {
    return this.#codec.offLoop;
  }

  write(chunk: Uint8Array): void {
    this.#codec.write(chunk);
  }

  end(): void {
    this.#codec.end();
  }

  read(target: Uint8Array<ArrayBuffer>, start: number): number {
    try {
      return this.#codec.read(target, start);
    } catch (cause) {
      throw platformError(cause);
    }
  }

  async readAsync(target: Uint8Array<ArrayBuffer>, start: number): Promise<number> {
    try {
      return await this.#codec.readAsync(target, start);
    } catch (cause) {
      throw platformError(cause);
    }
  }

  close(): void {
    this.#codec.close();
  }
}

function platformError(cause: unknown): TypeError {
  return new TypeError(cause instanceof Error ? cause.message : String(cause), { cause });
}

function zstdPair(name: StreamName): Pair {
  const codec = name === "CompressionStream"
    ? new EncoderCodec(resolveCompressOptions({}))
    : new DecoderCodec(resolveStreamingOptions({}));
  return createPullStream(new PlatformCodec(codec), { chunkSize: CHUNK_SIZE_DEFAULT });
}

/** Whether a class of the platform takes "zstd". */
function knowsZstd(native: StreamClass | undefined): boolean {
  try {
    return native !== undefined && new native("zstd") !== undefined;
  } catch {
    return false;
  }
}

/** A class that takes "zstd" as well; instances for all other formats are the platform's own. */
function extend(name: StreamName, native: StreamClass | undefined): StreamClass {
  const pairs = new WeakMap<object, Pair>();
  const parent = native?.prototype ?? null;

  function Extended(this: unknown, format: string): object {
    if (new.target === undefined) throw new TypeError(`Cannot call ${name}: it is a class, expected "new"`);
    if (String(format) !== "zstd") {
      if (native === undefined) throw new TypeError(`Cannot make a ${name}: this platform has only "zstd"`);
      return Reflect.construct(native, [format], new.target);
    }
    const stream = Object.create(new.target.prototype);
    pairs.set(stream, zstdPair(name));
    return stream;
  }
  Object.defineProperty(Extended, "name", { value: name });
  Extended.prototype = Object.create(parent, {
    constructor: { value: Extended, configurable: true, writable: true },
    [Symbol.toStringTag]: { value: name, configurable: true },
  });
  for (const side of ["readable", "writable"] as const) {
    Object.defineProperty(Extended.prototype, side, {
      get(this: object): unknown {
        const pair = pairs.get(this);
        return pair === undefined ? Reflect.get(parent ?? {}, side, this) : pair[side];
      },
      configurable: true,
      enumerable: true,
    });
  }
  return Extended as unknown as StreamClass;
}

/**
 * Makes `new CompressionStream("zstd")` and `new DecompressionStream("zstd")` work where the platform does not have them.
 * A class that knows "zstd" is left alone, and other formats go to the platform's own class. Faults are `TypeError`s, as
 * the platform has them; their `cause` is the error of this package. Calling it again changes nothing.
 *
 * @example One format more
 * ```ts
 * import { installZstdStreams } from "@sluice/zstd/polyfill";
 * import { assertEquals } from "@std/assert";
 *
 * installZstdStreams();
 * const text = new Response("there and back").body!
 *   .pipeThrough(new CompressionStream("zstd" as CompressionFormat))
 *   .pipeThrough(new DecompressionStream("zstd" as CompressionFormat));
 * assertEquals(await new Response(text).text(), "there and back");
 * ```
 */
export function installZstdStreams(): ZstdStreamsInstalled {
  return { compression: install("CompressionStream"), decompression: install("DecompressionStream") };
}

function install(name: StreamName): boolean {
  const platform = globalThis as unknown as Record<StreamName, StreamClass | undefined>;
  const native = platform[name];
  if (knowsZstd(native)) return false;
  const value = extend(name, native);
  Object.defineProperty(platform, name, { value, configurable: true, writable: true, enumerable: false });
  return true;
}
