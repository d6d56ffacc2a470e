import { assertEquals } from "@std/assert";
import { compressLz4, decompressLz4 } from "@sluice/lz4";
import { join, Random, text } from "../../tests/_data.ts";
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
