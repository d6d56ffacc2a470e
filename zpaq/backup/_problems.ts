/**
 * What goes wrong with a part of the work while the rest is done.
 */
import { SluiceError } from "@sluice/internal";
import type { SluiceErrorCode, SluiceErrorOptions } from "@sluice/internal";
import { systemText } from "./_paths.ts";

/** An error of a backup. */
export class ZpaqBackupError extends SluiceError {
  /** The name of the class. */
  override readonly name: string = "ZpaqBackupError";
  /** The file it is about, by its name in the archive or its path; undefined where it is about no single one. */
  readonly entry: string | undefined;
  /** Whether content is lost or damaged; otherwise the rest was done as it should be. */
  readonly severe: boolean;

  /** An error with the file it is about. */
  constructor(
    message: string,
    options: Omit<SluiceErrorOptions, "format"> & {
      readonly entry?: string | undefined;
      readonly severe?: boolean | undefined;
    },
  ) {
    super(message, { ...options, format: "zpaq" });
    this.entry = options.entry;
    this.severe = options.severe ?? true;
  }
}

/** Takes problems as they come. */
export type Report = (problem: ZpaqBackupError) => void;

/** Something is left out, or not as it was, for a reason or an error; all else is done. */
export function warning(
  action: string,
  entry: string,
  error: unknown,
  code: SluiceErrorCode = codeOf(error),
): ZpaqBackupError {
  return new ZpaqBackupError(`Cannot ${action} ${entry}: ${systemText(error)}`, {
    code,
    entry,
    severe: false,
    ...(error instanceof Error ? { cause: error } : {}),
  });
}

function codeOf(error: unknown): SluiceErrorCode {
  if (error instanceof SluiceError) return error.code;
  if (error instanceof Deno.errors.NotFound) return "NOT_FOUND";
  if (error instanceof Deno.errors.PermissionDenied) return "PERMISSION";
  return /No space left/.test(`${error}`) ? "NO_SPACE" : "IO";
}

/** The archive can't be read or written as a whole. */
export function failure(code: SluiceErrorCode, message: string): ZpaqBackupError {
  return new ZpaqBackupError(message, { code });
}
