/**
 * The multi-pack indexes of a folder inside an engine: the single file, and the layers of an incremental one.
 */
import { SluiceError } from "@sluice/internal";
import { corrupt } from "../object/_errors.ts";
import { isMissing, joinPath, LazyFileSource, readText, statPath } from "../object/_fs.ts";
import type { IdTable } from "../object/_id_search.ts";
import { corruptMultiPack, readMultiPackHeader } from "./_multi_pack_format.ts";
import type { MultiPackHeader } from "./_multi_pack_format.ts";
import { GitObjectId, HASH_SIZE } from "../object/_object_id.ts";
import type { GitHashAlgorithm } from "../object/_object_id.ts";
import { GIT_ANY_PACK, RESULT } from "./_pack_engine.ts";
import type { PackEngine } from "./_pack_engine.ts";

const SINGLE = "multi-pack-index";
const LAYERS = "multi-pack-index.d";
const CHAIN = "multi-pack-index-chain";

/** One file that look-ups go through. */
export class MultiPackUnit implements IdTable {
  readonly hashAlgorithm: GitHashAlgorithm;
  readonly count: number;
  readonly fanout: Uint32Array;
  /** Names of its packs, without an ending. */
  readonly packs: readonly string[];
  /** Whether all of its packs are there. */
  readonly isWhole: boolean;
  /** Its number in the engine. */
  readonly file: number;
  readonly #source: LazyFileSource;
  readonly #header: MultiPackHeader;

  constructor(
    source: LazyFileSource,
    header: MultiPackHeader,
    algorithm: GitHashAlgorithm,
    place: { readonly file: number; readonly isWhole: boolean },
  ) {
    this.hashAlgorithm = algorithm;
    this.count = header.count;
    this.fanout = header.fanout;
    this.packs = packNames(header);
    this.file = place.file;
    this.isWhole = place.isWhole;
    this.#source = source;
    this.#header = header;
  }

  async idAt(position: number): Promise<GitObjectId> {
    const { idsPos, idsStride } = this.#header.layout;
    return GitObjectId.from(
      await this.#source.read(idsPos + position * idsStride, HASH_SIZE[this.hashAlgorithm]),
    );
  }

  /** Lets the descriptor go. */
  rest(): void {
    this.#source.rest();
  }
}

function packNames(header: MultiPackHeader): string[] {
  return header.packs.map((name) => name.replace(/\.(?:idx|pack)$/, ""));
}

/** The multi-pack indexes of one folder of packs. */
export class MultiPacks {
  readonly #engine: PackEngine;
  readonly #root: string;
  readonly #algorithm: GitHashAlgorithm;
  #units: readonly MultiPackUnit[] = [];
  /** Which files the units stand for. */
  #stamp = "";

  constructor(engine: PackEngine, root: string, algorithm: GitHashAlgorithm) {
    this.#engine = engine;
    this.#root = root;
    this.#algorithm = algorithm;
  }

  /** Those in use. */
  get units(): readonly MultiPackUnit[] {
    return this.#units;
  }

  /** What changes when one of the files does. */
  get stamp(): string {
    return [SINGLE, joinPath(LAYERS, CHAIN)].map((name) => {
      const info = statPath(joinPath(this.#root, name));
      return info === undefined ? "" : `${info.mtime?.getTime()} ${info.size} ${info.ino}`;
    }).join("|");
  }

  /**
   * Reads the files again where they or the packs have changed; what can't be used is told and passed over. Returns
   * those that are no longer in use.
   */
  async refresh(
    packNumbers: ReadonlyMap<string, number>,
    packsChanged: boolean,
    onWarning: ((error: Error) => void) | undefined,
  ): Promise<readonly MultiPackUnit[]> {
    const { stamp } = this;
    if (stamp === this.#stamp && !packsChanged) return [];
    const dropped = this.#units;
    const units: MultiPackUnit[] = [];
    for (const [i, path] of (await this.#paths(onWarning)).entries()) {
      try {
        units.push(await this.#open(path, i > 0 || path !== joinPath(this.#root, SINGLE), packNumbers));
      } catch (error) {
        if (isMissing(error)) continue;
        if (!(error instanceof SluiceError)) throw error;
        onWarning?.(error);
      }
    }
    this.#units = units;
    this.#stamp = stamp;
    return dropped;
  }

  /** The single file, then the layers, the newest first. */
  async #paths(onWarning: ((error: Error) => void) | undefined): Promise<string[]> {
    const paths: string[] = [];
    const single = joinPath(this.#root, SINGLE);
    if (statPath(single)?.isFile === true) paths.push(single);
    const chain = await readText(joinPath(this.#root, LAYERS, CHAIN));
    if (chain === undefined) return paths;
    const layers = chain.split("\n").filter((line) => line !== "");
    const length = 2 * HASH_SIZE[this.#algorithm];
    if (layers.some((line) => line.length !== length || !/^[0-9a-f]+$/.test(line))) {
      onWarning?.(corrupt("a chain of multi-pack indexes", "a line is no checksum", "CORRUPT_INDEX"));
      return paths;
    }
    const names = layers.reverse().map((hex) => joinPath(this.#root, LAYERS, `${SINGLE}-${hex}.midx`));
    return [...paths, ...names];
  }

  async #open(
    path: string,
    isLayer: boolean,
    packNumbers: ReadonlyMap<string, number>,
  ): Promise<MultiPackUnit> {
    const engine = this.#engine;
    const source = new LazyFileSource(path);
    let file: number | undefined;
    try {
      const header = await readMultiPackHeader(source, this.#algorithm, { isLayer });
      const opened = file = engine.addFile({ path, source });
      const numbers = packNames(header).map((name) => packNumbers.get(name) ?? GIT_ANY_PACK);
      const result = await engine.settle(() => engine.kernel.addIndex(opened, header.layout, numbers));
      if (result !== RESULT.OK) throw corruptMultiPack(`"${path}" can't be used`, 0);
      const isWhole = !numbers.includes(GIT_ANY_PACK);
      return new MultiPackUnit(source, header, this.#algorithm, { file: opened, isWhole });
    } catch (error) {
      if (file !== undefined && engine.isIdle) engine.removeFile(file);
      throw error;
    } finally {
      source.rest();
    }
  }
}
