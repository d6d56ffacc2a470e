/**
 * `sluice lz4 lines` and `cat`, with every kind of index and without one, over files, URLs and encrypted sources.
 */
import { assert, assertEquals } from "@std/assert";
import { compressLz4 } from "@sluice/lz4";
import { sluice } from "../../tests/_cli.ts";
import { join, Random } from "../../tests/_data.ts";
import { testInDirectory } from "../../tests/_directory.ts";
import { encryptAsOpenssl } from "../../tests/_encrypted.ts";
import { objectOf, startRangeServer } from "../../tests/_range_server.ts";
import { run } from "./main.ts";

const ENCODER = new TextEncoder();
/** Lines of all lengths, also none, and one that is larger than a block; the last one has no end. */
const LINES = Array.from({ length: 20_000 }, (_, i) => i % 7 === 0 ? "" : `line ${i} ${"x".repeat(i % 61)}`);
LINES[5000] = "y".repeat(150_000);
const CONTENT = ENCODER.encode(LINES.join("\n"));
const FILE = compressLz4(CONTENT, { blockSize: 65536, linked: true, contentChecksum: true });
const KEY = ["--decrypt=aes-256-ctr", "--key-file=password"];

/** The lines that start in a range, found another way. */
function expectedIn(start: number, end: number): Uint8Array {
  const parts: Uint8Array[] = [];
  let at = 0;
  for (const [i, line] of LINES.entries()) {
    const bytes = ENCODER.encode(i === LINES.length - 1 ? line : `${line}\n`);
    if (at >= start && at < end) parts.push(bytes);
    at += bytes.length;
  }
  return join(...parts);
}

function expectedNumbers(start: number, end: number): Uint8Array {
  return ENCODER.encode(
    LINES.slice(start, end).map((line, i) => start + i === LINES.length - 1 ? line : `${line}\n`).join(""),
  );
}

testInDirectory(
  "sluice lz4 lines gives the lines that start in a range, with and without an index",
  async (folder) => {
    const random = new Random(Random.seed(6));
    const [file, out] = [`${folder}/in.lz4`, `${folder}/out`];
    const lines = async (...args: string[]): Promise<Uint8Array> => {
      assertEquals(await run(["lines", "-f", file, "-o", out, ...args]), 0, args.join(" "));
      return await Deno.readFile(out);
    };
    await Deno.writeFile(file, FILE);
    for (const indexed of [false, true]) {
      if (indexed) assertEquals(await run(["index", "--lines", "--spacing=100K", file]), 0);
      assertEquals(await lines(), CONTENT);
      for (let i = 0; i < (indexed ? 60 : 15); i++) {
        const start = i % 4 === 0 ? 5 * i : random.below(CONTENT.length);
        const end = start + random.below(i % 3 === 0 ? 5 : 200_000);
        assertEquals(
          await lines(`--range=${start}-${end}`),
          expectedIn(start, end),
          `${indexed} ${start}-${end}`,
        );
      }
      // Ranges that meet share no line and miss none.
      const parts: Uint8Array[] = [];
      for (let at = 0; at < CONTENT.length; at += 100_000) {
        parts.push(await lines(`--range=${at}-${at + 100_000}`));
      }
      assertEquals(join(...parts), CONTENT);
      for (
        const [start, end] of [[0, 1], [0, 3], [1, 2], [4999, 5002], [12_345, 12_400], [19_998, 20_000], [
          3,
          3,
        ]] as const
      ) {
        assertEquals(
          await lines(`--numbers=${start}-${end}`),
          expectedNumbers(start, end),
          `${indexed} ${start}`,
        );
      }
      assertEquals(await lines("--numbers=19990-"), expectedNumbers(19_990, 20_000));
    }
  },
);

testInDirectory(
  "sluice lz4 cat and lines read in one pass what has no index, wherever it is",
  async (cwd) => {
    await Deno.writeFile(`${cwd}/plain.lz4`, FILE);
    const sealed = await encryptAsOpenssl(FILE, "secret");
    await Deno.writeTextFile(`${cwd}/password`, "secret\n");
    await Deno.writeFile(`${cwd}/sealed.lz4`, sealed);
    await using server = startRangeServer(objectOf(sealed));
    assertEquals(
      (await sluice(["lz4", "index", "--lines", "--spacing=100K", "plain.lz4", "-o", "its.s4ix"], { cwd }))
        .code,
      0,
    );
    const [start, end] = [100_000, 200_000];
    const urls = [[`${server.url}`, ...KEY, "--index=its.s4ix"]];
    for (
      const source of [["plain.lz4"], ["sealed.lz4", ...KEY], ["plain.lz4", "--index=its.s4ix"], ...urls]
    ) {
      for (
        const [args, expected] of [
          [["cat"], CONTENT],
          [["cat", `--range=${start}-${end}`], CONTENT.slice(start, end)],
          [["lines", `--range=${start}-${end}`], expectedIn(start, end)],
          [["lines", "--numbers=7000-7100"], expectedNumbers(7000, 7100)],
        ] as const
      ) {
        const { code, stdout, stderr } = await sluice(["lz4", ...args, ...source], { cwd });
        assertEquals(code, 0, stderr);
        assertEquals(stdout, expected, `${args.join(" ")} ${source.join(" ")}`);
      }
    }
  },
);

