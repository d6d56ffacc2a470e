/**
 * What a program at the edge does: it imports the small decoder and has no permission at all. The test runner runs this
 * file without `-A`.
 */
import {
  BackendUnavailableError,
  decompressZstd,
  TruncatedDataError,
  ZstdDecompressionStream,
} from "@sluice/zstd/decode";
import { assertEquals, assertThrows } from "@std/assert";

/** "sluice " three times, as `zstd -3` compresses it, with checksum. */
const FRAME = Uint8Array.fromBase64("KLUv/SQVbQAAOHNsdWljZSABAJKLEZErmkc=");
const TEXT = "sluice sluice sluice ";

Deno.test({
  name: "decompressZstd needs no permission",
  permissions: "none",
  fn: () => assertEquals(new TextDecoder().decode(decompressZstd(FRAME)), TEXT),
});

Deno.test({
  name: "ZstdDecompressionStream needs no permission",
  permissions: "none",
  fn: async () => {
    const text = ReadableStream.from([FRAME])
      .pipeThrough(new ZstdDecompressionStream())
      .pipeThrough(new TextDecoderStream());
    assertEquals((await Array.fromAsync(text)).join(""), TEXT);
  },
});

Deno.test({
  name: "the native backend is refused with an error, not with a prompt, when there is no permission for it",
  permissions: "none",
  fn: () => {
    const error = assertThrows(
      () => decompressZstd(FRAME, { backend: "native" }),
      BackendUnavailableError,
      "no FFI permission",
    );
    assertEquals(error.code, "NO_PERMISSION");
  },
});

Deno.test({
  name: "errors are the same without any permission",
  permissions: "none",
  fn: () => {
    assertThrows(() => decompressZstd(FRAME.subarray(0, 12)), TruncatedDataError);
  },
});
