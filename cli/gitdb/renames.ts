/**
 * Files that were moved: which removed file an added one was made of, as git finds it out (gitdiffcore, "diffcore-rename").
 */
import type { GitChange, GitChangeSide, GitRepository } from "@sluice/gitdb/repository";
import { byteString } from "@sluice/internal";

/** A change with its status; `source` and `score` are those of a moved file. */
export interface StatusChange {
  readonly status: "A" | "D" | "M" | "T" | "R";
  /** The path, a character for each byte. */
  readonly path: string;
  readonly before: GitChangeSide | undefined;
  readonly after: GitChangeSide | undefined;
  readonly source?: string;
  readonly score?: number;
}

/** Scores are parts of this, and files are alike from half of it on. */
const SCORE_MAX = 60000;
const SCORE_MIN = SCORE_MAX / 2;
/** What files of the same name need that no other has. */
const NAME_SCORE_MIN = SCORE_MIN + (SCORE_MAX - SCORE_MIN) / 2;
/** Pairs that are compared at most: the square of git's limit of files. */
const PAIRS_MAX = 1000 ** 2;
/** Files that are kept for each added one until the best pairs are chosen. */
const CANDIDATES = 4;
const LINE_MAX = 64;
const HASH_BASE = 107927;
/** Where a file with a zero counts as binary. */
const BINARY_HEAD = 8000;

/** A file that was added or removed. */
interface Loner {
  readonly path: string;
  readonly side: GitChangeSide;
  /** Of an added file: where it comes from. */
  source?: Loner;
  score?: number;
  /** Of a removed file: whether it was moved. */
  used?: boolean;
}

interface Pair {
  readonly target: Loner;
  readonly source: Loner;
  readonly score: number;
  readonly sameName: boolean;
}

const nameOf = (path: string): string => path.slice(path.lastIndexOf("/") + 1);
const kindOf = (mode: number): number => mode & 0o170000;
const isFile = ({ mode }: GitChangeSide): boolean => kindOf(mode) === 0o100000;

/** Changes with their statuses, none of them moved. */
export function withStatus({ pathBytes, before, after }: GitChange): StatusChange {
  const status = before === undefined
    ? "A"
    : after === undefined
    ? "D"
    : kindOf(before.mode) === kindOf(after.mode)
    ? "M"
    : "T";
  return { status, path: byteString(pathBytes), before, after };
}

/** Makes one change of a removed and an added file where the one was moved to the other. */
export async function findRenames(
  repository: GitRepository,
  changes: readonly StatusChange[],
): Promise<StatusChange[]> {
  const loner = ({ path, before, after }: StatusChange): Loner => ({ path, side: (before ?? after)! });
  const targets = new Map(changes.filter(({ status }) => status === "A").map((each) => [each, loner(each)]));
  const sources = new Map(changes.filter(({ status }) => status === "D").map((each) => [each, loner(each)]));
  if (targets.size > 0 && sources.size > 0) {
    await new RenameSearch(repository, [...targets.values()], [...sources.values()]).run();
  }
  return changes.flatMap((change): StatusChange[] => {
    if (sources.get(change)?.used) return [];
    const target = targets.get(change);
    if (target?.source === undefined) return [change];
    const { path, side } = target.source;
    return [{ ...change, status: "R", before: side, source: path, score: target.score! }];
  });
}

/** Looks for the sources of added files. */
class RenameSearch {
  readonly #repository: GitRepository;
  readonly #targets: readonly Loner[];
  readonly #sources: readonly Loner[];
  readonly #sizes = new Map<string, number>();
  readonly #lines = new Map<string, Map<number, number>>();

  constructor(repository: GitRepository, targets: readonly Loner[], sources: readonly Loner[]) {
    this.#repository = repository;
    this.#targets = targets;
    this.#sources = sources;
  }

