import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { Random } from "../../tests/_data.ts";
import { inDirectory } from "../../tests/_directory.ts";
import { hasNativeFiles } from "../kernel/file.ts";
import { copyPdiffTree, servePdiff } from "../mod.ts";
import type { PdiffTreeOptions } from "../mod.ts";
import { openDirectory } from "../file/_files.ts";
import { compilePattern } from "./_filter_pattern.ts";
import { TreeFilter } from "./_tree_filter.ts";
import { FileList } from "./_tree_selection.ts";

const RSYNC = await hasRsync();
if (!RSYNC) console.log("skipped: filters beside those of rsync, rsync is not installed");

async function hasRsync(): Promise<boolean> {
  try {
    return (await new Deno.Command("rsync", { args: ["--version"], stdout: "null" }).output()).success;
  } catch {
    return false;
  }
}

async function rsync(args: readonly string[]): Promise<void> {
  const { code, stderr } = await new Deno.Command("rsync", { args: [...args] }).output();
  // 23: names of a list that are not there.
  assert(code === 0 || code === 23, new TextDecoder().decode(stderr));
}

/** Everything below a directory: directories end with "/". */
function names(root: string, prefix = ""): string[] {
  const found: string[] = [];
  for (const { name, isDirectory } of Deno.readDirSync(`${root}/${prefix}`)) {
    found.push(`${prefix}${name}${isDirectory ? "/" : ""}`);
    if (isDirectory) found.push(...names(root, `${prefix}${name}/`));
  }
  return found.sort();
}

function makeNames(root: string, paths: readonly string[]): void {
  Deno.mkdirSync(root, { recursive: true });
  for (const path of paths) {
    if (path.endsWith("/")) {
      Deno.mkdirSync(`${root}/${path}`, { recursive: true });
      continue;
    }
    Deno.mkdirSync(`${root}/${path.slice(0, Math.max(0, path.lastIndexOf("/")))}`, { recursive: true });
    Deno.writeTextFileSync(`${root}/${path}`, path);
  }
}

Deno.test("patterns match the names that rsync's manual says", () => {
  const cases: readonly (readonly [string, readonly string[], readonly string[]])[] = [
    ["foo", ["foo", "a/foo", "foo/"], ["foobar", "a/xfoo", "foo/a"]],
    ["/foo", ["foo", "foo/"], ["a/foo"]],
    ["foo/", ["foo/", "a/foo/"], ["foo"]],
    ["a/b", ["a/b", "x/a/b", "x/a/b/"], ["xa/b", "a/b/c"]],
    ["/a/b/", ["a/b/"], ["a/b", "x/a/b/"]],
    ["*.o", ["x.o", "a/.o"], ["x.oo", "x.o/y"]],
    ["/a/*", ["a/b", "a/b/"], ["a/b/c", "b", "x/a/b"]],
    ["/a/**", ["a/b", "a/b/c"], ["a/", "b"]],
    ["a/***", ["a/", "a/b", "a/b/c", "x/a/", "x/a/b"], ["a", "xa/b"]],
    ["**/b", ["b", "a/b", "a/c/b"], ["ab", "b/c"]],
    ["**b", ["b", "ab", "a/xb"], ["b/c"]],
    ["a/**/b", ["a/x/b", "a/x/y/b", "z/a/x/b"], ["a/b"]],
    ["fo?", ["foo", "a/fox"], ["fo", "fo/"]],
    ["a?b", ["aéb", "a😀b", "a\udcffb"], ["a/b"]],
    ["[a-cx]y", ["ay", "by", "xy"], ["dy", "y"]],
    ["[!a]y", ["by"], ["ay", "a/y", "y"]],
    ["[^]a]y", ["by"], ["ay", "]y"]],
    ["[]-]", ["]", "-"], ["a"]],
    ["[[:digit:][:upper:]_]", ["7", "Q", "_"], ["q", "["]],
    ["[[a]", ["[", "a"], ["b"]],
    ["[\\]]x", ["]x"], ["\\x"]],
    ["x\\*", ["x*"], ["xy"]],
    ["a\\b", ["a\\b"], ["ab"]],
    ["a.b$", ["a.b$"], ["axb$"]],
  ];
  for (const [pattern, matched, others] of cases) {
    const { matches } = compilePattern(pattern);
    const match = (path: string): boolean => matches(path.replace(/\/$/, ""), path.endsWith("/"));
    assertEquals([pattern, matched.filter((path) => !match(path))], [pattern, []]);
    assertEquals([pattern, others.filter(match)], [pattern, []]);
  }
});

