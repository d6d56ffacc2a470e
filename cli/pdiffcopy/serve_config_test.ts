import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { testInDirectory } from "../../tests/_directory.ts";
import { Failure } from "../shared/exit.ts";
import { readServeConfig } from "./serve_config.ts";

async function read(directory: string, config: unknown): ReturnType<typeof readServeConfig> {
  const path = `${directory}/serve.json`;
  await Deno.writeTextFile(path, typeof config === "string" ? config : JSON.stringify(config));
  return await readServeConfig(path);
}

testInDirectory("a file says all that a server is told", async (directory) => {
  for (const name of ["cert", "key", "token"]) {
    await Deno.writeTextFile(`${directory}/${name}`, `${name}\n`);
  }
  Deno.env.set("SLUICE_TEST_TOKEN", "from the environment");
  const { listen, options } = await read(directory, {
    listen: "0.0.0.0:8443",
    roots: { images: { path: "images", writable: true }, dumps: { path: "/srv/dumps" } },
    tokens: [
      { file: "token", rights: ["read"] },
      { env: "SLUICE_TEST_TOKEN", rights: ["read", "write", "delete"] },
    ],
    hosts: ["backup.example.org"],
    tls: { cert: "cert", key: "key" },
    limits: {
      requests: 10,
      connections: 20,
      threads: 2,
      headSeconds: 3,
      idleSeconds: 4,
      sessionSeconds: 5,
    },
    protocol1: false,
    fsync: false,
  });
  Deno.env.delete("SLUICE_TEST_TOKEN");
  assertEquals(listen, "0.0.0.0:8443");
  assertEquals(options, {
    roots: { images: { path: `${directory}/images`, writable: true }, dumps: { path: "/srv/dumps" } },
    tokens: [
      { token: "token", rights: ["read"] },
      { token: "from the environment", rights: ["read", "write", "delete"] },
    ],
    hosts: ["backup.example.org"],
    cert: "cert\n",
    key: "key\n",
    maxRequests: 10,
    maxConnections: 20,
    threads: 2,
    headTimeoutMs: 3000,
    idleTimeoutMs: 4000,
    sessionTimeoutMs: 5000,
    v1: false,
    durable: false,
  });
  assertEquals((await read(directory, { root: ".", writable: true, socket: "s" })).options, {
    root: `${directory}/.`,
    writable: true,
    socket: `${directory}/s`,
  });
});

testInDirectory("what a file says wrongly is named, with what was meant", async (directory) => {
  await Deno.writeTextFile(`${directory}/empty`, "\n");
  const tokens = (...items: unknown[]) => ({ root: ".", tokens: items });
  const cases: readonly (readonly [unknown, string])[] = [
    [{ rot: "." }, '"rot" is not known, did you mean "root"'],
    [{ root: ".", anything: 1 }, '"anything" is not known, expected one of listen'],
    [{}, 'neither by "root" nor by "roots"'],
    [{ root: ".", roots: { a: { path: "." } } }, "or by both"],
    [
      { roots: { a: { path: ".", writeable: true } } },
      '"roots.a.writeable" is not known, did you mean "writable"',
    ],
    [{ roots: { a: "." } }, '"roots.a" is no object'],
    [{ roots: { a: {} } }, '"roots.a.path" is no text'],
    [{ roots: { a: { path: "." } }, writable: true }, '"writable" does not go with "roots"'],
    [{ root: ".", socket: "s", listen: "1" }, '"listen" does not go with "socket"'],
    [{ root: ".", writable: "yes" }, '"writable" is neither true nor false'],
    [{ root: ".", hosts: "a" }, '"hosts" is no list'],
    [{ root: ".", hosts: [1] }, '"hosts[0]" is no text'],
    [{ root: ".", limits: { request: 1 } }, '"limits.request" is not known, did you mean "requests"'],
    [{ root: ".", limits: { requests: 0 } }, '"limits.requests" is no whole number from 1'],
    [{ root: ".", limits: { idleSeconds: 3_000_000 } }, '"limits.idleSeconds" is too large'],
    [{ root: ".", tls: { cert: "none", key: "none" } }, '"tls.cert" names'],
    [{ root: ".", tls: { cert: "empty" } }, '"tls.key" is no text'],
    [{ root: ".", pathMode: "all" }, '"pathMode" is neither "rooted" nor "absolute"'],
    [tokens(), '"tokens" is empty'],
    [tokens({ rights: ["read"] }), '"tokens[0]" has neither "file" nor "env", or both'],
    [tokens({ file: "empty", rights: ["read"] }), '"tokens[0]" has an empty secret'],
    [tokens({ env: "SLUICE_NO_SUCH_VARIABLE", rights: ["read"] }), "has an empty secret"],
    [tokens({ token: "secret", rights: ["read"] }), '"tokens[0].token" is not known'],
    ["{", "is no JSON"],
    ["[]", "it is no object"],
  ];
  for (const [config, expected] of cases) {
    const error = await assertRejects(() => read(directory, config), Failure);
    assertStringIncludes(error.message, expected);
    assertStringIncludes(error.message, "serve.json");
  }
  await Deno.writeTextFile(`${directory}/secret`, "s");
  for (const rights of [["reed"], [], "read"]) {
    await assertRejects(
      () => read(directory, tokens({ file: "secret", rights })),
      Failure,
      "tokens[0].rights",
    );
  }
  await assertRejects(() => readServeConfig(`${directory}/none`), Failure, "none");
});
