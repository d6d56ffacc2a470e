/**
 * Networks compiled to WebAssembly: every cut of the input, blocks of several segments, hosts that forbid compilation.
 */
import { assertEquals } from "@std/assert";
import { liveHandleCount } from "@sluice/ffi";
import { concatBytes } from "@sluice/internal";
import { crc32 } from "node:zlib";
import { testBackends } from "../../tests/_backends.ts";
import { chunks, splits, text } from "../../tests/_data.ts";
import { CORPORA, vector, VECTORS } from "../../tests/_zpaq_data.ts";
import { compilesNetwork } from "../block/_compilation.ts";
import { predictorTables, TABLE } from "../zpaql/_predictor_tables.ts";
import {
  assembleZpaq,
  compressZpaq,
  compressZpaqAsync,
  compressZpaqConfig,
  decompressZpaq,
  decompressZpaqAsync,
  decompressZpaqIterable,
  disassembleZpaq,
  readZpaqHeader,
  ZpaqDecompressionStream,
} from "../mod.ts";

const decoder = new TextDecoder();
const compilePrograms = "always";

/** Runs work with another constructor in the namespace of WebAssembly. */
function withConstructor<K extends "Module" | "Memory">(
  name: K,
  constructor: typeof WebAssembly[K],
  work: () => void,
): void {
  const original = WebAssembly[name];
  WebAssembly[name] = constructor;
  try {
    work();
  } finally {
    WebAssembly[name] = original;
  }
}

Deno.test("the predictor's tables are those of the format", () => {
  const image = predictorTables()!;
  const checks = [
    [TABLE.SQUASH, 8192, 0x6e9b2eb1],
    [TABLE.STRETCH, 65536, 0x1181f1fc],
    [TABLE.RATES, 4096, 0x7c02006a],
    [TABLE.START, 1024, 0x93d2a954],
  ] as const;
  for (const [at, size, expected] of checks) assertEquals(crc32(image.subarray(at, at + size)), expected);
  const next = (
    state: number,
  ): number[] => [...image.subarray(TABLE.NEXT + 2 * state, TABLE.NEXT + 2 * state + 2)];
  assertEquals([0, 1, 2, 3, 4, 5, 8, 30, 93, 200, 254].map(next), [
    [1, 2],
    [3, 5],
    [4, 6],
    [7, 9],
    [8, 11],
    [8, 11],
    [14, 17],
    [40, 42],
    [112, 77],
    [86, 202],
    [86, 254],
  ]);
});

for (const { name, archive, content } of VECTORS) {
  testBackends(`a compiled network reads the archive ${name}, at every split`, async (backend) => {
    assertEquals(decoder.decode(decompressZpaq(archive, { backend, compilePrograms })), content);
    for (const pieces of splits(archive)) {
      const output = decompressZpaqIterable(pieces, { backend, compilePrograms, chunkSize: 7 });
      assertEquals(decoder.decode(concatBytes(await Array.fromAsync(output))), content);
    }
    const stream = ReadableStream.from(chunks(archive, 5)).pipeThrough(
      new ZpaqDecompressionStream({ backend, compilePrograms }),
    );
    assertEquals(await new Response(stream).text(), content);
  });
}

testBackends("a compiled network writes what the kernel's loops write", async (backend) => {
  const data = concatBytes([text(90_000), CORPORA["exe"]!.slice(0, 60_000)]);
  for (const method of ["3", "4", "x0,0ci1,2am", "x0,6,8,0,3,18ci1"]) {
    const block = compressZpaq(data, { method, backend, compilePrograms: "never" });
    assertEquals(compressZpaq(data, { method, backend, compilePrograms }), block, method);
    assertEquals(await compressZpaqAsync(data, { method, backend, compilePrograms }), block, method);
    assertEquals(decompressZpaq(block, { backend, compilePrograms }), data, method);
    assertEquals(await decompressZpaqAsync(block, { backend, compilePrograms }), data, method);
  }
  const { header } = vector("all9");
  const segments = [text(3000), new Uint8Array(), data.subarray(0, 70_000)].map((body) => ({ body }));
  const config = { header, pcomp: undefined };
  assertEquals(
    compressZpaqConfig(config, segments, { backend, compilePrograms }),
    compressZpaqConfig(config, segments, { backend, compilePrograms: "never" }),
  );
});

