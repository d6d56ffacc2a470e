import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { SluiceError } from "@sluice/internal";
import { testBackends } from "../../tests/_backends.ts";
import { inDirectory } from "../../tests/_directory.ts";
import { exchange } from "../../tests/_raw_http.ts";
import { createPdiffHandler, PdiffClient, servePdiff } from "../mod.ts";
import type { PdiffHandler } from "../mod.ts";

async function ask(
  handler: PdiffHandler,
  path: string,
  init: RequestInit = {},
): Promise<{ status: number; text: string }> {
  const response = await handler(new Request(`http://127.0.0.1:8080${path}`, init));
  return { status: response.status, text: await response.text() };
}

const encode = encodeURIComponent;

testBackends("the server shows nothing outside of its root", async () => {
  await inDirectory(async (directory) => {
    const root = `${directory}/root`;
    await Deno.mkdir(`${root}/sub`, { recursive: true });
    await Deno.writeTextFile(`${directory}/secret`, "secret");
    await Deno.writeTextFile(`${root}/inside`, "inside");
    await Deno.symlink("../secret", `${root}/out`);
    await Deno.symlink("..", `${root}/up`);
    await Deno.symlink("/etc", `${root}/etc`);
    await Deno.symlink("inside", `${root}/link`);
    await Deno.symlink("../inside", `${root}/sub/link`);
    using handler = createPdiffHandler({ root, writable: true });
    const refused = [
      "../secret",
      "/../secret",
      "sub/../../secret",
      "out",
      "up/secret",
      "etc/passwd",
      "./../secret",
      "",
      "/",
      ".",
      "a\0b",
      ".inside.pdiff-journal",
      "sub/.x.pdiff-part",
    ];
    for (const name of refused) {
      for (const request of [`/info?filename=${encode(name)}`, `/v2/stat?path=${encode(name)}`]) {
        const { status, text } = await ask(handler, request);
        assert([400, 403].includes(status), `${name}: ${status}`);
        assert(!text.includes(directory) && !text.includes("secret\n"), text);
      }
      const resize = await ask(handler, `/resize?filename=${encode(name)}&size=3`, { method: "POST" });
      assert([400, 403].includes(resize.status), `${name}: ${resize.status}`);
      const session = await ask(handler, "/v2/sessions", {
        method: "POST",
        body: JSON.stringify({ path: name, size: 3, block: 512, hash: "sha1" }),
      });
      assert([400, 403].includes(session.status), `${name}: ${session.status} ${session.text}`);
    }
    assertEquals(await Deno.readTextFile(`${directory}/secret`), "secret");
    for (const name of ["inside", "/inside", "//inside", "link", "sub/link", "./inside"]) {
      assertEquals((await ask(handler, `/info?filename=${encode(name)}`)).text, '{"size":6}\n', name);
    }
  });
});

testBackends("a link to nowhere is not created through", async () => {
  await inDirectory(async (directory) => {
    const root = `${directory}/root`;
    await Deno.mkdir(root);
    await Deno.symlink("../created", `${root}/dangling`);
    using handler = createPdiffHandler({ root, writable: true });
    assert((await ask(handler, "/resize?filename=dangling&size=5", { method: "POST" })).status >= 400);
    assertEquals([...Deno.readDirSync(directory)].map(({ name }) => name), ["root"]);
  });
});

Deno.test("absolute names must lie below the root", async () => {
  await inDirectory(async (directory) => {
    const root = await Deno.realPath(directory);
    await Deno.writeTextFile(`${root}/f`, "12");
    using handler = createPdiffHandler({ root, pathMode: "absolute" });
    assertEquals((await ask(handler, `/info?filename=${encode(`${root}/f`)}`)).text, '{"size":2}\n');
    for (const name of ["/f", "f", `${root}/../f`, `${root}x/f`, root, `${root}/`]) {
      assert([400, 403].includes((await ask(handler, `/info?filename=${encode(name)}`)).status), name);
    }
  });
});

