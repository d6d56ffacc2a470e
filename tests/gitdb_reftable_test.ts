/**
 * References in tables, written here by the format's document: git 2.39 knows none of them. What is read is what git reads
 * of the same references in files.
 */
import { findMissingGitObjects, GitRepository, inspectGitObjects } from "@sluice/gitdb";
import { CorruptDataError, UnsupportedFeatureError } from "@sluice/internal";
import { assertEquals, assertRejects } from "@std/assert";
import { sluice } from "./_cli.ts";
import { git, makeRepository, testGit } from "./_git.ts";

type Value = { readonly id?: string; readonly peeled?: string; readonly target?: string };

/** CRC-32, bit by bit. */
function crc32(bytes: readonly number[]): number {
  let crc = ~0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc >>> 1 ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}

const big = (value: number, bytes: number): number[] =>
  Array.from({ length: bytes }, (_, i) => Math.floor(value / 256 ** (bytes - 1 - i)) % 256);
const ascii = (text: string): number[] => [...new TextEncoder().encode(text)];

function varint(value: number): number[] {
  const bytes = [value % 128];
  for (let rest = Math.floor(value / 128); rest > 0; rest = Math.floor(rest / 128)) {
    rest--;
    bytes.unshift(0x80 | rest % 128);
  }
  return bytes;
}

/** A table of references, with a block of a log after them where that is wanted. */
function table(
  values: Readonly<Record<string, Value>>,
  { blockSize = 0, sha256 = false, log = false } = {},
): Uint8Array<ArrayBuffer> {
  const header = [
    ...ascii("REFT"),
    sha256 ? 2 : 1,
    ...big(blockSize, 3),
    ...big(1, 8),
    ...big(1, 8),
    ...sha256 ? ascii("s256") : [],
  ];
  const bytes = [...header];
  const rows = Object.entries(values).sort(([a], [b]) => a < b ? -1 : 1);
  for (let at = 0, start = 0; at < rows.length;) {
    const head = bytes.length;
    const body: number[] = [];
    const restarts: number[] = [];
    let before = "";
    for (; at < rows.length; at++) {
      const [name, { id, peeled, target }] = rows[at]!;
      const isRestart = restarts.length === 0 || at % 5 === 0;
      let shared = 0;
      while (!isRestart && shared < Math.min(name.length, before.length) && name[shared] === before[shared]) {
        shared++;
      }
      const kind = target !== undefined ? 3 : peeled !== undefined ? 2 : id !== undefined ? 1 : 0;
      const row = [
        ...varint(shared),
        ...varint((name.length - shared) * 8 + kind),
        ...ascii(name.slice(shared)),
        ...varint(0),
        ...id === undefined ? [] : Uint8Array.fromHex(id),
        ...peeled === undefined ? [] : Uint8Array.fromHex(peeled),
        ...target === undefined ? [] : [...varint(target.length), ...ascii(target)],
      ];
      const used = head - start + 4 + body.length + row.length + 3 * (restarts.length + 1) + 2;
      if (blockSize > 0 && used > blockSize) break;
      if (isRestart) restarts.push(head - start + 4 + body.length);
      body.push(...row);
      before = name;
    }
    const length = head - start + 4 + body.length + 3 * restarts.length + 2;
    bytes.push(
      0x72,
      ...big(length, 3),
      ...body,
      ...restarts.flatMap((each) => big(each, 3)),
      ...big(restarts.length, 2),
    );
    if (blockSize > 0 && at < rows.length) { while (bytes.length < start + blockSize) bytes.push(0); }
    start = bytes.length;
  }
  const logAt = log ? bytes.length : 0;
  if (log) bytes.push(0x67, ...big(20, 3), ...new Array(16).fill(7));
  const footer = [...header, ...big(0, 24), ...big(logAt, 8), ...big(0, 8)];
  return new Uint8Array([...bytes, ...footer, ...big(crc32(footer), 4)]);
}

