/**
 * One update of a journaling archive: files are cut into fragments, new ones are collected to blocks, and blocks are
 * compressed while the next is filled.
 */
import { ZPAQ_FRAGMENT_NUMBERS } from "../kernel/encoder.ts";
import { zpaqFragments, zpaqHashParts } from "../kernel/archiving.ts";
import { ZPAQ_HASH } from "../kernel/hash.ts";
import {
  checkArgument,
  checkBoolean,
  checkInteger,
  fromHex,
  toBytes,
  toHex,
  UnsupportedFeatureError,
  writeU32,
} from "@sluice/internal";
import type { BytesSource } from "@sluice/internal";
import { blockSizeOf } from "../block/_compress_options.ts";
import { sortForArchive } from "./_file_order.ts";
import { attributeBytes, withoutSecondHash } from "./_attributes.ts";
import type { CutFile, CutLimits, CutReader } from "./_cut_files.ts";
import { dateNumber, FILE_NAME_MAX, FRAGMENT_ROW, START_BLOCK_SIZE } from "./_journal_format.ts";
import { indexBlocks, journalBlock, startBlock, STORED_METHOD } from "./_journal_writer.ts";
import { encodeName } from "../block/_names.ts";
import { parseLevel } from "../block/_method.ts";
import { FragmentHistory } from "../block/_redundancy.ts";
import { DigestFold, SecondHashes } from "./_second_hashes.ts";
import type { ZpaqArchive } from "./archive.ts";
import type { Entry } from "./_entry.ts";
import type {
  ZpaqFile,
  ZpaqFileBody,
  ZpaqUpdateOptions,
  ZpaqUpdateResult,
  ZpaqUpdateSink,
} from "./_types.ts";

const FRAGMENT_DEFAULT = 6;
const FRAGMENT_MAX = 19;
const THREADS_MAX = 64;
const DIGEST_SIZE = 20;
const SECOND_SIZE = 32;
const INPUT_SIZE = 1 << 20;
const FRAGMENTS_PER_CALL = 256;
/** Numbers of a fragment of a `CutFile`. */
const CUT_NUMBERS = ZPAQ_FRAGMENT_NUMBERS + (DIGEST_SIZE + SECOND_SIZE) / 4;
/** What zpaq keeps free in a block after the fragments. */
const BLOCK_TAIL = 80;
const FILE_RESERVE = 4096;
/** The most bytes of one character of a string. */
const CHARACTER_BYTES = 3;
/** Room that a block has at least. */
const BLOCK_ROOM_MIN = 1 << 16;

/** The content of a file can't be read: nothing is wrong with the archive or its sink. */
class Unreadable extends Error {}

/** Refuses names that no index can hold. */
function checkName(name: string): void {
  checkArgument(typeof name === "string", "archive a file", name, "a name");
  if (name.length * CHARACTER_BYTES <= FILE_NAME_MAX && !name.includes("\0")) return;
  if (name.includes("\0")) throw new TypeError(`Cannot archive ${JSON.stringify(name)}: the name has a zero`);
  const { length } = encodeName(name);
  if (length > FILE_NAME_MAX) {
    throw new RangeError(
      `Cannot archive "${
        name.slice(0, 40)
      }…": the name has ${length} bytes, expected at most ${FILE_NAME_MAX}`,
    );
  }
}

/** The chunks of a file's content; whatever its source throws is `Unreadable`. */
async function* contentChunks(file: ZpaqFile): AsyncGenerator<Uint8Array, void, undefined> {
  const chunks = chunksOf(file);
  try {
    while (true) {
      const { done, value } = await chunks.next().catch((cause) => {
        throw new Unreadable("", { cause });
      });
      if (done) return;
      yield value;
    }
  } finally {
    await chunks.return();
  }
}

/** The chunks of a file's content. */
async function* chunksOf(file: ZpaqFile): AsyncGenerator<Uint8Array, void, undefined> {
  const given = typeof file.body === "function" ? await file.body() : file.body;
  if (given === undefined) return;
  if (ArrayBuffer.isView(given) || given instanceof ArrayBuffer || given instanceof SharedArrayBuffer) {
    yield toBytes(given as BytesSource);
    return;
  }
  for await (const chunk of given as Exclude<ZpaqFileBody, BytesSource>) yield toBytes(chunk);
}

