/**
 * Our frames read by Debian's lz4 tool and its frames read by us, and the command line on files.
 */
import { assert, assertEquals } from "@std/assert";
import { byteSourceFromBytes } from "@sluice/internal";
import {
  buildLz4Index,
  carveLz4,
  compressLz4,
  decompressLz4,
  Lz4Archive,
  readLz4FrameHeader,
} from "@sluice/lz4";
import type { Lz4CompressOptions } from "@sluice/lz4";
import { testBackends } from "./_backends.ts";
import { join, Random, text } from "./_data.ts";
import { testInDirectory } from "./_directory.ts";

const MAIN = new URL("../cli/main.ts", import.meta.url).pathname;
const CONTENT = join(text(600_000, 2), new Random(4).bytes(100_000), text(200_000, 3));
const DICTIONARY = text(30_000, 2);

async function hasLz4(): Promise<boolean> {
  try {
    return (await new Deno.Command("lz4", { args: ["--version"], stdout: "null", stderr: "null" }).output())
      .success;
  } catch {
    return false;
  }
}

const ignore = !await hasLz4();
if (ignore) console.log("SKIPPED: interop with the lz4 tool: it is not installed");

async function lz4(args: readonly string[], input?: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
  const child = new Deno.Command("lz4", { args: [...args], stdin: "piped", stdout: "piped", stderr: "piped" })
    .spawn();
  const writer = child.stdin.getWriter();
  const feeding = (async () => {
    if (input !== undefined) await writer.write(input);
    await writer.close();
  })().catch(() => {}); // a tool that fails reads no further
  const { success, stdout, stderr } = await child.output();
  await feeding;
  if (!success) throw new Error(`lz4 ${args.join(" ")} failed: ${new TextDecoder().decode(stderr)}`);
  return stdout;
}

async function sluice(
  ...args: string[]
): Promise<{ code: number; stdout: Uint8Array<ArrayBuffer>; stderr: string }> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", MAIN, "lz4", ...args],
    stdin: "null",
  }).output();
  return { code, stdout, stderr: new TextDecoder().decode(stderr) };
}

const TOOL_OPTIONS: readonly string[][] = [
  ["-1"],
  ["-3"],
  ["-9"],
  ["-12"],
  ["--fast=5"],
  ["-B4"],
  ["-B5", "-BD"],
  ["-B4", "-BD", "-9"],
  ["-BX"],
  ["--no-frame-crc"],
  ["-l"],
  ["-B7", "-BD", "-BX", "--no-frame-crc"],
];

