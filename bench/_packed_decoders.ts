/**
 * The decoders of packed archives: their sizes, and what they execute for a byte of content. Not a script of its own.
 */
import { assembleZpaq, ZpaqMachine } from "@sluice/zpaq";
import { compileZpaqlPy } from "@sluice/zpaq/compiler";
import { compressLz4 } from "@sluice/lz4";
import { compressZstd } from "@sluice/zstd";
import { ROOT } from "../_tools/zig.ts";

/** What was measured of one decoder. */
export interface DecoderFigures {
  readonly codec: string;
  readonly size: number;
  readonly steps: number;
  readonly compileTime: number;
}

async function deflate(data: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  const stream = new Blob([data]).stream().pipeThrough(new CompressionStream("deflate-raw"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** What each decoder takes for some content. */
export async function decoderInputs(
  data: Uint8Array<ArrayBuffer>,
): Promise<Readonly<Record<"lz4" | "deflate" | "zstd", Uint8Array<ArrayBuffer>>>> {
  return {
    lz4: compressLz4(data, { level: 9, contentSize: "none", contentChecksum: false }),
    deflate: await deflate(data),
    zstd: compressZstd(data, { level: 19 }),
  };
}

/** The source of a decoder. */
export function decoderSource(codec: string): Promise<string> {
  return Deno.readTextFile(new URL(`zpaq/decoders/${codec}.py`, ROOT));
}

/** Runs each decoder on compressed text and compares what comes out. */
export async function measureDecoders(data: Uint8Array<ArrayBuffer>): Promise<DecoderFigures[]> {
  const figures: DecoderFigures[] = [];
  for (const [codec, frame] of Object.entries(await decoderInputs(data))) {
    const source = await decoderSource(codec);
    const start = performance.now();
    const { program } = compileZpaqlPy(source);
    const compileTime = performance.now() - start;
    const { header, pcomp } = assembleZpaq(program!.config);
    const machine = new ZpaqMachine(pcomp!, { h: header[4]!, m: header[5]!, budget: 2 ** 31 });
    for (const byte of [...frame, 2 ** 32 - 1]) machine.call(byte);
    const given = Uint8Array.from(machine.output);
    if (given.length !== data.length || given.some((byte, i) => byte !== data[i])) {
      throw new Error(`Cannot trust the decoder of ${codec}: its output differs`);
    }
    figures.push({ codec, size: pcomp!.length, steps: machine.steps, compileTime });
  }
  return figures;
}
