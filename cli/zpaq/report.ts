/**
 * What commands say while they work: a line for each file where it is wanted, how far they are on a terminal.
 */
import { printable } from "@sluice/internal";
import type { SluiceProgress } from "@sluice/internal";
import { LEVEL } from "../shared/messages.ts";
import type { Messages } from "../shared/messages.ts";
import { isProgressVisible, TransferProgress } from "../shared/progress.ts";
import type { ZpaqSettings } from "./options.ts";

/** A file that a command is done with; `change` is that of an update. */
interface DoneFile {
  readonly name: string;
  readonly size: number;
  readonly change?: string;
}

/** Signs of zpaq's own lines. */
const SIGNS: Readonly<Record<string, string>> = { added: "+", updated: "#", attributes: "#", removed: "-" };

/** Callbacks for an operation of a backup. */
export function reportsOf(
  { verbose, summary, operands }: ZpaqSettings,
  messages: Messages,
): { onFile?: (file: DoneFile) => void; onProgress?: (progress: SluiceProgress) => void } {
  const progress = new TransferProgress(messages, isProgressVisible() && summary <= 1, operands[0]!);
  return {
    ...(verbose
      ? {
        onFile: ({ name, size, change }: DoneFile): void => {
          const count = name.endsWith("/") || change === "removed" || change === "attributes"
            ? ""
            : ` ${size}`;
          messages.say(LEVEL.results, `${SIGNS[change ?? ""] ?? ">"} ${printable(name)}${count}`);
        },
      }
      : {}),
    onProgress: ({ bytesIn, total }) => progress.update(bytesIn, total),
  };
}