Deno.test("wildcards match whole characters of UTF-8, and single bytes that are none", () => {
  const names = ["xa", "xb", "xé", "x漢", "xéé", "x\udcff"]; // the last is a byte that is not UTF-8
  const cases = [
    ["x[!a]", "xb xé x漢 x\udcff"],
    ["x[^é]", "xa xb x漢 x\udcff"],
    ["x[é漢]", "xé x漢"],
    ["x[a-é]", "xa xb xé"],
    ["x?", "xa xb xé x漢 x\udcff"],
    ["x??", "xéé"],
  ] as const;
  for (const [pattern, expected] of cases) {
    const filter = new TreeFilter([`- ${pattern}`]);
    assertEquals(names.filter((name) => filter.hides(name, false)).join(" "), expected, pattern);
  }
});

Deno.test("patterns, rules and lists that make no sense are refused", () => {
  for (const pattern of ["", "/", "a\0b", "[a", "a[", "a*\\", "[[:wrong:]]", "[[:digit]", "[z-a]", "[a-"]) {
    assertThrows(() => compilePattern(pattern), RangeError, "Cannot read the pattern");
  }
  for (
    const rule of [
      "",
      "x",
      "foo bar",
      "-foo",
      "-",
      "- ",
      "-! a",
      ". file",
      "merge file",
      "! x",
      "constructor a",
    ]
  ) {
    assertThrows(() => new TreeFilter([rule]), RangeError, "Cannot read");
  }
  for (const name of ["", "..", "a/../b", "a\0"]) {
    assertThrows(() => new FileList([name], true), RangeError, "no name below the directory");
  }
});

Deno.test("rules decide in order, and for each side", () => {
  const filter = new TreeFilter(["- gone", "!", "+ keep.o", "- *.o", "hide h", "protect p", "R r", "- r"]);
  assertEquals(
    ["gone", "keep.o", "x.o", "h", "p", "r"].map((name) => [
      filter.hides(name, false),
      filter.protects(name, false),
    ]),
    [[false, false], [false, false], [true, true], [true, false], [false, true], [true, false]],
  );
  const bold = new TreeFilter(["- *.o", "P p"], true);
  assertEquals([bold.hides("x.o", false), bold.protects("x.o", false), bold.protects("p", false)], [
    true,
    false,
    true,
  ]);
});

Deno.test("copyPdiffTree checks its lists before anything is done", async () => {
  await inDirectory(async (directory) => {
    const options = { source: directory, target: `${directory}/target` };
    const cases: readonly (readonly [object, ErrorConstructor])[] = [
      [{ filters: "- a" }, TypeError],
      [{ filters: [1] }, TypeError],
      [{ filters: ["a"] }, RangeError],
      [{ files: "a" }, TypeError],
      [{ files: [null] }, TypeError],
      [{ files: ["../a"] }, RangeError],
      [{ deleteExcluded: true }, RangeError],
      [{ recursive: false }, RangeError],
      [{ recursive: false, files: ["a"], delete: true }, RangeError],
    ];
    for (const [more, type] of cases) {
      await assertRejects(() => copyPdiffTree({ ...options, ...more } as PdiffTreeOptions), type);
    }
    assertEquals(names(directory), []);
  });
});

