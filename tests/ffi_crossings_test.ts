/**
 * How often a call crosses into the native library. The library is opened through a stub that counts.
 */
import { assertEquals } from "@std/assert";
import { stub } from "@std/testing/mock";
import { text } from "./_data.ts";

Deno.test("a message of 1 KiB takes one crossing when a context is used again", async () => {
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
  const { backendInfo } = await import("@sluice/ffi");
  if (backendInfo().kind !== "native") return console.log("skipped: the native backend can not be used");

  const { compressZstd, decompressZstd, ZstdCompressor } = await import("@sluice/zstd");
  const message = text(1024);
  using compressor = new ZstdCompressor({ level: 3 });
  compressor.compress(message);
  calls.length = 0;
  const frame = compressor.compress(message);
  assertEquals(calls, ["sluice_zstd_compressor_compress"]);

  compressZstd(message);
  decompressZstd(frame);
  calls.length = 0;
  compressZstd(message);
  decompressZstd(frame);
  assertEquals(calls, ["sluice_zstd_compressor_compress", "sluice_zstd_decompressor_decompress"]);
});
