/**
 * A history as long as git's own, for `git fast-import`: hundreds of thousands of objects, trees of hundreds of entries
 * that thousands of versions share, and few bytes of change in each of them.
 *
 * It comes in parts, each for a run of fast-import with another limit on the length of chains, so that chains of all
 * lengths are there. In a part all versions of a file come one after another, because fast-import makes a delta against
 * the blob before only; commits name them by marks.
 */
import { Random } from "../tests/_data.ts";
import { sourceLine } from "./_git_source.ts";

/** How long a history is. */
export interface LongHistorySize {
  readonly commits: number;
  readonly files: number;
  /** Mean bytes of a file. */
  readonly fileSize: number;
  readonly tags: number;
}

/** Longest chains of the parts. */
export const PART_DEPTHS = [50, 30, 50, 20, 50, 16, 40, 24] as const;

const CHUNK_SIZE = 1 << 20;
const encoder = new TextEncoder();

/** Folders with their shares of the files and of the changes, in percent. */
const FOLDERS = [
  { path: "", files: 14, changes: 40 },
  { path: "Documentation/", files: 18, changes: 12 },
  { path: "t/", files: 36, changes: 22 },
  { path: "builtin/", files: 6, changes: 12 },
  { path: "t/helper/", files: 4, changes: 3 },
  { path: "po/", files: 2, changes: 3 },
  { path: "contrib/tools/scripts/", files: 8, changes: 4 },
  { path: "lib/compat/", files: 12, changes: 4 },
] as const;

/** A file that edits are made in. */
class EditedFile {
  #bytes: Uint8Array<ArrayBuffer>;
  #length: number;

  constructor(readonly path: string, random: Random, size: number) {
    let text = "";
    while (text.length < size) text += `${sourceLine(random)}\n`;
    this.#length = text.length;
    this.#bytes = new Uint8Array(text.length * 2);
    encoder.encodeInto(text, this.#bytes);
  }

  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  /** Takes some lines away and puts others there. */
  edit(random: Random): void {
    const start = this.bytes.indexOf(10, random.below(this.#length)) + 1;
    let end = start;
    for (let lines = random.below(4); lines > 0; lines--) {
      end = this.bytes.indexOf(10, end) + 1 || this.#length;
    }
    let text = "";
    for (let lines = 1 + random.below(3); lines > 0; lines--) text += `${sourceLine(random)}\n`;
    const length = this.#length - (end - start) + text.length;
    if (length > this.#bytes.length) {
      const larger = new Uint8Array(length * 2);
      larger.set(this.bytes);
      this.#bytes = larger;
    }
    this.#bytes.copyWithin(start + text.length, end, this.#length);
    encoder.encodeInto(text, this.#bytes.subarray(start));
    this.#length = length;
  }
}

/** The files, by folder; in each folder the first are changed most. */
function makeFiles(size: LongHistorySize, random: Random): EditedFile[][] {
  return FOLDERS.map(({ path, files }) =>
    Array.from({ length: Math.max(2, Math.floor(size.files * files / 100)) }, (_, i) => {
      const bytes = 1000 + random.below(size.fileSize * 2) / (1 + i / 400);
      return new EditedFile(
        `${path}${sourceLine(random).replace(/\W+/g, "").slice(0, 12)}-${i}.c`,
        random,
        bytes,
      );
    })
  );
}

/** A file to change: some folders and some files are changed far more than others. */
function pick(folders: readonly EditedFile[][], random: Random): EditedFile {
  let share = random.below(100);
  let folder = 0;
  while (share >= FOLDERS[folder]!.changes) share -= FOLDERS[folder++]!.changes;
  const files = folders[folder]!;
  return files[Math.floor(files.length * (random.next() / 2 ** 32) ** 2.5)]!;
}

/** Puts pieces together to chunks of one size. */
class Chunks {
  #chunk = new Uint8Array(CHUNK_SIZE);
  #filled = 0;

  /** Yields chunks that are full. */
  *add(piece: Uint8Array | string): Generator<Uint8Array> {
    const bytes = typeof piece === "string" ? encoder.encode(piece) : piece;
    for (let at = 0; at < bytes.length;) {
      const count = Math.min(bytes.length - at, CHUNK_SIZE - this.#filled);
      this.#chunk.set(bytes.subarray(at, at + count), this.#filled);
      this.#filled += count;
      at += count;
      if (this.#filled === CHUNK_SIZE) yield* this.rest();
    }
  }

  *rest(): Generator<Uint8Array> {
    yield this.#chunk.subarray(0, this.#filled);
    this.#chunk = new Uint8Array(CHUNK_SIZE);
    this.#filled = 0;
  }
}

/** The history in parts; each part is a whole input of fast-import, and builds on those before. */
export function* longHistory(size: LongHistorySize): Generator<Generator<Uint8Array>> {
  const random = new Random(849_014);
  const folders = makeFiles(size, random);
  const commits = Math.ceil(size.commits / PART_DEPTHS.length);
  for (let part = 0; part < PART_DEPTHS.length; part++) yield onePart(size, folders, random, part, commits);
}

function* onePart(
  size: LongHistorySize,
  folders: readonly EditedFile[][],
  random: Random,
  part: number,
  commits: number,
): Generator<Uint8Array> {
  const chunks = new Chunks();
  const marks = new Map<EditedFile, number[]>();
  const changes = Array.from({ length: commits }, (_, i) => {
    const changed = part === 0 && i === 0
      ? folders.flat()
      : Array.from({ length: random.below(10) < 7 ? 1 : 2 }, () => pick(folders, random));
    for (const file of new Set(changed)) marks.set(file, []);
    return new Set(changed);
  });
  const versions = new Map<EditedFile, number>();
  for (const changed of changes) {
    for (const file of changed) versions.set(file, (versions.get(file) ?? 0) + 1);
  }
  let mark = 0;
  for (const [file, count] of versions) {
    for (let version = 0; version < count; version++) {
      for (let edits = 1 + random.below(3); edits > 0; edits--) file.edit(random);
      marks.get(file)!.push(++mark);
      yield* chunks.add(`blob\nmark :${mark}\ndata ${file.bytes.length}\n`);
      yield* chunks.add(file.bytes);
      yield* chunks.add("\n");
    }
    marks.get(file)!.reverse();
  }
  const every = Math.max(1, Math.floor(size.commits / size.tags));
  for (const [i, changed] of changes.entries()) {
    const number = part * commits + i;
    const date = `${1_000_000_000 + number * 60} +0000`;
    let message = `change ${number}\n\n`;
    for (let lines = random.below(8); lines > 0; lines--) message += `${sourceLine(random).trim()}\n`;
    let text = `commit refs/heads/main\nauthor A${random.below(900)} <a@example.test> ${date}\n` +
      `committer C <c@example.test> ${date}\ndata ${message.length}\n${message}`;
    if (i === 0 && part > 0) text += "from refs/heads/main^0\n";
    for (const file of changed) text += `M 100644 :${marks.get(file)!.pop()!} ${file.path}\n`;
    yield* chunks.add(text);
    if (number % every === 0) {
      const about = `version ${number}: ${sourceLine(random).trim()}\n`;
      yield* chunks.add(
        `tag v${number}\nfrom refs/heads/main\ntagger C <c@example.test> ${date}\ndata ${about.length}\n${about}`,
      );
    }
  }
  yield* chunks.rest();
}
