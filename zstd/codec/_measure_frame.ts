/**
 * The size of a frame's content that the frame does not declare: found by decoding it, holding none of it.
 */
import { errorOfPart } from "@sluice/internal";
import type { ByteSource } from "@sluice/internal";
import { DecoderCodec } from "./_decoder_codec.ts";
import { resolveStreamingOptions } from "../options/_decompress_options.ts";
import type { ZstdDecompressOptions } from "../options/decompress_options.ts";

const READ_SIZE = 1 << 20;
const TARGET_SIZE = 256 << 10;

/** Decodes the frame at `offset` and returns the size of its content. */
export async function measureFrame(
  source: ByteSource,
  offset: number,
  compressedSize: number,
  options: ZstdDecompressOptions,
  signal: AbortSignal | undefined,
): Promise<number> {
  const codec = new DecoderCodec(resolveStreamingOptions(options), "always");
  const target = new Uint8Array(TARGET_SIZE);
  try {
    for (let at = 0; at < compressedSize; at += READ_SIZE) {
      const length = Math.min(READ_SIZE, compressedSize - at);
      codec.write(await source.read(offset + at, length, { signal }));
      while (!codec.needsInput && !codec.done) await readOnce(codec, target);
    }
    codec.end();
    while (!codec.done) await readOnce(codec, target);
    return codec.bytesOut;
  } catch (error) {
    throw errorOfPart(error, "Cannot measure a frame", offset);
  } finally {
    codec.close();
  }
}

async function readOnce(codec: DecoderCodec, target: Uint8Array<ArrayBuffer>): Promise<void> {
  if (codec.offLoop) await codec.readAsync(target, 0);
  else codec.read(target, 0);
}
