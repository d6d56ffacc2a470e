/**
 * Bundles that git makes: taken in whole, upon what is there, and as the start of a clone.
 */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { cloneGitRepository, GitDatabase, SluiceError, takeGitBundle } from "@sluice/gitdb";
import { git, makeRepository, makeWithBundle, testGit } from "./_git.ts";
import { GIT_SERVES, withServer } from "./_git_server.ts";

const streamOf = (bytes: Uint8Array): ReadableStream<Uint8Array> =>
  new Blob([bytes as Uint8Array<ArrayBuffer>]).stream();

async function empty(path: string, sha256: boolean): Promise<GitDatabase> {
  await Deno.mkdir(path, { recursive: true });
  await git(path, ["init", "-q", "--bare", ...sha256 ? ["--object-format=sha256"] : [], "."]);
  return await GitDatabase.open(path);
}

for (const sha256 of [false, true]) {
  testGit(`bundles are taken in, ${sha256 ? "SHA-256" : "SHA-1"}`, async (folder) => {
    const path = `${folder}/repo.git`;
    await makeRepository(path, { commits: 12, sha256, packing: ["pack"] });
    const all = (await git(path, ["rev-list", "main"])).trim().split("\n");
    await git(path, ["branch", "old", all[6]!]);
    await git(path, ["bundle", "create", "-q", "start.bundle", "old"]);
    await git(path, ["bundle", "create", "-q", "next.bundle", "old..main", "v0"]);
    const [start, next] = await Promise.all(
      ["start", "next"].map((name) => Deno.readFile(`${path}/${name}.bundle`)),
    );
    const target = `${folder}/target.git`;
    await using database = await empty(target, sha256);
    const early = await assertRejects(() => takeGitBundle(database, streamOf(next!)), SluiceError);
    assert(["BASE_MISSING", "UNRESOLVED_DELTAS"].includes(early.code), early.message);
    const first = await takeGitBundle(database, streamOf(start!));
    assertEquals(first.refs.map(({ name, id }) => `${name} ${id}`), [`refs/heads/old ${all[6]}`]);
    const second = await takeGitBundle(database, streamOf(next!));
    assertEquals(second.refs.map(({ name }) => name).sort(), ["refs/heads/main", "refs/tags/v0"]);
    await git(target, ["update-ref", "refs/heads/main", all[0]!]);
    await git(target, ["fsck", "--strict", "--no-dangling"]);
  });
}

testGit("bundles that are cut or hostile are refused, and nothing is left", async (folder) => {
  const path = `${folder}/repo.git`;
  await makeRepository(path, { commits: 2, packing: ["pack"] });
  await git(path, ["bundle", "create", "-q", "all.bundle", "main"]);
  const whole = await Deno.readFile(`${path}/all.bundle`);
  await using database = await empty(`${folder}/target.git`, false);
  for (let end = 0; end < whole.length; end += end < 150 ? 1 : 97) {
    await assertRejects(() => takeGitBundle(database, streamOf(whole.subarray(0, end))), SluiceError);
  }
  const id = "1".repeat(40);
  const cases: readonly (readonly [text: string, code: string])[] = [
    ["# v4 git bundle\n\n", "PROTOCOL"],
    ["# v3 git bundle\n@filter=blob:none\n\n", "UNSUPPORTED"],
    ["# v3 git bundle\n@object-format=md5\n\n", "UNSUPPORTED"],
    ["# v3 git bundle\n@object-format=sha256\n\n", "BAD_ID"],
    [`# v2 git bundle\n${id} refs/heads/../x\n\n`, "PROTOCOL"],
    ["# v2 git bundle\nxyz refs/heads/x\n\n", "PROTOCOL"],
  ];
  for (const [text, code] of cases) {
    const taken = takeGitBundle(database, streamOf(new TextEncoder().encode(text)));
    assertEquals((await assertRejects(() => taken, SluiceError)).code, code, text);
  }
  assertEquals([...Deno.readDirSync(`${folder}/target.git/objects/pack`)], []);
});

