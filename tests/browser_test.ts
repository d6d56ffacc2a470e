/**
 * The playground in Chromium: each tab does its work, damage is told, work stops at once, and every size of screen has
 * room for it.
 */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { PackWriter } from "@sluice/gitdb";
import { compressZstd, decompressZstd } from "@sluice/zstd";
import { createZpaqArchive } from "@sluice/zpaq";
import type { Browser, Page } from "playwright-core";
import { buildPlayground, buildPlaygroundFolder } from "../examples/playground/build.ts";
import { serveFolder, testInChromium } from "./_chromium.ts";
import { text } from "./_data.ts";
import { stopMs } from "./_playground.ts";

/** Where screenshots go; not committed. */
const SCREENSHOTS = new URL("../coverage", import.meta.url).pathname;
/** A page, its script and its style, as they travel. */
const FIRST_LOAD_MAX = 250_000;
const STOP_MS_MAX = 100;
const PAINT_MS_MAX = 1000;
/** Comparisons and long jobs on a machine that does other things too. */
const PATIENCE_MS = 120_000;

/** What a test has: the page, a folder, and a list of what went wrong in the page. */
interface Playground {
  readonly browser: Browser;
  readonly page: Page;
  readonly folder: string;
  readonly faults: string[];
}

async function openPage(browser: Browser, folder: string, width = 900): Promise<Playground> {
  const page = await browser.newPage({ viewport: { width, height: 1100 } });
  page.setDefaultTimeout(PATIENCE_MS);
  const faults: string[] = [];
  page.on("pageerror", (error) => faults.push(error.message));
  page.on("console", (message) => message.type() === "error" && faults.push(message.text()));
  await page.goto(`file://${folder}/playground.html`);
  return { browser, page, folder, faults };
}

