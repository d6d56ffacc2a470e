/**
 * What streaming shapes do at block boundaries: hand out checkpoints.
 */
import type { DecoderMode } from "./_decoder_codec.ts";
import type { DecompressSettings } from "./_decompress_options.ts";
import type { DecoderState } from "./_decoder_state.ts";

/** A mode that hands a state to `give` as often as the settings ask for; plain when nobody wants one. */
export function checkpointMode(
  settings: DecompressSettings,
  offLoop: boolean,
  give: (state: DecoderState) => void,
): DecoderMode {
  if (settings.onCheckpoint === undefined) return { offLoop };
  return {
    offLoop,
    boundaryEvery: settings.checkpointEvery,
    onBoundary: (codec) => give(codec.saveState(false)),
  };
}
