/**
 * What the system knows of files: natively a whole folder in one call, with times to the nanosecond and extended
 * attributes, else by Deno one by one.
 */
import { byteString } from "@sluice/internal";
import { hasNativeTree, listManyRawFacts, listRawFacts, rawFactsOf, setRawFacts } from "../kernel/tree.ts";
import type { NewRawFacts, RawFacts } from "../kernel/tree.ts";
import type { ZpaqUnixAttributes } from "../archive/_attributes.ts";
import { decodeName, encodeName } from "../block/_names.ts";

/** What the system knows of a file; a link is not followed. */
export interface FileFacts {
  readonly name: string;
  /** Why nothing more is known; undefined where it is. */
  readonly error: Error | undefined;
  /** Type and permission bits; undefined on systems that have none. */
  readonly mode: number | undefined;
  readonly kind: "file" | "folder" | "link" | "other";
  readonly size: number;
  readonly seconds: number;
  readonly nanoseconds: number;
  readonly owner: { readonly uid: number; readonly gid: number } | undefined;
  /** Hard links. */
  readonly links: number;
  /** Device and inode; undefined on systems that have none. */
  readonly identity: string | undefined;
  readonly link: string | undefined;
  readonly extended: ZpaqUnixAttributes["extended"];
}

const TYPE_MASK = 0o170000;
const KINDS: Readonly<Record<number, FileFacts["kind"]>> = {
  0o100000: "file",
  0o040000: "folder",
  0o120000: "link",
};

/** What the system's numbers mean, with the names of Deno's classes where it has them. */
const ERRORS: Readonly<Record<number, readonly [string, (keyof typeof Deno.errors)?]>> = {
  1: ["Operation not permitted", "PermissionDenied"],
  2: ["No such file or directory", "NotFound"],
  5: ["Input/output error"],
  13: ["Permission denied", "PermissionDenied"],
  17: ["File exists", "AlreadyExists"],
  20: ["Not a directory", "NotADirectory"],
  21: ["Is a directory", "IsADirectory"],
  22: ["Invalid argument"],
  28: ["No space left on device"],
  30: ["Read-only file system"],
  36: ["File name too long"],
  40: ["Too many levels of symbolic links"],
  95: ["Operation not supported"],
};

/** An error for the system's number. */
export function systemError(errno: number): Error {
  const [text, name] = ERRORS[errno] ?? [`the system reports error ${errno}`];
  return name === undefined ? new Error(text) : new Deno.errors[name](text);
}

/** What the system said of a file, natively. */
class NativeFacts implements FileFacts {
  readonly #raw: RawFacts;
  readonly name: string;
  readonly mode: number;
  readonly kind: FileFacts["kind"];

  constructor(raw: RawFacts) {
    this.#raw = raw;
    this.name = decodeName(raw.name);
    this.mode = raw.mode;
    this.kind = KINDS[this.mode & TYPE_MASK] ?? "other";
  }

  get error(): Error | undefined {
    const { errno } = this.#raw;
    return errno === 0 ? undefined : systemError(errno);
  }

  get size(): number {
    return this.#raw.size;
  }

  get seconds(): number {
    return this.#raw.seconds;
  }

  get nanoseconds(): number {
    return this.#raw.nanoseconds;
  }

  get owner(): FileFacts["owner"] {
    return this.#raw;
  }

  get links(): number {
    return this.#raw.links;
  }

  get identity(): string {
    return this.#raw.identity;
  }

  get link(): string | undefined {
    return this.kind === "link" ? decodeName(this.#raw.link) : undefined;
  }

  get extended(): FileFacts["extended"] {
    const { extended } = this.#raw;
    return extended === undefined ? undefined : parseExtended(extended);
  }
}

function parseExtended(bytes: Uint8Array<ArrayBuffer>): FileFacts["extended"] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const found = Object.create(null) as Record<string, Uint8Array<ArrayBuffer>>;
  for (let at = 0; at < bytes.length;) {
    const nameEnd = at + 8 + view.getUint32(at, true);
    const end = nameEnd + view.getUint32(at + 4, true);
    found[byteString(bytes.subarray(at + 8, nameEnd))] = bytes.slice(nameEnd, end);
    at = end;
  }
  return found;
}

function extendedBytes(extended: FileFacts["extended"]): Uint8Array {
  const parts = Object.entries(extended ?? {});
  const size = parts.reduce((sum, [name, value]) => sum + 8 + name.length + value.length, 0);
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const [name, value] of parts) {
    view.setUint32(at, name.length, true);
    view.setUint32(at + 4, value.length, true);
    bytes.set(Uint8Array.from(name, (letter) => letter.charCodeAt(0)), at + 8);
    bytes.set(value, at + 8 + name.length);
    at += 8 + name.length + value.length;
  }
  return bytes;
}

