/**
 * The SHA-256 of files beside the SHA-1 of fragments.
 */
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { testBackends } from "../../tests/_backends.ts";
import { COLLIDING } from "../../tests/_colliding.ts";
import { Random } from "../../tests/_data.ts";
import { inDirectory } from "../../tests/_directory.ts";
import { createZpaqArchive, updateZpaqArchive, ZpaqArchive } from "../mod.ts";
import type { ZpaqArchiveEntry, ZpaqFile } from "../mod.ts";
import { ZpaqBackup } from "./backup.ts";

const sha256 = async (bytes: Uint8Array<ArrayBuffer>): Promise<string> =>
  new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();

/** The second hash of content that is cut where an archive's fragments end. */
async function hashOf(
  content: Uint8Array<ArrayBuffer>,
  { fragments }: ZpaqArchiveEntry,
  archive: ZpaqArchive,
): Promise<string> {
  const digests: string[] = [];
  let at = 0;
  for (const id of fragments) {
    const end = at + archive.fragmentSize(id);
    digests.push(await sha256(content.slice(at, end)));
    at = end;
  }
  assertEquals(at, content.length);
  return digests.length === 1 ? digests[0]! : await sha256(Uint8Array.fromHex(digests.join("")));
}

const kept = ({ attributes }: ZpaqArchiveEntry): string | undefined =>
  attributes?.system === "unix" ? attributes.secondHash : undefined;

/** Contents of no fragment, one, many, and more than the small files have. */
function contentsOf(random: Random): Uint8Array<ArrayBuffer>[] {
  return [0, 1, 5000, 300_000, 1_048_576, 2_500_000].map((size) => random.bytes(size));
}

testBackends("files keep the SHA-256 of their content, whatever their size", async () => {
  await inDirectory(async (folder) => {
    const contents = contentsOf(new Random(21));
    contents.push(contents[2]!);
    await Deno.mkdir(`${folder}/s`);
    for (const [i, bytes] of contents.entries()) await Deno.writeFile(`${folder}/s/${i}`, bytes);
    await Deno.symlink("0", `${folder}/s/link`);
    const path = `${folder}/b.zpaq`;
    using backup = await ZpaqBackup.open(path);
    await backup.addFolder(`${folder}/s`);
    const expect = async (): Promise<void> => {
      for (const [i, bytes] of contents.entries()) {
        const [entry] = await backup.entries(`s/${i}`);
        assertEquals(kept(entry!), await hashOf(bytes, entry!, (await backup.archive())!), `${i}`);
      }
    };
    await expect();
    assertEquals((await backup.addFolder(`${folder}/s`)).updated, 0);
    // Of a version whose attributes alone changed nothing is read, and the hash stays.
    for (const i of contents.keys()) await Deno.chmod(`${folder}/s/${i}`, 0o600);
    const { updated, bytesIn } = await backup.addFolder(`${folder}/s`);
    assertEquals([updated, bytesIn], [contents.length, 0]);
    await expect();
    // A fragment that the archive has gives a new name the same hash.
    await Deno.writeFile(`${folder}/s/copy`, contents[2]!);
    await Deno.writeFile(`${folder}/s/copies`, contents[3]!);
    await backup.addFolder(`${folder}/s`);
    for (const [name, like] of [["s/copy", "s/2"], ["s/copies", "s/3"]] as const) {
      assertEquals(kept((await backup.entries(name))[0]!), kept((await backup.entries(like))[0]!));
    }
    const { files, damaged } = await backup.verify();
    assertEquals([files, damaged], [contents.length + 3, []]);
    await backup.add(`${folder}/s`, { attributes: "mode", to: "plain" });
    for (const entry of await backup.entries("plain")) assertEquals(kept(entry), undefined);
  });
});

testBackends("contents that collide under SHA-1 are both stored, and named", async () => {
  const files = COLLIDING.map((body, i): ZpaqFile => ({
    name: `${i}`,
    body,
    attributes: { system: "unix", mode: 0o100644 },
  }));
  const found: string[] = [];
  const options = { fileDigests: true, onCollision: ({ name }: ZpaqFile): void => void found.push(name) };
  const both = await createZpaqArchive(files, options);
  // In two versions as well: the first file is one fragment, whose SHA-256 the archive keeps.
  const first = await createZpaqArchive(files.slice(0, 1), options);
  const parts: Uint8Array<ArrayBuffer>[] = [];
  {
    using archive = await ZpaqArchive.open(first);
    await updateZpaqArchive(archive, files.slice(1), {
      write: (bytes) => void parts.push(bytes),
      rewrite: (_, bytes) => void (parts[0] = bytes),
    }, options);
  }
  assertEquals(found, ["1", "1"]);
  for (const bytes of [both, await new Blob([first, ...parts]).bytes()]) {
    using archive = await ZpaqArchive.open(bytes);
    for (const entry of archive.entries()) {
      assertEquals(await new Response(entry.body).bytes(), COLLIDING[Number(entry.name)]!);
    }
  }
  // Without it the second would come back as the first.
  using archive = await ZpaqArchive.open(await createZpaqArchive(files));
  assertEquals(await new Response(archive.entries()[1]!.body).bytes(), COLLIDING[0]!);
});

