/**
 * The edge example as a platform runs it: `deno serve` with no permission but the network on loopback, so WASM alone.
 */
import { DczDictionary, decompressDcz, decompressZstdContent } from "@sluice/zstd/http";
import { compressZstd } from "@sluice/zstd";
import { compressLz4 } from "@sluice/lz4";
import { assert, assertEquals } from "@std/assert";
import { join, Random, text } from "./_data.ts";

/** A program at the edge has this much memory beside what the runtime takes. */
const EXTRA_MEMORY_MAX = 64 << 20;

/** The example, served. */
class Edge implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly url: string;

  private constructor(child: Deno.ChildProcess, url: string) {
    this.#child = child;
    this.url = url;
  }

  static async serve(): Promise<Edge> {
    const child = new Deno.Command(Deno.execPath(), {
      args: [
        "serve",
        "--no-prompt",
        "--allow-net=127.0.0.1",
        "--host=127.0.0.1",
        "--port=0",
        new URL("../examples/edge/main.ts", import.meta.url).pathname,
      ],
      env: { NO_COLOR: "1" },
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).spawn();
    let log = "";
    const reader = child.stderr.pipeThrough(new TextDecoderStream()).getReader();
    while (true) {
      const { value, done } = await reader.read();
      log += value ?? "";
      const url = /http:\/\/127\.0\.0\.1:\d+\//.exec(log)?.[0];
      if (url !== undefined) {
        await reader.cancel();
        return new Edge(child, url);
      }
      if (done) throw new Error(`the server did not start: ${log}`);
    }
  }

  /** Resident bytes of the server. */
  async memory(): Promise<number> {
    const status = await Deno.readTextFile(`/proc/${this.#child.pid}/status`);
    return Number(/VmRSS:\s+(\d+) kB/.exec(status)![1]) * 1024;
  }

  async post(
    path: string,
    body: Uint8Array<ArrayBuffer>,
    headers: Record<string, string>,
  ): Promise<Response> {
    return await fetch(this.url + path, { method: "POST", body, headers });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGTERM");
    await this.#child.status;
  }
}

const CONTENT = join(text(3_000_000, 5), new Random(2).bytes(500_000));

Deno.test("the edge decodes uploads as files and as encodings", async () => {
  await using edge = await Edge.serve();
  const dictionary = await fetch(`${edge.url}dictionary`, { headers: { "accept-encoding": "identity" } });
  using dcz = await DczDictionary.from(await dictionary.arrayBuffer());
  const uploads: [Uint8Array<ArrayBuffer>, Record<string, string>][] = [
    [compressZstd(CONTENT), { "content-type": "application/zstd" }],
    [compressLz4(CONTENT), { "content-type": "application/x-lz4" }],
    [compressLz4(CONTENT, { linked: true, blockSize: 65536 }), { "content-type": "application/x-lz4" }],
    [compressZstd(CONTENT), { "content-encoding": "zstd" }],
    [CONTENT, {}],
  ];
  for (const [body, headers] of uploads) {
    const measured = await edge.post("measure", body, headers);
    assertEquals(await measured.json(), { size: CONTENT.length });
    const decoded = await edge.post("decode", body, { ...headers, "accept-encoding": "identity" });
    assertEquals(await decoded.bytes(), CONTENT);
  }
  const cut = await edge.post("measure", uploads[0]![0].subarray(0, 1000), {
    "content-type": "application/zstd",
  });
  assertEquals([cut.status, (await cut.json()).error], [400, "TRUNCATED"]);
  const encoded = await edge.post("measure", uploads[0]![0].subarray(0, 1000), {
    "content-encoding": "zstd",
  });
  assertEquals(encoded.status, 400);
  await encoded.body?.cancel();

  const wants = { "accept-encoding": "zstd, dcz", "available-dictionary": dcz.availableDictionary };
  const delta = await fetch(`${edge.url}report`, { headers: wants });
  assertEquals(delta.headers.get("content-encoding"), "dcz");
  const small = await delta.arrayBuffer();
  const report = new TextDecoder().decode(await decompressDcz(small, { dictionaries: [dcz] }));
  assert(report.startsWith("report 2\n") && small.byteLength * 100 < report.length);
  const whole = await fetch(`${edge.url}report`, { headers: { "accept-encoding": "zstd" } });
  assertEquals(new TextDecoder().decode(decompressZstdContent(await whole.arrayBuffer())), report);
});

Deno.test("nothing that is sent to the edge makes it answer 500", async () => {
  await using edge = await Edge.serve();
  const junk = new TextEncoder().encode("junk");
  const statuses: number[] = [];
  for (const path of ["measure", "decode", "report", "nothing"]) {
    for (
      const headers of [
        {},
        { "content-type": "text/plain" },
        { "content-type": "application/zstd" },
        { "content-type": "application/x-lz4" },
        { "content-encoding": "zstd" },
        { "content-encoding": "dcz" },
        { "content-encoding": "br" },
        { "content-encoding": "zstd, br, none" },
      ]
    ) {
      for (const body of [junk, new Uint8Array()]) {
        // A fault in the middle of a response breaks it off, which fetch rejects.
        const response = await edge.post(path, body, headers).catch(() => undefined);
        await response?.bytes().catch(() => undefined);
        if (response !== undefined) statuses.push(response.status);
        const encoding = (headers as Record<string, string>)["content-encoding"];
        if (encoding?.includes("br") === true) assertEquals(response?.status, 415, `${path} ${encoding}`);
      }
    }
  }
  assertEquals(statuses.filter((status) => status >= 500), []);
  assertEquals(await (await edge.post("measure", junk, {})).json(), { size: 4 });
});

Deno.test("the edge keeps within its memory under load and answers while it decodes", {
  ignore: Deno.build.os !== "linux",
}, async () => {
  const started = performance.now();
  await using edge = await Edge.serve();
  const listening = performance.now() - started;
  const body = compressZstd(CONTENT);
  const headers = { "content-type": "application/zstd" };
  const first = performance.now();
  await (await edge.post("measure", body, headers)).json();
  const cold = performance.now() - first;
  let [most, answered, slowest] = [0, 0, 0];
  const client = async (upload: Uint8Array<ArrayBuffer>, type: string) => {
    for (let i = 0; i < 12; i++) {
      const response = await edge.post("measure", upload, { "content-type": type });
      assertEquals(await response.json(), { size: CONTENT.length });
      answered++;
      most = Math.max(most, await edge.memory());
    }
  };
  // What the runtime takes for as many uploads of the same content that need no decoding.
  await Promise.all(Array.from({ length: 8 }, () => client(CONTENT, "text/plain")));
  const before = most;
  answered = 0;
  const ping = async () => {
    while (answered < 96) {
      const at = performance.now();
      await (await fetch(`${edge.url}nothing`)).body?.cancel();
      slowest = Math.max(slowest, performance.now() - at);
    }
  };
  const at = performance.now();
  await Promise.all([...Array.from({ length: 8 }, () => client(body, "application/zstd")), ping()]);
  const seconds = (performance.now() - at) / 1000;
  const mib = (size: number): string => (size / 2 ** 20).toFixed(0);
  console.log(
    `edge: listening after ${listening.toFixed(0)} ms, first upload of ${mib(CONTENT.length)} MiB ${
      cold.toFixed(0)
    } ms, ` +
      `${(answered / seconds).toFixed(0)} uploads/s by 8 clients, ${mib(most - before)} MiB more memory, ` +
      `slowest other answer ${slowest.toFixed(0)} ms`,
  );
  assert(most - before <= EXTRA_MEMORY_MAX, `${mib(most - before)} MiB`);
});
