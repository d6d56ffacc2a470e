/**
 * The index of an archive: its versions, the files of each, and where their fragments are. Read without the data.
 */
import type { ByteSource } from "@sluice/internal";
import { SluiceError } from "@sluice/internal";
import { BlockSource, WindowSource } from "../block/_block_source.ts";
import type { DecompressSettings } from "../block/_decompress_options.ts";
import { fault } from "../zpaql/_fault.ts";
import {
  journalSize,
  looksLikeJournal,
  parseHashes,
  parseJournalName,
  parseStart,
  START_BLOCK_SIZE,
} from "./_journal_format.ts";
import type { ArchiveIndex, DataBlock, IndexedVersion, JunkRange, SegmentPlace } from "./_index_facts.ts";
import { parseIndex } from "./_index_lines.ts";

/** What a block that starts an update begins with: tag, header and mark of its name. */
const START_PREFIX = Uint8Array.of(
  ...[0x37, 0x6b, 0x53, 0x74, 0xa0, 0x31, 0x83, 0xd3, 0x8c, 0xb2, 0x28, 0xb0, 0xd3, 0x7a, 0x50, 0x51],
  ...[0x02, 0x01, 0x07, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01, 0x6a, 0x44, 0x43],
);
/** Where the letter of its kind stands, and which it is. */
const START_KIND_AT = START_PREFIX.length + 14;
const START_KIND = 0x63;
/** Ids may leave a gap where blocks were lost, but not one that fills memory. */
const ID_GAP_MAX = 2 ** 24;
const STREAM_COMMENT = /^\d+ (\d{14}) ([uw])(\d+)/;

/** Reads an index. Damage goes to `onDamage` where there is one, else it is thrown. */
export async function readIndex(
  source: ByteSource,
  settings: DecompressSettings,
  stop: (version: { readonly number: number; readonly date: number }) => boolean,
): Promise<ArchiveIndex> {
  const window = new WindowSource(source);
  const blockSettings = { ...settings, onDamage: undefined };
  const junk: JunkRange[] = [];
  const onJunk = (range: JunkRange): void => {
    junk.push(range);
    settings.onJunk?.(range);
  };
  const reader = new BlockSource(window, { ...blockSettings, onJunk: undefined });
  // Passing over a block needs no model, however large.
  const skipper = new BlockSource(window, { ...blockSettings, onJunk, maxMemory: Infinity }, true);
  try {
    return await readBlocks(source, settings, stop, reader, skipper, junk);
  } finally {
    reader[Symbol.dispose]();
    skipper[Symbol.dispose]();
  }
}

