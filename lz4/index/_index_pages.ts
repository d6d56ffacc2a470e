/**
 * The pages of an index that stays in its file: read when they are needed, the last ones kept.
 */
import { lz4Xxh32 } from "../kernel/blocks.ts";
import type { ByteSource } from "@sluice/internal";
import { ByteReader } from "../frame/_varint.ts";
import { decodePage, invalid } from "./_index_page.ts";
import type { IndexPage, PageColumns } from "./_index_page.ts";
import type { IndexFrame, IndexPoint, IndexRows, StoredPoints } from "./_index_model.ts";

/** How many pages are kept. */
const KEPT_PAGES = 8;

/** What the header of an index says of all its pages. */
export interface IndexHeader {
  readonly columns: PageColumns;
  readonly inputSize: number;
  readonly outputSize: number;
  readonly spacing: number;
  readonly pointCount: number;
  readonly frameCount: number;
}

/** What the directory says of a page. */
export interface PageEntry {
  /** The number of its first point. */
  readonly firstPoint: number;
  /** Where the content of its first point starts. */
  readonly firstOut: number;
  readonly count: number;
  /** Where it is in the index's file, as its windows are. */
  readonly offset: number;
  readonly size: number;
  readonly hash: number;
  /** Line feeds in the content before it. */
  readonly lines: number;
  readonly windowsOffset: number;
  readonly windowsSize: number;
}

/** Where pages are read from: a source in which the index starts somewhere, with its first bytes. */
export interface PageSource {
  readonly source: ByteSource;
  readonly start: number;
  readonly head: Uint8Array;
}

/** The pages of one index. */
export class IndexPages implements StoredPoints {
  readonly #header: IndexHeader;
  readonly #entries: readonly PageEntry[];
  readonly #from: PageSource | undefined;
  readonly #kept = new Map<number, Promise<IndexPage>>();

  constructor(header: IndexHeader, entries: readonly PageEntry[], from: PageSource | undefined) {
    this.#header = header;
    this.#entries = entries;
    this.#from = from;
  }

  /** How many points there are. */
  get pointCount(): number {
    return this.#header.pointCount;
  }

  /** How many frames there are. */
  get frameCount(): number {
    return this.#header.frameCount;
  }

  /** How many pages there are. */
  get pageCount(): number {
    return this.#entries.length;
  }

  /** Where the content of a page starts; that of none after the last is the end of the content. */
  outOf(page: number): number {
    return this.#entries[page]?.firstOut ?? this.#header.outputSize;
  }

  /** The last page whose content starts at or before a place. */
  pageAt(out: number): number {
    return this.#last((entry) => entry.firstOut <= out);
  }

  /** The last page before which there are at most so many line feeds. */
  pageOfLine(line: number): number {
    return this.#last((entry) => entry.lines <= line);
  }

  #last(fits: (entry: PageEntry) => boolean): number {
    let [low, high] = [0, this.#entries.length];
    while (high - low > 1) {
      const middle = (low + high) >>> 1;
      if (fits(this.#entries[middle]!)) low = middle;
      else high = middle;
    }
    return low;
  }

  /** A page; one read, unless it is kept. */
  async page(number: number): Promise<IndexPage> {
    const kept = this.#kept.get(number) ?? this.#read(number);
    // What was used last is the last to go.
    this.#kept.delete(number);
    this.#kept.set(number, kept);
    for (const old of this.#kept.keys()) {
      if (this.#kept.size <= KEPT_PAGES) break;
      this.#kept.delete(old);
    }
    try {
      return await kept;
    } catch (error) {
      if (this.#kept.get(number) === kept) this.#kept.delete(number); // it may be there the next time
      throw error;
    }
  }

  async #read(number: number): Promise<IndexPage> {
    const { source, start, head } = this.#from!;
    const { offset, size } = this.#entries[number]!;
    const at = offset - start;
    const bytes = at + size <= head.length ? head.subarray(at, at + size) : await source.read(offset, size);
    return this.#decode(number, bytes);
  }

  /** Decodes a page of an index that is in memory as a whole. */
  decode(number: number, index: Uint8Array): IndexPage {
    const { offset, size } = this.#entries[number]!;
    return this.#decode(number, index.subarray(offset, offset + size));
  }

  #decode(number: number, bytes: Uint8Array): IndexPage {
    const { count, firstOut, hash, lines, windowsOffset, windowsSize } = this.#entries[number]!;
    if (lz4Xxh32(bytes, 0, bytes.length, 0, undefined) !== hash) {
      throw invalid(`page ${number}`, "does not match its checksum");
    }
    const { columns, inputSize, outputSize } = this.#header;
    const limits = { inputSize, outputSize, pointCount: count, frameCount: undefined, windowsOffset };
    const page = decodePage(new ByteReader(bytes, invalid), limits, columns);
    const [first, last] = [page.points[0]!, page.points.at(-1)!];
    const fits = first.decompressedOffset === firstOut && last.decompressedOffset <= this.outOf(number + 1) &&
      first.frame === 0 && last.frame === page.frames.length - 1 &&
      (!columns.lines || first.lines === lines) &&
      page.windowsEnd === windowsOffset + windowsSize;
    if (!fits) throw invalid(`page ${number}`, "is not what the directory says");
    return page;
  }

  /** The points that a range of the content needs, up to the first one at or after its end, and their frames. */
  async rows(start: number, end: number): Promise<IndexRows> {
    let last = this.pageAt(start);
    const pages = [await this.page(last)];
    while (last + 1 < this.pageCount && pages.at(-1)!.points.at(-1)!.decompressedOffset < end) {
      pages.push(await this.page(++last));
    }
    return pages.length === 1 ? pages[0]! : join(pages);
  }

  /** Pages that follow each other from the first to the last as one, each point a record of its own. */
  joined(pages: readonly IndexPage[]): IndexRows {
    const rows = join(pages);
    if (rows.frames.length === this.frameCount) return rows;
    throw invalid("frames", `are ${rows.frames.length}, expected ${this.frameCount}`);
  }

  /** All points with their frames. */
  async all(): Promise<IndexRows> {
    const pages: IndexPage[] = [];
    for (let number = 0; number < this.pageCount; number++) pages.push(await this.#read(number));
    return this.joined(pages);
  }
}

/** Joins pages: a frame that goes on in the next page is in both of them. */
function join(pages: readonly IndexPage[]): IndexRows {
  const frames: IndexFrame[] = [];
  const points: IndexPoint[] = [];
  for (const page of pages) {
    const [before, first] = [frames.at(-1), page.frames[0]!];
    const goesOn = before?.compressedOffset === first.compressedOffset;
    const apart = before === undefined || goesOn || before.blocksEnd <= first.compressedOffset;
    const ordered = (points.at(-1)?.compressedOffset ?? 0) <= page.points[0]!.compressedOffset;
    if (!apart || !ordered) throw invalid("page", "overlaps the one before it");
    const shift = frames.length - (goesOn ? 1 : 0);
    for (const frame of goesOn ? page.frames.slice(1) : page.frames) frames.push(frame);
    for (const point of page.points) points.push({ ...point, frame: point.frame + shift });
  }
  return { frames, points };
}
