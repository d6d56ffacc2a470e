/**
 * Packed archives: by every path that decodes them, by Debian's zpaq, damaged, and the sizes of their decoders.
 */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { liveHandleCount } from "@sluice/ffi";
import { byteSourceFromBytes, concatBytes, decodeBase64, SluiceError } from "@sluice/internal";
import { decompressZpaq, ZpaqArchive, ZpaqDecompressionStream } from "@sluice/zpaq";
import { runZpaqlPyPcomp } from "@sluice/zpaq/compiler";
import { packZpaqFiles } from "@sluice/zpaq/pack";
import type { ZpaqCodec, ZpaqPackOptions } from "@sluice/zpaq/pack";
import { compressZstd } from "@sluice/zstd";
import { blockStart, prefixOf } from "../zpaq/block/_block_encoder.ts";
import { DECODER_SIZES } from "../zpaq/block/_decoder_sizes.gen.ts";
import { ZSTD_DECODER } from "../zpaq/block/_zstd_decoder.gen.ts";
import { BLOCK_END, storedSegment } from "../zpaq/block/_stored_data.ts";
import { testBackends } from "./_backends.ts";
import { run, sluice } from "./_cli.ts";
import { CONTENT_KINDS, Random, text } from "./_data.ts";

const CODECS: readonly ZpaqCodec[] = ["lz4", "deflate", "zstd"];
/** Bytes that a decoder may take in each block. */
const SIZES_MAX = { lz4: 300, deflate: 6 << 10, zstd: 16 << 10 };
const ROUNDS = Deno.env.get("SLUICE_LONG") === "1" ? 4000 : 60;

const hasZpaq = await new Deno.Command("zpaq", { stdout: "null", stderr: "null" }).output().then(
  () => true,
  () => false,
);
if (!hasZpaq) console.log("SKIPPED: packed archives extracted by zpaq: it is not installed");

interface Content {
  readonly filename: string;
  readonly data: Uint8Array<ArrayBuffer>;
}

/** Files of every kind, one of them empty, two of them larger than a block of any codec. */
const FILES: readonly Content[] = [
  ...Object.entries(CONTENT_KINDS).map(([filename, make]) => ({ filename, data: make(70_000) })),
  { filename: "empty", data: new Uint8Array() },
  { filename: "one", data: Uint8Array.of(7) },
  { filename: "large", data: concatBytes([text(400_000, 3), new Uint8Array(300_000), text(200_000, 3)]) },
  { filename: "noise", data: new Random(5).bytes(300_000) },
];
const WHOLE = concatBytes(FILES.map(({ data }) => data));

async function pack(options: ZpaqPackOptions, files = FILES): Promise<Uint8Array<ArrayBuffer>> {
  const requests = files.map(({ filename, data }) => ({ filename, body: data, comment: `${data.length}` }));
  return concatBytes(await Array.fromAsync(packZpaqFiles(requests, options)));
}

Deno.test("decoders are as small as they should be", () => {
  for (const codec of CODECS) assert(DECODER_SIZES[codec] <= SIZES_MAX[codec], `${DECODER_SIZES[codec]}`);
});

testBackends("packed archives come back by every path", async () => {
  const before = liveHandleCount();
  for (const codec of CODECS) {
    for (const blockSize of [1, 2 ** 24]) {
      const archive = await pack({ codec, blockSize });
      for (const compilePrograms of ["auto", "always", "never"] as const) {
        assertEquals(decompressZpaq(archive, { compilePrograms }), WHOLE);
      }
      for (const plainPostprocessing of [false, true]) {
        const stream = new Blob([archive]).stream()
          .pipeThrough(new ZpaqDecompressionStream({ plainPostprocessing, chunkSize: 10_000 }));
        assertEquals(new Uint8Array(await new Response(stream).arrayBuffer()), WHOLE);
      }
    }
    const opened = await ZpaqArchive.open(byteSourceFromBytes(await pack({ codec })));
    try {
      const entries = new Map([...opened.entries()].map((entry) => [entry.name, entry]));
      assertEquals(entries.size, FILES.length);
      for (const { filename, data } of FILES) {
        const entry = entries.get(filename)!;
        assertEquals(entry.size, data.length);
        assertEquals(new Uint8Array(await new Response(entry.body).arrayBuffer()), data);
      }
    } finally {
      opened.close();
    }
  }
  assertEquals(liveHandleCount(), before);
});

testBackends("every level of zstd is within what its decoder takes", async () => {
  const data = text(300_000, 9);
  for (const level of [-5, 1, 9, 19, 22]) {
    const archive = await pack({ codec: "zstd", level }, [{ filename: "f", data }]);
    assertEquals(decompressZpaq(archive, { compilePrograms: "never" }), data);
  }
});

