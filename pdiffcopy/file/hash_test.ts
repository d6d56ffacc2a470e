import { assert, assertEquals, assertThrows } from "@std/assert";
import { createHash, getHashes } from "node:crypto";
import { byteSourceFromBytes, UnsupportedFeatureError } from "@sluice/internal";
import { testBackends } from "../../tests/_backends.ts";
import { chunks, Random } from "../../tests/_data.ts";
import { hashPdiffBlocks, PdiffBlockHashStream, PdiffBlockSplitterStream, pdiffHashNames } from "../mod.ts";

/** Digests of "abc" that the platform does not know to make. */
const ABC: Readonly<Record<string, string>> = {
  "blake3": "6437b3ac38465133ffb63b75273a8db548c558465d79db03fd359c6cd5bd9d85",
  "xxh3-128": "06b05ab6733a618578af5f94892f3950",
  "xxh64": "44bc2cf5ad770999",
  "md4": "a448017aaf21d8525fc10ae87aa6729d",
  "ripemd160": "8eb208f7e05d987a9b044a8e98c6b087f15a0bfc",
  "sm3": "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0",
  "md5-sha1": "900150983cd24fb0d6963f7d28e17f72a9993e364706816aba3e25717850c26c9cd0d89d",
};
/** What Node calls a hash where that differs. */
const NODE_NAMES: Readonly<Record<string, string>> = {
  sha512_224: "sha512-224",
  sha512_256: "sha512-256",
  sha3_224: "sha3-224",
  sha3_256: "sha3-256",
  sha3_384: "sha3-384",
  sha3_512: "sha3-512",
  blake2b: "blake2b512",
  blake2s: "blake2s256",
};

async function digests(data: Uint8Array, hash: string, blockSize: number): Promise<string[]> {
  const found = await Array.fromAsync(hashPdiffBlocks(byteSourceFromBytes(data), { hash, blockSize }));
  return found.map(({ offset, digest }) => `${offset} ${digest.toHex()}`);
}

for (const name of pdiffHashNames()) {
  testBackends(`hashPdiffBlocks makes the digests of ${name}`, async () => {
    const nodeName = NODE_NAMES[name] ?? name;
    const data = new Random(5).bytes(3000);
    if (ABC[name] !== undefined) {
      assertEquals(await digests(new TextEncoder().encode("abc"), name, 512), [`0 ${ABC[name]}`]);
    } else {
      assert(getHashes().includes(nodeName), `${name} has nothing to be compared with`);
      const expected = chunks(data, 1000).map((block, index) =>
        `${index * 1000} ${createHash(nodeName).update(block).digest("hex")}`
      );
      assertEquals(await digests(data, name, 1000), expected);
    }
    for (const size of [1, 7, 512, 1023, 3000]) {
      const stream = ReadableStream.from(chunks(data, size)).pipeThrough(
        new PdiffBlockHashStream({ hash: name, blockSize: 1000 }),
      );
      const found = (await Array.fromAsync(stream)).map(({ offset, digest }) =>
        `${offset} ${digest.toHex()}`
      );
      assertEquals(found, await digests(data, name, 1000));
    }
  });
}

Deno.test("hash names are known in every spelling", async () => {
  const abc = new TextEncoder().encode("abc");
  for (
    const [first, second] of [["SHA1", "sha1"], ["sha512-256", "sha512_256"], ["SHA3/256", "sha3_256"], [
      "rmd160",
      "ripemd160",
    ]]
  ) {
    assertEquals(await digests(abc, first!, 512), await digests(abc, second!, 512));
  }
  for (const name of ["shake_128", "whirlpool", "nonsense", ""]) {
    assertThrows(() => hashPdiffBlocks(byteSourceFromBytes(abc), { hash: name }), UnsupportedFeatureError);
  }
});

Deno.test("BlockSplitterStream cuts bytes the same however they come", async () => {
  const data = new Random(6).bytes(2500);
  for (const size of [1, 3, 512, 600, 2500]) {
    const blocks = ReadableStream.from(chunks(data, size)).pipeThrough(new PdiffBlockSplitterStream(512));
    assertEquals(await Array.fromAsync(blocks), chunks(data, 512));
  }
});

Deno.test("PdiffBlockHashStream lets its hash go when it is cancelled", async () => {
  const stream = ReadableStream.from([new Uint8Array(100)]).pipeThrough(new PdiffBlockHashStream());
  const reader = stream.getReader();
  const read = reader.read().catch(() => {});
  await reader.cancel("enough");
  await read;
});
