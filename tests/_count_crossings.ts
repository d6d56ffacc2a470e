/**
 * Prints the calls into the native library that messages of 1 KiB take when contexts are used again: one JSON list a
 * line. Run as a process of its own, so that the library is first opened through the stub that counts.
 */
import { stub } from "@std/testing/mock";
import { text } from "./_data.ts";

const calls: string[] = [];
const dlopen = Deno.dlopen;
using _stub = stub(
  Deno,
  "dlopen",
  ((path: string, symbols: Deno.ForeignLibraryInterface) => {
    const library = dlopen(path, symbols);
    const counted: Record<string, unknown> = {};
    for (const [name, symbol] of Object.entries(library.symbols)) {
      counted[name] = (...args: unknown[]) => {
        calls.push(name);
        return (symbol as (...args: unknown[]) => unknown)(...args);
      };
    }
    return { symbols: counted, close: () => library.close() };
  }) as typeof Deno.dlopen,
);

const { compressZstd, decompressZstd, ZstdCompressor } = await import("@sluice/zstd");
const message = text(1024);

function report(run: () => void): void {
  run(); // makes the contexts
  calls.length = 0;
  run();
  console.log(JSON.stringify(calls));
}

using compressor = new ZstdCompressor();
const frame = compressor.compress(message);
report(() => compressor.compress(message));
report(() => compressZstd(message));
report(() => decompressZstd(frame));
