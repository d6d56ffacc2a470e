/**
 * Packs in a directory of a browser: what is fetched is there again, and what fails or is interrupted leaves nothing that is
 * read. The same runs in Chromium in gitdb_browser_test.ts.
 */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { CorruptDataError, fetchGitObjects, GitDirectoryStore, GitRemote, PackWriter } from "@sluice/gitdb";
import { LimitExceededError, NotFoundError, SluiceError } from "@sluice/gitdb";
import type { GitObjectId } from "@sluice/gitdb";
import { testBackends } from "./_backends.ts";
import { testInDirectory } from "./_directory.ts";
import { git, makeRepository } from "./_git.ts";
import { GIT_SERVES, withServer } from "./_git_server.ts";
import { MemoryDirectory } from "./_memory_directory.ts";

const streamOf = (bytes: Uint8Array<ArrayBuffer>): ReadableStream<Uint8Array<ArrayBuffer>> =>
  new Blob([bytes]).stream();

interface Made {
  readonly pack: Uint8Array<ArrayBuffer>;
  readonly commit: GitObjectId;
  readonly blob: GitObjectId;
}

/** A pack of one commit; without its blob where it is incomplete. */
async function packOf(text: string, isComplete = true): Promise<Made> {
  const [writer, lost] = [new PackWriter(), new PackWriter()];
  const blob = await (isComplete ? writer : lost).add({ type: "blob", body: text });
  const row = new Uint8Array([...new TextEncoder().encode("100644 file\0"), ...blob.bytes]);
  const tree = await writer.add({ type: "tree", body: row });
  const who = "A <a@example.test> 0 +0000";
  const body = `tree ${tree}\nauthor ${who}\ncommitter ${who}\n\n${text}\n`;
  const commit = await writer.add({ type: "commit", body });
  return { pack: (await writer.finish()).pack, commit, blob };
}

const namesOf = (directory: MemoryDirectory): string[] =>
  [...directory.files.keys()].map((name) => name.replace(/[0-9a-f]{32}/, "*")).sort();

testBackends("packs of a directory are there when it is opened again", async () => {
  const directory = new MemoryDirectory();
  const [one, two] = [await packOf("one"), await packOf("two")];
  {
    await using store = await GitDirectoryStore.open(directory);
    assertEquals(await store.count(), 0);
    assertEquals(await store.addPack(streamOf(one.pack), { wants: [one.commit] }), 3);
    assertEquals(await store.addPack(streamOf(two.pack), { wants: [`${two.commit}`] }), 3);
    assertEquals(await (await store.read(one.blob)).text(), "one");
    assertEquals(await store.count(), 6);
  }
  await using again = await GitDirectoryStore.open(directory);
  assertEquals(await (await again.read(two.blob)).text(), "two");
  assertEquals((await again.resolvePrefix(`${one.commit}`.slice(0, 12))).equals(one.commit), true);
  assertEquals(namesOf(directory), ["pack-*.idx", "pack-*.idx", "pack-*.pack", "pack-*.pack"]);
});

testBackends("packs that are refused leave nothing", async () => {
  const directory = new MemoryDirectory();
  const { pack, blob } = await packOf("content");
  const lacking = await packOf("content", false);
  const cut = pack.slice(0, -9);
  const flipped = pack.slice();
  flipped[30]! ^= 1;
  const bad = [
    [streamOf(cut), {}, CorruptDataError],
    [streamOf(flipped), {}, CorruptDataError],
    [streamOf(new Uint8Array()), {}, SluiceError],
    [streamOf(pack), { wants: ["1".repeat(40)] }, CorruptDataError],
    [streamOf(lacking.pack), { wants: [lacking.commit] }, CorruptDataError],
    [streamOf(pack), { maxInputSize: pack.length - 1 }, LimitExceededError],
    [streamOf(pack), { maxObjects: 2 }, LimitExceededError],
    [streamOf(pack), { maxObjectSize: 5 }, LimitExceededError],
  ] as const;
  await using store = await GitDirectoryStore.open(directory);
  for (const [body, options, kind] of bad) {
    await assertRejects(() => store.addPack(body, options), kind);
    assertEquals([namesOf(directory), await store.count()], [[], 0]);
  }
  const controller = new AbortController();
  const endless = new ReadableStream<Uint8Array>({
    pull: (stream) => {
      stream.enqueue(pack);
      controller.abort(new Error("enough"));
    },
  });
  await assertRejects(() => store.addPack(endless, { signal: controller.signal }), Error, "enough");
  assertEquals(namesOf(directory), []);
  // What is refused as incomplete is taken where the rest was promised.
  await store.addPack(streamOf(lacking.pack), { wants: [lacking.commit], promisor: true });
  await assertRejects(() => store.read(blob), NotFoundError);
});

