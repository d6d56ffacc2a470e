/**
 * Every link of every document leads somewhere: to a file of the checkout, and to a heading where it names one.
 */
import { assertEquals } from "@std/assert";
import { listFiles } from "../_tools/command.ts";
import { ROOT } from "../_tools/zig.ts";

const LINK = /\]\(([^()\s]+)\)/g;
const HEADING = /^#{1,6}\s+(.*)$/gm;
const FENCE = /^```[\s\S]*?^```/gm;

/** The anchor of a heading, made as GitHub makes it. */
function anchorOf(heading: string): string {
  return heading.toLowerCase().replace(/[^\p{L}\p{N}\s_-]/gu, "").trim().replace(/\s/g, "-");
}

async function anchorsOf(path: string): Promise<Set<string>> {
  const text = (await Deno.readTextFile(new URL(path, ROOT))).replace(FENCE, "");
  return new Set([...text.matchAll(HEADING)].map(([, heading]) => anchorOf(heading!)));
}

Deno.test("links of documents lead to files and headings that exist", async () => {
  const documents = await listFiles("*.md");
  const broken: string[] = [];
  let links = 0;
  for (const document of documents) {
    const text = (await Deno.readTextFile(new URL(document, ROOT))).replace(FENCE, "");
    for (const [, link] of text.matchAll(LINK)) {
      if (/^[a-z]+:/.test(link!)) continue;
      links++;
      const [path, anchor] = link!.split("#") as [string, string | undefined];
      const target = path === "" ? document : new URL(path, `file:///${document}`).pathname.slice(1);
      const found = await Deno.stat(new URL(target, ROOT)).catch(() => undefined);
      if (found === undefined) broken.push(`${document}: ${link}: there is no ${target}`);
      else if (anchor !== undefined && !(await anchorsOf(target)).has(anchor)) {
        broken.push(`${document}: ${link}: ${target} has no such heading`);
      }
    }
  }
  assertEquals(broken, []);
  console.log(`${links} links in ${documents.length} documents`);
});
