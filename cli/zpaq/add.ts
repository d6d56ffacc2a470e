/**
 * `sluice zpaq a`: files into a journaling archive, as its next version. Nothing is written before the archive was read
 * to its end and the files were found.
 */
import { printable } from "@sluice/internal";
import { decryptZpaqSource, encryptZpaqUpdate, updateZpaqArchive, ZpaqArchive } from "@sluice/zpaq";
import type { ZpaqUpdateOptions, ZpaqUpdateSink } from "@sluice/zpaq";
import { describeSystemError, Failure, UsageFailure } from "../shared/exit.ts";
import { LEVEL } from "../shared/messages.ts";
import type { Messages } from "../shared/messages.ts";
import { isWanted, renamed } from "./options.ts";
import type { ZpaqSettings } from "./options.ts";
import { archivePath, isMultiPart, openParts, partPath } from "./parts.ts";
import type { OpenSource } from "./parts.ts";
import { scan } from "./scan.ts";
import type { Scan } from "./scan.ts";
import { newSalt, SALT_SIZE } from "./sink.ts";
import { addStreaming, streamingMethod } from "./stream_add.ts";
import { openUpdate } from "./update_file.ts";
import type { UpdatePlace } from "./update_file.ts";

const WARNING = 1;
const FAILED = 2;
const NOWHERE: ZpaqUpdateSink = { write(): void {}, rewrite(): void {} };

/** The archive that is there, proven to be one. */
interface Existing extends Disposable {
  readonly opened: OpenSource;
  readonly archive: ZpaqArchive;
}

/** Adds a version. */
export async function addCommand(settings: ZpaqSettings, messages: Messages): Promise<number> {
  const [name, ...operands] = settings.operands;
  if (operands.length === 0) throw new UsageFailure("zpaq a needs files to add");
  if (settings.to.length > operands.length) {
    throw new UsageFailure("Option -to has more names than there are files");
  }
  const path = name === "" ? undefined : archivePath(name!);
  if (path === undefined && (settings.until !== undefined || settings.password !== undefined)) {
    throw new UsageFailure('Options -until and -key have no effect with the archive ""');
  }
  const streaming = streamingMethod(settings.method);
  if (streaming !== undefined) {
    if (settings.until !== undefined) {
      throw new UsageFailure("Option -until has no effect with a streaming method");
    }
    if (settings.force) throw new UsageFailure("Option -force has no effect with a streaming method");
    if (path === undefined) throw new UsageFailure('A streaming method has no effect with the archive ""');
  }
  let code = 0;
  const complain = (text: string): void => {
    code = WARNING;
    messages.say(LEVEL.errors, `zpaq: ${printable(text)}`);
  };
  using existing = path === undefined ? undefined : await openExisting(path, settings, complain);
  const archiveInfo = path === undefined ? undefined : await Deno.stat(path).catch(() => undefined);
  const found = await scan({ settings, operands, archive: archiveInfo, complain });
  if (streaming !== undefined) {
    const { files, bytesIn, bytesOut } = await write(
      path!,
      existing,
      settings,
      (sink) => addStreaming(found.files, streaming, sink, complain).catch(misuse),
      (result) => result.files > 0,
    );
    messages.say(LEVEL.results, `${files} +added. ${bytesIn} -> ${bytesOut}`);
    return code;
  }
  const options: ZpaqUpdateOptions = {
    method: settings.method,
    fragment: settings.fragment,
    threads: settings.threads,
    force: settings.force,
    delete: goneNames(existing?.archive, found, operands, settings),
    onUnreadable: (error, file) => complain(`${file.name}: ${describeSystemError(error)}`),
    ...(settings.until instanceof Date ? { date: settings.until } : {}),
  };
  if (path === undefined) {
    const result = await update(undefined, found, NOWHERE, options);
    messages.say(LEVEL.results, `${result.bytesIn} -> ${result.bytesNew} -> ${result.bytesOut} (dry run)`);
    return code;
  }
  const result = await write(
    path,
    existing,
    settings,
    (sink) => update(existing?.archive, found, sink, options),
    ({ updated, deleted }) => updated + deleted > 0,
  );
  messages.say(
    LEVEL.results,
    `${result.updated} +added, ${result.deleted} -removed. ` +
      `${result.bytesIn} -> ${result.bytesNew} -> ${result.bytesOut}`,
  );
  return code;
}

/**
 * Reads the archive that is to be updated; undefined where there is none yet.
 *
 * @throws {Failure} If what is there is no journaling archive that could be read to its end.
 */
