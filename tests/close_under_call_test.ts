/**
 * Handles that are closed, in every order, while a call off the event loop is under way: on one object, on its parent,
 * and on what it refers to. The call ends in its result or in an error, and all is freed.
 */
import { liveHandleCount } from "@sluice/ffi";
import { byteSourceFromBytes, concatBytes } from "@sluice/internal";
import { PackIndex, PackWriter } from "@sluice/gitdb";
import { assertEquals, assertRejects } from "@std/assert";
import { GitObjectStreamKernel } from "../gitdb/kernel/object_stream.ts";
import { GitJobKernel } from "../gitdb/kernel/job.ts";
import { PackEngine } from "../gitdb/pack/_pack_engine.ts";
import { addPackUnit } from "../gitdb/pack/_pack_unit.ts";
import { Lz4DecoderKernel } from "../lz4/kernel/decoder.ts";
import { Lz4EncoderKernel } from "../lz4/kernel/encoder.ts";
import { NativeFile, OPEN } from "../pdiffcopy/kernel/file.ts";
import { ZpaqDecoderKernel } from "../zpaq/kernel/decoder.ts";
import { ZpaqEncoderKernel } from "../zpaq/kernel/encoder.ts";
import { ZstdDecoderDictionary, ZstdDecoderKernel } from "../zstd/kernel/decoder.ts";
import { ZstdEncoderDictionary, ZstdEncoderKernel } from "../zstd/kernel/encoder.ts";
import { BACKENDS } from "./_backends.ts";
import { text } from "./_data.ts";

type Backend = "native" | "wasm";

/** A call that is under way, and everything that can be closed under it. */
interface UnderWay {
  readonly call: Promise<unknown>;
  readonly objects: readonly { close(): void }[];
}

interface Row {
  readonly name: string;
  readonly nativeOnly?: boolean;
  start(backend: Backend): UnderWay | Promise<UnderWay>;
}

const CONTENT = text(1_000_000);
const RAW = text(50_000);

async function gitEngine(
  backend: Backend,
): Promise<{ engine: PackEngine; pack: number; offset: number; id: Uint8Array }> {
  const writer = new PackWriter();
  for (let i = 0; i < 3; i++) await writer.add({ type: "blob", body: concatBytes([CONTENT, text(100 * i)]) });
  const { pack, index } = await writer.finish();
  const engine = new PackEngine({ algorithm: "sha1", pageBudget: 1 << 22, cacheBudget: 1 << 22, backend });
  const source = byteSourceFromBytes(pack);
  const indexSource = byteSourceFromBytes(index);
  const known = await PackIndex.open(indexSource, "sha1");
  const unit = await addPackUnit(
    engine,
    { name: "p", pack: { source }, index: { source: indexSource } } as never,
    known,
  );
  const id = (await Array.fromAsync(known.entries()))[1]!.id.bytes;
  await engine.settle(() => engine.kernel.find(id));
  return { engine, pack: unit.packNumber, offset: engine.kernel.value, id };
}

