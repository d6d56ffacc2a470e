/**
 * The playground in Chromium: a file goes both ways, damage is told, and a screenshot is kept.
 */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { PackWriter } from "@sluice/gitdb";
import { chromium } from "playwright-core";
import type { Browser, Page } from "playwright-core";
import { buildPlayground } from "../examples/playground/build.ts";
import { text } from "./_data.ts";

const EXECUTABLES = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
/** Where screenshots go; not committed. */
const SCREENSHOTS = new URL("../coverage", import.meta.url).pathname;

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}

const executablePath = EXECUTABLES.find(isFile);
if (executablePath === undefined) console.log("SKIPPED: the playground in a browser: there is no Chromium");

async function openPage(folder: string): Promise<{ browser: Browser; page: Page; faults: string[] }> {
  await buildPlayground(`${folder}/playground.html`);
  const browser = await chromium.launch({
    executablePath: executablePath!,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
  const page = await browser.newPage({ viewport: { width: 900, height: 1100 } });
  const faults: string[] = [];
  page.on("pageerror", (error) => faults.push(error.message));
  page.on("console", (message) => message.type() === "error" && faults.push(message.text()));
  await page.goto(`file://${folder}/playground.html`);
  return { browser, page, faults };
}

/** Gives the page a file and waits until it says what it is. */
async function give(page: Page, path: string): Promise<string> {
  const name = path.slice(path.lastIndexOf("/") + 1);
  await page.setInputFiles("#file", path);
  await page.locator("#found", { hasText: `${name}:` }).waitFor();
  return (await page.textContent("#found"))!;
}

/** Run in the page: the bytes behind the download link, in hexadecimal. */
const READ_RESULT = `(async () => {
  const response = await fetch(document.getElementById("download").href);
  const bytes = new Uint8Array(await response.arrayBuffer());
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
})()`;

/** Runs an action and gives the bytes of its result. */
async function runAction(page: Page, label: string): Promise<Uint8Array<ArrayBuffer>> {
  await page.selectOption("#action", { label });
  await page.click("#run");
  await page.waitForSelector("#result:not([hidden])");
  const hex = await page.evaluate<string>(READ_RESULT);
  return Uint8Array.fromHex(hex);
}

/** A file into a pack and out of it, and a pack of deltas that is looked into. */
async function tryPack(page: Page, folder: string, content: Uint8Array<ArrayBuffer>): Promise<void> {
  await give(page, `${folder}/story.txt`);
  await Deno.writeFile(`${folder}/story.pack`, await runAction(page, "compress with git pack"));
  assertStringIncludes(await give(page, `${folder}/story.pack`), "git pack");
  const unpacked = await runAction(page, "decompress git pack");
  const line = new TextDecoder().decode(unpacked.subarray(0, unpacked.indexOf(10) + 1));
  assertEquals(line.split(" ").slice(1), ["blob", `${content.length}\n`]);
  assertEquals(unpacked.subarray(line.length, -1), content);

  const writer = new PackWriter();
  const texts = Array.from({ length: 6 }, (_, i) => `${"a line of many\n".repeat(200)}and its number ${i}\n`);
  for (const body of texts) await writer.add({ type: "blob", body });
  await Deno.writeFile(`${folder}/many.pack`, (await writer.finish()).pack);
  await give(page, `${folder}/many.pack`);
  await page.locator("#rows button").nth(5).waitFor();
  const shown = new Set<string>();
  for (let i = 0; i < texts.length; i++) {
    await page.locator("#rows button").nth(i).click();
    const id = await page.locator("#rows tr").nth(i + 1).locator("td").first().textContent();
    await page.locator("#preview-title", { hasText: id! }).waitFor();
    shown.add((await page.textContent("#text"))!);
  }
  assertEquals(shown, new Set(texts));
}

Deno.test({
  name: "the playground takes a file both ways in Chromium, and tells damage",
  ignore: executablePath === undefined,
  sanitizeOps: false, // playwright-core keeps its pipes to the browser's process open for a while
  sanitizeResources: false,
  async fn() {
    const folder = await Deno.makeTempDir();
    const { browser, page, faults } = await openPage(folder);
    try {
      const content = text(1_500_000, 4);
      await Deno.writeFile(`${folder}/story.txt`, content);
      assertStringIncludes(await give(page, `${folder}/story.txt`), "not compressed");
      assertStringIncludes(
        (await page.textContent("#text"))!,
        new TextDecoder().decode(content.subarray(0, 50)),
      );
      for (const [name, suffix] of [["zpaq", "zpaq"], ["zstd", "zst"], ["lz4", "lz4"]] as const) {
        await give(page, `${folder}/story.txt`);
        const packed = await runAction(page, `compress with ${name}`);
        assert(packed.length < content.length / 2);
        await Deno.writeFile(`${folder}/story.txt.${suffix}`, packed);
        await page.click("#again");
        await page.locator("#found", { hasText: new RegExp(`, ${name}$`) }).waitFor();
        assertEquals(await runAction(page, `decompress ${name}`), content);
        assertEquals(await page.locator("#rows tr").count(), 2);
        assertEquals(await page.getAttribute("#download", "download"), "story.txt");
        assert(await page.locator("#speed svg polyline").count() === 1);
      }
      await Deno.mkdir(SCREENSHOTS, { recursive: true });
      await page.screenshot({ path: `${SCREENSHOTS}/playground.png`, fullPage: true });
      await tryPack(page, folder, content);
      await page.screenshot({ path: `${SCREENSHOTS}/playground_pack.png`, fullPage: true });

      await Deno.writeFile(
        `${folder}/cut.zst`,
        (await Deno.readFile(`${folder}/story.txt.zst`)).subarray(0, 100_000),
      );
      await give(page, `${folder}/cut.zst`);
      await page.click("#run");
      await page.locator("#fault", { hasText: "TRUNCATED" }).waitFor();
      assert(await page.isHidden("#result"));
      assertEquals(faults, []);
    } finally {
      await browser.close();
      await Deno.remove(folder, { recursive: true });
    }
  },
});
