/**
 * `sluice zpaq a`: files into a journaling archive, as its next version.
 */
import type { ZpaqBackupAdded, ZpaqBackupAddOptions } from "@sluice/zpaq/backup";
import { EXIT, Failure, UsageFailure } from "../shared/exit.ts";
import { LEVEL } from "../shared/messages.ts";
import type { Messages } from "../shared/messages.ts";
import { archivePath, Complaints, openBackup } from "./open.ts";
import { newNames } from "./options.ts";
import type { ZpaqSettings } from "./options.ts";
import { reportsOf } from "./report.ts";

/** Adds a version. */
export async function addCommand(settings: ZpaqSettings, messages: Messages): Promise<number> {
  const [name, ...operands] = settings.operands;
  const { method, fragment, until, key, to, only, not, force } = settings;
  if (operands.length === 0) {
    const list = settings.fileList;
    throw new UsageFailure(
      list === undefined ? "zpaq a needs files to add" : `zpaq a: ${list} lists no files`,
    );
  }
  if (to.length > operands.length) {
    throw new UsageFailure("Option -to has more names than there are files");
  }
  const nowhere = name === "";
  if (nowhere && (until !== undefined || key !== undefined)) {
    throw new UsageFailure('Options -until and -key have no effect with the archive ""');
  }
  if (nowhere && settings.dryRun) throw new UsageFailure('Option -dryrun has no effect with the archive ""');
  const streaming = method.startsWith("s");
  const { index } = settings;
  if (index !== undefined && (nowhere || streaming || until !== undefined)) {
    const which = nowhere ? 'the archive ""' : streaming ? "a streaming method" : "-until";
    throw new UsageFailure(`Option -index has no effect with ${which}`);
  }
  if (streaming) {
    if (until !== undefined) throw new UsageFailure("Option -until has no effect with a streaming method");
    if (force) throw new UsageFailure("Option -force has no effect with a streaming method");
    if (nowhere) throw new UsageFailure('A streaming method has no effect with the archive ""');
  }
  const complaints = new Complaints(messages);
  // A dry run is one of an archive that is not there.
  const path = nowhere ? `${Deno.makeTempDirSync()}/none.zpaq` : index ?? name!;
  try {
    using backup = await openBackup(path, settings, complaints, { method, fragment }).catch(misuse);
    const options: ZpaqBackupAddOptions = {
      to: newNames(to, operands),
      only,
      exclude: not,
      force,
      attributes: settings.attributes,
      dryRun: nowhere || settings.dryRun,
      ...reportsOf(settings, messages),
      ...(index === undefined ? {} : { indexOf: archivePath(name!) }),
      rollBack: until !== undefined,
      ...(until instanceof Date ? { date: until } : {}),
    };
    const result = await backup.add(operands, options).catch(misuse);
    messages.say(LEVEL.results, summary(result, nowhere || settings.dryRun, streaming));
    return complaints.code;
  } finally {
    if (nowhere) Deno.removeSync(path.slice(0, path.lastIndexOf("/")), { recursive: true });
  }
}

function summary(result: ZpaqBackupAdded, dry: boolean, streaming: boolean): string {
  const { updated, deleted, bytesIn, bytesNew, bytesOut } = result;
  const end = dry ? " (dry run)" : "";
  if (streaming) return `${updated} +added. ${bytesIn} -> ${bytesOut}${end}`;
  return `${updated} +added, ${deleted} -removed. ${bytesIn} -> ${bytesNew} -> ${bytesOut}${end}`;
}

/** What a library refuses as misuse is a failure of the command. */
function misuse(error: unknown): never {
  if (!(error instanceof RangeError || error instanceof TypeError)) throw error;
  throw new Failure(`zpaq: ${error.message}`, EXIT.zpaqFailed);
}
