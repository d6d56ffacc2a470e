import { assert, assertEquals, assertRejects } from "@std/assert";
import { SluiceError } from "@sluice/internal";
import { testBackends } from "../../tests/_backends.ts";
import { Random } from "../../tests/_data.ts";
import { inDirectory } from "../../tests/_directory.ts";
import { PdiffClient, servePdiff } from "../mod.ts";
import type { PdiffClientOptions, PdiffServer } from "../mod.ts";

const BLOCK = 4096;
const SIZE = 100 * BLOCK + 77;

interface Place {
  readonly directory: string;
  readonly source: string;
  readonly target: string;
  readonly content: Uint8Array<ArrayBuffer>;
  readonly old: Uint8Array<ArrayBuffer>;
  readonly options: PdiffClientOptions;
}

/** A server with a source, and a target that differs wholly. */
async function withPlace(run: (place: Place, server: PdiffServer) => Promise<void>): Promise<void> {
  await inDirectory(async (directory) => {
    const random = new Random(3);
    const [content, old] = [random.bytes(SIZE), random.bytes(SIZE + 5000)];
    await Deno.mkdir(`${directory}/served`);
    await Deno.writeFile(`${directory}/served/source`, content);
    await Deno.writeFile(`${directory}/target`, old);
    await using server = servePdiff({ root: `${directory}/served`, port: 0, writable: true });
    const source = `http://127.0.0.1:${server.port}/source`;
    const target = `${directory}/target`;
    const options = { source, target, blockSize: BLOCK, concurrency: 1 };
    await run({ directory, source, target, content, old, options }, server);
  });
}

function list(directory: string): string[] {
  return [...Deno.readDirSync(directory)].map(({ name }) => name).sort();
}

/** Stops a copy after some progress, as a signal would. */
async function interrupted(options: PdiffClientOptions, maxBytesPerSecond = 400_000): Promise<unknown> {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(new Error("enough")), 300);
  const error = await new PdiffClient({
    ...options,
    signal: controller.signal,
    maxBytesPerSecond,
    retries: 0,
  })
    .synchronize().catch((error) => error);
  clearTimeout(timer);
  return error;
}

testBackends("an interrupted copy in place has a journal, is no source, and is completed", async () => {
  await withPlace(async ({ directory, target, content, options }) => {
    await Deno.copyFile(target, `${directory}/before`);
    // Many small parts, so that the interruption comes between two of them.
    const error = await interrupted({ ...options, replace: "inplace", compressionLevel: 0 }, 100_000);
    if (error instanceof Error) {
      assert(list(directory).includes(".target.pdiff-journal") || !Object.hasOwn(error, "targetIsMixed"));
    }
    await Deno.writeTextFile(`${directory}/.target.pdiff-journal`, "{}\n");
    const dirty = await assertRejects(
      () => new PdiffClient({ source: target, target: `${directory}/other` }).synchronize(),
      SluiceError,
    );
    assertEquals(dirty.code, "DIRTY");
    await new PdiffClient({ source: target, target: `${directory}/other`, allowDirty: true }).synchronize();
    const result = await new PdiffClient(options).synchronize();
    assert(result.resumed);
    assertEquals(await Deno.readFile(target), content);
    assertEquals(list(directory), ["before", "other", "served", "target"]);
  });
});

testBackends("an interrupted copy to a new file leaves no file, and its part is used again", async () => {
  await withPlace(async ({ directory, target, content, options }) => {
    await Deno.remove(target);
    await Deno.writeFile(`${directory}/.target.pdiff-part`, content.subarray(0, 60 * BLOCK));
    const result = await new PdiffClient(options).synchronize();
    assert(result.resumed);
    assertEquals(result.blocksDiffering, 41);
    assertEquals(await Deno.readFile(target), content);
    assertEquals(list(directory), ["served", "target"]);
  });
});

testBackends("an atomic copy that fails leaves the old file as it was", async () => {
  await withPlace(async ({ directory, target, old, options }, server) => {
    const slow = interrupted({ ...options, replace: "atomic" }, 50_000);
    const error = await slow;
    assert(error instanceof Error, "the copy was interrupted");
    assertEquals(await Deno.readFile(target), old);
    await server.shutdown();
    await assertRejects(
      () => new PdiffClient({ ...options, replace: "atomic", retries: 0 }).synchronize(),
      SluiceError,
    );
    assertEquals(await Deno.readFile(target), old);
    assert(list(directory).includes("target"));
  });
});

