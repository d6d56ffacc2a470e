/**
 * Lines of facts by a format as `git cat-file --batch-check` takes it.
 */
import type { GitDatabase, GitObjectId, GitObjectInfo, GitPack } from "@sluice/gitdb/repository";
import { fatal } from "./settings.ts";

const ATOMS = ["objectname", "objecttype", "objectsize", "objectsize:disk", "deltabase", "rest"] as const;
type Atom = typeof ATOMS[number];

/** What a pack knows about the places of its entries. */
interface PackPlaces {
  readonly offsets: Float64Array;
  readonly end: number;
  readonly ids: Map<number, GitObjectId>;
}

/** Formats facts. */
export class FactFormatter {
  readonly #database: GitDatabase;
  readonly #parts: readonly (string | { readonly atom: Atom })[];
  readonly #places = new Map<string, Promise<PackPlaces>>();

  /** Parses a format. */
  constructor(database: GitDatabase, format: string) {
    this.#database = database;
    const open = /%\((?![^]*\))/.exec(format);
    if (open !== null) throw fatal(`format element '${format.slice(open.index + 1)}' does not end in ')'`);
    this.#parts = format.split(/(%\([^)]*\)|%%)/).filter((part) => part !== "").map((part) => {
      if (part === "%%") return "%";
      const name = /^%\((.*)\)$/.exec(part)?.[1];
      if (name === undefined) return part;
      const atom = ATOMS.find((known) => known === name);
      if (atom === undefined) throw fatal(`unknown format element: ${name}`);
      return { atom };
    });
  }

  /** Whether what follows the name on its line is printed. */
  get usesRest(): boolean {
    return this.#parts.some((part) => typeof part !== "string" && part.atom === "rest");
  }

  /** The line for one object, which a user may know by another name than its id. */
  async format(info: GitObjectInfo, rest: string, name: GitObjectId = info.id): Promise<string> {
    let line = "";
    for (const part of this.#parts) {
      line += typeof part === "string" ? part : await this.#fact(part.atom, info, rest, name);
    }
    return line;
  }

  #fact(atom: Atom, info: GitObjectInfo, rest: string, name: GitObjectId): string | Promise<string> {
    switch (atom) {
      case "objectname":
        return `${name}`;
      case "objecttype":
        return info.type;
      case "objectsize":
        return `${info.size}`;
      case "rest":
        return rest;
      case "objectsize:disk":
        return this.#diskSize(info).then(String);
      case "deltabase":
        return this.#deltaBase(info);
    }
  }

  async #packOf(
    info: GitObjectInfo,
  ): Promise<{ pack: GitPack; offset: number; places: PackPlaces } | undefined> {
    if (info.packed === undefined) return undefined;
    const { offset } = info.packed;
    for (const pack of this.#database.packs.packs) {
      const position = await pack.index.indexOf(info.id);
      if (position === undefined || await pack.index.offsetAt(position) !== offset) continue;
      let places = this.#places.get(pack.name);
      if (places === undefined) this.#places.set(pack.name, places = placesOf(pack));
      return { pack, offset, places: await places };
    }
    return undefined;
  }

  async #diskSize(info: GitObjectInfo): Promise<number> {
    const found = await this.#packOf(info);
    if (found === undefined) {
      const path = this.#database.loose.findPath(info.id);
      return path === undefined ? 0 : (await Deno.stat(path)).size;
    }
    const { offsets, end } = found.places;
    let low = 0;
    let high = offsets.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (offsets[middle]! <= found.offset) low = middle + 1;
      else high = middle;
    }
    return (offsets[low] ?? end) - found.offset;
  }

  async #deltaBase(info: GitObjectInfo): Promise<string> {
    const none = "0".repeat(info.id.bytes.length * 2);
    const found = await this.#packOf(info);
    if (found === undefined) return none;
    const { base } = await found.pack.infoAt(found.offset);
    if (base === undefined) return none;
    return `${typeof base === "number" ? found.places.ids.get(base) ?? none : base}`;
  }
}

async function placesOf(pack: GitPack): Promise<PackPlaces> {
  const ids = new Map<number, GitObjectId>();
  for await (const { offset, id } of pack.entries()) ids.set(offset, id);
  const hashSize = (await pack.checksum()).length;
  return { offsets: Float64Array.from(ids.keys()), end: pack.size - hashSize, ids };
}
