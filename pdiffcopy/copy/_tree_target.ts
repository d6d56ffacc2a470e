/**
 * Changes names below an open directory: what a copy of a tree does beside the content of files.
 */
import { SluiceError } from "@sluice/internal";
import type { BlockDirectory, NewFacts } from "../file/_block_file.ts";
import { failure } from "../file/_errors.ts";
import { splitPath } from "../file/_files.ts";
import { isUsualTime } from "./_file_time.ts";
import { withOwnerWrite } from "./_owner_write.ts";
import { removeLeftover } from "./_leftovers.ts";
import { separateName } from "./_tree_separation.ts";
import type { SpecialKind } from "./_special_files.ts";
import { checkTreePath } from "./_tree_entry.ts";

const SECOND_NS = 1_000_000_000n;

/** One change. */
export type TreeChange =
  | { readonly kind: "dir"; readonly path: string }
  | { readonly kind: "link"; readonly path: string; readonly text: string }
  /** Makes a pipe or a socket. */
  | { readonly kind: "special"; readonly path: string; readonly text: SpecialKind }
  /** Gives the file `text` another name. */
  | { readonly kind: "hardlink"; readonly path: string; readonly text: string }
  /** Gives a name a file of its own, where it shares one with other names. */
  | { readonly kind: "separate"; readonly path: string }
  | { readonly kind: "remove" | "rmdir"; readonly path: string }
  /** Removes what an unfinished copy left, where that is what it is, and nobody goes on with it. */
  | { readonly kind: "tidy"; readonly path: string }
  /** An empty path is that of the directory itself. */
  | { readonly kind: "facts"; readonly path: string; readonly facts: TreeFacts };

/** Facts that are set; those that are undefined stay. */
export interface TreeFacts extends NewFacts {
  readonly attributes?: Uint8Array | undefined;
}

/** A change that was not made. */
export interface TreeFault {
  readonly path: string;
  readonly code: string;
  readonly message: string;
}

/** New directories are for their owner alone until their own permissions come at the end. */
const NEW_DIRECTORY_MODE = 0o700;
const NEW_SPECIAL_MODE = 0o600;

/** The directory that was used last: changes come by directory. */
class LastDirectory implements Disposable {
  readonly #root: BlockDirectory;
  #path: string | undefined;
  #directory: BlockDirectory | undefined;

  constructor(root: BlockDirectory) {
    this.#root = root;
  }

  open(path: string): BlockDirectory {
    if (this.#directory !== undefined && this.#path === path) return this.#directory;
    this[Symbol.dispose]();
    this.#directory = this.#root.openDirectory(path, true);
    this.#path = path;
    return this.#directory;
  }

  [Symbol.dispose](): void {
    this.#directory?.close();
    this.#directory = undefined;
  }
}

/** Makes changes, one after the other. */
export class TreeTarget {
  readonly #root: BlockDirectory;
  /** The user who gives no files away. */
  readonly #user = ordinaryUser();

  /** Below a directory, which stays the caller's. */
  constructor(root: BlockDirectory) {
    this.#root = root;
  }

  /** Makes changes in order; returns those that failed. */
  async apply(changes: readonly TreeChange[]): Promise<TreeFault[]> {
    const faults: TreeFault[] = [];
    using last = new LastDirectory(this.#root);
    for (const change of changes) {
      try {
        await this.#apply(change, last);
      } catch (error) {
        if (!(error instanceof SluiceError)) throw error;
        faults.push({ path: change.path, code: error.code, message: error.message });
      }
    }
    return faults;
  }

  #apply(change: TreeChange, last: LastDirectory): void | Promise<void> {
    if (change.kind === "facts" && change.path === "") {
      return setTreeFacts(this.#root, ".", change.facts, this.#user);
    }
    const { folder, name } = splitPath(change.path);
    if (change.kind !== "tidy") checkTreePath(change.path);
    else if (folder !== ".") checkTreePath(folder);
    const directory = last.open(folder);
    switch (change.kind) {
      case "dir":
        return directory.makeDirectory(name, NEW_DIRECTORY_MODE);
      case "link":
        return directory.makeLink(name, change.text);
      case "special":
        return directory.makeSpecial(name, change.text, NEW_SPECIAL_MODE);
      case "separate":
        return separateName(directory, name);
      case "remove":
        return directory.remove(name);
      case "tidy":
        return removeLeftover(directory, name);
      case "rmdir":
        return directory.removeDirectory(name);
      case "hardlink": {
        checkTreePath(change.text);
        const from = splitPath(change.text);
        using other = this.#root.openDirectory(from.folder, true);
        return other.makeHardLink(from.name, directory, name);
      }
      case "facts":
        return setTreeFacts(directory, name, change.facts, this.#user);
    }
  }
}

/** The user that this process is, where it is not the one that may give files away; undefined otherwise. */
function ordinaryUser(): number | undefined {
  try {
    return Deno.uid() || undefined;
  } catch {
    return undefined; // not permitted to ask: the system says what is possible
  }
}

/** Whether this process may give files to other users. */
export function setsOwners(): boolean {
  return Deno.build.os !== "windows" && ordinaryUser() === undefined;
}

/** Gives a name the group of its owner where this user may; the file stays the user's. */
function setGroup(directory: BlockDirectory, name: string, uid: number, gid: number): void {
  try {
    directory.setFacts(name, { owner: { uid, gid } });
  } catch (error) {
    if (!(error instanceof SluiceError) || error.code !== "PERMISSION") throw error;
  }
}

function setTreeFacts(
  directory: BlockDirectory,
  name: string,
  { attributes, owner, mode, mtimeNs }: TreeFacts,
  user: number | undefined,
): void {
  // The owner first: it clears permissions of sets.
  if (owner !== undefined && user !== undefined) setGroup(directory, name, user, owner.gid);
  const given = user === undefined ? owner : undefined;
  if (attributes === undefined) directory.setFacts(name, { owner: given, mode, mtimeNs });
  else {
    if (given !== undefined) directory.setFacts(name, { owner: given });
    using file = directory.open(name, { beneath: true, noFollow: true });
    if (attributes.length > 0 && file.attributes() === undefined) {
      throw failure(
        "UNSUPPORTED",
        `Cannot set the extended attributes of ${file.path}: they need the native library`,
      );
    }
    const refused = file.setAttributes(attributes) &&
      withOwnerWrite(file, () => file.setAttributes(attributes));
    if (refused > 0) {
      throw failure(
        "PERMISSION",
        `Cannot set ${refused} extended attributes of ${file.path}: the system refuses them`,
      );
    }
    // After the attributes: files that nobody may write take none. The time last: everything else may change it.
    directory.setFacts(name, { mode, mtimeNs });
  }
  if (mtimeNs === undefined) return;
  if (!isUsualTime(mtimeNs)) checkTime(directory, name, mtimeNs);
}

/** A file system takes the nearest time that it holds, and says nothing. */
function checkTime(directory: BlockDirectory, name: string, wanted: bigint): void {
  let found: bigint;
  try {
    using file = directory.open(name, { beneath: true, noFollow: true });
    found = file.status().mtimeNs;
  } catch (error) {
    if (error instanceof SluiceError) return; // a link, or what can't be read
    throw error;
  }
  if (found / SECOND_NS === wanted / SECOND_NS) return;
  throw failure(
    "UNSUPPORTED",
    `Cannot set the time of ${directory.path}/${name}: its file system does not hold that year`,
  );
}
