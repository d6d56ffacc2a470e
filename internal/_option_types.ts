/**
 * What kind of value an option takes, by its name: one idea has one name in all modules, and so one kind of value. Ranges,
 * choices and what objects have in them are checked where an option is used.
 */
import { describe } from "./bytes.ts";

/** Says whether a value is of a kind. */
interface Kind {
  readonly expected: string;
  takes(value: unknown): boolean;
}

const isObject = (value: unknown): value is object => typeof value === "object" && value !== null;
/** What classes of ours have, each of its own: whether it is the right one is checked where it is used. */
const hasAny = (value: unknown, members: readonly PropertyKey[]): boolean =>
  isObject(value) && members.some((member) => member in value);
const either = (a: Kind, b: Kind): Kind => ({
  expected: `${a.expected} or ${b.expected}`,
  takes: (value) => a.takes(value) || b.takes(value),
});

const NUMBER: Kind = { expected: "a number", takes: (value) => typeof value === "number" };
const BOOLEAN: Kind = { expected: "a boolean", takes: (value) => typeof value === "boolean" };
const TEXT: Kind = { expected: "a string", takes: (value) => typeof value === "string" };
const FUNCTION: Kind = { expected: "a function", takes: (value) => typeof value === "function" };
const SIGNAL: Kind = { expected: "an AbortSignal", takes: (value) => value instanceof AbortSignal };
const DATE: Kind = { expected: "a Date", takes: (value) => value instanceof Date };
const ADDRESS = either(TEXT, { expected: "a URL", takes: (value) => value instanceof URL });
const LIST: Kind = {
  expected: "a list",
  takes: (value) => hasAny(value, [Symbol.iterator, Symbol.asyncIterator]),
};
const BYTES: Kind = { expected: "bytes", takes: (value) => hasAny(value, ["byteLength"]) };
const OBJECT: Kind = { expected: "an object", takes: isObject };
/** Where a file is: in writing, or as what was read from that. */
const LOCATION: Kind = {
  expected: "a path or a URL",
  takes: (value) => ADDRESS.takes(value) || hasAny(value, ["filename"]),
};
const DICTIONARY: Kind = {
  expected: "a dictionary",
  takes: (value) =>
    BYTES.takes(value) || typeof value === "function" || value === "ignore" ||
    hasAny(value, ["training", "sha256"]),
};
const INDEX: Kind = {
  expected: "an index",
  takes: (value) =>
    typeof value === "boolean" || BYTES.takes(value) || hasAny(value, ["size", "inputSize", "read"]),
};
const READER: Kind = {
  expected: "a store of objects",
  takes: (value) => isObject(value) && FUNCTION.takes((value as { readonly read?: unknown }).read),
};

/** Names that say of what kind a value is, where `NAMES` has no other for them. */
const NAMED_SO: readonly (readonly [kind: Kind, names: RegExp])[] = [
  [NUMBER, /^max[A-Z]|(Size|Log|Ms)$/],
  [FUNCTION, /^on[A-Z]/],
];

