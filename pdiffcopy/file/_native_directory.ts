/**
 * Native directories as `BlockDirectory`.
 */
import { ACTION, NativeFile, OPEN } from "../kernel/file.ts";
import type { FileAnswer } from "../kernel/file.ts";
import {
  CHANGE,
  changeName,
  linkName,
  listManyNames,
  listNames,
  readAttributes,
  setFacts,
} from "../kernel/names.ts";
import { summarizeManyNames } from "../kernel/directory_summary.ts";
import { readSmallFiles, writeSmallFiles } from "../kernel/small_files.ts";
import type {
  BlockDirectory,
  BlockFile,
  DirectorySummary,
  NameFacts,
  NewFacts,
  OpenOptions,
  SmallFileAccess,
} from "./_block_file.ts";
import { systemFailure } from "./_errors.ts";
import { byName, directoryPath } from "./_name_order.ts";
import { checked, openNativeFile } from "./_native_file.ts";

/** What a directory that can't be synced answers: EINVAL, ENOTTY, ENOSYS, EOPNOTSUPP. */
const NOT_SUPPORTED: ReadonlySet<number> = new Set([22, 25, 38, 95]);
const NO_ENTRY = 2;

class NativeDirectory implements BlockDirectory {
  readonly path: string;
  readonly #directory: NativeFile;

  constructor(path: string, directory: NativeFile) {
    this.path = path;
    this.#directory = directory;
  }

  get smallFiles(): SmallFileAccess {
    return {
      read: (wanted, pos, hash, content, target) =>
        readSmallFiles(this.#directory, wanted, pos, hash, content, target),
      write: (records, count, hash, options) =>
        writeSmallFiles(this.#directory, records, count, hash, options),
    };
  }

  open(name: string, options: OpenOptions): BlockFile {
    return openNativeFile(this.#directory, name, options, `${this.path}/${name}`);
  }

  openDirectory(name: string, beneath: boolean): BlockDirectory {
    return openNativeDirectory(this.#directory, name, beneath, `${this.path}/${name}`);
  }

  rename(from: string, to: string): void {
    checked(this.#directory.rename(from, to), `rename ${this.path}/${from} to ${to}`);
  }

  remove(name: string): void {
    const answer = this.#directory.remove(name);
    if (answer.errno !== NO_ENTRY) checked(answer, `remove ${this.path}/${name}`);
  }

  ownFacts(wantsAttributes: boolean): NameFacts {
    const facts = this.#directory.status();
    if (typeof facts === "number") throw systemFailure(`look at ${this.path}`, facts);
    const { mode, uid, gid, links, mtimeNs, size, identity } = facts;
    const found = wantsAttributes ? readAttributes(this.#directory) : undefined;
    const attributes = found instanceof Uint8Array ? found : undefined;
    return {
      name: "",
      errno: 0,
      mode,
      uid,
      gid,
      links,
      mtimeNs,
      size,
      identity,
      link: undefined,
      attributes,
    };
  }

  async list(attributes: boolean): Promise<NameFacts[]> {
    const found = await listNames(this.#directory, attributes);
    if (Array.isArray(found)) return found.sort(byName);
    checked(found, `list ${this.path}`);
    return [];
  }

  async listBelow(names: readonly string[], attributes: boolean): Promise<(NameFacts[] | Error)[]> {
    const lists = this.#answers(names, await listManyNames(this.#directory, names, attributes));
    for (const list of lists) if (Array.isArray(list)) list.sort(byName);
    return lists;
  }

  async summarizeBelow(
    names: readonly string[],
    attributes: boolean,
  ): Promise<(DirectorySummary | Error)[]> {
    return this.#answers(names, await summarizeManyNames(this.#directory, names, attributes));
  }

  /** What was found of directories; where one can't be read, why. */
  #answers<T>(names: readonly string[], found: (T | number)[] | FileAnswer): (T | Error)[] {
    if (!Array.isArray(found)) {
      checked(found, `list directories of ${this.path}`);
      return [];
    }
    return found.map((answer, index) =>
      typeof answer === "number"
        ? systemFailure(`open the directory ${this.path}/${names[index]}`, answer)
        : answer
    );
  }

  makeDirectory(name: string, mode: number): void {
    const answer = changeName(this.#directory, CHANGE.MAKE_DIRECTORY, name, "", mode);
    checked(answer, `make the directory ${this.path}/${name}`);
  }

  makeLink(name: string, content: string): void {
    checked(
      changeName(this.#directory, CHANGE.MAKE_LINK, name, content),
      `make the link ${this.path}/${name}`,
    );
  }

  makeSpecial(name: string, kind: "pipe" | "socket", mode: number): void {
    const change = kind === "pipe" ? CHANGE.MAKE_PIPE : CHANGE.MAKE_SOCKET;
    checked(changeName(this.#directory, change, name, "", mode), `make the ${kind} ${this.path}/${name}`);
  }

  makeHardLink(name: string, directory: BlockDirectory, newName: string): void {
    const other = (directory as NativeDirectory).#directory;
    checked(
      linkName(this.#directory, name, other, newName),
      `make the hard link ${directory.path}/${newName}`,
    );
  }

  removeDirectory(name: string): void {
    const answer = changeName(this.#directory, CHANGE.REMOVE_DIRECTORY, name);
    checked(answer, `remove the directory ${this.path}/${name}`);
  }

  setFacts(name: string, facts: NewFacts): void {
    checked(setFacts(this.#directory, name, facts), `set the attributes of ${this.path}/${name}`);
  }

  async sync(): Promise<void> {
    const answer = await this.#directory.act(ACTION.SYNC_ALL);
    if (!NOT_SUPPORTED.has(answer.errno)) checked(answer, `write ${this.path} to disk`);
  }

  close(): void {
    this.#directory.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** Opens a directory. */
export function openNativeDirectory(
  directory: NativeFile | undefined,
  name: string,
  beneath: boolean,
  path = name,
): BlockDirectory {
  const file = NativeFile.open(directory, name, OPEN.DIRECTORY | (beneath ? OPEN.BENEATH : 0), 0);
  if (typeof file === "number") throw systemFailure(`open the directory ${path}`, file);
  return new NativeDirectory(directoryPath(path), file);
}