testBackends("two copies to one target do not mix", async () => {
  await withPlace(async ({ options, target, content }) => {
    const both = await Promise.allSettled([
      new PdiffClient({ ...options, replace: "inplace" }).synchronize(),
      new PdiffClient({ ...options, replace: "inplace" }).synchronize(),
    ]);
    const failed = both.filter(({ status }) => status === "rejected");
    assert(failed.length <= 1);
    for (const { reason } of failed as PromiseRejectedResult[]) assertEquals(reason.code, "LOCKED");
    assertEquals(await Deno.readFile(target), content);
  });
});

testBackends("a target that somebody replaces meanwhile is not replaced", async () => {
  await withPlace(async ({ directory, target, options }) => {
    await Deno.writeFile(`${directory}/other`, new Uint8Array([1, 2, 3]));
    let swapped = false;
    const client = new PdiffClient({
      ...options,
      replace: "atomic",
      onProgress: () => {
        if (!swapped) Deno.renameSync(`${directory}/other`, target);
        swapped = true;
      },
    });
    const error = await assertRejects(() => client.synchronize(), SluiceError);
    assertEquals(error.code, "TARGET_CHANGED");
    assertEquals(await Deno.readFile(target), new Uint8Array([1, 2, 3]));
  });
});

testBackends("a link to the target is followed, and the mode is kept", async () => {
  await withPlace(async ({ directory, target, content, options }) => {
    await Deno.chmod(target, 0o640);
    await Deno.symlink("target", `${directory}/link`);
    await new PdiffClient({ ...options, target: `${directory}/link`, replace: "atomic" }).synchronize();
    assert((await Deno.lstat(`${directory}/link`)).isSymlink);
    assertEquals((await Deno.stat(target)).mode! & 0o777, 0o640);
    assertEquals(await Deno.readFile(target), content);
  });
});

testBackends("a file with several names is written in place, never broken apart", async () => {
  await withPlace(async ({ directory, target, content, options }) => {
    await Deno.link(target, `${directory}/second`);
    const error = await assertRejects(
      () => new PdiffClient({ ...options, replace: "atomic" }).synchronize(),
      SluiceError,
    );
    assertEquals(error.code, "IO");
    await new PdiffClient(options).synchronize();
    assertEquals(await Deno.readFile(`${directory}/second`), content);
  });
});

testBackends("directories and missing parents", async () => {
  await withPlace(async ({ directory, content, options }) => {
    const error = await assertRejects(
      () => new PdiffClient({ ...options, target: directory }).synchronize(),
      SluiceError,
    );
    assertEquals(error.code, "IO");
    await new PdiffClient({ ...options, target: `${directory}/a/b/c` }).synchronize();
    assertEquals(await Deno.readFile(`${directory}/a/b/c`), content);
    await assertRejects(() => new PdiffClient({ ...options, source: directory }).synchronize(), SluiceError);
  });
});

testBackends("a source that changes under the copy is never mixed into the target", async () => {
  await withPlace(async ({ directory, target, content, options }) => {
    let changes = 0;
    const path = `${directory}/served/source`;
    const changed = content.slice();
    const client = new PdiffClient({
      ...options,
      onProgress: ({ phase }) => {
        if (phase !== "transfer" || changes++ > 0) return;
        changed.fill(9, 0, BLOCK);
        Deno.writeFileSync(path, changed);
      },
    });
    await client.synchronize().catch((error) => assertEquals(error.code, "SOURCE_CHANGED"));
    await new PdiffClient(options).synchronize();
    assertEquals(await Deno.readFile(target), await Deno.readFile(path));
  });
});