testInDirectory(
  "sluice lz4 cat without an index reads a source once, and no further than the range",
  async (cwd) => {
    const content = new Random(2).bytes(8_000_000);
    const file = compressLz4(content, { blockSize: 65536 });
    // One object of each name, so that there is no index beside the file.
    const asked: number[] = [];
    await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
      if (!request.url.endsWith("/object")) return new Response(null, { status: 404 });
      const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.get("range") ?? "") ?? [];
      const [start, end] = from === undefined
        ? [0, 1]
        : [Number(from), Math.min(Number(to) + 1, file.length)];
      asked.push(end - start);
      const headers = { "content-range": `bytes ${start}-${end - 1}/${file.length}`, etag: '"1"' };
      return new Response(file.slice(start, end), { status: 206, headers });
    });
    const url = `http://127.0.0.1:${server.addr.port}/object`;
    const sum = () => asked.splice(0).reduce((a, b) => a + b, 0);
    const whole = await sluice(["lz4", "cat", url], { cwd });
    assertEquals([whole.code, whole.stdout.length], [0, content.length], whole.stderr);
    const all = sum();
    assert(all < file.length + 200_000, `${all} of ${file.length} bytes`);
    const part = await sluice(["lz4", "cat", url, "--range=1000000-1500000"], { cwd });
    assertEquals(part.stdout, content.slice(1_000_000, 1_500_000), part.stderr);
    const some = sum();
    assert(some < 4_500_000, `${some} of ${file.length} bytes`);
  },
);

testInDirectory("sluice lz4 cat and lines refuse what is not there or has no effect", async (cwd) => {
  await Deno.writeFile(`${cwd}/in.lz4`, FILE);
  await Deno.writeFile(`${cwd}/other.lz4`, compressLz4(ENCODER.encode("other")));
  await Deno.writeTextFile(`${cwd}/junk`, "junk");
  assertEquals((await sluice(["lz4", "index", "other.lz4", "-o", "other.s4ix"], { cwd })).code, 0);
  assertEquals((await sluice(["lz4", "index", "in.lz4", "-o", "in.s4ix"], { cwd })).code, 0);
  const size = CONTENT.length;
  const refusals = [
    [`cat in.lz4 --range=${size + 1}-`, `from byte ${size + 1}: the content has ${size} bytes`],
    [
      `cat in.lz4 --index=in.s4ix --range=${size + 1}-`,
      `from byte ${size + 1}: the content has ${size} bytes`,
    ],
    [`lines in.lz4 --range=${size + 2}-`, `from byte ${size + 1}: the content has ${size} bytes`],
    ["lines in.lz4 --numbers=20001-", "no line 20001"],
    ["lines in.lz4 --numbers=1-2 --range=1-2", "exclude each other"],
    ["cat in.lz4 --numbers=1-2", "has no effect"],
    ["cat in.lz4 --spacing=1M", "no effect without --headers"],
    ["cat in.lz4 --index=other.s4ix", "is the index of another file"],
    ["cat in.lz4 --index=junk", "INDEX_INVALID"],
    ["cat in.lz4 --index=missing", "missing"],
    ["get in.lz4 --index=other.s4ix -o x", "has no effect"],
    ["cat in.lz4 -f --index=other.s4ix -o other.s4ix", "the index of the input"],
  ];
  for (const [args, message] of refusals) {
    const { code, stderr } = await sluice(["lz4", ...args!.split(" ")], { cwd });
    assert(code !== 0 && stderr.includes(message!), `${args}: ${code} ${stderr}`);
  }
  for (const more of [[], ["--index=in.s4ix"]]) {
    const { code, stdout } = await sluice([
      "lz4",
      "cat",
      "in.lz4",
      ...more,
      `--range=${size - 9}-${size + 1}`,
    ], { cwd });
    assertEquals([code, stdout], [0, CONTENT.slice(-9)], "a range is cut at the end of the content");
  }
  for (
    const args of [
      `cat in.lz4 --range=${size}-${size}`,
      `cat in.lz4 --range=${size}-${size + 10}`,
      `lines in.lz4 --range=${size}-`,
      "lines in.lz4 --numbers=3-3",
    ]
  ) {
    const { code, stdout, stderr } = await sluice(["lz4", ...args.split(" ")], { cwd });
    assertEquals([code, stdout.length], [0, 0], `${args}: ${stderr}`);
  }
});
