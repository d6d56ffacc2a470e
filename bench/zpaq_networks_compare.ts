/**
 * Networks of components that were compiled for their headers against the kernel's loops, on both backends: CPU seconds of
 * decoding, compiled code's own threads among them. Modules are kept from one round to the next.
 */
import { backendInfo } from "@sluice/ffi";
import { assembleZpaq, compressZpaq, compressZpaqConfig, decompressZpaq } from "@sluice/zpaq";
import type { ZpaqProgram } from "@sluice/zpaq";
import { VECTORS } from "../tests/_zpaq_data.ts";
import { cpuOf, zpaqCpu } from "./_zpaq_cpu.ts";
import { smallCorpus } from "./corpus.ts";
import { measure, OwnTime, ratio, table } from "./_measure.ts";
import type { Contender } from "./_measure.ts";
import type { CompareOptions } from "./zstd_compare.ts";

const SIZES = { full: 4 << 20, quick: 1 << 20, smoke: 50_000 } as const;
const ROUNDS = { full: 3, quick: 3, smoke: 1 } as const;
const ORDER_2 = "comp 1 0 0 0 1 0 icm 16 hcomp *d<>a a=*d hashd halt end";
/** Hashes the last 64 bytes, one after the other. */
const LOOP =
  "comp 3 8 0 0 2 0 icm 14 1 isse 14 0 hcomp c-- *c=a b=c d=0 a=0 *d=0 a= 64 r=a 1 do a=*b hashd b++ a=r 1 a-- r=a 1 " +
  "a> 0 while d= 1 a=*c *d=a halt end";
const RECORD_SIZE = 24;

type Bytes = Uint8Array<ArrayBuffer>;

/** Records of a counter, of content and of zeros: level 5 finds their size. */
function records(content: Uint8Array): Bytes {
  const bytes = new Uint8Array(content.length);
  for (let i = 0; i < bytes.length; i++) {
    const field = i % RECORD_SIZE;
    const number = Math.trunc(i / RECORD_SIZE);
    bytes[i] = field < 4 ? number >> 8 * field : field < 12 ? content[i]! : 0;
  }
  return bytes;
}

/** Blocks of models of all sizes. */
function blocks(content: Bytes): [name: string, block: Bytes][] {
  const segment = { body: content, filename: "content", comment: `${content.length}` };
  const config = (model: Pick<ZpaqProgram, "header" | "pcomp">): Bytes =>
    compressZpaqConfig(model, [segment]);
  const vector = (name: string): Bytes =>
    config({ header: VECTORS.find((vector) => vector.name === name)!.header, pcomp: undefined });
  const level = (method: string, data: Bytes): Bytes => compressZpaq(data, { method, filename: "content" });
  return [
    ["order 2 (1 component)", config(assembleZpaq(ORDER_2))],
    ["HCOMP with a loop (2)", config(assembleZpaq(LOOP))],
    ["mid.cfg (8)", vector("lvl2")],
    ["max.cfg (22)", vector("lvl3")],
    ["-m3, unrolled (2)", level("3", content)],
    ["-m4, unrolled (8)", level("4", content)],
    ["-m5, unrolled (21)", level("5", content)],
    ["-m5 on records", level("5", records(content))],
  ];
}

/** Decoding by one backend, as CPU time; undefined where it is not to be had. */
function contender(block: Bytes, backend: "native" | "wasm", compilePrograms: "never" | "always"): Contender {
  return async () =>
    new OwnTime(
      await cpuOf(() => {
        decompressZpaq(block, { backend, compilePrograms });
        return Promise.resolve();
      }),
    );
}

function seconds(ms: number | undefined): string {
  return ms === undefined ? "-" : (ms / 1000).toFixed(2);
}

/** Prints the table. */
export async function compareZpaqNetworks({ size }: CompareOptions): Promise<void> {
  const content = await smallCorpus(SIZES[size]);
  const native = backendInfo().kind === "native";
  const cwd = await Deno.makeTempDir();
  const rows: string[][] = [];
  try {
    for (const [name, block] of blocks(content)) {
      await Deno.writeFile(`${cwd}/block.zpaq`, block);
      const peer = await zpaqCpu(cwd, "x", "block.zpaq", "-test", "-t1");
      const ms = await measure({
        native: native ? contender(block, "native", "never") : undefined,
        nativeCompiled: native ? contender(block, "native", "always") : undefined,
        wasm: contender(block, "wasm", "never"),
        wasmCompiled: contender(block, "wasm", "always"),
        peer: peer === undefined
          ? undefined
          : async () => new OwnTime((await zpaqCpu(cwd, "x", "block.zpaq", "-test", "-t1"))!),
      }, ROUNDS[size]);
      rows.push([
        name,
        seconds(ms["peer"]),
        seconds(ms["native"]),
        seconds(ms["nativeCompiled"]),
        ratio(ms["native"], ms["nativeCompiled"]),
        seconds(ms["wasm"]),
        seconds(ms["wasmCompiled"]),
        ratio(ms["wasm"], ms["wasmCompiled"]),
        ratio(ms["peer"], ms["wasmCompiled"]),
      ]);
    }
  } finally {
    await Deno.remove(cwd, { recursive: true });
  }
  console.log(`\nzpaq networks: decoding ${content.length} bytes, CPU seconds; peer is Debian's zpaq 7.15\n`);
  console.log(table(
    [
      ...["model", "the tool", "native", "native, compiled", "native, gain"],
      ...["WASM", "WASM, compiled", "WASM, gain", "tool / compiled"],
    ],
    rows,
  ));
}

if (import.meta.main) {
  await compareZpaqNetworks({
    size: Deno.args.includes("--smoke") ? "smoke" : Deno.args.includes("--quick") ? "quick" : "full",
  });
}
