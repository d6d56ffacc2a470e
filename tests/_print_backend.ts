/**
 * Decodes five bytes and prints which backend did it, and why not the native one. With the argument "native" it insists.
 */
import { backendInfo, configureBackend } from "@sluice/ffi";
import { decompressZstd } from "@sluice/zstd/decode";

const FRAME = new Uint8Array([0x28, 0xb5, 0x2f, 0xfd, 0x20, 5, 0x2b, 0, 0, 0x7a]);
try {
  if (Deno.args[0] === "native") configureBackend("native");
  const { length } = decompressZstd(FRAME);
  const { kind, reason = "" } = backendInfo();
  console.log(`${kind}: ${length} bytes decoded ${reason}`);
} catch (error) {
  console.log(`${(error as Error).name} ${(error as { code?: string }).code}`);
}
