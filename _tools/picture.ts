/**
 * Makes docs/playground.png: the playground in Chromium after a comparison of its sample log.
 *
 * Run `deno task picture`.
 */
import { buildPlayground } from "../examples/playground/build.ts";
import { launchChromium } from "../tests/_chromium.ts";

const TARGET = new URL("../docs/playground.png", import.meta.url).pathname;
/** Comparisons at the slowest levels take so long. */
const PATIENCE_MS = 300_000;

const folder = await Deno.makeTempDir();
await buildPlayground(`${folder}/playground.html`);
const browser = await launchChromium();
try {
  const page = await browser.newPage({ viewport: { width: 1000, height: 960 } });
  page.setDefaultTimeout(PATIENCE_MS);
  await page.goto(`file://${folder}/playground.html`);
  await page.click("text=server.log");
  await page.locator("#found", { hasText: "server.log:" }).waitFor();
  await page.selectOption("#panel-compare select >> nth=1", "60");
  await page.click("#panel-compare button:text-is('Compare')");
  await page.locator("#panel-compare .status", { hasText: "came back whole" }).waitFor();
  await page.screenshot({ path: TARGET });
  console.log(`picture: ${TARGET}`);
} finally {
  await browser.close();
  await Deno.remove(folder, { recursive: true });
}
