/**
 * Loaded before every test module: opens the native library once per codec, outside of any test, because it stays open
 * until the process ends and the resource sanitizer would blame whichever test came first. One line a codec.
 */
import { PackWriter } from "@sluice/gitdb";
import { compressLz4, decompressLz4 } from "@sluice/lz4";
import { hashPdiffBlocks, readPdiffFileInfo } from "@sluice/pdiffcopy";
import { byteSourceFromBytes } from "@sluice/internal";
import { compressZpaq, decompressZpaq } from "@sluice/zpaq";
import { compressZstd, decompressZstd } from "@sluice/zstd";
import { hasNativeTree, rawFactsOf } from "../zpaq/kernel/tree.ts";

decompressZstd(compressZstd(new Uint8Array()));
decompressLz4(compressLz4(new Uint8Array()));
await hashPdiffBlocks(byteSourceFromBytes(new Uint8Array(1))).next();
readPdiffFileInfo(import.meta.filename!);
const writer = new PackWriter();
await writer.add({ type: "blob", body: "" });
await writer.finish();
decompressZpaq(compressZpaq(new Uint8Array()));
if (hasNativeTree()) rawFactsOf(new Uint8Array([0x2e]));
