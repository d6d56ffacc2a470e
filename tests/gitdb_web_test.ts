/**
 * Repositories as files on a server: packs are read by ranges, in place.
 */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { GitWebDatabase, PackStore, SluiceError } from "@sluice/gitdb";
import { git, makeRepository, testGit } from "./_git.ts";

/** A server of the files of a folder, which answers ranges and counts what it sends. */
class FileServer implements AsyncDisposable {
  sent = 0;
  requests = 0;
  /** Files with other content than on the disk. */
  readonly changed = new Map<string, Uint8Array<ArrayBuffer>>();
  readonly #server: Deno.HttpServer<Deno.NetAddr>;

  constructor(folder: string) {
    this.#server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (request) => {
      this.requests++;
      const { pathname } = new URL(request.url);
      const bytes = this.changed.get(pathname) ??
        await Deno.readFile(folder + pathname).catch(() => undefined);
      if (bytes === undefined) return new Response(null, { status: 404 });
      const range = /^bytes=(\d*)-(\d*)$/.exec(request.headers.get("range") ?? "");
      if (range === null) {
        this.sent += bytes.length;
        return new Response(bytes);
      }
      const [, from, to] = range;
      const start = from === "" ? Math.max(0, bytes.length - Number(to)) : Number(from);
      const end = from === "" || to === "" ? bytes.length : Math.min(bytes.length, Number(to) + 1);
      if (start >= bytes.length) {
        return new Response(null, { status: 416, headers: { "content-range": `bytes */${bytes.length}` } });
      }
      this.sent += end - start;
      const headers = { "content-range": `bytes ${start}-${end - 1}/${bytes.length}` };
      return new Response(bytes.slice(start, end), { status: 206, headers });
    });
  }

  url(name: string): string {
    return `http://127.0.0.1:${this.#server.addr.port}/${name}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }
}

for (const sha256 of [false, true]) {
  testGit(`every object is read over HTTP, ${sha256 ? "SHA-256" : "SHA-1"}`, async (folder) => {
    const path = `${folder}/files.git`;
    await makeRepository(path, { commits: 20, sha256, packing: ["pack", "loose"] });
    await git(path, ["symbolic-ref", "HEAD", "refs/heads/main"]);
    await git(path, ["update-server-info"]);
    await using server = new FileServer(folder);
    await using database = await GitWebDatabase.open(server.url("files.git"));
    const refs = (await git(path, ["show-ref", "--head", "-d"])).trim().split("\n");
    const lines = database.refs.flatMap(({ id, name, peeled }) => [
      `${id} ${name}`,
      ...peeled === undefined ? [] : [`${peeled} ${name}^{}`],
    ]);
    assertEquals(lines, refs);
    assertEquals([database.refs[0]!.target, database.hashAlgorithm], [
      "refs/heads/main",
      sha256 ? "sha256" : "sha1",
    ]);
    const ids = (await git(path, ["rev-list", "--objects", "--no-object-names", "--all"])).trim().split("\n");
    let count = 0;
    for await (const batch of database.readBatches(ids, { verifyChecksums: true })) {
      for (const result of batch) if (result.ok) count++;
    }
    assertEquals(count, ids.length);
    assertEquals(await database.has("1".repeat(sha256 ? 64 : 40)), false);
  });
}

testGit("one object of a large pack takes a few ranges, not the pack", async (folder) => {
  const path = `${folder}/files.git`;
  await git(folder, ["init", "-q", "--bare", "files.git"]);
  const bodies = Array.from({ length: 120 }, (_, i) => crypto.getRandomValues(new Uint8Array(60_000 + i)));
  const ids: string[] = [];
  for (const body of bodies) ids.push((await git(path, ["hash-object", "-w", "--stdin"], body)).trim());
  await git(path, ["pack-objects", "-q", "objects/pack/pack"], new TextEncoder().encode(ids.join("\n")));
  await git(path, ["prune-packed", "-q"]);
  await git(path, ["update-server-info"]);
  await using server = new FileServer(folder);
  await using database = await GitWebDatabase.open(server.url("files.git"));
  assertEquals(await database.sources[0]!.count(), ids.length);
  const [opened, size] = [server.sent, bodies.reduce((sum, body) => sum + body.length, 0)];
  assertEquals(await (await database.read(ids[70]!)).bytes(), bodies[70]!);
  const sent = server.sent - opened;
  assert(database.sources[0] instanceof PackStore && opened < 100_000, `${opened} bytes to open`);
  assert(sent < 400_000, `${sent} bytes of ${size} for one object`);
  console.log(`over HTTP: ${opened} bytes to open, ${sent} for an object of 60,070, of a pack of ${size}`);
});

testGit(
  "lists that are damaged or hostile are refused, and objects that are not what they are named",
  async (folder) => {
    const path = `${folder}/files.git`;
    await makeRepository(path, { commits: 2 });
    await git(path, ["update-server-info"]);
    await using server = new FileServer(folder);
    const encode = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);
    const cases: readonly (readonly [file: string, content: string, code: string])[] = [
      ["info/refs", "nothing\n", "PROTOCOL"],
      ["info/refs", `${"1".repeat(40)}\trefs/heads/../../config\n`, "PROTOCOL"],
      ["objects/info/packs", "P ../../../evil.pack\n", "CORRUPT"],
      ["objects/info/packs", `P pack-${"1".repeat(40)}.pack\n`, "NOT_FOUND"],
    ];
    for (const [file, content, code] of cases) {
      server.changed.set(`/files.git/${file}`, encode(content));
      const run = async (): Promise<void> => {
        const database = await GitWebDatabase.open(server.url("files.git/"));
        await database[Symbol.asyncDispose]();
        if (code === "NOT_FOUND") throw new SluiceError("passed over", { format: "git", code: "NOT_FOUND" });
      };
      assertEquals((await assertRejects(run, SluiceError)).code, code, content);
      server.changed.clear();
    }
    const id = (await git(path, ["rev-parse", "main"])).trim();
    const other = (await git(path, ["rev-parse", "main~1"])).trim();
    const place = (hex: string): string => `/files.git/objects/${hex.slice(0, 2)}/${hex.slice(2)}`;
    server.changed.set(place(id), await Deno.readFile(folder + place(other)));
    await using database = await GitWebDatabase.open(server.url("files.git"));
    assertEquals((await assertRejects(() => database.read(id), SluiceError)).code, "ID_MISMATCH");
  },
);
