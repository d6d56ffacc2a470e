/**
 * The table of names: one idea has one name in every package. The lint plugin reports names that the table forbids, and
 * `check_conventions.ts` compares ARCHITECTURE.md with it and looks for the format's word in every public name.
 *
 * Run `deno run -A _tools/names_table.ts` to write the table into ARCHITECTURE.md.
 */
import { table } from "./markdown_table.ts";

/** Where a name stands: a member of an `…Options` type, a member of any exported type, or an exported function. */
export type NamePlace = "option" | "member" | "function";

/** One idea. */
export interface NameRule {
  readonly idea: string;
  /** The name or its shape, as the page shows it. */
  readonly name: string;
  readonly place: NamePlace;
  /** Names that say the same; one that ends with `()` is forbidden for methods only, `…` is any text. */
  readonly forbidden: readonly string[];
}

/** Every idea that more than one package has. */
export const NAMES: readonly NameRule[] = [
  {
    idea: "bytes at an offset",
    name: "read(offset, length)",
    place: "member",
    forbidden: ["readRange", "readBytes", "readSlice", "pread"],
  },
  {
    idea: "content from an offset on",
    name: "stream(offset, length)",
    place: "member",
    forbidden: ["readable()", "createReadStream", "streamRange"],
  },
  { idea: "a range", name: "offset, length", place: "option", forbidden: ["start", "end"] },
  {
    idea: "opening bytes, a Blob, a URL, a path or a source",
    name: "open(source)",
    place: "member",
    forbidden: ["openUrl", "openPath", "openFile", "openBlob", "fromUrl", "fromPath", "fromFile", "fromBlob"],
  },
  {
    idea: "work on processors",
    name: "threads",
    place: "option",
    forbidden: ["workers", "workerCount", "threadCount", "numThreads", "jobs"],
  },
  {
    idea: "requests in flight",
    name: "concurrency",
    place: "option",
    forbidden: ["parallelism", "parallel", "maxConcurrency", "maxParallel", "inFlight"],
  },
  {
    idea: "writing a checksum of content",
    name: "contentChecksum",
    place: "option",
    forbidden: ["checksum", "checksums", "addChecksum", "writeChecksum"],
  },
  {
    idea: "writing checksums of blocks",
    name: "blockChecksums",
    place: "option",
    forbidden: ["blockChecksum", "checksumBlocks"],
  },
  {
    idea: "comparing checksums and hashes when reading",
    name: "verifyChecksums",
    place: "option",
    forbidden: [
      "verify",
      "verifyChecksum",
      "checkChecksums",
      "validate",
      "ignoreChecksum",
      "ignoreChecksums",
    ],
  },
  {
    idea: "limit on memory",
    name: "maxMemory",
    place: "option",
    forbidden: ["memoryLimit", "memoryBudget", "memoryMax", "maxMemoryUsage", "maxMemoryBytes"],
  },
  {
    idea: "memory in use",
    name: "memoryUsage",
    place: "member",
    forbidden: ["memorySize", "memoryBytes", "memory", "usedMemory", "allocatedBytes"],
  },
  {
    idea: "limit on content that is decoded",
    name: "maxOutputSize",
    place: "option",
    forbidden: ["maxDecompressedSize", "maxOutputLength", "maxOutputBytes", "outputLimit", "sizeLimit"],
  },
  {
    idea: "content of an entry, object, file or frame",
    name: "body",
    place: "member",
    forbidden: ["data", "payload"],
  },
  {
    idea: "ending work",
    name: "signal",
    place: "option",
    forbidden: ["abortSignal", "abort", "cancelToken"],
  },
  {
    idea: "hearing of progress",
    name: "onProgress({ bytesIn, bytesOut, total })",
    place: "option",
    forbidden: ["progress", "onUpdate", "progressCallback"],
  },
  {
    idea: "amounts of progress",
    name: "bytesIn, bytesOut, total",
    place: "member",
    forbidden: ["doneBytes", "totalBytes", "writtenBytes", "bytesDone", "bytesTotal", "bytesRead"],
  },
  {
    idea: "a duration",
    name: "…Ms, in milliseconds",
    place: "option",
    forbidden: ["timeout", "delay", "interval", "…Seconds", "…Millis"],
  },
  {
    idea: "waiting until the disk has what was written",
    name: "durable",
    place: "option",
    forbidden: ["sync", "fsync", "durability", "flushToDisk"],
  },
  {
    idea: "a place in the compressed file and in its content",
    name: "compressedOffset, decompressedOffset",
    place: "member",
    forbidden: ["in", "out", "inOffset", "outOffset", "inputOffset", "outputOffset"],
  },
  {
    idea: "reading a header",
    name: "read…Header(bytes)",
    place: "function",
    forbidden: ["parse…Header", "decode…Header", "get…Header", "…FrameInfo"],
  },
  {
    idea: "listing what a file holds",
    name: "list…(source)",
    place: "function",
    forbidden: ["enumerate…", "iterate…Frames", "get…Frames", "…FrameList"],
  },
  {
    idea: "building an index",
    name: "build…Index(source)",
    place: "function",
    forbidden: ["create…Index", "make…Index", "generate…Index"],
  },
  {
    idea: "dividing files for many machines",
    name: "plan…Splits, plan…Blocks",
    place: "function",
    forbidden: ["partition…", "shard…", "create…Splits", "make…Splits"],
  },
  {
    idea: "one file of parts that were made apart",
    name: "join…(parts)",
    place: "function",
    forbidden: ["combine…", "concatZstd…", "concatLz4…", "mergeZstd…", "mergeLz4…"],
  },
];

