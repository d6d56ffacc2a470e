/**
 * What copies leave beside files that are gone: parts, and journals.
 */
import { isRegular } from "../file/_block_file.ts";
import type { BlockDirectory, BlockFile } from "../file/_block_file.ts";
import { failure } from "../file/_errors.ts";
import { isOwnName, openIfThere } from "./_side_files.ts";

/** A journal is one line. */
const JOURNAL_SIZE_MAX = 64 << 10;

/** Removes such a file; one that is somebody's own, or that a copy is writing now, stays. */
export async function removeLeftover(directory: BlockDirectory, name: string): Promise<void> {
  if (!isOwnName(name)) {
    throw failure("PROTOCOL", `Cannot remove ${name}: no unfinished copy has such a name`);
  }
  using file = openIfThere(directory, name, false, true);
  if (file === undefined || !await isLeftover(file, name) || !await file.lock()) return;
  directory.remove(name);
}

async function isLeftover(file: BlockFile, name: string): Promise<boolean> {
  const { mode, links, size } = file.status();
  if (!isRegular(mode) || links > 1) return false;
  if (name.endsWith(".pdiff-part")) return true;
  return name.endsWith(".pdiff-journal") && size <= JOURNAL_SIZE_MAX && await isJournal(file, size);
}

/** Whether a file is a journal, or one that was made and never written. */
async function isJournal(file: BlockFile, size: number): Promise<boolean> {
  if (size === 0) return true;
  const bytes = new Uint8Array(size);
  await file.read(0, bytes);
  try {
    const facts: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    return typeof facts === "object" && facts !== null && "pdiff" in facts && facts.pdiff === 1;
  } catch {
    return false; // no JSON
  }
}
