/**
 * Every public function and class that takes options names an option that it does not know, and every one names what it
 * expected in place of a first argument that is something else. Both are TypeErrors. A list of all exports makes sure
 * that none is left out.
 */
import { assert, assertEquals } from "@std/assert";
import * as gitdb from "@sluice/gitdb";
import * as gitFormat from "@sluice/gitdb/format";
import * as lz4 from "@sluice/lz4";
import * as lz4Download from "@sluice/lz4/download";
import * as pdiffcopy from "@sluice/pdiffcopy";
import * as zpaq from "@sluice/zpaq";
import * as zpaqlPy from "@sluice/zpaq/compiler";
import * as zpaqBackup from "@sluice/zpaq/backup";
import * as zpaqPack from "@sluice/zpaq/pack";
import * as zstd from "@sluice/zstd";
import * as zstdFile from "@sluice/zstd/file";
import * as zstdHttp from "@sluice/zstd/http";
import * as zstdLog from "@sluice/zstd/log";
import * as zstdPatch from "@sluice/zstd/patch";
import * as zstdSeekable from "@sluice/zstd/seekable";
import { MemoryDirectory } from "./_memory_directory.ts";

/** A call with options, and a call with something else as its first argument. */
interface Calls {
  readonly options?: (options: never) => unknown;
  readonly first?: (argument: never) => unknown;
}

const DATA = new Uint8Array([1, 2, 3]);
/** A folder that nobody can make: a call that should be refused leaves nothing. */
const NOWHERE = "/dev/null/nowhere";
const JUNK_OPTIONS = { unknown: 1 } as never;
/** No bytes, no path, no iterable, no object of any class. */
const JUNK = 42 as never;
const stream = (): ReadableStream<Uint8Array<ArrayBuffer>> => new Blob([DATA]).stream();
const sink = (): WritableStream => new WritableStream();
const MODEL = zpaq.assembleZpaq("comp 0 0 0 0 0 hcomp halt end");
const PYTHON = zpaqlPy.zpaqlPyTemplate({ minimal: true });

const taking = (given: unknown, run: (first: never, options: never) => unknown): Calls => ({
  options: (options) => run(given as never, options),
  first: (first) => run(first, {} as never),
});
const whole = (run: (data: never, options: never) => unknown): Calls => taking(DATA, run);
const into = (run: (data: never, target: Uint8Array<ArrayBuffer>, options: never) => unknown): Calls =>
  whole((data, options) => run(data, new Uint8Array(100), options));
const made = (make: (options: never) => unknown): Calls => ({ options: make });

const ZSTD: Record<string, Calls> = {
  compressZstd: whole((data, options) => zstd.compressZstd(data, options)),
  compressZstdAsync: whole((data, options) => zstd.compressZstdAsync(data, options)),
  compressZstdInto: into((data, target, options) => zstd.compressZstdInto(data, target, options)),
  compressZstdIterable: whole((data, options) => zstd.compressZstdIterable(data, options)),
  compressZstdBatch: taking([DATA], (inputs, options) => zstd.compressZstdBatch(inputs, options)),
  compressZstdBatchAsync: taking([DATA], (inputs, options) => zstd.compressZstdBatchAsync(inputs, options)),
  compressZstdDictChain: taking([DATA], (inputs, options) => zstd.compressZstdDictChain(inputs, options)),
  copyCompressedZstd: {
    options: (options) => zstd.copyCompressedZstd(stream(), sink(), options),
    first: (source) => zstd.copyCompressedZstd(source, sink()),
  },
  copyDecompressedZstd: {
    options: (options) => zstd.copyDecompressedZstd(stream(), sink(), options),
    first: (source) => zstd.copyDecompressedZstd(source, sink()),
  },
  decompressZstd: whole((data, options) => zstd.decompressZstd(data, options)),
  decompressZstdAsync: whole((data, options) => zstd.decompressZstdAsync(data, options)),
  decompressZstdInto: into((data, target, options) => zstd.decompressZstdInto(data, target, options)),
  decompressZstdIterable: whole((data, options) => zstd.decompressZstdIterable(data, options)),
  decompressZstdBatch: taking([DATA], (frames, options) => zstd.decompressZstdBatch(frames, options)),
  decompressZstdBatchAsync: taking(
    [DATA],
    (frames, options) => zstd.decompressZstdBatchAsync(frames, options),
  ),
  decompressZstdDictChain: taking([DATA], (frames, options) => zstd.decompressZstdDictChain(frames, options)),
  estimateZstdCompressorMemory: made((options) => zstd.estimateZstdCompressorMemory(options)),
  finalizeZstdDictionary: {
    options: (options) => zstd.finalizeZstdDictionary(DATA, [DATA], options),
    first: (content) => zstd.finalizeZstdDictionary(content, [DATA], { size: 1000 }),
  },
  listZstdFrames: { first: (data) => zstd.listZstdFrames(data) },
  listZstdFramesIterable: { first: (source) => zstd.listZstdFramesIterable(source) },
  prepareZstdDictionary: taking(
    new zstd.ZstdDictionary(DATA),
    (dictionary, options) => zstd.prepareZstdDictionary(dictionary, options),
  ),
  readZstdFrameHeader: whole((data, options) => zstd.readZstdFrameHeader(data, options)),
  readZstdSkippableFrame: { first: (data) => zstd.readZstdSkippableFrame(data) },
  trainZstdDictionary: {
    options: (options) => zstd.trainZstdDictionary([DATA], options),
    first: (samples) => zstd.trainZstdDictionary(samples, { size: 1000 }),
  },
  trainZstdDictionaryAsync: {
    options: (options) => zstd.trainZstdDictionaryAsync([DATA], options),
    first: (samples) => zstd.trainZstdDictionaryAsync(samples, { size: 1000 }),
  },
  writeZstdSkippableFrame: { first: (body) => zstd.writeZstdSkippableFrame(body) },
  zstdCompressionParameters: made((options) => zstd.zstdCompressionParameters(3, options)),
  zstdDecompressedSize: { first: (data) => zstd.zstdDecompressedSize(data) },
  ZstdCompressionStream: made((options) => new zstd.ZstdCompressionStream(options)),
  ZstdCompressor: made((options) => new zstd.ZstdCompressor(options)),
  ZstdDecoder: made((options) => new zstd.ZstdDecoder(options)),
  ZstdDecompressionStream: made((options) => new zstd.ZstdDecompressionStream(options)),
  ZstdDecompressor: made((options) => new zstd.ZstdDecompressor(options)),
  ZstdDictionary: whole((bytes, options) => new zstd.ZstdDictionary(bytes, options)),
  ZstdEncoder: made((options) => new zstd.ZstdEncoder(options)),
  ZstdParallelDecoder: whole((source, options) => new zstd.ZstdParallelDecoder(source, options)),
  SegmentedBuffer: { first: (data) => new zstd.SegmentedBuffer(data, []) },
};