function browserTest(name: string, run: (playground: Playground) => Promise<void>): void {
  testInChromium(name, async (browser) => {
    const folder = await Deno.makeTempDir();
    try {
      await buildPlayground(`${folder}/playground.html`);
      const playground = await openPage(browser, folder);
      await run(playground);
      assertEquals(playground.faults, []);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });
}

/** Gives the page a file and waits until it says what it is. */
async function give(page: Page, path: string): Promise<string> {
  const name = path.slice(path.lastIndexOf("/") + 1);
  await page.setInputFiles("#file", path);
  await page.locator("#found", { hasText: `${name}:` }).waitFor();
  return (await page.textContent("#found"))!;
}

async function openTab(page: Page, name: string): Promise<void> {
  await page.click(`#tab-${name}`);
}

/** Clicks on something that saves a file. */
async function saved(
  page: Page,
  click: () => Promise<void>,
): Promise<{ name: string; bytes: Uint8Array<ArrayBuffer> }> {
  const [download] = await Promise.all([page.waitForEvent("download"), click()]);
  const path = await download.path();
  return { name: download.suggestedFilename(), bytes: await Deno.readFile(path) };
}

/** Runs an action of the tab "Convert" and saves its result. */
async function convert(page: Page, label: string): Promise<{ name: string; bytes: Uint8Array<ArrayBuffer> }> {
  await openTab(page, "convert");
  await page.selectOption("#action", { label });
  await page.click("#run");
  await page.waitForSelector("#result:not([hidden])");
  return await saved(page, () => page.click("#download"));
}

browserTest("files go both ways in Chromium, and damage is told", async ({ page, folder }) => {
  const content = text(1_500_000, 4);
  await Deno.writeFile(`${folder}/story.txt`, content);
  assertStringIncludes(await give(page, `${folder}/story.txt`), "not compressed");
  const head = (await page.textContent("#head"))!;
  assertStringIncludes(head, new TextDecoder().decode(content.subarray(0, 50)));
  for (
    const [name, suffix] of [["zpaq", "zpaq"], ["zstd", "zst"], ["lz4", "lz4"], ["git pack", "pack"]] as const
  ) {
    await give(page, `${folder}/story.txt`);
    const packed = await convert(page, `compress with ${name}`);
    assert(packed.bytes.length < content.length / 2);
    assertEquals(packed.name, `story.txt.${suffix}`);
    assertEquals(await page.locator("#result svg polyline").count(), 1);
    await Deno.writeFile(`${folder}/${packed.name}`, packed.bytes);
    await page.click("#again");
    await page.locator("#found", { hasText: new RegExp(`, ${name}$`) }).waitFor();
    const { bytes, name: back } = await convert(page, `decompress ${name}`);
    assertEquals(back, "story.txt");
    if (name !== "git pack") {
      assertEquals(bytes, content);
      continue;
    }
    const line = new TextDecoder().decode(bytes.subarray(0, bytes.indexOf(10) + 1));
    assertEquals(line.split(" ").slice(1), ["blob", `${content.length}\n`]);
    assertEquals(bytes.subarray(line.length, -1), content);
  }
  await Deno.writeFile(
    `${folder}/cut.zst`,
    (await Deno.readFile(`${folder}/story.txt.zst`)).subarray(0, 100_000),
  );
  await give(page, `${folder}/cut.zst`);
  await page.selectOption("#action", { label: "decompress zstd" });
  await page.click("#run");
  await page.locator("#panel-convert [role=alert]", { hasText: "TRUNCATED" }).waitFor();
  assert(await page.isHidden("#result"));
});

browserTest("codecs are compared in Chromium, and a result is downloaded", async ({ page, folder }) => {
  const content = text(300_000, 4);
  await Deno.writeFile(`${folder}/story.txt`, content);
  await give(page, `${folder}/story.txt`);
  await page.selectOption("#panel-compare select >> nth=1", "60");
  await page.click("#panel-compare button:text-is('Compare')");
  await page.locator("#panel-compare .status", { hasText: "came back whole" }).waitFor();
  const marks = await page.locator("#panel-compare .mark").count();
  assert(marks >= 15, `${marks} results`);
  assertEquals(await page.locator("#panel-compare .front").count(), 1);
  const { name, bytes } = await saved(page, () => page.click("button[aria-label='Download zstd 9']"));
  assertEquals(name, "story.txt.zst");
  assertEquals(decompressZstd(bytes), content);
});

browserTest(
  "an X-ray in Chromium shows the parts of each format, and where damage is",
  async ({ page, folder }) => {
    const content = text(600_000, 4);
    await Deno.writeFile(`${folder}/story.txt`, content);
    for (const format of ["zstd", "lz4", "zpaq"]) {
      await give(page, `${folder}/story.txt`);
      await openTab(page, "xray");
      await page.click(`text=Compress with ${format} and look`);
      await page.locator("#panel-xray .status", { hasText: "all of it decodes, to 600.0 kB" }).waitFor();
      await page.locator("#panel-xray .part").first().waitFor();
    }
    const frame = compressZstd(content, { contentChecksum: true });
    await Deno.writeFile(`${folder}/whole.zst`, frame);
    await give(page, `${folder}/whole.zst`);
    await page.locator("#panel-xray .status", { hasText: "all of it decodes" }).waitFor();
    // A header, five blocks of 128 KiB and less, a checksum.
    assertStringIncludes((await page.textContent("#panel-xray .status"))!, "7 parts");
    await page.focus(".xray");
    await page.keyboard.press("End");
    assertEquals(await page.textContent("#panel-xray h3"), "Checksum of the content");
    await page.keyboard.press("ArrowLeft");
    assertStringIncludes((await page.textContent("#panel-xray h3"))!, "Block 4, compressed");
    frame[frame.length - 1]! ^= 1;
    await Deno.writeFile(`${folder}/wrong.zst`, frame);
    await Deno.writeFile(`${folder}/cut.zst`, frame.subarray(0, frame.length - 1000));
    await give(page, `${folder}/wrong.zst`);
    await page.locator("#panel-xray [role=alert]", { hasText: "checksum" }).waitFor();
    await give(page, `${folder}/cut.zst`);
    const alert = page.locator("#panel-xray [role=alert]", { hasText: "ends in a block" });
    await alert.waitFor();
    assertStringIncludes((await alert.textContent())!, `at byte ${frame.length - 1000}`);
    assertEquals(await page.locator("#panel-xray .part.damaged.selected").count(), 1);
  },
);

browserTest(
  "entries of archives and packs are shown and saved one by one in Chromium",
  async ({ page, folder }) => {
    const entries = Array.from(
      { length: 5 },
      (_, i) => ({ name: `notes/${i}.txt`, body: `note ${i}\n`.repeat(900) }),
    );
    const encoder = new TextEncoder();
    const files = entries.map(({ name, body }) => ({ name, body: encoder.encode(body) }));
    await Deno.writeFile(`${folder}/notes.zpaq`, await createZpaqArchive(files, { method: "2" }));
    await give(page, `${folder}/notes.zpaq`);
    await openTab(page, "entries");
    await page.locator("#panel-entries .status", { hasText: "5 of 5" }).waitFor();
    await page.fill("#panel-entries input[type=search]", "3.txt");
    await page.click("button[aria-label='Show notes/3.txt']");
    await page.locator("#text", { hasText: "note 3" }).waitFor();
    const { name, bytes } = await saved(page, () => page.click("button[aria-label='Save notes/3.txt']"));
    assertEquals([name, bytes], ["3.txt", files[3]!.body]);
    // A worker that was stopped has nothing open.
    await page.evaluate(`document.querySelector("#panel-entries .form button.plain").disabled = false;
    document.querySelector("#text").textContent = ""`);
    await page.click("#panel-entries .form button.plain >> nth=0");
    await page.click("button[aria-label='Show notes/3.txt']");
    await page.locator("#text", { hasText: "note 3" }).waitFor();

    const writer = new PackWriter();
    const texts = Array.from(
      { length: 6 },
      (_, i) => `${"a line of many\n".repeat(200)}and its number ${i}\n`,
    );
    for (const body of texts) {
      await writer.add({ type: "blob", body });
    }
    await Deno.writeFile(`${folder}/many.pack`, (await writer.finish()).pack);
    await page.fill("#panel-entries input[type=search]", "");
    await give(page, `${folder}/many.pack`);
    await page.locator("#panel-entries .status", { hasText: "6 of 6" }).waitFor();
    const shown = new Set<string>();
    for (let i = 0; i < texts.length; i++) {
      const row = page.locator("#rows tr").nth(i + 1);
      await row.locator("button").first().click();
      await page.locator("#panel-entries h3", { hasText: (await row.locator("td").first().textContent())! })
        .waitFor();
      shown.add((await page.textContent("#text"))!);
    }
    assertEquals(shown, new Set(texts));
    await openTab(page, "xray");
    await page.locator("#panel-xray .status", { hasText: "8 parts" }).waitFor();
    assert(await page.locator("#panel-xray .part.delta").count() > 0);
  },
);

browserTest("models are checked while one types and measured in Chromium", async ({ page, folder }) => {
  const table = Array.from({ length: 3000 }, (_, i) => `${i},station ${i % 7},${(i * i) % 91}\n`).join("");
  await Deno.writeTextFile(`${folder}/table.csv`, table);
  await give(page, `${folder}/table.csv`);
  await openTab(page, "model");
  await page.locator("#findings .fine").waitFor();
  const source = await page.inputValue("#model-source");
  await page.fill("#model-source", source.replace("hH[6] = field", "hH[6] = feild"));
  await page.locator("#findings .error", { hasText: "feild" }).waitFor();
  await page.fill("#model-source", source);
  await page.locator("#findings .fine").waitFor();
  await page.click("text=Measure on the file");
  await page.locator("#panel-model .status", { hasText: "Measured" }).waitFor();
  assertEquals(await page.locator("#panel-model .plot .bar").count(), 3);
  assertEquals(await page.locator(".network svg rect").count(), 7);
});

browserTest("a new version as dcz is a small part of gzip in Chromium", async ({ page, folder }) => {
  await Deno.writeFile(`${folder}/app.js`, text(400_000, 9));
  await give(page, `${folder}/app.js`);
  await openTab(page, "dcz");
  await page.click("text=Send it");
  const status = page.locator("#panel-dcz .status", { hasText: "saved against gzip" });
  await status.waitFor();
  const share = Number(/: ([0-9.]+) %/.exec((await status.textContent())!)![1]);
  assert(share > 90, `${share} % saved`);
});

browserTest("work in Chromium leaves the page free, and stops at once", async ({ page, folder }) => {
  const part = text(2_000_000, 5);
  await Deno.writeFile(`${folder}/long.bin`, ReadableStream.from(new Array(20).fill(part)));
  await give(page, `${folder}/long.bin`);
  await openTab(page, "convert");
  await page.selectOption("#action", { label: "compress with zpaq" });
  await page.fill("#panel-convert input[type=number]", "5");
  await page.click("#run");
  await page.waitForFunction("document.querySelector('progress').value > 0");
  const took = await stopMs(page);
  assert(took < STOP_MS_MAX, `stopped after ${took.toFixed(0)} ms`);
  await page.selectOption("#action", { label: "compress with lz4" });
  await page.click("#run");
  await page.waitForSelector("#result:not([hidden])");
});

browserTest("screens of three sizes have room for all tabs", async ({ browser, folder, faults }) => {
  await Deno.mkdir(SCREENSHOTS, { recursive: true });
  for (const width of [375, 1200, 3840]) {
    const { page } = await openPage(browser, folder, width);
    await page.click("text=weather.csv");
    await page.locator("#found", { hasText: "weather.csv:" }).waitFor();
    for (const tab of ["compare", "convert", "xray", "entries", "model", "dcz", "git"]) {
      await openTab(page, tab);
      const wide = await page.evaluate<number>("document.documentElement.scrollWidth");
      assert(wide <= width, `${tab} is ${wide} pixels wide on a screen of ${width}`);
    }
    await page.screenshot({ path: `${SCREENSHOTS}/playground_${width}.png`, fullPage: true });
    await page.close();
  }
  assertEquals(faults, []);
});

testInChromium("the playground as a folder is small and paints at once", async (browser) => {
  const folder = await Deno.makeTempDir();
  try {
    await buildPlaygroundFolder(folder);
    let size = 0;
    for (const name of ["index.html", "app.js", "style.css"]) {
      const gzip = (await Deno.open(`${folder}/${name}`)).readable.pipeThrough(new CompressionStream("gzip"));
      size += (await new Response(gzip).arrayBuffer()).byteLength;
    }
    assert(size <= FIRST_LOAD_MAX, `${size} bytes before anything is shown`);
    await using server = serveFolder(folder);
    const page = await browser.newPage();
    await page.goto(`http://127.0.0.1:${server.addr.port}/`);
    await page.click("text=server.log");
    await page.locator("#found", { hasText: "server.log:" }).waitFor();
    await openTab(page, "convert");
    await page.selectOption("#action", { label: "compress with zstd" });
    await page.click("#run");
    await page.waitForSelector("#result:not([hidden])");
    const paint = await page.evaluate<number>(
      "performance.getEntriesByName('first-contentful-paint')[0].startTime",
    );
    assert(paint < PAINT_MS_MAX, `painted after ${paint.toFixed(0)} ms`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
