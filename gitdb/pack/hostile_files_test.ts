/**
 * Files of a database that are not what their names say: each is refused or passed over, the rest stays readable, and
 * nobody waits.
 */
import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  buildGitMultiPackIndex,
  GitAlternatesStore,
  GitDatabase,
  GitLockFile,
  GitLooseStore,
  GitMultiPackIndex,
  PackIndex,
  PackStore,
  PackWriter,
} from "@sluice/gitdb";
import type { GitObjectId } from "@sluice/gitdb";
import { byteSourceFromBytes, CorruptDataError, SluiceError } from "@sluice/internal";
import { createHash } from "node:crypto";
import { testBackends } from "../../tests/_backends.ts";
import { text } from "../../tests/_data.ts";
import { inDirectory, testInDirectory } from "../../tests/_directory.ts";

interface MadePack {
  readonly pack: Uint8Array<ArrayBuffer>;
  readonly index: Uint8Array<ArrayBuffer>;
  readonly ids: readonly GitObjectId[];
}

async function makePack(seed: string): Promise<MadePack> {
  const writer = new PackWriter();
  const ids: GitObjectId[] = [];
  for (let i = 0; i < 6; i++) ids.push(await writer.add({ type: "blob", body: `${seed} ${i}`.repeat(20) }));
  return { ...await writer.finish(), ids };
}

async function putPack(folder: string, name: string, made: Pick<MadePack, "pack" | "index">): Promise<void> {
  await Deno.writeFile(`${folder}/${name}.pack`, made.pack);
  await Deno.writeFile(`${folder}/${name}.idx`, made.index);
}

function changed(bytes: Uint8Array, at: number, ...values: readonly number[]): Uint8Array<ArrayBuffer> {
  const copy = new Uint8Array(bytes);
  copy.set(values, at < 0 ? bytes.length + at : at);
  return copy;
}

testBackends(
  "gitdb: a pack that can't be used is told, and the others stay readable",
  () =>
    inDirectory(async (folder) => {
      const good = await makePack("good");
      const bad = await makePack("bad");
      const { pack, index } = bad;
      const cases: Record<string, Pick<MadePack, "pack" | "index">> = {
        "pack too short": { pack: pack.slice(0, 31), index },
        "pack empty": { pack: new Uint8Array(), index },
        "magic of the pack": { pack: changed(pack, 0, 0x51), index },
        "version 1": { pack: changed(pack, 4, 0, 0, 0, 1), index },
        "version 4": { pack: changed(pack, 4, 0, 0, 0, 4), index },
        "count of the pack": { pack: changed(pack, 8, 0, 0, 0, 7), index },
        "checksum of the pack": { pack: changed(pack, -1, pack.at(-1)! ^ 1), index },
        "index of another pack": { pack, index: good.index },
        "index too short": { pack, index: index.slice(0, 1000) },
        "index of version 3": { pack, index: changed(index, 4, 0, 0, 0, 3) },
        "index with a byte more": { pack, index: new Uint8Array([...index, 0]) },
        "fan-out that falls": { pack, index: changed(index, 8, 0, 0, 1, 0) },
        "count of the index": { pack, index: changed(index, 8 + 1020, 0xff, 0xff, 0xff, 0xff) },
      };
      await putPack(folder, "pack-good", good);
      for (const [name, made] of Object.entries(cases)) {
        await putPack(folder, "pack-bad", made);
        const warnings: Error[] = [];
        await using store = await PackStore.open(folder, { onWarning: (error) => warnings.push(error) });
        assertEquals(warnings.length, 1, name);
        assert(warnings[0] instanceof SluiceError, name);
        for (const id of good.ids) assert((await store.read(id, { verifyChecksums: true })).size > 0);
      }
    }),
);

testBackends("gitdb: rows of an index that lead nowhere fail alone", async () => {
  const { pack, index, ids } = await makePack("rows");
  const offsetsAt = 8 + 1024 + 6 * 24;
  const sorted = ids.toSorted((a, b) => a.toString() < b.toString() ? -1 : 1);
  const cases: Record<string, readonly number[]> = {
    "row of large offsets that is not there": [0x80, 0, 0, 5],
    "offset after the pack": [0x7f, 0xff, 0xff, 0xff],
    "offset in the checksum": [0, 0, 0, (pack.length - 10) & 255],
    "offset in the header": [0, 0, 0, 4],
    "offset 0": [0, 0, 0, 0],
  };
  for (const [name, bytes] of Object.entries(cases)) {
    const source = byteSourceFromBytes(changed(index, offsetsAt, ...bytes));
    await using store = await PackStore.fromSources([{
      name,
      pack: byteSourceFromBytes(pack),
      index: source,
    }]);
    await assertRejects(
      () => store.read(sorted[0]!, { verifyChecksums: true }),
      SluiceError,
      undefined,
      name,
    );
    for (const id of sorted.slice(1)) await store.read(id, { verifyChecksums: true });
  }
  const unsorted = changed(index, 8 + 1024, ...index.subarray(8 + 1024 + 20, 8 + 1024 + 40));
  const parsed = await PackIndex.open(byteSourceFromBytes(unsorted), "sha1");
  const findings = await Array.fromAsync(parsed.verify());
  assert(findings.length > 0);
  const two = changed(index, offsetsAt, ...index.subarray(offsetsAt + 4, offsetsAt + 8));
  await using store = await PackStore.fromSources([
    { name: "p", pack: byteSourceFromBytes(pack), index: byteSourceFromBytes(two) },
  ]);
  const messages = await Array.fromAsync(store.packs[0]!.verify(), ({ message }) => message);
  assert(messages.some((message) => message.includes("two ids have this offset")), `${messages}`);
});

