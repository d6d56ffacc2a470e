import { assertEquals, assertThrows } from "@std/assert";
import { attributeBytes, ATTRIBUTES_SIZE_MAX, parseAttributes, withoutSecondHash } from "./_attributes.ts";
import type { ZpaqUnixAttributes } from "./_attributes.ts";

const FULL: ZpaqUnixAttributes = {
  system: "unix",
  mode: 0o100644,
  nanoseconds: 123456789,
  uid: 4294967294,
  gid: 0,
  link: "to/ä\udcff",
  hardLink: "other",
  secondHash: "0123456789abcdef".repeat(4),
  extended: { "user.a": Uint8Array.of(0, 1, 0), "user.empty": new Uint8Array() },
};

Deno.test("attributes: what is written is read", () => {
  const parsed = parseAttributes(attributeBytes(FULL)) as ZpaqUnixAttributes;
  assertEquals({ ...parsed, extended: { ...parsed.extended } }, { ...FULL, extended: { ...FULL.extended } });
  for (const mode of [0, 0o104755, 0o177777]) {
    assertEquals([...attributeBytes({ system: "unix", mode })], [0x75, mode & 255, mode >> 8]);
  }
  const { secondHash } = FULL;
  for (const some of [{}, { nanoseconds: 5 }, { uid: 1, gid: 2 }, { hardLink: "x" }, FULL]) {
    const base: ZpaqUnixAttributes = { mode: 0o100644, ...some, system: "unix", secondHash: undefined };
    const bytes = attributeBytes({ ...base, secondHash });
    assertEquals((parseAttributes(bytes) as ZpaqUnixAttributes).secondHash, secondHash);
    assertEquals(withoutSecondHash(bytes), attributeBytes(base));
    assertEquals(withoutSecondHash(attributeBytes(base)), attributeBytes(base));
  }
  for (const wrong of ["", "0".repeat(63), "g".repeat(64), 5 as unknown as string]) {
    assertThrows(
      () => attributeBytes({ system: "unix", mode: 0, secondHash: wrong }),
      RangeError,
      "64 hexadecimal",
    );
  }
});

Deno.test("attributes: zpaq reads eight bytes, in which there is the mode alone", () => {
  assertEquals([...attributeBytes(FULL).subarray(0, 8)], [0x75, 0xa4, 0x81, 0, 0, 0, 0, 0]);
});

Deno.test("attributes: bytes that others write, are cut or lie are passed over", () => {
  const bytes = attributeBytes(FULL);
  for (let size = 3; size < bytes.length; size++) {
    assertEquals(parseAttributes(bytes.subarray(0, size))!.system, "unix");
  }
  const foreign = bytes.slice();
  foreign[8] = 0;
  assertEquals(parseAttributes(foreign), { system: "unix", mode: 0o100644 });
  assertEquals(parseAttributes(Uint8Array.of(1, 2, 3)), undefined);
  const proto = attributeBytes({ system: "unix", mode: 0, extended: JSON.parse('{"__proto__":[]}') });
  assertEquals(Object.keys((parseAttributes(proto) as ZpaqUnixAttributes).extended!), ["__proto__"]);
});

Deno.test("attributes: no more are written than zpaq reads", () => {
  const withSize = (size: number): ZpaqUnixAttributes => ({
    system: "unix",
    mode: 0,
    extended: { a: new Uint8Array(size), b: new Uint8Array(30000) },
  });
  assertEquals(attributeBytes(withSize(ATTRIBUTES_SIZE_MAX - 30022)).length, ATTRIBUTES_SIZE_MAX);
  assertThrows(() => attributeBytes(withSize(ATTRIBUTES_SIZE_MAX - 30021)), RangeError, "at most 65535");
});
