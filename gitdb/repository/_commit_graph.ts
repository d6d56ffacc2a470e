/**
 * Commit graphs: what `git commit-graph write` keeps of commits beside them (gitformat-commit-graph), in one file or in
 * layers. Deno only.
 */
import { byteString } from "@sluice/internal";
import { readU32BE } from "../object/_big_endian.ts";
import { joinPath, readSmallFile, readText } from "../object/_fs.ts";
import { GitObjectId, HASH_SIZE } from "../object/_object_id.ts";
import type { GitHashAlgorithm } from "../object/_object_id.ts";
import type { CommitLinks } from "./_commit_links.ts";

const SIGNATURE = 0x43475048;
const HEADER_SIZE = 8;
const ROW_SIZE = 12;
const FANOUT_SIZE = 1024;
/** Bytes of a commit's row after the id of its tree. */
const FACTS_SIZE = 16;
const NO_PARENT = 0x70000000;
const MORE_PARENTS = 0x80000000;
/** Layers of a chain, at most: git makes a few. */
const LAYERS_MAX = 1000;

/** One file. */
interface Layer {
  readonly bytes: Uint8Array;
  readonly count: number;
  /** Commits of the layers below. */
  readonly below: number;
  readonly fanout: number;
  readonly ids: number;
  readonly facts: number;
  readonly edges: { readonly start: number; readonly count: number };
}

/** Commits by their ids. Files that break the rules of their format are passed over: commits themselves say the same. */
export class CommitGraph {
  readonly #layers: readonly Layer[];
  readonly #hashSize: number;

  private constructor(layers: readonly Layer[], hashSize: number) {
    this.#layers = layers;
    this.#hashSize = hashSize;
  }

  /** The graph of a folder of objects; undefined where there is none that can be used. */
  static async open(objects: string, algorithm: GitHashAlgorithm): Promise<CommitGraph | undefined> {
    const hashSize = HASH_SIZE[algorithm];
    const single = await readSmallFile(joinPath(objects, "info/commit-graph"));
    const files = single === undefined ? await chainFiles(joinPath(objects, "info/commit-graphs")) : [single];
    const layers: Layer[] = [];
    for (const [i, bytes] of files.entries()) {
      const last = layers.at(-1);
      const layer = openLayer(bytes, {
        algorithm,
        layers: i,
        below: last === undefined ? 0 : last.below + last.count,
      });
      // What follows leads into this one.
      if (layer === undefined) break;
      layers.push(layer);
    }
    return layers.length === 0 ? undefined : new CommitGraph(layers, hashSize);
  }

  /** How many commits it has. */
  get count(): number {
    const last = this.#layers.at(-1)!;
    return last.below + last.count;
  }

  /** What it says of a commit; undefined where it does not have it. */
  find(id: GitObjectId): CommitLinks | undefined {
    for (const layer of this.#layers) {
      const row = this.#rowOf(layer, id.bytes);
      if (row !== undefined) return this.#linksAt(layer, row);
    }
    return undefined;
  }

  #rowOf({ bytes, fanout, ids }: Layer, id: Uint8Array): number | undefined {
    const first = id[0]!;
    let low = first === 0 ? 0 : readU32BE(bytes, fanout + 4 * (first - 1));
    let high = readU32BE(bytes, fanout + 4 * first);
    while (low < high) {
      const middle = (low + high) >>> 1;
      const order = compareAt(bytes, ids + middle * this.#hashSize, id);
      if (order === 0) return middle;
      if (order < 0) low = middle + 1;
      else high = middle;
    }
    return undefined;
  }

