/** Decompresses a bomb with default limits and prints how it ended and how much memory that took, as JSON. */
import { configureBackend } from "@sluice/ffi";
import { SluiceError } from "@sluice/internal";
import { compressLz4Iterable, decompressLz4, decompressLz4Async } from "@sluice/lz4";
import { compressZstdIterable, decompressZstd, decompressZstdAsync } from "@sluice/zstd";

const BOMB_SIZE = 400 << 20;
const PIECE = new Uint8Array(1 << 20);

const DECOMPRESS = { decompressZstd, decompressZstdAsync, decompressLz4, decompressLz4Async };

function* zeros(): Generator<Uint8Array<ArrayBuffer>> {
  for (let sent = 0; sent < BOMB_SIZE; sent += PIECE.length) yield PIECE;
}

async function bomb(format: string): Promise<Uint8Array<ArrayBuffer>> {
  const frame = format.includes("Zstd") ? compressZstdIterable(zeros()) : compressLz4Iterable(zeros());
  return new Uint8Array(await new Response(ReadableStream.from(frame)).arrayBuffer());
}

/** The most memory that this process has held. */
function peak(): number {
  return Number(/VmHWM:\s+(\d+) kB/.exec(Deno.readTextFileSync("/proc/self/status"))![1]) * 1024;
}

const [name, backend] = Deno.args as [keyof typeof DECOMPRESS, "native" | "wasm"];
configureBackend(backend);
const bytes = await bomb(name);
const before = peak();
let outcome: { code: string; message: string } | undefined;
try {
  await DECOMPRESS[name](bytes);
} catch (error) {
  if (!(error instanceof SluiceError)) throw error;
  outcome = { code: error.code, message: error.message };
}
console.log(JSON.stringify({ ...outcome, grown: peak() - before }));
