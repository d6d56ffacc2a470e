/**
 * The streams of the platform with one format more.
 */
import { compressZstd, decompressZstd, SluiceError } from "@sluice/zstd";
import { installZstdStreams } from "@sluice/zstd/polyfill";
import { assert, assertEquals, assertRejects, assertStrictEquals, assertThrows } from "@std/assert";
import { text } from "../../tests/_data.ts";

type Name = "CompressionStream" | "DecompressionStream";
type Platform = Record<Name, unknown>;

const ZSTD = "zstd" as CompressionFormat;

/** Runs with classes of the platform's, and puts back those that were there. */
async function onPlatform(classes: Partial<Platform>, run: () => void | Promise<void>): Promise<void> {
  const platform = globalThis as unknown as Platform;
  const before = { CompressionStream, DecompressionStream };
  try {
    Object.assign(platform, classes);
    await run();
  } finally {
    Object.assign(platform, before);
  }
}

async function through(bytes: Uint8Array<ArrayBuffer>, pair: ReadableWritablePair): Promise<Uint8Array> {
  return new Uint8Array(await new Response(new Blob([bytes]).stream().pipeThrough(pair)).arrayBuffer());
}

Deno.test("streams of the platform take zstd, and all other formats as before", async () => {
  await onPlatform({}, async () => {
    const native = { CompressionStream, DecompressionStream };
    const installed = installZstdStreams();
    assertEquals(installZstdStreams(), { compression: false, decompression: false });
    const content = text(300_000);
    const frame = await through(content, new CompressionStream(ZSTD));
    assertEquals(decompressZstd(frame), content);
    assertEquals(await through(compressZstd(content), new DecompressionStream(ZSTD)), content);
    for (const format of ["gzip", "deflate", "deflate-raw"] as const) {
      const compressed = await through(content, new CompressionStream(format));
      assertEquals(
        await through(compressed as Uint8Array<ArrayBuffer>, new native.DecompressionStream(format)),
        content,
      );
    }
    for (const stream of [new CompressionStream(ZSTD), new CompressionStream("gzip")]) {
      assert(stream instanceof CompressionStream && stream instanceof native.CompressionStream);
      assertEquals(Object.prototype.toString.call(stream), "[object CompressionStream]");
    }
    assertEquals(CompressionStream.name, "CompressionStream");
    assertThrows(() => new CompressionStream("none" as CompressionFormat), TypeError);
    if (installed.compression) {
      assert(CompressionStream !== native.CompressionStream);
      assertThrows(() => (CompressionStream as unknown as () => void)(), TypeError);
    }
  });
});

Deno.test("faults are those of the platform's streams", async () => {
  await onPlatform({}, async () => {
    installZstdStreams();
    const frame = compressZstd(text(1000));
    for (const bytes of [frame.subarray(0, 20), new Uint8Array(9), new Uint8Array([...frame, 1])]) {
      const error = await assertRejects(() => through(bytes, new DecompressionStream(ZSTD)), TypeError);
      assert(error.cause instanceof SluiceError);
    }
    const { writable } = new CompressionStream(ZSTD);
    await assertRejects(() => writable.getWriter().write("text" as never), TypeError);
  });
});

Deno.test("a platform that has zstd is left alone", async () => {
  class Knowing {
    constructor(readonly format: string) {}
  }
  await onPlatform({ CompressionStream: Knowing, DecompressionStream: Knowing }, () => {
    assertEquals(installZstdStreams(), { compression: false, decompression: false });
    assertStrictEquals(globalThis.CompressionStream as unknown, Knowing);
  });
});

Deno.test("a platform without such streams gets zstd alone", async () => {
  await onPlatform({ CompressionStream: undefined, DecompressionStream: undefined }, async () => {
    assertEquals(installZstdStreams(), { compression: true, decompression: true });
    const content = text(1000);
    const frame = await through(content, new CompressionStream(ZSTD));
    assertEquals(await through(frame as Uint8Array<ArrayBuffer>, new DecompressionStream(ZSTD)), content);
    assertThrows(() => new CompressionStream("gzip"), TypeError, "only");
  });
});
