/**
 * Repositories on servers: references and packs from git's own `http-backend`, in all versions of its protocol.
 */
import { assert, assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import {
  CorruptDataError,
  fetchGitObjects,
  GitDatabase,
  GitMemoryStore,
  GitRemote,
  NotFoundError,
  unpackGitObjects,
  UnsupportedFeatureError,
} from "@sluice/gitdb";
import type { GitFetchOptions } from "@sluice/gitdb";
import { git, makeRepository, testGit } from "./_git.ts";
import { GIT_SERVES, withServer } from "./_git_server.ts";
import { bundle, listRuntimes } from "./_runtimes.ts";

const VERSIONS = [0, 1, 2] as const;

function testRemote(name: string, test: (folder: string) => Promise<void>): void {
  if (GIT_SERVES) testGit(name, test);
}

async function servedRepository(folder: string, sha256 = false): Promise<string> {
  const path = `${folder}/served.git`;
  await makeRepository(path, { commits: 20, sha256, packing: ["pack", "loose"] });
  await git(path, ["symbolic-ref", "HEAD", "refs/heads/main"]);
  for (const key of ["allowFilter", "allowAnySHA1InWant"]) {
    await git(path, ["config", `uploadpack.${key}`, "true"]);
  }
  return path;
}

async function refsOf(
  remote: GitRemote,
  options: Parameters<GitRemote["lsRefs"]>[0] = {},
): Promise<string[]> {
  const refs = await Array.fromAsync(remote.lsRefs(options));
  return refs.map(({ name, id, peeled, target }) => `${id} ${name} ${peeled} ${target}`);
}

testRemote("references are those that git lists, in every version, of both hashes", async (folder) => {
  for (const sha256 of [false, true]) {
    const path = await servedRepository(`${folder}/${sha256}`, sha256);
    const expected = (await git(path, ["show-ref", "--head", "-d"])).trim().split("\n");
    const plain = expected.filter((line) => !line.endsWith("^{}"));
    await withServer(`${folder}/${sha256}`, async (server) => {
      for (const protocol of VERSIONS) {
        const remote = new GitRemote(server.url("served.git"), { protocol });
        const { version, hashAlgorithm } = await remote.capabilities();
        assertEquals([version, hashAlgorithm], [protocol, sha256 ? "sha256" : "sha1"]);
        const refs = await Array.fromAsync(remote.lsRefs({ peel: true, symrefs: true }));
        assertEquals(refs.map(({ id, name }) => `${id} ${name}`), plain);
        const peeled = refs.filter(({ peeled }) => peeled !== undefined);
        assertEquals(
          peeled.map(({ peeled, name }) => `${peeled} ${name}^{}`),
          expected.filter((line) => line.endsWith("^{}")),
        );
        assertEquals(refs.find(({ name }) => name === "HEAD")?.target, "refs/heads/main");
        const heads = await refsOf(remote, { prefixes: ["refs/heads/"] });
        assertEquals(heads.length, 1);
        assert(heads[0]!.endsWith(" refs/heads/main undefined undefined"), heads[0]);
      }
    });
  }
});

testRemote("packs have what is wanted and not what is here, in every version", async (folder) => {
  const path = await servedRepository(folder);
  const all = (await git(path, ["rev-list", "main"])).trim().split("\n");
  const count = async (...args: string[]): Promise<number> =>
    (await git(path, ["rev-list", "--objects", "--no-object-names", ...args])).trim().split("\n").length;
  await withServer(folder, async (server) => {
    for (const protocol of VERSIONS) {
      const remote = new GitRemote(server.url("served.git"), { protocol });
      const store = new GitMemoryStore();
      const take = async (options: GitFetchOptions): Promise<number> =>
        await unpackGitObjects((await remote.fetch(options)).pack, store);
      assertEquals(await take({ wants: [all[10]!] }), await count(all[10]!));
      const common: string[] = [];
      const haves = ["1".repeat(40), ...all.slice(10)];
      assertEquals(
        await take({ wants: [all[0]!], haves, onCommon: (id) => common.push(`${id}`) }),
        await count(all[0]!, `^${all[10]}`),
      );
      // The bases that a thin pack leaves out are counted with its objects.
      assert(await take({ wants: [all[0]!], haves, thin: true }) >= await count(all[0]!, `^${all[10]}`));
      assert(common.includes(all[10]!), `version ${protocol}: ${common}`);
      assertEquals(
        await (await store.read(all[0]!)).text(),
        await git(path, ["cat-file", "commit", all[0]!]),
      );
    }
  });
});

testRemote("histories are cut off, and objects left out, as asked for", async (folder) => {
  const path = await servedRepository(folder);
  const all = (await git(path, ["rev-list", "main"])).trim().split("\n");
  await withServer(folder, async (server) => {
    for (const protocol of VERSIONS) {
      const remote = new GitRemote(server.url("served.git"), { protocol });
      const take = async (options: GitFetchOptions): Promise<{ shallow: string[]; types: string[] }> => {
        const store = new GitMemoryStore();
        const { pack, shallow } = await remote.fetch(options);
        await unpackGitObjects(pack, store);
        const types: string[] = [];
        for await (const id of store.ids()) types.push((await store.info(id)).type);
        return { shallow: shallow.map(String), types };
      };
      const commits = (types: readonly string[]): number => types.filter((type) => type === "commit").length;
      const three = await take({ wants: [all[0]!], depth: 3 });
      assertEquals([three.shallow, commits(three.types)], [[all[2]!], 3]);
      const text = await git(path, ["log", "-1", "--format=%ct", all[4]!]);
      const young = await take({ wants: [all[0]!], since: new Date(Number(text) * 1000) });
      assertEquals([young.shallow, commits(young.types)], [[all[4]!], 5]);
      const rest = await take({ wants: [all[0]!], shallowExclude: ["refs/tags/v0"] });
      assertEquals([rest.shallow, commits(rest.types)], [[all[19]!], 20]);
      const deeper = await take({
        wants: [all[0]!],
        shallow: [all[2]!],
        depth: 2,
        deepen: true,
        haves: [all[0]!],
      });
      assertEquals([deeper.shallow, commits(deeper.types)], [[all[4]!], 2]);
      const light = await take({ wants: [all[0]!], filter: "blob:none" });
      assertEquals([new Set(light.types), commits(light.types)], [new Set(["commit", "tree"]), all.length]);
    }
  });
});

testRemote("what the server says is passed on, and it is silent where nobody listens", async (folder) => {
  const path = await servedRepository(folder);
  const head = (await git(path, ["rev-parse", "main"])).trim();
  await withServer(folder, async (server) => {
    for (const protocol of VERSIONS) {
      const remote = new GitRemote(server.url("served.git"), { protocol });
      let said = "";
      const { pack } = await remote.fetch({ wants: [head], onMessage: (text) => said += text });
      await unpackGitObjects(pack, new GitMemoryStore());
      assert(/Enumerating objects: \d+, done/.test(said), said);
    }
  });
});

testRemote("what a server does not have or offer is an error with a code", async (folder) => {
  const path = await servedRepository(folder);
  await git(path, ["config", "uploadpack.allowFilter", "false"]);
  await git(path, ["config", "uploadpack.allowAnySHA1InWant", "false"]);
  const head = (await git(path, ["rev-parse", "main"])).trim();
  await withServer(folder, async (server) => {
    const missing = new GitRemote(server.url("missing.git"));
    const lost = await assertRejects(() => refsOf(missing), NotFoundError, "the server answered 404");
    assertEquals(lost.code, "NOT_FOUND");
    for (const protocol of VERSIONS) {
      const remote = new GitRemote(server.url("served.git"), { protocol });
      const filter = { wants: [head], filter: "blob:none" };
      await assertRejects(() => remote.fetch(filter), UnsupportedFeatureError, "partial clones");
      const error = await assertRejects(async () => {
        const { pack } = await remote.fetch({ wants: ["1".repeat(40)] });
        await unpackGitObjects(pack, new GitMemoryStore());
      });
      assertInstanceOf(error, Error);
      assert(/not our ref/.test(error.message), error.message);
    }
  });
});

testRemote("a fetch that is given up ends the transfer", async (folder) => {
  const path = await servedRepository(folder);
  const head = (await git(path, ["rev-parse", "main"])).trim();
  await withServer(folder, async (server) => {
    const remote = new GitRemote(server.url("served.git"));
    const { pack } = await remote.fetch({ wants: [head] });
    await pack.cancel();
    const controller = new AbortController();
    const answer = await remote.fetch({ wants: [head], signal: controller.signal });
    controller.abort(new Error("enough"));
    await assertRejects(() => unpackGitObjects(answer.pack, new GitMemoryStore()), Error, "enough");
  });
});

testRemote(
  "objects become a pack that git takes, thin ones completed, or objects in memory",
  async (folder) => {
    for (const sha256 of [false, true]) {
      const home = `${folder}/${sha256}`;
      const path = await servedRepository(home, sha256);
      const all = (await git(path, ["rev-list", "main"])).trim().split("\n");
      const count = async (...args: string[]): Promise<number> =>
        (await git(path, ["rev-list", "--objects", "--no-object-names", ...args])).trim().split("\n").length;
      await withServer(home, async (server) => {
        const target = `${home}/target.git`;
        await makeEmpty(target, sha256);
        await using database = await GitDatabase.open(target);
        for (const protocol of VERSIONS) {
          const remote = new GitRemote(server.url("served.git"), { protocol });
          const from = all[30 - 10 * protocol]!;
          const last = protocol === 0 ? undefined : all[30 - 10 * (protocol - 1)]!;
          let received = 0;
          const { count: got, pack } = await fetchGitObjects(remote, database, {
            wants: [from],
            haves: last === undefined ? [] : [last],
            onReceived: (bytes) => received = bytes,
          });
          const expected = await count(from, ...last === undefined ? [] : [`^${last}`]);
          // Bases that a thin pack leaves out are added.
          assert(last === undefined ? got === expected : got >= expected, `${got} of ${expected}`);
          assert(received > 0 && pack !== undefined);
          await git(target, ["update-ref", "refs/heads/main", from]);
          await git(target, ["fsck", "--strict", "--no-dangling"]);
          const again = await fetchGitObjects(remote, database, { wants: [from], haves: [from] });
          assertEquals([again.count, again.pack], [0, undefined]);
          assertEquals(again.common.map(String), [from]);
          const memory = new GitMemoryStore({ hashAlgorithm: sha256 ? "sha256" : "sha1" });
          assertEquals((await fetchGitObjects(remote, memory, { wants: [from] })).count, await count(from));
        }
        assertEquals(
          [...Deno.readDirSync(`${target}/objects/pack`)].filter(({ name }) => /^tmp_/.test(name)),
          [],
        );
      });
    }
  },
);

testRemote("packs of a partial clone are marked, and git fetches the rest", async (folder) => {
  const path = await servedRepository(folder);
  const head = (await git(path, ["rev-parse", "main"])).trim();
  await withServer(folder, async (server) => {
    const target = `${folder}/target.git`;
    await makeEmpty(target, false);
    for (
      const [key, value] of [["url", server.url("served.git")], ["promisor", "true"], [
        "partialclonefilter",
        "blob:none",
      ]]
    ) {
      await git(target, ["config", `remote.origin.${key}`, value!]);
    }
    await git(target, ["config", "core.repositoryformatversion", "1"]);
    await git(target, ["config", "extensions.partialClone", "origin"]);
    await using database = await GitDatabase.open(target);
    const remote = new GitRemote(server.url("served.git"));
    const { pack } = await fetchGitObjects(remote, database, { wants: [head], filter: "blob:none" });
    assertEquals(await Deno.readFile(`${target}/objects/pack/${pack!.name}.promisor`), new Uint8Array());
    await git(target, ["update-ref", "refs/heads/main", head]);
    await git(target, ["fsck"]);
    assertEquals(await git(target, ["show", "main:d0/f0"]), await git(path, ["show", "main:d0/f0"]));
  });
});

testRemote("a pack that does not complete what is here is refused before it is stored", async (folder) => {
  const path = await servedRepository(folder);
  const all = (await git(path, ["rev-list", "main"])).trim().split("\n");
  await withServer(folder, async (server) => {
    const target = `${folder}/target.git`;
    await makeEmpty(target, false);
    await using database = await GitDatabase.open(target);
    const remote = new GitRemote(server.url("served.git"));
    for (const store of [database, new GitMemoryStore()]) {
      // The server is told of commits that are not here.
      const promise = fetchGitObjects(remote, store, { wants: [all[0]!], haves: [all[5]!], ofsDelta: false });
      const error = await assertRejects(() => promise, CorruptDataError);
      assert(["BASE_MISSING", "UNRESOLVED_DELTAS"].includes(error.code), error.message);
      const present = fetchGitObjects(remote, store, { wants: [all[0]!], haves: [all[0]!] });
      assertEquals((await assertRejects(() => present, CorruptDataError, "asked for")).code, "BASE_MISSING");
      assertEquals(await store.count(), 0);
    }
    assertEquals([...Deno.readDirSync(`${target}/objects/pack`)], []);
  });
});

testRemote(
  "what both have is found over many rounds, and given up where there is nothing",
  async (folder) => {
    const path = await servedRepository(folder);
    const all = (await git(path, ["rev-list", "main"])).trim().split("\n");
    const unknown = Array.from({ length: 700 }, (_, i) => (i + 1).toString(16).padStart(40, "0"));
    await withServer(folder, async (server) => {
      for (const protocol of VERSIONS) {
        const remote = new GitRemote(server.url("served.git"), { protocol });
        const take = async (haves: readonly string[]): Promise<[number, number, string[]]> => {
          const before = server.requests;
          const { pack, common } = await remote.fetch({ wants: [all[0]!], haves });
          const store = new GitMemoryStore();
          const objects = await unpackGitObjects(pack, store);
          return [objects, server.requests - before, common.map(String)];
        };
        const expected =
          (await git(path, ["rev-list", "--objects", "main", `^${all[10]}`])).trim().split("\n").length;
        const [count, requests, common] = await take([...unknown, all[10]!, ...unknown.slice(0, 20)]);
        assertEquals([count, common], [expected, [all[10]!]], `version ${protocol}`);
        assert(requests > 4 && requests < 12, `${requests} requests`);
        const whole = await take(unknown);
        assertEquals(whole[2], []);
        assert(whole[0] > expected);
        // Once something was found, a search that finds nothing more ends soon.
        let asked = 0;
        const endless = function* (): Generator<string> {
          yield all[10]!;
          for (asked = 1; asked < 100_000; asked++) yield (asked + 1).toString(16).padStart(40, "0");
        };
        await (await remote.fetch({ wants: [all[0]!], haves: endless() })).pack.cancel();
        assert(asked < 1000, `${asked} commits were offered`);
      }
    });
  },
);

Deno.test({
  name: "Node and Bun fetch from a server into memory",
  ignore: !GIT_SERVES,
  fn: async (t) => {
    const folder = await Deno.makeTempDir();
    try {
      const path = await servedRepository(folder);
      const head = (await git(path, ["rev-parse", "main"])).trim();
      const count = (await git(path, ["rev-list", "--objects", "main"])).trim().split("\n").length;
      await bundle(new URL("../gitdb/mod.ts", import.meta.url).pathname, folder);
      await withServer(folder, async (server) => {
        const script = `import { fetchGitObjects, GitMemoryStore, GitRemote } from "./bundle.mjs";
          const remote = new GitRemote("${server.url("served.git")}");
          for await (const { name, id } of remote.lsRefs({ prefixes: ["refs/heads/main"] })) {
            const store = new GitMemoryStore();
            const { count } = await fetchGitObjects(remote, store, { wants: [id] });
            console.log(name, String(id), count, (await store.read(id)).type);
          }`;
        await Deno.writeTextFile(`${folder}/program.mjs`, script);
        for (const { name, command } of await listRuntimes()) {
          const fn = async (): Promise<void> => {
            const { stdout, stderr } = await new Deno.Command(command!, { args: [`${folder}/program.mjs`] })
              .output();
            const expected = `refs/heads/main ${head} ${count} commit`;
            assertEquals(new TextDecoder().decode(stdout).trim(), expected, new TextDecoder().decode(stderr));
          };
          await t.step({ name, ignore: command === undefined, fn });
        }
      });
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});

async function makeEmpty(path: string, sha256: boolean): Promise<void> {
  await Deno.mkdir(path, { recursive: true });
  await git(path, ["init", "-q", "--bare", ...sha256 ? ["--object-format=sha256"] : [], "."]);
}
