/**
 * The codec behind a stream or an iterable that decompresses: it hands out checkpoints at block boundaries.
 */
import { splitStreamOptions } from "@sluice/internal";
import type { StreamSettings } from "@sluice/internal";
import { DecoderCodec } from "./_decoder_codec.ts";
import type { DecoderMode } from "./_decoder_codec.ts";
import type { DecoderState } from "./_decoder_state.ts";
import { resolveStreamingOptions } from "./_decompress_options.ts";
import type { DecompressSettings } from "./_decompress_options.ts";
import { decompressChunkSize } from "./_stream_options.ts";
import type { Lz4Checkpoint } from "./checkpoint.ts";
import type { Lz4DecompressOptions } from "./decompress_options.ts";
import type { Lz4StreamOptions } from "./stream_options.ts";

/** Makes a checkpoint of a state. */
type MakeCheckpoint = (state: DecoderState) => Lz4Checkpoint;

/** A codec with these options, and the options of what stands around it. */
export function openStreamDecoder(
  options: Lz4DecompressOptions & Lz4StreamOptions,
  makeCheckpoint: MakeCheckpoint,
): [DecoderCodec, StreamSettings] {
  const [codecOptions, stream] = splitStreamOptions(options, decompressChunkSize(options.threads));
  const settings = resolveStreamingOptions(codecOptions);
  const mode = checkpointMode(settings, stream.offload === "always", makeCheckpoint);
  return [new DecoderCodec(settings, mode), stream];
}

/** A mode that hands out checkpoints as often as the settings ask for; plain when nobody wants one. */
function checkpointMode(
  { onCheckpoint, checkpointEvery }: DecompressSettings,
  offLoop: boolean,
  makeCheckpoint: MakeCheckpoint,
): DecoderMode {
  if (onCheckpoint === undefined) return { offLoop };
  return {
    offLoop,
    boundaryEvery: checkpointEvery,
    onBoundary: (codec) => onCheckpoint(makeCheckpoint(codec.saveState(false))),
  };
}
