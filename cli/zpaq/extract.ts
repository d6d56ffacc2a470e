/**
 * `sluice zpaq x`: files out of an archive, each under its name when it is complete. Names that lead out of the folder
 * are refused.
 */
import { printable } from "@sluice/internal";
import { UsageFailure } from "../shared/exit.ts";
import { LEVEL } from "../shared/messages.ts";
import type { Messages } from "../shared/messages.ts";
import { Complaints, openBackup, refuseNoVersion } from "./open.ts";
import { readPassword } from "./password.ts";
import { newNames } from "./options.ts";
import type { ZpaqSettings } from "./options.ts";
import { reportsOf } from "./report.ts";

/** Extracts, or with `-test` decodes and compares. Exit codes as zpaq's: 1 for warnings, 2 for errors. */
export async function extractCommand(settings: ZpaqSettings, messages: Messages): Promise<number> {
  const [name, ...files] = settings.operands;
  const { repack, index, only, not: exclude, all, force, test, to, unsafePaths } = settings;
  if (settings.newKey !== undefined && repack.length !== 1) {
    const why = repack.length === 0 ? "without -repack" : "where a password follows -repack";
    throw new UsageFailure(`Options -new-key-file and -new-key-ask have no effect ${why}`);
  }
  const complaints = new Complaints(messages);
  using backup = await openBackup(name!, settings, complaints, { create: false });
  await refuseNoVersion(backup, settings);
  const [repacked, text] = repack;
  if (repacked !== undefined) {
    const password = settings.newKey === undefined ? text : await readPassword(settings.newKey, true);
    await backup.repackTo(repacked, files, { only, exclude, all: all !== undefined, password, force });
    return complaints.code;
  }
  if (index !== undefined) {
    await backup.writeIndexTo(index, { force });
    return complaints.code;
  }
  const { maxSize: maxOutputSize, maxFiles } = settings;
  const selection = { only, exclude, all, maxOutputSize, maxFiles, ...reportsOf(settings, messages) };
  if (test) {
    const { files: count, bytes } = await backup.verify(files, selection);
    messages.say(LEVEL.results, `${count} files, ${bytes} bytes tested`);
    return complaints.code;
  }
  const attributes = settings.attributes !== "none";
  const restored = await backup.restore(files, {
    ...selection,
    to: newNames(to, files),
    force,
    unsafePaths,
    attributes,
    ...(settings.owners ? {} : { owners: false }),
  });
  for (const skipped of restored.skipped) messages.say(LEVEL.results, `? ${printable(skipped)}`);
  if (restored.problems.some(({ code }) => code === "UNSAFE_PATH")) {
    messages.say(
      LEVEL.errors,
      "zpaq: -to FOLDER restores absolute names below a folder, -unsafe-paths restores all names as they are",
    );
  }
  const { length } = restored.skipped;
  if (length > 0) messages.say(LEVEL.results, `${length} ?existing files skipped (-force overwrites).`);
  messages.say(LEVEL.results, `${restored.files} files, ${restored.bytes} bytes extracted`);
  return complaints.code;
}
