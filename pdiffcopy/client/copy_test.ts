import { assert, assertEquals, assertRejects } from "@std/assert";
import { NotFoundError } from "@sluice/internal";
import { testBackends } from "../../tests/_backends.ts";
import { Random } from "../../tests/_data.ts";
import { names } from "../../tests/_cli.ts";
import { inDirectory } from "../../tests/_directory.ts";
import { PdiffClient, servePdiff } from "../mod.ts";
import type { PdiffClientOptions } from "../mod.ts";

const BLOCK = 4096;
const SIZES = [0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK, 3 * BLOCK + 17, 40 * BLOCK + 5];

/** A copy of the bytes with some of them changed, or cut, or longer. */
function edited(bytes: Uint8Array, random: Random): Uint8Array<ArrayBuffer> {
  const copy = new Uint8Array(bytes);
  for (let count = random.below(4); count > 0 && copy.length > 0; count--) {
    copy[random.below(copy.length)]! ^= 1;
  }
  const kind = random.below(4);
  if (kind === 0) return copy.slice(0, random.below(copy.length + 1));
  if (kind === 1) return new Uint8Array([...copy, ...random.bytes(random.below(2 * BLOCK))]);
  if (kind === 2) copy.fill(0, 0, random.below(copy.length + 1));
  return copy;
}

for (const protocol of [1, 2] as const) {
  for (const kind of ["download", "upload", "between servers", "local"] as const) {
    if (kind === "local" && protocol === 1) continue;
    testBackends(`PdiffClient makes files equal, ${kind}, protocol ${protocol}`, async () => {
      await inDirectory(async (directory) => {
        const random = new Random(Random.seed(11));
        await using server = servePdiff({ root: directory, port: 0, writable: true, durable: false });
        const remote = `http://127.0.0.1:${server.port}`;
        const source = kind === "upload" || kind === "local" ? `${directory}/source` : `${remote}/source`;
        const target = kind === "download" || kind === "local" ? `${directory}/target` : `${remote}/target`;
        for (const size of SIZES) {
          for (const replace of ["auto", "atomic"] as const) {
            for (let round = 0; round < 4; round++) {
              const content = random.bytes(size);
              if (round === 3) content.fill(0, 0, size >> 1);
              await Deno.writeFile(`${directory}/source`, content);
              if (round > 0) await Deno.writeFile(`${directory}/target`, edited(content, random));
              else await Deno.remove(`${directory}/target`).catch(() => {});
              const options: PdiffClientOptions = {
                source,
                target,
                blockSize: BLOCK,
                protocol,
                replace,
                durable: false,
              };
              const before = await new PdiffClient({ ...options, dryRun: true }).synchronize();
              const result = await new PdiffClient(options).synchronize();
              assertEquals(
                await Deno.readFile(`${directory}/target`),
                content,
                `${size} bytes, round ${round}`,
              );
              assertEquals(names(directory), ["source", "target"]);
              if (kind !== "local") assertEquals(result.bytesTransferred, before.bytesTransferred);
              const again = await new PdiffClient(options).synchronize();
              assertEquals(again.blocksDiffering, 0);
              assertEquals(again.similarity, 100);
            }
          }
        }
      });
    });
  }
}

testBackends("PdiffClient says that a source is missing and makes no target", async () => {
  await inDirectory(async (directory) => {
    await using server = servePdiff({ root: directory, port: 0 });
    for (const source of [`${directory}/none`, `http://127.0.0.1:${server.port}/none`]) {
      const client = new PdiffClient({ source, target: `${directory}/target` });
      await assertRejects(() => client.synchronize(), NotFoundError);
    }
    assertEquals(names(directory), []);
    assert(server.port > 0);
  });
});
