import { assert, assertEquals, assertRejects } from "@std/assert";
import { byteSourceFromBytes, SluiceError } from "@sluice/internal";
import { testBackends } from "../../tests/_backends.ts";
import { Random } from "../../tests/_data.ts";
import { inDirectory } from "../../tests/_directory.ts";
import { LocalTarget } from "../copy/_target.ts";
import { newTable } from "../file/_block_file.ts";
import { openDirectory, openFile } from "../file/_files.ts";
import { hashOf } from "../file/_hash_registry.ts";
import {
  buildPdiffIndex,
  copyByPdiffIndex,
  copyPdiffTree,
  PdiffClient,
  PdiffIndex,
  servePdiff,
} from "../mod.ts";

const CONTENT = new Random(31).bytes(300_000);

/** Everything below a directory: names, content, modes and times. */
function snapshot(path: string): string {
  const info = Deno.lstatSync(path);
  const facts = `${path} ${info.mode} ${info.mtime?.getTime()} ${info.ino}`;
  if (info.isDirectory) {
    const names = [...Deno.readDirSync(path)].map(({ name }) => name).sort();
    return [facts, ...names.map((name) => snapshot(`${path}/${name}`))].join("\n");
  }
  return `${facts} ${info.isFile ? Deno.readFileSync(path).toBase64().slice(0, 2000) : ""}`;
}

testBackends("length and content are what makes files equal, wherever they are", async () => {
  await inDirectory(async (directory) => {
    const longer = new Uint8Array([...CONTENT, 0]);
    const zeros = new Uint8Array(CONTENT.length + (1 << 20));
    zeros.set(CONTENT);
    const changed = CONTENT.slice();
    changed[200_000]! ^= 1;
    const targets: readonly (readonly [string, Uint8Array | undefined, boolean])[] = [
      ["same", CONTENT, true],
      ["longer by one zero", longer, false],
      ["longer by a mebibyte of zeros", zeros, false],
      ["shorter", CONTENT.subarray(0, -1), false],
      ["changed", changed, false],
      ["empty", new Uint8Array(), false],
      ["missing", undefined, false],
    ];
    await Deno.writeFile(`${directory}/source`, CONTENT);
    await using server = servePdiff({ root: directory, port: 0 });
    const url = `http://127.0.0.1:${server.port}`;
    for (const [name, bytes, equal] of targets) {
      if (bytes === undefined) await Deno.remove(`${directory}/target`);
      else await Deno.writeFile(`${directory}/target`, bytes);
      for (const source of [`${directory}/source`, `${url}/source`]) {
        for (const target of [`${directory}/target`, `${url}/target`]) {
          for (const protocol of [1, 2] as const) {
            const client = new PdiffClient({ source, target, dryRun: true, protocol });
            assertEquals(
              (await client.synchronize()).equal,
              equal,
              `${name}: ${source} ${target} ${protocol}`,
            );
            const changes = await client.findChanges();
            assertEquals([changes.equal, changes.targetSize], [equal, bytes?.length], name);
          }
        }
      }
    }
    await Deno.writeFile(`${directory}/nothing`, new Uint8Array());
    await Deno.writeFile(`${directory}/target`, CONTENT);
    for (const target of ["target", "missing"]) {
      const options = { source: `${directory}/nothing`, target: `${directory}/${target}`, dryRun: true };
      assertEquals((await new PdiffClient(options).synchronize()).equal, false, target);
    }
  });
});

testBackends("dry runs change nothing, by any way to copy", async () => {
  await inDirectory(async (directory) => {
    await Deno.mkdir(`${directory}/served/tree/sub`, { recursive: true });
    await Deno.mkdir(`${directory}/there/tree`, { recursive: true });
    await Deno.writeFile(`${directory}/served/source`, CONTENT);
    await Deno.writeFile(`${directory}/served/tree/sub/file`, CONTENT);
    await Deno.writeFile(`${directory}/served/old`, CONTENT.subarray(0, 250_000));
    await Deno.writeFile(`${directory}/there/old`, CONTENT.subarray(1, 250_000));
    await Deno.writeFile(`${directory}/there/tree/extra`, CONTENT);
    await using server = servePdiff({ root: `${directory}/served`, port: 0, writable: true });
    const url = `http://127.0.0.1:${server.port}`;
    const before = snapshot(directory);
    const here = `${directory}/served/source`;
    for (const shift of [false, true]) {
      for (const source of [here, `${url}/source`]) {
        for (
          const target of [
            `${directory}/there/old`,
            `${directory}/there/new`,
            `${url}/old`,
            `${url}/new/deep`,
          ]
        ) {
          const result = await new PdiffClient({ source, target, shift, dryRun: true }).synchronize();
          assertEquals([result.dryRun, result.equal], [true, false]);
        }
      }
    }
    for (const kind of ["blocks", "chunks"] as const) {
      const bytes = byteSourceFromBytes(CONTENT);
      const index = PdiffIndex.parse(await buildPdiffIndex(bytes, { kind }));
      for (const name of ["old", "new", "deep/new"]) {
        const target = `${directory}/there/${name}`;
        const result = await copyByPdiffIndex({ index, sources: [bytes], target, dryRun: true });
        assert(result.dryRun && !result.equal && result.bytesFetched > 0);
      }
    }
    for (const target of [`${directory}/there/tree`, `${directory}/there/none`, `${url}/none`]) {
      const result = await copyPdiffTree({
        source: `${directory}/served/tree`,
        target,
        dryRun: true,
        delete: true,
      });
      assertEquals(result.filesCopied, 1);
    }
    assertEquals(snapshot(directory), before);
  });
});