Deno.test("a server is read-only unless told otherwise", async () => {
  await inDirectory(async (root) => {
    await Deno.writeTextFile(`${root}/f`, "content");
    using handler = createPdiffHandler({ root });
    const body = JSON.stringify({ path: "f", size: 3, block: 512, hash: "sha1" });
    for (
      const path of [
        "/resize?filename=f&size=0",
        "/blocks?filename=f&offset=0",
        "/resize?filename=new&size=1",
      ]
    ) {
      assertEquals((await ask(handler, path, { method: "POST", body: "x" })).status, 403);
    }
    const session = await ask(handler, "/v2/sessions", { method: "POST", body });
    assertEquals([session.status, JSON.parse(session.text).code], [403, "READ_ONLY"]);
    assertEquals(await Deno.readTextFile(`${root}/f`), "content");
    assertEquals([...Deno.readDirSync(root)].length, 1);
  });
});

Deno.test("a token is asked for on every request", async () => {
  await inDirectory(async (root) => {
    await Deno.writeTextFile(`${root}/f`, "content");
    await using server = servePdiff({ root, port: 0, token: "s3cret" });
    const url = `http://127.0.0.1:${server.port}`;
    for (const path of ["/info?filename=f", "/v2/caps", "/v2/stat?path=f"]) {
      for (const authorization of [undefined, "Bearer wrong", "Bearer ", "Basic s3cret", "Bearer s3cret2"]) {
        const response = await fetch(
          url + path,
          authorization === undefined ? {} : { headers: { authorization } },
        );
        await response.body?.cancel();
        assertEquals([response.status, response.headers.get("www-authenticate")], [401, "Bearer"]);
      }
    }
    const options = { source: `${url}/f`, target: `${root}/copy` };
    const error = await assertRejects(() => new PdiffClient(options).synchronize(), SluiceError);
    assertEquals(error.code, "AUTH");
    await new PdiffClient({ ...options, token: "s3cret" }).synchronize();
    assertEquals(await Deno.readTextFile(`${root}/copy`), "content");
  });
});

Deno.test("pages in browsers can not use a server on loopback", async () => {
  await inDirectory(async (root) => {
    await Deno.writeTextFile(`${root}/f`, "content");
    await using server = servePdiff({ root, port: 0 });
    const get = (headers: string): Promise<string> =>
      exchange(server.port, `GET /info?filename=f HTTP/1.1\r\n${headers}Connection: close\r\n\r\n`);
    assertMatch(await get(`Host: 127.0.0.1:${server.port}\r\n`), /^HTTP\/1\.1 200/);
    assertMatch(await get("Host: localhost\r\n"), /^HTTP\/1\.1 200/);
    assertMatch(await get("Host: rebound.example\r\n"), /^HTTP\/1\.1 403/);
    assertMatch(await get("Host: 127.0.0.1\r\nOrigin: http://page.example\r\n"), /^HTTP\/1\.1 403/);
  });
});

Deno.test("limits on requests are kept", async () => {
  await inDirectory(async (root) => {
    await Deno.writeFile(`${root}/f`, new Uint8Array(5000));
    using handler = createPdiffHandler({ root, writable: true, maxRequests: 2 });
    assertEquals((await ask(handler, `/info?filename=${"a".repeat(9000)}`)).status, 414);
    assertEquals((await ask(handler, `/info?filename=${"a".repeat(300)}`)).status, 500);
    for (
      const query of [
        "block=100&hash=sha1",
        "block=99999999999&hash=sha1",
        "block=512",
        "block=512&hash=none",
        "block=512&hash=sha1&from=5",
      ]
    ) {
      assertEquals(
        (await ask(handler, `/v2/signature?path=f&${query}`, { method: "POST" })).status,
        400,
        query,
      );
    }
    const tooMany = new Uint8Array(5000);
    const delta = await ask(handler, "/v2/delta?path=f&block=512&hash=sha1", {
      method: "POST",
      body: tooMany,
    });
    assertEquals(delta.status, 400);
    for (const body of ["", "{", "[]", "null", "x".repeat(2 << 20)]) {
      const { status } = await ask(handler, "/v2/sessions", { method: "POST", body });
      assert([400, 413].includes(status), `${body.slice(0, 5)}: ${status}`);
    }
    for (
      const fields of [{ size: -1 }, { size: 1.5 }, { block: 1 }, { hash: 5 }, { replace: "never" }, {
        size: 2 ** 53,
      }, { path: 7 }]
    ) {
      const body = JSON.stringify({ path: "new", size: 10, block: 512, hash: "sha1", ...fields });
      assertEquals((await ask(handler, "/v2/sessions", { method: "POST", body })).status, 400, body);
    }
    assertEquals((await ask(handler, `/v2/sessions/${"0".repeat(32)}`)).status, 410);
    assertEquals([...Deno.readDirSync(root)].length, 1);
  });
});

