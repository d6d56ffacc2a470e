/**
 * Walking over what is to be archived.
 */
import type { ZpaqFile } from "@sluice/zpaq";
import { describeSystemError } from "../shared/exit.ts";
import { isWanted, renamed } from "./options.ts";
import type { ZpaqSettings } from "./options.ts";

const MODE_FILE = 0o100000;
const MODE_FOLDER = 0o040000;
/** What a name that is not UTF-8 contains when the system returns it. */
const REPLACEMENT = "\ufffd";

/** What a walk found. */
export interface Scan {
  readonly files: ZpaqFile[];
  /** Folders and files that could not be looked at: nothing is known of them and of what is in them. */
  readonly unseen: string[];
}

/** How a walk is done. */
export interface ScanOptions {
  readonly settings: ZpaqSettings;
  readonly operands: readonly string[];
  /** The archive, which does not archive itself. */
  readonly archive: Deno.FileInfo | undefined;
  /** Says what could not be read. */
  complain(text: string): void;
}

/** Files below the operands. Links and devices are left out, as zpaq leaves them out. */
export async function scan(options: ScanOptions): Promise<Scan> {
  const found: Scan = { files: [], unseen: [] };
  for (const operand of options.operands) await scanPath(operand, options, found);
  return found;
}

async function scanPath(path: string, options: ScanOptions, found: Scan): Promise<void> {
  const { settings, operands, archive } = options;
  const info = await look(path, options, found, () => Deno.lstat(path));
  if (info === undefined) return;
  if (!info.isFile && !info.isDirectory) {
    // In a folder they are passed over as zpaq does; one that was named was meant.
    if (operands.includes(path)) options.complain(`${path}: is neither a regular file nor a folder`);
    return;
  }
  if (archive !== undefined && info.ino !== null && info.ino === archive.ino && info.dev === archive.dev) {
    return;
  }
  const name = info.isDirectory ? `${path.replace(/\/+$/, "")}/` : path;
  if (isWanted(name.replace(/\/$/, ""), [], settings) && name !== "../" && name !== "/") {
    found.files.push(fileOf(path, renamed(name, operands, settings.to), info, settings));
  }
  if (!info.isDirectory) return;
  const entries = await look(path, options, found, () => Array.fromAsync(Deno.readDir(path)));
  entries?.sort((a, b) => a.name < b.name ? -1 : 1);
  for (const entry of entries ?? []) {
    await scanPath(`${name === "../" ? "" : name}${entry.name}`, options, found);
  }
}

/** Asks the system about a path; what it refuses is a warning. */
async function look<T>(
  path: string,
  { complain, operands, settings }: ScanOptions,
  found: Scan,
  ask: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await ask();
  } catch (error) {
    // What is gone may be taken away from the archive, what is not readable may not.
    const gone = error instanceof Deno.errors.NotFound && !path.includes(REPLACEMENT);
    if (!gone) found.unseen.push(renamed(path, operands, settings.to));
    const why = path.includes(REPLACEMENT)
      ? "the name is not UTF-8, which is not supported"
      : describeSystemError(error);
    complain(`${path}: ${why}`);
    return undefined;
  }
}

function fileOf(path: string, name: string, info: Deno.FileInfo, settings: ZpaqSettings): ZpaqFile {
  const kind = info.isDirectory ? MODE_FOLDER : MODE_FILE;
  const mode = info.mode === null || !settings.attributes ? undefined : kind | info.mode & 0o7777;
  return {
    name,
    date: new Date(Math.floor((info.mtime?.getTime() ?? 0) / 1000) * 1000),
    attributes: mode === undefined ? undefined : { system: "unix", mode },
    size: info.isDirectory ? 0 : info.size,
    ...(info.isDirectory ? {} : { body: async () => (await Deno.open(path)).readable }),
  };
}