testBackends("the lz4 tool's frames decode, with every option", async () => {
  if (ignore) return;
  const folder = await Deno.makeTempDir();
  try {
    const [plain, packed, dictionary] = ["plain", "packed.lz4", "dictionary"].map((name) =>
      `${folder}/${name}`
    );
    await Deno.writeFile(plain!, CONTENT);
    await Deno.writeFile(dictionary!, DICTIONARY);
    const frames: Uint8Array[] = [];
    for (
      const options of [...TOOL_OPTIONS, ["--content-size"], ["-D", dictionary!], [
        "-D",
        dictionary!,
        "-BD",
        "-B4",
      ]]
    ) {
      await lz4([...options, "-f", "-q", plain!, packed!]);
      const frame = await Deno.readFile(packed!);
      const withDictionary = options.includes("-D") ? { dictionary: DICTIONARY } : {};
      assertEquals(decompressLz4(frame, withDictionary), CONTENT, options.join(" "));
      if (options.includes("--content-size")) {
        assertEquals(readLz4FrameHeader(frame).contentSize, CONTENT.length);
      }
      if (!options.includes("-D")) frames.push(frame);
    }
    const skippable = Uint8Array.fromHex("5a2a4d180300000001020304".slice(0, 22));
    const all = join(...frames.flatMap((frame) => [frame, skippable]));
    assertEquals(decompressLz4(all).length, CONTENT.length * frames.length);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

testBackends("the lz4 tool decodes our frames, with every option", async () => {
  if (ignore) return;
  const folder = await Deno.makeTempDir();
  try {
    const dictionary = `${folder}/dictionary`;
    await Deno.writeFile(dictionary, DICTIONARY);
    const sets: readonly Lz4CompressOptions[] = [
      ...[1, 3, 9, 12, -7, 2].map((level) => ({ level })),
      { blockSize: 65536, linked: true },
      { blockSize: 65536, linked: true, level: 12, blockChecksums: true },
      { blockSize: 5, linked: true, level: 9 },
      { blockSize: 3333, blockChecksums: true, contentChecksum: false },
      { contentSize: "none", contentChecksum: false },
      { format: "legacy" },
      { format: "legacy", level: 9 },
      { frameSize: 100_000 },
      { linked: true, threads: 2, level: 11, favorDecompressionSpeed: true },
    ];
    for (const options of sets) {
      assertEquals(await lz4(["-d", "-c"], compressLz4(CONTENT, options)), CONTENT, JSON.stringify(options));
    }
    for (
      const options of [{ linked: true, blockSize: 65536 }, { blockSize: 65536 }, { dictId: 7, level: 9 }]
    ) {
      const frame = compressLz4(CONTENT, { ...options, dictionary: DICTIONARY });
      assertEquals(await lz4(["-d", "-c", "-D", dictionary], frame), CONTENT, JSON.stringify(options));
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

testBackends("a thousand random ranges and carved parts are those of the original", async (backend) => {
  const random = new Random(Random.seed(1000));
  const count = backend === "native" ? 1000 : 200;
  for (const linked of [false, true]) {
    const file = compressLz4(CONTENT, { linked, blockSize: 65536 });
    const source = byteSourceFromBytes(file);
    const index = await buildLz4Index(source, { spacing: 65536 });
    using archive = new Lz4Archive(source, index);
    for (let i = 0; i < count; i++) {
      const start = random.below(CONTENT.length);
      const end = Math.min(CONTENT.length, start + random.below(20_000));
      assertEquals(await archive.read(start, end - start), CONTENT.slice(start, end));
      if (ignore || i % 100 !== 0) continue;
      const piece = (await index.pieces(start, end))[0];
      if (piece === undefined) continue;
      const decoded = await lz4(["-d", "-c"], await carveLz4(source, index, start, end));
      assertEquals(
        decoded.slice(piece.drop, piece.drop + end - start),
        CONTENT.slice(start, end),
      );
    }
  }
});

testInDirectory("sluice lz4 works on files as the tool does, and the tool on its output", async (folder) => {
  const plain = `${folder}/plain`;
  await Deno.writeFile(plain, CONTENT);
  for (
    const options of [[], ["-9", "-B4D"], ["-l"], ["-B5", "-BX", "--content-size"], ["-T2", "-BD"], [
      "--fast=3",
    ]]
  ) {
    const made = await sluice(...options, "-f", plain, `${plain}.lz4`);
    assertEquals(made.code, 0, made.stderr);
    if (!ignore) assertEquals(await lz4(["-dc", `${plain}.lz4`]), CONTENT, options.join(" "));
  }
  assertEquals((await sluice("-t", `${plain}.lz4`)).code, 0);
  assertEquals((await sluice(`${plain}.lz4`, plain)).code, 1); // exists
  assertEquals((await sluice("-d", "-f", `${plain}.lz4`, `${plain}.copy`)).code, 0);
  assertEquals(await Deno.readFile(`${plain}.copy`), CONTENT);
  assertEquals((await sluice("-dc", `${plain}.lz4`)).stdout, CONTENT);
  assertEquals((await sluice("-m", "--rm", "-f", `${plain}.copy`)).code, 0);
  assert(!(await exists(`${plain}.copy`)) && await exists(`${plain}.copy.lz4`));
  await Deno.writeFile(`${folder}/broken.lz4`, (await Deno.readFile(`${plain}.lz4`)).subarray(0, 5000));
  const broken = await sluice("-d", "-f", `${folder}/broken.lz4`, `${folder}/broken`);
  assertEquals(broken.code, 68);
  assert(broken.stderr.includes("TRUNCATED"), broken.stderr);
  assert(!await exists(`${folder}/broken`));
  assertEquals((await sluice("--no-such-option")).code, 1);
});

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}

testInDirectory("sluice lz4 index, cat, carve, splits, info, recover and resume", async (folder) => {
  for (const linked of [false, true]) {
    const file = `${folder}/${linked}.lz4`;
    await Deno.writeFile(file, compressLz4(CONTENT, { linked, blockSize: 65536 }));
    assertEquals((await sluice("index", "--spacing=65536", ...linked ? ["--embed"] : [], file)).code, 0);
    if (!ignore) assertEquals(await lz4(["-dc", file]), CONTENT);
    for (const [start, end] of [[0, 10], [123_456, 323_456], [899_999, 900_000]] as const) {
      const { code, stdout, stderr } = await sluice("cat", `--range=${start}-${end}`, file);
      assertEquals(code, 0, stderr);
      assertEquals(stdout, CONTENT.slice(start, end));
    }
    const carved = await sluice("carve", "-f", "--range=200000-210000", "-o", `${folder}/part.lz4`, file);
    assertEquals(carved.code, 0, carved.stderr);
    const skip = Number(/starts (\d+) bytes/.exec(carved.stderr)![1]);
    const part = decompressLz4(await Deno.readFile(`${folder}/part.lz4`));
    assertEquals(part.slice(skip, skip + 10_000), CONTENT.slice(200_000, 210_000));
    for (
      const [start, end] of [[0, 10], [65_536, 131_072], [200_000, 210_000], [550_000, 900_000]] as const
    ) {
      const made = await sluice("carve", "-f", `--range=${start}-${end}`, "-o", `${folder}/tool.lz4`, file);
      assertEquals(made.code, 0, made.stderr);
      if (ignore) continue;
      const drop = Number(/starts (\d+) bytes/.exec(made.stderr)?.[1] ?? 0);
      const decoded = await lz4(["-dc", `${folder}/tool.lz4`]);
      assertEquals(
        decoded.slice(drop, drop + end - start),
        CONTENT.slice(start, end),
        `${linked} ${start}`,
      );
    }
    const splits = (await sluice("splits", "--count=4", file)).stdout;
    assert(new TextDecoder().decode(splits).trim().split("\n").length >= 3);
    assert(new TextDecoder().decode((await sluice("info", file)).stdout).includes('"blockCount":14'));
    if (linked) assertEquals((await sluice("index", "--strip", file)).code, 0);
    const resumed = await sluice("resume", "-f", file, "-o", `${folder}/out`);
    assertEquals(resumed.code, 0);
    assert(resumed.stderr.includes("content checksum verified"), resumed.stderr);
    assertEquals(await Deno.readFile(`${folder}/out`), CONTENT);
  }
  const damaged = compressLz4(CONTENT, { blockSize: 65536, blockChecksums: true });
  damaged[100_000]! ^= 1;
  await Deno.writeFile(`${folder}/damaged.lz4`, damaged);
  const saved = await sluice("recover", "--zero", "-o", `${folder}/saved`, `${folder}/damaged.lz4`);
  assertEquals(saved.code, 1);
  assert(saved.stderr.includes("BLOCK_CHECKSUM"), saved.stderr);
  const content = await Deno.readFile(`${folder}/saved`);
  assertEquals(content.length, CONTENT.length);
  assertEquals(content.filter((byte, i) => byte !== CONTENT[i]).length <= 65536, true);
});

Deno.test("lz4 --fast=0 is refused, as by the tool", async () => {
  const file = Deno.makeTempFileSync();
  try {
    const { code, stdout, stderr } = await sluice("--fast=0", "-c", file);
    assertEquals(stdout.length, 0);
    assert(code !== 0 && stderr.includes("--fast"), stderr);
  } finally {
    Deno.removeSync(file);
  }
});

Deno.test({
  name: "our frames of every kind, joined, decode whole with the lz4 tool",
  ignore,
  async fn() {
    const frames: Uint8Array[] = [];
    const contents: Uint8Array[] = [];
    const add = (frame: Uint8Array, content: Uint8Array) => void (frames.push(frame), contents.push(content));
    for (const linked of [false, true]) {
      for (const [i, blockSize] of [4, 5, 7, 333].entries()) {
        for (
          const [contentChecksum, blockChecksums] of [[false, false], [true, false], [true, true]] as const
        ) {
          const content = CONTENT.subarray(i * 1000, 1000 + 70_000 * i);
          add(compressLz4(content, { linked, blockSize, contentChecksum, blockChecksums }), content);
        }
        const legacy = CONTENT.subarray(0, 5000 * (i + 1));
        add(compressLz4(legacy, { format: "legacy" }), legacy);
        add(compressLz4(new Uint8Array(), { contentSize: i % 2 === 0 ? "auto" : "none" }), new Uint8Array());
        add(new Uint8Array([0x50 + i, 0x2a, 0x4d, 0x18, 2, 0, 0, 0, 9, 9]), new Uint8Array());
      }
    }
    assertEquals(await lz4(["-dc"], join(...frames)), join(...contents));
    assertEquals(decompressLz4(join(...frames)), join(...contents));
  },
});
