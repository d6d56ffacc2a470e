import { assert, assertEquals, assertInstanceOf, assertRejects, assertThrows } from "@std/assert";
import { SluiceError } from "@sluice/internal";
import { inDirectory } from "../../tests/_directory.ts";
import { copyPdiffTree, createPdiffHandler, PdiffClient, servePdiff } from "../mod.ts";
import type { PdiffRight } from "../mod.ts";

const TOKENS = [
  { token: "reader", rights: ["read"] },
  { token: "writer", rights: ["write"] },
  { token: "remover", rights: ["delete"] },
  { token: "admin", rights: ["read", "write", "delete"] },
] as const satisfies readonly { token: string; rights: readonly PdiffRight[] }[];

Deno.test("a token allows what its rights say, request by request", async () => {
  await inDirectory(async (root) => {
    await Deno.writeTextFile(`${root}/f`, "content");
    using handler = createPdiffHandler({ root, writable: true, durable: false, tokens: TOKENS });
    const status = async (token: string, request: string, body?: string): Promise<number> => {
      const [method, path] = request.split(" ");
      const headers = { authorization: `Bearer ${token}` };
      const init = { method: method!, headers, ...(body === undefined ? {} : { body }) };
      const response = await handler(new Request(`http://127.0.0.1${path}`, init));
      await response.body?.cancel();
      return response.status;
    };
    const session = JSON.stringify({ path: "g", size: 0, block: 4096, hash: "sha1" });
    const [make, remove] = [{ kind: "dir", path: "made" }, { kind: "remove", path: "nothing" }];
    const changes = (...list: unknown[]): string => JSON.stringify({ changes: list });
    const cases: readonly (readonly [request: string, body: string | undefined, allowed: string])[] = [
      ["GET /v2/caps", undefined, "reader writer admin"],
      ["GET /v2/stat?path=f", undefined, "reader writer admin"],
      ["GET /v2/tree?path=/", undefined, "reader writer admin"],
      ["POST /v2/blocks?path=f&block=4096&hash=sha1", undefined, "reader writer admin"],
      ["GET /v2/file?path=f", undefined, "reader admin"],
      ["GET /v2/rights?path=f&need=read", undefined, "reader admin"],
      ["GET /v2/rights?path=f&need=write", undefined, "writer admin"],
      ["GET /v2/rights?path=f&need=delete", undefined, "remover admin"],
      ["GET /v2/rights?path=f&need=write,delete", undefined, "admin"],
      ["POST /v2/files/read?path=/&hash=sha1", '{"paths":["f"]}', "reader admin"],
      ["POST /v2/files/read?path=/&hash=sha1&content=0", '{"paths":["f"]}', "reader writer admin"],
      ["GET /info?filename=f", undefined, "reader writer admin"],
      ["GET /blocks?filename=f&offset=0&size=3", undefined, "reader admin"],
      ["POST /resize?filename=h&size=3", undefined, "writer admin"],
      ["POST /v2/files/write?path=/&hash=sha1", "", "writer admin"],
      ["POST /v2/sessions", session, "writer admin"],
      ["POST /v2/tree?path=/", changes(make), "writer admin"],
      ["POST /v2/tree?path=/", changes(remove), "remover admin"],
      ["POST /v2/tree?path=/", changes(remove, make), "admin"],
      ["DELETE /v2/sessions/00000000000000000000000000000000", undefined, "writer admin"],
    ];
    for (const [request, body, allowed] of cases) {
      for (const { token } of TOKENS) {
        const answer = await status(token, request, body);
        if (allowed.split(" ").includes(token)) {
          assert(![401, 403].includes(answer), `${request}, ${token}: ${answer}`);
        } else assertEquals(answer, 403, `${request}, ${token}`);
        // Ends the session: a file has one.
        if (request === "POST /v2/sessions") await new Promise((resolve) => setTimeout(resolve, 1100));
      }
      assertEquals(await status("nobody", request, body), 401, request);
    }
  });
});

