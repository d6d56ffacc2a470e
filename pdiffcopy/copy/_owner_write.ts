/**
 * Files that their owner may only read. Whoever may replace a file may write it: the owner's permission is borrowed.
 */
import { SluiceError } from "@sluice/internal";
import type { BlockDirectory, BlockFile } from "../file/_block_file.ts";
import { openIfThere } from "./_side_files.ts";

const OWNER_WRITES = 0o200;
const PERMISSIONS = 0o7777;

/** Runs work while the owner may write; the permissions come back, unless the process is killed in between. */
export function withOwnerWrite<T>(file: BlockFile, work: () => T): T {
  const permissions = file.status().mode & PERMISSIONS;
  if ((permissions & OWNER_WRITES) !== 0) return work();
  file.setFacts({ mode: permissions | OWNER_WRITES });
  try {
    return work();
  } finally {
    file.setFacts({ mode: permissions });
  }
}

/** Opens a file of a directory to write, also one that may only be read; undefined when there is none. */
export function openToReplace(
  directory: BlockDirectory,
  name: string,
  confined: boolean,
): BlockFile | undefined {
  const open = (): BlockFile | undefined => openIfThere(directory, name, true, confined);
  try {
    return open();
  } catch (error) {
    if (!(error instanceof SluiceError) || error.code !== "PERMISSION") throw error;
    using readable = openReadable(directory, name, confined);
    if (readable === undefined) throw error;
    let opened: BlockFile | undefined;
    try {
      withOwnerWrite(readable, () => opened = open());
      return opened;
    } catch {
      opened?.close();
      throw error; // somebody else's file, or a file system that is read
    }
  }
}

function openReadable(directory: BlockDirectory, name: string, confined: boolean): BlockFile | undefined {
  try {
    return openIfThere(directory, name, false, confined);
  } catch (error) {
    if (error instanceof SluiceError) return undefined;
    throw error;
  }
}