  get #openTargets(): Loner[] {
    return this.#targets.filter(({ source }) => source === undefined);
  }

  get #openSources(): Loner[] {
    return this.#sources.filter(({ used }) => used !== true);
  }

  async run(): Promise<void> {
    for (const target of this.#targets) this.#findSame(target);
    await this.#findByNames();
    await this.#findAlike();
  }

  #join(target: Loner, source: Loner, score: number): void {
    target.source = source;
    target.score = Math.floor(score * 100 / SCORE_MAX);
    source.used = true;
  }

  /** The removed file of the same content, one of the same name if there is one. */
  #findSame(target: Loner): void {
    const same = this.#openSources.filter(({ side }) =>
      side.id.equals(target.side.id) &&
      (isFile(side) && isFile(target.side) || side.mode === target.side.mode)
    );
    const source = same.find(({ path }) => nameOf(path) === nameOf(target.path)) ?? same[0];
    if (source !== undefined) this.#join(target, source, SCORE_MAX);
  }

  /** Files whose names no other removed file, and no other added one, has. */
  async #findByNames(): Promise<void> {
    const [sources, targets] = [uniqueNames(this.#openSources), uniqueNames(this.#openTargets)];
    for (const [name, source] of sources) {
      const target = targets.get(name);
      if (source === undefined || target === undefined || target.source !== undefined) continue;
      const score = await this.#score(source, target);
      if (score >= NAME_SCORE_MIN) this.#join(target, source, score);
    }
  }

  /** The most similar files first. */
  async #findAlike(): Promise<void> {
    const [targets, sources] = [this.#openTargets, this.#openSources];
    if (targets.length * sources.length > PAIRS_MAX) return;
    const pairs: (Pair | undefined)[] = [];
    for (const target of targets) {
      const best: (Pair | undefined)[] = new Array(CANDIDATES).fill(undefined);
      for (const source of sources) {
        const sameName = nameOf(source.path) === nameOf(target.path);
        const pair = { target, source, score: await this.#score(source, target), sameName };
        let worst = 0;
        for (let i = 1; i < best.length; i++) if (comparePairs(best[i], best[worst]) > 0) worst = i;
        if (comparePairs(best[worst], pair) > 0) best[worst] = pair;
      }
      pairs.push(...best);
    }
    for (const pair of pairs.sort(comparePairs)) {
      if (pair === undefined || pair.score < SCORE_MIN) return;
      const { target, source, score } = pair;
      if (target.source === undefined && source.used !== true) this.#join(target, source, score);
    }
  }

  async #size({ side: { id } }: Loner): Promise<number> {
    const known = this.#sizes.get(`${id}`);
    if (known !== undefined) return known;
    const { size } = await this.#repository.database.info(this.#repository.replacement(id));
    this.#sizes.set(`${id}`, size);
    return size;
  }

  /** How much of the larger file is in both. */
  async #score(source: Loner, target: Loner): Promise<number> {
    if (!isFile(source.side) || !isFile(target.side)) return 0;
    const sizes = [await this.#size(source), await this.#size(target)];
    const [small, large] = [Math.min(...sizes), Math.max(...sizes)];
    if (large * (SCORE_MAX - SCORE_MIN) < (large - small) * SCORE_MAX || large === 0) return 0;
    const [before, after] = [await this.#linesOf(source), await this.#linesOf(target)];
    let common = 0;
    for (const [hash, bytes] of before) common += Math.min(bytes, after.get(hash) ?? 0);
    return Math.floor(common * SCORE_MAX / large);
  }

  async #linesOf({ side: { id } }: Loner): Promise<Map<number, number>> {
    const known = this.#lines.get(`${id}`);
    if (known !== undefined) return known;
    const object = await this.#repository.database.read(this.#repository.replacement(id));
    const lines = countLines(await object.bytes());
    this.#lines.set(`${id}`, lines);
    return lines;
  }
}

/** By name, the file that has it alone; undefined where several have it. */
function uniqueNames(files: readonly Loner[]): Map<string, Loner | undefined> {
  const names = new Map<string, Loner | undefined>();
  for (const file of files) {
    const name = nameOf(file.path);
    names.set(name, names.has(name) ? undefined : file);
  }
  return names;
}

/** Better pairs first, places that are empty last. */
function comparePairs(left: Pair | undefined, right: Pair | undefined): number {
  if (left === undefined) return right === undefined ? 0 : 1;
  if (right === undefined) return -1;
  return right.score - left.score || Number(right.sameName) - Number(left.sameName);
}

/** Bytes by hashes of lines, of which the long ones are cut; what follows the last line is left out, as in git 2.39. */
export function countLines(bytes: Uint8Array): Map<number, number> {
  const counts = new Map<number, number>();
  const isText = !bytes.subarray(0, BINARY_HEAD).includes(0);
  let first = 0;
  let second = 0;
  let length = 0;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i]!;
    // The carriage return before a line feed does not count.
    if (isText && byte === 0x0d && bytes[i + 1] === 0x0a) continue;
    const before = first;
    first = ((first << 7) ^ (second >>> 25)) >>> 0;
    second = ((second << 7) ^ (before >>> 25)) >>> 0;
    first = (first + byte) >>> 0;
    if (++length < LINE_MAX && byte !== 0x0a) continue;
    const hash = ((first + Math.imul(second, 0x61)) >>> 0) % HASH_BASE;
    counts.set(hash, (counts.get(hash) ?? 0) + length);
    first = second = length = 0;
  }
  return counts;
}