testBackends("a backup names files with content that collides", async () => {
  await inDirectory(async (folder) => {
    for (const [i, bytes] of COLLIDING.entries()) await Deno.writeFile(`${folder}/${i}`, bytes);
    using backup = await ZpaqBackup.open(`${folder}/b.zpaq`);
    const { problems } = await backup.add([`${folder}/0`, `${folder}/1`], { to: ["0", "1"] });
    assertEquals(problems.map(({ code, entry, severe }) => [code, entry, severe]), [[
      "SHA1_COLLISION",
      "1",
      false,
    ]]);
    await backup.restore([], { to: `${folder}/out` });
    for (const [i, bytes] of COLLIDING.entries()) {
      assertEquals(await Deno.readFile(`${folder}/out/${i}`), bytes);
    }
  });
});

testBackends(
  "content without its SHA-256 is named and not restored, in whatever order its pieces come",
  async () => {
    await inDirectory(async (folder) => {
      const random = new Random(22);
      const [left, right] = [random.bytes(1_500_000), random.bytes(1_500_000)];
      const whole = async (...bodies: Uint8Array<ArrayBuffer>[]): Promise<Uint8Array<ArrayBuffer>> =>
        await new Blob(bodies).bytes();
      const contents: Record<string, Uint8Array<ArrayBuffer>> = {
        a: await whole(left, right),
        b: await whole(right, left),
        small: random.bytes(100),
        empty: new Uint8Array(),
      };
      for (const isRight of [true, false]) {
        const unix = { system: "unix", mode: 0o100600 } as const;
        const options = { method: "00", fragment: 2 };
        const plain = Object.entries(contents).map(([name, body]) => (
          { name, body, size: body.length, attributes: unix }
        ));
        using good = await ZpaqArchive.open(
          await createZpaqArchive(plain, { ...options, fileDigests: true }),
        );
        const hashes = new Map(good.entries().map((entry) => [entry.name, kept(entry)!]));
        const files = plain.map((file): ZpaqFile => {
          const hash = hashes.get(file.name)!;
          const secondHash = isRight ? hash : (hash.startsWith("0") ? "1" : "0") + hash.slice(1);
          return { ...file, attributes: { ...unix, secondHash } };
        });
        const path = `${folder}/${isRight}.zpaq`;
        await Deno.writeFile(path, await createZpaqArchive(files, options));
        using backup = await ZpaqBackup.open(path, { onProblem: () => {} });
        const { damaged, files: count } = await backup.verify();
        const restored = await backup.restore([], { to: `${folder}/${isRight}` });
        if (isRight) {
          assertEquals([damaged, restored.problems, count], [[], [], 4]);
          continue;
        }
        for (const problems of [damaged, restored.problems]) {
          assertEquals(problems.map(({ entry }) => entry).toSorted(), Object.keys(contents).toSorted());
          for (const { code, message, severe } of problems) {
            assertEquals([code, severe], ["CHECKSUM", true]);
            assertStringIncludes(message, "SHA-256");
          }
        }
        assertEquals([restored.files, count], [0, 0]);
        const made = await Array.fromAsync(Deno.readDir(`${folder}/false`), ({ name }) => name).catch(
          () => [],
        );
        assertEquals(made, []);
        const compared = await (async () => {
          const cwd = Deno.cwd();
          Deno.chdir(`${folder}/true`);
          try {
            return await backup.compare(Object.keys(contents), { compareContent: true });
          } finally {
            Deno.chdir(cwd);
          }
        })();
        assert(
          compared.every(({ result }) => result === "different"),
          JSON.stringify(compared.map(({ result }) => result)),
        );
      }
    });
  },
);

testBackends("more files than are allowed are refused before anything is written", async () => {
  await inDirectory(async (folder) => {
    const path = `${folder}/b.zpaq`;
    await Deno.writeFile(path, await createZpaqArchive(["a", "b", "c/"].map((name) => ({ name }))));
    using backup = await ZpaqBackup.open(path);
    const to = `${folder}/out`;
    for (
      const run of [() => backup.restore([], { to, maxFiles: 2 }), () => backup.verify([], { maxFiles: 2 })]
    ) {
      const error = await assertRejects(run, Error, "at most 2");
      assertEquals((error as { code?: string }).code, "OUTPUT_LIMIT");
    }
    await assertRejects(() => Deno.stat(to), Deno.errors.NotFound);
    assertEquals((await backup.restore("a", { to: `${folder}/one`, maxFiles: 1 })).files, 1);
    assertEquals((await backup.restore([], { to, maxFiles: 3 })).files, 2);
  });
});
