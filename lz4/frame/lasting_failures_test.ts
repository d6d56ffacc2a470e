/**
 * Failures that last are reported at once; others are waited for.
 */
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { SluiceError, TransferError } from "@sluice/internal";
import {
  buildLz4Index,
  compressLz4,
  compressLz4Block,
  decompressLz4Block,
  Lz4Archive,
  Lz4CheckpointableDecompressor,
  recoverLz4Iterable,
} from "../mod.ts";
import type { Lz4SourceLike } from "../mod.ts";
import { text } from "../../tests/_data.ts";

/** Five tries with their pauses take more than three seconds. */
const AT_ONCE_MS = 1000;

const USES: Readonly<Record<string, (source: Lz4SourceLike) => Promise<unknown>>> = {
  buildLz4Index: (source) => buildLz4Index(source),
  recoverLz4Iterable: (source) => Array.fromAsync(recoverLz4Iterable(source)),
  Lz4CheckpointableDecompressor: async (source) => {
    await using decompressor = new Lz4CheckpointableDecompressor(source);
    return await Array.fromAsync(decompressor);
  },
};

Deno.test("lz4 sources that can't be read fail at once", async () => {
  const sources: readonly (readonly [Lz4SourceLike, string])[] = [
    ["/nosuch/file.lz4", "NotFoundError"],
    [() => 7 as never, "TypeError"],
    [() => Promise.resolve({} as never), "TypeError"],
    [() => Promise.reject(new Deno.errors.PermissionDenied("no")), "PermissionDenied"],
    [
      () => Promise.reject(new TransferError("changed", { format: "http", code: "SOURCE_CHANGED" })),
      "TransferError",
    ],
    [{ size: 10, read: () => Promise.reject(new Deno.errors.NotFound("gone")) }, "NotFound"],
    [{ read: () => Promise.resolve(new Uint8Array()) } as never, "TypeError"],
  ];
  for (const [name, use] of Object.entries(USES)) {
    for (const [source, kind] of sources) {
      const start = performance.now();
      const error = await use(source).then(() => undefined, (error: Error) => error);
      assertEquals(error?.name, kind, name);
      const took = performance.now() - start;
      assert(took < AT_ONCE_MS, `${name} waited ${took} ms`);
    }
  }
});

Deno.test("lz4 sources whose failures may pass are opened again", async () => {
  const file = compressLz4(text(100_000));
  for (const [name, use] of Object.entries(USES)) {
    for (
      const failure of [
        new TypeError("error sending request"),
        new Deno.errors.ConnectionReset("reset"),
        new TransferError("busy", { format: "http", code: "SERVER_BUSY" }),
      ]
    ) {
      let opened = 0;
      await use((offset) => {
        if (++opened === 1) throw failure;
        return [file.subarray(offset)];
      });
      assertEquals(opened, 2, name);
    }
  }
});

Deno.test("a server that claims an impossible size is a typed error", async () => {
  await using server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen() {} },
    () => new Response("x", { status: 206, headers: { "content-range": "bytes 0-0/9007199254740999999" } }),
  );
  const url = new URL(`http://127.0.0.1:${server.addr.port}/`);
  assertEquals((await assertRejects(() => Lz4Archive.open(url), SluiceError)).code, "WRONG_RANGE");
});

Deno.test("blocks and archives refuse options that they do not know", async () => {
  const data = text(100);
  const file = compressLz4(data);
  const unknown = { nosuch: 1 } as never;
  assertThrows(() => compressLz4Block(data, unknown), TypeError, '"nosuch" is not known');
  assertThrows(() => decompressLz4Block(compressLz4Block(data), unknown), TypeError, '"nosuch" is not known');
  assertThrows(() => compressLz4Block(data, { container: "sizes" as never }), RangeError, "container");
  assertThrows(() => decompressLz4Block(data, { container: "sizes" as never }), RangeError, "container");
  await assertRejects(() => Lz4Archive.open(file, unknown), TypeError, '"nosuch" is not known');
  const index = await buildLz4Index(file);
  assertThrows(() => new Lz4Archive({ size: 1 } as never, index), TypeError);
  await assertRejects(() => buildLz4Index(file, unknown), TypeError, '"nosuch" is not known');
});
