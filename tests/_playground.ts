/**
 * What tests of the playground share.
 */
import type { Page } from "playwright-core";

/** Presses Stop of the tab "Convert"; returns the milliseconds until the page says so. */
export async function stopMs(page: Page): Promise<number> {
  return await page.evaluate<number>(`(async () => {
    const started = performance.now();
    document.querySelector("#panel-convert button.plain").click();
    while (document.querySelector("#panel-convert .status").textContent !== "Stopped.") {
      await new Promise((resolve) => setTimeout(resolve));
    }
    return performance.now() - started;
  })()`);
}