/** A fragment that was cut off. */
interface Fragment {
  readonly bytes: Uint8Array;
  /** Its SHA-1 in hexadecimal. */
  readonly digest: string;
  /** Its SHA-256, where it has one. */
  readonly second: Uint8Array | undefined;
  readonly hits: number;
  /** The byte that followed each byte last. */
  readonly table: Uint8Array;
}

/** A data block that is being compressed, with what the index will say of it. */
interface PendingBlock {
  readonly first: number;
  readonly rows: Uint8Array<ArrayBuffer>;
  readonly encoded: Promise<Uint8Array<ArrayBuffer>>;
  /** What the content lies in. */
  readonly room: Uint8Array<ArrayBuffer>;
}

const NO_FRAGMENTS: readonly number[] = [];

/** A line of the index to write. Its attributes become bytes when it is written: arrays of each line would take more memory. */
class Line {
  readonly name: string;
  /** 0 where the file is gone. */
  readonly date: number;
  fragments: readonly number[];
  /** Says the second hash of the content, where it has one. */
  secondHash: (() => string | undefined) | undefined;
  readonly #attributes: ZpaqFile["attributes"];

  constructor(
    name: string,
    date: number,
    attributes: ZpaqFile["attributes"],
    fragments: readonly number[] = NO_FRAGMENTS,
  ) {
    this.name = name;
    this.date = date;
    this.#attributes = attributes;
    this.fragments = fragments;
  }

  get attributes(): Uint8Array {
    const attributes = this.#attributes;
    const secondHash = this.secondHash?.();
    return attributeBytes(
      secondHash === undefined || attributes?.system !== "unix" ? attributes : { ...attributes, secondHash },
    );
  }
}

/** A file whose content is read. */
interface Changed {
  readonly file: ZpaqFile;
  readonly name: string;
  readonly size: number;
  readonly line: Line;
  /** The fragments of the same file in the archive, where it seems not to have changed. */
  readonly before: Uint32Array | undefined;
}

export class ArchiveUpdate {
  readonly #archive: ZpaqArchive | undefined;
  readonly #sink: ZpaqUpdateSink;
  readonly #reader: CutReader | undefined;
  readonly #options: ZpaqUpdateOptions;
  readonly #method: string;
  readonly #blockSize: number;
  readonly #limits: CutLimits;
  readonly #second: SecondHashes | undefined;
  readonly #threads: number;
  readonly #date: number;

