/**
 * Zstd files as file objects, over everything that can be opened.
 */
import { compressZstd, decompressZstd } from "@sluice/zstd";
import { openZstd } from "@sluice/zstd/file";
import type { ZstdReadableFile } from "@sluice/zstd/file";
import { buildZstdIndex, compressZstdSeekable, ZstdSeekableReader } from "@sluice/zstd/seekable";
import { byteSourceFromBytes, SluiceError, UnsupportedFeatureError } from "@sluice/internal";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { BACKENDS } from "../../tests/_backends.ts";
import { join, Random, text } from "../../tests/_data.ts";
import { testInDirectory } from "../../tests/_directory.ts";

const CONTENT = text(400_000);
const encode = (value: string) => new TextEncoder().encode(value);

for (const backend of BACKENDS) {
  testInDirectory(`content is read, passed over and read again at random [${backend}]`, async (directory) => {
    const plain = join(compressZstd(CONTENT.subarray(0, 150_000)), compressZstd(CONTENT.subarray(150_000)));
    const seekable = compressZstdSeekable(CONTENT, { frameSize: 30_000 });
    await Deno.writeFile(`${directory}/plain.zst`, plain);
    const index = await buildZstdIndex(plain);
    const opened: [ZstdReadableFile, boolean][] = [
      [await openZstd(plain, "r", { backend }), false],
      [await openZstd(`${directory}/plain.zst`, "r", { backend }), false],
      [await openZstd(new URL(`file://${directory}/plain.zst`), "r", { backend }), false],
      [await openZstd(new Blob([seekable]), "r", { backend }), true],
      [await openZstd(byteSourceFromBytes(seekable), "r", { backend }), true],
      [await openZstd(plain, "r", { backend, index }), true],
    ];
    const random = new Random(3);
    for (const [file, isSeekable] of opened) {
      assertEquals([file.seekable, file.size], [isSeekable, isSeekable ? CONTENT.length : undefined]);
      for (let at = 0; at < 390_000;) {
        const length = random.below(20_000);
        assertEquals(await file.read(length), CONTENT.slice(at, at + length));
        at = Math.min(at + length + random.below(9000), 400_000);
        await file.seek(at);
        assertEquals(file.position, at);
      }
      if (isSeekable) {
        for (let n = 0; n < 20; n++) {
          const at = random.below(400_001);
          await file.seek(at);
          assertEquals(await file.read(5000), CONTENT.slice(at, at + 5000));
        }
        await assertRejects(() => file.seek(400_001), RangeError);
      } else {
        await assertRejects(() => file.seek(5), UnsupportedFeatureError, "no index");
        await assertRejects(() => file.seek(400_001), RangeError, "400000");
      }
      await file.seek(400_000);
      assertEquals(await file.read(10), new Uint8Array());
      await file.close();
      await file.close();
      await assertRejects(() => file.read(1), TypeError, "closed");
    }
  });
}

Deno.test("lines leave the position where the next one starts", async () => {
  const lines = Array.from({ length: 5000 }, (_, n) => `${n} ${"ä".repeat(n % 90)}`);
  const content = lines.map((line, n) => line + (n % 3 === 0 ? "\r\n" : "\n")).join("") + "no end";
  for (
    const bytes of [compressZstd(encode(content)), compressZstdSeekable(encode(content), { frameSize: 1000 })]
  ) {
    await using file = await openZstd(bytes);
    const found: string[] = [];
    while (found.length < 4000) {
      for await (const line of file.lines()) {
        found.push(line);
        if (found.length % 7 === 0) break;
      }
    }
    assertEquals(file.position, encode(content.split("\n").slice(0, found.length).join("\n")).length + 1);
    found.push(...await Array.fromAsync(file.lines()));
    assertEquals(found, [...lines, "no end"]);
  }
  await using long = await openZstd(compressZstd(new Uint8Array(1_000_000).fill(65)));
  assertEquals((await Array.fromAsync(long.lines())).map(({ length }) => length), [1_000_000]);
});

Deno.test("bytes become text of the encoding that is asked for", async () => {
  const latin = compressZstd(Uint8Array.of(0xe4, 0x0a, 0xf6));
  await using file = await openZstd(latin, "r", { encoding: "iso-8859-1" });
  assertEquals(await file.text(), "ä\nö");
  await assertRejects(() => openZstd(latin, "r", { encoding: "utf-16le" }), RangeError, "wide newlines");
  await assertRejects(() => openZstd(latin, "r", { encoding: "none" }), RangeError);
  await assertRejects(() => openZstd(latin, "r", { level: 3 } as never), TypeError, "level");
  await assertRejects(() => openZstd(latin, "a" as never), RangeError, "mode");
});

Deno.test("a fault comes after what came before it, and again at the next read", async () => {
  const frame = compressZstd(CONTENT);
  await using file = await openZstd(frame.subarray(0, frame.length - 10));
  assertEquals(await file.read(131_072), CONTENT.slice(0, 131_072));
  await assertRejects(() => file.text(), SluiceError, "ends");
});

