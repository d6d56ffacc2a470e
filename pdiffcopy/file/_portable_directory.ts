/**
 * Deno's own directories as `BlockDirectory`.
 */
import type { BlockDirectory, BlockFile, NameFacts, NewFacts, OpenOptions } from "./_block_file.ts";
import { confined } from "./_confinement.ts";
import { denoFailure, failure } from "./_errors.ts";
import { byName, directoryPath } from "./_name_order.ts";
import { openPortableFile, setPortableFacts } from "./_portable_file.ts";

/** Facts of a name that the system says nothing about. */
const NOTHING: NameFacts = {
  name: "",
  errno: 0,
  mode: 0,
  uid: 0,
  gid: 0,
  links: 0,
  mtimeNs: 0n,
  size: 0,
  identity: "",
  link: undefined,
  attributes: undefined,
};

class PortableDirectory implements BlockDirectory {
  readonly path: string;
  readonly smallFiles = undefined;
  readonly summarizeBelow = undefined;
  /** The directory that names may not lead out of, with its links resolved. */
  readonly #root: string | undefined;

  constructor(path: string, root: string | undefined) {
    this.path = path;
    this.#root = root;
  }

  open(name: string, options: OpenOptions): BlockFile {
    return openPortableFile(
      `${this.path}/${name}`,
      options,
      options.beneath === true ? this.#base() : undefined,
    );
  }

  openDirectory(name: string, beneath: boolean): BlockDirectory {
    const path = `${this.path}/${name}`;
    return openPortableDirectory(path, beneath ? this.#base() : undefined);
  }

  #base(): string {
    return this.#root ?? Deno.realPathSync(this.path);
  }

  rename(from: string, to: string): void {
    try {
      Deno.renameSync(`${this.path}/${from}`, `${this.path}/${to}`);
    } catch (error) {
      throw denoFailure(`rename ${this.path}/${from} to ${to}`, error);
    }
  }

  remove(name: string): void {
    try {
      Deno.removeSync(`${this.path}/${name}`);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return;
      throw denoFailure(`remove ${this.path}/${name}`, error);
    }
  }

  ownFacts(): NameFacts {
    return { ...this.#facts("."), name: "" };
  }

  // deno-lint-ignore require-await
  async list(): Promise<NameFacts[]> {
    try {
      return [...Deno.readDirSync(this.path)].map(({ name }) => this.#facts(name)).sort(byName);
    } catch (error) {
      throw denoFailure(`list ${this.path}`, error);
    }
  }

  listBelow(): Promise<[]> {
    return Promise.resolve([]); // one call of Deno lists one directory
  }

  #facts(name: string): NameFacts {
    const path = `${this.path}/${name}`;
    let info: Deno.FileInfo;
    try {
      info = Deno.lstatSync(path);
    } catch (error) {
      const errno = Number(/os error (\d+)/.exec(String(error))?.[1] ?? 5);
      return { ...NOTHING, name, errno };
    }
    const kind = info.isSymlink ? 0o120000 : info.isDirectory ? 0o040000 : info.isFile ? 0o100000 : 0o010000;
    return {
      name,
      errno: 0,
      mode: info.mode ?? (kind | (info.isDirectory ? 0o755 : 0o644)),
      uid: info.uid ?? 0,
      gid: info.gid ?? 0,
      links: info.nlink ?? 1,
      mtimeNs: BigInt(info.mtime?.getTime() ?? 0) * 1_000_000n,
      size: info.size,
      identity: `${info.dev.toString(16)}-${(info.ino ?? 0).toString(16)}`,
      link: info.isSymlink ? Deno.readLinkSync(path) : undefined,
      attributes: undefined,
    };
  }

  makeDirectory(name: string, mode: number): void {
    this.#change(
      `make the directory ${this.path}/${name}`,
      () => Deno.mkdirSync(`${this.path}/${name}`, { mode }),
    );
  }

  makeLink(name: string, content: string): void {
    this.#change(
      `make the link ${this.path}/${name}`,
      () => Deno.symlinkSync(content, `${this.path}/${name}`),
    );
  }

  makeSpecial(name: string, kind: "pipe" | "socket"): void {
    throw failure(
      "UNSUPPORTED",
      `Cannot make the ${kind} ${this.path}/${name}: that needs the native library`,
    );
  }

  makeHardLink(name: string, directory: BlockDirectory, newName: string): void {
    const path = `${directory.path}/${newName}`;
    this.#change(`make the hard link ${path}`, () => Deno.linkSync(`${this.path}/${name}`, path));
  }

  removeDirectory(name: string): void {
    this.#change(`remove the directory ${this.path}/${name}`, () => {
      if (!Deno.lstatSync(`${this.path}/${name}`).isDirectory) {
        throw new Deno.errors.NotADirectory("os error 20");
      }
      Deno.removeSync(`${this.path}/${name}`);
    });
  }

  setFacts(name: string, facts: NewFacts): void {
    // Deno has no calls that leave links alone.
    const path = `${this.path}/${name}`;
    this.#change(`set the attributes of ${path}`, () => {
      if (!Deno.lstatSync(path).isSymlink) setPortableFacts(path, facts);
    });
  }

  #change(action: string, change: () => void): void {
    try {
      change();
    } catch (error) {
      throw denoFailure(action, error);
    }
  }

  sync(): Promise<void> {
    return Promise.resolve(); // Deno has no way to sync a directory
  }

  close(): void {}

  [Symbol.dispose](): void {}
}

/** Opens a directory; with a root its path may not lead out of that. */
export function openPortableDirectory(path: string, root?: string): BlockDirectory {
  try {
    const target = root === undefined ? path : confined(path, root);
    if (!Deno.statSync(target).isDirectory) throw new Deno.errors.NotADirectory("os error 20");
    return new PortableDirectory(directoryPath(target), root);
  } catch (error) {
    throw denoFailure(`open the directory ${path}`, error);
  }
}