testBackends("empty sources and empty targets", async () => {
  await withPlace(async ({ directory, target, options }) => {
    await Deno.writeFile(`${directory}/served/source`, new Uint8Array());
    for (const protocol of [1, 2] as const) {
      await Deno.remove(target).catch(() => {});
      const first = await new PdiffClient({ ...options, protocol }).synchronize();
      assertEquals([first.size, first.similarity, (await Deno.stat(target)).size], [0, 100, 0]);
      const second = await new PdiffClient({ ...options, protocol }).synchronize();
      assertEquals([second.blocksDiffering, second.similarity], [0, 100]);
    }
  });
});

testBackends("findChanges and transferChanges do in two steps what synchronize does in one", async () => {
  await withPlace(async ({ target, content, options }) => {
    const edited = content.slice();
    for (const block of [0, 7, 8, 50, 100]) edited[block * BLOCK]! ^= 1;
    await Deno.writeFile(target, edited);
    const client = new PdiffClient(options);
    const changes = await client.findChanges();
    assertEquals(changes.ranges, [
      { offset: 0, length: BLOCK },
      { offset: 7 * BLOCK, length: 2 * BLOCK },
      { offset: 50 * BLOCK, length: BLOCK },
      { offset: 100 * BLOCK, length: 77 },
    ]);
    const result = await client.transferChanges(changes);
    assertEquals(result.blocksDiffering, 5);
    assertEquals(await Deno.readFile(target), content);
    assertEquals((await client.findChanges()).ranges, []);
  });
});

testBackends("blocks travel compressed where that is asked for", async () => {
  await withPlace(async ({ directory, target, options }, server) => {
    const text = new TextEncoder().encode("the same words again and again ".repeat(20_000));
    await Deno.writeFile(`${directory}/served/source`, text);
    const down = await new PdiffClient({ ...options, compressionLevel: 3 }).synchronize();
    assertEquals(await Deno.readFile(target), text);
    assert(down.wireBytesIn * 5 < down.bytesTransferred, `${down.wireBytesIn} of ${down.bytesTransferred}`);
    const upload = {
      source: target,
      target: `http://127.0.0.1:${server.port}/uploaded`,
      compressionLevel: 3,
    };
    const up = await new PdiffClient(upload).synchronize();
    assertEquals(await Deno.readFile(`${directory}/served/uploaded`), text);
    assert(up.wireBytesOut * 5 < up.bytesTransferred, `${up.wireBytesOut} of ${up.bytesTransferred}`);
  });
});

Deno.test("a limit on the rate is kept", async () => {
  await withPlace(async ({ options }) => {
    const started = performance.now();
    await new PdiffClient({ ...options, maxBytesPerSecond: 500_000 }).synchronize();
    assert(performance.now() - started > 500);
  });
});

testBackends("the part of an earlier copy goes with the next one, however that ends", async () => {
  await inDirectory(async (directory) => {
    const [source, target] = [`${directory}/source`, `${directory}/target`];
    await Deno.writeFile(source, new Uint8Array(SIZE).fill(1));
    for (const [old, options] of [[1, {}], [2, { replace: "inplace" }], [1, { shift: true }]] as const) {
      await Deno.writeFile(target, new Uint8Array(SIZE).fill(old));
      await Deno.writeFile(`${directory}/.target.pdiff-part`, new Uint8Array(100));
      await new PdiffClient({ source, target, ...options }).synchronize();
      assertEquals(list(directory), ["source", "target"], JSON.stringify(options));
    }
  });
});

testBackends("a kill at the end of a copy that lands in place leaves a journal or nothing", async () => {
  await inDirectory(async (directory) => {
    const [source, target] = [`${directory}/source`, `${directory}/target`];
    const content = new Random(8).bytes(SIZE);
    for (const left of [[".target.pdiff-journal"], [".target.pdiff-journal", ".target.pdiff-part"]]) {
      await Deno.writeFile(source, content);
      await Deno.writeFile(target, content);
      for (const name of left) {
        await Deno.writeFile(
          `${directory}/${name}`,
          name.endsWith("part")
            ? content
            : new TextEncoder().encode(JSON.stringify({ size: SIZE, source }) + "\n"),
        );
      }
      await new PdiffClient({ source, target, shift: true, replace: "inplace" }).synchronize();
      assertEquals(list(directory), ["source", "target"], left.join());
      assertEquals(await Deno.readFile(target), content);
    }
  });
});