Deno.test("a directory without room refuses packs at each call, and keeps what it has", async () => {
  const { pack, commit } = await packOf("content");
  for (let failing = 0;; failing++) {
    const directory = new MemoryDirectory();
    await using store = await GitDirectoryStore.open(directory);
    directory.fail = (call) => call === failing;
    try {
      await store.addPack(streamOf(pack), { wants: [commit] });
      assert(failing > 6, `${failing} calls`);
      break;
    } catch (error) {
      assertEquals((error as Error).name, "QuotaExceededError");
      assertEquals([namesOf(directory), await store.count()], [[], 0]);
    }
  }
});

Deno.test("a page that is closed at any call leaves nothing that is read", async () => {
  const { pack, commit } = await packOf("content");
  for (let closing = 0;; closing++) {
    const directory = new MemoryDirectory();
    const store = await GitDirectoryStore.open(directory);
    // A page that is closed does not clean up.
    directory.fail = (call) => {
      if (call < closing) return false;
      if (call === closing) directory.closePage();
      return true;
    };
    const { removeEntry } = directory;
    directory.removeEntry = () => Promise.reject(new Error("closed"));
    const isDone = await store.addPack(streamOf(pack), { wants: [commit] }).then(() => true, () => false);
    await store[Symbol.asyncDispose]();
    [directory.removeEntry, directory.fail] = [removeEntry, () => false];
    await using next = await GitDirectoryStore.open(directory);
    assertEquals(await next.count(), isDone ? 3 : 0);
    assertEquals(namesOf(directory), isDone ? ["pack-*.idx", "pack-*.pack"] : []);
    if (isDone) break;
  }
});

Deno.test("what another page is writing is left alone", async () => {
  const directory = new MemoryDirectory();
  const { pack, commit } = await packOf("content");
  await using store = await GitDirectoryStore.open(directory);
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const adding = store.addPack(readable, { wants: [commit] });
  const writer = writable.getWriter();
  await writer.write(pack.slice(0, 40));
  {
    await using other = await GitDirectoryStore.open(directory);
    assertEquals([await other.count(), namesOf(directory)], [0, ["pack-*.idx", "pack-*.pack"]]);
  }
  await writer.write(pack.slice(40));
  await writer.close();
  assertEquals(await adding, 3);
  await using other = await GitDirectoryStore.open(directory);
  assertEquals(await other.count(), 3);
});

Deno.test("damaged files of a directory are errors of the family", async () => {
  const directory = new MemoryDirectory();
  const { pack, commit, blob } = await packOf("content");
  {
    await using store = await GitDirectoryStore.open(directory);
    await store.addPack(streamOf(pack), { wants: [commit] });
  }
  const whole = new Map(directory.files);
  for (const [name, file] of whole) {
    for (const content of [new Blob(["x"]), file.slice(0, file.size - 30), new Blob([file, "tail"])]) {
      directory.files.set(name, content);
      await assertRejects(async () => {
        await using store = await GitDirectoryStore.open(directory);
        await (await store.read(blob)).bytes();
        throw new SluiceError("read", { format: "git", code: "CORRUPT" });
      }, SluiceError);
      directory.files.set(name, file);
    }
  }
  directory.files.set("notes.txt", new Blob(["not a pack"]));
  await using store = await GitDirectoryStore.open(directory);
  assertEquals(await store.count(), 3);
});

testInDirectory("a blob-less clone lies in a directory, and blobs come when they are read", {
  ignore: !GIT_SERVES,
}, async (folder) => {
  const path = `${folder}/served.git`;
  await makeRepository(path, { commits: 12, packing: ["pack"] });
  await git(path, ["config", "uploadpack.allowFilter", "true"]);
  await git(path, ["config", "uploadpack.allowAnySHA1InWant", "true"]);
  const head = (await git(path, ["rev-parse", "main"])).trim();
  await withServer(folder, async (server) => {
    const remote = new GitRemote(server.url("served.git"));
    const directory = new MemoryDirectory();
    await using store = await GitDirectoryStore.open(directory, {
      onAbsent: async (ids) => {
        await fetchGitObjects(remote, store, { wants: ids, promisor: true });
        return true;
      },
    });
    const { count } = await fetchGitObjects(remote, store, { wants: [head], filter: "blob:none" });
    const before = await store.count();
    assertEquals(count, before);
    const tree = await git(path, ["ls-tree", "-r", "main"]);
    for (const line of tree.trim().split("\n")) {
      const [, , id] = line.split(/[ \t]/);
      assertEquals(await store.has(id!), false);
      assertEquals(await (await store.read(id!)).text(), await git(path, ["cat-file", "blob", id!]));
    }
    const seen = new Set(tree.trim().split("\n").map((line) => line.split(/[ \t]/)[2])).size;
    assertEquals(await store.count(), before + seen);
    await using again = await GitDirectoryStore.open(directory);
    assertEquals(await again.count(), before + seen);
  });
});