const SOURCES: Record<string, Calls> = {
  byteSourceFromBlob: { first: (blob) => zstdSeekable.byteSourceFromBlob(blob) },
  byteSourceFromBytes: { first: (data) => zstdSeekable.byteSourceFromBytes(data) },
  byteSourceFromUrl: taking(
    "http://127.0.0.1:9/",
    (url, options) => zstdSeekable.byteSourceFromUrl(url, options),
  ),
  openByteSource: taking(DATA, (source, options) => zstdSeekable.openByteSource(source, options)),
};

const ZSTD_HTTP: Record<string, Calls> = {
  addZstdVary: { first: (headers) => zstdHttp.addZstdVary(headers, "accept-encoding") },
  compressDcz: whole(async (data, options: object) =>
    await zstdHttp.compressDcz(data, { dictionary: await zstdHttp.DczDictionary.from(DATA), ...options })
  ),
  compressZstdContent: whole((data, options) => zstdHttp.compressZstdContent(data, options)),
  decompressDcz: whole(async (data, options: object) =>
    await zstdHttp.decompressDcz(data, {
      dictionaries: [await zstdHttp.DczDictionary.from(DATA)],
      ...options,
    })
  ),
  decompressZstdContent: whole((data, options) => zstdHttp.decompressZstdContent(data, options)),
  negotiateZstdContentEncoding: taking(
    new Request("http://a/"),
    (request, options) => zstdHttp.negotiateZstdContentEncoding(request, options),
  ),
  withZstd: {
    options: (options) => zstdHttp.withZstd(() => new Response(), options),
    first: (handler) => zstdHttp.withZstd(handler),
  },
  DczCompressionStream: made((options: object) =>
    zstdHttp.DczDictionary.from(DATA).then((dictionary) =>
      new zstdHttp.DczCompressionStream({ dictionary, ...options })
    )
  ),
  DczDecompressionStream: made((options: object) =>
    zstdHttp.DczDictionary.from(DATA).then((dictionary) =>
      new zstdHttp.DczDecompressionStream({ dictionaries: [dictionary], ...options })
    )
  ),
  DczDictionary: { first: (data) => zstdHttp.DczDictionary.from(data) },
  zstdHono: made((options) => zstdHttp.zstdHono(options)),
  zstdNode: made((options) => zstdHttp.zstdNode(options)),
  ZstdDictionaryStore: made((options) => new zstdHttp.ZstdDictionaryStore(options)),
  ZstdContentCompressionStream: made((options) => new zstdHttp.ZstdContentCompressionStream(options)),
  ZstdContentDecompressionStream: made((options) => new zstdHttp.ZstdContentDecompressionStream(options)),
  ZstdDictionary: ZSTD.ZstdDictionary!,
};

const ZSTD_PATCH: Record<string, Calls> = {
  ...SOURCES,
  applyZstdPatch: whole((base, options) => zstdPatch.applyZstdPatch(base, DATA, options)),
  applyZstdChunkedPatch: whole((base, options) => zstdPatch.applyZstdChunkedPatch(base, DATA, options)),
  createZstdChunkedPatch: whole((base, options) => zstdPatch.createZstdChunkedPatch(base, DATA, options)),
  createZstdPatch: whole((base, options) => zstdPatch.createZstdPatch(base, DATA, options)),
  ZstdPatchCompressionStream: whole((base, options: object) =>
    new zstdPatch.ZstdPatchCompressionStream(base, { size: 3, ...options })
  ),
  ZstdPatchDecompressionStream: whole((base, options) =>
    new zstdPatch.ZstdPatchDecompressionStream(base, options)
  ),
  ZstdDictionary: ZSTD.ZstdDictionary!,
};

const ZSTD_FILE: Record<string, Calls> = {
  ...SOURCES,
  "openZstd": whole((source, options) => zstdFile.openZstd(source, "r", options)),
  "openZstd to write": {
    options: (options) => zstdFile.openZstd(sink(), "w", options),
    first: (target) => zstdFile.openZstd(target, "w"),
  },
  ZstdDictionary: ZSTD.ZstdDictionary!,
  ZstdSeekIndex: { first: (data) => zstdFile.ZstdSeekIndex.fromBytes(data) },
};

const SEEK_INDEX = new zstdSeekable.ZstdSeekIndex({ compressedSizes: [], sizes: [] });
const SPLIT = {} as never;

const ZSTD_SEEKABLE: Record<string, Calls> = {
  ...SOURCES,
  buildZstdIndex: whole((data, options) => zstdSeekable.buildZstdIndex(data, options)),
  compressZstdSeekable: whole((data, options) => zstdSeekable.compressZstdSeekable(data, options)),
  compressZstdSeekableAsync: whole((data, options) => zstdSeekable.compressZstdSeekableAsync(data, options)),
  joinZstdFrames: whole((parts, options) => zstdSeekable.joinZstdFrames(parts, options).next()),
  joinZstdIndexes: { first: (indexes) => zstdSeekable.joinZstdIndexes(indexes) },
  planZstdSplits: whole((data, options) => zstdSeekable.planZstdSplits(data, SEEK_INDEX, options).next()),
  readZstdSplit: whole((data, options) => zstdSeekable.readZstdSplit(data, SPLIT, options)),
  ZstdDictionary: ZSTD.ZstdDictionary!,
  ZstdSeekIndex: { first: (data) => zstdSeekable.ZstdSeekIndex.fromBytes(data) },
  ZstdSeekableCompressionStream: made((options) => new zstdSeekable.ZstdSeekableCompressionStream(options)),
  ZstdSeekableReader: whole((data, options) => zstdSeekable.ZstdSeekableReader.open(data, options)),
};

const ZSTD_LOG: Record<string, Calls> = {
  ZstdDictionary: ZSTD.ZstdDictionary!,
  ZstdLog: taking(NOWHERE, (path, options) => zstdLog.ZstdLog.open(path, options)),
  ZstdSeekIndex: ZSTD_SEEKABLE.ZstdSeekIndex!,
};

