import { assert, assertEquals } from "@std/assert";
import { compressLz4, decompressLz4, readLz4FrameHeader } from "@sluice/lz4";
import { join, Random, text } from "../../tests/_data.ts";
import { run as runProgram, sluice, sluiceArguments } from "../../tests/_cli.ts";
import { testInDirectory } from "../../tests/_directory.ts";
import { run } from "./main.ts";

const CONTENT = join(text(600_000, 2), new Random(4).bytes(100_000), text(300_000, 3));

Deno.test("sluice lz4 cat gives a thousand random ranges of linked and independent files", async () => {
  const folder = await Deno.makeTempDir();
  const [file, output] = [`${folder}/file.lz4`, `${folder}/range`];
  try {
    const random = new Random(Random.seed(21));
    for (const linked of [false, true]) {
      await Deno.writeFile(file, compressLz4(CONTENT, { linked, blockSize: 65536 }));
      assertEquals(await run(["index", "--spacing=65536", file]), 0);
      for (let i = 0; i < 1000; i++) {
        const start = random.below(CONTENT.length);
        const end = Math.min(CONTENT.length, start + random.below(30_000));
        assertEquals(await run(["cat", "-f", `--range=${start}-${end}`, "-o", output, file]), 0);
        assertEquals(await Deno.readFile(output), CONTENT.slice(start, end), `${linked} ${start}-${end}`);
      }
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

testInDirectory(
  "sluice lz4 carve says what to drop and take of the blocks that it writes",
  async (folder) => {
    const [file, output] = [`${folder}/file.lz4`, `${folder}/part.lz4`];
    for (const linked of [false, true]) {
      await Deno.writeFile(file, compressLz4(CONTENT, { linked, blockSize: 65536 }));
      for (
        const [start, end] of [[0, 10], [300_000, 300_100], [CONTENT.length - 5, CONTENT.length]] as const
      ) {
        const args = ["carve", "-f", "--spacing=64K", `--range=${start}-${end}`, "-o", output, file];
        const { code, stderr } = await sluice(["lz4", ...args]);
        assertEquals(code, 0, stderr);
        const said = /starts (\d+) bytes into the decoded part and has (\d+) bytes: .*"lz4 cat --range"/.exec(
          stderr,
        );
        assert(said !== null, stderr);
        const [drop, take] = [Number(said[1]), Number(said[2])];
        const content = decompressLz4(await Deno.readFile(output));
        assertEquals(content.slice(drop, drop + take), CONTENT.slice(start, end));
        assert(content.length < 300_000, `${content.length} bytes for ${start}-${end}`);
      }
    }
  },
);

Deno.test("sluice lz4 keeps files when something is wrong", async () => {
  const folder = await Deno.makeTempDir();
  const [file, output] = [`${folder}/file.lz4`, `${folder}/file`];
  try {
    const frame = compressLz4(CONTENT);
    await Deno.writeFile(file, frame.subarray(0, 1000));
    assertEquals(await run(["-q", "-d", "--rm", file, output]), 68);
    assertEquals([...Deno.readDirSync(folder)].map(({ name }) => name), ["file.lz4"]);
    await Deno.writeFile(file, frame);
    assertEquals(await run(["-qq", "-d", "--rm", file, output]), 0);
    assertEquals([...Deno.readDirSync(folder)].map(({ name }) => name), ["file"]);
    assertEquals(await run(["-qq", "-9", "-B4D", "--rm", output, file]), 0);
    assertEquals(decompressLz4(await Deno.readFile(file)), CONTENT);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

/** FLG, BD and header checksum of frames that lz4 1.10 makes of a file, by its options and the file's size. */
const HEADERS: readonly (readonly [options: string, size: number, header: string])[] = [
  ["", 0, "6440a7"],
  ["", 65_536, "6440a7"],
  ["", 65_537, "645008"],
  ["", 262_145, "646085"],
  ["", 1_048_577, "6470b9"],
  ["", 4_194_305, "6470b9"],
  ["-B4", 65_537, "6440a7"],
  ["-BD", 60_000, "6440a7"],
  ["-BD", 4_194_305, "44701d"],
  ["-B4D", 65_537, "44405e"],
  ["--no-frame-crc", 60_000, "604082"],
];

testInDirectory("sluice lz4 asks readers for blocks as large as the file needs", async (folder) => {
  for (const [options, size, header] of HEADERS) {
    await Deno.writeFile(`${folder}/file`, new Uint8Array(size));
    const args = options === "" ? [] : [options];
    assertEquals(await run(["-qq", "-f", ...args, `${folder}/file`, `${folder}/out.lz4`]), 0);
    const frame = await Deno.readFile(`${folder}/out.lz4`);
    assertEquals(frame.subarray(4, 7).toHex(), header, `${options} of ${size} bytes`);
    assertEquals(decompressLz4(frame).length, size);
  }
});

testInDirectory(
  "sluice lz4 names outputs itself wherever stdout leads, follows links, and is silent beside content",
  async (cwd) => {
    const words = (args: string): Promise<{ code: number; stdout: Uint8Array; stderr: string }> =>
      sluice(["lz4", ...args.split(" ")], { cwd });
    await Deno.writeTextFile(`${cwd}/file`, "content ".repeat(1000));
    await Deno.symlink("file", `${cwd}/link`);
    for (const [args, made] of [["file", "file.lz4"], ["link", "link.lz4"]] as const) {
      const { code, stdout, stderr } = await words(args);
      assertEquals([code, stdout.length], [0, 0], stderr);
      assert(stderr.startsWith("Compressed 8000 bytes into "), stderr);
      assertEquals(decompressLz4(await Deno.readFile(`${cwd}/${made}`)).length, 8000);
    }
    const shown = await words("-dc file.lz4");
    assertEquals([shown.code, shown.stdout.length, shown.stderr], [0, 8000, ""]);
    for (const args of ["-c file link", "-dc file.lz4 link.lz4", "file out other"]) {
      const { code, stdout, stderr } = await words(args);
      assertEquals([code, stdout.length, /is one file too many/.test(stderr)], [1, 0, true], args);
    }
    await Deno.remove(`${cwd}/file`);
    assertEquals((await words("-d --rm file.lz4")).code, 0);
    const names = await Array.fromAsync(Deno.readDir(cwd), ({ name }) => name);
    assertEquals(names.sort(), ["file", "link", "link.lz4"]);
    const list = new TextDecoder().decode((await words("--list link.lz4")).stdout).split("\n");
    assertEquals(list[0], "    Frames           Type Block  Compressed  Uncompressed    Ratio   Filename");
    assertEquals(list[1]!.slice(-29), "        -        -   link.lz4");
  },
);

testInDirectory(
  "sluice lz4 --content-size knows the size of a file that the shell opens, and says where it does not",
  async (folder) => {
    await Deno.writeFile(`${folder}/a`, CONTENT);
    const sh = (command: string) => runProgram("sh", ["-c", command], { cwd: folder });
    const lz4 = `"${Deno.execPath()}" ${sluiceArguments(["lz4", "--content-size", "-c"]).join(" ")}`;
    for (
      const [command, size] of [[`${lz4} < a`, CONTENT.length], [
        `(head -c 65536 >/dev/null; ${lz4}) < a`,
        CONTENT.length - 65536,
      ]] as const
    ) {
      const { stdout, stderr } = await sh(command);
      assertEquals(readLz4FrameHeader(stdout).contentSize, size, command);
      assertEquals(decompressLz4(stdout), CONTENT.slice(CONTENT.length - size));
      assert(!stderr.includes("not known"), stderr);
    }
    const { stdout, stderr } = await sh(`cat a | ${lz4} -v`);
    assertEquals(readLz4FrameHeader(stdout).contentSize, undefined);
    assert(stderr.includes("the size is not known"), stderr);
  },
);
