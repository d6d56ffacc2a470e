/**
 * Everything that opens a source takes bytes, a Blob, a URL, a path or a ByteSource, and names what else it was given.
 */
import {
  buildGitMultiPackIndex,
  buildGitPackIndex,
  cloneGitRepository,
  GitAlternatesStore,
  GitDatabase,
  GitLockFile,
  GitLooseStore,
  GitMultiPackIndex,
  GitRepository,
  indexGitPack,
  PackIndex,
  PackStore,
  PackWriter,
} from "@sluice/gitdb";
import {
  buildLz4Index,
  carveLz4,
  compressLz4,
  listLz4Frames,
  Lz4Archive,
  Lz4Index,
  scanLz4Index,
} from "@sluice/lz4";
import { buildPdiffIndex, copyByPdiffIndex, hashPdiffBlocks, PdiffIndex } from "@sluice/pdiffcopy";
import { createZpaqArchive, ZpaqArchive } from "@sluice/zpaq";
import { openZstd } from "@sluice/zstd/file";
import { ZstdLog } from "@sluice/zstd/log";
import { buildZstdIndex, compressZstdSeekable, ZstdSeekableReader } from "@sluice/zstd/seekable";
import { byteSourceFromBytes, openByteSource, SluiceError, TransferError } from "@sluice/internal";
import type { ByteSourceLike } from "@sluice/internal";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { objectOf, startRangeServer } from "./_range_server.ts";

const CONTENT = new Uint8Array(200_000).map((_, i) => i * i >> 7);

interface Opener {
  readonly file: Uint8Array<ArrayBuffer>;
  /** Opens the file and shows something of it. */
  readonly open: (source: ByteSourceLike) => Promise<unknown>;
}

async function openers(target: string): Promise<Record<string, Opener>> {
  const seekable = compressZstdSeekable(CONTENT, { frameSize: 50_000 });
  const lz4 = compressLz4(CONTENT, { blockSize: 65536, linked: false });
  const lz4Index = await buildLz4Index(lz4);
  const index = lz4Index.toBytes();
  const joined = await new Blob([lz4, lz4Index.toSkippableFrame()]).bytes();
  const writer = new PackWriter();
  await writer.add({ type: "blob", body: CONTENT });
  const pack = await writer.finish();
  await using packs = await PackStore.fromSources([{ name: "pack-1", pack: pack.pack, index: pack.index }]);
  return {
    "ZstdSeekableReader.open": {
      file: seekable,
      open: async (source) => await (await ZstdSeekableReader.open(source)).read(150_000, 5),
    },
    "buildZstdIndex": { file: seekable, open: async (source) => (await buildZstdIndex(source)).toJSON() },
    "Lz4Archive.open": {
      file: lz4,
      open: async (source) => {
        using archive = await Lz4Archive.open(source);
        return await archive.read(150_000, 5);
      },
    },
    "Lz4Index.open": { file: index, open: async (source) => (await Lz4Index.open(source)).outputSize },
    "Lz4Index.embedded": {
      file: joined,
      open: async (source) => (await Lz4Index.embedded(source))?.outputSize,
    },
    "carveLz4": { file: lz4, open: async (source) => await carveLz4(source, lz4Index, 0, 70_000) },
    "buildLz4Index": { file: lz4, open: async (source) => (await buildLz4Index(source)).outputSize },
    "scanLz4Index": { file: lz4, open: async (source) => (await scanLz4Index(source)).outputSize },
    "listLz4Frames": { file: lz4, open: async (source) => await Array.fromAsync(listLz4Frames(source)) },
    "ZpaqArchive.open": {
      file: await createZpaqArchive([{ name: "a", body: CONTENT }]),
      open: async (source) => {
        using archive = await ZpaqArchive.open(source);
        return archive.entries().map(({ name, size }) => ({ name, size }));
      },
    },
    "PackIndex.open": {
      file: pack.index,
      open: async (source) => (await PackIndex.open(source, "sha1")).count,
    },
    "MultiPackIndex.open": {
      file: await buildGitMultiPackIndex(packs.packs, "sha1"),
      open: async (source) => (await GitMultiPackIndex.open(source, "sha1")).count,
    },
    "buildGitPackIndex": { file: pack.pack, open: async (source) => (await buildGitPackIndex(source)).count },
    "PackStore.fromSources": {
      file: pack.pack,
      open: async (source) => {
        await using store = await PackStore.fromSources([{ name: "p", pack: source, index: pack.index }]);
        return await (await store.read((await Array.fromAsync(store.ids()))[0]!)).bytes();
      },
    },
    "buildPdiffIndex": { file: CONTENT, open: (source) => buildPdiffIndex(source) },
    "hashPdiffBlocks": {
      file: CONTENT,
      open: async (source) => await Array.fromAsync(hashPdiffBlocks(source)),
    },
    "copyByPdiffIndex": {
      file: CONTENT,
      open: async (source) => {
        const model = PdiffIndex.parse(await buildPdiffIndex(CONTENT));
        await Deno.remove(target).catch(() => {});
        return (await copyByPdiffIndex({ index: model, sources: [source], target })).size;
      },
    },
  };
}