const INDEX = await lz4.buildLz4Index(lz4.compressLz4(DATA));

const LZ4: Record<string, Calls> = {
  ...SOURCES,
  buildLz4Index: whole((source, options) => lz4.buildLz4Index(source, options)),
  carveLz4: { first: (data) => lz4.carveLz4(data, INDEX, 0, 1) },
  compressLz4: whole((data, options) => lz4.compressLz4(data, options)),
  compressLz4Async: whole((data, options) => lz4.compressLz4Async(data, options)),
  compressLz4Block: whole((data, options) => lz4.compressLz4Block(data, options)),
  compressLz4Iterable: whole((data, options) => lz4.compressLz4Iterable(data, options)),
  decompressLz4: whole((data, options) => lz4.decompressLz4(data, options)),
  decompressLz4Async: whole((data, options) => lz4.decompressLz4Async(data, options)),
  decompressLz4Block: whole((data, options) => lz4.decompressLz4Block(data, options)),
  decompressLz4Into: into((data, target, options) => lz4.decompressLz4Into(data, target, options)),
  decompressLz4Iterable: whole((data, options) => lz4.decompressLz4Iterable(data, options)),
  decryptLz4AesCtrSource: { first: (source) => lz4.decryptLz4AesCtrSource(source, JUNK, new Uint8Array(16)) },
  decryptLz4Source: { first: (source) => lz4.decryptLz4Source(source, (_, bytes) => bytes) },
  isStrictLz4Block: { first: (data) => lz4.isStrictLz4Block(data) },
  listLz4Frames: { first: (data) => lz4.listLz4Frames(data) },
  lz4BlockContentSize: { first: (data) => lz4.lz4BlockContentSize(data) },
  joinLz4Indexes: { first: (indexes) => lz4.joinLz4Indexes(indexes) },
  joinLz4Parts: whole((parts, options) => lz4.joinLz4Parts(parts, options).next()),
  planLz4Splits: whole((data, options) => lz4.planLz4Splits(data, INDEX, options).next()),
  readLz4Split: whole((data, options) => lz4.readLz4Split(data, SPLIT, options)),
  lz4CompressBound: made((options) => lz4.lz4CompressBound(3, options)),
  lz4Xxh32: { first: (data) => lz4.lz4Xxh32(data) },
  openLz4AesCtrSource: {
    options: (options) => lz4.openLz4AesCtrSource(lz4.byteSourceFromBytes(DATA), options),
    first: (source) => lz4.openLz4AesCtrSource(source, { password: "x" }),
  },
  encryptLz4AesGcmIterable: whole((source, options) =>
    lz4.encryptLz4AesGcmIterable(source, { key: new Uint8Array(16), ...options as object })
  ),
  decryptLz4AesGcmIterable: whole((source, options) =>
    lz4.decryptLz4AesGcmIterable(source, { key: new Uint8Array(16), ...options as object })
  ),
  decryptLz4AesCtrIterable: whole((source, options) =>
    lz4.decryptLz4AesCtrIterable(source, { password: "x", ...options as object })
  ),
  openLz4AesGcmSource: {
    options: (options) => lz4.openLz4AesGcmSource(lz4.byteSourceFromBytes(DATA), options as lz4.Lz4AesGcm),
    first: (source) => lz4.openLz4AesGcmSource(source, { key: new Uint8Array(16) }),
  },
  openLz4SealedSource: {
    first: (source) =>
      lz4.openLz4SealedSource(source, {
        chunkSize: 10,
        overhead: 1,
        open: (_, bytes) => Promise.resolve(bytes),
      }),
  },
  readLz4FrameHeader: { first: (data) => lz4.readLz4FrameHeader(data) },
  recoverLz4: whole((data, options) => lz4.recoverLz4(data, options)),
  recoverLz4Iterable: whole((source, options) => lz4.recoverLz4Iterable(source, options)),
  repackLz4: whole((source, options) => lz4.repackLz4(source, options)),
  scanLz4Index: whole((data, options) => lz4.scanLz4Index(data, options)),
  Lz4Archive: whole((data, options) => lz4.Lz4Archive.open(data, options)),
  Lz4Checkpoint: { first: (bytes) => lz4.Lz4Checkpoint.fromBytes(bytes) },
  Lz4CheckpointableDecompressor: whole((source, options) =>
    new lz4.Lz4CheckpointableDecompressor(source, options).next()
  ),
  Lz4CompressionStream: made((options) => new lz4.Lz4CompressionStream(options)),
  Lz4Decoder: made((options) => new lz4.Lz4Decoder(options)),
  Lz4DecompressionStream: made((options) => new lz4.Lz4DecompressionStream(options)),
  Lz4Encoder: made((options) => new lz4.Lz4Encoder(options)),
  Lz4Index: { first: (bytes) => lz4.Lz4Index.fromBytes(bytes) },
  "Lz4Index.open": { first: (data) => lz4.Lz4Index.open(data) },
  "Lz4Index.embedded": { first: (data) => lz4.Lz4Index.embedded(data) },
  Lz4IndexBuilder: made((options) => new lz4.Lz4IndexBuilder(options)),
  Lz4Xxh32: { first: (state) => lz4.Lz4Xxh32.fromState(state) },
};

const LZ4_DOWNLOAD: Record<string, Calls> = {
  ...SOURCES,
  downloadLz4: whole((source, options) => lz4Download.downloadLz4(source, `${NOWHERE}/file`, options)),
};

const memory = new gitdb.GitMemoryStore();
const none = (): Promise<never> => Promise.reject(new Error("no file"));
const NO_FILES = { promises: { readFile: none, writeFile: none, readdir: none, stat: none, lstat: none } };
/** Nobody listens at port 9. */
const REMOTE = new gitdb.GitRemote("http://127.0.0.1:9/a.git");
const ID = gitdb.GitObjectId.zero("sha1");
const SIGNATURE = { name: "A", email: "a@example.test", date: new Date(0), timezone: "+0000" };

let repository: Promise<gitdb.GitRepository> | undefined;