Deno.test("copies work with the rights that they need, and no others", async () => {
  await inDirectory(async (directory) => {
    await Deno.mkdir(`${directory}/root/tree`, { recursive: true });
    await Deno.mkdir(`${directory}/new`);
    await Deno.writeTextFile(`${directory}/new/a`, "new");
    await Deno.writeTextFile(`${directory}/new/b`, "other");
    await Deno.writeTextFile(`${directory}/root/tree/old`, "old");
    const options = { root: `${directory}/root`, port: 0, writable: true, durable: false, tokens: TOKENS };
    await using server = servePdiff(options);
    const url = `http://127.0.0.1:${server.port}`;
    const file = { source: `${directory}/new/a`, target: `${url}/a` };
    for (const shift of [false, true]) {
      await new PdiffClient({ ...file, token: "writer", shift }).synchronize();
      await new PdiffClient({ source: `${url}/a`, target: `${directory}/b`, token: "reader", shift })
        .synchronize();
      const other = { ...file, source: `${directory}/new/b`, token: "reader", shift };
      await assertRejects(() => new PdiffClient(other).synchronize(), SluiceError);
      assertEquals(await Deno.readTextFile(`${directory}/root/a`), "new");
      const target = `${directory}/c`;
      const error = await assertRejects(
        () => new PdiffClient({ source: `${url}/a`, target, token: "writer", shift }).synchronize(),
        SluiceError,
      );
      assertEquals(error.code, "PERMISSION");
    }
    const tree = { source: `${directory}/new`, target: `${url}/tree` };
    assertEquals((await copyPdiffTree({ ...tree, token: "writer" })).faults, []);
    await assertRejects(() => copyPdiffTree({ ...tree, token: "writer", delete: true }), SluiceError);
    assertEquals(await Deno.readTextFile(`${directory}/root/tree/old`), "old");
    assertEquals((await copyPdiffTree({ ...tree, token: "admin", delete: true })).deleted, 1);
  });
});

/** What a copy fails with, or would; undefined where it does not. */
async function codeOf(
  copy: () => Promise<{ readonly refusal?: SluiceError | undefined }>,
): Promise<string | undefined> {
  let failure: unknown;
  try {
    failure = (await copy()).refusal;
  } catch (error) {
    failure = error;
  }
  if (failure === undefined) return undefined;
  assertInstanceOf(failure, SluiceError);
  // A token without rights at a server that is read-only: either may be said first.
  return failure.code === "READ_ONLY" ? "PERMISSION" : failure.code;
}

Deno.test("a dry run says what a server would refuse the copy with, and writes nothing", async () => {
  await inDirectory(async (directory) => {
    for (const name of ["open", "closed", "new", "empty"]) await Deno.mkdir(`${directory}/${name}`);
    const old = ["open/f", "open/o", "closed/f", "closed/o"];
    for (const name of old) await Deno.writeTextFile(`${directory}/${name}`, "old");
    for (const name of ["new/f", "new/g"]) await Deno.writeTextFile(`${directory}/${name}`, "newer");
    const roots = {
      open: { path: `${directory}/open`, writable: true },
      closed: { path: `${directory}/closed` },
    };
    await using server = servePdiff({ roots, port: 0, durable: false, tokens: TOKENS });
    const url = `http://127.0.0.1:${server.port}`;
    let refused = 0;
    for (const { token } of TOKENS) {
      for (const place of ["open", "closed"]) {
        const [here, there] = [`${directory}/new`, `${url}/${place}`];
        const pull = `${directory}/made`;
        const file = (options: { shift?: boolean; delta?: boolean; protocol?: 1 }) => (dryRun: boolean) =>
          new PdiffClient({ source: `${here}/f`, target: `${there}/f`, token, dryRun, ...options })
            .synchronize();
        const copies: ((dryRun: boolean) => Promise<{ readonly refusal?: SluiceError | undefined }>)[] = [
          file({}),
          file({ shift: true }),
          file({ delta: false }),
          file({ protocol: 1 }),
          (dryRun) => copyPdiffTree({ source: here, target: there, token, dryRun }),
          (dryRun) => copyPdiffTree({ source: `${here}/f`, target: `${there}/h`, token, dryRun }),
          (dryRun) => copyPdiffTree({ source: here, target: `${there}/made`, token, dryRun }),
          (dryRun) =>
            copyPdiffTree({ source: `${directory}/empty`, target: there, token, dryRun, delete: true }),
          (dryRun) => new PdiffClient({ source: `${there}/f`, target: pull, token, dryRun }).synchronize(),
          (dryRun) => copyPdiffTree({ source: there, target: pull, token, dryRun }),
        ];
        for (const [index, copy] of copies.entries()) {
          const before = await namesOf(directory);
          const tried = await codeOf(() => copy(true));
          assertEquals(await namesOf(directory), before);
          const done = await codeOf(() => copy(false));
          assertEquals(tried, done, `copy ${index} to ${place} as ${token}`);
          if (done !== undefined) refused++;
          // The next one finds what this one found.
          for (const name of ["open", "closed"]) {
            for await (const { name: made } of Deno.readDir(`${directory}/${name}`)) {
              await Deno.remove(`${directory}/${name}/${made}`, { recursive: true });
            }
          }
          for (const name of old) await Deno.writeTextFile(`${directory}/${name}`, "old");
          await Deno.remove(pull, { recursive: true }).catch(() => {});
        }
      }
    }
    assert(refused > 20, `${refused}`);
  });
});

