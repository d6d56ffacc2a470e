/**
 * Fetching from a git server in Chromium: it allows the page's origin, and objects come into memory.
 */
import { assert, assertEquals } from "@std/assert";
import { serveFolder, testInChromium } from "./_chromium.ts";
import { inDirectory } from "./_directory.ts";
import { git, makeRepository } from "./_git.ts";
import { allowOrigins, GIT_SERVES, withServer } from "./_git_server.ts";
import { bundle } from "./_runtimes.ts";

testInChromium(
  "a page fetches a shallow and a blob-less history from another origin, in every version",
  (browser) =>
    inDirectory(async (folder) => {
      const path = `${folder}/served.git`;
      await makeRepository(path, { commits: 20, packing: ["pack"] });
      await git(path, ["config", "uploadpack.allowFilter", "true"]);
      const head = (await git(path, ["rev-parse", "main"])).trim();
      await bundle(new URL("../gitdb/mod.ts", import.meta.url).pathname, folder);
      await using page = serveFolder(folder);
      await withServer(folder, async (server) => {
        allowOrigins(server);
        const tab = await browser.newPage();
        await tab.goto(`http://127.0.0.1:${page.addr.port}/`);
        for (const protocol of [0, 1, 2]) {
          const script = `(async () => {
              const { fetchGitObjects, GitMemoryStore, GitRemote } = await import("/bundle.mjs");
              const remote = new GitRemote("${server.url("served.git")}", { protocol: ${protocol} });
              const found = [];
              for await (const { name, id } of remote.lsRefs({ prefixes: ["refs/heads/"] })) {
                for (const options of [{ depth: 1 }, { filter: "blob:none" }]) {
                  const store = new GitMemoryStore();
                  const { count } = await fetchGitObjects(remote, store, { wants: [id], ...options });
                  const commit = await store.read(id);
                  found.push([name, String(id), count, commit.type, (await commit.text()).length]);
                }
              }
              return found;
            })()`;
          const found = await tab.evaluate(script) as [string, string, number, string, number][];
          const text = await git(path, ["cat-file", "commit", "main"]);
          assertEquals(found.map(([name, id, , ...rest]) => [name, id, ...rest]), [
            ["refs/heads/main", head, "commit", text.length],
            ["refs/heads/main", head, "commit", text.length],
          ]);
          const [shallow, light] = found.map(([, , count]) => count);
          assert(shallow! < light!, `${shallow} and ${light} objects`);
        }
      });
    }),
  { here: GIT_SERVES },
);
