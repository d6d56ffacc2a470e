import { assert, assertEquals, assertRejects } from "@std/assert";
import { byteSourceFromBytes, SluiceError } from "@sluice/internal";
import { compressLz4, openLz4AesCtrSource } from "../mod.ts";
import { downloadLz4 } from "./download.ts";
import type { Lz4DownloadOptions } from "./download.ts";
import { join, Random, text } from "../../tests/_data.ts";
import { testInDirectory } from "../../tests/_directory.ts";
import { objectOf, startRangeServer } from "../../tests/_range_server.ts";

const CONTENT = new Random(3).bytes(3_000_000);
const FILE = compressLz4(CONTENT, { linked: true, blockSize: 65536, contentChecksum: true });
const EVERY = { every: 300_000 };

/** Starts a download and stops it in the middle. */
async function stopped(source: string | URL, path: string, options: Lz4DownloadOptions = {}): Promise<void> {
  const controller = new AbortController();
  const onProgress = ({ bytesOut }: { bytesOut: number }): void => {
    if (bytesOut > 1_500_000) controller.abort(new Error("enough"));
  };
  const how = { ...EVERY, ...options, onProgress, signal: controller.signal };
  await assertRejects(() => downloadLz4(source, path, how), Error, "enough");
}

/** A password that is no UTF-8 and ends with a carriage return, as a line of a file. */
const PASSWORD_LINE = Uint8Array.from(
  [..."of mine"].map((letter) => letter.charCodeAt(0)).concat(0xe9, 13, 10),
);

testInDirectory(
  "downloadLz4 goes on after a stop, over connections that break, and reports progress",
  async (folder) => {
    await using server = startRangeServer(objectOf(FILE));
    const path = `${folder}/out`;
    await stopped(new URL(server.url), path);
    assertEquals([...Deno.readDirSync(folder)].map(({ name }) => name).sort(), ["out.s4ck", "out.s4part"]);
    server.breakAfter(1, 400_000, 100_000);
    let last = { bytesIn: 0, bytesOut: 0, total: 0 };
    const result = await downloadLz4(server.url, path, {
      ...EVERY,
      http: { retryDelayMs: 1 },
      onProgress: (progress) => last = progress,
    });
    assert(result.resumedFrom > 1_000_000, `${result.resumedFrom}`);
    assertEquals([result.size, result.verified], [CONTENT.length, "content"]);
    assertEquals([last.bytesOut, last.total], [CONTENT.length, FILE.length]);
    assertEquals(await Deno.readFile(path), CONTENT);
    assertEquals([...Deno.readDirSync(folder)].map(({ name }) => name), ["out"]);
    // Nothing of what was on disk is requested again.
    const first = server.ranges.at(-1)!;
    assert(Number(/\d+/.exec(first)![0]) > 1_000_000, first);
  },
);

testInDirectory("what a refused state says to do starts the download again", async (folder) => {
  await using server = startRangeServer(objectOf(FILE));
  const path = `${folder}/out`;
  const spoil = {
    SOURCE_CHANGED: () => server.serve(objectOf(FILE, '"2"')),
    TARGET_CHANGED: () => Deno.writeFile(`${path}.s4part`, new Uint8Array(10)),
  };
  for (const [code, run] of Object.entries(spoil)) {
    await stopped(server.url, path);
    await run();
    const error = await assertRejects(() => downloadLz4(server.url, path), SluiceError);
    assertEquals(error.code, code);
    const [, ...named] = /\(remove (\S+) and (\S+) to start again\)/.exec(error.message)!;
    for (const file of named) await Deno.remove(file);
    assertEquals((await downloadLz4(server.url, path)).resumedFrom, 0);
    await Deno.remove(path);
  }
});

testInDirectory(
  "downloadLz4 refuses the state of another object and content that has changed",
  async (folder) => {
    await using server = startRangeServer(objectOf(FILE));
    const path = `${folder}/out`;
    await stopped(server.url, path);
    const partial = await Deno.readFile(`${path}.s4part`);
    const codeOf = async (options: Lz4DownloadOptions = {}): Promise<string> =>
      (await assertRejects(() => downloadLz4(server.url, path, options), SluiceError)).code;
    server.serve(objectOf(FILE, '"2"'));
    assertEquals(await codeOf(), "SOURCE_CHANGED");
    const other = FILE.slice();
    other[1000]! ^= 1;
    server.serve(objectOf(other)); // the same size and validator
    assertEquals(await codeOf(), "SOURCE_CHANGED");
    server.serve(objectOf(FILE.subarray(0, FILE.length - 1)));
    assertEquals(await codeOf(), "SOURCE_CHANGED");
    server.serve(objectOf(FILE));
    const key = { key: new Uint8Array(16), iv: new Uint8Array(16) };
    assertEquals(await codeOf({ aesCtr: key }), "SOURCE_CHANGED");
    const changed = partial.slice();
    changed[5]! ^= 1;
    await Deno.writeFile(`${path}.s4part`, changed);
    assertEquals(await codeOf(), "TARGET_CHANGED");
    await Deno.writeFile(`${path}.s4part`, partial.subarray(0, 1000));
    assertEquals(await codeOf(), "TARGET_CHANGED");
    await Deno.remove(`${path}.s4part`);
    assertEquals(await codeOf(), "TARGET_CHANGED");
    const state = await Deno.readFile(`${path}.s4ck`);
    await Deno.writeTextFile(`${path}.s4ck`, "{}");
    assertEquals(await codeOf(), "STATE_INVALID");
    await Deno.writeFile(`${path}.s4ck`, state);
    await Deno.writeFile(`${path}.s4part`, partial);
    await Deno.writeTextFile(path, "precious");
    await assertRejects(() => downloadLz4(server.url, path), SluiceError, "it exists already");
    assertEquals(await Deno.readTextFile(path), "precious");
    assertEquals((await downloadLz4(server.url, path, { overwrite: true })).size, CONTENT.length);
    assertEquals(await Deno.readFile(path), CONTENT);
  },
);