Deno.test("decoders do in the reference interpreter what they do compiled", async () => {
  const data = text(9000, 4);
  const source = await Deno.readTextFile(new URL("../zpaq/decoders/zstd.py", import.meta.url));
  const frame = compressZstd(data, { level: 9, contentChecksum: true });
  assertEquals(runZpaqlPyPcomp(source, [frame, frame]), [data, data]);
});

Deno.test("unknown codecs, levels and options are refused", async () => {
  await assertRejects(() => pack({ codec: "gzip" as ZpaqCodec }), TypeError, "gzip");
  await assertRejects(() => pack({ codec: "deflate", level: 9 }), RangeError, "level 9");
  await assertRejects(() => pack({ size: 1 } as ZpaqPackOptions), TypeError, "size");
});

/** A block that is whole, around a frame that need not be. */
async function blockOf(frame: Uint8Array<ArrayBuffer>, size: number): Promise<Uint8Array<ArrayBuffer>> {
  const segment = storedSegment({
    filename: "f",
    comment: `${size}`,
    prefix: prefixOf(decodeBase64(ZSTD_DECODER.pcomp)),
    data: ReadableStream.from([frame]),
    digest: () => undefined,
  });
  const start = blockStart(decodeBase64(ZSTD_DECODER.header), true);
  return concatBytes([start, ...await Array.fromAsync(segment), BLOCK_END.slice()]);
}

testBackends("packed data that ends early or makes no sense is told with its place", async () => {
  const data = text(200_000, 2);
  const frame = compressZstd(data);
  const broken = frame.slice().fill(0xff, 5000, 5200);
  for (const [packed, code] of [[frame.subarray(0, -1000), "TRUNCATED"], [broken, "CORRUPT"]] as const) {
    const block = await blockOf(packed, data.length);
    const error = await assertRejects(
      () => Array.fromAsync(new Blob([block]).stream().pipeThrough(new ZpaqDecompressionStream())),
      SluiceError,
    );
    assert(error.offset !== undefined && error.offset > 4000, error.message);
    assert(error.code.startsWith(code), error.code);
  }
});

testBackends("damaged packed archives end in a typed error or in output", async (backend) => {
  const seed = Random.seed(Date.now() & 0xffffff);
  console.log(`SEED=${seed}`);
  const random = new Random(seed);
  const files = [{ filename: "f", data: text(4000, 6) }];
  const archives = await Promise.all(
    CODECS.map((codec) => pack({ codec, contentChecksum: false, tag: false }, files)),
  );
  for (let round = 0; round < ROUNDS; round++) {
    const input = archives[round % archives.length]!.slice();
    for (let i = random.below(3); i >= 0; i--) input[random.below(input.length)] = random.next() & 255;
    const options = { backend, maxOutputSize: 1 << 18, maxMemory: 1 << 26, pcompBudget: 2 ** 20 };
    try {
      for await (
        const chunk of new Blob([input]).stream().pipeThrough(new ZpaqDecompressionStream(options))
      ) {
        assert(chunk.length > 0);
      }
    } catch (error) {
      assert(error instanceof SluiceError, `${error}`);
    }
  }
});

Deno.test({
  name: "zpaq extracts what sluice zpaq pack writes",
  ignore: !hasZpaq,
  async fn() {
    const folder = await Deno.makeTempDir();
    try {
      await Deno.mkdir(`${folder}/src/deep`, { recursive: true });
      for (const { filename, data } of FILES) await Deno.writeFile(`${folder}/src/${filename}`, data);
      await Deno.writeFile(`${folder}/src/deep/ten`, text(10_000_000, 8));
      for (const codec of CODECS) {
        const packed = await sluice(["zpaq", "pack", "--codec", codec, `${codec}.zpaq`, "src"], {
          cwd: folder,
        });
        assertEquals(packed.code, 0, packed.stderr);
        const theirs = await run("zpaq", ["x", `${codec}.zpaq`, "-to", `theirs-${codec}`], { cwd: folder });
        assertEquals(theirs.code, 0, theirs.stderr);
        const ours = await sluice(["zpaq", "x", `${codec}.zpaq`, "-to", `ours-${codec}`], { cwd: folder });
        assertEquals(ours.code, 0, ours.stderr);
        for (const side of ["theirs", "ours"]) {
          const { code, stdout } = await run("diff", ["-r", "src", `${side}-${codec}/src`], { cwd: folder });
          assertEquals([new TextDecoder().decode(stdout), code], ["", 0]);
        }
      }
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});
