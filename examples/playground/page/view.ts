/**
 * What all tabs have in common.
 */
import type { FormatName } from "../jobs/messages.ts";
import { Connection, Stopped } from "./connection.ts";
import { make, wordsOf } from "./dom.ts";

/** The file at hand. */
export interface Current {
  readonly file: File;
  readonly format: FormatName | undefined;
}

/** What a tab can ask of the page. */
export interface Page {
  /** Makes another file the one at hand. */
  take(file: File): void;
}

/** A tab's panel. */
export interface View {
  readonly element: HTMLElement;
  /** Shows the file at hand; called when the tab is opened and when the file changes under it. */
  show(current: Current): void;
}

/** Work that a button starts and another stops, with a line for what went wrong. */
export class Work {
  readonly connection = new Connection();
  readonly start: HTMLButtonElement;
  readonly stop: HTMLButtonElement = make(
    "button",
    { type: "button", class: "plain", disabled: true },
    "Stop",
  );
  readonly status: HTMLParagraphElement = make("p", { "aria-live": "polite", class: "status" });
  readonly fault: HTMLParagraphElement = make("p", { role: "alert" });

  constructor(label: string, run: () => Promise<void>) {
    this.start = make("button", { type: "button" }, label);
    this.start.addEventListener("click", () => this.run(run));
    this.stop.addEventListener("click", () => this.connection.stop());
  }

  /** Does something that the stop button ends. */
  async run(action: () => Promise<void>): Promise<void> {
    this.reset();
    this.start.disabled = true;
    this.stop.disabled = false;
    try {
      await action();
    } catch (error) {
      if (error instanceof Stopped) this.status.textContent = "Stopped.";
      else this.fault.textContent = wordsOf(error);
    } finally {
      this.start.disabled = false;
      this.stop.disabled = true;
    }
  }

  /** Forgets what was said before. */
  reset(): void {
    this.fault.textContent = "";
    this.status.textContent = "";
  }
}
