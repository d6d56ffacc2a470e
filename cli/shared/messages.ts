/**
 * What a command says on stderr, by verbosity.
 */

import { withoutUrlSecrets } from "@sluice/internal";

/** From silence to everything: errors, warnings, results, notes, details. */
export const LEVEL = { silent: 0, errors: 1, results: 2, notes: 3, details: 4, steps: 6 } as const;

const encoder = new TextEncoder();

/** Writes to stderr at once; a reader that went away is no failure of the command. */
function writeError(text: string): void {
  const bytes = encoder.encode(withoutUrlSecrets(text));
  try {
    for (let done = 0; done < bytes.length;) done += Deno.stderr.writeSync(bytes.subarray(done));
  } catch (error) {
    if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
  }
}

/** The command's voice. A line in progress is wiped before anything else is said. */
export class Messages {
  /** What is said: texts of this level and below. */
  level: number;
  #status = false;

  /** A voice of the given level. */
  constructor(level: number) {
    this.level = level;
  }

  /** Says a line if the level allows. */
  say(level: number, text: string): void {
    if (level > this.level) return;
    this.clearStatus();
    writeError(`${text}\n`);
  }

  /** Says something that an answer follows on the same line, whatever the level. */
  prompt(text: string): void {
    this.clearStatus();
    writeError(text);
  }

  /** Replaces the line in progress. */
  status(text: string): void {
    writeError(`\r\x1b[K${text}`);
    this.#status = true;
  }

  /** Wipes the line in progress. */
  clearStatus(): void {
    if (this.#status) writeError("\r\x1b[K");
    this.#status = false;
  }
}
