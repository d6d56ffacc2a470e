/**
 * What unfinished copies leave in trees: it goes with the file that it belongs to, and what is somebody's own stays.
 */
import { assertEquals } from "@std/assert";
import { testBackends } from "../../tests/_backends.ts";
import { inDirectory } from "../../tests/_directory.ts";
import { copyPdiffTree, servePdiff } from "../mod.ts";
import type { PdiffTreeOptions } from "../mod.ts";
import { journalName, partName } from "../copy/_side_files.ts";

const JOURNAL = `${JSON.stringify({ pdiff: 1, size: 3, source: "x", started: "" })}\n`;
const LONG = "l".repeat(230);
const TIME = new Date(1_600_000_000_000);

async function write(path: string, text: string): Promise<void> {
  await Deno.mkdir(path.slice(0, path.lastIndexOf("/")), { recursive: true });
  await Deno.writeTextFile(path, text);
  await Deno.utime(path, TIME, TIME);
}

/** All names below a directory. */
async function namesBelow(path: string, prefix = ""): Promise<string[]> {
  const names: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(path)) {
    names.push(`${prefix}${name}`);
    if (isDirectory) names.push(...await namesBelow(`${path}/${name}`, `${prefix}${name}/`));
  }
  return names.sort();
}

/** Runs a test with a copy on this machine, to a server and from one. */
async function inEveryDirection(
  test: (
    from: string,
    to: string,
    copy: (options: Partial<PdiffTreeOptions>) => ReturnType<typeof copyPdiffTree>,
  ) => Promise<void>,
): Promise<void> {
  for (const isRemote of [[false, false], [false, true], [true, false]]) {
    await inDirectory(async (root) => {
      await using server = servePdiff({ root, port: 0, writable: true });
      const [source, target] = ["from", "to"].map((name, index) =>
        isRemote[index] ? `http://127.0.0.1:${server.port}/${name}` : `${root}/${name}`
      );
      for (const name of ["from", "to"]) await Deno.mkdir(`${root}/${name}`);
      const copy = (options: Partial<PdiffTreeOptions>): ReturnType<typeof copyPdiffTree> =>
        copyPdiffTree({ source: source!, target: target!, ...options });
      await test(`${root}/from`, `${root}/to`, copy);
    });
  }
}

testBackends("delete removes what copies left of files that are gone, and nobody's own", async () => {
  await inEveryDirection(async (from, to, copy) => {
    await write(`${from}/kept`, "content");
    await write(`${from}/sub/file`, "content");
    await write(`${from}/now a file`, "content");
    await write(`${to}/gone`, "mixed");
    const obsolete = [
      journalName("gone"),
      `sub/${journalName("never")}`,
      `sub/${partName("never")}`,
      `sub/${partName(LONG)}`,
      `old/sub/${partName("x")}`,
      `now a file/${partName("x")}`,
    ];
    for (const path of obsolete) await write(`${to}/${path}`, path.endsWith("journal") ? JOURNAL : "part");
    const own = [".note.pdiff-journal", ".other.pdiff-undo"];
    for (const name of own) await write(`${to}/${name}`, '{"mine": 1}\n');
    using writer = await Deno.open(`${to}/${partName("running")}`, { write: true, create: true });
    await writer.lock(true);
    await write(`${to}/${partName("spared")}`, "part");
    const filters = ["P spared"];
    const before = await namesBelow(to);
    assertEquals((await copy({ delete: true, filters, dryRun: true })).faults, []);
    assertEquals(await namesBelow(to), before);
    assertEquals((await copy({ delete: true, filters })).faults, []);
    const names = ["kept", "now a file", "sub", "sub/file", ...own, partName("running")];
    // Rules may protect a name that was cut.
    const spared = [partName("spared"), `sub/${partName(LONG)}`];
    assertEquals(await namesBelow(to), [...names, ...spared].sort());
    assertEquals((await copy({ delete: true })).faults, []);
    assertEquals(await namesBelow(to), names.sort());
  });
});

testBackends("a file whose copy was interrupted is compared in spite of its size and time", async () => {
  await inEveryDirection(async (from, to, copy) => {
    for (const name of ["mixed", "whole", "other", LONG]) {
      await write(`${from}/sub/${name}`, "content");
      await write(`${to}/sub/${name}`, name === "mixed" ? "confent" : "content");
    }
    for (const name of ["mixed", "whole", LONG]) await write(`${to}/sub/${journalName(name)}`, JOURNAL);
    const { filesCopied, faults } = await copy({});
    assertEquals([filesCopied, faults], [1, []]);
    assertEquals(await namesBelow(`${to}/sub`), await namesBelow(`${from}/sub`));
    assertEquals(await Deno.readTextFile(`${to}/sub/mixed`), "content");
  });
});

testBackends("a file that is copied by itself is compared too where its copy was interrupted", async () => {
  for (const isRemote of [false, true]) {
    for (const path of ["sub/copy", "sub"]) {
      await inDirectory(async (root) => {
        await using server = servePdiff({ root, port: 0, writable: true });
        const name = path === "sub" ? "file" : "copy";
        await write(`${root}/file`, "content");
        await write(`${root}/sub/${name}`, "confent");
        await write(`${root}/sub/${journalName(name)}`, JOURNAL);
        const target = isRemote ? `http://127.0.0.1:${server.port}/${path}` : `${root}/${path}`;
        const { filesCopied } = await copyPdiffTree({ source: `${root}/file`, target });
        assertEquals(filesCopied, 1);
        assertEquals(await namesBelow(`${root}/sub`), [name]);
        assertEquals(await Deno.readTextFile(`${root}/sub/${name}`), "content");
      });
    }
  }
});

testBackends("a directory that can't be removed gets its permissions back", async () => {
  await inEveryDirection(async (_from, to, copy) => {
    await write(`${to}/closed/below/file`, "content");
    await write(`${to}/closed/below/.note.pdiff-journal`, "mine");
    for (const name of ["closed/below", "closed"]) await Deno.chmod(`${to}/${name}`, 0o500);
    const { faults } = await copy({ delete: true });
    assertEquals(faults.map(({ path }) => path), ["closed/below", "closed"]);
    for (const name of ["closed/below", "closed"]) {
      assertEquals((await Deno.stat(`${to}/${name}`)).mode! & 0o777, 0o500);
    }
    for (const name of ["closed", "closed/below"]) await Deno.chmod(`${to}/${name}`, 0o700);
  });
});

testBackends("what is said before a copy counts an interrupted one in, on either side", async () => {
  await inEveryDirection(async (from, to, copy) => {
    await write(`${from}/a`, "one");
    await copy({});
    await Deno.writeTextFile(`${to}/${journalName("a")}`, JOURNAL);
    assertEquals((await copy({ dryRun: true })).faults, []);
    assertEquals((await copy({})).faults, []);
    // Size and time are the same, but nobody knows what is in it.
    await Deno.writeTextFile(`${from}/${journalName("a")}`, JOURNAL);
    for (const dryRun of [true, false]) {
      const { faults, equal } = await copy({ dryRun });
      assertEquals([faults.map(({ path, code }) => `${path} ${code}`), equal], [["a DIRTY"], false]);
    }
  });
});
