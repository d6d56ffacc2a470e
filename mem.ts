import { decompressZstd } from "/tmp/wt/files/zstd/decode.ts";
try {
  decompressZstd(Deno.readFileSync("bomb.zst"));
} catch (e) {
  console.log((e as Error).name, (e as { code?: string }).code);
}
