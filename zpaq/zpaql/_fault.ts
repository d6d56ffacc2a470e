/**
 * The errors of bad ZPAQ data, worded in one place.
 */
import {
  ChecksumMismatchError,
  CorruptDataError,
  LimitExceededError,
  SluiceError,
  TruncatedDataError,
  UnsupportedFeatureError,
} from "@sluice/internal";
import type { SluiceErrorCode } from "@sluice/internal";

type Kind = new (
  message: string,
  options: { format: string; code: SluiceErrorCode; offset?: number },
) => SluiceError;

const KINDS: Readonly<Record<string, Kind>> = {
  LEVEL: UnsupportedFeatureError,
  TYPE: UnsupportedFeatureError,
  TRUNCATED: TruncatedDataError,
  NO_DATA: TruncatedDataError,
  CHECKSUM: ChecksumMismatchError,
  PASSWORD: SluiceError,
};

/** An error of the class that fits its code. */
export function fault(
  code: SluiceErrorCode,
  offset: number,
  state: string,
  action = "read ZPAQ data",
): SluiceError {
  return new (KINDS[code] ?? CorruptDataError)(`Cannot ${action} at byte ${offset}: ${state}`, {
    format: "zpaq",
    code,
    offset,
  });
}

/** A limit that would be passed. */
export function limitFault(
  code: SluiceErrorCode,
  offset: number,
  state: string,
  limit: number,
  actual?: number,
  unit = "bytes",
): LimitExceededError {
  const hint = code === "OUTPUT_LIMIT" ? ' (raise "maxOutputSize")' : "";
  return new LimitExceededError(
    `Cannot read ZPAQ data at byte ${offset}: ${state}, expected at most ${limit} ${unit}${hint}`,
    { format: "zpaq", code, offset, limit, actual, unit },
  );
}
