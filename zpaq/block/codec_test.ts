import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { liveHandleCount } from "@sluice/ffi";
import { concatBytes, SluiceError } from "@sluice/internal";
import { testBackends } from "../../tests/_backends.ts";
import { chunks, CONTENT_KINDS, Random, splits, text } from "../../tests/_data.ts";
import { CORPORA, EXPECTED_ARCHIVES, vector, VECTORS } from "../../tests/_zpaq_data.ts";
import {
  assembleZpaq,
  compressZpaq,
  compressZpaqConfig,
  compressZpaqIterable,
  createZpaqArchive,
  decompressZpaq,
  decompressZpaqAsync,
  decompressZpaqIterable,
  disassembleZpaq,
  ZpaqCompressionStream,
  ZpaqDecompressionStream,
} from "../mod.ts";
import { ZpaqBackup } from "../backup/backup.ts";

const decoder = new TextDecoder();
const encoder = new TextEncoder();

Deno.test("a level that does not exist is refused, as a number and as a text", async () => {
  for (const method of ["6", "9", "57,1x", 6, -1]) {
    assertThrows(
      () => compressZpaq(encoder.encode("hello"), { method } as { method: string }),
      Error,
      "method",
    );
  }
  const path = await Deno.makeTempFile({ suffix: ".zpaq" });
  try {
    for (const method of ["6", 6]) {
      await assertRejects(() => ZpaqBackup.open(path, { method }), RangeError, "method");
    }
  } finally {
    await Deno.remove(path);
  }
});

for (const { name, archive, content, header } of VECTORS) {
  testBackends(`decompressZpaq reads the archive ${name}`, (backend) => {
    assertEquals(decoder.decode(decompressZpaq(archive, { backend })), content);
  });
  if (name === "stored") continue;
  testBackends(`compressZpaqConfig writes the archive ${name} again`, (backend) => {
    const hello = content.startsWith("hello");
    const segment = {
      body: encoder.encode(content),
      filename: hello ? "hello.txt" : "in.txt",
      comment: hello ? "20" : "",
    };
    const program = assembleZpaq(disassembleZpaq(header));
    assertEquals(compressZpaqConfig(program, [segment], { backend }), archive);
  });
}

testBackends("decompressZpaq gives the same at every split, in every shape", async (backend) => {
  const { archive, content } = vector("all9");
  for (const pieces of splits(archive)) {
    const output = await Array.fromAsync(decompressZpaqIterable(pieces, { backend, chunkSize: 7 }));
    assertEquals(decoder.decode(concatBytes(output)), content);
  }
  const stream = ReadableStream.from(chunks(archive, 5)).pipeThrough(
    new ZpaqDecompressionStream({ backend }),
  );
  assertEquals(await new Response(stream).text(), content);
  assertEquals(decoder.decode(await decompressZpaqAsync(archive, { backend })), content);
});

testBackends("ZpaqCompressionStream and the iterable write what the whole value writes", async (backend) => {
  const data = text(50_000);
  const options = { method: "3", blockSize: 20_000, backend };
  const whole = compressZpaq(data, options);
  const stream = ReadableStream.from(chunks(data, 777)).pipeThrough(new ZpaqCompressionStream(options));
  assertEquals(new Uint8Array(await new Response(stream).arrayBuffer()), whole);
  assertEquals(
    concatBytes(await Array.fromAsync(compressZpaqIterable(chunks(data, 20_000), options))),
    whole,
  );
  assertEquals(decompressZpaq(whole, { backend }), data);
});

testBackends("every method gives its content back, whatever that is", (backend) => {
  const methods = [
    "0",
    "1",
    "2",
    "3",
    "4",
    "5",
    "3,255,1",
    "4,100,2",
    "5,30,3",
    "1,20,2",
    "x0,4,12",
    "x0,6,8,0,3,18ci1",
    "x0,5,4,6,3,18,2",
    "x0,1,4,0,7,21,60",
    "x0,2,8,0,4,21,255",
    "x0,0c3,1010,255,1300,127m10s16t0",
  ];
  for (const method of methods) {
    for (const [kind, make] of Object.entries(CONTENT_KINDS)) {
      for (const size of [0, 1, 4, 5, 300, 20_000]) {
        const data = make(size);
        const options = { method, backend };
        assertEquals(
          decompressZpaq(compressZpaq(data, options), { backend }),
          data,
          `${method} ${kind} ${size}`,
        );
      }
    }
  }
});

