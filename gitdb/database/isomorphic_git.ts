/**
 * Stores of this module as the files that isomorphic-git reads objects from.
 *
 * @module
 */
import { checkArgument, checkKeys, concatBytes, NotFoundError, toBytes } from "@sluice/internal";
import { deflateBytes } from "../object/_deflate.ts";
import { WHOLE_OBJECT_MAX } from "../object/_stored_object.ts";
import { looseHeader } from "../loose/_loose_format.ts";
import type { GitObjectReader, GitObjectWriter } from "../object/object.ts";

/** The calls of a file system that isomorphic-git makes. */
export interface IsomorphicGitCalls {
  /** Reads a file. */
  // deno-lint-ignore no-explicit-any -- the calls of a file system that somebody else types
  readonly readFile: (path: string, options?: any) => Promise<any>;
  /** Writes a file. */
  // deno-lint-ignore no-explicit-any -- as above
  readonly writeFile: (path: string, data: any, options?: any) => Promise<any>;
  /** Lists a folder. */
  // deno-lint-ignore no-explicit-any -- as above
  readonly readdir: (path: string, options?: any) => Promise<any>;
  /** Facts of what a path leads to. */
  // deno-lint-ignore no-explicit-any -- as above
  readonly stat: (path: string, options?: any) => Promise<any>;
  /** Facts of a path itself, which may be a link. */
  // deno-lint-ignore no-explicit-any -- as above
  readonly lstat: (path: string, options?: any) => Promise<any>;
}

/** A file system as isomorphic-git takes it. */
export interface IsomorphicGitFs<Calls extends IsomorphicGitCalls = IsomorphicGitCalls> {
  /** Its calls. */
  readonly promises: Calls;
}

/** What an adapter is made with. */
export interface IsomorphicGitOptions {
  /** The folder of the repository, as isomorphic-git is told it. */
  readonly gitdir: string;
  /** Where objects come from, and where new ones go if it can be written. */
  readonly objects: GitObjectReader & Partial<Pick<GitObjectWriter, "write">>;
}

const OPTIONS: ReadonlySet<string> = new Set<keyof IsomorphicGitOptions>(["gitdir", "objects"]);
/** zlib streams of stored blocks: they are taken apart at once. */
const STORED = 0;
/** Bytes of such a stream around its blocks, before each block, and the most in one (RFC 1950, RFC 1951 section 3.2.4). */
const ENVELOPE_SIZE = 2 + 4;
const BLOCK_HEADER_SIZE = 5;
const BLOCK_SIZE_MAX = 0xffff;

/**
 * A file system for isomorphic-git over another one: objects come from a store and new ones go into it, everything else is
 * passed on. To isomorphic-git, every object is a loose one; it reads no packs, so that large ones take neither its time nor
 * its memory. A folder of loose objects lists all objects of the store that belong into it, and `stat` and `lstat` find each.
 *
 * @example An object of a store in memory
 * ```ts
 * import { GitMemoryStore, isomorphicGitFs } from "@sluice/gitdb";
 * import { assertEquals } from "@std/assert";
 *
 * const objects = new GitMemoryStore();
 * const id = `${await objects.write({ type: "blob", body: "text" })}`;
 * const none = (path: string) => Promise.reject(new Error(`no file "${path}"`));
 * const files = { promises: { readFile: none, writeFile: none, readdir: none, stat: none, lstat: none } };
 * const fs = isomorphicGitFs(files, { gitdir: "/repo/.git", objects });
 * const path = `/repo/.git/objects/${id.slice(0, 2)}/${id.slice(2)}`;
 * const stream = new Blob([await fs.promises.readFile(path)]).stream();
 * const text = await new Response(stream.pipeThrough(new DecompressionStream("deflate"))).text();
 * assertEquals(text, "blob 4\0text");
 * ```
 */
