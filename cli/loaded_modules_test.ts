import { assert, assertEquals } from "@std/assert";
import { compressLz4 } from "@sluice/lz4";
import { createZpaqArchive } from "@sluice/zpaq";
import { compressZstd } from "@sluice/zstd";
import { testInDirectory } from "../tests/_directory.ts";

const MAIN = new URL("main.ts", import.meta.url).href;
const ROOT = new URL("../", import.meta.url).href;

/**
 * The most modules that Deno may read for a call, the rest of the package included. A few more than today: a call that
 * loads another room, another codec or its other half has tens more.
 */
const CALLS: readonly [args: readonly string[], most: number, others: readonly string[]][] = [
  [["version"], 53, ["zstd/", "lz4/", "gitdb/", "zpaq/", "pdiffcopy/"]],
  [["zstd", "--help"], 63, ["zstd/", "lz4/", "gitdb/", "zpaq/", "pdiffcopy/"]],
  [["zstd", "-c", "text"], 107, [
    "zstd/kernel/_wasm/zstd_decode.gen.ts",
    "lz4/",
    "gitdb/",
    "zpaq/",
    "pdiffcopy/",
  ]],
  [["zstd", "-dc", "text.zst"], 113, ["zstd/kernel/_wasm/zstd_encode.gen.ts", "lz4/", "gitdb/"]],
  [["zstd", "-t", "text.zst"], 113, ["zstd/kernel/_wasm/zstd_encode.gen.ts", "lz4/", "gitdb/"]],
  [["lz4", "--help"], 67, ["zstd/", "lz4/", "gitdb/", "zpaq/", "pdiffcopy/"]],
  [["lz4", "-c", "text"], 99, ["zstd/", "lz4/index/", "gitdb/", "zpaq/", "pdiffcopy/"]],
  [["lz4", "-dc", "text.lz4"], 115, ["zstd/", "lz4/index/", "gitdb/", "zpaq/", "pdiffcopy/"]],
  [["lz4", "-t", "text.lz4"], 115, ["zstd/", "lz4/index/", "gitdb/", "zpaq/", "pdiffcopy/"]],
  [["gitdb", "--help"], 62, ["zstd/", "lz4/", "gitdb/", "zpaq/", "pdiffcopy/"]],
  [["gitdb", "hash-object", "text"], 170, ["zstd/", "lz4/", "gitdb/remote/", "zpaq/", "pdiffcopy/"]],
  [["zpaq", "--help"], 63, ["zstd/", "lz4/", "gitdb/", "zpaq/", "pdiffcopy/"]],
  [["zpaq", "l", "text.zpaq"], 210, ["lz4/", "gitdb/", "zpaq/compiler/", "zpaq/pack/", "pdiffcopy/"]],
  [["zpaq", "a", "new.zpaq", "text"], 212, ["lz4/", "gitdb/", "zpaq/compiler/", "zpaq/pack/", "pdiffcopy/"]],
  [["pdiffcopy", "--help"], 74, ["zstd/", "lz4/", "gitdb/", "zpaq/", "pdiffcopy/client/"]],
  [["pdiffcopy", "-q", "text", "copy"], 228, [
    "lz4/",
    "gitdb/",
    "zpaq/",
    "pdiffcopy/server/",
    "pdiffcopy/index/",
  ]],
];

/** The modules that Deno reads from this checkout for a call, whether it runs them or not. */
async function modulesRead(args: readonly string[], cwd: string): Promise<string[]> {
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", "--log-level=debug", MAIN, ...args],
    cwd,
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).output();
  assert(success, `sluice ${args.join(" ")}`);
  const found = new TextDecoder().decode(stderr).matchAll(/fetch_no_follow - specifier: (\S+\.ts)$/gm);
  const urls = new Set(Array.from(found, ([, url]) => url!).filter((url) => url.startsWith(ROOT)));
  return [...urls].map((url) => url.slice(ROOT.length));
}

testInDirectory("each call loads only the modules that it needs", async (cwd) => {
  const text = new TextEncoder().encode("text ".repeat(50));
  await Deno.writeFile(`${cwd}/text`, text);
  await Deno.writeFile(`${cwd}/text.zst`, compressZstd(text));
  await Deno.writeFile(`${cwd}/text.lz4`, compressLz4(text));
  await Deno.writeFile(`${cwd}/text.zpaq`, await createZpaqArchive([{ name: "text", body: text }]));
  for (const [args, most, others] of CALLS) {
    const modules = await modulesRead(args, cwd);
    const call = `sluice ${args.join(" ")}`;
    assert(modules.includes("cli/main.ts"), `${call}: Deno reports the modules in another way`);
    assert(modules.length <= most, `${call}: ${modules.length} modules, expected at most ${most}`);
    const strange = modules.filter((path) => others.some((other) => path.startsWith(other)));
    assertEquals(strange, [], call);
  }
});
