/**
 * Walking over what is to be archived.
 */
import type { NewNames } from "./_checks.ts";
import { attributeBytes, ATTRIBUTES_SIZE_MAX } from "../archive/_attributes.ts";
import type { ZpaqUnixAttributes } from "../archive/_attributes.ts";
import type { ZpaqFile } from "../archive/_types.ts";
import { encodeName } from "../block/_names.ts";
import { factsIn, factsInMany, factsOf } from "./_file_facts.ts";
import type { FileFacts } from "./_file_facts.ts";
import { isWanted, renamed } from "./_patterns.ts";
import type { Selection } from "./_patterns.ts";
import { warning } from "./_problems.ts";
import { canSpell, contentOfFile } from "./_raw_names.ts";
import type { Report } from "./_problems.ts";

const MODE_FILE = 0o100000;
const MODE_FOLDER = 0o040000;
/** A link's: what a program that knows no links makes of it is a small file of this mode. */
const MODE_LINK = 0o120644;
/** Folders that are listed in one call. */
const LOOK_AHEAD = 64;
const NO_HASH = "0".repeat(64);
const DATE_MIN = Date.UTC(1970, 0, 1);
const DATE_MAX = Date.UTC(2999, 11, 31);

/** What of attributes is archived: all there is, what zpaq 7.15 knows, or nothing. */
export type AttributeExtent = "all" | "mode" | "none";

/** A file that was found. */
export interface WalkedFile extends ZpaqFile {
  /** The path of a regular file. */
  readonly path?: string;
}

/** What a walk found. */
export interface Walked {
  readonly files: WalkedFile[];
  /** Folders and files that could not be looked at: nothing is known of them and of what is in them. */
  readonly unseen: string[];
}

/** How a walk is done. */
export interface WalkOptions extends Selection {
  readonly paths: readonly string[];
  readonly to: NewNames;
  readonly attributes: AttributeExtent;
  /** Device and inode of the archive's parts, which does not archive itself. */
  readonly archive: ReadonlySet<string>;
  readonly report: Report;
  readonly signal?: AbortSignal | undefined;
}

/** Files below the paths. Pipes, sockets and devices are left out, as zpaq leaves them out, and reported. */
export async function walk(options: WalkOptions): Promise<Walked> {
  const walker = new Walker(options);
  for (const path of options.paths) await walker.add(path);
  return walker.found;
}

/** The time of a file, as far as an archive can say it. */
function dateOf(seconds: number): Date {
  return new Date(Math.min(Math.max(seconds * 1000, DATE_MIN), DATE_MAX));
}

/** A regular file. There may be a great many, so that it holds no more than it must. */
class RegularFile implements WalkedFile {
  readonly name: string;
  readonly path: string;
  readonly size: number;
  readonly attributes: ZpaqUnixAttributes | undefined;
  readonly #seconds: number;

  constructor(
    name: string,
    path: string,
    { size, seconds }: FileFacts,
    attributes: ZpaqUnixAttributes | undefined,
  ) {
    this.name = name;
    this.path = path;
    this.size = size;
    this.attributes = attributes;
    this.#seconds = seconds;
  }

  get date(): Date {
    return dateOf(this.#seconds);
  }

  get body(): () => Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
    return () => contentOfFile(this.path);
  }
}

/** A folder's name ends in one "/". */
function folderName(path: string): string {
  return `${path.replace(/\/+$/, "")}/`;
}

class Walker {
  readonly #options: WalkOptions;
  readonly found: Walked = { files: [], unseen: [] };
  /** What is in folders that were listed ahead. */
  readonly #ahead = new Map<string, FileFacts[] | Error>();
  /** Names of files that have other names as well. */
  readonly #names = new Map<string, string>();

  constructor(options: WalkOptions) {
    this.#options = options;
  }

  async add(path: string): Promise<void> {
    let facts: FileFacts;
    try {
      facts = await factsOf(path);
    } catch (error) {
      this.#unseen(path, error as Error);
      return;
    }
    await this.#visit(path, facts, true);
  }