/** A repository with nothing in it, which is gone from the disk. */
function emptyRepository(): Promise<gitdb.GitRepository> {
  return repository ??= (async () => {
    const folder = await Deno.makeTempDir();
    for (const name of ["objects", "refs"]) await Deno.mkdir(`${folder}/${name}`);
    await Deno.writeTextFile(`${folder}/HEAD`, "ref: refs/heads/main\n");
    const opened = await gitdb.GitRepository.open(folder);
    await Deno.remove(folder, { recursive: true });
    return opened;
  })();
}

/** The methods with options that every store of git objects has. */
function storeCalls(
  name: string,
  opening: gitdb.GitObjectStore | Promise<gitdb.GitObjectStore>,
): Record<string, Calls> {
  const id = gitdb.GitObjectId.zero("sha1");
  const calls = (
    run: (store: gitdb.GitObjectStore, options: never) => unknown,
  ): Calls => ({ options: async (options) => await run(await opening, options) });
  return {
    [`${name}.has`]: calls((store, options) => store.has(id, options)),
    [`${name}.info`]: {
      ...calls((store, options) => store.info(id, options)),
      first: async (argument) => await (await opening).info(argument),
    },
    [`${name}.read`]: calls((store, options) => store.read(id, options)),
    [`${name}.count`]: calls((store, options) => store.count(options)),
    [`${name}.ids`]: calls((store, options) => store.ids(options)[Symbol.asyncIterator]().next()),
    [`${name}.refresh`]: calls((store, options) => store.refresh(options)),
    [`${name}.readBatches`]: calls((store, options) => store.readBatches([], options).next()),
    [`${name}.infoBatches`]: calls((store, options) => store.infoBatches([], options).next()),
    [`${name}.hasStream`]: calls((store, options) => store.hasStream(options)),
    [`${name}.infoStream`]: calls((store, options) => store.infoStream(options)),
    [`${name}.objectStream`]: calls((store, options) => store.objectStream(options)),
  };
}

const GITDB: Record<string, Calls> = {
  ...SOURCES,
  applyGitDelta: {
    options: (options) => gitdb.applyGitDelta(DATA, DATA, options),
    first: (base) => gitdb.applyGitDelta(base, DATA),
  },
  buildGitMultiPackIndex: {
    options: (options) => gitdb.buildGitMultiPackIndex([], "sha1", options),
    first: (packs) => gitdb.buildGitMultiPackIndex(packs, "sha1"),
  },
  buildGitPackIndex: whole((data, options) => gitdb.buildGitPackIndex(data, options)),
  encodeGitCommit: {
    options: (options: object) =>
      gitdb.encodeGitCommit({ tree: gitdb.GitObjectId.zero(), author: SIGNATURE, message: "", ...options }),
    first: (commit) => gitdb.encodeGitCommit(commit),
  },
  encodeGitTag: {
    options: (options: object) =>
      gitdb.encodeGitTag({
        object: gitdb.GitObjectId.zero(),
        type: "blob",
        name: "v",
        tagger: SIGNATURE,
        message: "",
        ...options,
      }),
    first: (tag) => gitdb.encodeGitTag(tag),
  },
  encodeGitTree: { first: (rows) => gitdb.encodeGitTree(rows) },
  parseGitCommit: { first: (body) => gitdb.parseGitCommit(body) },
  parseGitTag: { first: (body) => gitdb.parseGitTag(body) },
  parseGitTree: { first: (body) => gitdb.parseGitTree(body) },
  GitRepository: taking(NOWHERE, (path, options) => gitdb.GitRepository.open(path, options)),
  checkGitObject: {
    options: (options) => gitdb.checkGitObject("blob", DATA, options),
    first: (type) => gitdb.checkGitObject(type, DATA),
  },
  createGitPack: {
    options: (options) => gitdb.createGitPack(NOWHERE, memory, [], options),
    first: (folder) => gitdb.createGitPack(folder, memory, []),
  },
  createGitStoreStream: taking(memory, (writer, options) => gitdb.createGitStoreStream(writer, options)),
  createGitStoreSink: taking(memory, (writer, options) => gitdb.createGitStoreSink(writer, options)),
  streamGitPackEntries: {
    options: (options) => gitdb.streamGitPackEntries(DATA, options),
    first: (data) => gitdb.streamGitPackEntries(data).next(),
  },
  cloneGitRepository: {
    options: (options: object) =>
      gitdb.cloneGitRepository("http://127.0.0.1:9/a.git", { into: NOWHERE, ...options }),
    first: (url) => gitdb.cloneGitRepository(url, { into: NOWHERE }),
  },
  takeGitBundle: {
    options: async (options) =>
      await gitdb.takeGitBundle((await emptyRepository()).database, stream(), options),
    first: (database) => gitdb.takeGitBundle(database, stream()),
  },
  isomorphicGitFs: {
    options: (options: object) =>
      gitdb.isomorphicGitFs(NO_FILES, { gitdir: "/a", objects: memory, ...options }),
    first: (files) => gitdb.isomorphicGitFs(files, { gitdir: "/a", objects: memory }),
  },
  GitDirectoryStore: taking(
    new MemoryDirectory(),
    (directory, options) => gitdb.GitDirectoryStore.open(directory, options),
  ),
  "GitDirectoryStore.addPack": {
    options: async (options) =>
      await (await gitdb.GitDirectoryStore.open(new MemoryDirectory())).addPack(stream(), options),
    first: async (pack) => await (await gitdb.GitDirectoryStore.open(new MemoryDirectory())).addPack(pack),
  },
  GitWebDatabase: taking(
    "http://127.0.0.1:9/a.git",
    (url, options) => gitdb.GitWebDatabase.open(url, options),
  ),
  fetchGitRepository: {
    options: async (options) => await gitdb.fetchGitRepository(await emptyRepository(), options),
    first: (repository) => gitdb.fetchGitRepository(repository),
  },
  gitRemoteUrl: { first: (repository) => gitdb.gitRemoteUrl(repository) },
  promisedGitObjects: taking(NOWHERE, (path, options) => gitdb.promisedGitObjects(path, options)),
  "GitCompoundDatabase with options": made((options) =>
    new gitdb.GitCompoundDatabase([new gitdb.GitMemoryStore()], "sha1", options)
  ),
  fetchGitObjects: {
    options: (options: object) => gitdb.fetchGitObjects(REMOTE, memory, { wants: [ID], ...options }),
    first: (remote) => gitdb.fetchGitObjects(remote, memory, { wants: [ID] }),
  },
  GitRemote: {
    options: (options) => new gitdb.GitRemote("http://127.0.0.1:9/a.git", options),
    first: (url) => new gitdb.GitRemote(url),
  },
  "GitRemote.capabilities": made((options) => REMOTE.capabilities(options)),
  "GitRemote.fetch": {
    options: (options: object) => REMOTE.fetch({ wants: [ID], ...options }),
    first: (options) => REMOTE.fetch(options),
  },
  "GitRemote.lsRefs": made((options) => REMOTE.lsRefs(options).next()),
  "GitAlternatesStore.follow": {
    options: (options) => gitdb.GitAlternatesStore.follow(`${NOWHERE}/file`, options),
    first: (path) => gitdb.GitAlternatesStore.follow(path),
  },
  findMissingGitObjects: { first: (database) => gitdb.findMissingGitObjects(database) },
  indexGitPack: {
    options: (options) => gitdb.indexGitPack(NOWHERE, stream(), options),
    first: (folder) => gitdb.indexGitPack(folder, stream()),
  },
  inspectGitObjects: { first: (database) => gitdb.inspectGitObjects(database) },
  makeGitDelta: { first: (base) => gitdb.makeGitDelta(base, DATA) },
  repackGitDatabase: { first: (database) => gitdb.repackGitDatabase(database) },
  unpackGitObjects: { first: (pack) => gitdb.unpackGitObjects(pack, memory) },
  verifyGitDatabase: { first: (database) => gitdb.verifyGitDatabase(database) },
  GitAlternatesStore: taking(NOWHERE, (objects, options) => gitdb.GitAlternatesStore.open(objects, options)),
  GitCompoundDatabase: { first: (sources) => new gitdb.GitCompoundDatabase(sources) },
  GitDatabase: taking(NOWHERE, (path, options) => gitdb.GitDatabase.open(path, options)),
  GitDeltaProgram: taking([DATA], (deltas, options) => gitdb.GitDeltaProgram.compose(deltas, options)),
  GitHashStream: {
    options: (options) => new gitdb.GitHashStream("sha1", options),
    first: (algorithm) => new gitdb.GitHashStream(algorithm),
  },
  GitLockFile: taking(`${NOWHERE}/file`, (path, options) => gitdb.GitLockFile.acquire(path, options)),
  GitLooseObjectEncoderStream: { first: (type) => new gitdb.GitLooseObjectEncoderStream(type, 3) },
  GitLooseStore: {
    options: (options) => new gitdb.GitLooseStore(NOWHERE, options),
    first: (root) => new gitdb.GitLooseStore(root),
  },
  GitMemoryStore: made((options) => new gitdb.GitMemoryStore(options)),
  ...storeCalls("GitMemoryStore", memory),
  ...storeCalls("GitLooseStore", new gitdb.GitLooseStore(NOWHERE)),
  ...storeCalls("PackStore", gitdb.PackStore.fromSources([])),
  ...storeCalls("GitCompoundDatabase", new gitdb.GitCompoundDatabase([new gitdb.GitMemoryStore()])),
  "GitMemoryStore.write with options": made((options) => memory.write({ type: "blob", body: "" }, options)),
  "GitLooseStore.write with options": made((options) =>
    new gitdb.GitLooseStore(NOWHERE).write({ type: "blob", body: "" }, options)
  ),
  "GitMemoryStore.readBatches": {
    options: (options) => memory.readBatches([], options),
    first: (ids) => memory.readBatches(ids),
  },
  "GitMemoryStore.write": { first: (input) => memory.write(input) },
  GitMultiPackIndex: { first: (data) => gitdb.GitMultiPackIndex.open(data, "sha1") },
  GitObjectId: { first: (value) => gitdb.GitObjectId.from(value) },
  PackIndex: { first: (data) => gitdb.PackIndex.open(data, "sha1") },
  PackStore: taking(NOWHERE, (folder, options) => gitdb.PackStore.open(folder, options)),
  "PackStore.fromSources": {
    options: (options) => gitdb.PackStore.fromSources([], options),
    first: (sources) => gitdb.PackStore.fromSources(sources),
  },
  PackWriter: made((options) => new gitdb.PackWriter(options)),
};