for (const kind of ["local", "download", "upload"] as const) {
  Deno.test(`copyPdiffTree leaves out and protects what filters say: ${kind}`, async () => {
    await inDirectory(async (directory) => {
      await using server = servePdiff({ root: directory, port: 0, writable: true, durable: false });
      const there = `http://127.0.0.1:${server.port}`;
      const [source, target] = [`${directory}/source`, `${directory}/target`];
      makeNames(source, ["a.o", "a.c", "sub/b.o", "sub/b.c", "cache/x", "deep/cache/keep/y"]);
      makeNames(target, ["old.o", "old.c", "sub/old.o", "cache/z", "gone/old.o", "gone/old.c"]);
      const options = {
        source: kind === "download" ? `${there}/source` : source,
        target: kind === "upload" ? `${there}/target` : target,
        durable: false,
        delete: true,
        filters: ["- *.o", "- /cache/", "- keep"],
      };
      const dry = await copyPdiffTree({ ...options, dryRun: true });
      assertEquals([dry.files, dry.filesCopied, dry.deleted], [2, 2, 2]);
      const { files, deleted, faults } = await copyPdiffTree(options);
      assertEquals([files, deleted, faults], [2, 2, []]);
      const kept = ["a.c", "deep/", "deep/cache/", "gone/", "gone/old.o", "sub/", "sub/b.c", "sub/old.o"];
      assertEquals(names(target), [...kept, "cache/", "cache/z", "old.o"].sort());
      const more = await copyPdiffTree({ ...options, deleteExcluded: true });
      assertEquals([more.deleted, more.faults], [6, []]);
      assertEquals(names(target), ["a.c", "deep/", "deep/cache/", "sub/", "sub/b.c"]);
    });
  });

  Deno.test(`copyPdiffTree copies the names of a list: ${kind}`, async () => {
    await inDirectory(async (directory) => {
      await using server = servePdiff({ root: directory, port: 0, writable: true, durable: false });
      const there = `http://127.0.0.1:${server.port}`;
      const [source, target] = [`${directory}/source`, `${directory}/target`];
      makeNames(source, ["a/b/c", "a/b/d", "e/f", "e/g/h", "i"]);
      makeNames(target, ["a/b/old", "e/old", "old"]);
      const options = {
        source: kind === "download" ? `${there}/source` : source,
        target: kind === "upload" ? `${there}/target` : target,
        durable: false,
      };
      const files = ["./a//b/c", "/e", "nothing"];
      const { faults, deleted } = await copyPdiffTree({ ...options, files, delete: true });
      assertEquals(faults.map(({ path, code }) => [path, code]), [["nothing", "NOT_FOUND"]]);
      assertEquals(deleted, 1, "only below directories of the list");
      assertEquals(
        names(target),
        ["a/", "a/b/", "a/b/c", "a/b/old", "e/", "e/f", "e/g/", "e/g/h", "old"],
      );
      await Deno.remove(target, { recursive: true });
      await copyPdiffTree({ ...options, files: ["a", "e/"], recursive: false });
      assertEquals(names(target), ["a/", "e/", "e/f", "e/g/"]);
    });
  });
}

Deno.test("a directory that holds a protected name does not make room for a file", async () => {
  await inDirectory(async (directory) => {
    const [source, target] = [`${directory}/source`, `${directory}/target`];
    makeNames(source, ["a", "b"]);
    makeNames(target, ["a/keep", "a/other", "b/other"]);
    const options = { source, target, durable: false, delete: true, filters: ["P keep"] };
    const { faults } = await copyPdiffTree(options);
    assertEquals(faults.map(({ path, code }) => [path, code]), [["a", "IO"]]);
    assertEquals(names(target), ["a/", "a/keep", "a/other", "b"]);
  });
});

Deno.test({
  name: "copyPdiffTree copies names of a list that are not UTF-8",
  ignore: !hasNativeFiles(undefined),
  async fn() {
    await inDirectory(async (directory) => {
      const [source, target] = [`${directory}/source`, `${directory}/target`];
      await Deno.mkdir(source);
      {
        using folder = openDirectory(source, true);
        using file = folder.open("x\udcff", { write: true, create: true });
        await file.write(0, new Uint8Array(3));
      }
      await copyPdiffTree({ source, target, durable: false, files: [new Uint8Array([0x78, 0xff])] });
      using folder = openDirectory(target, false);
      assertEquals((await folder.list(false)).map(({ name }) => name), ["x\udcff"]);
    });
  },
});

const PARTS = ["a", "b", "ab", "a.o", "b.c", "a-b", "x"];
const PIECES = [
  "a",
  "b",
  "ab",
  "*",
  "?",
  "*.o",
  "b*",
  "[ab]",
  "[!a]",
  "[a-b]*",
  "**",
  "x",
  "a.o",
  "*b",
  "a?*",
];

/** A tree of at most three levels. */
function randomTree(random: Random): string[] {
  const paths = Array.from({ length: 6 + random.below(20) }, () => {
    const depth = 1 + random.below(4);
    const parts = Array.from({ length: depth }, () => PARTS[random.below(PARTS.length)]!);
    return parts.join("/") + (random.below(4) === 0 ? "/" : "");
  });
  // A name is a file or a directory, in every tree: what takes another's place is tested elsewhere.
  const directories = new Set<string>();
  return paths.filter((path) => {
    const parts = path.replace(/\/$/, "").split("/");
    const above = parts.map((_, count) => parts.slice(0, count).join("/")).slice(1);
    if (path.endsWith("/")) above.push(parts.join("/"));
    for (const name of above) directories.add(name);
    return true;
  }).filter((path) => path.endsWith("/") || !directories.has(path));
}

