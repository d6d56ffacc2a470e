/**
 * How commands end: exit codes, and what of a failure the user reads.
 */
import { SluiceError, withoutUrlSecrets } from "@sluice/internal";
import type { SluiceErrorCode } from "@sluice/internal";

/** Exit codes of every command. */
export const EXIT = {
  ok: 0,
  failure: 1,
  gitUsage: 129,
  zpaqFailed: 2,
  dictionaryOutput: 3,
  benchInput: 9,
  parameter: 11,
  samples: 14,
  dictionaryMissing: 31,
  dictionaryNoFile: 32,
  dictionaryTooLarge: 34,
  lz4BenchWrong: 3,
  lz4BenchOpen: 10,
  lz4BenchEmpty: 12,
  lz4WriteLegacy: 24,
  lz4Dictionary: 27,
  lz4NoMagic: 40,
  patchSize: 42,
  lz4WriteFrame: 42,
  lz4Header: 44,
  lz4WriteBlock: 46,
  lz4Decode: 66,
  lz4Truncated: 68,
  lz4WriteContent: 70,
  lz4WriteSparse: 73,
  fatal: 128,
  brokenPipe: 141,
} as const;

/** Ends a command, or one file's turn; the message is what the user reads. */
export class Failure extends Error {
  /** The code that the process exits with when nothing else is left to do. */
  readonly exitCode: number;

  /** A failure with its message and exit code. */
  constructor(message: string, exitCode: number = EXIT.failure) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** The command line makes no sense. */
export class UsageFailure extends Failure {}

/** Exit codes of this command beside 0 and 1. */
export const PDIFFCOPY_EXIT = {
  differs: 2,
  sourceChanged: 3,
  verifyFailed: 4,
  network: 5,
  target: 6,
  permission: 7,
  dirty: 8,
  partly: 23,
} as const;

/** The exit codes of pdiffcopy by what failed. */
const PDIFFCOPY_CODES: Partial<Readonly<Record<SluiceErrorCode, number>>> = {
  SOURCE_CHANGED: PDIFFCOPY_EXIT.sourceChanged,
  VERIFY_FAILED: PDIFFCOPY_EXIT.verifyFailed,
  NETWORK: PDIFFCOPY_EXIT.network,
  TIMEOUT: PDIFFCOPY_EXIT.network,
  SERVER: PDIFFCOPY_EXIT.network,
  PROTOCOL: PDIFFCOPY_EXIT.network,
  TRUNCATED: PDIFFCOPY_EXIT.network,
  DELETE_LIMIT: PDIFFCOPY_EXIT.target,
  NO_SPACE: PDIFFCOPY_EXIT.target,
  IO: PDIFFCOPY_EXIT.target,
  LOCKED: PDIFFCOPY_EXIT.target,
  TARGET_CHANGED: PDIFFCOPY_EXIT.target,
  SESSION_LOST: PDIFFCOPY_EXIT.network,
  READ_ONLY: PDIFFCOPY_EXIT.permission,
  PERMISSION: PDIFFCOPY_EXIT.permission,
  AUTH: PDIFFCOPY_EXIT.permission,
};

const LZ4_MAGIC_SIZE = 4;
/** The lz4 tool's exit codes by what is wrong with data. */
const LZ4_CODES: Partial<Readonly<Record<SluiceErrorCode, number>>> = {
  TRUNCATED_MAGIC: EXIT.lz4NoMagic,
  BAD_MAGIC: EXIT.lz4Header,
  TRUNCATED: EXIT.lz4Truncated,
  HEADER_INCOMPLETE: EXIT.lz4Truncated,
};

/**
 * The exit code with which `sluice` ends for an error: that of the tool whose format it is.
 *
 * @example A program with the codes of the command line
 * ```ts
 * import { exitCodeOf } from "@sluice/cli";
 * import { decompressZpaq } from "@sluice/zpaq";
 * import { assertEquals } from "@std/assert";
 *
 * try {
 *   decompressZpaq(new Uint8Array(100));
 * } catch (error) {
 *   assertEquals(exitCodeOf(error), 2);
 * }
 * ```
 */
export function exitCodeOf(error: unknown): number {
  if (error instanceof Failure) return error.exitCode;
  if (error instanceof Deno.errors.BrokenPipe) return EXIT.brokenPipe;
  if (!(error instanceof SluiceError)) return EXIT.failure;
  switch (error.format) {
    case "lz4":
      // The tool tells a cut magic number from content that is cut.
      if (error.code === "TRUNCATED" && (error.offset ?? LZ4_MAGIC_SIZE) < LZ4_MAGIC_SIZE) {
        return EXIT.lz4NoMagic;
      }
      return LZ4_CODES[error.code] ?? EXIT.lz4Decode;
    case "zpaq":
      return EXIT.zpaqFailed;
    case "git":
      return EXIT.fatal;
    case "pdiffcopy":
      return PDIFFCOPY_CODES[error.code] ?? EXIT.failure;
    default:
      return EXIT.failure;
  }
}

/** Exit codes of the tools where their output can't be written. */
const WRITE_CODES: Readonly<Record<string, number>> = {
  zstd: 70,
  lz4: EXIT.lz4WriteFrame,
  zpaq: EXIT.zpaqFailed,
  gitdb: EXIT.fatal,
  pdiffcopy: PDIFFCOPY_EXIT.target,
};

/** What a command ends with when the system refuses to write `path`; a reader that went away stays what it is. */
export function writeFailure(
  command: string,
  path: string,
  error: unknown,
  code: number | undefined = WRITE_CODES[command.split(" ")[0]!],
): unknown {
  if (error instanceof Failure || error instanceof Deno.errors.BrokenPipe) return error;
  return new Failure(`${command}: ${path}: ${describeSystemError(error)}`, code);
}

/** Errors of the system that Deno has no class for say so in their text. */
const SYSTEM_ERROR = / \(os error \d+\)/;

/** The failure of a command that the system refused something: it names the file, as Deno does after its own words. */
function systemFailure(command: string, error: Error): Failure {
  const tool = command.replace(/^sluice /, "");
  const path = /: (?:\w+) '([^']*)'/.exec(error.message)?.[1];
  const text = `${path === undefined ? "" : `${path}: `}${describeSystemError(error)}`;
  const isWrite = path === undefined && /No space left|Input\/output error|Disk quota/.test(text);
  if (tool === "gitdb") {
    return new Failure(`fatal: ${isWrite ? "write failure: " : ""}${text}`, EXIT.fatal);
  }
  const code = isWrite ? WRITE_CODES[tool] : tool === "zpaq" ? EXIT.zpaqFailed : EXIT.failure;
  return new Failure(`${tool}: ${text}`, code);
}