testBackends(
  "a compiled network keeps its state over segments, before programs as well",
  async (backend) => {
    const model = disassembleZpaq(vector("all9").header);
    const pcomp = "pcomp ; a> 255 if a=0 out halt endif a^= 85 out halt end";
    const source = model.replace(/end\s*$/, pcomp);
    const program = assembleZpaq(source);
    const segments = [text(5000), new Uint8Array(), CORPORA["exe"]!.slice(0, 5000), text(20)].map((
      content,
    ) => ({
      preprocessed: content.map((byte) => byte ^ 85),
      body: concatBytes([content, Uint8Array.of(0)]),
    }));
    const block = compressZpaqConfig(program, segments, { backend });
    const wanted = concatBytes(segments.map(({ body }) => body));
    for (const pieces of [[block], chunks(block, 1000), chunks(block, 37)]) {
      for (const plainPostprocessing of [false, true]) {
        const options = { backend, compilePrograms, plainPostprocessing, chunkSize: 999 } as const;
        const output = await Array.fromAsync(decompressZpaqIterable(pieces, options));
        assertEquals(concatBytes(output), wanted);
      }
    }
  },
);

testBackends("where compilation is forbidden the kernel's loops do it", (backend) => {
  // A model of its own: no module is kept from before.
  const size = backend === "native" ? 3 : 4;
  const source = `comp 1 0 0 0 2 0 cm 11 7 1 isse ${size} 0 hcomp *d<>a a=*d hashd halt end`;
  const program = assembleZpaq(source);
  const data = text(3000);
  decompressZpaq(vector("cm").archive, { backend, compilePrograms: "never" });
  const block = compressZpaqConfig(program, [{ body: data }], { backend });
  let refused = 0;
  class Forbidden {
    constructor() {
      refused++;
      throw new WebAssembly.CompileError("forbidden");
    }
  }
  withConstructor("Module", Forbidden as unknown as typeof WebAssembly.Module, () => {
    assertEquals(decompressZpaq(block, { backend, compilePrograms }), data);
  });
  assertEquals(refused, 1);
});

testBackends("where a network's memory is not to be had the kernel's loops do it", (backend) => {
  const { archive, content } = vector("lvl2");
  class Short {
    constructor() {
      throw new RangeError("no memory");
    }
  }
  withConstructor("Memory", Short as unknown as typeof WebAssembly.Memory, () => {
    assertEquals(decoder.decode(decompressZpaq(archive, { backend, compilePrograms })), content);
  });
});

Deno.test("networks are compiled where that gains", () => {
  const straight = readZpaqHeader(vector("lvl2").header);
  const looping = readZpaqHeader(
    assembleZpaq("comp 0 0 0 0 1 0 cm 9 4 hcomp a= 9 do a-- a> 0 while halt end").header,
  );
  const KIB = 1024;
  const cases = [
    [straight, "wasm", undefined, false],
    [straight, "wasm", 255 * KIB, false],
    [straight, "wasm", 256 * KIB, true],
    [straight, "native", 1 << 30, false],
    [looping, "native", 63 * KIB, false],
    [looping, "native", 64 * KIB, true],
    [looping, "wasm", 64 * KIB, true],
  ] as const;
  for (const [header, backend, size, expected] of cases) {
    assertEquals(compilesNetwork("auto", header, size, backend), expected, `${backend} ${size}`);
    assertEquals(compilesNetwork("never", header, size, backend), false);
    assertEquals(compilesNetwork("always", header, size, backend), true);
  }
  assertEquals(compilesNetwork("always", { ...straight, components: [] }, 0, "wasm"), false);
});

testBackends("a model of very many components is left to the kernel", (backend) => {
  const components = Array.from(
    { length: 100 },
    (_, i) => i === 0 ? "0 cm 9 4" : `${i} sse 2 ${i - 1} 8 255`,
  );
  const program = assembleZpaq(`comp 0 0 0 0 100 ${components.join(" ")} hcomp halt end`);
  const data = text(500);
  const block = compressZpaqConfig(program, [{ body: data }], { backend, compilePrograms });
  assertEquals(decompressZpaq(block, { backend, compilePrograms }), data);
});

testBackends("blocks of one kind share one memory, and what was in it does not show", (backend) => {
  const before = liveHandleCount();
  const { header } = vector("lvl2");
  const parts = [text(4000), CORPORA["exe"]!.slice(0, 4000), text(4000, 2)];
  const blocks = parts.map((data) =>
    compressZpaqConfig({ header, pcomp: undefined }, [{ body: data }], { backend })
  );
  let made = 0;
  class Counted extends WebAssembly.Memory {
    constructor(descriptor: WebAssembly.MemoryDescriptor) {
      super(descriptor);
      made++;
    }
  }
  withConstructor("Memory", Counted, () => {
    const output = decompressZpaq(concatBytes(blocks), { backend, compilePrograms });
    assertEquals(output, concatBytes(parts));
  });
  assertEquals(made, 1);
  assertEquals(liveHandleCount(), before);
});