testBackends("matches are looked for as far ahead as a method says", (backend) => {
  const random = new Random(9);
  const words = Array.from({ length: 40 }, () => random.bytes(5 + random.below(60)));
  const data = concatBytes(Array.from({ length: 600 }, () => words[random.below(words.length)]!));
  for (const ahead of [0, 5, 44, 47, 120, 255]) {
    const method = `x0,1,4,0,7,21,${ahead}`;
    assertEquals(decompressZpaq(compressZpaq(data, { method, backend }), { backend }), data, method);
  }
});

testBackends("known post-processors give what their programs give", (backend) => {
  const random = new Random(5);
  const data = concatBytes([text(30_000), CORPORA["exe"]!.slice(0, 30_000), random.bytes(1000)]);
  for (const type of [1, 2, 3, 4, 5, 6, 7]) {
    for (const block of [0, 5]) {
      const archive = compressZpaq(data, { method: `x${block},${type},${type & 1 ? 4 : 8},0,3,18`, backend });
      for (const plainPostprocessing of [false, true]) {
        assertEquals(decompressZpaq(archive, { backend, plainPostprocessing }), data, `${type} ${block}`);
      }
    }
  }
});

async function sha1(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-1", bytes)).toHex().slice(0, 12);
}

for (const [name, levels] of Object.entries(EXPECTED_ARCHIVES)) {
  testBackends(`createZpaqArchive writes the bytes that zpaq 7.15 writes: ${name}`, async () => {
    const body = CORPORA[name]!;
    for (const [level, expected] of levels.entries()) {
      const file = {
        name: `${name}.bin`,
        date: new Date("2019-12-31T23:59:58Z"),
        attributes: { system: "unix", mode: 0o100644 } as const,
        size: body.length,
        body,
      };
      const archive = await createZpaqArchive([file], {
        method: `${level}`,
        date: new Date("2020-01-01T00:00:00Z"),
      });
      assertEquals(`${archive.length} ${await sha1(archive)}`, expected, `level ${level}`);
    }
  });
}

/** What zpaqd 7.15 makes of the text with a model: size and SHA-1. */
const ZPAQD_BLOCKS = [
  { model: "lvl2", comment: "400000", expected: "81658 19e7cab8a051" },
  { model: "lvl3", comment: "400000", expected: "79530 e3aaf4a123f6" },
  { model: "all9", comment: "", expected: "129288 c617b4c9a45d" },
] as const;

for (const { model, comment, expected } of ZPAQD_BLOCKS) {
  testBackends(`compressZpaqConfig writes the bytes that zpaqd 7.15 writes: ${model}`, async (backend) => {
    const data = CORPORA["text"]!;
    const block = compressZpaqConfig(
      { header: vector(model).header, pcomp: undefined },
      [{ body: data, comment }],
      {
        backend,
      },
    );
    assertEquals(`${block.length} ${await sha1(block)}`, expected);
    assertEquals(decompressZpaq(block, { backend }), data);
  });
}

testBackends("a block of several segments keeps its model", (backend) => {
  const program = assembleZpaq(disassembleZpaq(vector("lvl2").header));
  const parts = [text(3000), text(3000), new Uint8Array(), text(100, 3)];
  const block = compressZpaqConfig(program, parts.map((body) => ({ body })), { backend });
  assertEquals(decompressZpaq(block, { backend }), concatBytes(parts));
});

testBackends("a stream that is cancelled frees its context", async (backend) => {
  const before = liveHandleCount();
  const { archive } = vector("lvl3");
  const stream = ReadableStream.from(chunks(archive, 50)).pipeThrough(
    new ZpaqDecompressionStream({ backend, chunkSize: 4 }),
  );
  const reader = stream.getReader();
  await reader.read();
  await reader.cancel();
  assertEquals(liveHandleCount(), before);
  await assertRejects(async () => {
    for await (const _ of decompressZpaqIterable([archive], { backend, signal: AbortSignal.abort() }));
  });
});

Deno.test("a config's model is refused above maxMemory, when compressing as when decompressing", () => {
  const program = assembleZpaq("comp 1 0 0 20 1 0 cm 20 4 hcomp halt pcomp ; a> 255 jt 1 out halt end");
  const body = new TextEncoder().encode("abracadabra");
  const refused = assertThrows(
    () => compressZpaqConfig(program, [{ body }], { maxMemory: 1 << 20 }),
    SluiceError,
  );
  assertEquals(refused.code, "MEMORY_LIMIT");
  const block = compressZpaqConfig(program, [{ body }], { maxMemory: 8 << 20 });
  assertEquals(decompressZpaq(block, { maxMemory: 8 << 20 }), body);
});
