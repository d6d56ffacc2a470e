/**
 * `sluice pdiffcopy -r` and `-a`: directories.
 */
import { printable } from "@sluice/internal";
import { copyPdiffTree, formatPdiffSize } from "@sluice/pdiffcopy/client";
import { EXIT, PDIFFCOPY_EXIT } from "../shared/exit.ts";
import { LEVEL } from "../shared/messages.ts";
import type { Messages } from "../shared/messages.ts";
import { readChoice } from "./filters.ts";
import type { PdiffcopySettings } from "./options.ts";
import { checkRefusal, clientOptions, interruptible, resultText } from "./session.ts";

/** Copies a directory. */
export async function treeCommand(
  settings: PdiffcopySettings,
  [source, target]: readonly string[],
  messages: Messages,
): Promise<number> {
  const { filters, files } = await readChoice(settings);
  const result = await interruptible(messages, async (signal) => {
    const { onProgress: _, shift: _s, seeds: _e, ...options } = await clientOptions(
      settings,
      messages,
      source!,
      target!,
      signal,
    );
    return await copyPdiffTree({
      ...options,
      compareContent: settings.checksum,
      delete: settings.deleteOthers,
      maxDelete: settings.maxDelete,
      times: settings.times,
      permissions: settings.permissions,
      filters,
      deleteExcluded: settings.deleteExcluded,
      ...(files === undefined ? {} : { files, recursive: settings.everything }),
      archive: settings.archive,
      onEntry: (action, path) =>
        messages.say(LEVEL.notes, `${action} ${path === "" ? "." : printable(path)}`),
    });
  });
  if (settings.json) console.log(resultText(result));
  const { filesCopied, bytesTransferred, deleted, faults, equal } = result;
  for (const { path, message } of faults) {
    messages.say(LEVEL.errors, `${path === "" ? source : printable(path)}: ${printable(message)}`);
  }
  const [copied, removed] = settings.dryRun ? ["would copy", "would remove"] : ["copied", "removed"];
  messages.say(
    LEVEL.results,
    `${copied} ${filesCopied} of ${result.files} files (${formatPdiffSize(bytesTransferred)}), ` +
      `${removed} ${deleted} ${deleted === 1 ? "name" : "names"}`,
  );
  checkRefusal(result, settings, messages);
  if (settings.check && !equal && faults.length === 0 && filesCopied + deleted === 0) {
    messages.say(
      LEVEL.results,
      "directories, links, permissions, times or attributes differ (-v names them)",
    );
  }
  if (faults.length > 0) {
    messages.say(
      LEVEL.errors,
      `${faults.length} ${faults.length === 1 ? "name was" : "names were"} not copied as a whole`,
    );
    return PDIFFCOPY_EXIT.partly;
  }
  return settings.check && !equal ? PDIFFCOPY_EXIT.differs : EXIT.ok;
}