const GIT_FORMAT: Record<string, Calls> = {
  decodeGitDeltaSize: { first: (bytes) => gitFormat.decodeGitDeltaSize(bytes) },
  encodeGitLooseHeader: { first: (type) => gitFormat.encodeGitLooseHeader(type, 1) },
  encodeGitPackEntryHeader: { first: (header) => gitFormat.encodeGitPackEntryHeader(header) },
  isGitLooseObject: { first: (bytes) => gitFormat.isGitLooseObject(bytes) },
  readGitLooseHeader: { first: (encoded) => gitFormat.readGitLooseHeader(encoded) },
  readGitPackEntryHeader: { first: (bytes) => gitFormat.readGitPackEntryHeader(bytes) },
  GitObjectId: GITDB.GitObjectId!,
};

const ZPAQ_BACKUP: Record<string, Calls> = {
  ZpaqArchive: whole((data, options) => zpaq.ZpaqArchive.open(data, options)),
  ZpaqBackup: taking("missing.zpaq", (path, options) => zpaqBackup.ZpaqBackup.open(path, options)),
  "ZpaqBackup.addFolder": {
    first: async (folder) => {
      using backup = await zpaqBackup.ZpaqBackup.open("missing.zpaq");
      await backup.addFolder(folder, { dryRun: true });
    },
  },
  "ZpaqBackup.add": {
    first: async (paths) => {
      using backup = await zpaqBackup.ZpaqBackup.open("missing.zpaq");
      await backup.add(paths, { dryRun: true });
    },
  },
};

