import {
  byteSourceFromBlob,
  byteSourceFromBytes,
  NotFoundError,
  openByteSource,
  TransferError,
  TruncatedDataError,
} from "@sluice/internal";
import type { ByteSource } from "@sluice/internal";
import { byteSourceFromPath, openFileSource } from "@sluice/internal/file-source";
import { assertEquals, assertRejects } from "@std/assert";

const DATA = Uint8Array.from({ length: 1000 }, (_, i) => i);

async function check(source: ByteSource): Promise<void> {
  assertEquals(source.size, 1000);
  for (const [offset, length] of [[0, 1000], [0, 1], [999, 1], [1000, 0], [123, 456]] as const) {
    assertEquals(new Uint8Array(await source.read(offset, length)), DATA.slice(offset, offset + length));
  }
  const parallel = await Promise.all([source.read(500, 10), source.read(0, 10), source.read(990, 10)]);
  assertEquals(parallel.map((bytes) => bytes[0]), [DATA[500], DATA[0], DATA[990]]);
  for (const [offset, length] of [[-1, 1], [0, 1001], [1000, 1], [0.5, 1], [NaN, 1]] as const) {
    await assertRejects(() => source.read(offset, length), RangeError, "1000 bytes");
  }
}

Deno.test("byteSourceFromBytes and byteSourceFromBlob read ranges", async () => {
  await check(byteSourceFromBytes(DATA));
  await check(byteSourceFromBlob(new Blob([DATA])));
  const aborted = AbortSignal.abort(new Error("stop"));
  await assertRejects(() => byteSourceFromBytes(DATA).read(0, 1, { signal: aborted }), Error, "stop");
});

Deno.test("openFileSource reads ranges and notices a file that shrinks", async () => {
  const path = await Deno.makeTempFile();
  try {
    await Deno.writeFile(path, DATA);
    using source = await openFileSource(path);
    await check(source);
    await Deno.truncate(path, 100);
    const error = await assertRejects(() => source.read(50, 100), TruncatedDataError);
    assertEquals(error.offset, 100);
    source.close();
    source.close();
  } finally {
    await Deno.remove(path);
  }
});

Deno.test("byteSourceFromPath needs no closing and notices another file", async () => {
  const path = await Deno.makeTempFile();
  try {
    await Deno.writeFile(path, DATA);
    const source = await byteSourceFromPath(path);
    await check(source);
    await Deno.writeFile(path, DATA.subarray(1));
    const error = await assertRejects(() => source.read(0, 1), TransferError);
    assertEquals(error.code, "SOURCE_CHANGED");
  } finally {
    await Deno.remove(path);
  }
  await assertRejects(() => byteSourceFromPath(path), NotFoundError, path);
});

Deno.test("openByteSource opens whatever can be read at random", async () => {
  const path = await Deno.makeTempFile();
  await Deno.writeFile(path, DATA);
  const file = new URL(`file://${path}`);
  for (const value of [DATA, DATA.buffer, new DataView(DATA.buffer), new Blob([DATA]), path, file]) {
    await check(await openByteSource(value));
  }
  const source = byteSourceFromBytes(DATA);
  assertEquals(await openByteSource(source), source);
  for (const value of [5, {}, [], null, undefined, { size: 3 }, { read() {} }, new Response()]) {
    await assertRejects(
      () => openByteSource(value as never),
      TypeError,
      "expected bytes, a Blob, a URL, a path",
    );
  }
  await Deno.remove(path);
});
