/**
 * Random and damaged input for everything that outside bytes reach. A million cases with SLUICE_LONG=1, a few thousand
 * otherwise.
 */
import { assert } from "@std/assert";
import { byteSourceFromBytes, SluiceError } from "@sluice/internal";
import { testBackends } from "../../tests/_backends.ts";
import { Random } from "../../tests/_data.ts";
import { inDirectory, testInDirectory } from "../../tests/_directory.ts";
import { newTable } from "../file/_block_file.ts";
import { wholeFrames } from "../copy/_frame_reader.ts";
import { makeEnd, makeFrame, makeRun } from "../file/_frames.ts";
import { hashOf } from "../file/_hash_registry.ts";
import { openFile } from "../file/_files.ts";
import { parseQuery, Refusal } from "../server/_server_request.ts";
import { HashLines } from "./_v1_lines.ts";
import {
  buildPdiffIndex,
  createPdiffHandler,
  parsePdiffLocation,
  parsePdiffSize,
  PdiffIndex,
} from "../mod.ts";

const CASES = Deno.env.get("SLUICE_LONG") === "1" ? 1_000_000 : 3000;
const SEED = Random.seed(20_260_321);

function expectTyped(error: unknown, what: string): void {
  const typed = error instanceof SluiceError || error instanceof RangeError || error instanceof Refusal;
  assert(typed, `SEED=${SEED} ${what}: ${error instanceof Error ? error.stack : error}`);
}

/** Text of pieces that mean something to the parsers, and of some that do not. */
function textOf(random: Random, pieces: readonly string[]): string {
  let text = "";
  for (let count = random.below(8); count > 0; count--) {
    text += random.below(4) === 0
      ? String.fromCharCode(random.below(0x250))
      : pieces[random.below(pieces.length)];
  }
  return text;
}

/** A copy with some bytes changed, removed or added. */
function damaged(bytes: Uint8Array, random: Random): Uint8Array<ArrayBuffer> {
  const copy = [...bytes];
  for (let count = 1 + random.below(4); count > 0 && copy.length > 0; count--) {
    const at = random.below(copy.length);
    const kind = random.below(5);
    if (kind === 0) copy.splice(at, random.below(20));
    else if (kind === 1) copy.splice(at, 0, random.below(256));
    else if (kind === 2) copy[at] = [0, 1, 127, 128, 255][random.below(5)]!;
    else copy[at] = random.below(256);
  }
  return new Uint8Array(copy);
}

Deno.test("fuzz: sizes, locations, queries and lines of hashes are read or refused", () => {
  const random = new Random(SEED);
  const pieces = [
    "1",
    "9007199254740993",
    ".",
    "5",
    " ",
    "K",
    "MiB",
    "b",
    "http://",
    "file://",
    "[::1]",
    ":",
    "/",
    "%2F",
    "%ff",
    "..",
    "a",
    "=",
    "&",
    "+",
    "\t",
    "\n",
    "0",
    "512",
    "ab".repeat(20),
    "@",
    "?",
    "#",
  ];
  for (let i = 0; i < CASES; i++) {
    const text = textOf(random, pieces);
    for (
      const parse of [
        parsePdiffSize,
        (text: string) => parsePdiffLocation(text).expression.length,
        (text: string) => parseQuery(`?${text}`).size,
      ]
    ) {
      try {
        assert(parse(text) >= 0);
      } catch (error) {
        expectTyped(error, JSON.stringify(text));
      }
    }
    try {
      const lines = new HashLines(newTable(5000, 512, hashOf("sha1")), 5000);
      lines.push(text);
      lines.push(textOf(random, pieces));
      lines.finish();
    } catch (error) {
      expectTyped(error, JSON.stringify(text));
    }
  }
});

