/**
 * One object of every public class that is opened or made and then used by its methods, for tables over all of them.
 */
import * as gitdb from "@sluice/gitdb";
import * as lz4 from "@sluice/lz4";
import * as pdiffcopy from "@sluice/pdiffcopy";
import * as zpaq from "@sluice/zpaq";
import * as zpaqBackup from "@sluice/zpaq/backup";
import * as zstd from "@sluice/zstd";
import * as zstdFile from "@sluice/zstd/file";
import * as zstdHttp from "@sluice/zstd/http";
import * as zstdLog from "@sluice/zstd/log";
import * as zstdSeekable from "@sluice/zstd/seekable";
import { MemoryDirectory } from "./_memory_directory.ts";

/** Makes an object, whose files may lie in the directory. */
export type Make = (directory: string) => unknown;

const TEXT = new TextEncoder().encode("one line\nanother line\n".repeat(50));

const lz4Source = (): { reconnect: () => ReadableStream<Uint8Array<ArrayBuffer>> } => ({
  reconnect: () => new Blob([lz4.compressLz4(TEXT)]).stream(),
});

async function filledStore(): Promise<gitdb.GitMemoryStore> {
  const store = new gitdb.GitMemoryStore();
  await store.write({ type: "blob", body: TEXT });
  return store;
}

async function writtenPack(directory: string): Promise<{ folder: string; base: string }> {
  const store = await filledStore();
  const ids = (await Array.fromAsync(store.ids())).map((id) => ({ id }));
  const folder = `${directory}/pack-${crypto.randomUUID()}`;
  await Deno.mkdir(folder);
  await gitdb.createGitPack(folder, store, ids);
  const [name] = [...Deno.readDirSync(folder)].map((entry) => entry.name).filter((file) =>
    file.endsWith(".pack")
  );
  return { folder, base: `${folder}/${name!.slice(0, -5)}` };
}

async function objectsFolder(directory: string): Promise<string> {
  const git = `${directory}/git-${crypto.randomUUID()}`;
  await Deno.mkdir(`${git}/objects/pack`, { recursive: true });
  await Deno.mkdir(`${git}/refs`);
  await Deno.writeTextFile(`${git}/HEAD`, "ref: refs/heads/main\n");
  await new gitdb.GitLooseStore(`${git}/objects`).write({ type: "blob", body: TEXT });
  return git;
}

async function pdiffFiles(directory: string): Promise<{ source: string; target: string }> {
  const name = `${directory}/${crypto.randomUUID()}`;
  await Deno.writeFile(`${name}.source`, TEXT);
  return { source: `${name}.source`, target: `${name}.target` };
}

