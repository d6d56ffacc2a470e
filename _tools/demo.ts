/**
 * Does the main job on real input: streams the files of this checkout, fetched sources and built library included,
 * through each codec in both directions on both backends, compares every byte, and prints ratio and speed.
 *
 * Run `deno task demo`; fails when a byte differs.
 */
import { backendInfo } from "@sluice/ffi";
import { Lz4CompressionStream, Lz4DecompressionStream } from "@sluice/lz4";
import { ZpaqCompressionStream, ZpaqDecompressionStream } from "@sluice/zpaq";
import { ZstdCompressionStream, ZstdDecompressionStream } from "@sluice/zstd";
import { nativeLibraryPath } from "../ffi/_resolve.ts";
import { listFiles } from "./command.ts";
import { ROOT } from "./zig.ts";

type Bytes = Uint8Array<ArrayBuffer>;
type Backend = "native" | "wasm";

/** Both directions of a codec as streams. */
interface Codec {
  readonly name: string;
  compress(backend: Backend): ReadableWritablePair<Bytes, Bytes>;
  decompress(backend: Backend): ReadableWritablePair<Bytes, Bytes>;
}

const CODECS: readonly Codec[] = [
  {
    name: "zstd -3",
    compress: (backend) => new ZstdCompressionStream({ backend, contentChecksum: true }),
    decompress: (backend) => new ZstdDecompressionStream({ backend }),
  },
  {
    name: "zstd -9",
    compress: (backend) => new ZstdCompressionStream({ backend, level: 9 }),
    decompress: (backend) => new ZstdDecompressionStream({ backend }),
  },
  {
    name: "lz4 -1",
    compress: (backend) => new Lz4CompressionStream({ level: 1, backend }),
    decompress: (backend) => new Lz4DecompressionStream({ backend }),
  },
  {
    name: "lz4 -9",
    compress: (backend) => new Lz4CompressionStream({ level: 9, backend }),
    decompress: (backend) => new Lz4DecompressionStream({ backend }),
  },
  {
    name: "zpaq -m1",
    compress: (backend) => new ZpaqCompressionStream({ method: "1", backend }),
    decompress: (backend) => new ZpaqDecompressionStream({ backend }),
  },
];

/** Tracked files, the C sources that set-up has fetched, and the library that it has built. */
async function inputFiles(): Promise<URL[]> {
  const files = (await listFiles()).map((path) => new URL(path, ROOT));
  const folders = ["vendor/zstd/", "vendor/lz4/", "vendor/libdeflate/"].map((path) => new URL(path, ROOT));
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    for await (const entry of Deno.readDir(folder)) {
      if (entry.isDirectory) folders.push(new URL(`${entry.name}/`, folder));
      else files.push(new URL(entry.name, folder));
    }
  }
  return [...files, new URL(`file://${nativeLibraryPath()}`)];
}

/** The contents of files, one after the other, as they come from disk. */
async function* contents(files: readonly URL[]): AsyncGenerator<Bytes> {
  for (const path of files) yield* (await Deno.open(path)).readable;
}

async function join(chunks: AsyncIterable<Bytes>): Promise<Bytes> {
  return new Uint8Array(await new Blob(await Array.fromAsync(chunks)).arrayBuffer());
}

/** What came out, and how fast: bytes of the uncompressed side by second. */
async function timed(
  run: () => Promise<Bytes>,
  size: number | undefined,
): Promise<{ bytes: Bytes; speed: number }> {
  const started = performance.now();
  const bytes = await run();
  return { bytes, speed: (size ?? bytes.length) / (performance.now() - started) / 1000 };
}

function isSame(a: Bytes, b: Bytes): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(2)} MB`;

const { kind, reason } = backendInfo();
const backends: readonly Backend[] = kind === "native" ? ["native", "wasm"] : ["wasm"];
if (kind !== "native") console.log(`SKIPPED: the native backend: ${reason}`);

const files = await inputFiles();
const input = await join(contents(files));
console.log(`${files.length} files, ${megabytes(input.length)}\n`);
console.log("codec    backend  compressed    ratio  compress    decompress  content");
let differing = 0;
for (const codec of CODECS) {
  for (const backend of backends) {
    const compressed = await timed(
      () => join(ReadableStream.from(contents(files)).pipeThrough(codec.compress(backend))),
      input.length,
    );
    const restored = await timed(
      () => join(new Blob([compressed.bytes]).stream().pipeThrough(codec.decompress(backend))),
      undefined,
    );
    const same = isSame(restored.bytes, input);
    if (!same) differing++;
    console.log([
      codec.name.padEnd(8),
      backend.padEnd(8),
      megabytes(compressed.bytes.length).padEnd(13),
      (input.length / compressed.bytes.length).toFixed(2).padEnd(6),
      `${compressed.speed.toFixed(0)} MB/s`.padEnd(11),
      `${restored.speed.toFixed(0)} MB/s`.padEnd(11),
      same ? "identical" : "DIFFERENT",
    ].join(" "));
  }
}
if (differing > 0) Deno.exit(1);
