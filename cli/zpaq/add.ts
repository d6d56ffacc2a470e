/**
 * `sluice zpaq a`: files into a journaling archive, as its next version.
 */
import { encryptZpaqUpdate, updateZpaqArchive, ZpaqArchive } from "@sluice/zpaq";
import type { ZpaqFile, ZpaqUpdateSink } from "@sluice/zpaq";
import { decryptZpaqSource } from "@sluice/zpaq";
import { describeSystemError, Failure } from "../shared/exit.ts";
import { LEVEL } from "../shared/messages.ts";
import type { Messages } from "../shared/messages.ts";
import { isWanted } from "./options.ts";
import type { ZpaqSettings } from "./options.ts";
import { archivePath, isMultiPart, openParts, partPath } from "./parts.ts";
import { fileSink, newSalt, SALT_SIZE } from "./sink.ts";

const MODE_FILE = 0o100000;
const MODE_FOLDER = 0o040000;

/** Files below the operands. Links and devices are passed over, as zpaq's format has no place for them. */
async function* scan(
  path: string,
  settings: ZpaqSettings,
  complain: (text: string) => void,
): AsyncGenerator<ZpaqFile, void, undefined> {
  let info: Deno.FileInfo;
  try {
    info = await Deno.lstat(path);
  } catch (error) {
    complain(`${path}: ${describeSystemError(error)}`);
    return;
  }
  if (!info.isFile && !info.isDirectory) return;
  const name = info.isDirectory ? `${path.replace(/\/+$/, "")}/` : path;
  const wanted = isWanted(name.replace(/\/$/, ""), [], settings);
  if (wanted && name !== "../" && name !== "/") {
    const mode = info.mode === null
      ? undefined
      : (info.isDirectory ? MODE_FOLDER : MODE_FILE) | info.mode & 0o7777;
    yield {
      name,
      date: new Date(Math.floor((info.mtime?.getTime() ?? 0) / 1000) * 1000),
      attributes: mode === undefined || !settings.attributes ? undefined : { system: "unix", mode },
      size: info.isDirectory ? 0 : info.size,
      ...(info.isDirectory ? {} : { body: async () => (await Deno.open(path)).readable }),
    };
  }
  if (!info.isDirectory) return;
  const entries = await Array.fromAsync(Deno.readDir(path));
  entries.sort((a, b) => a.name < b.name ? -1 : 1);
  for (const entry of entries) yield* scan(`${name === "../" ? "" : name}${entry.name}`, settings, complain);
}

const NOWHERE: ZpaqUpdateSink = { write(): void {}, rewrite(): void {} };

/** Adds a version. */
export async function addCommand(settings: ZpaqSettings, messages: Messages): Promise<number> {
  const [name, ...operands] = settings.operands;
  let warned = 0;
  const complain = (text: string): void => {
    warned = 1;
    messages.say(LEVEL.errors, `zpaq: ${text}`);
  };
  const files: ZpaqFile[] = [];
  for (const operand of operands) {
    for await (const file of scan(operand, settings, complain)) files.push(file);
  }

  const path = name === "" ? undefined : archivePath(name!);
  using opened = path === undefined ? undefined : await openParts(path);
  const { password } = settings;
  const source = opened === undefined || password === undefined
    ? opened?.source
    : await decryptZpaqSource(opened.source, password);
  using archive = source === undefined
    ? undefined
    : await ZpaqArchive.open(source, settings.until === undefined ? {} : { until: settings.until });
  const found = new Set(files.map((file) => file.name));
  const gone = (archive?.entries() ?? []).map((entry) => entry.name).filter((entry) =>
    !found.has(entry) && operands.length > 0 && isWanted(entry.replace(/\/$/, ""), operands, settings)
  );
  const options = {
    method: settings.method,
    fragment: settings.fragment,
    threads: settings.threads,
    force: settings.force,
    delete: gone,
    ...(settings.until instanceof Date ? { date: settings.until } : {}),
  };
  if (path === undefined) {
    const result = await updateZpaqArchive(archive, files, NOWHERE, options);
    messages.say(LEVEL.results, `${result.bytesIn} -> ${result.bytesNew} -> ${result.bytesOut} (dry run)`);
    return warned;
  }

  const multiPart = isMultiPart(path);
  const target = multiPart ? partPath(path, (opened?.parts ?? 0) + 1) : path;
  const salted = password === undefined ? 0 : SALT_SIZE;
  const end = multiPart ? 0 : opened === undefined ? 0 : archive!.end + salted;
  const before = multiPart ? opened?.source.size ?? 0 : 0;
  const fresh = opened === undefined;
  const file = await Deno.open(target, { read: true, write: true, create: true });
  let result;
  try {
    if (!multiPart) await file.truncate(end);
    let start = end;
    let sink = fileSink(file, start);
    if (password !== undefined) {
      const salt = fresh ? newSalt() : await opened!.source.read(0, SALT_SIZE);
      if (fresh) {
        await sink.write(salt.slice());
        start += SALT_SIZE;
        sink = fileSink(file, start);
      }
      sink = await encryptZpaqUpdate(sink, password, salt, before + start);
    }
    result = await updateZpaqArchive(archive, files, sink, options);
    if (result.bytesOut === 0) await file.truncate(end);
  } catch (error) {
    await file.truncate(end);
    throw error instanceof RangeError ? new Failure(`zpaq: ${error.message}`, 2) : error;
  } finally {
    file.close();
  }
  if (result.bytesOut === 0 && end === 0) await Deno.remove(target);
  messages.say(
    LEVEL.results,
    `${result.updated} +added, ${result.deleted} -removed. ${result.bytesIn} -> ${result.bytesNew} -> ${result.bytesOut}`,
  );
  return warned;
}
