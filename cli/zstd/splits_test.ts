/**
 * `sluice zstd splits` and `join`: the plan of a file, read split by split, is its content; joined parts are one file.
 */
import { assert, assertEquals } from "@std/assert";
import { compressZstd, decompressZstd } from "@sluice/zstd";
import { compressZstdSeekable, readZstdSplit, ZstdSeekableReader } from "@sluice/zstd/seekable";
import { sluice } from "../../tests/_cli.ts";
import { join, text } from "../../tests/_data.ts";
import { testInDirectory } from "../../tests/_directory.ts";

const CONTENT = text(900_000);

testInDirectory("sluice zstd splits and join go around", async (cwd) => {
  const files = {
    "seekable.zst": compressZstdSeekable(CONTENT, { frameSize: 65536 }),
    "frames.zst": join(compressZstd(CONTENT.subarray(0, 400_000)), compressZstd(CONTENT.subarray(400_000))),
  };
  for (const [name, file] of Object.entries(files)) {
    await Deno.writeFile(`${cwd}/${name}`, file);
    for (const options of [["--split=100KiB", "--at-line"], ["--count=3", "--at-delimiter=32"], []]) {
      const { code, stdout, stderr } = await sluice(["zstd", "splits", name, ...options], { cwd });
      assertEquals(code, 0, stderr);
      const splits = new TextDecoder().decode(stdout).trimEnd().split("\n").map((line) => JSON.parse(line));
      assert(splits.length >= 2);
      const parts: string[] = [];
      for (const [i, split] of splits.entries()) {
        const content = await readZstdSplit(`${cwd}/${name}`, split);
        assertEquals(content, CONTENT.slice(...split.decompressedRange as [number, number]));
        await Deno.writeFile(`${cwd}/${i}.zst`, compressZstd(content));
        parts.push(`${i}.zst`);
      }
      const joined = await sluice(["zstd", "join", "-f", ...parts, "-o", "out.zst"], { cwd });
      assertEquals(joined.code, 0, joined.stderr);
      assertEquals(decompressZstd(await Deno.readFile(`${cwd}/out.zst`)), CONTENT);
      const reader = await ZstdSeekableReader.open(await Deno.readFile(`${cwd}/out.zst`));
      assertEquals(reader.frameCount, splits.length);
    }
  }
  await Deno.writeTextFile(`${cwd}/junk.zst`, "no frame");
  for (
    const [args, message] of [
      [["splits", "seekable.zst", "--count=2", "--split=1M"], "exclude each other"],
      [["splits", "seekable.zst", "--at-line", "--at-delimiter=1"], "exclude each other"],
      [["splits", "seekable.zst", "--at-delimiter=256"], "expected a byte"],
      [["splits", "seekable.zst", "--count=0"], "expected a size above 0"],
      [["splits", "seekable.zst", "-o", "x"], "has no effect"],
      [["splits", "seekable.zst", "frames.zst"], "takes one file"],
      [["splits", "junk.zst"], "junk.zst"],
      [["cat", "seekable.zst", "--at-line"], "has no effect"],
      [["join"], "takes files"],
      [["join", "seekable.zst", "junk.zst", "-o", "new.zst"], "junk.zst"],
      [["join", "seekable.zst", "-o", "seekable.zst", "-f"], "overwrite the input"],
      [["join", "seekable.zst", "-o", "out.zst"], "already exists"],
    ] as const
  ) {
    const { code, stderr } = await sluice(["zstd", ...args], { cwd });
    assertEquals([code, stderr.includes(message)], [1, true], `${args.join(" ")}: ${stderr}`);
  }
  assertEquals(await Deno.readFile(`${cwd}/seekable.zst`), files["seekable.zst"]);
  assert(!await Deno.stat(`${cwd}/new.zst`).then(() => true, () => false));
});

testInDirectory(
  "sluice zstd splits prints the whole plan of a damaged file, and says which split is damaged",
  async (cwd) => {
    const file = compressZstdSeekable(CONTENT, { frameSize: 65536 });
    const { index } = await ZstdSeekableReader.open(file);
    const { compressedOffset } = index.frame(2);
    file.fill(0xff, compressedOffset + 20, compressedOffset + 60);
    await Deno.writeFile(`${cwd}/bad.zst`, file);
    const { code, stdout, stderr } = await sluice(["zstd", "splits", "bad.zst", "--split=64K", "--at-line"], {
      cwd,
    });
    const splits = new TextDecoder().decode(stdout).trimEnd().split("\n").map((line) => JSON.parse(line));
    assertEquals(splits.at(-1).decompressedRange[1], CONTENT.length);
    const [bad, ...others] = splits.filter(({ fault }) => fault !== undefined);
    assertEquals([code, others], [1, []]);
    assertEquals(stderr, `zstd: bad.zst: split ${bad.id} is damaged: ${bad.fault.message}\n`);
  },
);
