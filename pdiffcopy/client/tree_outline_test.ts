/**
 * Trees of which only directories that differ are listed: what is asked of a server, one without outlines, and one that lies.
 */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { SluiceError } from "@sluice/internal";
import { inDirectory } from "../../tests/_directory.ts";
import { hasNativeFiles } from "../kernel/file.ts";
import { copyPdiffTree, createPdiffHandler } from "../mod.ts";
import type { PdiffTreeOptions } from "../mod.ts";

const ignore = !hasNativeFiles(undefined);

/** Answers of `path`, changed. */
interface Lie {
  readonly path: string;
  readonly change: (lines: string[]) => string[];
}

interface Served {
  readonly url: string;
  /** Requests, with their body where they have one. */
  readonly asked: string[];
}

/** Serves a directory while `body` runs. */
async function whileServed(
  root: string,
  { lie, forgets = [] }: { readonly lie?: Lie; readonly forgets?: readonly string[] },
  body: (served: Served) => Promise<void>,
): Promise<void> {
  using handler = createPdiffHandler({ root, writable: true, durable: false });
  const asked: string[] = [];
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (request) => {
    const url = new URL(request.url);
    const content = request.body === null ? undefined : await request.bytes();
    const isText = content !== undefined && url.pathname.startsWith("/v2/tree");
    asked.push(`${url.pathname} ${isText ? new TextDecoder().decode(content) : ""}`.trim());
    for (const name of forgets) url.searchParams.delete(name);
    const { method, headers } = request;
    const answer = await handler(new Request(url, { method, headers, body: content ?? null }));
    if (lie?.path !== url.pathname) return answer;
    return new Response(lie.change((await answer.text()).split("\n")).join("\n"), answer);
  });
  try {
    await body({ url: `http://127.0.0.1:${server.addr.port}`, asked });
  } finally {
    await server.shutdown();
  }
}

async function makeTree(root: string): Promise<void> {
  for (let i = 0; i < 5; i++) {
    await Deno.mkdir(`${root}/d${i}/below`, { recursive: true });
    for (const name of ["x", "y", "below/z"]) {
      await Deno.writeTextFile(`${root}/d${i}/${name}`, `${name} ${i}`);
    }
  }
}

function optionsFor(way: "download" | "upload", directory: string, url: string): PdiffTreeOptions {
  return way === "download"
    ? { source: `${url}/root`, target: `${directory}/copy`, durable: false }
    : { source: `${directory}/root`, target: `${url}/copy` };
}

for (const way of ["download", "upload"] as const) {
  Deno.test({
    name: `directories that are alike are not listed: ${way}`,
    ignore,
    fn: () =>
      inDirectory(async (directory) => {
        await makeTree(`${directory}/root`);
        await whileServed(directory, {}, async ({ url, asked }) => {
          const options = optionsFor(way, directory, url);
          assertEquals((await copyPdiffTree(options)).filesCopied, 15);
          for (const dryRun of [false, true]) {
            asked.splice(0);
            const { files, filesCopied, equal } = await copyPdiffTree({ ...options, delete: true, dryRun });
            assertEquals({ files, filesCopied, equal }, { files: 15, filesCopied: 0, equal: true });
            assertEquals(asked.filter((request) => request !== "/v2/caps"), ["/v2/tree"]);
          }
          await Deno.writeTextFile(`${directory}/root/d3/below/z`, "changed");
          await Deno.writeTextFile(`${directory}/copy/d1/other`, "");
          asked.splice(0);
          const { files, filesCopied, deleted } = await copyPdiffTree({ ...options, delete: true });
          assertEquals({ files, filesCopied, deleted }, { files: 15, filesCopied: 1, deleted: 1 });
          assertEquals(asked.filter((request) => request.startsWith("/v2/tree/names")), [
            '/v2/tree/names {"paths":["d1","d3/below"]}',
          ]);
          assertEquals(await Deno.readTextFile(`${directory}/copy/d3/below/z`), "changed");
        });
      }),
  });

  Deno.test({
    name: `a server without outlines answers with a list, which is used: ${way}`,
    ignore,
    fn: () =>
      inDirectory(async (directory) => {
        await makeTree(`${directory}/root`);
        await whileServed(directory, { forgets: ["outline"] }, async ({ url, asked }) => {
          const options = optionsFor(way, directory, url);
          assertEquals((await copyPdiffTree(options)).filesCopied, 15);
          await Deno.writeTextFile(`${directory}/root/d3/x`, "changed");
          const { files, filesCopied } = await copyPdiffTree(options);
          assertEquals({ files, filesCopied }, { files: 15, filesCopied: 1 });
          assert((await copyPdiffTree(options)).equal);
          assert(!asked.some((request) => request.startsWith("/v2/tree/names")));
        });
      }),
  });
}

/** Changes the fields of the line whose path is given. */
function changing(path: string, fields: Record<string, unknown>): (lines: string[]) => string[] {
  return (lines) =>
    lines.map((line) => {
      const found = line === "." ? undefined : JSON.parse(line) as Record<string, unknown>;
      return found?.["p"] === path ? JSON.stringify({ ...found, ...fields }) : line;
    });
}

const LIES: readonly (readonly [name: string, lie: Lie, code?: string])[] = [
  ["a digest that is none", { path: "/v2/tree", change: changing("d1", { d: "00" }) }],
  ["a count that is none", { path: "/v2/tree", change: changing("d1", { c: -1 }) }],
  ["a digest without a count", { path: "/v2/tree", change: changing("d1", { c: undefined }) }],
  ["the digest of a link", { path: "/v2/tree", change: changing("d1/below", { k: "l", l: "x" }) }],
  ["a directory outside", { path: "/v2/tree", change: changing("d1/below", { p: "../below" }) }],
  ["an outline that is cut off", { path: "/v2/tree", change: (lines) => lines.slice(0, -1) }, "TRUNCATED"],
  ["names of a directory that nobody asked for", {
    path: "/v2/tree/names",
    change: changing("d1/x", { p: "q/x" }),
  }],
  ["a name outside", { path: "/v2/tree/names", change: changing("d1/x", { p: "d1/../../x" }) }],
  ["a link in place of a directory", {
    path: "/v2/tree/names",
    change: changing("d1/x", { p: "d1/below", k: "l", l: "/" }),
  }],
  ["names in another order", {
    path: "/v2/tree/names",
    change: (lines) => [...lines.slice(0, -1).reverse(), "."],
  }],
  ["a name twice", { path: "/v2/tree/names", change: ([first, ...lines]) => [first!, first!, ...lines] }],
  ["names that are cut off", { path: "/v2/tree/names", change: (lines) => lines.slice(0, -1) }, "TRUNCATED"],
];

for (const [name, lie, code = "PROTOCOL"] of LIES) {
  Deno.test({
    name: `a server that lists trees wrongly is refused: ${name}`,
    ignore,
    fn: () =>
      inDirectory(async (directory) => {
        await makeTree(`${directory}/root`);
        await Deno.mkdir(`${directory}/copy`);
        await whileServed(directory, { lie }, async ({ url }) => {
          const options = { ...optionsFor("download", directory, url), retries: 0 };
          const error = await assertRejects(() => copyPdiffTree(options), SluiceError);
          assertEquals(error.code, code);
          assertEquals([...Deno.readDirSync(`${directory}/copy`)], []);
        });
      }),
  });
}
