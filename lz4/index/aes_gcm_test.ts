/**
 * AES-GCM in chunks: every read of every size, and everything that somebody could do to a file.
 */
import { assert, assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { SluiceError } from "@sluice/internal";
import type { ByteSource } from "@sluice/internal";
import {
  byteSourceFromBytes,
  byteSourceFromUrl,
  compressLz4,
  decryptLz4Source,
  encryptLz4AesGcmIterable,
  Lz4Archive,
  openLz4AesCtrSource,
  openLz4AesGcmSource,
} from "../mod.ts";
import { downloadLz4 } from "../download/download.ts";
import { join, Random, text } from "../../tests/_data.ts";
import { testInDirectory } from "../../tests/_directory.ts";
import { objectOf, startRangeServer } from "../../tests/_range_server.ts";

const KEY = new Random(5).bytes(32);
const CHUNK = 4096;
const SEALED = CHUNK + 16;

async function encrypt(
  content: Uint8Array<ArrayBuffer> | Iterable<Uint8Array<ArrayBuffer>>,
  key = KEY,
  chunkSize = CHUNK,
): Promise<Uint8Array<ArrayBuffer>> {
  return join(...await Array.fromAsync(encryptLz4AesGcmIterable(content, { key, chunkSize })));
}

function open(sealed: Uint8Array<ArrayBuffer>, key = KEY): Promise<ByteSource> {
  return openLz4AesGcmSource(byteSourceFromBytes(sealed), { key });
}

/** What opening and reading everything comes to: the content, or code and offset of the error. */
async function outcome(sealed: Uint8Array<ArrayBuffer>, key = KEY): Promise<unknown> {
  try {
    const source = await open(sealed, key);
    return await source.read(0, source.size);
  } catch (error) {
    assert(error instanceof SluiceError, `${error}`);
    return `${error.code} ${error.offset}`;
  }
}

Deno.test("content of every size, in every cut, is read back at any offset", async () => {
  const random = new Random(Random.seed(7));
  for (const key of [KEY, KEY.slice(0, 16)]) {
    for (const size of [0, 1, 15, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK, 100_000]) {
      const content = random.bytes(size);
      const cuts: Uint8Array<ArrayBuffer>[] = [];
      for (let at = 0; at < size;) cuts.push(content.slice(at, at += 1 + random.below(9000)));
      const sealed = await encrypt(cuts, key);
      assertEquals(sealed.length, 16 + size + 16 * Math.max(1, Math.ceil(size / CHUNK)));
      const source = await open(sealed, key);
      assertEquals(source.size, size);
      assertEquals(await source.read(0, size), content);
      for (let i = 0; i < 50; i++) {
        const offset = random.below(size + 1);
        const length = random.below(size - offset + 1);
        assertEquals(await source.read(offset, length), content.slice(offset, offset + length));
      }
      await assertRejects(() => source.read(size, 1), RangeError);
    }
  }
});

Deno.test("decrypted sources have the validator of what they decrypt, so that another version is noticed", async () => {
  const sealed = { ...byteSourceFromBytes(await encrypt(text(100))), validator: '"7"' };
  assertEquals((await openLz4AesGcmSource(sealed, { key: KEY })).validator, '"7"');
  const counter = { key: KEY, iv: new Uint8Array(16) };
  assertEquals((await openLz4AesCtrSource(sealed, counter)).validator, '"7"');
  assertEquals(decryptLz4Source(sealed, (_, bytes) => bytes).validator, '"7"');
});

Deno.test("the same content never gives the same bytes", async () => {
  const content = text(10_000);
  assertNotEquals(await encrypt(content), await encrypt(content));
});

Deno.test("the layout is the one that is documented", async () => {
  const content = text(CHUNK + 100);
  const sealed = await encrypt(content);
  assertEquals(sealed.slice(0, 8), new Uint8Array([0x53, 0x34, 0x47, 0x43, 1, 12, 0, 0]));
  const key = await crypto.subtle.importKey("raw", KEY, "AES-GCM", false, ["decrypt"]);
  for (
    const [number, start, end] of [[[0, 0, 0, 0], 16, 16 + SEALED], [
      [0x80, 0, 0, 1],
      16 + SEALED,
      sealed.length,
    ]]
  ) {
    const iv = join(sealed.slice(8, 16), new Uint8Array(number as number[]));
    const how = { name: "AES-GCM", iv, additionalData: sealed.slice(0, 16) };
    const part = sealed.slice(start as number, end as number);
    const plain = new Uint8Array(await crypto.subtle.decrypt(how, key, part));
    assertEquals(plain, (start === 16) ? content.slice(0, CHUNK) : content.slice(CHUNK));
  }
});

Deno.test("each changed byte is found, at the chunk that holds it", async () => {
  const sealed = await encrypt(text(2 * CHUNK + 50));
  for (let at = 0; at < sealed.length; at += at < 40 || at > sealed.length - 40 ? 1 : 61) {
    const changed = sealed.slice();
    changed[at]! ^= 1 << at % 8;
    const found = await outcome(changed);
    if (at >= 16) {
      assertEquals(found, `SEAL_MISMATCH ${16 + Math.floor((at - 16) / SEALED) * SEALED}`, `byte ${at}`);
    } else {
      assert(
        /^(BAD_MAGIC|VERSION|BAD_HEADER|TRUNCATED|SEAL_MISMATCH) \d+$/.test(`${found}`),
        `byte ${at}: ${found}`,
      );
    }
  }
});

Deno.test("a file that was cut anywhere is never taken for a whole one", async () => {
  const sealed = await encrypt(text(3 * CHUNK));
  for (let size = 0; size < sealed.length; size += size < 50 ? 1 : 97) {
    const found = `${await outcome(sealed.slice(0, size))}`;
    assert(/^(BAD_MAGIC|TRUNCATED|SEAL_MISMATCH) \d+$/.test(found), `${size}: ${found}`);
  }
  // Exactly between chunks, where only the mark of the last one tells.
  for (const chunks of [1, 2]) {
    const size = 16 + chunks * SEALED;
    assertEquals(await outcome(sealed.slice(0, size)), `TRUNCATED ${size}`);
  }
  assertEquals(await outcome(sealed.slice(0, 16)), "TRUNCATED 16");
  assertEquals(await outcome(sealed.slice(0, 32)), "SEAL_MISMATCH 16");
});

Deno.test("chunks that were swapped, repeated, appended or taken from another file are refused", async () => {
  const content = text(4 * CHUNK + 10);
  const sealed = await encrypt(content);
  const other = await encrypt(text(4 * CHUNK + 10, 2));
  const chunk = (of: Uint8Array<ArrayBuffer>, i: number): Uint8Array<ArrayBuffer> =>
    of.slice(16 + i * SEALED, 16 + (i + 1) * SEALED);
  const made = (header: Uint8Array<ArrayBuffer>, ...chunks: Uint8Array<ArrayBuffer>[]) =>
    join(header.slice(0, 16), ...chunks);
  const all = [0, 1, 2, 3, 4].map((i) => chunk(sealed, i));
  const [a, b, c, d, e] = all as [typeof sealed, typeof sealed, typeof sealed, typeof sealed, typeof sealed];
  assertEquals(await outcome(made(sealed, ...all)), content);
  assertEquals(await outcome(made(sealed, b, a, c, d, e)), "SEAL_MISMATCH 16");
  assertEquals(await outcome(made(sealed, a, b, b, d, e)), `SEAL_MISMATCH ${16 + 2 * SEALED}`);
  assertEquals(await outcome(made(sealed, a, b, c, d)), `TRUNCATED ${16 + 4 * SEALED}`);
  assertEquals(await outcome(made(sealed, a, b, c, e)), `SEAL_MISMATCH ${16 + 3 * SEALED}`);
  assertEquals(await outcome(made(sealed, ...all, e)), `SEAL_MISMATCH ${16 + 4 * SEALED}`);
  assertEquals(await outcome(made(sealed, a, chunk(other, 1), c, d, e)), `SEAL_MISMATCH ${16 + SEALED}`);
  assertEquals(await outcome(made(other, ...all)), `SEAL_MISMATCH ${16 + 4 * SEALED}`);
  assertEquals(await outcome(sealed, new Uint8Array(32)), `SEAL_MISMATCH ${16 + 4 * SEALED}`);
  // A good part of a damaged file can still be read.
  const source = await open(made(sealed, a, chunk(other, 1), c, d, e));
  assertEquals(await source.read(2 * CHUNK, CHUNK), content.slice(2 * CHUNK, 3 * CHUNK));
  assertEquals((await assertRejects(() => source.read(CHUNK, 1), SluiceError)).offset, 16 + SEALED);
});

Deno.test("keys, chunk sizes and options that do not fit are refused", async () => {
  const sealed = await encrypt(text(100));
  const first = async (options: unknown): Promise<unknown> =>
    await encryptLz4AesGcmIterable(new Uint8Array(1), options as { key: Uint8Array }).next();
  await assertRejects(() => open(sealed, new Uint8Array(24)), RangeError, "expected 16 or 32");
  await assertRejects(() => first({ key: new Uint8Array(3) }), RangeError, "expected 16 or 32");
  for (const chunkSize of [0, 1000, 2048, 4097, 2 ** 25, 1.5]) {
    await assertRejects(() => first({ key: KEY, chunkSize }), RangeError, "a power of two");
  }
  await assertRejects(() => first({ key: KEY, chunkSize: "4096" }), TypeError);
  await assertRejects(() => first({}), TypeError);
  await assertRejects(() => first({ key: KEY, size: 1 }), TypeError);
  await assertRejects(
    () => first({ key: KEY, signal: AbortSignal.abort(new Error("enough")) }),
    Error,
    "enough",
  );
});

testInDirectory("a random read over HTTP is one request, and a download resumes", async (folder) => {
  const content = new Random(8).bytes(3_000_000);
  const file = compressLz4(content, { blockSize: 65536, linked: true });
  const sealed = await encrypt(file, KEY, 65536);
  await using server = startRangeServer(objectOf(sealed));
  const http = await openLz4AesGcmSource(await byteSourceFromUrl(server.url), { key: KEY });
  const before = server.ranges.length;
  assertEquals(await http.read(500_000, 400_000), file.slice(500_000, 900_000));
  assertEquals(server.ranges.length, before + 1);
  using archive = await Lz4Archive.open(http);
  assertEquals(await archive.read(1_234_567, 100), content.slice(1_234_567, 1_234_667));

  const path = `${folder}/out`;
  const controller = new AbortController();
  const how = { aesGcm: { key: KEY }, every: 200_000 };
  const onProgress = ({ bytesOut }: { bytesOut: number }): void => {
    if (bytesOut > 1_500_000) controller.abort(new Error("enough"));
  };
  const stopped = downloadLz4(server.url, path, { ...how, onProgress, signal: controller.signal });
  await assertRejects(() => stopped, Error, "enough");
  const { resumedFrom, verified } = await downloadLz4(server.url, path, how);
  assert(resumedFrom > 1_000_000, `${resumedFrom}`);
  assertEquals([await Deno.readFile(path), verified], [content, "content"]);
  const both = { ...how, aesCtr: { password: "x" }, overwrite: true };
  await assertRejects(() => downloadLz4(server.url, path, both), RangeError, "exclude each other");
  const changed = sealed.slice();
  changed[1_000_000]! ^= 1;
  const damaged = downloadLz4(byteSourceFromBytes(changed), `${folder}/two`, how);
  assertEquals((await assertRejects(() => damaged, SluiceError)).code, "SEAL_MISMATCH");
  assertEquals(await Deno.stat(`${folder}/two`).catch(() => "missing"), "missing");
});