testInDirectory("gitdb: nobody waits for a FIFO, whatever file it stands for", {
  ignore: Deno.build.os === "windows",
}, async (folder) => {
  const objects = `${folder}/objects`;
  await Deno.mkdir(`${objects}/pack/multi-pack-index.d`, { recursive: true });
  await Deno.mkdir(`${objects}/info`);
  const id = await new GitLooseStore(objects).write({ type: "blob", body: text(100) });
  await putPack(`${objects}/pack`, "pack-good", await makePack("fifo"));
  await putPack(`${objects}/pack`, "pack-half", await makePack("half"));
  await Deno.remove(`${objects}/pack/pack-half.pack`);
  const fifos = [
    "config",
    "objects/info/alternates",
    "objects/pack/pack-a.idx",
    "objects/pack/pack-a.pack",
    "objects/pack/pack-half.pack",
    "objects/pack/pack-good.rev",
    "objects/pack/multi-pack-index",
    "objects/pack/multi-pack-index.d/multi-pack-index-chain",
    `objects/${`${id}`.slice(0, 2)}/${"0".repeat(38)}`,
  ];
  const { success } = await new Deno.Command("mkfifo", { args: fifos.map((name) => `${folder}/${name}`) })
    .output();
  assert(success);
  await using database = await GitDatabase.open(folder);
  assertEquals((await database.read(id)).size, text(100).length);
  assertEquals(database.packs.packs.length, 1);
  assertEquals((await Array.fromAsync(database.packs.packs[0]!.entries())).length, 6);
  const unreadable = `${`${id}`.slice(0, 2)}${"0".repeat(38)}`;
  assertEquals(await database.has(unreadable), false);
});

testInDirectory(
  "gitdb: alternates with links, bytes that are no UTF-8, and names that end with slashes",
  async (folder) => {
    await Deno.mkdir(`${folder}/own/info`, { recursive: true });
    const id = await new GitLooseStore(`${folder}/other`).write({ type: "blob", body: "other" });
    if (Deno.build.os !== "windows") {
      await Deno.symlink(`${folder}/other`, `${folder}/link`);
      await Deno.symlink(`${folder}/circle`, `${folder}/circle`);
    }
    const bytes = new TextEncoder().encode(`../other///\n../link\n../circle\n${folder}/other\n`);
    const odd = new Uint8Array([...bytes, 0x2e, 0x2e, 0x2f, 0xff, 0xfe, 0x0a]);
    await Deno.writeFile(`${folder}/own/info/alternates`, odd);
    const warnings: Error[] = [];
    await using store = await GitAlternatesStore.open(`${folder}/own`, {
      onWarning: (error) => warnings.push(error),
    });
    assertEquals(store.folders.length, 1);
    assert(await store.has(id));
    assertEquals(warnings.length, 2);
  },
);

testInDirectory(
  "LockFile refuses a second holder, waits as long as it is told, and leaves a stale lock alone",
  async (folder) => {
    const path = `${folder}/refs`;
    {
      await using first = await GitLockFile.acquire(path);
      const error = await assertRejects(() => GitLockFile.acquire(path), SluiceError);
      assertEquals(error.code, "LOCKED");
      const start = performance.now();
      await assertRejects(() => GitLockFile.acquire(path, { timeoutMs: 60 }), SluiceError);
      assert(performance.now() - start >= 60);
      first.write(new Uint8Array([1]));
    }
    await assertRejects(() => Deno.stat(path), Deno.errors.NotFound);
    await assertRejects(() => Deno.stat(`${path}.lock`), Deno.errors.NotFound);
    const second = await GitLockFile.acquire(path);
    const waiting = GitLockFile.acquire(path, { timeoutMs: 5000 });
    second.write(new TextEncoder().encode("new"));
    second.commit();
    (await waiting).rollback();
    assertEquals(await Deno.readTextFile(path), "new");
    await Deno.writeTextFile(`${path}.lock`, "stale");
    await assertRejects(() => GitLockFile.acquire(path), SluiceError);
    assertEquals(await Deno.readTextFile(`${path}.lock`), "stale");
  },
);

testBackends(
  "gitdb: names in a multi-pack index never lead out of their folder",
  () =>
    inDirectory(async (folder) => {
      const made = await makePack("names");
      await putPack(folder, "pack-1", made);
      await using store = await PackStore.open(folder);
      const good = await buildGitMultiPackIndex(store.packs, "sha1");
      const at = new TextDecoder("latin1").decode(good).indexOf("pack-1.idx");
      for (const name of ["../a1.idx\0", "a/b/c.idx\0", "a\\b\\c.idx\0", "\0ack-1.idx"]) {
        const bad = changed(good, at, ...new TextEncoder().encode(name.slice(0, 10)));
        const end = bad.length - 20;
        bad.set(createHash("sha1").update(bad.subarray(0, end)).digest(), end);
        await assertRejects(() => GitMultiPackIndex.open(byteSourceFromBytes(bad), "sha1"), CorruptDataError);
      }
    }),
);
