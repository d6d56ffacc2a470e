/**
 * Every stream and every function that takes a body, with chunks of every kind that JavaScript has for bytes, and with
 * what is no bytes: the answer is that of plain bytes, or a TypeError. It prints its counts.
 */
import { configureBackend } from "@sluice/ffi";
import {
  applyGitDelta,
  GitDatabase,
  GitDeltaProgram,
  GitHashStream,
  GitLooseObjectDecoderStream,
  GitLooseObjectEncoderStream,
  GitMemoryStore,
  indexGitPack,
  makeGitDelta,
  PackWriter,
} from "@sluice/gitdb";
import { compressLz4, Lz4CompressionStream, Lz4DecompressionStream } from "@sluice/lz4";
import { PdiffBlockHashStream, PdiffBlockSplitterStream } from "@sluice/pdiffcopy";
import {
  compressZpaq,
  createZpaqArchive,
  ZpaqCompressionStream,
  ZpaqDecompressionStream,
} from "@sluice/zpaq";
import { compileZpaqlPy, ZpaqlPyContextStream, ZpaqlPyPcompStream } from "@sluice/zpaq/compiler";
import { compressZstd, ZstdCompressionStream, ZstdDecompressionStream } from "@sluice/zstd";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { run } from "./_cli.ts";
import { text } from "./_data.ts";
import { inDirectory } from "./_directory.ts";

type Chunk = unknown;

/** Forms of the same bytes, whose count divides by eight. */
const FORMS: Readonly<Record<string, (bytes: Uint8Array<ArrayBuffer>) => Chunk>> = {
  Uint8Array: (bytes) => bytes,
  Buffer: (bytes) => bytes.subarray(),
  "view in a larger buffer": (bytes) => {
    const larger = new Uint8Array(bytes.length + 32);
    larger.set(bytes, 16);
    return larger.subarray(16, 16 + bytes.length);
  },
  ArrayBuffer: (bytes) => bytes.slice().buffer,
  DataView: (bytes) => new DataView(bytes.slice().buffer),
  Uint16Array: (bytes) => new Uint16Array(bytes.slice().buffer),
  Float64Array: (bytes) => new Float64Array(bytes.slice().buffer),
  Uint8ClampedArray: (bytes) => new Uint8ClampedArray(bytes.slice().buffer),
};

/** What is no bytes. */
const OTHERS: readonly Chunk[] = ["text", null, undefined, 7, {}, [1, 2], new Date(0)];

const BODY = text(8000);
const PROGRAM = compileZpaqlPy(`
hh = hm = ph = pm = 0
n = len({0: "cm 9 4"})
pcomp_invocation = "x"
def hcomp(c):
  hH[0] = hH[0] * 2 + c
def pcomp(c):
  if c != NONE:
    out(c)
`).program!;

/** A block whose size divides by eight. */
const BLOCK = ((): Uint8Array<ArrayBuffer> => {
  for (let size = 8000;; size++) {
    const block = compressZpaq(text(size));
    if (block.length % 8 === 0) return block;
  }
})();

const JSON_OF = (value: unknown): string =>
  JSON.stringify(value, (_key, part) => ArrayBuffer.isView(part) ? [...new Uint8Array(part.buffer)] : part);

/** A pipe from chunks through a stream to what comes out. */
async function piped(
  chunks: readonly Chunk[],
  stream: ReadableWritablePair<unknown, never>,
): Promise<string> {
  const parts = await Array.fromAsync(ReadableStream.from(chunks as never[]).pipeThrough(stream));
  return parts.every((part) => part instanceof Uint8Array)
    ? new Uint8Array(await new Blob(parts as Uint8Array<ArrayBuffer>[]).arrayBuffer()).toHex()
    : JSON_OF(parts);
}

type Taker = (chunks: readonly Chunk[]) => Promise<string>;

const through = (make: () => unknown): Taker => (chunks) =>
  piped(chunks, make() as ReadableWritablePair<unknown, never>);

