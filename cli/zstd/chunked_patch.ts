/**
 * `sluice zstd --patch-chunks-from`: patches against bases of any size, in bounded memory, both ways.
 */
import { applyZstdChunkedPatch, createZstdChunkedPatch } from "@sluice/zstd/patch";
import { SluiceError } from "@sluice/internal";
import { EXIT, Failure } from "../shared/exit.ts";
import { readChunks } from "../shared/io.ts";
import { decompressionFailure } from "./faults.ts";
import type { ZstdSettings } from "./settings.ts";
import type { ZstdTransfer } from "./transfer.ts";

/** Refuses what a chunked patch has no use for. */
export function checkChunkedPatch(settings: ZstdSettings, inputCount: number): void {
  const { dictionary, patchBase, seekable, adapt, advanced, longWindowLog, rsyncable } = settings;
  const idle = [
    [dictionary !== undefined, "-D"],
    [patchBase !== undefined, "--patch-from"],
    [seekable !== undefined, "--seekable"],
    [adapt !== undefined, "--adapt"],
    [Object.keys(advanced).length > 0, "--zstd"],
    [longWindowLog > 0, "--long"],
    [rsyncable, "--rsyncable"],
  ] as const;
  const found = idle.find(([given]) => given);
  if (found !== undefined) {
    throw new Failure(`error : can't use --patch-chunks-from and ${found[1]} together `);
  }
  if (inputCount > 1) throw new Failure("error : can't use --patch-chunks-from=# on multiple files ");
}

/** Compresses everything from the reader to the writer. */
export async function compressChunkedPatch(
  transfer: ZstdTransfer,
  level: number,
  base: string,
): Promise<void> {
  const { reader } = transfer;
  try {
    await send(createZstdChunkedPatch(base, readChunks(reader), { level }), transfer);
  } catch (error) {
    throw error instanceof SluiceError
      ? new Failure(`zstd: error 11 : ${error.message}`, EXIT.parameter)
      : error;
  }
}

/** Applies a patch from the reader to the writer. */
export async function applyChunkedPatch(
  transfer: ZstdTransfer,
  settings: ZstdSettings,
  base: string,
): Promise<void> {
  const { reader, name } = transfer;
  const options = { verifyChecksums: settings.checksum };
  try {
    await send(applyZstdChunkedPatch(base, readChunks(reader), options), transfer);
  } catch (error) {
    if (error instanceof Deno.errors.BrokenPipe) throw error;
    throw decompressionFailure(error, { name, bytesUsed: reader.bytesIn, bytesIn: reader.bytesIn });
  }
}

async function send(
  parts: AsyncIterable<Uint8Array<ArrayBuffer>>,
  { reader, writer, progress }: ZstdTransfer,
): Promise<void> {
  try {
    for await (const part of parts) {
      await writer.write(part);
      progress.update(reader.bytesIn, writer.bytesWritten);
    }
    await writer.flush();
  } finally {
    await writer.settle();
    await reader.settle();
  }
}
