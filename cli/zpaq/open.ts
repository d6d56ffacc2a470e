/**
 * Archives that commands open, and how problems of them are said.
 */
import { printable, SluiceError, withoutUrlSecrets } from "@sluice/internal";
import { ZpaqBackup } from "@sluice/zpaq/backup";
import type { ZpaqBackupOptions } from "@sluice/zpaq/backup";
import { EXIT, Failure } from "../shared/exit.ts";
import { LEVEL } from "../shared/messages.ts";
import type { Messages } from "../shared/messages.ts";
import { lastPartIndex } from "../shared/paths.ts";
import { isUrl } from "../shared/source.ts";
import { onTermination } from "../shared/termination.ts";
import { passwordSourceOfEnvironment, readPassword } from "./password.ts";
import type { ZpaqSettings } from "./options.ts";

/** zpaq's exit code where something was left out. */
export const WARNING = 1;

/** Files that the shell has opened have no suffix. */
const SYSTEM_FILE = /^\/(?:dev|proc)\//;

/** The archive's file name: zpaq's own suffix where it has none. */
export function archivePath(name: string): string {
  return SYSTEM_FILE.test(name) || isUrl(name) || name.slice(lastPartIndex(name)).includes(".")
    ? name
    : `${name}.zpaq`;
}

/** Problems of a run: they are said as they come, and decide on the exit code. */
export class Complaints {
  readonly #messages: Messages;
  code = 0;

  constructor(messages: Messages) {
    this.#messages = messages;
  }

  /** Says a problem; what an archive has no place for is said and no reason to fail, as with zpaq and tar. */
  say = (problem: { readonly message: string; readonly severe: boolean; readonly code?: string }): void => {
    if (problem.code !== "LEFT_OUT") {
      this.code = Math.max(this.code, problem.severe ? EXIT.zpaqFailed : WARNING);
    }
    this.#messages.say(LEVEL.errors, withoutUrlSecrets(`zpaq: ${printable(problem.message)}`));
  };
}

/** Whether an archive is still to be made: one that can't be read without its password is there. */
async function isMissing(path: string): Promise<boolean> {
  try {
    using backup = await ZpaqBackup.open(path);
    return await backup.archive() === undefined;
  } catch (error) {
    if (error instanceof SluiceError) return false;
    throw error;
  }
}

/** Opens the archive of a command as its options ask for. */
export async function openBackup(
  name: string,
  settings: ZpaqSettings,
  complaints: Complaints,
  options: ZpaqBackupOptions = {},
): Promise<ZpaqBackup> {
  const { key, until, maxMemory, threads } = settings;
  const path = archivePath(name);
  const source = key ?? passwordSourceOfEnvironment();
  const isNew = source?.kind === "ask" && options.create !== false && await isMissing(path);
  return await ZpaqBackup.open(path, {
    password: source === undefined ? undefined : await readPassword(source, isNew),
    at: until,
    maxMemory,
    threads,
    onProblem: complaints.say,
    onUnfinished: onTermination,
    ...options,
  });
}

/** Refuses to go on where `-until` leaves no version: what comes of nothing would pass for what comes of an archive. */
export async function refuseNoVersion(backup: ZpaqBackup, settings: ZpaqSettings): Promise<void> {
  if (settings.until === undefined || (await backup.versions()).length > 0) return;
  throw new Failure(`zpaq: ${settings.operands[0]} has no version up to the one of -until`, EXIT.zpaqFailed);
}