Deno.test("ifMatch holds any source to the version of an earlier process", async () => {
  const path = await Deno.makeTempFile();
  await Deno.writeFile(path, CONTENT);
  await using server = startRangeServer(objectOf(CONTENT));
  for (const source of [path, new URL(`file://${path}`), server.url, new URL(server.url)]) {
    const { validator } = await openByteSource(source);
    assert(validator !== undefined, `${source}`);
    assertEquals((await openByteSource(source, { ifMatch: validator })).size, CONTENT.length);
    const other = await assertRejects(() => openByteSource(source, { ifMatch: '"other"' }), TransferError);
    assertEquals(other.code, "SOURCE_CHANGED");
  }
  // Bytes and Blobs have no validator: nothing says that they are the version that is wanted.
  for (const source of [CONTENT, new Blob([CONTENT])]) {
    const error = await assertRejects(() => openByteSource(source, { ifMatch: '"other"' }), TransferError);
    assertEquals(error.code, "SOURCE_CHANGED");
  }
  const { validator } = await openByteSource(path);
  await Deno.writeFile(path, CONTENT.subarray(1));
  const changed = await assertRejects(() => openByteSource(path, { ifMatch: validator }), TransferError);
  assertEquals(changed.code, "SOURCE_CHANGED");
  await Deno.remove(path);
});

Deno.test("every open takes bytes, a Blob, a URL, a path and a source", async () => {
  const directory = await Deno.makeTempDir();
  let passes = 0;
  for (const [name, { file, open }] of Object.entries(await openers(`${directory}/target`))) {
    const path = `${directory}/file`;
    await Deno.writeFile(path, file);
    await using server = startRangeServer(objectOf(file));
    const sources: Record<string, ByteSourceLike> = {
      bytes: file,
      buffer: file.buffer,
      blob: new Blob([file]),
      path,
      "file URL": new URL(`file://${path}`),
      "http URL": new URL(server.url),
      "http string": server.url,
      source: byteSourceFromBytes(file),
    };
    const expected = await open(file);
    assert(expected !== undefined);
    for (const [kind, source] of Object.entries(sources)) {
      assertEquals(await open(source), expected, `${name} of a ${kind}`);
      passes++;
    }
    for (const wrong of [5, null, undefined, {}, { size: 3 }, true]) {
      await assertRejects(() => open(wrong as never), TypeError, "expected", `${name} of ${wrong}`);
      passes++;
    }
    for (
      const [code, wrong] of [["IO", directory], ["NOT_FOUND", `${directory}/none`], ["IO", `${path}/below`]]
    ) {
      const error = await assertRejects(
        () => open(wrong!),
        SluiceError,
        "Cannot open",
        `${name} of ${wrong}`,
      );
      assertEquals(error.code, code);
      passes++;
    }
  }
  await Deno.remove(directory, { recursive: true });
  console.log(`opening sources: ${passes} cases, all passed`);
});

/** Everything that takes a path of this machine, as text or as a URL. */
const PATHS: Readonly<Record<string, (path: URL) => unknown>> = {
  "GitDatabase.open": (path) => GitDatabase.open(path),
  "GitRepository.open": (path) => GitRepository.open(path),
  "GitAlternatesStore.open": (path) => GitAlternatesStore.open(path),
  "GitAlternatesStore.follow": (path) => GitAlternatesStore.follow(path),
  "GitLooseStore": (path) => new GitLooseStore(path),
  "GitLockFile.acquire": (path) => GitLockFile.acquire(path),
  "PackStore.open": (path) => PackStore.open(path),
  "indexGitPack": (path) => indexGitPack(path, new Blob([CONTENT]).stream()),
  "cloneGitRepository": (into) => cloneGitRepository("http://127.0.0.1:1/", { into }),
  "ZstdLog.open": (path) => ZstdLog.open(path),
  "openZstd to write": (path) => openZstd(path, "w"),
};

Deno.test("what takes a path takes no URL of a server, and none that is no text", async () => {
  for (const [name, open] of Object.entries(PATHS)) {
    for (
      const url of [
        "https://host.test/srv/a",
        "data:,a",
        "file:///srv/%ff",
        "file:///srv/a%00b",
        "file://host.test/srv/a",
      ]
    ) {
      await assertRejects(async () => await open(new URL(url)), TypeError, "", `${name} of ${url}`);
    }
  }
});
