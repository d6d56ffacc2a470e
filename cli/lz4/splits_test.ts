/**
 * `sluice lz4 splits`: what a program does with its rows gives the content, whatever form they have.
 */
import { assert, assertEquals } from "@std/assert";
import { compressLz4, decompressLz4, readLz4Split } from "@sluice/lz4";
import { sluice } from "../../tests/_cli.ts";
import { join, Random, text } from "../../tests/_data.ts";
import { testInDirectory } from "../../tests/_directory.ts";

const CONTENT = text(900_000);
const FILES = {
  linked: compressLz4(CONTENT, { linked: true, blockSize: 65536, contentChecksum: true }),
  frames: join(
    compressLz4(CONTENT.subarray(0, 500_000), { linked: true, blockSize: 65536 }),
    compressLz4(CONTENT.subarray(500_000), { blockSize: 65536, blockChecksums: true }),
  ),
};

/** The columns of a row, as README names them. */
interface Row {
  readonly id: number;
  readonly part: number;
  readonly in: readonly [number, number];
  readonly out: readonly [number, number];
  readonly kind: string;
  readonly prefix: string | readonly [number, number];
  readonly suffix: string | readonly [number, number];
  readonly drop: number;
}

function fromColumns(line: string, glued: boolean): Row {
  const c = line.split("\t");
  const n = c.map(Number);
  const [id, part, in0, in1, out0, out1] = n as [number, number, number, number, number, number];
  const common = { id, part, in: [in0, in1], out: [out0, out1], kind: c[6]! } as const;
  return glued
    ? { ...common, prefix: [n[7]!, n[8]!], suffix: [n[9]!, n[10]!], drop: n[11]! }
    : { ...common, prefix: c[7]!, suffix: c[8]!, drop: n[9]! };
}

testInDirectory("rows of sluice lz4 splits decode to the content, in every form", async (cwd) => {
  for (const [name, file] of Object.entries(FILES)) {
    await Deno.writeFile(`${cwd}/${name}.lz4`, file);
    for (const glued of [false, true]) {
      for (const form of [[], ["--json"], ["--tsv"]]) {
        for (const atLine of [false, true]) {
          const args = ["--split=100KiB", "--spacing=64K", ...form, ...atLine ? ["--at-line"] : []];
          if (glued) args.push("--glue=glue", "-f");
          const { code, stdout, stderr } = await sluice(["lz4", "splits", `${name}.lz4`, ...args], { cwd });
          assertEquals(code, 0, stderr);
          const lines = new TextDecoder().decode(stdout).trimEnd().split("\n");
          const rows = lines.map((line): Row =>
            form[0] === "--tsv" ? fromColumns(line, glued) : JSON.parse(line)
          );
          const glue = glued ? await Deno.readFile(`${cwd}/glue`) : undefined;
          check(file, rows, glue, atLine, `${name} ${args.join(" ")}`);
        }
      }
    }
  }
});

function check(
  file: Uint8Array<ArrayBuffer>,
  rows: readonly Row[],
  glue: Uint8Array<ArrayBuffer> | undefined,
  atLine: boolean,
  label: string,
): void {
  const bytesOf = (place: Row["prefix"]): Uint8Array =>
    typeof place === "string" ? Uint8Array.fromBase64(place) : glue!.subarray(...place);
  let [at, id, part] = [0, -1, 0];
  for (const row of rows) {
    if (row.id === id) assertEquals(row.part, ++part, label);
    else {
      assertEquals([row.id, row.part], [++id, part = 0], label);
      if (atLine && at > 0) assertEquals(CONTENT[at - 1], 10, label);
    }
    assertEquals(row.out[0], at, label);
    const decoded = decompressLz4(join(bytesOf(row.prefix), file.subarray(...row.in), bytesOf(row.suffix)));
    const size = row.out[1] - row.out[0];
    assertEquals(decoded.slice(row.drop, row.drop + size), CONTENT.slice(...row.out), label);
    at = row.out[1];
  }
  assertEquals(at, CONTENT.length, label);
  assert(id >= 4, label);
}

