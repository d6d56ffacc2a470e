import { assert, assertEquals, assertRejects } from "@std/assert";
import { concatBytes, SluiceError } from "@sluice/internal";
import { testBackends } from "../../tests/_backends.ts";
import { Random } from "../../tests/_data.ts";
import { inDirectory } from "../../tests/_directory.ts";
import { openDirectory, openFile } from "../file/_files.ts";
import { hashOf } from "../file/_hash_registry.ts";
import { PdiffClient } from "../mod.ts";
import { searchPieces } from "./_block_search.ts";
import { ComposedTarget } from "./_composed_target.ts";
import { Signature, signFile } from "./_signature.ts";
import { LocalTarget } from "./_target.ts";

const BLOCK = 4096;
const SIGNING = {
  blockSize: BLOCK,
  hash: hashOf("xxh3-128", "00112233445566aa"),
  threads: 2,
  signal: undefined,
};
const OLD = new Random(21).bytes(40 * BLOCK + 777);
const NEW = concatBytes([OLD.subarray(9 * BLOCK, 30 * BLOCK), new Uint8Array([1, 2, 3]), OLD.subarray(5000)]);

/** The frames that make NEW of the file `old` in a directory. */
async function framesFor(
  directory: string,
): Promise<{ signature: Signature; frames: Uint8Array<ArrayBuffer> }> {
  await Deno.writeFile(`${directory}/old`, OLD);
  await Deno.writeFile(`${directory}/new`, NEW);
  const signature = new Signature(SIGNING);
  using old = openFile(`${directory}/old`);
  using source = openFile(`${directory}/new`);
  signature.add("old", await signFile(old, OLD.length, true, SIGNING));
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  for await (const piece of searchPieces(source, NEW.length, signature.blocks, undefined)) {
    pieces.push(piece.slice());
  }
  return { signature, frames: concatBytes(pieces) };
}

/** Puts `old` together anew from frames. */
async function compose(
  directory: string,
  signature: Signature,
  frames: Uint8Array<ArrayBuffer>,
): Promise<void> {
  using folder = openDirectory(directory, true);
  const target = await LocalTarget.open(folder, "old", {
    size: NEW.length,
    replace: "atomic",
    source: "",
    durable: false,
    punch: true,
    threads: 2,
    confined: false,
    fresh: true,
  });
  try {
    await target.begin();
    using composed = new ComposedTarget(target, NEW.length, BLOCK, SIGNING.hash);
    await composed.take(frames, signature.places);
    composed.checkComplete();
    await target.commit();
  } finally {
    target.close();
  }
}

testBackends("content is put together from blocks, wherever they are", async () => {
  await inDirectory(async (directory) => {
    const { signature, frames } = await framesFor(directory);
    assert(frames.length < 2 * BLOCK, `${frames.length} bytes of frames`);
    await compose(directory, signature, frames);
    assertEquals(await Deno.readFile(`${directory}/old`), NEW);
  });
});

testBackends("a byte of the frames that changed never gives wrong content", async () => {
  await inDirectory(async (directory) => {
    const { signature, frames } = await framesFor(directory);
    const random = new Random(22);
    for (let i = 0; i < 60; i++) {
      const damaged = frames.slice();
      damaged[i < 40 ? i : random.below(frames.length)]! ^= 1 << random.below(8);
      await Deno.writeFile(`${directory}/old`, OLD);
      const outcome = await compose(directory, signature, damaged).catch((error) => error);
      const found = await Deno.readFile(`${directory}/old`);
      if (outcome === undefined) assertEquals(found, NEW);
      else {
        assert(outcome instanceof SluiceError, `${outcome}`);
        assertEquals(found, OLD);
      }
      await Deno.remove(`${directory}/.old.pdiff-part`).catch(() => {});
    }
    await assertRejects(() => compose(directory, signature, frames.slice(0, -1)), SluiceError, "cut off");
    await assertRejects(
      () => compose(directory, signature, frames.slice(0, -32)),
      SluiceError,
      "end at byte",
    );
  });
});

testBackends("an old file that changes after it was signed is noticed", async () => {
  await inDirectory(async (directory) => {
    const { signature, frames } = await framesFor(directory);
    for (const change of [OLD.length - 100, 12 * BLOCK]) {
      const changed = OLD.slice();
      changed[change]! ^= 1;
      await Deno.writeFile(`${directory}/old`, changed);
      const error = await assertRejects(() => compose(directory, signature, frames), SluiceError);
      assertEquals(error.code, "VERIFY_FAILED");
    }
    await Deno.truncate(`${directory}/old`, 20 * BLOCK);
    const error = await assertRejects(() => compose(directory, signature, frames), SluiceError);
    assertEquals(error.code, "VERIFY_FAILED");
  });
});

testBackends(
  "any number of seeds, and what an earlier copy left, are looked through for blocks",
  async () => {
    await inDirectory(async (directory) => {
      const random = new Random(23);
      const pieces = Array.from({ length: 12 }, () => random.bytes(20 * BLOCK + random.below(BLOCK)));
      const seeds: string[] = [];
      for (const [index, piece] of pieces.slice(0, 8).entries()) {
        seeds.push(`${directory}/seed${index}`);
        await Deno.writeFile(seeds.at(-1)!, piece);
      }
      // What was left lies further back than its content goes, so that its blocks are there when they are needed.
      await Deno.writeFile(
        `${directory}/.target.pdiff-part`,
        concatBytes([random.bytes(300_000), pieces[8]!]),
      );
      const order = [8, 3, 0, 5, 7, 1, 6, 2, 4, 3];
      const content = concatBytes(order.map((index) => pieces[index]!));
      await Deno.writeFile(`${directory}/source`, content);
      const [source, target] = [`${directory}/source`, `${directory}/target`];
      const client = new PdiffClient({ source, target, shift: true, seeds, chunkSize: BLOCK });
      const { bytesTransferred, resumed } = await client.synchronize();
      assertEquals(await Deno.readFile(target), content);
      assert(resumed);
      assert(bytesTransferred < 12 * 2 * BLOCK, `${bytesTransferred} bytes`);
      assertEquals([...Deno.readDirSync(directory)].filter(({ name }) => name.includes("pdiff-")), []);
    });
  },
);