Deno.test("a body that does not come is given up", async () => {
  await inDirectory(async (root) => {
    await Deno.writeTextFile(`${root}/f`, "content");
    await using server = servePdiff({ root, port: 0, writable: true, idleTimeoutMs: 100 });
    const head =
      `POST /blocks?filename=f&offset=0 HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100\r\n\r\nabc`;
    assertMatch(await exchange(server.port, head, 2000), /^HTTP\/1\.1 408/);
  });
});

testBackends("an upload session takes nothing that does not fit", async () => {
  await inDirectory(async (root) => {
    using handler = createPdiffHandler({ root, writable: true, durable: false });
    const create = await ask(handler, "/v2/sessions", {
      method: "POST",
      body: JSON.stringify({ path: "dir/f", size: 1000, block: 512, hash: "sha1" }),
    });
    const { id } = JSON.parse(create.text);
    const put = (query: string, body: Uint8Array<ArrayBuffer>) =>
      ask(handler, `/v2/sessions/${id}/frames?${query}`, { method: "PUT", body });
    const frame = (type: number, position: number, payload: Uint8Array): Uint8Array<ArrayBuffer> => {
      const bytes = new Uint8Array(16 + payload.length);
      const view = new DataView(bytes.buffer);
      bytes[0] = type;
      view.setUint32(4, payload.length, true);
      view.setBigUint64(8, BigInt(position), true);
      bytes.set(payload, 16);
      return bytes;
    };
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-1", new Uint8Array(512).fill(1)));
    const block = new Uint8Array([...digest, ...new Uint8Array(512).fill(1)]);
    const length = (size: number): Uint8Array => {
      const bytes = new Uint8Array(8);
      new DataView(bytes.buffer).setBigUint64(0, BigInt(size), true);
      return bytes;
    };
    const wrong = block.slice();
    wrong[30] = 9;
    const cases: readonly (readonly [string, Uint8Array<ArrayBuffer>, number])[] = [
      ["from=0", frame(2, 512, block), 400],
      ["from=1", frame(2, 1, block), 400],
      ["from=512", frame(2, 512, block), 400],
      ["from=0", frame(2, 0, block.subarray(0, 100)), 400],
      ["from=0", frame(2, 0, wrong), 422],
      ["from=0", frame(2, 0, block).subarray(0, 200), 400],
      ["from=0", frame(4, 0, length(2000)), 400],
      ["from=0", frame(4, 0, length(0)), 400],
      ["from=0", frame(4, 0, length(100)), 400],
      ["from=0", frame(9, 0, length(512)), 400],
      ["from=0&to=5000", frame(2, 0, block), 400],
      ["from=0", new Uint8Array([3, 0, 2, 0, 255, 255, 255, 255, 0, 0, 0, 0, 0, 0, 0, 0]), 400],
    ];
    for (const [query, body, status] of cases) {
      const answer = await put(query, body);
      assertEquals(answer.status, status, `${query} ${body.subarray(0, 24)} ${answer.text}`);
    }
    const commit = (digest: string) =>
      ask(handler, `/v2/sessions/${id}/commit`, { method: "POST", body: JSON.stringify({ digest }) });
    assertEquals((await put("from=0", frame(2, 0, block))).text, '{"next":512}');
    assertEquals((await commit("00")).status, 409, "a block never came");
    assertEquals((await put("from=512", frame(4, 512, length(488)))).status, 200);
    assertEquals((await commit("00")).status, 422, "the digest is wrong");
    assertEquals((await Array.fromAsync(Deno.readDir(`${root}/dir`))).map(({ name }) => name), [
      ".f.pdiff-part",
    ]);
    assertEquals((await ask(handler, `/v2/sessions/${id}`, { method: "DELETE" })).status, 200);
  });
});

