/**
 * `sluice zstd --patch-from`: one input to what differs from a base.
 */
import { zstdParameterBounds } from "@sluice/zstd/encode";
import { ZstdPatchCompressionStream } from "@sluice/zstd/patch";
import { EXIT, Failure } from "../shared/exit.ts";
import { compressionFailure } from "./compress.ts";
import type { ZstdTransfer } from "./transfer.ts";
import { compressOptions } from "./parameters.ts";
import { transferThrough } from "./seekable.ts";
import type { ZstdSettings } from "./settings.ts";

/** Compresses everything from the reader to the writer; one thread does it, since jobs see little of the base. */
export async function compressPatch(
  transfer: ZstdTransfer,
  settings: ZstdSettings,
  level: number,
  base: Uint8Array<ArrayBuffer>,
): Promise<void> {
  // Files that the system makes up say that they have no size.
  const size = transfer.size ?? (transfer.fromStdin ? undefined : 0);
  if (size === undefined) {
    throw new Failure(
      "zstd: error 42 : Using --patch-from with stdin requires --stream-size ",
      EXIT.patchSize,
    );
  }
  try {
    const { size: _size, longDistance, ...codec } = compressOptions(settings, {
      level,
      size,
      threads: false,
      maximum: (name) => zstdParameterBounds(name).max,
    });
    const stream = new ZstdPatchCompressionStream(base, {
      ...codec,
      // Left out, it follows from the size of the target.
      ...(longDistance === "auto" ? {} : { longDistance }),
      size,
    });
    await transferThrough(stream, transfer);
  } catch (error) {
    throw compressionFailure(error);
  }
}