export function isomorphicGitFs<Calls extends IsomorphicGitCalls>(
  files: IsomorphicGitFs<Calls>,
  options: IsomorphicGitOptions,
): IsomorphicGitFs<Calls> {
  const calls = files?.promises;
  checkArgument(typeof calls?.readFile === "function", "adapt a file system", files, "one with promises");
  checkArgument(typeof options === "object" && options !== null, "adapt a file system", options, "options");
  const { objects, gitdir } = options;
  checkKeys({ gitdir }, OPTIONS);
  for (const key of Object.keys(options)) checkKeys({ [key]: undefined }, OPTIONS);
  checkArgument(typeof objects?.read === "function", "adapt a file system", objects, "a store of objects");
  const view = new ObjectView(gitdir, objects);
  const own: IsomorphicGitCalls = {
    readFile: async (path, given) => {
      const id = view.idOf(path);
      return id === undefined ? await calls.readFile(path, given) : await view.encoded(id);
    },
    writeFile: async (path, data, given) => {
      const id = view.idOf(path);
      if (id === undefined || objects.write === undefined) return await calls.writeFile(path, data, given);
      await objects.write({ id, encoded: toBytes(data) });
    },
    readdir: async (path, given) => {
      const prefix = view.folderOf(path);
      if (prefix === undefined) return await calls.readdir(path, given);
      return prefix === "pack" ? [] : await view.names(prefix);
    },
    stat: async (path, given) => await view.facts(path) ?? await calls.stat(path, given),
    // No object is a link.
    lstat: async (path, given) => await view.facts(path) ?? await calls.lstat(path, given),
  };
  // Calls of classes have to keep their object.
  const promises = new Proxy(calls, {
    get(target, name): unknown {
      if (name in own) return own[name as keyof IsomorphicGitCalls];
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  return { promises };
}

/** Objects as loose files. */
class ObjectView {
  readonly #root: string;
  readonly #objects: GitObjectReader;

  constructor(gitdir: string, objects: GitObjectReader) {
    this.#root = `${gitdir.replace(/\/+$/, "")}/objects/`;
    this.#objects = objects;
  }

  #below(path: unknown): string | undefined {
    return typeof path === "string" && path.startsWith(this.#root)
      ? path.slice(this.#root.length)
      : undefined;
  }

  /** The id of a loose object by its path. */
  idOf(path: unknown): string | undefined {
    const [, folder, rest] = /^([0-9a-f]{2})\/([0-9a-f]{38}|[0-9a-f]{62})$/.exec(this.#below(path) ?? "") ??
      [];
    return folder === undefined ? undefined : folder + rest;
  }

  /** The folder of objects that a path is: two digits, or "pack". */
  folderOf(path: unknown): string | undefined {
    return /^([0-9a-f]{2}|pack)\/?$/.exec(this.#below(path) ?? "")?.[1];
  }

  /** Names in a folder of loose objects. */
  async names(prefix: string): Promise<string[]> {
    const names: string[] = [];
    // Stores look for four digits or more.
    for (let more = 0; more < 256; more++) {
      const ids = await this.#objects.candidates(prefix + more.toString(16).padStart(2, "0"));
      names.push(...ids.map((id) => `${id}`.slice(2)));
    }
    return names;
  }

  async #read<T>(id: string, run: () => Promise<T>): Promise<T> {
    try {
      return await run();
    } catch (error) {
      if (!(error instanceof NotFoundError)) throw error;
      // What file systems say, and isomorphic-git looks for.
      throw Object.assign(new Error(`Cannot read object ${id}: ENOENT, no such file or directory`), {
        code: "ENOENT",
        cause: error,
      });
    }
  }

  /** A loose object as a file has it. */
  encoded(id: string): Promise<Uint8Array<ArrayBuffer>> {
    return this.#read(id, async () => {
      const object = await this.#objects.read(id);
      const body = await object.bytes({ maxObjectSize: WHOLE_OBJECT_MAX });
      return deflateBytes(concatBytes([looseHeader(object.type, object.size), body]), STORED);
    });
  }

  /**
   * What `stat` says of a loose object, or of a folder of them, which need not be on the disk; undefined for any other
   * path.
   */
  async facts(path: unknown): Promise<object | undefined> {
    const id = this.idOf(path);
    if (id !== undefined) {
      const { type, size } = await this.#read(id, () => this.#objects.info(id));
      return factsOf({ size: encodedSize(looseHeader(type, size).length + size), isFile: true });
    }
    const folder = this.folderOf(path);
    return folder === undefined || folder === "pack" ? undefined : factsOf({ size: 0, isFile: false });
  }
}

/** The size of a zlib stream that stores so many bytes. */
function encodedSize(size: number): number {
  return ENVELOPE_SIZE + BLOCK_HEADER_SIZE * Math.max(1, Math.ceil(size / BLOCK_SIZE_MAX)) + size;
}

/** The answer of `stat` for a file or a folder. */
function factsOf({ size, isFile }: { readonly size: number; readonly isFile: boolean }): object {
  const date = new Date(0);
  return {
    size,
    mode: isFile ? 0o100444 : 0o40755,
    mtime: date,
    ctime: date,
    mtimeMs: 0,
    ctimeMs: 0,
    uid: 0,
    gid: 0,
    dev: 0,
    ino: 0,
    isFile: () => isFile,
    isDirectory: () => !isFile,
    isSymbolicLink: () => false,
  };
}