testInDirectory(
  "files are written to paths and streams, in one frame or as seekable ones",
  async (directory) => {
    const path = `${directory}/file.zst`;
    for (const [mode, frameSize] of [["x", undefined], ["w", 50_000]] as const) {
      const file = await openZstd(path, mode, { level: 1, frameSize });
      for (let at = 0; at < CONTENT.length; at += 7001) {
        assertEquals(await file.write(CONTENT.subarray(at, at + 7001)), Math.min(7001, CONTENT.length - at));
      }
      assertEquals(await file.write("ü"), 2);
      const before = (await Deno.stat(path)).size;
      await file.flush();
      assert((await Deno.stat(path)).size > before);
      await file.close();
      await file.close();
      assertEquals(file.bytesIn, CONTENT.length + 2);
      const bytes = await Deno.readFile(path);
      assertEquals(file.bytesOut, bytes.length);
      assertEquals(decompressZstd(bytes), join(CONTENT, encode("ü")));
      if (frameSize !== undefined) assert((await ZstdSeekableReader.open(path)).frameCount >= 9);
      await assertRejects(() => file.write("more"), TypeError, "closed");
    }
    await assertRejects(() => openZstd(path, "x"), SluiceError, "exists already");
    await assertRejects(() => openZstd(path, "w", { level: 99 }), RangeError, "level");
    assert((await Deno.stat(path)).size > 1000);
    const { readable, writable } = new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>();
    const collected = new Response(readable).bytes();
    await using file = await openZstd(writable, "w");
    await file.write("to a stream");
    await file.close();
    assertEquals(decompressZstd(await collected), encode("to a stream"));
    await assertRejects(() => openZstd(new TransformStream().writable, "x"), TypeError, "no name");
  },
);

for (const backend of BACKENDS) {
  Deno.test(`calls that overlap come one after another [${backend}]`, async () => {
    const content = encode("0123456789");
    for (const bytes of [compressZstd(content), compressZstdSeekable(content, { frameSize: 2 })]) {
      await using file = await openZstd(bytes, "r", { backend });
      const parts = await Promise.all([file.read(3), file.read(3), file.read(9)]);
      assertEquals(parts, [encode("012"), encode("345"), encode("6789")]);
      assertEquals([file.position, await file.read(9)], [10, new Uint8Array()]);
    }
    const lines = compressZstd(encode("a\nb\ncd\nrest of it"));
    await using file = await openZstd(lines, "r", { backend });
    const [first, , second, text] = await Promise.all([
      file.lines().next(),
      file.seek(4),
      file.lines().next(),
      file.text(),
    ]);
    assertEquals([first.value, second.value, text], ["a", "cd", "rest of it"]);
    const closed = await openZstd(lines, "r", { backend });
    const late = assertRejects(() => closed.read(3), TypeError, "closed");
    await closed.close();
    await late;
  });

  Deno.test(`a fault is not the end at the next read [${backend}]`, async () => {
    const frame = compressZstd(CONTENT);
    await using file = await openZstd(frame.subarray(0, frame.length - 10), "r", { backend });
    for (let n = 0; n < 3; n++) await assertRejects(() => file.text(), SluiceError, "ends");
  });

  Deno.test(`a sink that fails is heard of [${backend}]`, async () => {
    const bytes = new Random(1).bytes(60_000);
    const full = new RangeError("full");
    const failing = () =>
      new WritableStream({
        write() {
          throw full;
        },
      });
    for (const frameSize of [undefined, 20_000]) {
      const file = await openZstd(failing(), "w", { backend, frameSize });
      await file.write(bytes.subarray(0, 10));
      assertEquals(await assertRejects(() => file.flush()), full);
      assertEquals(await assertRejects(() => file.write(bytes)), full);
      assertEquals(await assertRejects(() => file.flush()), full);
      assertEquals(await assertRejects(() => file.close()), full);
      await file.close();
      const many = await openZstd(failing(), "w", { backend, frameSize });
      const error = await assertRejects(async () => {
        for (let n = 0; n < 100; n++) await many.write(bytes);
      });
      assertEquals(error, full);
      assertEquals(await assertRejects(() => many.close()), full);
      const short = await openZstd(failing(), "w", { backend, frameSize });
      await short.write(bytes.subarray(0, 10));
      assertEquals(await assertRejects(() => short.close()), full);
    }
  });

  Deno.test({
    name: `a full disk is heard of [${backend}]`,
    ignore: Deno.build.os !== "linux",
    async fn() {
      const file = await openZstd("/dev/full", "w", { backend });
      await file.write("some");
      await assertRejects(() => file.flush(), Error, "No space left");
      await assertRejects(() => file.write("more"), Error, "No space left");
      await assertRejects(() => file.close(), Error, "No space left");
      await file.close();
    },
  });

  testInDirectory(
    `a pipe is read from the start on [${backend}]`,
    { ignore: Deno.build.os === "windows" },
    async (directory) => {
      const path = `${directory}/pipe`;
      await new Deno.Command("mkfifo", { args: [path] }).output();
      const bytes = compressZstdSeekable(CONTENT, { frameSize: 50_000 });
      const writing = Deno.writeFile(path, bytes, { create: false });
      const file = await openZstd(path, "r", { backend });
      assertEquals([file.seekable, file.size], [false, undefined]);
      await file.seek(100_000);
      assertEquals(await file.read(500_000), CONTENT.slice(100_000));
      await writing;
      await file.close();
      await file.close();
      const index = await buildZstdIndex(bytes);
      const error = await assertRejects(() => openZstd(path, "r", { backend, index }), SluiceError);
      assertEquals(error.code, "IO");
    },
  );
}

Deno.test({
  name: "a file that does not tell its size is read from the start on",
  ignore: Deno.build.os !== "linux",
  async fn() {
    await using file = await openZstd("/proc/self/status");
    await assertRejects(() => file.read(1), SluiceError, "frame");
    await using empty = await openZstd("/dev/null");
    await assertRejects(() => empty.read(1), SluiceError);
  },
});

Deno.test("what can not be written to is refused before anything", async () => {
  const { writable } = new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>();
  writable.getWriter();
  await assertRejects(() => openZstd(writable, "w"), TypeError, "locked");
  await assertRejects(() => openZstd(writable, "a" as never), RangeError, "mode");
});
