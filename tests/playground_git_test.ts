/**
 * The playground's tab for git in Chromium: a clone from another origin lies in the origin private file system, contents
 * come when they are looked at, and all is there again when the page is loaded once more.
 */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { Page } from "playwright-core";
import { buildPlayground, buildPlaygroundFolder } from "../examples/playground/build.ts";
import { lineChanges } from "../examples/playground/page/line_changes.ts";
import { serveFolder, testInChromium } from "./_chromium.ts";
import { inDirectory } from "./_directory.ts";
import { git, makeRepository } from "./_git.ts";
import { allowOrigins, GIT_SERVES, withServer } from "./_git_server.ts";

const PATIENCE_MS = 120_000;

Deno.test("lines in which texts differ are marked, with some around them", () => {
  const before = Array.from({ length: 12 }, (_, i) => `line ${i}`);
  const after = [...before.slice(0, 5), "new", ...before.slice(6)];
  assertEquals(
    lineChanges(`${before.join("\n")}\n`, `${after.join("\n")}\n`),
    "…\n  line 2\n  line 3\n  line 4\n- line 5\n+ new\n  line 6\n  line 7\n  line 8\n…",
  );
  assertEquals(lineChanges("", "a\nb\n"), "+ a\n+ b");
  assertEquals(lineChanges("a\n", "a\n"), "No line differs.");
});

async function clone(page: Page, url: string): Promise<string> {
  await page.click("#open-git");
  await page.fill("#git-url", url);
  await page.click("#panel-git button:text-is('Clone')");
  await page.locator("#panel-git .status", { hasText: "they are kept" }).waitFor();
  return (await page.textContent("#panel-git .status"))!;
}

testInChromium(
  "the git tab clones, shows files, history and changes, and has all of it after a reload",
  (browser) =>
    inDirectory(async (folder) => {
      const path = `${folder}/served.git`;
      await makeRepository(path, { commits: 20, packing: ["pack"] });
      await git(path, ["config", "uploadpack.allowFilter", "true"]);
      await buildPlaygroundFolder(`${folder}/page`);
      await buildPlayground(`${folder}/playground.html`);
      await using pages = serveFolder(`${folder}/page`);
      await withServer(folder, async (server) => {
        allowOrigins(server);
        const page = await browser.newPage({ viewport: { width: 375, height: 900 } });
        page.setDefaultTimeout(PATIENCE_MS);
        const faults: string[] = [];
        page.on("pageerror", (error) => faults.push(error.message));
        page.on("console", (message) => message.type() === "error" && faults.push(message.text()));
        await page.goto(`http://127.0.0.1:${pages.addr.port}/`);
        const url = server.url("served.git");
        assertStringIncludes(await clone(page, url), "they are kept in this browser");

        const listed = (await git(path, ["ls-tree", "--name-only", "main"])).trim().split("\n");
        assertEquals(await page.locator("#git-files td.name").allTextContents(), listed);
        const requests = server.requests;
        await page.click('[aria-label="Open d1"]');
        await page.click('[aria-label="Open f3"]');
        await page.locator("#git-title", { hasText: "d1/f3" }).waitFor();
        const shown = await page.textContent("#git-content");
        assertEquals(shown, await git(path, ["cat-file", "blob", "main:d1/f3"]));
        assert(server.requests > requests, "the file came when it was looked at");

        const log = (await git(path, ["log", "--first-parent", "--format=%s", "main"])).trim().split("\n");
        assertEquals(await page.locator("#git-log td.name").allTextContents(), log);
        await page.locator("#git-log button").first().click();
        const names = (await git(path, ["diff", "--name-only", "main^", "main"])).trim().split("\n");
        await page.locator("#git-changes td.name").first().waitFor();
        assertEquals(await page.locator("#git-changes td.name").allTextContents(), names);
        await page.locator("#git-title", { hasText: names[0]! }).waitFor();
        const difference = (await page.textContent("#git-content"))!;
        const [added] = (await git(path, ["diff", "main^", "main", "--", names[0]!])).split("\n")
          .filter((line) => /^\+[^+]/.test(line));
        assertStringIncludes(difference, `+ ${added!.slice(1)}`);

        const wide = await page.evaluate<number>("document.documentElement.scrollWidth");
        assert(wide <= 375, `the tab is ${wide} pixels wide on a screen of 375`);
        assertEquals(
          await page.evaluate(
            `[...document.querySelectorAll("#panel-git button, #panel-git input, #panel-git select")]
                .filter((each) => !each.ariaLabel && !each.textContent && !each.closest("label")).length`,
          ),
          0,
        );

        await page.reload();
        assertStringIncludes(await clone(page, url), "All was here already");
        assertEquals(await page.locator("#git-files td.name").allTextContents(), listed);

        // A page of one file has no private file system.
        await page.goto(`file://${folder}/playground.html`);
        assertStringIncludes(await clone(page, url), "they are kept while this page is open");
        assertEquals(await page.locator("#git-log td.name").allTextContents(), log);

        // What fails is told, and the page goes on.
        assertEquals(faults, []);
        await page.fill("#git-url", server.url("missing.git"));
        await page.click("#panel-git button:text-is('Clone')");
        await page.locator("#panel-git [role=alert]", { hasText: "404" }).waitFor();
      });
    }),
  { here: GIT_SERVES },
);
