/**
 * Archives on a server: the index is read first, then what is extracted, from one file or from many parts.
 */
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { SluiceError } from "@sluice/internal";
import { ZpaqBackup } from "@sluice/zpaq/backup";
import { sluice } from "./_cli.ts";
import { Random } from "./_data.ts";
import { testInDirectory } from "./_directory.ts";

const LARGE = 4 << 20;

/** A server of a folder's files; it counts the bytes that it sends. */
async function serving(
  folder: string,
  work: (url: string, sent: () => number) => Promise<void>,
): Promise<void> {
  let sent = 0;
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async (request) => {
    const name = new URL(request.url).pathname.slice(1);
    const bytes = await Deno.readFile(`${folder}/${name}`).catch(() => undefined);
    if (bytes === undefined) return new Response(null, { status: 404 });
    const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.get("range") ?? "");
    const first = Number(range?.[1] ?? 0);
    const last = Math.min(bytes.length - 1, range === null || range[2] === "" ? Infinity : Number(range[2]));
    const part = bytes.subarray(first, last + 1);
    sent += part.length;
    return new Response(part, {
      status: range === null ? 200 : 206,
      headers: { etag: '"1"', "content-range": `bytes ${first}-${last}/${bytes.length}` },
    });
  });
  try {
    await work(`http://127.0.0.1:${server.addr.port}`, () => sent);
  } finally {
    await server.shutdown();
  }
}

/** Archives of two versions: one file, parts, encrypted parts. */
async function makeArchives(cwd: string): Promise<void> {
  const zpaq = async (...args: string[]): Promise<void> => {
    const { code, stderr } = await sluice(["zpaq", ...args], { cwd });
    assertEquals(code, 0, stderr);
  };
  await Deno.mkdir(`${cwd}/s`);
  await Deno.writeFile(`${cwd}/s/large`, new Random(1).bytes(LARGE));
  await Deno.writeTextFile(`${cwd}/s/small`, "one\n");
  const all = [["one.zpaq"], ["m??.zpaq"], ["k??.zpaq", "-key", "secret"]];
  for (const [archive, ...key] of all) await zpaq("a", archive!, "s", "-m0", ...key, "-until", "20200101");
  await Deno.writeTextFile(`${cwd}/s/small`, "two, longer\n");
  for (const [archive, ...key] of all) await zpaq("a", archive!, "s", "-m0", ...key);
}

testInDirectory("zpaq: archives at URLs are listed, tested and extracted as those on disk", async (cwd) => {
  await makeArchives(cwd);
  await serving(cwd, async (url, sent) => {
    for (
      const [archive, ...key] of [["one.zpaq"], ["m??.zpaq"], ["m0*.zpaq"], ["k??.zpaq", "-key", "secret"]]
    ) {
      const there = `${url}/${archive}`;
      const list = (name: string): Promise<string> =>
        sluice(["zpaq", "l", name, "-all", ...key], { cwd }).then(({ stdout }) =>
          new TextDecoder().decode(stdout)
        );
      assertEquals(await list(there), await list(archive!));
      assertStringIncludes(await list(there), "2 versions, 4 files");
      const before = sent();
      const out = `${cwd}/out`;
      const args = ["x", there, "s/small", "-until", "1", "-to", out, ...key];
      const { code, stderr } = await sluice(["zpaq", ...args], { cwd });
      assertEquals([code, await Deno.readTextFile(out)], [0, "one\n"], stderr);
      await Deno.remove(out);
      if (archive === "one.zpaq") assert(sent() - before < 2 * LARGE, `${sent() - before} bytes were sent`);
      const tested = await sluice(["zpaq", "t", there, ...key], { cwd });
      assertEquals(tested.code, 0, tested.stderr);
    }
  });
});

testInDirectory("zpaq: one file of an archive at a URL takes the index and its blocks alone", async (cwd) => {
  await Deno.mkdir(`${cwd}/s`);
  for (let i = 0; i < 8; i++) await Deno.writeFile(`${cwd}/s/${i}.bin`, new Random(i).bytes(8 << 20));
  {
    using backup = await ZpaqBackup.open(`${cwd}/p.zpaq`, { method: "01" });
    await backup.addFolder(`${cwd}/s`);
  }
  const { size } = await Deno.stat(`${cwd}/p.zpaq`);
  await serving(cwd, async (url, sent) => {
    using backup = await ZpaqBackup.open(new URL(`${url}/p.zpaq`));
    assertEquals((await backup.entries()).length, 9);
    const index = sent();
    assert(index < size / 10, `the index took ${index} of ${size} bytes`);
    await backup.restore("s/3.bin", { to: `${cwd}/out` });
    assertEquals(await Deno.readFile(`${cwd}/out`), await Deno.readFile(`${cwd}/s/3.bin`));
    assert(sent() - index < size / 3, `one file took ${sent() - index} of ${size} bytes`);
  });
});

testInDirectory(
  "zpaq: nothing is written to an archive at a URL, and messages hold no secrets",
  async (cwd) => {
    await makeArchives(cwd);
    await serving(cwd, async (url) => {
      const there = `${url}/one.zpaq?signature=geheim`;
      for (const args of [["a", there, "s"], ["check", there, "-repair"]]) {
        const { code, stderr } = await sluice(["zpaq", ...args], { cwd });
        assertEquals(code, 2, stderr);
        assertStringIncludes(stderr, "(READ_ONLY)");
        assert(!stderr.includes("geheim"), stderr);
      }
      assertEquals((await sluice(["zpaq", "check", there], { cwd })).code, 0);
      const missing = await sluice(["zpaq", "l", `${url}/none.zpaq?signature=geheim`], { cwd });
      assertEquals(missing.code, 2);
      assert(!missing.stderr.includes("geheim"), missing.stderr);
      const opening = ZpaqBackup.open(`${url}/none.zpaq`);
      assertEquals((await assertRejects(() => opening, SluiceError)).code, "NOT_FOUND");
    });
  },
);
