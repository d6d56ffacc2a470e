/**
 * One pack with its index inside an engine.
 */
import type { ByteSource } from "@sluice/internal";
import { corrupt } from "../object/_errors.ts";
import { LazyFileSource } from "../object/_fs.ts";
import { readU32BE } from "../object/_big_endian.ts";
import { HASH_SIZE } from "../object/_object_id.ts";
import type { GitHashAlgorithm } from "../object/_object_id.ts";
import { RESULT } from "./_pack_engine.ts";
import type { EngineFile, PackEngine } from "./_pack_engine.ts";
import type { PackIndex } from "./pack_index.ts";

const SIGNATURE = 0x5041434b;

/** The files of a pack that is added to a store. */
export interface PackFiles {
  /** A name to know it by: that of its file without the ending. */
  readonly name: string;
  readonly pack: EngineFile;
  readonly index: EngineFile;
  /** The reverse index, where there is one now. */
  readonly reverse?: (() => ByteSource | undefined) | undefined;
}

/** A pack that jobs can read. */
export interface PackUnit {
  readonly name: string;
  readonly files: PackFiles;
  readonly index: PackIndex;
  /** Numbers in the engine. */
  readonly packNumber: number;
  readonly packFile: number;
  readonly indexFile: number;
}

/**
 * Checks the header and the trailer of a pack against its index.
 *
 * @throws {CorruptDataError} If they are not those of one pack.
 */
export async function checkPackHeader(
  files: PackFiles,
  index: PackIndex,
  algorithm: GitHashAlgorithm,
): Promise<void> {
  const { source } = files.pack;
  const hashSize = HASH_SIZE[algorithm];
  const fail = (state: string, offset: number): Error =>
    corrupt(`the pack "${files.name}"`, state, "CORRUPT_PACK", offset);
  if (source.size < 12 + hashSize) throw fail(`it has ${source.size} bytes`, source.size);
  const head = await source.read(0, 12);
  if (readU32BE(head, 0) !== SIGNATURE) throw fail("it does not start as packs do", 0);
  const version = readU32BE(head, 4);
  if (version !== 2 && version !== 3) throw fail(`its version is ${version}, expected 2 or 3`, 4);
  const count = readU32BE(head, 8);
  if (count !== index.count) throw fail(`it has ${count} objects, its index ${index.count}`, 8);
  const trailer = await source.read(source.size - hashSize, hashSize);
  const expected = await index.packChecksum();
  if (trailer.some((byte, i) => byte !== expected[i])) {
    throw fail("its checksum is not the one in its index", source.size - hashSize);
  }
}

/** Lets descriptors go that only opening and enumerating need. */
export function restFiles({ pack, index }: PackFiles): void {
  for (const { source } of [pack, index]) if (source instanceof LazyFileSource) source.rest();
}

/** Adds a pack whose index was read to an engine. */
export async function addPackUnit(
  engine: PackEngine,
  files: PackFiles,
  index: PackIndex,
): Promise<PackUnit> {
  const { kernel } = engine;
  const packFile = engine.addFile(files.pack);
  let result = kernel.addPack(packFile);
  if (result !== RESULT.OK) throw kernel.error(result, `add the pack "${files.name}"`);
  const packNumber = kernel.detail;
  const indexFile = engine.addFile(files.index);
  result = await engine.settle(() => kernel.addIndex(indexFile, index.layout, [packNumber]));
  if (result !== RESULT.OK) throw kernel.error(result, `add the index of "${files.name}"`);
  return { name: files.name, files, index, packNumber, packFile, indexFile };
}
