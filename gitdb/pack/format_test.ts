import { assertEquals, assertThrows } from "@std/assert";
import { CorruptDataError } from "@sluice/internal";
import {
  decodeGitDeltaSize,
  encodeGitDeltaSize,
  encodeGitLooseHeader,
  encodeGitPackEntryHeader,
  GitObjectId,
  readGitPackEntryHeader,
} from "./format.ts";
import type { PackEntryHeader } from "./format.ts";

/** Sizes around every change of length, up to the largest exact one. */
const SIZES = [0, 1, 15, 16, 127, 128, 2047, 2048, 16511, 16512, 2113663, 2113664, 2 ** 32, 2 ** 53 - 1];

Deno.test("headers of pack entries survive a round trip, and every cut is refused", () => {
  for (const size of SIZES) {
    const headers: PackEntryHeader[] = [
      { kind: "full", type: "commit", size },
      { kind: "full", type: "tag", size },
      { kind: "ofs-delta", distance: Math.max(1, size), size },
      { kind: "ref-delta", base: GitObjectId.from("ab".repeat(20)), size },
    ];
    for (const header of headers) {
      const bytes = encodeGitPackEntryHeader(header);
      const more = new Uint8Array([...bytes, 0x78, 0x9c]);
      assertEquals(readGitPackEntryHeader(more), { ...header, length: bytes.length });
      for (let cut = 0; cut < bytes.length; cut++) {
        assertThrows(() => readGitPackEntryHeader(bytes.subarray(0, cut)), CorruptDataError);
      }
    }
  }
});

Deno.test("headers that no entry has are refused", () => {
  for (
    const bytes of [[0x00], [0x50], [0x60, 0x00], [0x60, ...Array(12).fill(0xff), 1], [
      ...Array(12).fill(0xb1),
      1,
    ]]
  ) {
    assertThrows(() => readGitPackEntryHeader(new Uint8Array(bytes)), CorruptDataError);
  }
  assertThrows(() => encodeGitPackEntryHeader({ type: "blob", size: -1 }), RangeError);
  assertThrows(() => encodeGitPackEntryHeader({ kind: "ofs-delta", distance: 0, size: 1 }), RangeError);
  assertThrows(() => encodeGitLooseHeader("file" as "blob", 1), RangeError);
});

Deno.test("sizes of deltas survive a round trip, and every cut is refused", () => {
  for (const size of SIZES) {
    const bytes = encodeGitDeltaSize(size);
    assertEquals(decodeGitDeltaSize(bytes), { size, length: bytes.length });
    for (let cut = 0; cut < bytes.length; cut++) {
      assertThrows(() => decodeGitDeltaSize(bytes.subarray(0, cut)), CorruptDataError);
    }
  }
  assertThrows(() => decodeGitDeltaSize(new Uint8Array(9).fill(0xff)), CorruptDataError);
});
