/**
 * The errors of bad lz4 data, worded in one place.
 */
import {
  ChecksumMismatchError,
  CorruptDataError,
  LimitExceededError,
  TruncatedDataError,
  UnsupportedFeatureError,
} from "@sluice/internal";
import type { SluiceError, SluiceErrorCode } from "@sluice/internal";
import { LZ4F_ERRNO } from "./_format.ts";

type Kind = new (
  message: string,
  options: { format: string; code: SluiceErrorCode; offset: number; errno?: number },
) => SluiceError;

const KINDS: Readonly<Record<string, Kind>> = {
  VERSION: UnsupportedFeatureError,
  RESERVED: UnsupportedFeatureError,
  HEADER_INCOMPLETE: TruncatedDataError,
  NO_DATA: TruncatedDataError,
  TRUNCATED: TruncatedDataError,
  TRUNCATED_MAGIC: TruncatedDataError,
  CONTENT_CHECKSUM: ChecksumMismatchError,
  HEADER_CHECKSUM: ChecksumMismatchError,
  BLOCK_CHECKSUM: ChecksumMismatchError,
};

/** An error of the class that fits its code. */
export function fault(
  code: SluiceErrorCode,
  offset: number,
  state: string,
  action = "decompress lz4 data",
): SluiceError {
  const errno = LZ4F_ERRNO[code];
  const facts = { format: "lz4", code, offset, ...(errno === undefined ? {} : { errno }) };
  return new (KINDS[code] ?? CorruptDataError)(`Cannot ${action} at byte ${offset}: ${state}`, facts);
}

/** A limit that would be passed. */
export function limitFault(
  code: SluiceErrorCode,
  offset: number,
  state: string,
  limit: number,
  actual: number | undefined,
  unit = "bytes",
): SluiceError {
  const hint = code === "OUTPUT_LIMIT" ? ' (raise "maxOutputSize")' : "";
  return new LimitExceededError(
    `Cannot decompress lz4 data at byte ${offset}: ${state}, expected at most ${limit} ${unit}${hint}`,
    { format: "lz4", code, offset, limit, actual, unit },
  );
}