async function fromDeno(name: string, path: string): Promise<FileFacts> {
  const info = await Deno.lstat(path);
  const time = info.mtime?.getTime() ?? 0;
  const seconds = Math.floor(time / 1000);
  return {
    name,
    error: undefined,
    mode: info.mode ?? undefined,
    kind: info.isSymlink ? "link" : info.isDirectory ? "folder" : info.isFile ? "file" : "other",
    size: info.size,
    seconds,
    nanoseconds: (time - 1000 * seconds) * 1e6,
    owner: info.uid === null || info.gid === null ? undefined : { uid: info.uid, gid: info.gid },
    links: info.nlink ?? 1,
    identity: info.ino === null ? undefined : `${info.dev.toString(16)}-${info.ino.toString(16)}`,
    link: info.isSymlink ? await Deno.readLink(path) : undefined,
    extended: undefined,
  };
}

/**
 * Facts of one path, under its own name.
 *
 * @throws {Error} What the system says, if there is no such file.
 */
export async function factsOf(path: string): Promise<FileFacts> {
  if (!hasNativeTree()) return await fromDeno(path, path);
  const raw = rawFactsOf(encodeName(path));
  if (typeof raw === "number") throw systemError(raw);
  return new NativeFacts(raw);
}

/**
 * Facts of everything in a folder, sorted by name.
 *
 * @throws {Error} What the system says, if it can't be listed.
 */
export async function factsIn(folder: string): Promise<FileFacts[]> {
  const found: FileFacts[] = [];
  if (hasNativeTree()) {
    const raw = await listRawFacts(encodeName(folder));
    if (typeof raw === "number") throw systemError(raw);
    for (const facts of raw) found.push(new NativeFacts(facts));
  } else {
    for await (const { name } of Deno.readDir(folder)) {
      found.push(
        await fromDeno(name, `${folder.replace(/\/+$/, "")}/${name}`).catch((error) =>
          unknownFacts(name, error)
        ),
      );
    }
  }
  return sortByName(found);
}

function sortByName(facts: FileFacts[]): FileFacts[] {
  return facts.sort((a, b) => a.name < b.name ? -1 : 1);
}

/** As `factsIn` for some folders, natively: the error where one can't be listed, less than asked for where it is much. */
export async function factsInMany(folders: readonly string[]): Promise<(FileFacts[] | Error)[]> {
  if (!hasNativeTree()) return [];
  const paths = encodeName(folders.map((folder) => `${folder}\0`).join(""));
  const found = await listManyRawFacts(paths, folders.length);
  return found.map((raw) =>
    typeof raw === "number" ? systemError(raw) : sortByName(raw.map((facts) => new NativeFacts(facts)))
  );
}

function unknownFacts(name: string, error: Error): FileFacts {
  return {
    name,
    error,
    mode: undefined,
    kind: "other",
    size: 0,
    seconds: 0,
    nanoseconds: 0,
    owner: undefined,
    links: 1,
    identity: undefined,
    link: undefined,
    extended: undefined,
  };
}

/** Facts that a file gets; those that are undefined stay. */
export interface NewFacts {
  readonly path: string;
  readonly isLink: boolean;
  readonly attributes: ZpaqUnixAttributes | undefined;
  readonly date: Date | undefined;
  /** Whether the owner is set too. */
  readonly owner: boolean;
}

/** This system or backend can't do it. */
export class Unsupported extends Error {}

/** Sets facts of files, no link followed; for each file the error, or undefined. */
export async function setFacts(list: readonly NewFacts[]): Promise<(Error | undefined)[]> {
  if (list.length === 0) return [];
  if (!hasNativeTree()) return await Promise.all(list.map((facts) => setByDeno(facts)));
  return Array.from(
    await setRawFacts(list.map(rawFactsToSet)),
    (errno) => errno === 0 ? undefined : systemError(errno),
  );
}

/** Facts as the native library takes them. */
export function rawFactsToSet({ path, isLink, attributes, date, owner }: NewFacts): NewRawFacts {
  return {
    path: encodeName(path),
    owner: owner && attributes?.uid !== undefined ? { uid: attributes.uid, gid: attributes.gid! } : undefined,
    mode: attributes === undefined || isLink ? undefined : attributes.mode & 0o7777,
    time: date === undefined ? undefined : {
      seconds: Math.floor(date.getTime() / 1000),
      nanoseconds: attributes?.nanoseconds ?? 0,
    },
    extended: attributes?.extended === undefined ? undefined : extendedBytes(attributes.extended),
  };
}

async function setByDeno({ path, isLink, attributes, date, owner }: NewFacts): Promise<Error | undefined> {
  if (isLink) return undefined; // Deno sets facts of what a link leads to only
  try {
    if (attributes !== undefined && Deno.build.os !== "windows") {
      if (owner && attributes.uid !== undefined) await Deno.chown(path, attributes.uid, attributes.gid!);
      await Deno.chmod(path, attributes.mode & 0o7777);
    }
    if (date !== undefined) {
      const time = new Date(date.getTime() + Math.floor((attributes?.nanoseconds ?? 0) / 1e6));
      await Deno.utime(path, time, time);
    }
    return attributes?.extended === undefined
      ? undefined
      : new Unsupported("extended attributes are set natively on Linux only");
  } catch (error) {
    return error as Error;
  }
}