testInDirectory("downloadLz4 says what it compared, and ends at damage without an output", async (folder) => {
  const path = `${folder}/out`;
  const kinds = [
    [{ contentChecksum: true }, "content"],
    [{ contentChecksum: false, blockChecksums: true }, "blocks"],
    [{ contentChecksum: false }, "nothing"],
  ] as const;
  for (const [options, verified] of kinds) {
    const file = compressLz4(text(1000), options);
    assertEquals((await downloadLz4(file, path, { overwrite: true })).verified, verified);
  }
  const mixed = join(compressLz4(text(1000)), compressLz4(text(10), { contentChecksum: false }));
  assertEquals((await downloadLz4(join(mixed, FILE), path, { overwrite: true })).verified, "some");
  await Deno.remove(path);
  await Deno.writeTextFile(`${path}.s4part`, "of somebody");
  await assertRejects(() => downloadLz4(FILE, path), SluiceError, "it exists already");
  assertEquals(await Deno.readTextFile(`${path}.s4part`), "of somebody");
  await Deno.remove(`${path}.s4part`);
  const damaged = FILE.slice();
  damaged[damaged.length - 1]! ^= 1;
  assertEquals(
    (await assertRejects(() => downloadLz4(damaged, path), SluiceError)).code,
    "CONTENT_CHECKSUM",
  );
  await assertRejects(() => Deno.stat(path), Deno.errors.NotFound);
});

const HAS_OPENSSL = await new Deno.Command("openssl", { args: ["version"] }).output()
  .then(({ success }) => success, () => false);

testInDirectory("downloadLz4 reads what openssl enc writes", { ignore: !HAS_OPENSSL }, async (folder) => {
  await Deno.writeFile(`${folder}/file.lz4`, FILE);
  await Deno.writeFile(`${folder}/password`, PASSWORD_LINE);
  const openssl = async (...args: string[]): Promise<void> => {
    const { success } = await new Deno.Command("openssl", { args, cwd: folder }).output();
    assert(success);
  };
  const files = ["-in", "file.lz4", "-out", "sealed"];
  for (const keyBits of [128, 256] as const) {
    const cipher = `-aes-${keyBits}-ctr`;
    await openssl("enc", cipher, "-pbkdf2", "-iter", "77", "-pass", "file:password", ...files);
    const aesCtr = { password: PASSWORD_LINE.subarray(0, -1), keyBits, iterations: 77 };
    const how = { aesCtr, overwrite: true };
    assertEquals((await downloadLz4(`${folder}/sealed`, `${folder}/out`, how)).verified, "content");
    assertEquals(await Deno.readFile(`${folder}/out`), CONTENT);
    // The counter runs over in its last eight bytes.
    const [key, iv] = [new Random(keyBits).bytes(keyBits / 8), new Uint8Array(16).fill(255)];
    await openssl("enc", cipher, "-K", key.toHex(), "-iv", iv.toHex(), ...files);
    await downloadLz4(`${folder}/sealed`, `${folder}/out`, { aesCtr: { key, iv }, overwrite: true });
    assertEquals(await Deno.readFile(`${folder}/out`), CONTENT);
  }
  const wrong = { aesCtr: { key: new Uint8Array(32), iv: new Uint8Array(16) }, overwrite: true };
  await assertRejects(() => downloadLz4(`${folder}/sealed`, `${folder}/other`, wrong), SluiceError);
});

Deno.test("a source that is not encrypted as it should be is refused", async () => {
  const plain = byteSourceFromBytes(new Uint8Array(100));
  const code = async (promise: Promise<unknown>): Promise<string> =>
    (await assertRejects(() => promise, SluiceError)).code;
  assertEquals(await code(openLz4AesCtrSource(plain, { password: "x" })), "BAD_MAGIC");
  assertEquals(
    await code(openLz4AesCtrSource(byteSourceFromBytes(new Uint8Array(3)), { password: "x" })),
    "BAD_MAGIC",
  );
  const [key, iv] = [new Uint8Array(16), new Uint8Array(16)];
  await assertRejects(() => openLz4AesCtrSource(plain, { key: new Uint8Array(24), iv }), RangeError);
  await assertRejects(() => openLz4AesCtrSource(plain, { key, iv: new Uint8Array(8) }), RangeError);
  await assertRejects(() => openLz4AesCtrSource(plain, { key, iv, nonce: 1 } as never), TypeError);
});