async function openExisting(
  path: string,
  settings: ZpaqSettings,
  complain: (text: string) => void,
): Promise<Existing | undefined> {
  const opened = await openParts(path);
  if (opened === undefined) return undefined;
  if (opened.source.size === 0) {
    opened[Symbol.dispose]();
    return undefined;
  }
  try {
    const { password, until, maxMemory } = settings;
    if (opened.stray.length > 0) {
      throw new Failure(
        `zpaq: part ${opened.parts + 1} is missing, but there is ${opened.stray[0]}: nothing was added`,
        FAILED,
      );
    }
    const source = password === undefined ? opened.source : await decryptZpaqSource(opened.source, password);
    const archive = await ZpaqArchive.open(source, {
      ...(until === undefined ? {} : { until }),
      ...(maxMemory === undefined ? {} : { maxMemory }),
    });
    const [junk] = archive.junk;
    const why = junk !== undefined
      ? `${junk.size} bytes at ${junk.offset} belong to no block`
      : archive.streaming && streamingMethod(settings.method) === undefined
      ? "it is a streaming archive"
      : undefined;
    if (why !== undefined) throw new Failure(`zpaq: ${path}: ${why}: nothing was added`, FAILED);
    if (archive.incomplete !== undefined) {
      const last = opened.partAt(archive.incomplete + (password === undefined ? 0 : SALT_SIZE));
      if (isMultiPart(path) && last.number < opened.parts) {
        throw new Failure(
          `zpaq: ${last.path} was interrupted, but other parts follow: nothing was added`,
          FAILED,
        );
      }
      complain(`${last.path}: the last update was interrupted; this one replaces it`);
    }
    return {
      opened,
      archive,
      [Symbol.dispose](): void {
        archive.close();
        opened[Symbol.dispose]();
      },
    };
  } catch (error) {
    opened[Symbol.dispose]();
    throw error;
  }
}

/** Names of the archive that the operands cover and that were not found. */
function goneNames(
  archive: ZpaqArchive | undefined,
  { files, unseen }: Scan,
  operands: readonly string[],
  settings: ZpaqSettings,
): string[] {
  const found = new Set(files.map((file) => file.name));
  const covered = operands.map((operand) => renamed(operand, operands, settings.to));
  const names = (archive?.entries() ?? []).map((entry) => entry.name);
  return names.filter((name) =>
    !found.has(name) && isWanted(name.replace(/\/$/, ""), covered, settings) &&
    !unseen.some((path) => name === path || name.startsWith(`${path.replace(/\/+$/, "")}/`))
  );
}

/** Where the update goes. */
async function placeOf(path: string, existing: Existing | undefined, salted: number): Promise<UpdatePlace> {
  if (!isMultiPart(path)) {
    const real = existing === undefined ? path : await Deno.realPath(path);
    const size = await Deno.stat(real).then((info) => info.size, () => undefined);
    const end = existing === undefined || existing.archive.end === 0 ? 0 : existing.archive.end + salted;
    return { path: real, size, end };
  }
  if (existing === undefined) return { path: partPath(path, 1), size: undefined, end: 0 };
  const { opened, archive } = existing;
  const end = archive.end + salted;
  if (end === opened.source.size) return { path: partPath(path, opened.parts + 1), size: undefined, end: 0 };
  const last = opened.partAt(end);
  if (last.offset !== end || last.number !== opened.parts) {
    throw new Failure(
      "zpaq: an archive of several parts is rolled back by removing parts: nothing was added",
      FAILED,
    );
  }
  return { path: last.path, size: last.size, end: 0 };
}

async function write<T>(
  path: string,
  existing: Existing | undefined,
  settings: ZpaqSettings,
  run: (sink: ZpaqUpdateSink) => Promise<T>,
  isNew: (result: T) => boolean,
): Promise<T> {
  const { password } = settings;
  const salted = password === undefined ? 0 : SALT_SIZE;
  const place = await placeOf(path, existing, salted);
  const file = await openUpdate(place);
  try {
    let { sink } = file;
    if (password !== undefined) {
      const start = existing === undefined ? 0 : existing.archive.end + salted;
      const fresh = existing === undefined || existing.archive.end === 0;
      const salt = fresh ? newSalt() : await existing.opened.source.read(0, SALT_SIZE);
      if (fresh) {
        await sink.write(salt.slice());
        const { write, rewrite } = sink;
        sink = { write, rewrite: (offset, bytes) => rewrite(offset + SALT_SIZE, bytes) };
      }
      sink = await encryptZpaqUpdate(sink, password, salt, fresh ? SALT_SIZE : start);
    }
    const result = await run(sink);
    const rollsBack = place.size !== undefined && place.end < place.size;
    if (isNew(result) || rollsBack && settings.until !== undefined) await file.commit();
    else await file.discard();
    return result;
  } catch (error) {
    await file.discard();
    throw error;
  }
}

async function update(
  archive: ZpaqArchive | undefined,
  { files }: Scan,
  sink: ZpaqUpdateSink,
  options: ZpaqUpdateOptions,
): ReturnType<typeof updateZpaqArchive> {
  return await updateZpaqArchive(archive, files, sink, options).catch(misuse);
}

/** What a library refuses as misuse is a failure of the command. */
function misuse(error: unknown): never {
  if (!(error instanceof RangeError || error instanceof TypeError)) throw error;
  throw new Failure(`zpaq: ${error.message}`, FAILED);
}