if (GIT_SERVES) {
  testGit(
    "a clone starts from a bundle and fetches the rest, or all where the bundle is of no use",
    async (folder) => {
      const path = `${folder}/served.git`;
      const bundle = await makeWithBundle(path);
      await withServer(folder, async (server) => {
        let sends: Uint8Array<ArrayBuffer> = bundle;
        server.intercept = (request, answer) =>
          request.url.endsWith("/start.bundle") ? Promise.resolve(new Response(sends)) : answer();
        const url = server.url("served.git");
        const start = server.url("cdn/start.bundle");
        const sent = async (options: { bundle?: string }, into: string): Promise<[number, string[]]> => {
          const before = server.sent;
          const warnings: string[] = [];
          await cloneGitRepository(url, { ...options, into, onWarning: (text) => warnings.push(text) });
          await git(into, ["fsck", "--strict", "--no-dangling"]);
          assertEquals(await git(into, ["rev-parse", "HEAD"]), await git(path, ["rev-parse", "main"]));
          return [server.sent - before, warnings];
        };
        const [full] = await sent({}, `${folder}/full`);
        const [rest, none] = await sent({ bundle: start }, `${folder}/rest`);
        assert(rest < full / 2, `${rest} of ${full} bytes`);
        assertEquals(none, []);
        await git(path, ["bundle", "create", "-q", "all.bundle", "main", "v0", "old"]);
        sends = await Deno.readFile(`${path}/all.bundle`);
        const { count } = await cloneGitRepository(url, { into: `${folder}/all`, bundle: start });
        assert(count > 40, "what came in the bundle counts");
        sends = bundle.slice(0, 300);
        const [again, warnings] = await sent({ bundle: start }, `${folder}/again`);
        assert(again > full * 0.9, `${again} of ${full} bytes`);
        assertEquals(warnings.length, 1);
        assert(warnings[0]!.startsWith("the bundle was not used: "), warnings[0]);
        // A server that sends nothing, or nothing more, is not waited for.
        for (const body of [undefined, bundle.slice(0, 300)]) {
          const release = Promise.withResolvers<Response>();
          server.intercept = (request, answer) => {
            if (!request.url.endsWith("/start.bundle")) return answer();
            if (body === undefined) return release.promise;
            const start = (controller: ReadableStreamDefaultController) => controller.enqueue(body);
            return Promise.resolve(new Response(new ReadableStream({ start })));
          };
          const said: string[] = [];
          await cloneGitRepository(url, {
            into: `${folder}/slow${body?.length}`,
            bundle: start,
            connection: { stallTimeoutMs: 400 },
            onWarning: (text) => said.push(text),
          });
          assert(said[0]!.includes('came for 400 ms (raise "stallTimeoutMs")'), said[0]);
          release.resolve(new Response());
        }
      });
    },
  );

  testGit("a clone starts from lists of bundles, in any order and within each other", async (folder) => {
    const path = `${folder}/served.git`;
    await makeRepository(path, { commits: 40, packing: ["pack"] });
    await git(path, ["symbolic-ref", "HEAD", "refs/heads/main"]);
    for (const [name, at] of [["one", "main~20"], ["two", "main~8"], ["three", "main~1"]]) {
      await git(path, ["branch", name!, at!]);
    }
    const files = new Map<string, Uint8Array<ArrayBuffer> | string>();
    for (const [name, ...range] of [["1", "one"], ["2", "one..two"], ["3", "two..three"]]) {
      await git(path, ["bundle", "create", "-q", "a.bundle", ...range]);
      files.set(`${name}.bundle`, await Deno.readFile(`${path}/a.bundle`));
    }
    const list = (mode: string, ...uris: string[]): string =>
      `[bundle]\n\tversion = 1\n\tmode = ${mode}\n` +
      uris.map((uri, i) => `[bundle "b${i}"]\n\turi = ${uri}\n`).join("");
    await withServer(folder, async (server) => {
      const asked: string[] = [];
      server.intercept = (request, answer) => {
        const name = /\/cdn\/(.+)$/.exec(request.url)?.[1];
        if (name === undefined) return answer();
        asked.push(name);
        const body = files.get(name);
        return Promise.resolve(new Response(body, { status: body === undefined ? 404 : 200 }));
      };
      let count = 0;
      const cloned = async (text: string): Promise<{ sent: number; warnings: string[] }> => {
        files.set("list", text);
        asked.length = 0;
        const into = `${folder}/clone${count++}`;
        const warnings: string[] = [];
        const before = server.sent;
        const bundle = server.url("cdn/list");
        await cloneGitRepository(server.url("served.git"), {
          into,
          bundle,
          onWarning: (warning) => warnings.push(warning),
        });
        await git(into, ["fsck", "--strict", "--no-dangling"]);
        assertEquals(await git(into, ["rev-parse", "HEAD"]), await git(path, ["rev-parse", "main"]));
        return { sent: server.sent - before, warnings };
      };
      const full = (await cloned("")).sent;
      const all = await cloned(list("all", "3.bundle", "1.bundle", server.url("cdn/2.bundle")));
      assertEquals(all.warnings, []);
      assert(all.sent < full / 4, `${all.sent} of ${full} bytes`);
      const tokens = "[bundle]\nversion = 1\nmode = all\nheuristic = creationToken\n" +
        [3, 1, 2].map((n) => `[bundle "${n}"]\nuri = ${n}.bundle\ncreationToken = ${n}\n`).join("");
      assertEquals((await cloned(tokens)).warnings, []);
      assertEquals(asked, ["list", "1.bundle", "2.bundle", "3.bundle"]);
      const any = await cloned(list("any", "missing", "1.bundle", "2.bundle"));
      assertEquals([any.warnings.length, asked], [1, ["list", "missing", "1.bundle"]]);
      files.set("inner", list("all", "2.bundle", "1.bundle"));
      assertEquals((await cloned(list("all", "3.bundle", "inner"))).warnings, []);
      // What leads nowhere, to itself or elsewhere costs a warning.
      const hostile: [string, string][] = [
        [list("all", "list"), "lists in each other"],
        [list("all", "2.bundle"), "stands on what is not here"],
        [list("all", "file:///etc/passwd"), "is no address of a bundle"],
        [list("all", "ftp://example.test/1.bundle"), "is no address of a bundle"],
        [list("some", "1.bundle"), "says not which bundles"],
        ["[bundle]\nversion = 2\nmode = all\n", "of version 1"],
        ["<html></html>", "neither a bundle nor a list"],
        [list("all", ...Array.from({ length: 300 }, () => "1.bundle")), "256"],
        [`${list("all", "1.bundle")}#${"x".repeat(2 << 20)}`, "1048576"],
      ];
      for (const [text, said] of hostile) {
        const { warnings } = await cloned(text);
        assert(warnings[0]?.includes(said), `${said}: ${warnings}`);
        assert(asked.length < 10, `${asked.length} requests`);
      }
      files.set("wide", list("all", ...Array.from({ length: 250 }, () => "wide")));
      const { warnings } = await cloned(list("all", ...Array.from({ length: 250 }, () => "wide")));
      assertEquals(asked.length, 512);
      assert(warnings.at(-1)!.includes("512"), warnings.at(-1));
    });
  });
}
