/**
 * The errors of all packages, as their users see them. Each package exports these from its entry points.
 *
 * @module
 */
export {
  BackendUnavailableError,
  ChecksumMismatchError,
  CorruptDataError,
  DictionaryMismatchError,
  LimitExceededError,
  NotFoundError,
  SluiceError,
  TransferError,
  TruncatedDataError,
  UnsupportedFeatureError,
} from "./errors.ts";
export type { SluiceErrorOptions } from "./errors.ts";
export type { SluiceErrorCode } from "./error_codes.ts";