/** A maker for every class, by its name; a class with two ways to be made has two. */
export const OPENED: Readonly<Record<string, Make>> = {
  DczDictionary: () => zstdHttp.DczDictionary.from(TEXT),
  SegmentedBuffer: () => new zstd.SegmentedBuffer(TEXT, [[0, 5]]),
  ZstdCompressor: () => new zstd.ZstdCompressor(),
  ZstdDecoder: () => new zstd.ZstdDecoder(),
  ZstdDecompressor: () => new zstd.ZstdDecompressor(),
  ZstdDictionary: () => new zstd.ZstdDictionary(TEXT),
  ZstdDictionaryStore: () => new zstdHttp.ZstdDictionaryStore(),
  ZstdEncoder: () => new zstd.ZstdEncoder(),
  ZstdLog: (directory) => zstdLog.ZstdLog.open(`${directory}/${crypto.randomUUID()}.zst`),
  ZstdParallelDecoder: () => new zstd.ZstdParallelDecoder([zstd.compressZstd(TEXT)]),
  ZstdReadableFile: () => zstdFile.openZstd(zstdSeekable.compressZstdSeekable(TEXT)),
  ZstdWritableFile: () => zstdFile.openZstd(new WritableStream(), "w"),
  ZstdSeekIndex: async () => (await zstdSeekable.buildZstdIndex(zstdSeekable.compressZstdSeekable(TEXT))),
  ZstdSeekableReader: () => zstdSeekable.ZstdSeekableReader.open(zstdSeekable.compressZstdSeekable(TEXT)),
  Lz4Archive: () => lz4.Lz4Archive.open(lz4.compressLz4(TEXT)),
  Lz4Checkpoint: () => {
    using decoder = new lz4.Lz4Decoder();
    return decoder.checkpoint();
  },
  Lz4CheckpointableDecompressor: () => new lz4.Lz4CheckpointableDecompressor(lz4Source().reconnect()),
  Lz4Decoder: () => new lz4.Lz4Decoder(),
  Lz4Encoder: () => new lz4.Lz4Encoder(),
  Lz4Index: () => lz4.buildLz4Index(lz4.compressLz4(TEXT)),
  Lz4IndexBuilder: () => new lz4.Lz4IndexBuilder(),
  Lz4Xxh32: () => new lz4.Lz4Xxh32(),
  GitAlternatesStore: async (directory) =>
    await gitdb.GitAlternatesStore.open(`${await objectsFolder(directory)}/objects`),
  GitCompoundDatabase: async () => new gitdb.GitCompoundDatabase([await filledStore()]),
  GitDatabase: async (directory) => await gitdb.GitDatabase.open(await objectsFolder(directory)),
  GitDirectoryStore: () => gitdb.GitDirectoryStore.open(new MemoryDirectory()),
  GitDeltaProgram: () => gitdb.GitDeltaProgram.compose([gitdb.makeGitDelta(TEXT, TEXT.subarray(9))!]),
  GitLockFile: (directory) => gitdb.GitLockFile.acquire(`${directory}/${crypto.randomUUID()}`),
  GitLooseStore: async (directory) => new gitdb.GitLooseStore(`${await objectsFolder(directory)}/objects`),
  GitMemoryStore: () => filledStore(),
  GitMultiPackIndex: async (directory) => {
    await using store = await gitdb.PackStore.open((await writtenPack(directory)).folder);
    return await gitdb.GitMultiPackIndex.open(
      await gitdb.buildGitMultiPackIndex(store.packs, "sha1"),
      "sha1",
    );
  },
  GitWebDatabase: () =>
    gitdb.GitWebDatabase.open("http://127.0.0.1:9/a.git", { fetch: () => Promise.resolve(new Response("")) }),
  GitRemote: () => new gitdb.GitRemote("http://127.0.0.1:9/a.git"),
  GitRepository: async (directory) => await gitdb.GitRepository.open(await objectsFolder(directory)),
  GitObjectId: () => gitdb.GitObjectId.zero("sha1"),
  PackIndex: async (directory) => {
    const { base } = await writtenPack(directory);
    return await gitdb.PackIndex.open(`${base}.idx`, "sha1");
  },
  PackStore: async (directory) => await gitdb.PackStore.open((await writtenPack(directory)).folder),
  PackWriter: () => new gitdb.PackWriter(),
  ZpaqArchive: async () =>
    await zpaq.ZpaqArchive.open(
      await zpaq.createZpaqArchive([{ name: "a", body: TEXT }] as never) as Uint8Array<ArrayBuffer>,
    ),
  ZpaqBackup: (directory) => zpaqBackup.ZpaqBackup.open(`${directory}/${crypto.randomUUID()}.zpaq`),
  ZpaqDecoder: () => new zpaq.ZpaqDecoder(),
  ZpaqEncoder: () => new zpaq.ZpaqEncoder(),
  ZpaqMachine: () => new zpaq.ZpaqMachine(zpaq.assembleZpaq("comp 0 0 0 0 0 hcomp halt end").hcomp),
  PdiffClient: async (directory) => new pdiffcopy.PdiffClient(await pdiffFiles(directory)),
  PdiffIndex: async () => pdiffcopy.PdiffIndex.parse(await pdiffcopy.buildPdiffIndex(TEXT)),
  PdiffWorkerPool: () =>
    new pdiffcopy.PdiffWorkerPool({ concurrency: 1, items: [1], work: () => Promise.resolve(1) }),
};

/** Web streams, whose methods are the platform's, and what nobody makes. */
export const NOT_OPENED = /Stream$|Error$|^GitObjectStore$/;

/** All exports of the packages whose objects stand here. */
export const EXPORTS: readonly object[] = [
  gitdb,
  lz4,
  pdiffcopy,
  zpaq,
  zpaqBackup,
  zstd,
  zstdFile,
  zstdHttp,
  zstdLog,
  zstdSeekable,
];

/** Methods that are there for subclasses alone. */
const PROTECTED: ReadonlySet<string> = new Set([
  "checkOpen",
  "infoWindow",
  "presence",
  "isStored",
  "markClosed",
  "readWindow",
]);

/** What the classes of an object define, from the last one up. */
function* definedIn(object: object): Generator<[name: string, property: PropertyDescriptor]> {
  let proto = Object.getPrototypeOf(object);
  for (; proto !== Object.prototype; proto = Object.getPrototypeOf(proto)) {
    yield* Object.entries(Object.getOwnPropertyDescriptors(proto) as PropertyDescriptorMap);
  }
}

/** The public methods of an object, in the order of its classes from the last one up. */
export function methodsOf(object: object): string[] {
  const names = new Set<string>();
  for (const [name, { value }] of definedIn(object)) {
    if (name !== "constructor" && !PROTECTED.has(name) && typeof value === "function") names.add(name);
  }
  return [...names];
}

/** The public getters of an object. */
export function gettersOf(object: object): string[] {
  const names = new Set<string>();
  for (const [name, { get }] of definedIn(object)) if (get !== undefined) names.add(name);
  return [...names];
}