  #linksAt(layer: Layer, row: number): CommitLinks | undefined {
    const { bytes } = layer;
    const at = layer.facts + row * (this.#hashSize + FACTS_SIZE) + this.#hashSize;
    const places = parentPlaces(layer, readU32BE(bytes, at), readU32BE(bytes, at + 4));
    const parents = places?.map((place) => this.#idAt(place));
    if (parents === undefined || parents.includes(undefined)) return undefined;
    const time = (readU32BE(bytes, at + 8) & 3) * 2 ** 32 + readU32BE(bytes, at + 12);
    const tree = GitObjectId.from(bytes.subarray(at - this.#hashSize, at));
    return { tree, parents: parents as GitObjectId[], time };
  }

  #idAt(place: number): GitObjectId | undefined {
    const layer = this.#layers.find(({ below, count }) => place < below + count);
    if (layer === undefined) return undefined;
    const at = layer.ids + (place - layer.below) * this.#hashSize;
    return GitObjectId.from(layer.bytes.subarray(at, at + this.#hashSize));
  }
}

function compareAt(bytes: Uint8Array, at: number, id: Uint8Array): number {
  for (let i = 0; i < id.length; i++) if (bytes[at + i] !== id[i]) return bytes[at + i]! - id[i]!;
  return 0;
}

/** The places of the parents; undefined where the list of a merge of many does not end. */
function parentPlaces({ bytes, edges }: Layer, first: number, second: number): number[] | undefined {
  if (first === NO_PARENT) return [];
  if (second === NO_PARENT) return [first];
  if (second < MORE_PARENTS) return [first, second];
  const places = [first];
  for (let edge = second - MORE_PARENTS; edge < edges.count; edge++) {
    const place = readU32BE(bytes, edges.start + 4 * edge);
    places.push(place % MORE_PARENTS);
    if (place >= MORE_PARENTS) return places;
  }
  return undefined;
}

/** The files of a chain, the lowest layer first; up to one that is not there. */
async function chainFiles(folder: string): Promise<Uint8Array[]> {
  const names = (await readText(joinPath(folder, "commit-graph-chain")) ?? "").split("\n");
  const files: Uint8Array[] = [];
  for (const name of names.slice(0, LAYERS_MAX)) {
    const bytes = /^[0-9a-f]+$/.test(name)
      ? await readSmallFile(joinPath(folder, `graph-${name}.graph`))
      : undefined;
    if (bytes === undefined) break;
    files.push(bytes);
  }
  return files;
}

/** A file with its tables; undefined where it breaks the rules of its format. */
function openLayer(
  bytes: Uint8Array,
  { algorithm, layers, below }: { algorithm: GitHashAlgorithm; layers: number; below: number },
): Layer | undefined {
  const hashSize = HASH_SIZE[algorithm];
  const end = bytes.length - hashSize;
  if (end < HEADER_SIZE + ROW_SIZE || readU32BE(bytes, 0) !== SIGNATURE) return undefined;
  const [version, hashVersion, chunkCount, baseCount] = bytes.subarray(4, HEADER_SIZE);
  if (version !== 1 || hashVersion !== (algorithm === "sha1" ? 1 : 2) || baseCount !== layers) {
    return undefined;
  }
  const chunks = readChunks(bytes, chunkCount!, end);
  const [fanout, ids, facts] = ["OIDF", "OIDL", "CDAT"].map((name) => chunks?.get(name));
  if (fanout?.size !== FANOUT_SIZE || ids === undefined || facts === undefined) return undefined;
  const count = readU32BE(bytes, fanout.start + FANOUT_SIZE - 4);
  for (let i = 1; i < 256; i++) {
    const at = fanout.start + 4 * i;
    if (readU32BE(bytes, at - 4) > readU32BE(bytes, at)) return undefined;
  }
  if (ids.size !== count * hashSize || facts.size !== count * (hashSize + FACTS_SIZE)) return undefined;
  const edges = chunks!.get("EDGE") ?? { start: 0, size: 0 };
  return {
    bytes,
    count,
    below,
    fanout: fanout.start,
    ids: ids.start,
    facts: facts.start,
    edges: { start: edges.start, count: Math.floor(edges.size / 4) },
  };
}

/** The chunks of a file by their names; undefined where they leave it. */
function readChunks(
  bytes: Uint8Array,
  count: number,
  end: number,
): Map<string, { readonly start: number; readonly size: number }> | undefined {
  if (HEADER_SIZE + (count + 1) * ROW_SIZE > end) return undefined;
  const startOf = (row: number): number => {
    const at = HEADER_SIZE + row * ROW_SIZE + 4;
    return readU32BE(bytes, at) * 2 ** 32 + readU32BE(bytes, at + 4);
  };
  const chunks = new Map<string, { start: number; size: number }>();
  for (let row = 0; row < count; row++) {
    const at = HEADER_SIZE + row * ROW_SIZE;
    const [start, next] = [startOf(row), startOf(row + 1)];
    if (start > next || next > end) return undefined;
    chunks.set(byteString(bytes.subarray(at, at + 4)), { start, size: next - start });
  }
  return chunks;
}