/** Makes tables of the references of a repository, of which the older table has some that the newer one takes away. */
async function toTables(folder: string, blockSize: number, sha256: boolean): Promise<void> {
  const listed = await git(folder, [
    "for-each-ref",
    "--format=%(refname) %(objectname) %(*objectname) %(symref)",
  ]);
  const newer: Record<string, Value> = { HEAD: { target: "refs/heads/main" }, "refs/heads/gone": {} };
  const older: Record<string, Value> = {};
  for (const [i, line] of listed.split("\n").filter((line) => line !== "").entries()) {
    const [name, id, peeled, target] = line.split(" ") as [string, string, string, string];
    const value = target !== "" ? { target } : peeled === "" ? { id } : { id, peeled };
    if (i % 2 === 0) newer[name] = value;
    else older[name] = value;
    if (i % 4 === 0) older[name] = { id: "12".repeat(id.length / 2) };
    older["refs/heads/gone"] = { id };
  }
  await Deno.remove(`${folder}/refs`, { recursive: true });
  await Deno.remove(`${folder}/packed-refs`).catch(() => {});
  await Deno.mkdir(`${folder}/refs`);
  await Deno.writeTextFile(`${folder}/refs/heads`, "this repository uses the reftable format\n");
  await Deno.writeTextFile(`${folder}/HEAD`, "ref: refs/heads/.invalid\n");
  await Deno.mkdir(`${folder}/reftable`);
  await Deno.writeFile(`${folder}/reftable/1.ref`, table(older, { blockSize, sha256, log: true }));
  await Deno.writeFile(`${folder}/reftable/2.ref`, table(newer, { blockSize, sha256 }));
  await Deno.writeTextFile(`${folder}/reftable/tables.list`, "1.ref\n2.ref\n");
  const config = await Deno.readTextFile(`${folder}/config`);
  await Deno.writeTextFile(
    `${folder}/config`,
    config.replace(/repositoryformatversion = \d/, "repositoryformatversion = 1") +
      "[extensions]\n\trefStorage = reftable\n",
  );
}

testGit("references in tables are those that git has in files", async (folder) => {
  for (const [blockSize, sha256] of [[0, false], [256, false], [4096, true]] as const) {
    const path = `${folder}/r${blockSize}.git`;
    await makeRepository(path, { commits: 8, sha256 });
    await git(path, ["symbolic-ref", "HEAD", "refs/heads/main"]);
    for (let i = 0; i < 30; i++) await git(path, ["update-ref", `refs/heads/topic/${i}`, `main~${i % 7}`]);
    await git(path, ["symbolic-ref", "refs/heads/alias", "refs/heads/topic/3"]);
    const revisions = ["HEAD", "main~2", "v0", "v0^{}", "topic/17", "alias", "HEAD^{tree}"];
    const ids = (await git(path, ["rev-parse", ...revisions])).trim().split("\n");
    const listed = await git(path, ["for-each-ref", "--format=%(refname) %(objectname)"]);
    await toTables(path, blockSize, sha256);
    await using repository = await GitRepository.open(path);
    const references = await Array.fromAsync(repository.references());
    assertEquals(references.map(({ name, id }) => `${name} ${id}`), listed.trim().split("\n"));
    assertEquals(references.find(({ name }) => name === "refs/heads/alias")?.target, "refs/heads/topic/3");
    assertEquals(await repository.head(), "refs/heads/main");
    for (const [i, revision] of revisions.entries()) {
      assertEquals(`${await repository.find(revision)}`, ids[i]);
    }
    const printed = await sluice(["gitdb", `--git-dir=${path}`, "rev-parse", ...revisions]);
    assertEquals(new TextDecoder().decode(printed.stdout).trim().split("\n"), ids);
    assertEquals(await Array.fromAsync(findMissingGitObjects(repository.database)), []);
    assertEquals(await Array.fromAsync(inspectGitObjects(repository.database, { reflogs: false })), []);
    const id = await repository.find("main");
    for (
      const refused of [
        () => repository.updateRef("refs/heads/new", id),
        () => repository.find("main@{1}"),
        () => Array.fromAsync(inspectGitObjects(repository.database)),
      ]
    ) await assertRejects(refused, UnsupportedFeatureError, "reftable");
  }
});

testGit("tables that are damaged are told, and lists that change are read again", async (folder) => {
  const path = `${folder}/r.git`;
  await makeRepository(path, { commits: 3 });
  await git(path, ["symbolic-ref", "HEAD", "refs/heads/main"]);
  await toTables(path, 0, false);
  const file = `${path}/reftable/2.ref`;
  const good = await Deno.readFile(file);
  for (let at = 0; at < good.length; at++) {
    // Each byte is damaged, and the file cut there; a name or an id may be another one without anybody noticing.
    const damaged = good.slice();
    damaged[at]! ^= 0xff;
    for (const bytes of [damaged, good.slice(0, at)]) {
      await Deno.writeFile(file, bytes);
      try {
        await using repository = await GitRepository.open(path);
        await Array.fromAsync(repository.references());
      } catch (error) {
        if (!(error instanceof CorruptDataError)) throw error;
      }
    }
  }
  await Deno.writeFile(file, good.slice(0, -1));
  await assertRejects(() => GitRepository.open(path), CorruptDataError, "checksum");
  await Deno.writeFile(file, good);
  await using repository = await GitRepository.open(path);
  const id = await repository.find("HEAD");
  const added = table({ "refs/heads/added": { id: `${id}` } });
  await Deno.writeFile(`${path}/reftable/3.ref`, added);
  await Deno.writeTextFile(`${path}/reftable/tables.list`, "1.ref\n2.ref\n3.ref\n");
  assertEquals(`${await repository.find("added")}`, `${id}`);
});
