/**
 * `sluice zpaq check`: whether the archive's index can be read to its end, and with `-repair` what no version needs moved
 * aside.
 */
import { printable } from "@sluice/internal";
import { LEVEL } from "../shared/messages.ts";
import type { Messages } from "../shared/messages.ts";
import { UsageFailure } from "../shared/exit.ts";
import { Complaints, openBackup, refuseNoVersion } from "./open.ts";
import type { ZpaqSettings } from "./options.ts";

/** Names what is wrong, with its place; exit code 2 where something is, or is left. */
export async function checkCommand(settings: ZpaqSettings, messages: Messages): Promise<number> {
  const [name, ...more] = settings.operands;
  if (more.length > 0) throw new UsageFailure("zpaq check takes one archive");
  const complaints = new Complaints(messages);
  using backup = await openBackup(name!, settings, complaints, { create: false });
  await refuseNoVersion(backup, settings);
  const { problems, moved } = await backup.check({ repair: settings.repair });
  for (const { path, offset, aside } of moved) {
    messages.say(LEVEL.results, printable(`${path}: moved what starts at byte ${offset} to ${aside}`));
  }
  if (problems.length === 0) {
    const versions = await backup.versions();
    const { length } = await backup.entries();
    messages.say(
      LEVEL.results,
      `${versions.length} versions, ${length} files: the index is complete (t tests the data)`,
    );
  } else if (!settings.repair) {
    messages.say(LEVEL.results, "-repair moves aside what no version needs");
  }
  return complaints.code;
}
