/**
 * The browser that tests of pages run in.
 */
import { chromium } from "playwright-core";
import type { Browser, BrowserContext } from "playwright-core";

const PATHS = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
/** Nothing is fetched that the page does not want. */
const ARGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}

/** Where it is; undefined where there is none. */
export const CHROMIUM: string | undefined = PATHS.find(isFile);

/** Starts it. */
export async function launchChromium(): Promise<Browser> {
  if (CHROMIUM === undefined) throw new Error(`Cannot start Chromium: it is not in ${PATHS.join(", ")}`);
  return await chromium.launch({ executablePath: CHROMIUM, args: ARGS });
}

/** Starts it with a folder for its own files: without one it keeps what pages store in memory. */
export async function launchChromiumIn(folder: string): Promise<BrowserContext> {
  return await chromium.launchPersistentContext(folder, { executablePath: CHROMIUM!, args: ARGS });
}

/** Registers a test that has a browser of its own; skipped, and said so, where there is none. */
export function testInChromium(
  name: string,
  run: (browser: Browser) => Promise<void>,
  needs: { readonly here?: boolean } = {},
): void {
  if (CHROMIUM === undefined) console.log(`SKIPPED: ${name}: there is no Chromium`);
  Deno.test({
    name,
    ignore: CHROMIUM === undefined || needs.here === false,
    sanitizeOps: false, // playwright-core keeps its pipes to the browser's process open for a while
    sanitizeResources: false,
    async fn() {
      const browser = await launchChromium();
      try {
        await run(browser);
      } finally {
        await browser.close();
      }
    },
  });
}

const TYPES: Readonly<Record<string, string>> = {
  html: "text/html",
  js: "text/javascript",
  mjs: "text/javascript",
  css: "text/css",
};

/** Serves the files of a folder on loopback, and an empty page where it has none. */
export function serveFolder(folder: string): Deno.HttpServer<Deno.NetAddr> {
  return Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async (request) => {
    const name = new URL(request.url).pathname.slice(1) || "index.html";
    const file = await Deno.readFile(`${folder}/${name}`).catch(() => undefined);
    const body = file ?? (name === "index.html" ? "<!DOCTYPE html>" : null);
    const headers = { "content-type": TYPES[name.split(".").at(-1)!] ?? "text/plain" };
    return new Response(body, { status: body === null ? 404 : 200, headers });
  });
}