/** Everything that takes chunks, with the bytes that it is to be given. */
const TAKERS: Readonly<Record<string, { bytes: Uint8Array<ArrayBuffer>; take: Taker }>> = {
  ZstdCompressionStream: { bytes: BODY, take: through(() => new ZstdCompressionStream()) },
  ZstdDecompressionStream: {
    bytes: padded(compressZstd(BODY)),
    take: through(() => new ZstdDecompressionStream({ trailing: "ignore" })),
  },
  Lz4CompressionStream: { bytes: BODY, take: through(() => new Lz4CompressionStream()) },
  Lz4DecompressionStream: {
    bytes: padded(compressLz4(BODY)),
    take: through(() => new Lz4DecompressionStream({ trailing: "ignore" })),
  },
  ZpaqCompressionStream: { bytes: BODY, take: through(() => new ZpaqCompressionStream()) },
  ZpaqDecompressionStream: {
    bytes: BLOCK,
    take: through(() => new ZpaqDecompressionStream()),
  },
  ZpaqlPyPcompStream: { bytes: BODY, take: through(() => new ZpaqlPyPcompStream(PROGRAM)) },
  ZpaqlPyContextStream: { bytes: BODY.slice(0, 64), take: through(() => new ZpaqlPyContextStream(PROGRAM)) },
  PdiffBlockHashStream: { bytes: BODY, take: through(() => new PdiffBlockHashStream({ blockSize: 512 })) },
  PdiffBlockSplitterStream: { bytes: BODY, take: through(() => new PdiffBlockSplitterStream(512)) },
  GitHashStream: {
    bytes: BODY,
    async take(chunks) {
      const stream = new GitHashStream("sha1");
      const body = await piped(chunks, stream as ReadableWritablePair<unknown, never>);
      return body + (await stream.digest).toHex();
    },
  },
  "GitLooseObjectEncoderStream to GitLooseObjectDecoderStream": {
    bytes: BODY,
    async take(chunks) {
      const encoded = await piped(chunks, new GitLooseObjectEncoderStream("blob", BODY.length) as never);
      return await piped([Uint8Array.fromHex(encoded).buffer], new GitLooseObjectDecoderStream() as never);
    },
  },
  "PackWriter.add": {
    bytes: BODY,
    take: async (chunks) =>
      String(await new PackWriter().add({ type: "blob", body: ReadableStream.from(chunks) as never })),
  },
  "GitMemoryStore.write": {
    bytes: BODY,
    take: async (chunks) =>
      String(await new GitMemoryStore().write({ type: "blob", body: ReadableStream.from(chunks) as never })),
  },
  "GitDatabase.write with a size": {
    bytes: BODY,
    async take(chunks) {
      let id = "";
      await inDirectory(async (folder) => {
        await run("git", ["init", "-q", "--bare", folder]);
        await using database = await GitDatabase.open(folder);
        const body = ReadableStream.from(chunks) as never;
        id = String(await database.write({ type: "blob", body, size: BODY.length }));
      });
      return id;
    },
  },
  indexGitPack: {
    bytes: await packOf8(),
    async take(chunks) {
      let id = "";
      await inDirectory(async (folder) => {
        id = JSON_OF((await indexGitPack(folder, ReadableStream.from(chunks) as never)).name);
      });
      return id;
    },
  },
  createZpaqArchive: {
    bytes: BODY,
    take: async (chunks) => {
      const file = { name: "a", body: ReadableStream.from(chunks) as never };
      return (await createZpaqArchive([file], { date: new Date(0) })).toHex();
    },
  },
};

/** Bytes with zeros after them, so that their count divides by eight. */
function padded(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(Math.ceil(bytes.length / 8) * 8 + 8);
  whole.set(bytes);
  return whole;
}

/** A pack whose size divides by eight. */
async function packOf8(): Promise<Uint8Array<ArrayBuffer>> {
  for (let size = 100;; size++) {
    const writer = new PackWriter();
    await writer.add({ type: "blob", body: text(size) });
    const { pack } = await writer.finish();
    if (pack.length % 8 === 0) return new Uint8Array(pack);
  }
}

for (const backend of ["native", "wasm"] as const) {
  Deno.test(`every stream takes every form of bytes, and nothing else [${backend}]`, async () => {
    configureBackend(backend);
    let count = 0;
    try {
      for (const [name, { bytes, take }] of Object.entries(TAKERS)) {
        const expected = await take([bytes]);
        for (const [form, of] of Object.entries(FORMS)) {
          const half = bytes.length / 16 | 0;
          const chunks = [bytes.slice(0, half * 8), bytes.slice(half * 8)].map(of);
          assertEquals(await take(chunks), expected, `${name}: ${form}`);
          count++;
        }
        for (const other of OTHERS) {
          const error = await take([other]).then(() => undefined, (reason) => reason);
          assert(error instanceof TypeError, `${name} of ${String(other)}: ${error}`);
          assert(!/FFI|undefined \(|is not a function/.test(error.message), `${name}: ${error.message}`);
          count++;
        }
      }
    } finally {
      configureBackend("auto");
    }
    console.log(`chunks: ${Object.keys(TAKERS).length} takers, ${count} cases [${backend}], 0 failed`);
  });
}

Deno.test("deltas take every form of bytes", () => {
  const base = text(8000, 1);
  const target = text(8000, 2);
  const delta = makeGitDelta(base, target, 1e6)!;
  for (const [form, of] of Object.entries(FORMS)) {
    const [baseForm, targetForm] = [of(base), of(target)] as BufferSource[];
    assertEquals(makeGitDelta(baseForm!, targetForm!, 1e6), delta, form);
    assertEquals(applyGitDelta(baseForm!, new DataView(delta.buffer)), target, form);
    using program = GitDeltaProgram.compose([delta.buffer]);
    assertEquals(program.apply(baseForm!), target, form);
  }
  for (const other of OTHERS) {
    assertThrows(() => makeGitDelta(base, other as Uint8Array), TypeError);
    assertThrows(() => applyGitDelta(other as Uint8Array, delta), TypeError);
  }
});
