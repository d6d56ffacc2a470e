/**
 * The packages on Node and Bun: bundled to plain modules, as npm consumers get them, they run on WASM alone.
 */
import { assertEquals } from "@std/assert";
import { listMembers } from "../_tools/command.ts";
import { ROOT } from "../_tools/zig.ts";
import { bundle, listRuntimes } from "./_runtimes.ts";

/** Packages that run under Deno only. */
const DENO_ONLY: ReadonlySet<string> = new Set(["@sluice/cli"]);
/** Entries for packages whose main one needs Deno's files. */
const ENTRIES: Readonly<Record<string, string>> = { "@sluice/pdiffcopy": "./portable" };
/** What a module does there, by package: an expression that gives "ok". */
const PROGRAMS: Readonly<Record<string, string>> = {
  "@sluice/zstd": `
    const data = new TextEncoder().encode("elsewhere ".repeat(5000));
    const frame = m.compressZstd(data, { level: 7 });
    let size = 0;
    const stream = new Blob([frame]).stream().pipeThrough(new m.ZstdDecompressionStream());
    for await (const chunk of stream) size += chunk.length;
    const error = await Promise.resolve().then(() => m.decompressZstd(frame.subarray(0, 20))).catch((e) => e);
    return size === data.length && m.decompressZstd(frame).length === size && error.code === "TRUNCATED" ? "ok" : size;`,
  "@sluice/gitdb": `
    const writer = new m.PackWriter();
    const ids = [];
    for (let i = 0; i < 20; i++) ids.push(await writer.add({ type: "blob", body: "elsewhere ".repeat(500) + i }));
    const { pack, index } = await writer.finish();
    const source = (bytes) => ({ size: bytes.length, read: async (at, length) => bytes.subarray(at, at + length) });
    const store = await m.PackStore.fromSources([{ name: "pack", pack: source(pack), index: source(index) }]);
    const text = await (await store.read(ids[7])).text();
    store.close();
    return text.endsWith("7") && pack.length < 2000 ? "ok" : text;`,
  "@sluice/lz4": `
    const data = new TextEncoder().encode("elsewhere ".repeat(50_000));
    const frame = m.compressLz4(data, { linked: true, blockSize: 65536 });
    const index = await m.buildLz4Index(frame, { spacing: 65536 });
    const source = { size: frame.length, read: async (at, length) => frame.subarray(at, at + length) };
    const archive = new m.Lz4Archive(source, index);
    const part = await archive.read(200_000, 9);
    let planned = 0;
    for await (const split of m.planLz4Splits(source, index, { splitSize: 100_000, atDelimiter: 32 })) {
      planned += (await m.readLz4Split(source, JSON.parse(JSON.stringify(split)))).length;
    }
    if (planned !== data.length) return planned;
    return new TextDecoder().decode(part) === "elsewhere" && m.decompressLz4(frame).length === data.length ? "ok" : part;`,
  "@sluice/zpaq": `
    const data = new TextEncoder().encode("elsewhere ".repeat(5000));
    const packed = await new Response(
      new Blob([data]).stream().pipeThrough(new m.ZpaqCompressionStream({ method: "3" })),
    ).arrayBuffer();
    const stream = new Blob([packed]).stream().pipeThrough(new m.ZpaqDecompressionStream());
    const { byteLength } = await new Response(stream).arrayBuffer();
    return byteLength === data.length && packed.byteLength < 1000 ? "ok" : byteLength;`,
  "@sluice/pdiffcopy": `
    const blob = new Blob(["on Node"]);
    const digests = blob.stream().pipeThrough(new m.PdiffBlockHashStream({ hash: "sha1" }));
    const reader = digests.getReader();
    const { value } = await reader.read();
    return value.digest[0] === 0x16 && m.parsePdiffSize("64K") === 64000 ? "ok" : [...value.digest];`,
};

const runtimes = await listRuntimes();

for (const { name, folder, exports } of await listMembers()) {
  if (folder === "." || DENO_ONLY.has(name)) continue;
  Deno.test(`${name} runs on Node and Bun`, async (t) => {
    const out = await Deno.makeTempDir();
    try {
      await bundle(new URL(`${folder}/${exports[ENTRIES[name] ?? "."]}`, ROOT).pathname, out);
      const program = PROGRAMS[name] ?? 'return Object.keys(m).length > 0 ? "ok" : "nothing is exported";';
      const script = `import * as m from "./bundle.mjs";\nconsole.log(await (async () => {${program}})());\n`;
      await Deno.writeTextFile(`${out}/program.mjs`, script);
      for (const runtime of runtimes) {
        const { command } = runtime;
        const fn = async (): Promise<void> => {
          const { stdout, stderr } = await new Deno.Command(command!, { args: [`${out}/program.mjs`] })
            .output();
          assertEquals(new TextDecoder().decode(stdout).trim(), "ok", new TextDecoder().decode(stderr));
        };
        await t.step({ name: runtime.name, ignore: command === undefined, fn });
      }
    } finally {
      await Deno.remove(out, { recursive: true });
    }
  });
}
