/**
 * How copies fail: one class by kind, and a code that tells which of the failures it was.
 */
import {
  BackendUnavailableError,
  ChecksumMismatchError,
  CorruptDataError,
  NotFoundError,
  SluiceError,
  TransferError,
  TruncatedDataError,
  UnsupportedFeatureError,
} from "@sluice/internal";

/** Every code, and the class that carries it. */
const CLASSES = {
  NOT_FOUND: NotFoundError,
  OUT_OF_MEMORY: BackendUnavailableError,
  PERMISSION: SluiceError,
  AUTH: TransferError,
  NETWORK: TransferError,
  TIMEOUT: TransferError,
  SERVER: TransferError,
  SESSION_LOST: TransferError,
  PROTOCOL: CorruptDataError,
  TRUNCATED: TruncatedDataError,
  UNSUPPORTED: UnsupportedFeatureError,
  UNSUPPORTED_HASH: UnsupportedFeatureError,
  SOURCE_CHANGED: TransferError,
  TARGET_CHANGED: SluiceError,
  VERIFY_FAILED: ChecksumMismatchError,
  NO_SPACE: SluiceError,
  DIRTY: SluiceError,
  LOCKED: SluiceError,
  READ_ONLY: SluiceError,
  IO: SluiceError,
  CORRUPT: CorruptDataError,
} as const;

/** The name of a failure. */
export type FailureCode = keyof typeof CLASSES;

/** Facts beside the message. */
export interface FailureFacts {
  readonly offset?: number | undefined;
  readonly errno?: number | undefined;
  readonly cause?: unknown;
}

/** The error for a failure; `message` reads as "Cannot …". */
export function failure(code: FailureCode, message: string, facts: FailureFacts = {}): SluiceError {
  return new CLASSES[code](message, { format: "pdiffcopy", code, ...facts });
}

/** System error numbers of Linux that mean something of their own here. */
const ERRNO_CODES: Readonly<Record<number, FailureCode>> = {
  0: "SOURCE_CHANGED",
  1: "PERMISSION",
  2: "NOT_FOUND",
  11: "LOCKED",
  13: "PERMISSION",
  18: "PERMISSION",
  12: "OUT_OF_MEMORY",
  27: "NO_SPACE",
  28: "NO_SPACE",
  30: "READ_ONLY",
  40: "PERMISSION",
  122: "NO_SPACE",
};

const ERRNO_STATES: Readonly<Record<number, string>> = {
  0: "it has become shorter",
  1: "the operation is not permitted",
  2: "there is no such file or directory",
  5: "the device reported an error",
  6: "there is nothing at its other end",
  11: "somebody else holds its lock",
  12: "the system has no more memory",
  13: "permission is denied",
  17: "it exists already",
  18: "its path leads out of the root",
  20: "a part of its path is no directory",
  21: "it is a directory",
  23: "too many files are open in the system",
  24: "too many files are open",
  26: "the file is in use",
  27: "the file would be too large",
  28: "there is no space left",
  30: "the file system is read-only",
  36: "its name is too long",
  39: "the directory is not empty",
  40: "its path goes through a link",
  95: "the file system can't do that",
  98: "the address is in use",
  99: "this machine does not have the address",
  122: "the quota is used up",
};

/** The error for a system call that failed. */
export function systemFailure(action: string, errno: number, offset?: number): SluiceError {
  const state = ERRNO_STATES[errno] ?? `the system answered error ${errno}`;
  return failure(ERRNO_CODES[errno] ?? "IO", `Cannot ${action}: ${state}`, { errno, offset });
}

/** Whether a directory could not be opened because something else has its name. */
export function isNoDirectory(error: unknown): boolean {
  return error instanceof SluiceError && error.errno === 20;
}

/** The error for a source that is a directory, where one file is copied. */
export function directoryFailure(label: string): SluiceError {
  const state = "it is a directory, which copyPdiffTree and the option -r copy";
  return failure("UNSUPPORTED", `Cannot read ${label}: ${state}`, { errno: 21 });
}

/** As `systemFailure`, for what Deno threw. */
export function denoFailure(action: string, error: unknown): SluiceError {
  if (error instanceof SluiceError) return error;
  const text = error instanceof Error ? error.message : String(error);
  const match = /os error (\d+)/.exec(text);
  if (match !== null) return systemFailure(action, Number(match[1]));
  const code = error instanceof Error && error.name === "NotCapable" ? "PERMISSION" : "IO";
  return failure(code, `Cannot ${action}: ${text}`, { cause: error });
}

/** The number of Linux for a connection that the other side broke. */
export const ECONNRESET = 104;
/** How the system, TLS and HTTP say that a connection that was there broke. */
const BROKEN =
  /connection (?:was )?(?:closed|reset|aborted)|forcibly closed|broken pipe|timed out|handshake eof|unexpected (?:eof|end)|end of file|reading a body|cut off/i;

/** The error for a request without an answer, or with a part of one. */
export function networkFailure(address: string, error: unknown): SluiceError {
  const reason = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const text = reason instanceof Error ? reason.message : String(reason);
  const errno = BROKEN.test(text) ? ECONNRESET : undefined;
  return failure("NETWORK", `Cannot reach ${address}: ${text}`, { errno, cause: error });
}

/** Whether doing it again may help. */
export function isRetryable(error: unknown): boolean {
  if (!(error instanceof SluiceError)) return error instanceof TypeError && !(error instanceof RangeError);
  return ["NETWORK", "TIMEOUT", "TRUNCATED", "SERVER"].includes(error.code);
}