testBackends("fuzz: damaged frames are taken or refused by files", async () => {
  await inDirectory(async (directory) => {
    const random = new Random(SEED);
    const hash = hashOf("xxh3-128");
    const size = 20 * 512 + 100;
    const content = random.bytes(size);
    for (let at = 0; at < size; at += 4096) content.fill(0, at, at + 1024);
    await Deno.writeFile(`${directory}/a`, content);
    await Deno.writeFile(`${directory}/b`, random.bytes(size));
    using source = openFile(`${directory}/a`);
    using target = openFile(`${directory}/b`, { write: true });
    const buffer = new Uint8Array(64 << 10);
    const { produced } = await source.compare(0, size, 0, newTable(size, 512, hash), buffer);
    const frames = buffer.slice(0, produced);
    for (let i = 0; i < CASES / 10; i++) {
      const table = newTable(size, 512, hash);
      try {
        const { next, consumed } = await target.apply(0, size, true, table, damaged(frames, random));
        assert(next <= size && consumed <= frames.length + 4);
      } catch (error) {
        expectTyped(error, `case ${i}`);
      }
      const found = target.status().size;
      assert(found <= size, `SEED=${SEED} case ${i}: the file has ${found} bytes`);
    }
  });
});

Deno.test("fuzz: damaged streams of frames end or are refused", async () => {
  const random = new Random(SEED);
  const parts = [
    makeRun(6, 0, 512),
    makeFrame(2, 512, random.bytes(528)),
    makeRun(4, 1024, 512),
    makeEnd(1536, { bytes: 9, digest: random.bytes(32) }),
  ];
  const stream = new Uint8Array(parts.flatMap((part) => [...part]));
  for (let i = 0; i < CASES / 10; i++) {
    const bytes = damaged(stream, random);
    const body = new Blob([bytes]).stream();
    try {
      for await (const chunk of wholeFrames(body, 1024, () => {}, { end: undefined })) {
        assert(chunk.length <= bytes.length);
      }
    } catch (error) {
      expectTyped(error, `case ${i}`);
    }
  }
});

testBackends("fuzz: damaged indexes are refused", async () => {
  const random = new Random(SEED);
  const blocks = await buildPdiffIndex(byteSourceFromBytes(random.bytes(9000)), { blockSize: 4096 });
  const chunks = await buildPdiffIndex(byteSourceFromBytes(random.bytes(9000)), {
    kind: "chunks",
    blockSize: 4096,
  });
  const zsync = new TextEncoder().encode(
    "zsync: 0.6.2\nBlocksize: 512\nLength: 1000\nHash-Lengths: 1,2,3\nURL: f\n\n0123456789",
  );
  const caibx = new Uint8Array(64 + 40 + 40);
  caibx[0] = 48;
  for (let i = 0; i < CASES; i++) {
    try {
      PdiffIndex.parse(damaged([blocks, chunks, zsync, caibx][i % 4]!, random));
    } catch (error) {
      expectTyped(error, `case ${i}`);
    }
  }
});

testInDirectory("fuzz: a server answers whatever it is asked", async (root) => {
  await Deno.writeFile(`${root}/f`, new Uint8Array(5000));
  using handler = createPdiffHandler({ root, writable: true, durable: false });
  const random = new Random(SEED);
  const paths = [
    "/info",
    "/hashes",
    "/blocks",
    "/resize",
    "/v2/stat",
    "/v2/delta",
    "/v2/signature",
    "/v2/sessions",
    "/v2/file",
    "/v2/blocks",
    "/v2/search",
    "/v2/caps",
    "/other",
  ];
  const names = [
    "filename",
    "path",
    "offset",
    "size",
    "block_size",
    "block",
    "hash",
    "method",
    "from",
    "to",
    "seed",
    "codec",
    "own",
    "tail",
    "last",
    "concurrency",
  ];
  const values = [
    "f",
    "%2Ff",
    "none",
    "0",
    "512",
    "5000",
    "-1",
    "99999999999999999",
    "sha1",
    "xxh3",
    "zstd",
    "..",
    "",
    "0123456789abcdef",
    "%00",
    "a/../../b",
  ];
  for (let i = 0; i < CASES / 10; i++) {
    const query = Array.from(
      { length: random.below(6) },
      () => `${names[random.below(names.length)]}=${values[random.below(values.length)]}`,
    );
    const method = ["GET", "POST", "PUT", "HEAD", "DELETE", "OPTIONS"][random.below(6)]!;
    const url = `http://127.0.0.1${paths[random.below(paths.length)]}?${query.join("&")}`;
    const body = method === "GET" || method === "HEAD" ? null : random.bytes(random.below(600));
    const response = await handler(new Request(url, { method, body }));
    await response.arrayBuffer().catch(() => {});
    assert(response.status !== 500, `SEED=${SEED} ${method} ${url}`);
  }
});