Deno.test("two uploads of one file do not mix", async () => {
  await inDirectory(async (root) => {
    using handler = createPdiffHandler({ root, writable: true });
    const body = JSON.stringify({ path: "f", size: 1000, block: 512, hash: "sha1" });
    assertEquals((await ask(handler, "/v2/sessions", { method: "POST", body })).status, 200);
    const second = await ask(handler, "/v2/sessions", { method: "POST", body });
    assertEquals([second.status, JSON.parse(second.text).code], [409, "LOCKED"]);
  });
});

Deno.test("a server that speaks protocol 2 alone has no older paths", async () => {
  await inDirectory(async (root) => {
    await Deno.writeTextFile(`${root}/f`, "content");
    using handler = createPdiffHandler({ root, v1: false });
    assertEquals((await ask(handler, "/info?filename=f")).status, 404);
    assertEquals((await ask(handler, "/v2/stat?path=f")).status, 200);
  });
});

/** An authority, and a key and a certificate of it for 127.0.0.1; undefined without the openssl tool. */
async function certificates(folder: string): Promise<{ ca: string; key: string; cert: string } | undefined> {
  const openssl = async (...args: string[]): Promise<boolean> =>
    await new Deno.Command("openssl", { args, cwd: folder, stdout: "null", stderr: "null" }).output()
      .then(({ success }) => success, () => false);
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  await Deno.writeTextFile(`${folder}/leaf.cnf`, "subjectAltName=IP:127.0.0.1\n");
  const made = await openssl(
    "req",
    "-x509",
    ...key,
    "-days",
    "2",
    "-subj",
    "/CN=authority",
    "-keyout",
    "ca.key",
    "-out",
    "ca.pem",
  ) &&
    await openssl(
      "req",
      "-new",
      ...key,
      "-subj",
      "/CN=127.0.0.1",
      "-keyout",
      "leaf.key",
      "-out",
      "leaf.csr",
    ) &&
    await openssl(
      "x509",
      "-req",
      "-in",
      "leaf.csr",
      "-CA",
      "ca.pem",
      "-CAkey",
      "ca.key",
      "-CAcreateserial",
      "-days",
      "2",
      "-extfile",
      "leaf.cnf",
      "-out",
      "leaf.pem",
    );
  if (!made) return undefined;
  const [ca, secret, cert] = await Promise.all(
    ["ca.pem", "leaf.key", "leaf.pem"].map((name) => Deno.readTextFile(`${folder}/${name}`)),
  );
  return { ca: ca!, key: secret!, cert: cert! };
}

Deno.test("copies over HTTPS need a certificate that is trusted", async () => {
  await inDirectory(async (root) => {
    const made = await certificates(root);
    if (made === undefined) {
      return console.log("SKIPPED: copies over HTTPS: the openssl tool is not installed");
    }
    await Deno.writeTextFile(`${root}/f`, "content");
    await using server = servePdiff({ root, port: 0, key: made.key, cert: made.cert });
    const options = { source: `https://127.0.0.1:${server.port}/f`, target: `${root}/copy`, retries: 0 };
    const error = await assertRejects(() => new PdiffClient(options).synchronize(), SluiceError);
    assertEquals(error.code, "NETWORK");
    await new PdiffClient({ ...options, caCerts: [made.ca] }).synchronize();
    assertEquals(await Deno.readTextFile(`${root}/copy`), "content");
  });
});
