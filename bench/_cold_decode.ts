/**
 * Run in a fresh process without permissions: decodes the frame on standard input for the first time and prints the
 * milliseconds from the first use of the decoder, which decodes and compiles its module, to the last byte.
 */
import { decompressZstd } from "@sluice/zstd/decode";

const frame = await new Response(Deno.stdin.readable).bytes();
const start = performance.now();
const { length } = decompressZstd(frame);
const elapsed = performance.now() - start;
if (length !== 1 << 20) throw new Error(`Cannot measure: ${length} bytes were decoded`);
console.log(elapsed.toFixed(2));
