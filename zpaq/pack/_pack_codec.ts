/**
 * The codecs of packed archives: what compresses, and the post-processor that turns it back.
 */
import { compressLz4Iterable } from "@sluice/lz4";
import { checkInteger, decodeBase64 } from "@sluice/internal";
import { compressZstdIterable } from "@sluice/zstd";
import { prefixOf } from "../block/_block_encoder.ts";
import { DEFLATE_DECODER } from "../block/_deflate_decoder.gen.ts";
import { LZ4_DECODER } from "../block/_lz4_decoder.gen.ts";
import { ZSTD_DECODER } from "../block/_zstd_decoder.gen.ts";

/** A codec whose decoder packed archives carry. */
export type ZpaqCodec = "deflate" | "lz4" | "zstd";

type Chunks = AsyncIterable<Uint8Array<ArrayBuffer>>;

/** A codec at a level. */
export interface PackCodec {
  /** The block header. */
  readonly header: Uint8Array<ArrayBuffer>;
  /** The post-processor as it stands before the data of the first segment. */
  readonly prefix: Uint8Array<ArrayBuffer>;
  compress(content: Chunks): Chunks;
}

const DECODERS: Readonly<Record<ZpaqCodec, { readonly header: string; readonly pcomp: string }>> = {
  deflate: DEFLATE_DECODER,
  lz4: LZ4_DECODER,
  zstd: ZSTD_DECODER,
};

/** What the decoder keeps of the content. */
const ZSTD_WINDOW_LOG_MAX = 23;
/** Levels from here on take larger windows. */
const ZSTD_LEVEL_LARGE = 20;

const COMPRESSORS: Readonly<Record<ZpaqCodec, (level: number | undefined) => (content: Chunks) => Chunks>> = {
  lz4: (level) => {
    const options = { level, contentChecksum: false, contentSize: "none", linked: true } as const;
    return (content) => compressLz4Iterable(content, options);
  },
  zstd: (level = 3) => {
    const windowLog = level >= ZSTD_LEVEL_LARGE ? ZSTD_WINDOW_LOG_MAX : undefined;
    return (content) => compressZstdIterable(content, { level, windowLog, contentChecksum: false });
  },
  deflate: (level) => {
    if (level !== undefined) {
      throw new RangeError(`Cannot use level ${level}: the platform's DEFLATE has no levels`);
    }
    return (content) => streamOf(content).pipeThrough(new CompressionStream("deflate-raw"));
  },
};

function streamOf(content: Chunks): ReadableStream<Uint8Array<ArrayBuffer>> {
  const chunks = content[Symbol.asyncIterator]();
  return new ReadableStream({
    async pull(controller): Promise<void> {
      const { done, value } = await chunks.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    async cancel(): Promise<void> {
      await chunks.return?.();
    },
  });
}

/** Looks a codec up by its name and checks the level. */
export function packCodec(name: ZpaqCodec, level: number | undefined): PackCodec {
  if (!Object.hasOwn(DECODERS, name)) {
    throw new TypeError(
      `Cannot pack with codec "${name}": expected one of ${Object.keys(DECODERS).join(", ")}`,
    );
  }
  const { header, pcomp } = DECODERS[name];
  return {
    header: decodeBase64(header),
    prefix: prefixOf(decodeBase64(pcomp)),
    compress: COMPRESSORS[name](level === undefined ? undefined : checkInteger("level", level, -131072, 22)),
  };
}