/** What the system says about an error, without Deno's own wording around it. */
export function describeSystemError(error: unknown): string {
  if (error instanceof Deno.errors.NotFound) return "No such file or directory";
  if (error instanceof Deno.errors.PermissionDenied) return "Permission denied";
  if (error instanceof Deno.errors.NotCapable) return error.message;
  if (error instanceof Deno.errors.IsADirectory) return "Is a directory";
  if (error instanceof Deno.errors.NotADirectory) return "Not a directory";
  const message = error instanceof Error ? error.message : `${error}`;
  return message.replace(/ \(os error \d+\).*$/, "");
}

/**
 * Runs a command to its exit code. A reader that went away, as in `| head -1`, ends it without a word, with the code
 * that a shell shows for SIGPIPE.
 */
export async function runToExitCode(command: string, run: () => Promise<number>): Promise<number> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof Deno.errors.BrokenPipe) return exitCodeOf(error);
    if (error instanceof UsageFailure) {
      console.error(withoutUrlSecrets(`Incorrect parameters: ${error.message}\nTry "${command} --help".`));
      return error.exitCode;
    }
    // A failure has its code already, whatever it quotes.
    const isRaw = error instanceof Error && !(error instanceof Failure);
    const failure = isRaw && SYSTEM_ERROR.test(error.message) ? systemFailure(command, error) : error;
    const text = failure instanceof Failure ? failure.message : `${command}: ${describeSystemError(failure)}`;
    console.error(withoutUrlSecrets(text));
    return exitCodeOf(failure);
  }
}