  #unseen(path: string, error: Error | string): void {
    // What is gone may be taken away from the archive, what is not readable may not.
    if (!(error instanceof Deno.errors.NotFound)) {
      this.found.unseen.push(renamed(path, this.#options.paths, this.#options.to));
    }
    this.#options.report(warning("read", path, error));
  }

  /** Takes a file, or a folder with all that is in it. */
  async #visit(path: string, facts: FileFacts, named: boolean): Promise<void> {
    this.#options.signal?.throwIfAborted();
    if (!this.#take(path, facts, named)) return;
    let inside: FileFacts[];
    try {
      inside = await this.#inside(path);
    } catch (error) {
      return this.#unseen(path, error as Error);
    }
    const start = folderName(path) === "../" ? "" : folderName(path);
    await this.#lookAhead(start, inside);
    for (const entry of inside) {
      // Most are files, which nothing is waited for.
      if (entry.kind === "folder") await this.#visit(start + entry.name, entry, false);
      else this.#take(start + entry.name, entry, false);
    }
  }

  /** Takes what has a path; whether it is a folder to look into. */
  #take(path: string, facts: FileFacts, named: boolean): boolean {
    const { attributes, archive, paths, to } = this.#options;
    const { kind, error } = facts;
    if (error !== undefined) {
      this.#unseen(path, error);
      return false;
    }
    if (kind === "other" || kind === "link" && attributes !== "all") {
      // Without links of its own an archive is zpaq's, which passes over those in folders; one that was named was meant.
      if ((named || kind === "other") && this.#isWanted(path)) {
        this.#options.report(
          warning(
            "archive",
            path,
            "it is neither a regular file nor a folder",
            named ? "UNSUPPORTED" : "LEFT_OUT",
          ),
        );
      }
      return false;
    }
    if (archive.size > 0 && facts.identity !== undefined && archive.has(facts.identity)) return false;
    if (!canSpell(path)) {
      this.#unseen(path, "the name is not UTF-8, which is not supported");
      return false;
    }
    const name = kind === "folder" ? folderName(path) : path;
    if (this.#isWanted(name) && name !== "../" && name !== "/") {
      this.found.files.push(this.#fileOf(path, renamed(name, paths, to), facts));
    }
    return kind === "folder";
  }

  #isWanted(name: string): boolean {
    const { only = [], exclude = [] } = this.#options;
    return only.length + exclude.length === 0 || isWanted(name.replace(/\/$/, ""), [], this.#options);
  }

  /** What is in a folder. */
  async #inside(folder: string): Promise<FileFacts[]> {
    const ahead = this.#ahead.get(folder);
    if (ahead === undefined) return await factsIn(folder);
    this.#ahead.delete(folder);
    if (ahead instanceof Error) throw ahead;
    return ahead;
  }

  /** Lists the folders of a folder, many in one call. */
  async #lookAhead(start: string, inside: readonly FileFacts[]): Promise<void> {
    const folders = inside.filter(({ kind, error }) => kind === "folder" && error === undefined)
      .map(({ name }) => start + name);
    if (folders.length < 2) return;
    for (let at = 0; at < folders.length; at += LOOK_AHEAD) {
      const some = folders.slice(at, at + LOOK_AHEAD);
      const found = await factsInMany(some);
      found.forEach((facts, i) => this.#ahead.set(some[i]!, facts));
      // What is left is listed folder by folder, and so is not held all at once.
      if (found.length < some.length) return;
    }
  }

  #fileOf(path: string, name: string, facts: FileFacts): WalkedFile {
    const date = dateOf(facts.seconds);
    if (date.getTime() !== facts.seconds * 1000) {
      const why = `an archive's times are from 1970 to 2999, and it gets ${date.toISOString().slice(0, 10)}`;
      this.#options.report(warning("keep the time of", path, why, "LEFT_OUT"));
    }
    const attributes = this.#attributesOf(path, name, facts);
    if (facts.kind === "file") return new RegularFile(name, path, facts, attributes);
    const file = { name, date, attributes };
    if (facts.kind === "folder") return { ...file, size: 0 };
    const body = encodeName(facts.link!);
    return { ...file, size: body.length, body };
  }

  #attributesOf(path: string, name: string, facts: FileFacts): ZpaqUnixAttributes | undefined {
    const { attributes: extent, report } = this.#options;
    const { kind, owner, nanoseconds, links, link, extended } = facts;
    if (facts.mode === undefined || extent === "none") return undefined;
    const mode = kind === "link"
      ? MODE_LINK
      : (kind === "folder" ? MODE_FOLDER : MODE_FILE) | facts.mode & 0o7777;
    if (extent === "mode") return { system: "unix", mode };
    let hardLink: string | undefined;
    const identity = kind === "file" && links > 1 ? facts.identity : undefined;
    if (identity !== undefined) {
      hardLink = this.#names.get(identity);
      if (hardLink === undefined) this.#names.set(identity, name);
    }
    const { uid, gid } = owner ?? {};
    const attributes = { system: "unix" as const, mode, nanoseconds, uid, gid, link, hardLink };
    if (extended === undefined) return attributes;
    try {
      // With room for the hash of the content, which is not read yet.
      attributeBytes({ ...attributes, extended, secondHash: kind === "file" ? NO_HASH : undefined });
      return { ...attributes, extended };
    } catch {
      const why =
        `its extended attributes are left out: an archive holds ${ATTRIBUTES_SIZE_MAX} bytes of them`;
      report(warning("archive all of", path, why, "VALUE_TOO_LARGE"));
      return attributes;
    }
  }
}