/** Names of options by the kind of their values. */
const NAMES: readonly (readonly [kind: Kind, names: string])[] = [
  [
    BOOLEAN,
    "allowDirty allowEmpty allowSlash append archive atLine autoFlush bare blockChecksums checked " +
    "checkout collisionDetection comments compareContent contentChecksum create " +
    "dedicatedDictionarySearch deepen delta deterministicPrefix directory disableComp dryRun durable " +
    "embedBaseHash favorDecompressionSpeed fileDigests force forceMaxWindow hashes includeTag " +
    "kafkaHeaderChecksum lines linked literalPaths machineShifts minimal mirror ofsDelta ordered owners " +
    "partial peel permissions plainPostprocessing promised promisor prune refetch reflogs rehash repair " +
    "reuseChunks reuseDeltas rollBack rsyncable selfTest serverBundles shift singleBranch streamTables strict " +
    "strictBlocks strictSubset suppressHcomp suppressPcomp symrefs tag tags thin times unique " +
    "unsafePaths unshallow v1 verifyChecksums verifyWritten writable",
  ],
  [
    NUMBER,
    "accel atDelimiter blockSplitterLevel budget bytes checkpointEvery compressionLevel concurrency count " +
    "d depth f flushEvery fragment h hcompBudget indexVersion k largeOffsetsFrom m minMatch pcompBudget " +
    "percent port protocol resyncBlocks retries selectivity size sizeHint skipBytes spacing splitPoint " +
    "startsAt steps targetLength version window windowMemory",
  ],
  [
    TEXT,
    "action attachDictionary branch carry cert codec comment filename format frames frameSplit gitdir hash " +
    "hostname ifMatch kind literals name offload onExceeded order origin pathMode pattern " +
    "prefetchDictionaryTables replace root rowMatchFinder splitAfterSequences store token trailing " +
    "windows",
  ],
  [
    FUNCTION,
    "checkHeader fetch filter headersFor isSecure log lookupDictionary preprocess work",
  ],
  [SIGNAL, "signal"],
  [DATE, "date since"],
  [
    LIST,
    "additional refspecs uriProtocols wants haves shallow shallowExclude prefixes caCerts encodings hosts items origins seeds sources tokens",
  ],
  [either(BOOLEAN, LIST), "sparse"],
  [READER, "bases existing"],
  [ADDRESS, "bundle spillFolder"],
  [LOCATION, "source target"],
  [DICTIONARY, "dictionary"],
  [INDEX, "index"],
  [OBJECT, "committer objects adapt decompress headers training"],
  [either(either(BOOLEAN, NUMBER), TEXT), "contentSize optimize"],
  [either(BOOLEAN, OBJECT), "compress"],
  [either(either(BOOLEAN, TEXT), OBJECT), "longDistance"],
  [either(BOOLEAN, LIST), "delete"],
  [either(TEXT, BYTES), "password prefix"],
  [either(either(TEXT, LIST), NUMBER), "to"],
  [either(NUMBER, DATE), "at until"],
  [either(NUMBER, TEXT), "level method mode threads"],
  [either(NUMBER, BOOLEAN), "all dictId shrink"],
  [either(LIST, FUNCTION), "dictionaries"],
];

const KINDS: ReadonlyMap<string, Kind> = new Map(
  NAMES.flatMap(([kind, names]) => names.split(" ").map((name): [string, Kind] => [name, kind])),
);

/** Texts that options take where no other check stands between them and their use. */
const CHOICES: Readonly<Record<string, readonly string[]>> = {
  alternates: ["all", "inside-root", "none"],
  backend: ["auto", "native", "wasm"],
  container: ["none", "size", "mozilla"],
  hashAlgorithm: ["sha1", "sha256"],
};

/**
 * Refuses a value that no option of this name takes.
 *
 * @throws {TypeError} If it is of another kind.
 * @throws {RangeError} If it is no number, or none of the choices.
 */
export function checkKind(name: string, value: unknown): void {
  if (value === undefined) return;
  const choices = Object.hasOwn(CHOICES, name) ? CHOICES[name]! : undefined;
  if (choices !== undefined && typeof value === "string") {
    if (choices.includes(value)) return;
    throw new RangeError(
      `Cannot use option "${name}": it is "${value}", expected one of ${choices.join(", ")}`,
    );
  }
  const kind = choices === undefined
    ? KINDS.get(name) ?? NAMED_SO.find((row) => row[1].test(name))?.[0]
    : TEXT;
  if (kind === undefined) return;
  if (!kind.takes(value)) {
    throw new TypeError(`Cannot use option "${name}": it is ${describe(value)}, expected ${kind.expected}`);
  }
  if (Number.isNaN(value)) throw new RangeError(`Cannot use option "${name}": it is NaN, expected a number`);
}
