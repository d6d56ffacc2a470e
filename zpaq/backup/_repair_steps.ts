/**
 * The order in which an archive is repaired: one thing is moved aside at a time.
 */
import type { ByteSource } from "@sluice/internal";
import { partPath } from "./_archive_files.ts";
import type { OpenSource, Part } from "./_archive_files.ts";
import type { Formats } from "./_formats.ts";
import type { BackupState } from "./_backup_state.ts";
import { ifThere } from "./_paths.ts";
import { moveAside, wasMovedAside } from "./_repair.ts";
import type { Moved } from "./_repair.ts";

/** Takes all steps; returns what was moved. */
export async function repairSteps(backup: BackupState): Promise<Moved[]> {
  const moved: Moved[] = [];
  while (true) {
    const step = await repairStep(backup);
    if (step === undefined) return moved;
    moved.push(...step);
  }
}

/** Moves one thing aside, or takes a step of renaming on; undefined where nothing is left to do. */
async function repairStep(backup: BackupState): Promise<readonly Moved[] | undefined> {
  backup.close();
  const opened = await backup.open();
  if (opened === undefined || backup.options.at !== undefined) return undefined;
  const { files, archive } = opened;
  const { parts } = files;
  const gap = partPath(backup.path, parts.length + 1);
  if (files.stray.length > 0) return await closeGap(backup, gap, parts.length + 1);
  const tail = archive.junk.find(({ offset, size }) =>
    offset >= archive.end && offset + size + backup.salted === files.source.size
  );
  const from = archive.incomplete ?? tail?.offset;
  // Damage in what was read may be why the rest is not understood.
  if (from === undefined || archive.damages.length > 0) return undefined;
  const at = from === 0 ? 0 : from + backup.salted;
  const part = files.partAt(at);
  const later = parts.length > part.number;
  if (
    later &&
    (backup.options.password !== undefined || !await readsWithout(backup.formats.open, files, part, at))
  ) {
    return undefined;
  }
  backup.close();
  return [await moveAside(part, at - part.offset, backup.undoing)];
}

/** Gives the part after a gap the number of the one that was moved aside. */
async function closeGap(
  backup: BackupState,
  gap: string,
  number: number,
): Promise<readonly Moved[] | undefined> {
  const next = partPath(backup.path, number + 1);
  let made = false;
  for (let before = number; before > 0 && !made; before--) {
    made = await wasMovedAside(partPath(backup.path, before));
  }
  // A part that was lost is another matter: its number must stay free.
  if (!made || await ifThere(next, Deno.lstat) === undefined) return undefined;
  backup.close();
  await Deno.rename(next, gap);
  return [];
}

/** Whether later parts are complete updates of what is before a place in a part. */
async function readsWithout(
  open: Formats["open"],
  { source }: OpenSource,
  part: Part,
  at: number,
): Promise<boolean> {
  const resume = part.offset + part.size;
  const gap = resume - at;
  const without: ByteSource = {
    size: source.size - gap,
    async read(offset, length, options): Promise<Uint8Array> {
      const first = Math.max(0, Math.min(length, at - offset));
      if (first === length) return await source.read(offset, length, options);
      if (first === 0) return await source.read(offset + gap, length, options);
      const bytes = new Uint8Array(length);
      bytes.set(await source.read(offset, first, options));
      bytes.set(await source.read(resume, length - first, options), first);
      return bytes;
    },
  };
  if (without.size === 0) return true;
  try {
    using archive = await open(without);
    for (const { fragments } of archive.entries({ all: true })) {
      for (const id of fragments) if (!archive.hasFragment(id)) return false;
    }
    return archive.junk.length === 0;
  } catch {
    return false;
  }
}