testInDirectory(
  "sluice lz4 splits refuses what excludes each other or has no effect, and keeps files",
  async (cwd) => {
    await Deno.writeFile(`${cwd}/in.lz4`, FILES.linked);
    await Deno.writeTextFile(`${cwd}/glue`, "precious");
    for (
      const [args, message] of [
        [["--tsv", "--json"], "exclude each other"],
        [["--plan", "--tsv"], "exclude each other"],
        [["--plan", "--glue=x"], "exclude each other"],
        [["--at-line", "--at-delimiter=0"], "exclude each other"],
        [["--at-delimiter=256"], "expected a byte"],
        [["--count=2", "--split=1M"], "--split exclude each other"],
        [["--glue="], "--glue has no value"],
        [["--glue=glue"], "already exists"],
        [["--glue=in.lz4", "-f"], "overwrite the input"],
        [["-f"], "has no effect without --glue"],
        [["-o", "out"], "has no effect"],
      ] as const
    ) {
      const { code, stderr } = await sluice(["lz4", "splits", "in.lz4", ...args], { cwd });
      assertEquals([code, stderr.includes(message)], [1, true], `${args.join(" ")}: ${stderr}`);
    }
    const { code, stderr } = await sluice(["lz4", "cat", "in.lz4", "--at-line"], { cwd });
    assertEquals([code, stderr.includes("has no effect")], [1, true]);
    assertEquals(await Deno.readTextFile(`${cwd}/glue`), "precious");
  },
);

testInDirectory(
  "sluice lz4 splits --plan prints what readLz4Split takes, and join gives back one file",
  async (cwd) => {
    await Deno.writeFile(`${cwd}/in.lz4`, FILES.frames);
    const args = [
      "lz4",
      "splits",
      "in.lz4",
      "--split=100KiB",
      "--spacing=64K",
      "--plan",
      "--at-delimiter=0x0a",
    ];
    const { code, stdout, stderr } = await sluice(args, { cwd });
    assertEquals(code, 0, stderr);
    const splits = new TextDecoder().decode(stdout).trimEnd().split("\n").map((line) => JSON.parse(line));
    assert(splits.length >= 4);
    for (const [i, split] of splits.entries()) {
      const content = await readLz4Split(`${cwd}/in.lz4`, split);
      await Deno.writeFile(`${cwd}/${i}.lz4`, compressLz4(content));
      assertEquals(content, CONTENT.slice(...split.decompressedRange as [number, number]));
    }
    const parts = splits.map((_, i) => `${i}.lz4`);
    const joined = await sluice(["lz4", "join", ...parts, "-o", "out.lz4"], { cwd });
    assertEquals(joined.code, 0, joined.stderr);
    assertEquals(decompressLz4(await Deno.readFile(`${cwd}/out.lz4`)), CONTENT);
    const range = await sluice(["lz4", "cat", "out.lz4", "--range=500000-500010"], { cwd });
    assertEquals(range.stdout, CONTENT.slice(500_000, 500_010));
    await Deno.writeTextFile(`${cwd}/junk.lz4`, "no frame");
    const bad = await sluice(["lz4", "join", "0.lz4", "junk.lz4", "-o", "bad.lz4"], { cwd });
    assertEquals([bad.code, bad.stderr.includes("junk.lz4")], [44, true], bad.stderr);
    const none = await sluice(["lz4", "join", "-o", "bad.lz4"], { cwd });
    assertEquals([none.code, none.stderr.includes("takes files")], [1, true]);
  },
);

testInDirectory(
  "sluice lz4 splits prints the whole plan of a damaged file, and says which split is damaged",
  async (cwd) => {
    const random = new Random(3);
    const content = new Uint8Array(1_000_000).map((_, i) => i % 100 === 99 ? 10 : random.below(256));
    const file = compressLz4(content, { blockSize: 65536 });
    await Deno.writeFile(`${cwd}/bad.lz4`, file);
    const built = await sluice(["lz4", "index", "bad.lz4", "--spacing=64K"], { cwd });
    assertEquals(built.code, 0, built.stderr);
    file.fill(0xff, 400_000, 400_100);
    await Deno.writeFile(`${cwd}/bad.lz4`, file);
    for (const form of ["--plan", "--json"]) {
      const args = ["lz4", "splits", "bad.lz4", "--split=64K", "--at-line", form];
      const { code, stdout, stderr } = await sluice(args, { cwd });
      const rows = new TextDecoder().decode(stdout).trimEnd().split("\n").map((line) => JSON.parse(line));
      assertEquals((rows.at(-1).decompressedRange ?? rows.at(-1).out)[1], content.length);
      assert(/^lz4: bad\.lz4: split \d+ is damaged: Cannot .*\n$/.test(stderr), stderr);
      assertEquals(code, 1);
    }
  },
);