async function namesOf(directory: string): Promise<string[]> {
  const names: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(directory)) {
    names.push(name, ...(isDirectory ? await namesOf(`${directory}/${name}`) : []));
  }
  return names.sort();
}

Deno.test("several directories are served under names, each with its own permission to write", async () => {
  await inDirectory(async (directory) => {
    for (const name of ["images", "dumps"]) await Deno.mkdir(`${directory}/${name}/sub`, { recursive: true });
    await Deno.writeTextFile(`${directory}/images/sub/f`, "image");
    await Deno.writeTextFile(`${directory}/secret`, "secret");
    const roots = {
      images: { path: `${directory}/images` },
      "the dumps": { path: `${directory}/dumps`, writable: true },
    };
    await using server = servePdiff({ roots, port: 0, durable: false });
    const url = `http://127.0.0.1:${server.port}`;
    const copy = (source: string, target: string) => new PdiffClient({ source, target }).synchronize();
    await copy(`${url}/images/sub/f`, `${directory}/f`);
    await copy(`${directory}/f`, `${url}/the%20dumps/sub/new/f`);
    assertEquals(await Deno.readTextFile(`${directory}/dumps/sub/new/f`), "image");
    const tree = await copyPdiffTree({ source: `${url}/images/`, target: `${url}/the%20dumps/tree` });
    assertEquals([tree.filesCopied, tree.faults], [1, []]);
    for (const name of ["images/x", "secret", "../secret", "dumps/f", "images/../../secret"]) {
      const error = await assertRejects(() => copy(`${directory}/f`, `${url}/${name}`), SluiceError);
      assert(["PERMISSION", "READ_ONLY", "NOT_FOUND"].includes(error.code), `${name}: ${error.code}`);
    }
    assertEquals(await Deno.readTextFile(`${directory}/secret`), "secret");
    assertEquals([...Deno.readDirSync(`${directory}/images`)].length, 1);
  });
});

Deno.test("roots and tokens that make no sense are refused", () => {
  const root = ".";
  for (
    const options of [
      {},
      { root, roots: { a: { path: "." } } },
      { roots: {} },
      { roots: { "a/b": { path: "." } } },
      { roots: { "..": { path: "." } } },
      { roots: { a: {} } },
      { roots: { a: { path: ".", write: true } } },
      { roots: { a: { path: "." } }, writable: true },
      { root, token: "a", tokens: TOKENS },
      { root, tokens: [] },
      { root, tokens: [{ token: "", rights: ["read"] }] },
      { root, tokens: [{ token: "a", rights: [] }] },
      { root, tokens: [{ token: "a", rights: ["all"] }] },
      { root, tokens: [{ token: "a", rights: ["read"], name: "b" }] },
    ]
  ) {
    const error = assertThrows(() => createPdiffHandler(options as { root: string }), Error);
    assert(error instanceof TypeError || error instanceof RangeError, `${JSON.stringify(options)}: ${error}`);
  }
});
