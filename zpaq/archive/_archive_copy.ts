/**
 * Copies of an archive that decode none of its data: without what is no longer referred to, or the index alone.
 */
import type { ByteSource } from "@sluice/internal";
import { UnsupportedFeatureError } from "@sluice/internal";
import type { ArchiveIndex, DataBlock, IndexedFile } from "./_index_facts.ts";
import type { BlockStore } from "./_block_store.ts";
import { fault } from "../zpaql/_fault.ts";
import { START_BLOCK_SIZE } from "./_journal_format.ts";
import { indexBlocks, journalBlock, startBlock, STORED_METHOD } from "./_journal_writer.ts";
import type { ZpaqUpdateSink } from "./_types.ts";

const PIECE_SIZE = 1 << 20;

/** Copies a range of the source. */
async function copyRange(source: ByteSource, from: number, to: number, sink: ZpaqUpdateSink): Promise<void> {
  for (let at = from; at < to; at += PIECE_SIZE) {
    const bytes = await source.read(at, Math.min(PIECE_SIZE, to - at));
    await sink.write(bytes.slice());
  }
}

function refuseStreaming(files: Iterable<IndexedFile>, action: string): void {
  for (const { segments } of files) {
    if (segments.length === 0) continue;
    throw new UnsupportedFeatureError(`Cannot ${action}: the archive is a streaming archive`, {
      format: "zpaq",
      code: "STREAMING",
    });
  }
}

/** The data blocks that files refer to, in their order. */
function blocksOf(store: BlockStore, files: Iterable<IndexedFile>): DataBlock[] {
  const blocks = new Set<DataBlock>();
  for (const { fragments } of files) {
    for (const id of fragments) {
      const block = store.find(id);
      if (block === undefined) throw store.missing(id);
      blocks.add(block);
    }
  }
  return [...blocks].sort((a, b) => a.first - b.first);
}

/** A version to write, with its lines of the index. */
export interface VersionToPack {
  readonly date: number;
  readonly files: readonly IndexedFile[];
}

/** Writes an archive of these versions, each with the data blocks that its files are the first to refer to. */
export async function repackVersions(
  source: ByteSource,
  store: BlockStore,
  versions: readonly VersionToPack[],
  sink: ZpaqUpdateSink,
): Promise<void> {
  for (const { files } of versions) refuseStreaming(files, "repack");
  const written = new Set<DataBlock>();
  let start = 0;
  for (const { date, files } of versions) {
    const blocks = blocksOf(store, files).filter((block) => !written.has(block));
    for (const block of blocks) written.add(block);
    start += await packVersion(source, { date, files }, blocks, start, sink);
  }
}

/** Writes one version, which starts at `start` of the archive; returns its size. */
async function packVersion(
  source: ByteSource,
  { date, files }: VersionToPack,
  blocks: readonly DataBlock[],
  start: number,
  sink: ZpaqUpdateSink,
): Promise<number> {
  let size = 0;
  const write = async (bytes: Uint8Array<ArrayBuffer>): Promise<void> => {
    size += bytes.length;
    await sink.write(bytes);
  };
  const first = blocks[0]?.first ?? 1;
  let dataSize = 0;
  await write(await startBlock(date, first, -1));
  for (const { offset, blockSize } of blocks) {
    if (offset + blockSize > source.size) {
      throw fault("TRUNCATED", source.size, "a data block is cut", "repack");
    }
    await copyRange(source, offset, offset + blockSize, { ...sink, write });
    dataSize += blockSize;
  }
  for (const block of blocks) {
    await write(await journalBlock("h", date, block.first, block.rows, STORED_METHOD));
  }
  for await (const block of indexBlocks(date, files)) await write(block);
  await sink.rewrite(start, await startBlock(date, first, dataSize));
  return size;
}

/** Writes the index of versions: all of the archive but its data. */
export async function copyIndex(
  source: ByteSource,
  index: ArchiveIndex,
  count: number,
  sink: ZpaqUpdateSink,
): Promise<void> {
  for (const [i, version] of index.versions.slice(0, count).entries()) {
    refuseStreaming(version.lines, "write an index");
    await sink.write(await startBlock(version.date, version.fragments.first, 0));
    const from = version.offset + START_BLOCK_SIZE + version.dataSize;
    await copyRange(source, from, index.versions[i + 1]?.offset ?? index.end, sink);
  }
}
