/**
 * The line that moves while a file is under way.
 */
import type { Messages } from "./messages.ts";
import { formatSizeColumn } from "./sizes.ts";

/** Time between two updates, in milliseconds. */
const INTERVAL_MS = 150;

/** Shows how far a file is; does nothing where stderr is no terminal or progress is not wanted. */
export class Progress {
  readonly #messages: Messages;
  readonly #total: number | undefined;
  readonly #label: string;
  readonly #shown: boolean;
  #last = performance.now();

  /** Progress of one file of `total` bytes, where that is known. */
  constructor(messages: Messages, shown: boolean, label: string, total: number | undefined) {
    this.#messages = messages;
    this.#shown = shown;
    this.#label = label;
    this.#total = total;
  }

  /** Takes note of the bytes read and written so far. */
  update(bytesIn: number, bytesOut: number): void {
    if (!this.#shown) return;
    const now = performance.now();
    if (now - this.#last < INTERVAL_MS) return;
    this.#last = now;
    const total = this.#total === undefined ? "" : ` / ${formatSizeColumn(this.#total, 6)}`;
    const ratio = bytesIn === 0 ? "" : ` ==> ${Math.round(100 * bytesOut / bytesIn)}%`;
    this.#messages.status(`${this.#label} : ${formatSizeColumn(bytesIn, 6)}${total}${ratio}`);
  }
}

/** Whether progress can be seen at all. */
export function isProgressVisible(): boolean {
  return Deno.stderr.isTerminal();
}