async function readBlocks(
  source: ByteSource,
  settings: DecompressSettings,
  stop: (version: { readonly number: number; readonly date: number }) => boolean,
  reader: BlockSource,
  skipper: BlockSource,
  junk: readonly JunkRange[],
): Promise<ArchiveIndex> {
  // Long: one pass over the blocks; each kind moves the same positions on, and a damaged one must not lose them.
  const versions: IndexedVersion[] = [];
  const blocks: DataBlock[] = [];
  const damages: SluiceError[] = [];
  const report = settings.onDamage;
  let at = 0;
  let end = 0;
  let dataAt = 0;
  let nextFragment = 1;
  let version: IndexedVersion | undefined;
  let incomplete: number | undefined;
  let found = false;

  function damaged(error: unknown): void {
    // What a server or a disk does not give is no damage that reading on gets past.
    if (!(error instanceof SluiceError) || error.format !== "zpaq" || report === undefined) throw error;
    damages.push(error);
    report(error);
  }

  function startVersion(date: number, offset: number, dataSize: number, first: number): IndexedVersion {
    const number = versions.length + 1;
    const started = { number, date, offset, dataSize, fragments: { first, count: 0 }, lines: [] };
    versions.push(started);
    return started;
  }

  while (at < source.size) {
    const from = at;
    let again = false;
    if (versions.length > 0 && await isCutStart(source, at)) {
      incomplete = at;
      break;
    }
    try {
      // The kind of a block stands in its name, and only small ones are decoded.
      const place = await skipper.read(at);
      if (place === undefined) break;
      found = true;
      const after = skipper.end;
      const [first] = place.segments;
      const name = first === undefined ? undefined : parseJournalName(first.name);
      const size = first === undefined ? undefined : journalSize(first.comment);
      if (
        first !== undefined && (name === undefined || size === undefined) &&
        looksLikeJournal(first.name, first.comment)
      ) {
        at = after;
        throw fault("JOURNAL", place.offset, "a block of a journal has no valid name, date or size");
      }
      if (first === undefined || name === undefined || size === undefined) {
        version ??= startVersion(0, place.offset, 0, 1);
        place.segments.forEach((segment, index) => addSegment(version!, segment, place.offset, index));
        at = end = after;
        continue;
      }
      if (name.kind !== "c" && version?.date !== name.date) {
        // The block that starts the update is lost: what follows is still read.
        version = startVersion(name.date, place.offset, 0, name.number);
        dataAt = at = place.offset;
        again = true;
        throw fault("JOURNAL", place.offset, "a block belongs to an update whose start is missing");
      }
      if (name.kind === "d") {
        at = after;
        continue;
      }
      const read = await reader.read(place.offset, () => size);
      const content = read!.segments[0]!.content;
      at = after;
      if (name.kind === "c") {
        const dataSize = parseStart(content, place.offset);
        if (stop({ number: versions.length + 1, date: name.date })) break;
        if (dataSize < 0) {
          incomplete = place.offset;
          break;
        }
        if (dataSize > source.size - after) {
          throw fault(
            "JOURNAL",
            place.offset,
            `an update has ${dataSize} bytes of data, more than there are`,
          );
        }
        version = startVersion(name.date, place.offset, dataSize, name.number);
        dataAt = after;
        at = end = after + dataSize;
      } else if (name.kind === "h") {
        if (name.number < 1 || name.number > nextFragment + ID_GAP_MAX) {
          throw fault(
            "JOURNAL",
            place.offset,
            `fragment ${name.number} does not follow fragment ${nextFragment - 1}`,
          );
        }
        const table = parseHashes(content, place.offset);
        blocks.push({ ...table, offset: dataAt, first: name.number });
        dataAt += table.blockSize;
        nextFragment = Math.max(nextFragment, name.number + table.sizes.length);
        if (version !== undefined) version.fragments.count += table.sizes.length;
        end = after;
      } else {
        const lines = parseIndex(content, place.offset, version?.number ?? 1);
        for (const line of lines) version?.lines.push(line);
        end = after;
      }
    } catch (error) {
      damaged(error);
      if (at === from && !again) at = Math.max(from + 1, skipper.end);
    }
  }
  if (!found && incomplete === undefined) {
    throw fault(
      "BAD_MAGIC",
      0,
      "there is no block: this is no ZPAQ archive, or an encrypted one",
      "open the archive",
    );
  }
  blocks.sort((a, b) => a.first - b.first);
  return { versions, blocks, end, nextFragment, damages, junk, incomplete };
}

/** Whether the rest of the source is the first part of a block that starts an update. */
async function isCutStart(source: ByteSource, from: number): Promise<boolean> {
  const size = source.size - from;
  if (size >= START_BLOCK_SIZE) return false;
  const bytes = await source.read(from, size);
  return START_PREFIX.every((byte, i) => i >= size || bytes[i] === byte) &&
    (size <= START_KIND_AT || bytes[START_KIND_AT] === START_KIND);
}

/** A segment of a streaming archive: a file, or the next piece of the file in front. */
function addSegment(
  version: IndexedVersion,
  segment: { readonly name: string; readonly comment: string },
  block: number,
  index: number,
): void {
  const match = STREAM_COMMENT.exec(segment.comment);
  const size = /^\d+/.exec(segment.comment)?.[0];
  const place = { block, segment: index, size: size === undefined ? undefined : Number(size) };
  const last = version.lines.at(-1);
  if (segment.name === "" && last !== undefined) {
    if (last.segments.length > 0) return void (last.segments as SegmentPlace[]).push(place);
    const { name, date, attributes, fragments } = last;
    version.lines[version.lines.length - 1] = {
      ...{ name, date, attributes, fragments, version: last.version },
      segments: [place],
    };
    return;
  }
  const value = Number(match?.[3] ?? 0);
  const attributes = match === null
    ? new Uint8Array()
    : match[2] === "u"
    ? Uint8Array.of(0x75, value & 255, value >> 8 & 255)
    : Uint8Array.of(0x77, value & 255, value >>> 8 & 255, value >>> 16 & 255, value >>> 24);
  version.lines.push({
    name: segment.name,
    date: Number(match?.[1] ?? 0),
    attributes,
    fragments: new Uint32Array(),
    version: version.number,
    segments: [place],
  });
}
