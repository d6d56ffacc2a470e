/**
 * The packages on Node: bundled to plain modules, as npm consumers get them, they run on WASM alone.
 */
import { assertEquals } from "@std/assert";
import { listMembers } from "../_tools/command.ts";
import { ROOT } from "../_tools/zig.ts";

/** Packages that run under Deno only. */
const DENO_ONLY: ReadonlySet<string> = new Set(["@sluice/cli"]);
/** Entries for packages whose main one needs Deno's files. */
const ENTRIES: Readonly<Record<string, string>> = { "@sluice/pdiffcopy": "./portable" };
/** What a module does on Node, by package: an expression that gives "ok". */
const PROGRAMS: Readonly<Record<string, string>> = {
  "@sluice/zstd": `
    const data = new TextEncoder().encode("on Node ".repeat(5000));
    const frame = m.compressZstd(data, { level: 7 });
    let size = 0;
    const stream = new Blob([frame]).stream().pipeThrough(new m.ZstdDecompressionStream());
    for await (const chunk of stream) size += chunk.length;
    const error = await Promise.resolve().then(() => m.decompressZstd(frame.subarray(0, 20))).catch((e) => e);
    return size === data.length && m.decompressZstd(frame).length === size && error.code === "TRUNCATED" ? "ok" : size;`,
  "@sluice/lz4": `
    const data = new TextEncoder().encode("on Node ".repeat(50_000));
    const frame = m.compressLz4(data, { linked: true, blockSize: 65536 });
    const index = await m.buildLz4Index(frame, { spacing: 65536 });
    const source = { size: frame.length, read: async (at, length) => frame.subarray(at, at + length) };
    const archive = new m.Lz4Archive(source, index);
    const part = await archive.read(200_000, 200_007);
    return new TextDecoder().decode(part) === "on Node" && m.decompressLz4(frame).length === data.length ? "ok" : part;`,
  "@sluice/pdiffcopy": `
    const blob = new Blob(["on Node"]);
    const digests = blob.stream().pipeThrough(new m.BlockHashStream({ hash: "sha1" }));
    const reader = digests.getReader();
    const { value } = await reader.read();
    return value.digest[0] === 0x16 && m.parseSize("64K") === 64000 ? "ok" : [...value.digest];`,
};

async function version(): Promise<string | undefined> {
  try {
    const { stdout } = await new Deno.Command("node", { args: ["--version"] }).output();
    return new TextDecoder().decode(stdout).trim();
  } catch {
    return undefined;
  }
}

const node = await version();
if (node === undefined) console.log("SKIPPED: runs on Node: it is not installed");

for (const { name, folder, exports } of await listMembers()) {
  if (folder === "." || DENO_ONLY.has(name)) continue;
  Deno.test(`${name} runs on Node`, { ignore: node === undefined }, async () => {
    const out = await Deno.makeTempDir();
    try {
      const entry = new URL(`${folder}/${exports[ENTRIES[name] ?? "."]}`, ROOT).pathname;
      const bundled = await new Deno.Command(Deno.execPath(), {
        args: ["bundle", "-q", "--platform=browser", `--output=${out}/bundle.mjs`, entry],
      }).output();
      assertEquals(bundled.code, 0, new TextDecoder().decode(bundled.stderr));
      const program = PROGRAMS[name] ?? 'return Object.keys(m).length > 0 ? "ok" : "nothing is exported";';
      const script = `import * as m from "./bundle.mjs";\nconsole.log(await (async () => {${program}})());\n`;
      await Deno.writeTextFile(`${out}/program.mjs`, script);
      const { stdout, stderr } = await new Deno.Command("node", { args: [`${out}/program.mjs`] }).output();
      assertEquals(new TextDecoder().decode(stdout).trim(), "ok", new TextDecoder().decode(stderr));
    } finally {
      await Deno.remove(out, { recursive: true });
    }
  });
}