/** Words one of which is in every public name of a package. */
export const FORMAT_WORDS: Readonly<Record<string, RegExp>> = {
  zstd: /zstd|dcz/i,
  lz4: /lz4/i,
  gitdb: /git|^Pack[A-Z]/i,
  zpaq: /zpaq/i,
  pdiffcopy: /pdiff/i,
};

/** Public names without a format's word: what all packages share, from `internal` and `ffi`. */
export const SHARED_NAMES: Readonly<Record<string, string>> = {
  AmbiguousIdError: "error of the family",
  BackendChoice: "the backend is chosen for every codec",
  BackendUnavailableError: "error of the family",
  ByteSource: "random access to bytes",
  ByteSourceLike: "what can be opened as one",
  ByteSourceReadOptions: "options of its reads",
  BytesSource: "bytes in memory",
  ChecksumMismatchError: "error of the family",
  ChunkSource: "what iterables and streams read from",
  CorruptDataError: "error of the family",
  DictionaryMismatchError: "error of the family",
  HttpSourceOptions: "how a URL is read",
  LimitExceededError: "error of the family",
  NotFoundError: "error of the family",
  Segment: "a part of a segmented buffer",
  SegmentedBuffer: "many values in one buffer",
  SluiceError: "the family",
  SluiceErrorCode: "the family's codes",
  SluiceErrorOptions: "the family's facts",
  SluiceProgress: "what onProgress receives",
  SluiceSplitFault: "damage that a planner met",
  SluiceSplitOptions: "how content is divided for many machines",
  SluiceSplitSource: "which file a split was planned for",
  TransferError: "error of the family",
  TruncatedDataError: "error of the family",
  UnsupportedFeatureError: "error of the family",
  byteSourceFromBlob: "a source over a Blob",
  byteSourceFromBytes: "a source over bytes",
  byteSourceFromUrl: "a source over a URL",
  openByteSource: "a source over any of them",
};

const PATTERNS: readonly (NameRule & { readonly any: RegExp; readonly method: RegExp })[] = NAMES.map(
  (rule) => {
    const union = (names: readonly string[]): RegExp =>
      new RegExp(
        `^(?:${names.map((name) => name.replace("()", "").replaceAll("…", "\\w*")).join("|") || "(?!)"})$`,
      );
    return {
      ...rule,
      any: union(rule.forbidden.filter((name) => !name.endsWith("()"))),
      method: union(rule.forbidden),
    };
  },
);

/** The rule that a name breaks; undefined where it breaks none. */
export function brokenRule(name: string, place: NamePlace, isMethod: boolean): NameRule | undefined {
  return PATTERNS.find((rule) =>
    (rule.place === place || rule.place === "member" && place === "option") &&
    (isMethod ? rule.method : rule.any).test(name)
  );
}

/** Where the page's table starts and ends. */
const [START, END] = ["<!-- names -->\n\n", "\n<!-- /names -->"];

/** The page with the table as it must be. */
export function withNamesTable(page: string): string {
  const [start, end] = [page.indexOf(START), page.indexOf(END)];
  if (start < 0 || end < start) throw new Error("ARCHITECTURE.md has no place for the table of names");
  const rows = NAMES.map(({ idea, name, forbidden }) => [
    idea,
    `\`${name}\``,
    forbidden.map((each) => `\`${each}\``).join(", "),
  ]);
  return page.slice(0, start + START.length) + table([["idea", "name", "not"], ...rows]) + page.slice(end);
}

if (import.meta.main) {
  const page = new URL("../ARCHITECTURE.md", import.meta.url);
  await Deno.writeTextFile(page, withNamesTable(await Deno.readTextFile(page)));
}
