/**
 * What a target is written for, and what it is written to.
 */
import { delay } from "../file/_retry.ts";
import { isBlockDevice, isDirectory, isRegular } from "../file/_block_file.ts";
import type { BlockFile } from "../file/_block_file.ts";
import { failure, systemFailure } from "../file/_errors.ts";
import type { SidePlace } from "./_side_files.ts";

/** Permission bits of new files, less the mask of the process, where the source says nothing. */
export const USUAL_MODE = 0o666;

/** How an existing file is replaced: in place with a journal, or by a new file that is renamed over it. */
export type ReplacePolicy = "auto" | "inplace" | "atomic";

/** What a target is opened for. */
export interface TargetPlan {
  readonly size: number;
  readonly replace: ReplacePolicy;
  /** What the journal says about the copy. */
  readonly source: string;
  /** Whether the end waits until the disk has everything. */
  readonly durable: boolean;
  /** Whether zeros may become holes. */
  readonly punch: boolean;
  readonly threads: number;
  /** Whether the content is put together in a part from the start: nothing of an existing file is compared. */
  readonly fresh?: boolean;
  /** Permission bits that a new file may have at most; those of the source. @default {0o666} */
  readonly mode?: number | undefined;
  /** Whether nothing may be changed: files are opened to read only. */
  readonly dryRun?: boolean;
  /** Whether links in the last part of the name are refused, and paths may not lead out: for servers. */
  readonly confined: boolean;
}

/** Refuses what is neither a file nor a device, and devices that are too small. */
export function checkKind(file: BlockFile, wanted: number): void {
  const { mode, size } = file.status();
  if (isDirectory(mode)) throw systemFailure(`write ${file.path}`, 21);
  if (!isRegular(mode) && !isBlockDevice(mode)) {
    throw failure("IO", `Cannot write ${file.path}: it is neither a file nor a block device`);
  }
  if (isBlockDevice(mode) && size < wanted) {
    throw failure("NO_SPACE", `Cannot write ${wanted} bytes to ${file.path}: the device has ${size}`);
  }
}

/** Opens the part of a target, which may be there from an earlier run, and locks it. */
export async function openPart(place: SidePlace, name: string, mode: number): Promise<BlockFile> {
  const options = { write: true, create: true, noFollow: true, mode: (mode & 0o777) | 0o600 };
  const part = place.use(true, (directory) => directory.open(place.part, options))!;
  try {
    await lockOrFail(part, name);
    return part;
  } catch (error) {
    part.close();
    throw error;
  }
}

/** A program that is being started holds the locks of the one that starts it for a moment. */
const LOCK_WAIT_MS = 500;
const LOCK_DELAY_MS = 20;

/** Takes the lock of a file. */
export async function lockOrFail(file: BlockFile, name: string): Promise<void> {
  const deadline = performance.now() + LOCK_WAIT_MS;
  while (!await file.lock()) {
    if (performance.now() >= deadline) {
      throw failure("LOCKED", `Cannot write ${name}: another copy is writing it`);
    }
    await delay(LOCK_DELAY_MS, undefined);
  }
}
