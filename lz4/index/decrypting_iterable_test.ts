/**
 * Encrypted bytes as they come: the same content and the same faults as with reads at offsets, in any cut.
 */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { SluiceError } from "@sluice/internal";
import {
  byteSourceFromBytes,
  decryptLz4AesCtrIterable,
  decryptLz4AesGcmIterable,
  encryptLz4AesGcmIterable,
  openLz4AesCtrSource,
} from "../mod.ts";
import type { Lz4AesCtr } from "../mod.ts";
import { join, Random, text } from "../../tests/_data.ts";
import { encryptAsOpenssl } from "../../tests/_encrypted.ts";

const KEY = new Random(5).bytes(32);
const CHUNK = 4096;
const SEALED = CHUNK + 16;

type Bytes = Uint8Array<ArrayBuffer>;

/** The content that came, and code and offset of the error that ended it. */
async function outcome(chunks: AsyncIterable<Bytes>): Promise<{ content: Bytes; fault: string }> {
  const parts: Bytes[] = [];
  try {
    for await (const part of chunks) parts.push(part);
    return { content: join(...parts), fault: "" };
  } catch (error) {
    assert(error instanceof SluiceError, `${error}`);
    return { content: join(...parts), fault: `${error.code} ${error.offset}` };
  }
}

/** Bytes in pieces of 1 to `most`. */
function* cut(bytes: Bytes, most: number, random: Random): Generator<Bytes> {
  for (let at = 0; at < bytes.length;) yield bytes.slice(at, at += 1 + random.below(most));
}

async function encrypt(content: Bytes): Promise<Bytes> {
  return join(...await Array.fromAsync(encryptLz4AesGcmIterable(content, { key: KEY, chunkSize: CHUNK })));
}

const gcm = (sealed: Bytes | Iterable<Bytes>) => outcome(decryptLz4AesGcmIterable(sealed, { key: KEY }));

Deno.test("content of every size comes back in every cut, by both ciphers", async () => {
  const random = new Random(Random.seed(7));
  for (const size of [0, 1, 15, 16, 17, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK, 50_000]) {
    const content = random.bytes(size);
    const [sealed, salted] = [await encrypt(content), await encryptAsOpenssl(content, "secret")];
    for (const most of [1, 7, 5000, 100_000]) {
      if (most === 1 && size > CHUNK + 1) continue;
      assertEquals(await gcm(cut(sealed, most, random)), { content, fault: "" }, `gcm ${size} by ${most}`);
      const plain = outcome(decryptLz4AesCtrIterable(cut(salted, most, random), { password: "secret" }));
      assertEquals(await plain, { content, fault: "" }, `ctr ${size} by ${most}`);
    }
  }
});

Deno.test("a key and a counter give what reads at offsets give", async () => {
  const random = new Random(Random.seed(9));
  const sealed = random.bytes(20_000);
  const how = { key: random.bytes(16), iv: new Uint8Array(16).fill(255) };
  const source = await openLz4AesCtrSource(byteSourceFromBytes(sealed), how);
  const { content } = await outcome(decryptLz4AesCtrIterable(cut(sealed, 100, random), how));
  assertEquals(content, await source.read(0, sealed.length));
});

Deno.test("each changed byte and each cut of a stream is found, and only content before it is given", async () => {
  const content = text(2 * CHUNK + 50);
  const sealed = await encrypt(content);
  for (let at = 0; at < sealed.length; at += at < 40 || at > sealed.length - 40 ? 1 : 61) {
    const changed = sealed.slice();
    changed[at]! ^= 1 << at % 8;
    const found = await gcm(changed);
    const chunk = Math.max(0, Math.floor((at - 16) / SEALED));
    if (at >= 8) assertEquals(found.fault, `SEAL_MISMATCH ${16 + chunk * SEALED}`, `byte ${at}`);
    else {assert(
        /^(BAD_MAGIC|VERSION|BAD_HEADER|TRUNCATED|SEAL_MISMATCH) \d+$/.test(found.fault),
        `byte ${at}`,
      );}
    assertEquals(found.content, content.slice(0, at < 16 ? 0 : chunk * CHUNK));
  }
  for (let size = 0; size < sealed.length; size += size < 50 ? 1 : 97) {
    const { fault } = await gcm(sealed.slice(0, size));
    assert(/^(BAD_MAGIC|TRUNCATED|SEAL_MISMATCH) \d+$/.test(fault), `${size}: ${fault}`);
  }
  for (const chunks of [1, 2]) {
    const size = 16 + chunks * SEALED;
    assertEquals((await gcm(sealed.slice(0, size))).fault, `TRUNCATED ${size}`);
  }
  const salted = await encryptAsOpenssl(content, "secret");
  for (const size of [0, 7, 15]) {
    const found = await outcome(decryptLz4AesCtrIterable(salted.slice(0, size), { password: "secret" }));
    assertEquals(found.fault, "BAD_MAGIC 0");
  }
});

Deno.test("options of decrypting streams that do not fit are refused, and a signal ends them", async () => {
  const first = (options: unknown) =>
    decryptLz4AesCtrIterable(new Uint8Array(1), options as Lz4AesCtr).next();
  await assertRejects(
    () => first({ key: new Uint8Array(3), iv: new Uint8Array(16) }),
    RangeError,
    "16 or 32",
  );
  await assertRejects(
    () => first({ key: new Uint8Array(16), iv: new Uint8Array(3) }),
    RangeError,
    "expected 16",
  );
  await assertRejects(() => first({ password: "x", iv: new Uint8Array(16) }), TypeError, "iv");
  await assertRejects(() => first(undefined), TypeError);
  const signal = AbortSignal.abort(new Error("enough"));
  await assertRejects(() => first({ password: "x", signal }), Error, "enough");
  const sealed = decryptLz4AesGcmIterable(new Uint8Array(1), { key: KEY, signal });
  await assertRejects(() => sealed.next(), Error, "enough");
});
