import { assert, assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { SluiceError } from "@sluice/internal";
import { Random } from "../../tests/_data.ts";
import { testBackends } from "../../tests/_backends.ts";
import { inDirectory } from "../../tests/_directory.ts";
import { hasNativeFiles } from "../kernel/file.ts";
import { copyPdiffTree, servePdiff } from "../mod.ts";
import type { PdiffTreeOptions } from "../mod.ts";
import { EntryReader } from "../copy/_tree_entry.ts";
import { openFile } from "../file/_files.ts";

type Direction = "local" | "download" | "upload";
const DIRECTIONS: readonly Direction[] = ["local", "download", "upload"];
const SECONDS = 1_500_000_000;
const OWNER = 107;

/** What a file has. */
interface Facts {
  readonly mode: number;
  readonly seconds: number;
  readonly uid: number;
  readonly attributes: string;
}

function factsOf(path: string): Facts {
  using file = openFile(path);
  const { mode, mtimeNs, uid } = file.status();
  const attributes = new TextDecoder().decode(file.attributes() ?? new Uint8Array());
  return { mode: mode & 0o7777, seconds: Number(mtimeNs / 1_000_000_000n), uid, attributes };
}

/** A file with a hole, whose permissions, time and, where that is possible, owner and attribute are unusual. */
async function makeSource(path: string): Promise<Uint8Array<ArrayBuffer>> {
  const content = new Uint8Array(1 << 20);
  content.set(new Random(5).bytes(100_000), 0);
  content.set(new Random(6).bytes(100_000), content.length - 100_000);
  await Deno.writeFile(path, content.subarray(0, 100_000));
  await Deno.truncate(path, content.length);
  using handle = await Deno.open(path, { write: true });
  await handle.seek(content.length - 100_000, Deno.SeekMode.Start);
  await handle.write(content.subarray(content.length - 100_000));
  using file = openFile(path, { write: true });
  if (file.attributes() !== undefined) {
    const name = new TextEncoder().encode("user.kv");
    file.setAttributes(new Uint8Array([6, 0, 0, 0, 1, 0, 0, 0, ...name]));
  }
  if (Deno.uid() === 0) file.setFacts({ owner: { uid: OWNER, gid: OWNER } });
  file.setFacts({ mode: 0o640 });
  await Deno.utime(path, SECONDS, SECONDS);
  return content;
}

/** Runs a test for each direction: files are in the directory, which a server shows. */
function testDirections(
  name: string,
  body: (at: {
    readonly directory: string;
    readonly source: (name: string) => string;
    readonly target: (name: string) => string;
    readonly direction: Direction;
  }) => Promise<void>,
): void {
  for (const direction of DIRECTIONS) {
    testBackends(`a file as a tree, ${name}: ${direction}`, () =>
      inDirectory(async (directory) => {
        await using server = servePdiff({ root: directory, port: 0, writable: true, durable: false });
        const here = (name: string): string => `${directory}/${name}`;
        const there = (name: string): string => `http://127.0.0.1:${server.port}/${name}`;
        const source = direction === "download" ? there : here;
        const target = direction === "upload" ? there : here;
        await body({ directory, source, target, direction });
      }));
  }
}

/** Options, and what is carried with them. */
const CARRIED: readonly (readonly [
  options: Partial<PdiffTreeOptions>,
  carried: { readonly mode: boolean; readonly time: boolean; readonly rest: boolean },
])[] = [
  [{}, { mode: true, time: true, rest: false }],
  [{ archive: true }, { mode: true, time: true, rest: true }],
  [{ times: false }, { mode: true, time: false, rest: false }],
  [{ permissions: false }, { mode: false, time: true, rest: false }],
  [{ archive: true, times: false, permissions: false }, { mode: false, time: false, rest: true }],
  [{ archive: true, replace: "inplace" }, { mode: true, time: true, rest: true }],
  [{ archive: true, replace: "atomic" }, { mode: true, time: true, rest: true }],
  [{ archive: true, compareContent: true }, { mode: true, time: true, rest: true }],
  [{ archive: true, verifyWritten: true }, { mode: true, time: true, rest: true }],
  [{ archive: true, delta: false }, { mode: true, time: true, rest: true }],
  [{ archive: true, compressionLevel: 1 }, { mode: true, time: true, rest: true }],
  [{ archive: true, hash: "blake3", blockSize: 65_536 }, { mode: true, time: true, rest: true }],
];

testDirections("with every option", async ({ directory, source, target }) => {
  const content = await makeSource(`${directory}/file`);
  const expected = factsOf(`${directory}/file`);
  const isRoot = Deno.uid() === 0;
  for (const isThere of [false, true]) {
    for (const [index, [options, { mode, time, rest }]] of CARRIED.entries()) {
      const label = `${JSON.stringify(options)}, ${isThere ? "there" : "missing"}`;
      const path = `${directory}/${index}-${isThere}`;
      if (isThere) {
        await Deno.writeFile(path, content.subarray(0, 150_000));
        await Deno.chmod(path, 0o604);
      }
      const name = `${index}-${isThere}`;
      const copy = { source: source("file"), target: target(name), durable: false, ...options };
      const before = isThere ? factsOf(path) : undefined;
      const dry = await copyPdiffTree({ ...copy, dryRun: true });
      assertEquals([dry.files, dry.filesCopied], [1, 1], label);
      assertEquals(isThere ? factsOf(path) : undefined, before, label);
      const { faults, filesCopied } = await copyPdiffTree(copy);
      assertEquals([faults, filesCopied], [[], 1], label);
      assertEquals((await Deno.readFile(path)).toBase64(), content.toBase64(), label);
      const facts = factsOf(path);
      assertEquals(
        facts.mode === expected.mode,
        mode || !isThere,
        `${label}: mode ${facts.mode.toString(8)}`,
      );
      assertEquals(facts.seconds === SECONDS, time, `${label}: time`);
      if (isRoot) assertEquals(facts.uid === OWNER, rest, `${label}: owner`);
      if (expected.attributes !== "") assertEquals(facts.attributes !== "", rest, `${label}: attributes`);
      if (hasNativeFiles(undefined)) {
        using file = openFile(path);
        if (!isThere) assert(file.status().allocated < content.length / 2, `${label}: the hole is kept`);
      }
      const again = await copyPdiffTree(copy);
      assertEquals(again.bytesTransferred, options.delta === false && !time ? content.length : 0, label);
    }
  }
});

testDirections("to names of all kinds", async ({ directory, source, target, direction }) => {
  await Deno.writeTextFile(`${directory}/file`, "content");
  await Deno.mkdir(`${directory}/folder`);
  const copy = (name: string): Promise<unknown> =>
    copyPdiffTree({ source: source("file"), target: target(name), durable: false, archive: true });
  const read = (name: string): Promise<string> => Deno.readTextFile(`${directory}/${name}`);
  await copy("folder");
  assertEquals(await read("folder/file"), "content");
  await copy("new/");
  assertEquals(await read("new/file"), "content");
  await copy("deep/er/name");
  assertEquals(await read("deep/er/name"), "content");
  await copy("odd name %25 é");
  const odd = direction === "upload" ? "odd name % é" : "odd name %25 é";
  assertEquals(await read(odd), "content");
  if (direction !== "upload") {
    // A link on this machine is followed; a server writes through none.
    await Deno.writeTextFile(`${directory}/real`, "old");
    await Deno.symlink("real", `${directory}/link`);
    await copy("link");
    assertEquals(await read("real"), "content");
    assert((await Deno.lstat(`${directory}/link`)).isSymlink);
  }
  await Deno.symlink("../file", `${directory}/folder/other`);
  const linked = copyPdiffTree({ source: source("folder/other"), target: target("of-link") });
  assertEquals((await linked).faults, []);
  assert((await Deno.lstat(`${directory}/of-link`)).isFile);
  await Deno.mkdir(`${directory}/full/file/below`, { recursive: true });
  const blocked = await copyPdiffTree({ source: source("file"), target: target("full") });
  assertEquals(blocked.faults.map(({ path, code }) => [path, code]), [["file", "IO"]]);
  await assertRejects(
    () => copyPdiffTree({ source: source("folder"), target: target("file") }),
    SluiceError,
    "directory",
  );
  await assertRejects(
    () => copyPdiffTree({ source: source("missing"), target: target("x") }),
    SluiceError,
    "there is no such file or directory",
  );
  for (const options of [{ delete: true }, { filters: ["- x"] }, { files: ["x"] }]) {
    await assertRejects(
      () => copyPdiffTree({ source: source("file"), target: target("x"), ...options }),
      RangeError,
      "is no directory",
    );
  }
  await assertRejects(() => Deno.lstat(`${directory}/x`), Deno.errors.NotFound);
});

testDirections("that is not one", async ({ directory, source, target }) => {
  if (Deno.build.os === "windows") return;
  const { success } = await new Deno.Command("mkfifo", { args: [`${directory}/pipe`] }).output();
  assert(success);
  await Deno.writeTextFile(`${directory}/file`, "content");
  for (const [from, to] of [["pipe", "x"], ["file", "pipe"]] as const) {
    const error = await assertRejects(
      () => copyPdiffTree({ source: source(from), target: target(to), archive: true }),
      SluiceError,
    );
    // Deno's own calls can't even open one.
    if (!hasNativeFiles(undefined)) continue;
    assertEquals(error.code, "UNSUPPORTED");
    assertStringIncludes(error.message, "neither a file nor a directory");
  }
  assertEquals([...Deno.readDirSync(directory)].map(({ name }) => name).sort(), ["file", "pipe"]);
});

Deno.test("a server that lists a file can't list names below it", () => {
  const line = (path: string, kind: string): string =>
    JSON.stringify({ p: path, k: kind, s: 0, m: 0, t: 0, l: kind === "l" ? "x" : undefined });
  const reader = new EntryReader();
  assertEquals(reader.read(line("", "f")).kind, "file");
  for (const path of ["a", "", "a/b"]) assertThrows(() => reader.read(line(path, "f")), SluiceError, "entry");
  for (const kind of ["l", "x"]) {
    assertThrows(() => new EntryReader().read(line("", kind)), SluiceError, "entry");
  }
});
