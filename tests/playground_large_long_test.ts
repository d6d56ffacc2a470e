/**
 * The playground in Chromium with a file of 1 GiB: no process of the browser grows with it, work on it stops at once, what
 * comes out is right, and pages that are closed leave nothing on the disk. `SLUICE_LONG` takes the whole size.
 */
import { assert, assertEquals } from "@std/assert";
import type { CDPSession, Download, Page } from "playwright-core";
import { buildPlaygroundFolder } from "../examples/playground/build.ts";
import { CHROMIUM, launchChromiumIn, serveFolder } from "./_chromium.ts";
import { text } from "./_data.ts";
import { inDirectory } from "./_directory.ts";
import { stopMs } from "./_playground.ts";

const PART_SIZE = 4 << 20;
const PARTS = Deno.env.has("SLUICE_LONG") ? 256 : 12;
/** What all processes together may take beyond what they have at the start: codecs, streams, garbage. */
const GROWTH_MAX_MIB = 350;
const STOP_MS_MAX = 100;
const PATIENCE_MS = 600_000;

/** MiB that all processes of the browser have in memory. */
async function memory(session: CDPSession): Promise<number> {
  const { processInfo } = await session.send("SystemInfo.getProcessInfo");
  let kib = 0;
  for (const { id } of processInfo) {
    const status = await Deno.readTextFile(`/proc/${id}/status`).catch(() => ""); // it may be over
    kib += Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0);
  }
  return kib / 1024;
}

async function digest(path: string): Promise<string> {
  const { stdout } = await new Deno.Command("sha256sum", { args: [path] }).output();
  return new TextDecoder().decode(stdout).slice(0, 64);
}

async function openPlayground(page: Page, url: string, file: string): Promise<void> {
  page.setDefaultTimeout(PATIENCE_MS);
  await page.goto(url);
  await page.setInputFiles("#file", file);
  await page.locator("#found", { hasText: "large.txt:" }).waitFor();
  await page.click("#tab-convert");
}

async function start(page: Page, label: string): Promise<void> {
  await page.selectOption("#action", { label });
  await page.click("#run");
}

/** Runs an action to its end; returns the most memory meanwhile. */
async function run(page: Page, session: CDPSession, label: string): Promise<number> {
  await start(page, label);
  let [most, isOver] = [0, false];
  const over = page.waitForSelector("#result:not([hidden])").finally(() => isOver = true);
  while (!isOver) {
    most = Math.max(most, await memory(session));
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  await over;
  return most;
}

async function save(page: Page, path: string): Promise<void> {
  const [download] = await Promise.all<[Promise<Download>, Promise<void>]>([
    page.waitForEvent("download"),
    page.click("#download"),
  ]);
  await download.saveAs(path);
}

/** Names of the folders in which pages keep results. */
async function folders(page: Page): Promise<string[]> {
  return await page.evaluate<string[]>(`(async () => {
    const names = [];
    for await (const name of (await navigator.storage.getDirectory()).keys()) names.push(name);
    return names;
  })()`);
}

Deno.test({
  name: "a large file in Chromium takes no memory of its size, and stops at once",
  ignore: CHROMIUM === undefined || Deno.build.os !== "linux",
  sanitizeOps: false, // playwright-core keeps its pipes to the browser's process open for a while
  sanitizeResources: false,
  async fn() {
    await inDirectory(async (directory) => {
      const file = `${directory}/large.txt`;
      const part = text(PART_SIZE, 5);
      const parts = function* (): Generator<Uint8Array> {
        for (let i = 0; i < PARTS; i++) yield part.with(i, part[i]! ^ 1);
      };
      await Deno.writeFile(file, ReadableStream.from(parts()));
      await buildPlaygroundFolder(`${directory}/page`);
      await using server = serveFolder(`${directory}/page`);
      const url = `http://127.0.0.1:${server.addr.port}/`;
      const context = await launchChromiumIn(`${directory}/profile`);
      try {
        const page = await context.newPage();
        const session = await context.browser()!.newBrowserCDPSession();
        await openPlayground(page, url, file);
        const before = await memory(session);
        const packing = await run(page, session, "compress with zstd");
        await save(page, `${directory}/large.txt.zst`);
        await page.click("#again");
        await page.locator("#found", { hasText: /large\.txt\.zst:.*zstd$/ }).waitFor();
        await page.click("#tab-convert");
        const unpacking = await run(page, session, "decompress zstd");
        await save(page, `${directory}/back.txt`);
        assertEquals(await digest(`${directory}/back.txt`), await digest(file));
        const growth = Math.max(packing, unpacking) - before;
        console.log(
          `${PARTS * PART_SIZE >> 20} MiB: ${before.toFixed(0)} MiB before, ${growth.toFixed(0)} MiB more`,
        );
        assert(growth <= GROWTH_MAX_MIB, `${growth.toFixed(0)} MiB more than before`);

        await page.setInputFiles("#file", file);
        await page.locator("#found", { hasText: "large.txt:" }).waitFor();
        await page.click("#tab-convert");
        await start(page, "compress with zpaq");
        await page.waitForFunction("document.querySelector('progress').value > 0");
        const took = await stopMs(page);
        assert(took < STOP_MS_MAX, `stopped after ${took.toFixed(0)} ms`);

        const left = await folders(page);
        assertEquals(left.length, 1);
        await page.close();
        const next = await context.newPage();
        await openPlayground(next, url, file);
        await run(next, session, "compress with zstd");
        const kept = await folders(next);
        assertEquals(kept.length, 1, "what a closed page left");
        assert(kept[0] !== left[0]);
      } finally {
        await context.close();
      }
    });
  },
});
if (CHROMIUM === undefined) console.log("SKIPPED: a large file in Chromium: there is none");
