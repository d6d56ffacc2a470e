/**
 * An index of files that have none.
 *
 * @module
 */
import { checkKeys, openByteSource } from "@sluice/internal";
import type { ByteSourceLike } from "@sluice/internal";
import { FrameWalker } from "../frame/_frame_walker.ts";
import { measureFrame } from "../codec/_measure_frame.ts";
import { FRAME_KEYS } from "../options/_decompress_options.ts";
import type { ZstdDecompressOptions, ZstdFrameOptions } from "../options/decompress_options.ts";
import type { ZstdFrameInfo } from "../frame/frame_list.ts";
import { ZstdSeekIndex } from "./seek_index.ts";

/** How an index is built. The codec's options matter for frames that do not declare the size of their content. */
export interface ZstdBuildIndexOptions
  extends ZstdFrameOptions, Pick<ZstdDecompressOptions, "maxOutputSize"> {
  /** Gives the work up. */
  readonly signal?: AbortSignal | undefined;
}

const KEYS: ReadonlySet<string> = new Set<keyof ZstdBuildIndexOptions>([
  ...FRAME_KEYS,
  "maxOutputSize",
  "signal",
]);
const READ_SIZE = 1 << 20;
/** The checksum of no content: what a table says of skippable frames. */
const EMPTY_CHECKSUM = 0x51d8e999;

/**
 * Finds the frames of any zstd file with more than one frame, such as pzstd and concatenation make, by walking from block
 * header to block header. The file is read once from start to end, 1 MiB at a time, and not decoded; only a frame that
 * does not declare the size of its content is, once, holding none of it. Random access into a frame decodes all of it, so
 * a file of one large frame gains nothing.
 *
 * The index has checksums where every frame with content has its own.
 *
 * @throws {CorruptDataError} If something between the frames is no frame ("BAD_MAGIC"), or a block header is corrupt.
 * @throws {TruncatedDataError} If the file ends inside a frame.
 * @throws {LimitExceededError} If a frame that must be decoded needs too large a window or gives too much content.
 *
 * @example Random access into files that were joined
 * ```ts
 * import { compressZstd } from "@sluice/zstd";
 * import { buildZstdIndex, byteSourceFromBytes, ZstdSeekableReader } from "@sluice/zstd/seekable";
 * import { assertEquals } from "@std/assert";
 *
 * const text = (value: string) => new TextEncoder().encode(value);
 * const file = new Uint8Array([...compressZstd(text("first ")), ...compressZstd(text("second"))]);
 * const source = byteSourceFromBytes(file);
 * const reader = await ZstdSeekableReader.open(source, { index: await buildZstdIndex(source) });
 * assertEquals(new TextDecoder().decode(await reader.read(6, 6)), "second");
 * ```
 */
export async function buildZstdIndex(
  data: ByteSourceLike,
  options: ZstdBuildIndexOptions = {},
): Promise<ZstdSeekIndex> {
  checkKeys(options, KEYS);
  const { signal, ...codecOptions } = options;
  const source = await openByteSource(data, { signal });
  const compressedSizes: number[] = [];
  const sizes: number[] = [];
  const checksums: (number | undefined)[] = [];

  async function add(frame: ZstdFrameInfo): Promise<void> {
    const { offset, compressedSize } = frame;
    const size = frame.type === "skippable"
      ? 0
      : frame.contentSize ?? await measureFrame(source, offset, compressedSize, codecOptions, signal);
    compressedSizes.push(compressedSize);
    sizes.push(size);
    checksums.push(frame.checksum ?? (size === 0 ? EMPTY_CHECKSUM : undefined));
  }

  const walker = new FrameWalker();
  for (let offset = 0; offset < source.size; offset += READ_SIZE) {
    const chunk = await source.read(offset, Math.min(READ_SIZE, source.size - offset), { signal });
    for (const frame of walker.push(chunk)) await add(frame);
  }
  walker.finish();
  const complete = checksums.every((checksum) => checksum !== undefined);
  return new ZstdSeekIndex({ compressedSizes, sizes, checksums: complete ? checksums : undefined });
}