/** A tree that has no file where the other has a directory, or the other way round. */
function randomTreeBeside(random: Random, other: readonly string[]): string[] {
  const kinds = new Map<string, boolean>();
  const note = (path: string): [string, boolean][] => {
    const parts = path.replace(/\/$/, "").split("/");
    return parts.map((
      _,
      at,
    ) => [parts.slice(0, at + 1).join("/"), at + 1 < parts.length || path.endsWith("/")]);
  };
  for (const path of other) for (const [name, isDirectory] of note(path)) kinds.set(name, isDirectory);
  return randomTree(random).filter((path) =>
    note(path).every(([name, isDirectory]) => (kinds.get(name) ?? isDirectory) === isDirectory)
  );
}

function randomPattern(random: Random): string {
  const parts = Array.from({ length: 1 + random.below(3) }, () => PIECES[random.below(PIECES.length)]!);
  const end = random.below(8);
  return (random.below(3) === 0 ? "/" : "") + parts.join("/") + (end < 2 ? "/" : end === 2 ? "/***" : "");
}

const LETTERS = ["-", "-", "-", "+", "+", "H", "S", "P", "R"];

Deno.test({
  name: "copyPdiffTree chooses the same names as rsync",
  ignore: !RSYNC,
  async fn() {
    const seed = Random.seed(2211);
    for (let round = 0; round < 60; round++) {
      const random = new Random(seed + round);
      await inDirectory(async (directory) => {
        const source = `${directory}/source`;
        const paths = randomTree(random);
        const old = randomTreeBeside(random, paths);
        makeNames(source, paths);
        for (const target of ["theirs", "ours"]) makeNames(`${directory}/${target}`, old);
        const rules = Array.from(
          { length: 1 + random.below(5) },
          () => `${LETTERS[random.below(LETTERS.length)]} ${randomPattern(random)}`,
        );
        const deletes = random.below(3);
        const listed = random.below(3) === 0
          ? Array.from({ length: 1 + random.below(4) }, () => `${paths[random.below(paths.length)]}`)
          : undefined;
        const recursive = listed === undefined || deletes > 0 || random.below(2) === 0;
        const args = rules.map((rule) => `--filter=${rule}`);
        if (deletes > 0) args.push(deletes === 1 ? "--delete" : "--delete-excluded");
        if (listed !== undefined) {
          await Deno.writeTextFile(`${directory}/list`, listed.map((name) => `${name}\n`).join(""));
          args.push(`--files-from=${directory}/list`);
        }
        if (recursive) args.push("-r");
        await rsync(["-a", ...args, `${source}/`, `${directory}/theirs/`]);
        const { faults } = await copyPdiffTree({
          source,
          target: `${directory}/ours`,
          durable: false,
          filters: rules,
          delete: deletes > 0,
          deleteExcluded: deletes === 2,
          ...(listed === undefined ? {} : { files: listed, recursive }),
        });
        const context = `seed ${seed + round}: ${args.join(" ")} ${listed?.join(",")}\n${
          names(source).join(" ")
        }\n${old.join(" ")}`;
        assertEquals(names(`${directory}/ours`), names(`${directory}/theirs`), context);
        assertEquals(faults, [], context);
      });
    }
  },
});

Deno.test({
  name: "a directory that filters keep has its permissions after names in it were removed",
  ignore: Deno.build.os === "windows",
  async fn() {
    await inDirectory(async (directory) => {
      const [source, target] = [`${directory}/source`, `${directory}/target`];
      await Deno.mkdir(source);
      for (const folder of ["d", "d/e", "gone"]) {
        await Deno.mkdir(`${target}/${folder}`, { recursive: true });
        for (const name of ["keep.tmp", "other"]) {
          if (folder !== "gone" || name === "other") {
            await Deno.writeTextFile(`${target}/${folder}/${name}`, "");
          }
        }
      }
      for (const [folder, mode] of [["d/e", 0o500], ["d", 0o555], ["gone", 0o555]] as const) {
        await Deno.chmod(`${target}/${folder}`, mode);
      }
      const filters = ["- *.tmp"];
      const { faults } = await copyPdiffTree({ source, target, archive: true, delete: true, filters });
      assertEquals(faults, []);
      const modeOf = (path: string): number => Deno.statSync(`${target}/${path}`).mode! & 0o777;
      assertEquals([modeOf("d"), modeOf("d/e")], [0o555, 0o500]);
      const left = (path: string) =>
        Array.from(Deno.readDirSync(`${target}/${path}`), ({ name }) => name).sort();
      assertEquals([left(""), left("d"), left("d/e")], [["d"], ["e", "keep.tmp"], ["keep.tmp"]]);
      for (const path of ["d", "d/e"]) await Deno.chmod(`${target}/${path}`, 0o755);
    });
  },
});
