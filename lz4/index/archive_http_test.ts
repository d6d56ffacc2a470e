/**
 * Random reads of a compressed file behind an HTTP server: how many requests they make.
 */
import { assert, assertEquals } from "@std/assert";
import { byteSourceFromUrl } from "@sluice/internal";
import { buildLz4Index, compressLz4, Lz4Archive } from "@sluice/lz4";
import { testBackends } from "../../tests/_backends.ts";
import { Random, text } from "../../tests/_data.ts";
import { objectOf, startRangeServer } from "../../tests/_range_server.ts";

testBackends("Lz4Archive makes one request for a warm random read over HTTP", async () => {
  const content = text(1_000_000);
  const random = new Random(Random.seed(21));
  for (const linked of [false, true]) {
    const file = compressLz4(content, { linked, blockSize: 65536 });
    const index = await buildLz4Index(file, { spacing: 65536 });
    await using server = startRangeServer(objectOf(file));
    const source = await byteSourceFromUrl(server.url);
    using archive = new Lz4Archive(source, index);
    using uncached = new Lz4Archive(source, index, { cacheSize: 0 });
    for (let i = 0; i < 30; i++) {
      const start = random.below(content.length - 200_000);
      const end = start + 1 + random.below(200_000);
      const before = server.ranges.length;
      assertEquals(await uncached.read(start, end - start), content.slice(start, end));
      assertEquals(server.ranges.length, before + 1);
      assert(/^bytes=\d+-\d+$/.test(server.ranges.at(-1)!), server.ranges.at(-1));
      await archive.read(start, end - start);
      assert(server.ranges.length <= before + 2);
      const warm = server.ranges.length;
      assertEquals(await archive.read(start, end - start), content.slice(start, end));
      assertEquals(server.ranges.length, warm, "what was just read is kept");
    }
  }
});