testBackends("a dry run with moved content says what the copy then fetches", async () => {
  await inDirectory(async (directory) => {
    const content = new Random(5).bytes(4 << 20);
    await Deno.mkdir(`${directory}/served`);
    await Deno.writeFile(`${directory}/served/source`, new Uint8Array([1, 2, 3, ...content]));
    await Deno.writeFile(`${directory}/served/old`, content);
    await Deno.writeFile(`${directory}/old`, content);
    await using server = servePdiff({ root: `${directory}/served`, port: 0, writable: true });
    const url = `http://127.0.0.1:${server.port}`;
    for (
      const [source, target] of [
        [`${url}/source`, `${directory}/old`],
        [`${directory}/served/source`, `${directory}/other`],
        [`${directory}/served/source`, `${url}/old`],
      ] as const
    ) {
      await Deno.writeFile(`${directory}/other`, content);
      const options = { source, target, shift: true };
      const dry = await new PdiffClient({ ...options, dryRun: true }).synchronize();
      assert(dry.bytesTransferred < 1_000_000, `${dry.bytesTransferred}`);
      const real = await new PdiffClient(options).synchronize();
      assertEquals(real.bytesTransferred, dry.bytesTransferred);
      const path = target.replace(url, `${directory}/served`);
      assertEquals(await Deno.readFile(path), await Deno.readFile(`${directory}/served/source`));
      assertEquals((await new PdiffClient({ ...options, dryRun: true }).synchronize()).equal, true);
    }
  });
});

testBackends("a target that is read back from the disk is the source, in every direction", async () => {
  await inDirectory(async (directory) => {
    await Deno.writeFile(`${directory}/source`, CONTENT);
    await using server = servePdiff({ root: directory, port: 0, writable: true });
    const url = `http://127.0.0.1:${server.port}`;
    for (
      const [source, target] of [
        [`${directory}/source`, `${directory}/target`],
        [`${url}/source`, `${directory}/target`],
        [`${directory}/source`, `${url}/target`],
      ] as const
    ) {
      for (const shift of [false, true]) {
        for (const replace of ["auto", "inplace", "atomic"] as const) {
          for (const old of [undefined, CONTENT, CONTENT.slice(1), new Uint8Array(400_000)]) {
            await Deno.remove(`${directory}/target`).catch(() => {});
            if (old !== undefined) await Deno.writeFile(`${directory}/target`, old);
            await new PdiffClient({ source, target, shift, replace, verifyWritten: true }).synchronize();
            assertEquals(await Deno.readFile(`${directory}/target`), CONTENT);
          }
        }
      }
    }
  });
});

Deno.test("a target whose content changes before it is read back is not taken for right", async () => {
  await inDirectory(async (directory) => {
    await Deno.writeFile(`${directory}/new`, CONTENT);
    using folder = openDirectory(directory, true);
    const plan = {
      size: CONTENT.length,
      replace: "auto",
      source: "",
      durable: true,
      punch: true,
      threads: 1,
    } as const;
    const target = await LocalTarget.open(folder, "target", { ...plan, confined: false });
    using source = openFile(`${directory}/new`);
    const table = newTable(CONTENT.length, 65_536, hashOf("blake3"));
    await source.hash(0, CONTENT.length, table, 1);
    await target.copyFrom(source, 0, CONTENT.length);
    {
      using part = folder.open(".target.pdiff-part", { write: true });
      await part.write(100_000, new Uint8Array(10));
    }
    const error = await assertRejects(() => target.commit(table), SluiceError, "the disk has other content");
    assertEquals([error.code, error.offset], ["VERIFY_FAILED", 65_536]);
    target.abort(error);
    await assertRejects(() => Deno.stat(`${directory}/target`), Deno.errors.NotFound);
  });
});
