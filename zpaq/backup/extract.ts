/**
 * Restoring and verifying what a caller selects.
 */
import { checkInteger, checkLimit } from "@sluice/internal";
import type { BackupState } from "./_backup_state.ts";
import { newNamesOf } from "./_checks.ts";
import type { ZpaqBackupRestored, ZpaqBackupRestoreOptions } from "./options.ts";
import { isPattern } from "./_patterns.ts";
import { failure } from "./_problems.ts";
import { restoreEntries } from "./_restore.ts";
import type { RestoreSettings } from "./_restore.ts";

/** How much larger than an archive its content may be where nothing declares its size, and how large it may be always. */
const EXPANSION_MAX = 1000;
const EXPANSION_BASE = 2 ** 30;

/**
 * The most bytes that are decoded of an archive that declares no sizes, unless the caller says otherwise: 1,000 times its
 * own and 1 GiB.
 *
 * @example An archive of 1 MB
 * ```ts
 * import { zpaqOutputLimit } from "@sluice/zpaq/backup";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(zpaqOutputLimit(1_000_000), 1_000_000_000 + 2 ** 30);
 * ```
 */
export function zpaqOutputLimit(archiveSize: number): number {
  return EXPANSION_MAX * checkInteger("archiveSize", archiveSize, 0, Number.MAX_SAFE_INTEGER) +
    EXPANSION_BASE;
}

/** Decodes entries, and writes them unless it is a dry run. */
export async function extract(
  backup: BackupState,
  paths: readonly string[],
  options: ZpaqBackupRestoreOptions,
  how: Pick<RestoreSettings, "force" | "attributes" | "unsafePaths" | "owners" | "dryRun">,
): Promise<Omit<ZpaqBackupRestored, "problems">> {
  const to = newNamesOf(options.to, paths);
  const pattern = paths.find((path, i) => to[i] !== undefined && isPattern(path));
  if (pattern !== undefined) {
    throw new RangeError(`Cannot use option "to": "${pattern}" is a pattern, which has no other name`);
  }
  const entries = await backup.select(paths, options);
  const opened = await backup.open();
  if (opened === undefined) {
    throw failure("NOT_FOUND", `Cannot read ${backup.path}: No such file or directory`);
  }
  if (paths.length > 0 && entries.length === 0) {
    throw failure(
      "NOT_FOUND",
      `Cannot find ${paths.join(", ")} in ${backup.path}: this version has no such file`,
    );
  }
  const maxFiles = checkLimit("maxFiles", options.maxFiles ?? Infinity);
  if (entries.length > maxFiles) {
    throw failure(
      "OUTPUT_LIMIT",
      `Cannot restore ${entries.length} files of ${backup.path}: at most ${maxFiles} are allowed (maxFiles)`,
    );
  }
  let undeclared = false;
  for (const { fragments, size } of entries) undeclared ||= fragments.length === 0 && size !== 0;
  const limit = undeclared ? zpaqOutputLimit(opened.files.source.size) : Infinity;
  return await restoreEntries(opened.archive, entries, {
    ...how,
    paths,
    to,
    threads: backup.options.threads ?? 1,
    maxOutputSize: checkLimit("maxOutputSize", options.maxOutputSize ?? limit),
    signal: options.signal,
    onFile: options.onFile,
    onProgress: options.onProgress,
    archive: await backup.identities(),
    undoing: backup.undoing,
    report: backup.report,
  });
}