const ZPAQ: Record<string, Calls> = {
  ...SOURCES,
  assembleZpaq: { first: (config) => zpaq.assembleZpaq(config) },
  compressZpaq: whole((data, options) => zpaq.compressZpaq(data, options)),
  compressZpaqAsync: whole((data, options) => zpaq.compressZpaqAsync(data, options)),
  compressZpaqConfig: {
    options: (options) => zpaq.compressZpaqConfig(MODEL, [{ body: DATA }], options),
    first: (program) => zpaq.compressZpaqConfig(program, [{ body: DATA }]),
  },
  compressZpaqIterable: whole((data, options) => zpaq.compressZpaqIterable(data, options)),
  createZpaqArchive: taking([], (files, options) => zpaq.createZpaqArchive(files, options)),
  decompressZpaq: whole((data, options) => zpaq.decompressZpaq(data, options)),
  decompressZpaqAsync: whole((data, options) => zpaq.decompressZpaqAsync(data, options)),
  decompressZpaqIterable: whole((data, options) => zpaq.decompressZpaqIterable(data, options)),
  decryptZpaqSource: { first: (source) => zpaq.decryptZpaqSource(source, "password") },
  disassembleZpaq: { first: (header) => zpaq.disassembleZpaq(header) },
  encryptZpaqUpdate: { first: (sink) => zpaq.encryptZpaqUpdate(sink, "password", new Uint8Array(32), 32) },
  listZpaqInstructions: { first: (program) => zpaq.listZpaqInstructions(program) },
  joinZpaqBlocks: whole((parts, options) => zpaq.joinZpaqBlocks(parts, options).next()),
  planZpaqBlocks: {
    options: (options) => zpaq.planZpaqBlocks([], options).next(),
    first: (files) => zpaq.planZpaqBlocks(files).next(),
  },
  readZpaqBlock: {
    options: (options) => zpaq.readZpaqBlock(() => DATA, SPLIT, options).next(),
    first: (open) => zpaq.readZpaqBlock(open, SPLIT).next(),
  },
  listZpaqBlocks: {
    options: (options) => zpaq.listZpaqBlocks(DATA, options).next(),
    first: (data) => zpaq.listZpaqBlocks(data).next(),
  },
  readZpaqHeader: { first: (header) => zpaq.readZpaqHeader(header) },
  traceZpaqPredictions: {
    options: (options) => zpaq.traceZpaqPredictions(MODEL, DATA, options),
    first: (program) => zpaq.traceZpaqPredictions(program, DATA),
  },
  updateZpaqArchive: {
    options: (options) => zpaq.updateZpaqArchive(undefined, [], { write() {}, rewrite() {} }, options),
    first: (archive) => zpaq.updateZpaqArchive(archive, [], { write() {}, rewrite() {} }),
  },
  ZpaqArchive: whole((data, options) => zpaq.ZpaqArchive.open(data, options)),
  ZpaqCompressionStream: made((options) => new zpaq.ZpaqCompressionStream(options)),
  ZpaqDecoder: made((options) => new zpaq.ZpaqDecoder(options)),
  ZpaqDecompressionStream: made((options) => new zpaq.ZpaqDecompressionStream(options)),
  ZpaqEncoder: made((options) => new zpaq.ZpaqEncoder(options)),
  runZpaqHcomp: {
    options: (options) => [...zpaq.runZpaqHcomp(MODEL, DATA, options)],
    first: (program) => [...zpaq.runZpaqHcomp(program, DATA)],
  },
  runZpaqPcomp: {
    options: (options) => zpaq.runZpaqPcomp(MODEL, [DATA], options),
    first: (program) => zpaq.runZpaqPcomp(program, [DATA]),
  },
  ZpaqMachine: {
    options: (options) => new zpaq.ZpaqMachine(MODEL.hcomp, options),
    first: (program) => new zpaq.ZpaqMachine(program),
  },
};

const { program } = zpaqlPy.compileZpaqlPy(PYTHON);
const MODEL_SOURCE = PYTHON.replace("def hcomp(c):\n  pass", "def hcomp(c):\n  hH[0] = c << 9");

const ZPAQL_PY: Record<string, Calls> = {
  checkZpaqlPy: taking(PYTHON, (source, options) => zpaqlPy.checkZpaqlPy(source, options)),
  compileZpaqlPy: taking(PYTHON, (source, options) => zpaqlPy.compileZpaqlPy(source, options)),
  compressZpaqlPy: {
    options: (options) => zpaqlPy.compressZpaqlPy(program!, [{ body: DATA }], options),
    first: (program) => zpaqlPy.compressZpaqlPy(program, [{ body: DATA }]),
  },
  prepareZpaqlPy: { first: (encoder) => zpaqlPy.prepareZpaqlPy(encoder, [DATA]) },
  countZpaqlPySteps: {
    options: (options) => zpaqlPy.countZpaqlPySteps(program!, "hcomp", DATA, options),
    first: (program) => zpaqlPy.countZpaqlPySteps(program, "hcomp", DATA),
  },
  diffZpaqlPy: {
    options: (options) => zpaqlPy.diffZpaqlPy(PYTHON, "hcomp", [DATA], options),
    first: (source) => zpaqlPy.diffZpaqlPy(source, "hcomp", [DATA]),
  },
  runZpaqlPyHcomp: {
    options: (options) => zpaqlPy.runZpaqlPyHcomp(PYTHON, DATA, options),
    first: (source) => zpaqlPy.runZpaqlPyHcomp(source, DATA),
  },
  runZpaqlPyPcomp: {
    options: (options) => zpaqlPy.runZpaqlPyPcomp(PYTHON, [DATA], options),
    first: (source) => zpaqlPy.runZpaqlPyPcomp(source, [DATA]),
  },
  reportZpaqlPy: {
    options: (options) => zpaqlPy.reportZpaqlPy(MODEL_SOURCE, [DATA], options),
    first: (source) => zpaqlPy.reportZpaqlPy(source, [DATA]),
  },
  formatZpaqlPyReport: { first: (report) => zpaqlPy.formatZpaqlPyReport(report, MODEL_SOURCE) },
  drawZpaqlPyReport: { first: (report) => zpaqlPy.drawZpaqlPyReport(report) },
  tuneZpaqlPy: {
    options: (options) => zpaqlPy.tuneZpaqlPy(MODEL_SOURCE, [DATA], { seconds: 0, ...options as object }),
    first: (source) => zpaqlPy.tuneZpaqlPy(source, [DATA], { seconds: 0 }),
  },
  traceZpaqlPy: {
    options: (options) => zpaqlPy.traceZpaqlPy(program!, "hcomp", DATA, options),
    first: (program) => zpaqlPy.traceZpaqlPy(program, "hcomp", DATA),
  },
  zpaqlPyTemplate: made((options) => zpaqlPy.zpaqlPyTemplate(options)),
  ZpaqlPyContextStream: {
    options: (options) => new zpaqlPy.ZpaqlPyContextStream(program!, options),
    first: (program) => new zpaqlPy.ZpaqlPyContextStream(program),
  },
  ZpaqlPyPcompStream: {
    options: (options) => new zpaqlPy.ZpaqlPyPcompStream(program!, options),
    first: (program) => new zpaqlPy.ZpaqlPyPcompStream(program),
  },
};

