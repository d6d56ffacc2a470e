/**
 * How commands end: exit codes, and what of a failure the user reads.
 */

/** Exit codes of every command. */
export const EXIT = {
  ok: 0,
  failure: 1,
  dictionaryOutput: 3,
  benchInput: 9,
  parameter: 11,
  samples: 14,
  dictionaryMissing: 31,
  dictionaryNoFile: 32,
  dictionaryTooLarge: 34,
  lz4NoMagic: 40,
  patchSize: 42,
  lz4Header: 44,
  lz4Decode: 66,
  lz4Truncated: 68,
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
    if (error instanceof Deno.errors.BrokenPipe) return EXIT.brokenPipe;
    if (error instanceof UsageFailure) {
      console.error(`Incorrect parameters: ${error.message}\nTry "${command} --help".`);
      return error.exitCode;
    }
    console.error(error instanceof Failure ? error.message : `${command}: ${describeSystemError(error)}`);
    return error instanceof Failure ? error.exitCode : EXIT.failure;
  }
}
