/**
 * The line that moves while a file is under way.
 */
import type { Messages } from "./messages.ts";
import { formatSize, formatSizeColumn } from "./sizes.ts";

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

/** Shows how far a transfer is, how fast it goes and how long it will take. */
export class TransferProgress {
  readonly #messages: Messages;
  readonly #shown: boolean;
  readonly #label: string;
  #last = performance.now();
  /** The first update, from which the speed is counted. */
  #first: { readonly time: number; readonly bytes: number } | undefined;

  /** Progress under a name. */
  constructor(messages: Messages, shown: boolean, label: string) {
    this.#messages = messages;
    this.#shown = shown;
    this.#label = label;
  }

  /** Takes note of the bytes of the source read so far. */
  update(bytes: number, total: number): void {
    if (!this.#shown) return;
    const time = performance.now();
    this.#first ??= { time, bytes };
    if (time - this.#last < INTERVAL_MS) return;
    this.#last = time;
    const speed = 1000 * (bytes - this.#first.bytes) / (time - this.#first.time);
    this.#messages.status(`${this.#label} : ${transferLine(bytes, total, speed)}`);
  }
}

/** How far a transfer is at so many bytes a second. */
export function transferLine(bytes: number, total: number, speed: number): string {
  const percent = total === 0 ? 100 : 100 * bytes / total;
  const rest = speed > 0 ? `, ${formatDuration((total - bytes) / speed)} left` : "";
  return `${formatSize(bytes)} / ${formatSize(total)} (${percent.toFixed(1)}%), ${
    formatSize(speed)
  }/s${rest}`;
}

/** Seconds as the two largest units of hours, minutes and seconds. */
function formatDuration(seconds: number): string {
  const whole = Math.ceil(seconds);
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  if (hours > 0) return `${hours} h ${minutes} min`;
  return minutes > 0 ? `${minutes} min ${whole % 60} s` : `${whole} s`;
}

/** Whether progress can be seen at all. */
export function isProgressVisible(): boolean {
  return Deno.stderr.isTerminal();
}