const ZPAQ_PACK: Record<string, Calls> = {
  packZpaqFiles: taking([], (files, options) => zpaqPack.packZpaqFiles(files, options)),
};

const FILES = { source: "/dev/null/a", target: "/dev/null/b" };

const PDIFFCOPY: Record<string, Calls> = {
  ...SOURCES,
  buildPdiffIndex: whole((source, options) => pdiffcopy.buildPdiffIndex(source, options)),
  copyByPdiffIndex: {
    options: async (options: object) => {
      const index = pdiffcopy.PdiffIndex.parse(await pdiffcopy.buildPdiffIndex(DATA));
      return await pdiffcopy.copyByPdiffIndex({ index, sources: [DATA], target: `${NOWHERE}/b`, ...options });
    },
    first: (options) => pdiffcopy.copyByPdiffIndex(options),
  },
  copyPdiffTree: {
    options: (options: object) => pdiffcopy.copyPdiffTree({ ...FILES, ...options }),
    first: (options) => pdiffcopy.copyPdiffTree(options),
  },
  createPdiffHandler: {
    options: (options: object) => pdiffcopy.createPdiffHandler({ root: ".", ...options }),
    first: (options) => pdiffcopy.createPdiffHandler(options),
  },
  hashPdiffBlocks: whole((source, options) => pdiffcopy.hashPdiffBlocks(source, options)),
  mutatePdiffFile: {
    options: (options: object) => pdiffcopy.mutatePdiffFile("a", { percent: 1, ...options }),
    first: (path) => pdiffcopy.mutatePdiffFile(path, { percent: 1 }),
  },
  parsePdiffLocation: taking("a", (expression, options) => pdiffcopy.parsePdiffLocation(expression, options)),
  readPdiffBlock: { first: (path) => pdiffcopy.readPdiffBlock(path, 0, 1) },
  readPdiffFileInfo: { first: (path) => pdiffcopy.readPdiffFileInfo(path) },
  readPdiffFileSize: { first: (path) => pdiffcopy.readPdiffFileSize(path) },
  resizePdiffFile: { first: (path) => pdiffcopy.resizePdiffFile(path, 1) },
  servePdiff: {
    options: (options: object) => pdiffcopy.servePdiff({ root: ".", port: 0, ...options }),
    first: (options) => pdiffcopy.servePdiff(options),
  },
  writePdiffBlock: { first: (path) => pdiffcopy.writePdiffBlock(path, 0, DATA) },
  PdiffBlockHashStream: made((options) => new pdiffcopy.PdiffBlockHashStream(options)),
  PdiffBlockSplitterStream: {
    first: (blockSize) =>
      new pdiffcopy.PdiffBlockSplitterStream(typeof blockSize === "number" ? "1" as never : blockSize),
  },
  PdiffClient: {
    options: (options: object) => new pdiffcopy.PdiffClient({ ...FILES, ...options }),
    first: (options) => new pdiffcopy.PdiffClient(options),
  },
  PdiffIndex: { first: (bytes) => pdiffcopy.PdiffIndex.parse(bytes) },
  PdiffWorkerPool: {
    options: (options: object) =>
      new pdiffcopy.PdiffWorkerPool({ concurrency: 1, items: [], work: () => Promise.resolve(), ...options }),
    first: (options) => new pdiffcopy.PdiffWorkerPool(options),
  },
};

/** Exports without options whose first argument is a number, a text or a value of ours, or that take nothing. */
const SIMPLE = new Set([
  "estimateZstdDecompressorMemory",
  "ZstdReadableFile",
  "ZstdWritableFile",
  "zstdCompressBound",
  "zstdParameterBounds",
  "formatDczAvailableDictionary",
  "formatDczDictionaryId",
  "formatDczDictionaryLink",
  "formatDczUseAsDictionary",
  "mayUseDczDictionary",
  "parseDczAvailableDictionary",
  "parseDczDictionaryId",
  "parseDczUseAsDictionary",
  "selectDczDictionary",
  "lz4BlockBound",
  "lz4BlockSizeOf",
  "encodeGitDeltaSize",
  "GitLooseObjectDecoderStream",
  "GitObjectStore",
  "formatZpaqlPyDiagnostic",
  "toZpaqlPyLspDiagnostic",
  "newZpaqSalt",
  "zpaqOutputLimit",
  "zpaqlPyInfo",
  "formatPdiffBenchmark",
  "formatPdiffDuration",
  "formatPdiffSize",
  "parsePdiffSize",
  "pdiffHashNames",
  "pdiffTransferSize",
]);

const MODULES: readonly (readonly [name: string, exported: object, calls: Record<string, Calls>])[] = [
  ["zstd", zstd, ZSTD],
  ["zstd/file", zstdFile, ZSTD_FILE],
  ["zstd/http", zstdHttp, ZSTD_HTTP],
  ["zstd/log", zstdLog, ZSTD_LOG],
  ["zstd/patch", zstdPatch, ZSTD_PATCH],
  ["zstd/seekable", zstdSeekable, ZSTD_SEEKABLE],
  ["lz4", lz4, LZ4],
  ["lz4/download", lz4Download, LZ4_DOWNLOAD],
  ["gitdb", gitdb, GITDB],
  ["gitdb/format", gitFormat, GIT_FORMAT],
  ["zpaq", zpaq, ZPAQ],
  ["zpaq/compiler", zpaqlPy, ZPAQL_PY],
  ["zpaq/pack", zpaqPack, ZPAQ_PACK],
  ["zpaq/backup", zpaqBackup, ZPAQ_BACKUP],
  ["pdiffcopy", pdiffcopy, PDIFFCOPY],
];

/** The error of a call, of its promise, or of the first step of its iterator; undefined where there is none. */
async function errorOf(call: () => unknown): Promise<unknown> {
  try {
    const result = await call() as { next?: () => unknown; close?: () => void } | undefined;
    if (typeof result?.next === "function") await result.next();
    return undefined;
  } catch (error) {
    return error;
  }
}

/** An object that is no value of any option: no number, text, bytes, function or signal, and without members. */
class NoValue {}

/** Options with options of their own, of which an object without members has none. */
const NESTED: ReadonlySet<string> = new Set([
  "adapt",
  "compress",
  "decompress",
  "headers",
  "http",
  "longDistance",
  "objects",
  "training",
]);