  readonly #ids = new Map<string, number>();
  #firstNew = 1;
  #nextId = 1;
  readonly #history = new FragmentHistory();
  #block = new Uint8Array();
  /** Room of blocks that are written, for those that follow. */
  readonly #rooms: Uint8Array<ArrayBuffer>[] = [];
  #used = 0;
  #fragments: { readonly size: number; readonly digest: string }[] = [];
  #redundancy = 0;
  #text = 0;
  #exe = 0;
  readonly #running: PendingBlock[] = [];
  readonly #written: {
    readonly first: number;
    readonly size: number;
    readonly rows: Uint8Array<ArrayBuffer>;
  }[] = [];
  #bytesIn = 0;
  #bytesNew = 0;
  #bytesOut = 0;
  /** Bytes of the files that are read. */
  #total = 0;

  /** `reader` reads contents of small files many at a time, where the host can. */
  constructor(
    archive: ZpaqArchive | undefined,
    sink: ZpaqUpdateSink,
    options: ZpaqUpdateOptions,
    reader: CutReader | undefined,
  ) {
    this.#archive = archive;
    this.#reader = reader;
    this.#sink = sink;
    this.#options = options;
    this.#method = options.method ?? "1";
    const level = parseLevel(this.#method);
    this.#blockSize = blockSizeOf(this.#method, level !== undefined && level.level >= 2 ? 6 : 4);
    const fragment = checkInteger("fragment", options.fragment ?? FRAGMENT_DEFAULT, 0, FRAGMENT_MAX);
    const sizeMax = Math.min(8128 * 2 ** fragment, this.#blockSize - 12);
    const second = checkBoolean("fileDigests", options.fileDigests ?? false);
    this.#limits = { sizeMin: Math.min(64 * 2 ** fragment, sizeMax), sizeMax, fragment, second };
    this.#second = second ? new SecondHashes(archive) : undefined;
    this.#threads = checkInteger("threads", options.threads ?? 1, 1, THREADS_MAX);
    this.#date = this.#dateOfUpdate(options.date ?? new Date());
  }

  /** The date asked for, or one second after the archive's last. */
  #dateOfUpdate(date: Date): number {
    const last = this.#archive?.versions.at(-1)?.date;
    const number = dateNumber(date);
    if (last === undefined || number > dateNumber(last)) return number;
    return dateNumber(new Date(last.getTime() + 1000));
  }

  /** Takes in the fragments that the archive has. */
  #loadFragments(): void {
    for (const { id, digest } of this.#archive?.knownFragments() ?? []) {
      if (!this.#ids.has(digest)) this.#ids.set(digest, id);
      this.#nextId = Math.max(this.#nextId, id + 1);
    }
    this.#firstNew = this.#nextId;
  }

  async run(files: readonly ZpaqFile[]): Promise<ZpaqUpdateResult> {
    // Long: one pass over the files, whose lines and counts every step adds to.
    if (this.#archive?.streaming) {
      throw new UnsupportedFeatureError("Cannot update the archive: it is a streaming archive", {
        format: "zpaq",
        code: "STREAMING",
      });
    }
    for (const { name } of files) checkName(name);
    const before = new Map((this.#archive?.entries() ?? []).map((entry) => [entry.name, entry as Entry]));
    const lines = new Map<string, Line>();
    const changed: Changed[] = [];
    for (const file of files) {
      const known = before.get(file.name);
      const date = file.date === undefined ? this.#date : dateNumber(file.date);
      const attributes = withoutSecondHash(attributeBytes(file.attributes));
      const sameBefore = known !== undefined && sameAttributes(known, attributes);
      const same = known !== undefined && isSame(known, file, date, sameBefore);
      const unchanged = same && sameBefore;
      if (same && (!this.#options.force || file.name.endsWith("/"))) {
        if (unchanged) continue;
        const line = new Line(file.name, date, file.attributes, [...known.fragments]);
        line.secondHash = () => secondHashOf(known);
        lines.set(file.name, line);
        this.#options.onFile?.({ name: file.name, size: 0, change: "attributes" });
        continue;
      }
      const line = new Line(file.name, date, file.attributes);
      lines.set(file.name, line);
      if (file.name.endsWith("/")) {
        this.#options.onFile?.({
          name: file.name,
          size: 0,
          change: known === undefined ? "added" : "updated",
        });
      } else {
        changed.push({
          file,
          name: file.name,
          size: file.size ?? 0,
          line,
          before: unchanged ? known.fragments : undefined,
        });
      }
    }
    let deleted = 0;
    for (const name of this.#options.delete ?? []) {
      if (!before.has(name) || lines.has(name)) continue;
      lines.set(name, new Line(name, 0, undefined));
      this.#options.onFile?.({ name, size: 0, change: "removed" });
      deleted++;
    }
    const result = (): ZpaqUpdateResult => ({
      updated: lines.size - deleted,
      deleted,
      bytesIn: this.#bytesIn,
      bytesNew: this.#bytesNew,
      bytesOut: this.#bytesOut,
    });
    if (lines.size === 0) return result();
    this.#loadFragments();
    await this.#write(await this.#startBlock(-1));
    try {
      this.#total = changed.reduce((sum, { size }) => sum + size, 0);
      for await (
        const { name, size, line, before: fragments, read } of this.#addAll(sortForArchive(changed))
      ) {
        if (!read || fragments !== undefined && sameFragments(fragments, line.fragments)) lines.delete(name);
        else this.#options.onFile?.({ name, size, change: before.has(name) ? "updated" : "added" });
      }
      this.#closeBlock();
      while (this.#running.length > 0) await this.#takeBlock();
    } finally {
      await Promise.allSettled(this.#running.map(({ encoded }) => encoded));
    }
    const dataSize = this.#bytesOut - START_BLOCK_SIZE;
    for (const { first, size, rows } of this.#written) {
      writeU32(rows, 0, size);
      await this.#write(await journalBlock("h", this.#date, first, rows, STORED_METHOD));
    }
    const sorted = [...lines.values()].sort((a, b) => a.name < b.name ? -1 : 1);
    for await (const block of indexBlocks(this.#date, sorted)) await this.#write(block);
    await this.#sink.rewrite(0, await this.#startBlock(dataSize));
    return result();
  }

  async #write(bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    this.#bytesOut += bytes.length;
    await this.#sink.write(bytes);
  }

  async #startBlock(dataSize: number): Promise<Uint8Array<ArrayBuffer>> {
    return await startBlock(this.#date, this.#firstNew, dataSize);
  }

  /** Adds files in their order, and says of each whether it could be read. */
  async *#addAll(
    files: readonly Changed[],
  ): AsyncGenerator<Changed & { readonly read: boolean }, void, undefined> {
    const takes = (item: Changed | undefined): boolean =>
      item !== undefined && this.#reader?.takes(item.file) === true;
    for (let next = 0; next < files.length;) {
      this.#options.signal?.throwIfAborted();
      const small: ZpaqFile[] = [];
      while (takes(files[next + small.length])) small.push(files[next + small.length]!.file);
      if (small.length === 0) {
        const item = files[next++]!;
        yield { ...item, read: await this.#ifReadable(item.file, () => this.#addFile(item)) };
        continue;
      }
      for await (const cut of this.#reader!.read(small, this.#limits)) {
        const item = files[next++]!;
        const add = (): Promise<void> => cut === undefined ? this.#addFile(item) : this.#addCut(item, cut);
        yield { ...item, read: await this.#ifReadable(item.file, add) };
      }
    }
  }

  /** Reads a file; whether it could be read, where the caller wants to know instead of an error. */
  async #ifReadable(file: ZpaqFile, read: () => Promise<void>): Promise<boolean> {
    try {
      await read();
      return true;
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error;
      if (this.#options.onUnreadable === undefined) throw error.cause;
      this.#options.onUnreadable(error.cause, file);
      return false;
    }
  }

  /** Adds a file that was read and cut. */
  async #addCut({ file, size, line }: Changed, { error, bytes, parts }: CutFile): Promise<void> {
    if (error !== undefined) throw new Unreadable("", { cause: error });
    this.#takeIn(bytes.length);
    const ids: number[] = [];
    const fold = this.#second === undefined ? undefined : new DigestFold();
    let at = 0;
    for (let row = 0; row < parts.length; row += CUT_NUMBERS) {
      const end = at + parts[row]!;
      const digestAt = parts.byteOffset + 4 * (row + ZPAQ_FRAGMENT_NUMBERS);
      const fragment = fragmentOf(
        bytes.subarray(at, end),
        parts,
        row,
        new Uint8Array(parts.buffer, digestAt, DIGEST_SIZE),
        this.#second === undefined
          ? undefined
          : new Uint8Array(parts.buffer, digestAt + DIGEST_SIZE, SECOND_SIZE),
      );
      if (fragment.second !== undefined) fold!.add(fragment.second);
      ids.push(await this.#addFragment(fragment, file, row === 0 ? size : undefined));
      at = end;
    }
    // A copy has no room for more.
    line.fragments = ids.slice();
    if (fold === undefined) return;
    // That of one fragment is known where it was added.
    const isAdded = ids.length === 1 && ids[0]! >= this.#firstNew;
    this.#keepSecondHash(line, isAdded ? undefined : fold.digest());
  }

  /** Gives a line the second hash of its content; that of one fragment is known where it was added. */
  #keepSecondHash(line: Line, digest: Uint8Array | undefined): void {
    const [id] = line.fragments;
    const second = this.#second!;
    if (digest === undefined) line.secondHash = () => second.of(id!);
    else {
      const text = toHex(digest);
      line.secondHash = () => text;
    }
  }

  #takeIn(size: number): void {
    this.#bytesIn += size;
    const { onProgress, signal } = this.#options;
    signal?.throwIfAborted();
    onProgress?.({ bytesIn: this.#bytesIn, bytesOut: this.#bytesOut, total: this.#total });
  }

  /** Reads a file, cuts it and adds its fragments. */
  async #addFile({ file, size, line }: Changed): Promise<void> {
    const fold = this.#second === undefined ? undefined : new DigestFold();
    let held = new Uint8Array(INPUT_SIZE);
    let filled = 0;
    const ids: number[] = [];
    const parts = new Uint32Array(ZPAQ_FRAGMENT_NUMBERS * FRAGMENTS_PER_CALL);
    const digests = new Uint8Array(DIGEST_SIZE * FRAGMENTS_PER_CALL);
    const cut = async (last: boolean): Promise<void> => {
      let at = 0;
      while (true) {
        const found = await zpaqFragments(held, at, filled, this.#limits, last, parts, digests, undefined);
        const seconds = await this.#secondHashes(held.subarray(at, filled), parts, found.count);
        for (let i = 0; i < found.count; i++) {
          const row = i * ZPAQ_FRAGMENT_NUMBERS;
          const end = at + parts[row]!;
          const digest = digests.subarray(i * DIGEST_SIZE, (i + 1) * DIGEST_SIZE);
          const second = seconds?.subarray(i * SECOND_SIZE, (i + 1) * SECOND_SIZE);
          if (second !== undefined) fold!.add(second);
          const fragment = fragmentOf(held.subarray(at, end), parts, row, digest, second);
          ids.push(await this.#addFragment(fragment, file, ids.length === 0 ? size : undefined));
          at = end;
        }
        if (found.ended || found.count < FRAGMENTS_PER_CALL) break;
      }
      held.copyWithin(0, at, filled);
      filled -= at;
    };
    for await (const chunk of contentChunks(file)) {
      this.#takeIn(chunk.length);
      let at = 0;
      while (at < chunk.length) {
        if (filled === held.length) await cut(false);
        if (filled === held.length) {
          const larger = new Uint8Array(held.length * 2);
          larger.set(held);
          held = larger;
        }
        const count = Math.min(chunk.length - at, held.length - filled);
        held.set(chunk.subarray(at, at + count), filled);
        filled += count;
        at += count;
      }
    }
    await cut(true);
    line.fragments = ids;
    if (fold !== undefined) this.#keepSecondHash(line, fold.digest());
  }

  /** The SHA-256 of fragments that were cut; undefined where none are kept. */
  async #secondHashes(bytes: Uint8Array, parts: Uint32Array, count: number): Promise<Uint8Array | undefined> {
    if (this.#second === undefined) return undefined;
    const sizes = Uint32Array.from({ length: count }, (_, i) => parts[i * ZPAQ_FRAGMENT_NUMBERS]!);
    return await zpaqHashParts(bytes, sizes, undefined, ZPAQ_HASH.sha256);
  }

  /** Finds a fragment's id; new ones go into the block. `fileSize` comes with the first fragment of a file. */
  async #addFragment(fragment: Fragment, file: ZpaqFile, fileSize: number | undefined): Promise<number> {
    const known = this.#ids.get(fragment.digest);
    if (known !== undefined) {
      if (fragment.second === undefined || !this.#second!.differs(known, fragment.second)) return known;
      // It is stored on its own: each is found by its id, and has the SHA-1 that the index says.
      this.#options.onCollision?.(file);
    }
    const { length } = fragment.bytes;
    const traits = this.#history.judge(length, fragment.hits, fragment.table);
    if (this.#fragments.length > 0 && this.#needsNewBlock(fragment, fileSize)) {
      this.#closeBlock();
      while (this.#running.length >= this.#threads) await this.#takeBlock();
    }
    this.#append(fragment.bytes);
    this.#fragments.push({ size: length, digest: fragment.digest });
    this.#redundancy += traits.hits;
    this.#exe += traits.exe ? 4 : 0;
    this.#text += traits.text ? 2 : 0;
    if (length >= this.#limits.sizeMin) this.#history.push(fragment.table);
    const id = this.#nextId++;
    if (known === undefined) this.#ids.set(fragment.digest, id);
    if (fragment.second !== undefined) this.#second!.add(id, fragment.second);
    this.#bytesNew += length;
    return id;
  }

  #needsNewBlock(fragment: Fragment, fileSize: number | undefined): boolean {
    const count = this.#fragments.length;
    if (this.#used + fragment.bytes.length + BLOCK_TAIL + 4 * count >= this.#blockSize) return true;
    if (fileSize === undefined) return false;
    const after = this.#used + fileSize + Math.floor(fileSize / 2 ** 14) + FILE_RESERVE + 4 * count;
    if (after >= this.#blockSize) return true;
    return after > this.#blockSize / 4 && this.#redundancy < Math.floor(this.#used / 128) &&
      !this.#history.shares(fragment.table);
  }

  #append(bytes: Uint8Array): void {
    const size = this.#used + bytes.length;
    if (size > this.#block.length) {
      const larger = this.#roomFor(size);
      larger.set(this.#block.subarray(0, this.#used));
      this.#block = larger;
    }
    this.#block.set(bytes, this.#used);
    this.#used += bytes.length;
  }

  #roomFor(size: number): Uint8Array<ArrayBuffer> {
    const kept = this.#rooms.pop();
    if (kept !== undefined && kept.length >= size) return kept;
    // The rest of the files goes into it, as far as their sizes are known; no block is larger than its own size.
    const rest = size + Math.max(this.#total - this.#bytesIn, BLOCK_ROOM_MIN, this.#block.length);
    return new Uint8Array(Math.max(size, Math.min(rest, this.#blockSize)));
  }

  /** Hands the block over for compression and starts the next. */
  #closeBlock(): void {
    const count = this.#fragments.length;
    if (count === 0) return;
    const first = this.#nextId - count;
    const trailer = new Uint8Array(4 * count + 8);
    const rows = new Uint8Array(4 + FRAGMENT_ROW * count);
    this.#fragments.forEach(({ size, digest }, i) => {
      writeU32(trailer, 4 * i, size);
      rows.set(fromHex(digest), 4 + FRAGMENT_ROW * i);
      writeU32(rows, 4 + FRAGMENT_ROW * i + DIGEST_SIZE, size);
    });
    writeU32(trailer, 4 * count + 4, count);
    this.#append(trailer);
    const data = this.#block.subarray(0, this.#used);
    let method = this.#method;
    if (/^[1-9]\d*$/.test(method) || method === STORED_METHOD) {
      const redundancy = Math.floor(this.#redundancy / (Math.floor(data.length / 256) + 1));
      method += `,${redundancy},${(this.#exe > count ? 2 : 0) + (this.#text > count ? 1 : 0)}`;
    }
    const encoded = journalBlock("d", this.#date, first, data, method);
    encoded.catch(() => {}); // it is awaited in order
    this.#running.push({ first, rows, encoded, room: this.#block });
    this.#block = new Uint8Array();
    this.#used = 0;
    this.#fragments = [];
    this.#redundancy = this.#text = this.#exe = 0;
    this.#history.clear();
  }

  async #takeBlock(): Promise<void> {
    const { first, rows, encoded, room } = this.#running[0]!;
    const bytes = await encoded;
    this.#running.shift();
    this.#rooms.push(room);
    this.#written.push({ first, size: bytes.length, rows });
    await this.#write(bytes);
  }
}

/** A fragment, valid as long as the numbers at `row`. */
function fragmentOf(
  bytes: Uint8Array,
  parts: Uint32Array,
  row: number,
  digest: Uint8Array,
  second: Uint8Array | undefined,
): Fragment {
  const table = new Uint8Array(parts.buffer, parts.byteOffset + 4 * (row + 2), 256);
  return { bytes, digest: toHex(digest), second, hits: parts[row + 1]!, table };
}

function isSame(known: Entry, file: ZpaqFile, date: number, sameBefore: boolean): boolean {
  return known.file.date === date && (sameBefore || sameFraction(known, file)) &&
    (file.name.endsWith("/") || known.size === file.size);
}

/** Whether nanoseconds say nothing else, where both are known. */
function sameFraction(known: Entry, file: ZpaqFile): boolean {
  const [before, now] = [known.attributes, file.attributes];
  return before?.system !== "unix" || now?.system !== "unix" || before.nanoseconds === undefined ||
    now.nanoseconds === undefined || before.nanoseconds === now.nanoseconds;
}

function sameFragments(before: Uint32Array, now: readonly number[]): boolean {
  return before.length === now.length && before.every((id, i) => id === now[i]);
}

function sameAttributes(known: Entry, attributes: Uint8Array): boolean {
  // Other programs may write the same in other bytes.
  return sameBytes(withoutSecondHash(known.file.attributes), attributes) ||
    sameBytes(withoutSecondHash(attributeBytes(known.attributes)), attributes);
}

function secondHashOf({ attributes }: Entry): string | undefined {
  return attributes?.system === "unix" ? attributes.secondHash : undefined;
}

function sameBytes(before: Uint8Array, now: Uint8Array): boolean {
  if (before.length !== now.length) return false;
  for (let i = 0; i < now.length; i++) if (before[i] !== now[i]) return false;
  return true;
}
