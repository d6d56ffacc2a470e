/**
 * Setting references as git does: under a lock, with what was there compared, and with a line in the log. Deno only.
 */
import { openFile, writeFault } from "@sluice/internal/file-source";
import { checkArgument, checkInteger, checkKeys, SluiceError } from "@sluice/internal";
import type { GitDatabase } from "../database/git_database.ts";
import { isOn, parseConfig } from "../object/_config.ts";
import { joinPath, listFolder, readText, statPath, writing } from "../object/_fs.ts";
import { share, sharedModeOf } from "../object/_shared_mode.ts";
import type { SharedMode } from "../object/_shared_mode.ts";
import { GitObjectId } from "../object/_object_id.ts";
import type { GitIdLike } from "../object/_object_id.ts";
import { formatSignature } from "../object/_signature.ts";
import type { GitSignature } from "../object/_signature.ts";
import { encodeText } from "../object/_text.ts";
import { GitLockFile } from "../write/_lock_file.ts";
import { isReferenceName } from "./_reference_names.ts";
import { wrongType } from "./_objects.ts";
import type { References } from "./_references.ts";

/** How a reference is set. */
export interface GitUpdateRefOptions {
  /** What it has to hold; an id of zeros if it must not be there. @default {whatever it holds} */
  readonly expected?: GitIdLike | undefined;
  /** The line of the log. @default {""} */
  readonly message?: string | undefined;
  /** Who sets it, for the log. @default {nobody, now} */
  readonly committer?: GitSignature | undefined;
  /** How long to wait for the lock, in milliseconds. @default {1000} */
  readonly timeoutMs?: number | undefined;
}

const KEYS: ReadonlySet<string> = new Set<keyof GitUpdateRefOptions>([
  "expected",
  "message",
  "committer",
  "timeoutMs",
]);
const TIMEOUT_MS_DEFAULT = 1000;
const TIMEOUT_MS_MAX = 2 ** 31 - 1;

/** Sets a reference; checks all arguments before anything is touched. */
export async function updateReference(
  references: References,
  database: GitDatabase,
  name: string,
  id: GitIdLike,
  options: GitUpdateRefOptions,
): Promise<void> {
  checkKeys(options, KEYS);
  checkArgument(typeof name === "string", "set a reference", name, "its full name");
  if (!isReferenceName(name)) throw new RangeError(`Cannot set "${name}": it is no full name of a reference`);
  const value = GitObjectId.from(id, database.hashAlgorithm);
  const { message = "" } = options;
  checkArgument(typeof message === "string", "set a reference", message, "a message");
  encodeText(message, "set a reference");
  const expected = options.expected === undefined
    ? undefined
    : GitObjectId.from(options.expected, database.hashAlgorithm);
  const timeoutMs = checkInteger("timeoutMs", options.timeoutMs ?? TIMEOUT_MS_DEFAULT, 0, TIMEOUT_MS_MAX);
  const committer = formatSignature(
    options.committer ?? { name: "sluice", email: "", date: new Date(), timezone: "+0000" },
  );
  await references.checkFiles("set a reference");
  const { type } = await database.info(value); // a reference leads to something
  const { name: last } = await references.resolve(name);
  if (last.startsWith("refs/heads/") && type !== "commit") {
    throw wrongType(`${value} for ${last}`, type, "commit");
  }
  await refuseFolders(references, last);
  const path = references.pathOf(last);
  await makeFolder(path);
  const head = await references.read("HEAD");
  const isCurrent = head !== undefined && "target" in head && head.target === last;
  const locks: GitLockFile[] = [];
  try {
    // As git has it, who moves the branch of HEAD locks HEAD, too.
    if (isCurrent) locks.push(await GitLockFile.acquire(references.pathOf("HEAD"), { timeoutMs }));
    const lock = await GitLockFile.acquire(path, { timeoutMs });
    locks.push(lock);
    const { id: before = GitObjectId.zero(database.hashAlgorithm) } = await references.resolve(last);
    if (expected !== undefined && !expected.equals(before)) throw changed(last, before, expected);
    lock.write(new TextEncoder().encode(`${value}\n`));
    const text = message === "" ? "" : `\t${message.replace(/\s+/g, " ").trim()}`;
    const line = `${before} ${value} ${committer}${text}\n`;
    const logs = new Set([last, name, ...isCurrent ? ["HEAD"] : []]);
    const shared = sharedModeOf(joinPath(references.commonFolder, "objects"));
    for (const log of logs) await appendLog(references, log, line, shared);
    share(`${path}.lock`, shared);
    lock.commit();
  } finally {
    for (const lock of locks) lock.rollback(); // nothing, after a commit
  }
}

function changed(name: string, before: GitObjectId, expected: GitObjectId): SluiceError {
  return new SluiceError(`Cannot set ${name}: it is at ${before}, expected ${expected}`, {
    format: "git",
    code: "REFERENCE_CHANGED",
  });
}

/** A reference can't be a folder of others, nor lie in a reference. */
async function refuseFolders(references: References, name: string): Promise<void> {
  const parts = name.split("/");
  const parents = parts.map((_, i) => parts.slice(0, i).join("/")).filter((parent) => parent.includes("/"));
  const [below] = await references.names(`${name}/`);
  let other = below;
  for (const parent of parents) if (await references.read(parent) !== undefined) other = parent;
  if (other === undefined) return;
  throw new SluiceError(`Cannot set ${name}: the reference ${other} is there`, {
    format: "git",
    code: "REFERENCE_CHANGED",
  });
}

async function makeFolder(path: string): Promise<void> {
  const folder = path.slice(0, path.lastIndexOf("/"));
  try {
    if (statPath(path)?.isDirectory === true) await removeEmptyFolders(path);
    await Deno.mkdir(folder, { recursive: true });
  } catch (error) {
    throw writeFault(path, error);
  }
}

/** Folders that others left empty are in the way of a reference of their name; what is not empty stays. */
async function removeEmptyFolders(path: string): Promise<void> {
  for (const { name, isDirectory } of await listFolder(path) ?? []) {
    if (isDirectory) await removeEmptyFolders(joinPath(path, name));
  }
  await Deno.remove(path);
}

/** Logs are kept where one is there already, and of branches where the configuration does not forbid it. */
async function appendLog(
  references: References,
  name: string,
  line: string,
  shared: SharedMode | undefined,
): Promise<void> {
  const path = references.logPathOf(name);
  if (statPath(path) === undefined) {
    const config = parseConfig(await readText(joinPath(references.commonFolder, "config")) ?? "");
    const isBare = isOn(config.get("core.bare"));
    const wanted = config.get("core.logallrefupdates") ?? (isBare ? "false" : "true");
    const isLogged = name === "HEAD" || /^refs\/(?:heads|remotes|notes)\//.test(name);
    if (wanted.toLowerCase() === "false" || !(isLogged || wanted.toLowerCase() === "always")) return;
    await makeFolder(path);
  }
  const file = await openFile(path, { append: true, create: true });
  try {
    const bytes = new TextEncoder().encode(line);
    writing(path, () => {
      for (let done = 0; done < bytes.length;) done += file.writeSync(bytes.subarray(done));
      share(path, shared);
    });
  } finally {
    file.close();
  }
}