/** What the language says where nobody checked. */
const NATURAL =
  /FFI|Cannot read properties|is not a function|not iterable|Cannot convert|is not a constructor/;

let values = 0;

for (const [module, exported, calls] of MODULES) {
  Deno.test(`${module}: every function and class is in the table`, () => {
    const names = Object.entries(exported).filter(([name, value]) =>
      typeof value === "function" && !name.endsWith("Error") && !SIMPLE.has(name)
    ).map(([name]) => name);
    assertEquals(names.filter((name) => calls[name] === undefined), []);
  });

  Deno.test(`${module}: an option that is not known is a TypeError that names it`, async () => {
    const faults: string[] = [];
    for (const [name, { options }] of Object.entries(calls)) {
      if (options === undefined) continue;
      const error = await errorOf(() => options(JUNK_OPTIONS));
      if (error instanceof TypeError && error.message.includes('"unknown"')) continue;
      faults.push(`${name}: ${error}`);
    }
    assertEquals(faults, []);
  });

  Deno.test(`${module}: a value that no option takes is a TypeError or RangeError that names the option`, async () => {
    const faults: string[] = [];
    for (const [name, { options }] of Object.entries(calls)) {
      if (options === undefined) continue;
      const known = await errorOf(() => options(JUNK_OPTIONS));
      const keys = /expected one of (.*)$/.exec(`${(known as Error).message}`)?.[1]?.split(", ") ?? [];
      for (const key of keys) {
        const value = NESTED.has(key) ? Symbol("no value") : new NoValue();
        const error = await errorOf(() => options({ [key]: value } as never));
        const typed = error instanceof TypeError || error instanceof RangeError;
        if (!typed || NATURAL.test(error.message)) faults.push(`${name}, ${key}: ${error}`);
        values++;
      }
    }
    assertEquals(faults, []);
  });

  Deno.test(`${module}: a first argument of another kind is a TypeError that says what was expected`, async () => {
    const faults: string[] = [];
    for (const [name, { first }] of Object.entries(calls)) {
      if (first === undefined) continue;
      const error = await errorOf(() => first(JUNK));
      if (error instanceof TypeError && error.message.includes("expected")) continue;
      faults.push(`${name}: ${error}`);
    }
    assertEquals(faults, []);
  });
}

/** Bytes that have gone with a transfer of their buffer. */
function transferred(): Uint8Array {
  const bytes = new Uint8Array(300);
  structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
  return bytes;
}

/** What reads its argument after its first output, takes options, or says whether bytes look like something. */
const READS_LATER = new Set([
  "ZstdParallelDecoder",
  "encryptLz4AesGcmIterable",
  "PdiffClient",
  "isGitLooseObject",
]);

for (const [module, , calls] of MODULES) {
  Deno.test(`${module}: bytes of a transferred buffer are refused, not taken for none`, async () => {
    const faults: string[] = [];
    for (const [name, { first }] of Object.entries(calls)) {
      if (first === undefined) continue;
      const error = await errorOf(() => first(transferred() as never));
      if (error === undefined && !READS_LATER.has(name)) faults.push(name);
    }
    assertEquals(faults, []);
  });
}

/** What nobody means as an argument, or what a call can't use: values of all kinds, junk, and files that fail. */
function hostileArguments(directory: string): readonly (readonly [what: string, make: () => unknown])[] {
  const junk = new Uint8Array(300).map((_, i) => i * 73 + 5);
  return [
    ["null", () => null],
    ["a symbol", () => Symbol("junk")],
    ["an object without members", () => ({})],
    ["a function", () => () => 1],
    ["no bytes", () => new Uint8Array()],
    ["junk", () => junk.slice()],
    ["a frame that is cut", () => zstd.compressZstd(junk).subarray(0, 20)],
    ["a Blob of junk", () => new Blob([junk])],
    ["a path to nothing", () => `${directory}/missing/file`],
    ["a name that is too long", () => `${directory}/${"x".repeat(5000)}`],
    ["a path through a file", () => `${directory}/junk/file`],
    ["a path with a zero", () => `${directory}/a\0b`],
    ["a directory", () => directory],
    ["a file of junk", () => `${directory}/junk`],
    ["a file: URL to nothing", () => new URL(`file://${directory}/missing/file`)],
    ["a list of what is none", () => [null]],
  ];
}

/** Ends what a call has opened in spite of its argument. */
async function dispose(result: unknown): Promise<void> {
  const opened = result as Partial<AsyncDisposable & Disposable> | null | undefined;
  if (typeof opened !== "object" || opened === null) return;
  if (typeof opened[Symbol.asyncDispose] === "function") await opened[Symbol.asyncDispose]!();
  else if (typeof opened[Symbol.dispose] === "function") opened[Symbol.dispose]!();
}

/** Whether an error is one that callers can tell apart: of the family with a code, or misuse that says what is wrong. */
function isTyped(error: unknown): boolean {
  if (error instanceof TypeError || error instanceof RangeError) return !NATURAL.test(error.message);
  return error instanceof zstd.SluiceError && typeof error.code === "string";
}

let hostile = 0;

for (const [module, , calls] of MODULES) {
  Deno.test(`${module}: whatever a first argument leads to is an error of the family`, async () => {
    const directory = await Deno.makeTempDir();
    const faults: string[] = [];
    try {
      for (const [name, { first }] of Object.entries(calls)) {
        if (first === undefined) continue;
        for (const [what, make] of hostileArguments(directory)) {
          await Deno.writeFile(`${directory}/junk`, new Uint8Array(300).fill(7));
          hostile++;
          try {
            const result = await first(make() as never) as { next?: () => unknown } | undefined;
            if (typeof result?.next === "function") await result.next();
            await dispose(result);
          } catch (error) {
            if (!isTyped(error)) faults.push(`${name}, ${what}: ${error}`);
          }
        }
      }
    } finally {
      await Deno.remove(directory, { recursive: true });
    }
    assertEquals(faults, []);
  });
}

Deno.test("the tables hold as many calls as are said to be there", () => {
  const all = MODULES.flatMap(([, , calls]) => Object.values(calls));
  const count = {
    options: all.filter((each) => each.options).length,
    first: all.filter((each) => each.first).length,
  };
  console.log(
    `public functions: ${count.options} with an unknown option, ${values} values of options, ` +
      `${count.first} with another first argument, ${hostile} hostile arguments`,
  );
  assert(count.options > 100 && count.first > 120);
});
