import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { Random } from "../../tests/_data.ts";
import { hasNativeFiles } from "../kernel/file.ts";
import { inDirectory } from "../../tests/_directory.ts";
import { exchange } from "../../tests/_raw_http.ts";
import { sluiceArguments } from "../../tests/_cli.ts";
import { createPdiffHandler, PdiffClient, servePdiff } from "../mod.ts";

const CONTENT = new Random(2).bytes(500_000);
const END = "\r\nHost: 127.0.0.1\r\n\r\n";

Deno.test("requests that are no HTTP are refused, and end the connection", async () => {
  await inDirectory(async (root) => {
    await using server = servePdiff({ root, port: 0 });
    const cases: readonly (readonly [string, number])[] = [
      ["nonsense\r\n\r\n", 400],
      ["GET / HTTP/1.1\r\n\r\n", 400],
      ["GET / HTTP/2.0\r\nHost: a\r\n\r\n", 400],
      ["GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400],
      ["GET / HTTP/1.1\r\nHost : a\r\n\r\n", 400],
      ["POST /v2/delta HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n", 400],
      ["POST /v2/delta HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400],
      ["POST /v2/delta HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n", 501],
      [`GET / HTTP/1.1\r\nHost: a\r\nX: ${"x".repeat(40_000)}\r\n\r\n`, 431],
      [`GET /${"x".repeat(40_000)} HTTP/1.1\r\nHost: a\r\n\r\n`, 431],
    ];
    for (const [request, status] of cases) {
      assertMatch(
        await exchange(server.port, request, 2000),
        new RegExp(`^HTTP/1\\.1 ${status} `),
        request.slice(0, 60),
      );
    }
  });
});

Deno.test("requests on one connection are answered in order, chunked bodies too", async () => {
  await inDirectory(async (root) => {
    await Deno.writeTextFile(`${root}/f`, "12345");
    await using server = servePdiff({ root, port: 0, writable: true });
    const text = await exchange(
      server.port,
      `GET /info?filename=f HTTP/1.1${END}HEAD /info?filename=f HTTP/1.1${END}` +
        "POST /blocks?filename=f&offset=1 HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n" +
        "2\r\nab\r\n1;note=x\r\nc\r\n0\r\nTrailer: x\r\n\r\n" +
        "GET /blocks?filename=f&offset=0&size=5 HTTP/1.0\r\n\r\n",
    );
    assertEquals(text.match(/HTTP\/1\.1 200 OK/g)?.length, 4);
    assert(text.endsWith("1abc5"), text);
    assertStringIncludes(text, '{"size":5}');
  });
});

Deno.test("a client that waits for permission to send its body gets it, or a refusal first", async () => {
  await inDirectory(async (root) => {
    await Deno.writeTextFile(`${root}/f`, "12345");
    const head = "POST /blocks?filename=f&offset=0 HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1\r\n" +
      "Expect: 100-continue\r\n\r\n";
    {
      await using server = servePdiff({ root, port: 0, writable: true });
      assertMatch(await exchange(server.port, head), /^HTTP\/1\.1 100 Continue\r\n\r\n/);
    }
    await using server = servePdiff({ root, port: 0 });
    assertMatch(await exchange(server.port, head), /^HTTP\/1\.1 403 /);
  });
});

Deno.test("a server that may not write answers before the body has come", async () => {
  await inDirectory(async (root) => {
    await Deno.writeTextFile(`${root}/f`, "12345");
    await using server = servePdiff({ root, port: 0 });
    const requests = [
      "POST /blocks?filename=f&offset=0",
      "POST /v2/sessions",
      "POST /v2/tree?path=d",
      "POST /resize?filename=f&size=1",
    ];
    for (const request of requests) {
      const head = `${request} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100000000\r\n\r\nfirst bytes`;
      assertMatch(await exchange(server.port, head, 2000), /^HTTP\/1\.1 403 /, request);
    }
  });
});

Deno.test("a connection that does not send a whole head is closed", async () => {
  await inDirectory(async (root) => {
    await using server = servePdiff({ root, port: 0, headTimeoutMs: 200 });
    for (const text of ["", "GET /v2/ca", "GET /v2/caps HTTP/1.1\r\nHost: a\r\nX: "]) {
      const connection = await Deno.connect({ port: server.port, hostname: "127.0.0.1" });
      await connection.write(new TextEncoder().encode(text));
      const started = performance.now();
      assertEquals(await connection.read(new Uint8Array(1)).catch(() => null), null);
      assert(performance.now() - started < 3000);
      connection.close();
    }
  });
});

Deno.test("connections above the limit are told to come back, and others served", async () => {
  await inDirectory(async (root) => {
    await Deno.writeTextFile(`${root}/f`, "12345");
    await using server = servePdiff({ root, port: 0, maxConnections: 2 });
    const connect = () => Deno.connect({ port: server.port, hostname: "127.0.0.1" });
    const idle = [await connect(), await connect()];
    await new Promise((resolve) => setTimeout(resolve, 50));
    const busy = await exchange(server.port, `GET /info?filename=f HTTP/1.1${END}`);
    assertMatch(busy, /^HTTP\/1\.1 503 /);
    assertMatch(busy, /^retry-after: 1\r$/m);
    assertMatch(busy, /^connection: close\r$/m);
    // One that has not even sent its head is let go of soon, and many of them bother nobody.
    const slow = await Promise.all(Array.from({ length: 80 }, connect));
    const started = performance.now();
    for (const connection of slow) {
      assertEquals(await connection.read(new Uint8Array(1)).catch(() => null), null);
      connection.close();
    }
    assert(performance.now() - started < 5000);
    for (const connection of idle) connection.close();
    await new Promise((resolve) => setTimeout(resolve, 50));
    assertMatch(await exchange(server.port, `GET /info?filename=f HTTP/1.1${END}`), /^HTTP\/1\.1 200/);
  });
});

Deno.test({
  name: "work for a client that left ends",
  ignore: Deno.build.os === "windows",
  fn: () =>
    inDirectory(async (root) => {
      await Deno.writeTextFile(`${root}/small`, "content");
      await Deno.writeFile(`${root}/huge`, new Uint8Array());
      await Deno.truncate(`${root}/huge`, 300 * 2 ** 30);
      await using server = servePdiff({ root, port: 0, threads: 1 });
      for (
        const path of [
          "POST /v2/blocks?path=huge&block=262144&hash=blake3",
          "GET /hashes?filename=huge&method=xxh3-128",
          "POST /v2/signature?path=huge&block=1048576&hash=xxh3-128&to=104857600000",
        ]
      ) {
        const connection = await Deno.connect({ port: server.port, hostname: "127.0.0.1" });
        await connection.write(new TextEncoder().encode(`${path} HTTP/1.1${END}`));
        await new Promise((resolve) => setTimeout(resolve, 50));
        connection.close();
      }
      const started = performance.now();
      const source = `http://127.0.0.1:${server.port}/small`;
      await new PdiffClient({ source, target: `${root}/copy`, stallTimeoutMs: 8000 }).synchronize();
      assert(performance.now() - started < 8000);
    }),
});

Deno.test({
  name: "a server that is out of descriptors lives on",
  ignore: Deno.build.os !== "linux",
  fn: () =>
    inDirectory(async (root) => {
      await Deno.writeTextFile(`${root}/f`, "12345");
      const command = [
        Deno.execPath(),
        ...sluiceArguments(["pdiffcopy", "-l", "127.0.0.1:0", "--root", root]),
      ];
      const child = new Deno.Command("sh", {
        args: ["-c", `ulimit -n 128; exec "$@"`, "sh", ...command],
        stdout: "null",
        stderr: "piped",
      }).spawn();
      const reader = child.stderr.getReader();
      try {
        let text = "";
        while (!text.includes("\n")) text += new TextDecoder().decode((await reader.read()).value);
        const port = Number(/:(\d+)\s/.exec(text)![1]);
        const connections: Deno.Conn[] = [];
        for (let i = 0; i < 200; i++) connections.push(await Deno.connect({ hostname: "127.0.0.1", port }));
        await new Promise((resolve) => setTimeout(resolve, 300));
        for (const connection of connections) connection.close();
        await new Promise((resolve) => setTimeout(resolve, 300));
        assertMatch(await exchange(port, `GET /info?filename=f HTTP/1.1${END}`, 2000), /^HTTP\/1\.1 200/);
      } finally {
        child.kill("SIGTERM");
        await reader.cancel();
        await child.status;
      }
    }),
});

Deno.test("an upload finds room where others were abandoned", async () => {
  await inDirectory(async (root) => {
    using handler = createPdiffHandler({ root, writable: true, durable: false });
    const create = (path: string): Promise<Response> =>
      handler(
        new Request("http://127.0.0.1/v2/sessions", {
          method: "POST",
          body: JSON.stringify({ path, size: 5000, block: 512, hash: "sha1" }),
        }),
      );
    for (let i = 0; i < 64; i++) assertEquals((await create(`f${i}`)).status, 200);
    assertEquals((await create("busy")).status, 503, "all of them may still go on");
    await new Promise((resolve) => setTimeout(resolve, 1100));
    assertEquals((await create("late")).status, 200);
  });
});

Deno.test({
  name: "what can't be looked at in a tree is told without the server's own paths",
  ignore: !hasNativeFiles(undefined),
  fn: () =>
    inDirectory(async (directory) => {
      await Deno.mkdir(`${directory}/tree`);
      await Deno.symlink("/etc", `${directory}/tree/out`);
      await Deno.mkdir(`${directory}/deep${"/d".repeat(202)}`, { recursive: true });
      using handler = createPdiffHandler({ root: directory });
      const names = new Request("http://127.0.0.1/v2/tree/names?path=tree", {
        method: "POST",
        body: JSON.stringify({ paths: ["gone", "out", "out/below"] }),
      });
      const requests = [
        names,
        ...["", "&outline=1"].map((more) => new Request(`http://127.0.0.1/v2/tree?path=deep${more}`)),
      ];
      for (const request of requests) {
        const lines = (await (await handler(request)).text()).split("\n").slice(0, -1);
        const faults = lines.map((line) => JSON.parse(line) as { k: string; l?: string }).filter(({ k }) =>
          k === "x"
        );
        assertEquals(faults.length, request === names ? 3 : 1, request.url);
        for (const { l: text } of faults) {
          assert(text !== undefined && text.startsWith("Cannot ") && !text.includes(directory), text);
        }
      }
    }),
});

Deno.test("directories whose names are asked for are different ones below the root", () =>
  inDirectory(async (directory) => {
    await Deno.mkdir(`${directory}/a`);
    using handler = createPdiffHandler({ root: directory });
    const ask = (body: string): Promise<Response> =>
      handler(new Request("http://127.0.0.1/v2/tree/names?path=/", { method: "POST", body }));
    assertEquals(await (await ask('{"paths":["","a"]}')).text(), ".");
    for (
      const paths of [
        '["a","a"]',
        '["../a"]',
        '["/a"]',
        '["a/"]',
        '["a/."]',
        '["a\\u0000"]',
        "[1]",
        '"a"',
        "null",
      ]
    ) {
      const answer = await ask(`{"paths":${paths}}`);
      assertEquals(answer.status, 400, paths);
      assert((await answer.text()).includes("PROTOCOL"), paths);
    }
  }));

Deno.test({
  name: "links in a server's root lead nowhere, whatever is asked for",
  ignore: Deno.build.os === "windows",
  fn: () =>
    inDirectory(async (directory) => {
      const root = `${directory}/root`;
      await Deno.mkdir(root);
      await Deno.mkdir(`${directory}/outside`);
      await Deno.writeTextFile(`${directory}/outside/secret`, "secret");
      await Deno.symlink("../outside", `${root}/link`);
      await Deno.symlink("../outside/secret", `${root}/file`);
      await Deno.symlink("../outside/new", `${root}/dangling`);
      using handler = createPdiffHandler({ root, writable: true, durable: false });
      const ask = async (path: string, body?: unknown): Promise<Response> => {
        const method = body === undefined ? "GET" : "POST";
        return await handler(
          new Request(`http://127.0.0.1${path}`, {
            method,
            ...(body === undefined ? {} : { body: JSON.stringify(body) }),
          }),
        );
      };
      const session = (path: string): unknown => ({ path, size: 10, block: 512, hash: "sha1" });
      for (
        const [path, body] of [
          ["/v2/stat?path=link/secret"],
          ["/v2/file?path=file"],
          ["/v2/tree?path=link"],
          ["/info?filename=link/secret"],
          ["/resize?filename=link/x&size=1", {}],
          ["/resize?filename=link/new/x&size=1", {}],
          ["/resize?filename=dangling&size=1", {}],
          ["/v2/sessions", session("link/new/x")],
          ["/v2/sessions", session("file")],
          ["/v2/tree?path=link/new", { changes: [] }],
        ] as const
      ) {
        const { status } = await ask(path, body);
        assert(status >= 400 && status < 500, `${path}: ${status}`);
      }
      const facts = { kind: "facts", path: "file", mode: 0o777, time: "1" };
      const changes = [
        { kind: "dir", path: "link/new" },
        { kind: "remove", path: "link/secret" },
        { kind: "link", path: "link/x", text: "y" },
        { kind: "hardlink", path: "x", text: "link/secret" },
        { kind: "dir", path: "../up" },
      ];
      const answer = await ask("/v2/tree?path=/", { changes: [...changes, facts] });
      const { faults } = await answer.json() as { faults: { path: string; message: string }[] };
      for (const { path } of changes) assert(faults.some((fault) => fault.path === path), path);
      for (const { message } of faults) assert(!message.includes(directory), message);
      assertEquals([...Deno.readDirSync(`${directory}/outside`)].map(({ name }) => name), ["secret"]);
      const secret = await Deno.stat(`${directory}/outside/secret`);
      assert((secret.mode! & 0o777) !== 0o777 && secret.mtime!.getTime() > 1000);
    }),
});

Deno.test("logs hold no character that a terminal or their reader acts on", async () => {
  await inDirectory(async (root) => {
    const lines: string[] = [];
    using handler = createPdiffHandler({
      root,
      writable: true,
      durable: false,
      log: (line) => lines.push(line),
    });
    const name = encodeURIComponent("x\x1b[31m\nFAKE\u202e");
    for (const path of [`/resize?filename=${name}&size=1`, `/blocks?filename=${name}&offset=0`, `/${name}`]) {
      await handler(new Request(`http://127.0.0.1${path}`, { method: "POST", body: "x" }));
    }
    assert(lines.length >= 4);
    // deno-lint-ignore no-control-regex -- those are what is looked for
    for (const line of lines) assert(!/[\x00-\x1f\x7f\u202e]/.test(line), JSON.stringify(line));
  });
});

Deno.test("a server answers only to the names that it has", async () => {
  await inDirectory(async (root) => {
    await Deno.writeFile(`${root}/f`, CONTENT);
    await using server = servePdiff({ root, port: 0, hosts: ["images.example"] });
    const status = async (host: string): Promise<string> =>
      (await exchange(server.port, `GET /info?filename=f HTTP/1.1\r\nHost: ${host}\r\n\r\n`)).slice(9, 12);
    assertEquals(await status("127.0.0.1"), "200");
    assertEquals(await status("localhost:8080"), "200");
    assertEquals(await status("images.example"), "200");
    assertEquals(await status("evil.example"), "403");
    assertEquals(await status("127.0.0.1.evil.example"), "403");
  });
});
