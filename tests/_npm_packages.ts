/**
 * The packages for npm in a folder of their own, and a program that uses them.
 */
import { assert } from "@std/assert";
import { runDeno } from "../_tools/command.ts";
import { inDirectory } from "./_directory.ts";

/** Uses something of every package, on WASM. */
export const PROGRAM = `
import {
  compressZstd, compressZstdBatch, decompressZstd, decompressZstdAsync, decompressZstdBatch, ZstdDecompressionStream,
  ZstdDecompressor, ZstdEncoder,
} from "@sluice/zstd";
import { compressZstdSeekable, ZstdSeekableReader } from "@sluice/zstd/seekable";
import { compressLz4, decompressLz4 } from "@sluice/lz4";
import { GitRepository, PackWriter } from "@sluice/gitdb";
import { byteSourceFromBytes, compressZpaq, createZpaqArchive, ZpaqArchive } from "@sluice/zpaq";
import { compileZpaqlPy } from "@sluice/zpaq/compiler";
import { PdiffBlockHashStream } from "@sluice/pdiffcopy/portable";
import { configureBackend } from "@sluice/ffi";
import { zstd } from "@sluice/sluice";
configureBackend({ backend: "wasm" });
const data = new TextEncoder().encode("from a package ".repeat(1000));
const pair = new ZstdDecompressionStream();
const sizes = [decompressZstd(compressZstd(data)), decompressLz4(compressLz4(data))].map((bytes) => bytes.length);
const kinds = [ZstdSeekableReader, GitRepository, PackWriter, ZpaqArchive, compressZpaq, compileZpaqlPy];
console.log(sizes.join(), kinds.every((kind) => typeof kind === "function"), pair.readable instanceof ReadableStream);
console.log(typeof PdiffBlockHashStream, typeof zstd.compressZstd);
const encoder = new ZstdEncoder();
const streamed = new Uint8Array([...encoder.push(data), ...encoder.finish()]);
const batch = decompressZstdBatch(compressZstdBatch([data, data], { threads: 1 }), { threads: 1 });
const reader = await ZstdSeekableReader.open(compressZstdSeekable(data, { frameSize: 1000 }));
const archive = await ZpaqArchive.open(byteSourceFromBytes(await createZpaqArchive([{ name: "a", body: data }])));
console.log(
  decompressZstd(streamed).length,
  (await decompressZstdAsync(streamed)).length,
  new ZstdDecompressor().decompress(streamed).length,
  batch.byteLength,
  (await reader.read(5, 5)).length,
  (await new Response(archive.entries()[0].body).arrayBuffer()).byteLength,
);
`;
/** What it prints. */
export const EXPECTED = "15000,15000 true true\nfunction function\n15000 15000 15000 30000 5 15000\n";

/** Makes the packages and calls `body` with a folder where they are installed. */
export async function installed(body: (folder: string) => Promise<void>): Promise<void> {
  await inDirectory(async (folder) => {
    const made = await runDeno(["run", "-A", "_tools/npm.ts", `${folder}/node_modules`]);
    assert(made.success, made.stderr);
    await Deno.writeTextFile(`${folder}/package.json`, '{"type":"module"}');
    await body(folder);
  });
}
