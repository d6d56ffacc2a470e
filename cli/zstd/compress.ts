/**
 * `sluice zstd`: one input to one frame.
 */
import { backendInfo } from "@sluice/ffi";
import { zstdCompressionParameters, ZstdEncoder, zstdParameterBounds } from "@sluice/zstd/encode";
import type { ZstdCompressOptions, ZstdParameterName } from "@sluice/zstd/encode";
import { SluiceError } from "@sluice/internal";
import { EXIT, Failure } from "../shared/exit.ts";
import { pump } from "../shared/io.ts";
import { LEVEL } from "../shared/messages.ts";
import type { Messages } from "../shared/messages.ts";
import type { ZstdTransfer } from "./transfer.ts";
import { compressOptions, formatAdvanced } from "./parameters.ts";
import type { ZstdReference } from "./reference.ts";
import type { ZstdSettings } from "./settings.ts";

/** Compresses everything from the reader to the writer. */
export async function compressTransfer(
  transfer: ZstdTransfer,
  settings: ZstdSettings,
  level: number,
  reference: ZstdReference,
  messages: Messages,
): Promise<void> {
  const { reader, writer, progress, size } = transfer;
  const maximum = (name: ZstdParameterName): number => zstdParameterBounds(name).max;
  const { dictionary } = reference;
  try {
    const options = compressOptions(settings, { level, size, threads: backendInfo().threads, maximum });
    if (messages.level >= LEVEL.details) {
      messages.say(LEVEL.details, describeParameters(options, level, size, dictionary?.size ?? 0));
    }
    using encoder = new ZstdEncoder({ ...options, dictionary });
    let last = encoder.level;
    await pump(reader, encoder, writer, () => {
      progress.update(encoder.bytesIn, encoder.bytesOut);
      if (encoder.level === last) return; // moves with --adapt alone
      const text = encoder.level < last
        ? "faster speed , lighter compression "
        : "slower speed , higher compression ";
      messages.say(LEVEL.steps, text);
      last = encoder.level;
    });
  } catch (error) {
    throw compressionFailure(error);
  }
}

/** The parameters of one compression, as `--zstd=` takes them. */
function describeParameters(
  options: ZstdCompressOptions,
  level: number,
  sourceSize: number | undefined,
  dictionarySize: number,
): string {
  const { windowLog, chainLog, hashLog, searchLog, minMatch, targetLength, strategy } = options;
  const given = { windowLog, chainLog, hashLog, searchLog, minMatch, targetLength, strategy };
  const chosen = Object.fromEntries(Object.entries(given).filter(([, value]) => value));
  return formatAdvanced({ ...zstdCompressionParameters(level, { sourceSize, dictionarySize }), ...chosen });
}

/** Options that the codec refuses, and a size that was announced wrongly, end the whole run. */
export function compressionFailure(error: unknown): unknown {
  if (error instanceof RangeError) {
    return new Failure(`zstd: error 11 : Parameter is out of bound : ${error.message}`, EXIT.parameter);
  }
  if (error instanceof SluiceError && error.code === "INPUT_SIZE_MISMATCH") {
    return new Failure(`zstd: error 11 : Src size is incorrect : ${error.message}`, EXIT.parameter);
  }
  return error instanceof SluiceError
    ? new Failure(`zstd: error 11 : ${error.message}`, EXIT.parameter)
    : error;
}
