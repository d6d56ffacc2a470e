/**
 * `dcz` as Chromium speaks it: it keeps a script as a dictionary and gets the next version as what changed.
 */
import { assert, assertEquals } from "@std/assert";
import { withZstd } from "@sluice/zstd/http";
import { testInChromium } from "./_chromium.ts";

/** A script of 90 kB that sets a number. */
function script(version: number): string {
  const lines = Array.from({ length: 3000 }, (_, i) => `export const value${i} = ${i * i};`);
  return [`globalThis.version = ${version};`, ...lines].join("\n");
}

testInChromium(
  "a browser gets later versions of a route as what changed, and runs them",
  async (browser) => {
    let version = 1;
    const sent: { encoding: string | null; size: number }[] = [];
    const serve = withZstd((request: Request) => {
      const isScript = new URL(request.url).pathname === "/app.js";
      const headers = {
        "content-type": isScript ? "text/javascript" : "text/html",
        "cache-control": "max-age=3600",
      };
      return new Response(
        isScript ? script(version) : '<!DOCTYPE html><link rel="icon" href="data:,"><p>page',
        { headers },
      );
    }, { versions: true });
    await using server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, async (request) => {
      const response = await serve(request);
      if (new URL(request.url).pathname !== "/app.js") return response;
      const body = await response.bytes();
      sent.push({ encoding: response.headers.get("content-encoding"), size: body.length });
      return new Response(body, { status: response.status, headers: response.headers });
    });
    const page = await browser.newPage();
    await page.goto(`http://127.0.0.1:${server.addr.port}/`);
    for (; version <= 3; version++) {
      const ran = await page.evaluate<number>(`(async () => {
          const text = await (await fetch("/app.js", { cache: "reload" })).text();
          await import(URL.createObjectURL(new Blob([text], { type: "text/javascript" })));
          return globalThis.version;
        })()`);
      assertEquals(ran, version);
    }
    assertEquals(sent.map(({ encoding }) => encoding), ["zstd", "dcz", "dcz"]);
    assert(sent[1]!.size < 200 && sent[2]!.size < 200, JSON.stringify(sent));
  },
);