const ROWS: readonly Row[] = [
  {
    name: "zstd encoder with its dictionary",
    start(backend): UnderWay {
      const kernel = new ZstdEncoderKernel({ maxMemory: 0, backend });
      const parameters = new Int32Array([100, 12]);
      kernel.configure(parameters);
      const dictionary = new ZstdEncoderDictionary(kernel, RAW, 1, parameters);
      kernel.useDictionary(dictionary);
      return {
        call: kernel.compressAsync(CONTENT, new Uint8Array(CONTENT.length)),
        objects: [kernel, dictionary],
      };
    },
  },
  {
    name: "zstd decoder with its dictionary",
    start(backend): UnderWay {
      using encoder = new ZstdEncoderKernel({ maxMemory: 0, backend });
      encoder.configure(new Int32Array([100, 1]));
      const frame = new Uint8Array(CONTENT.length);
      encoder.compress(CONTENT, frame, 0);
      const kernel = new ZstdDecoderKernel({ maxMemory: 0, backend, parameters: new Int32Array() });
      const dictionary = new ZstdDecoderDictionary(kernel, RAW, 1);
      kernel.useDictionary(dictionary);
      const call = kernel.decompressAsync(frame, 0, encoder.produced, new Uint8Array(CONTENT.length));
      return { call, objects: [kernel, dictionary] };
    },
  },
  {
    name: "lz4 encoder",
    start(backend): UnderWay {
      const options = {
        maxMemory: 0,
        backend,
        level: 12,
        blockBytes: 65536,
        flags: 0,
        dictionary: undefined,
      };
      const kernel = new Lz4EncoderKernel(options);
      kernel.begin(4, undefined, undefined);
      const target = new Uint8Array(CONTENT.length);
      const call = kernel.stepAsync(CONTENT, 0, CONTENT.length, target, 0, target.length, 2);
      return { call, objects: [kernel] };
    },
  },
  {
    name: "lz4 decoder",
    start(backend): UnderWay {
      const kernel = new Lz4DecoderKernel({ maxMemory: 0, backend });
      kernel.begin(0, 4 << 20, new Uint8Array());
      const stored = concatBytes([new Uint8Array([0x40, 0x42, 0x0f, 0x80]), CONTENT]);
      const call = kernel.runAsync(
        stored,
        0,
        stored.length,
        new Uint8Array(CONTENT.length),
        0,
        CONTENT.length,
        0,
      );
      return { call, objects: [kernel] };
    },
  },
  {
    name: "git job with its store",
    async start(backend): Promise<UnderWay> {
      const { engine, id } = await gitEngine(backend);
      const job = new GitJobKernel(engine.kernel, { ids: id, flags: 1, threads: 2 });
      await engine.settle(() => job.planAsync(), undefined, job);
      const call = job.nextAsync(new Uint8Array(2 << 20), new Uint32Array(100));
      return { call, objects: [engine, job] };
    },
  },
  {
    name: "git object stream with its store",
    async start(backend): Promise<UnderWay> {
      const { engine, pack, offset } = await gitEngine(backend);
      const stream = new GitObjectStreamKernel(engine.kernel, pack, offset, Infinity);
      await engine.settle(() => stream.openAsync(), undefined, stream);
      const call = stream.readAsync(new Uint8Array(2 << 20), 0, 2 << 20);
      return { call, objects: [engine, stream] };
    },
  },
  {
    name: "zpaq encoder",
    start(backend): UnderWay {
      const kernel = new ZpaqEncoderKernel({ maxMemory: 0, backend });
      const call = kernel.segmentAsync(new Uint8Array(), CONTENT, new Uint32Array([0, 3, 0, 0, 0, 0, 0]));
      return { call, objects: [kernel] };
    },
  },
  {
    name: "zpaq decoder",
    start(backend): UnderWay {
      const kernel = new ZpaqDecoderKernel({ maxMemory: 0, backend });
      kernel.begin(new Uint8Array([7, 0, 0, 0, 0, 0, 0, 0, 0]), 1, 1e6, 1e6);
      kernel.segment();
      const call = kernel.runAsync(
        CONTENT,
        0,
        CONTENT.length,
        new Uint8Array(CONTENT.length),
        0,
        CONTENT.length,
        false,
      );
      return { call, objects: [kernel] };
    },
  },
  {
    name: "files that one is copied to the other",
    nativeOnly: true,
    async start(): Promise<UnderWay> {
      const folder = await Deno.makeTempDir();
      await Deno.writeFile(`${folder}/source`, CONTENT);
      const source = NativeFile.open(undefined, `${folder}/source`, 0, 0) as NativeFile;
      const flags = OPEN.WRITE | OPEN.CREATE;
      const target = NativeFile.open(undefined, `${folder}/target`, flags, 0o600) as NativeFile;
      const call = source.copyTo(target, 0, CONTENT.length, 65536, false, 2)
        .finally(() => Deno.remove(folder, { recursive: true }));
      return { call, objects: [source, target] };
    },
  },
];

/** Every order of a list. */
function orders<T>(items: readonly T[]): T[][] {
  if (items.length < 2) return [[...items]];
  return items.flatMap((item, i) => orders(items.toSpliced(i, 1)).map((rest) => [item, ...rest]));
}

let tried = 0;
for (const backend of BACKENDS) {
  for (const row of ROWS.filter(({ nativeOnly }) => !nativeOnly || backend === "native")) {
    Deno.test(`closed under a call: ${row.name} [${backend}]`, async () => {
      const before = liveHandleCount();
      const count = (await closeAll(row, backend, (objects) => objects)).length;
      for (const order of orders(Array.from({ length: count }, (_, i) => i))) {
        await closeAll(row, backend, (objects) => order.map((i) => objects[i]!));
        tried++;
      }
      assertEquals(liveHandleCount(), before);
    });
  }
}

Deno.test("closing under calls was tried in every order", () => {
  console.log(`closed under a call: ${tried} orders`);
  assertEquals(tried >= 2 * 8, true);
});

/** Starts the call, closes everything under it, and waits for its end. */
async function closeAll(
  row: Row,
  backend: Backend,
  sorted: (objects: readonly { close(): void }[]) => readonly { close(): void }[],
): Promise<readonly { close(): void }[]> {
  const { call, objects } = await row.start(backend);
  for (const object of sorted(objects)) object.close();
  for (const object of objects) object.close();
  await call.catch(() => {});
  return objects;
}

Deno.test("a closed object answers every further call with a TypeError", async () => {
  for (const backend of BACKENDS) {
    const kernel = new Lz4DecoderKernel({ maxMemory: 0, backend });
    kernel.close();
    await assertRejects(() => kernel.runAsync(RAW, 0, 1, RAW, 0, 1, 0), TypeError, "closed");
  }
});
