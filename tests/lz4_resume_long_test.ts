/**
 * A download that loses its connection again and again, in a process that is killed again and again, ends with the right
 * bytes and a verified checksum. 24 MiB by default, 1 GiB with `SLUICE_LONG=1`.
 */
import { assert, assertEquals } from "@std/assert";
import { compressLz4Iterable, Lz4Xxh32 } from "@sluice/lz4";
import { Random, text } from "./_data.ts";

const MAIN = new URL("../cli/main.ts", import.meta.url).pathname;
const SIZE = Deno.env.get("SLUICE_LONG") === "1" ? 1 << 30 : 24 << 20;
const DROPS = 20;
const KILLS = 5;

/** Content of `SIZE` bytes that hardly shrinks, with its hash. */
async function* content(hash: Lz4Xxh32): AsyncGenerator<Uint8Array> {
  const noise = new Random(1).bytes(1 << 20);
  const words = text(100_000);
  for (let made = 0; made < SIZE; made += noise.length) {
    await Promise.resolve();
    new DataView(noise.buffer).setUint32(0, made);
    noise.set(words.subarray(made % 50_000, made % 50_000 + 20_000), 500_000);
    hash.update(noise);
    yield noise.slice();
  }
}

/** A server of one file whose connections break. */
class BreakingServer {
  drops = 0;
  served = 0;
  /** Called with how far into the file bytes have been sent. */
  onProgress: (offset: number) => void = () => {};
  readonly #path: string;
  readonly #size: number;
  readonly #server: Deno.HttpServer<Deno.NetAddr>;

  constructor(path: string, size: number) {
    this.#path = path;
    this.#size = size;
    this.#server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen: () => {} },
      (request) => this.#answer(request),
    );
  }

  get url(): string {
    return `http://127.0.0.1:${this.#server.addr.port}/file.lz4`;
  }

  async close(): Promise<void> {
    await this.#server.shutdown();
  }

  async #answer(request: Request): Promise<Response> {
    const start = Number(/^bytes=(\d+)-$/.exec(request.headers.get("range") ?? "")?.[1] ?? 0);
    const headers = { "content-range": `bytes ${start}-${this.#size - 1}/${this.#size}`, etag: '"one"' };
    if (start >= this.#size) return new Response(null, { status: 416, headers });
    const file = await Deno.open(this.#path);
    await file.seek(start, Deno.SeekMode.Start);
    // Each connection is good for about a share of the file, until all drops have happened.
    const breakAt = start + Math.ceil(this.#size / (DROPS + 2));
    let offset = start;
    const body = new ReadableStream<Uint8Array>({
      pull: async (controller) => {
        if (offset >= breakAt && this.drops < DROPS) {
          this.drops++;
          file.close();
          controller.error(new Error("the connection breaks"));
          return;
        }
        const buffer = new Uint8Array(64 << 10);
        const length = await file.read(buffer);
        if (length === null) {
          file.close();
          controller.close();
          return;
        }
        offset += length;
        this.served += length;
        controller.enqueue(buffer.subarray(0, length));
        this.onProgress(offset);
      },
      cancel: () => file.close(),
    });
    return new Response(body, {
      status: 206,
      headers: { ...headers, "content-length": `${this.#size - start}` },
    });
  }
}

Deno.test({
  name: "a download survives broken connections and kill -9, and its checksum is verified at the end",
  sanitizeOps: false, // connections of killed processes end when the server notices
  sanitizeResources: false,
  ignore: Deno.build.os === "windows",
  async fn() {
    const folder = await Deno.makeTempDir();
    try {
      const expected = new Lz4Xxh32();
      const path = `${folder}/file.lz4`;
      {
        using file = await Deno.open(path, { write: true, create: true });
        const options = { blockSize: 65536, linked: true, contentSize: SIZE };
        for await (const chunk of compressLz4Iterable(content(expected), options)) {
          for (let done = 0; done < chunk.length;) done += await file.write(chunk.subarray(done));
        }
      }
      const { size } = await Deno.stat(path);
      const server = new BreakingServer(path, size);
      const output = `${folder}/file`;
      const args = [
        "run",
        "-A",
        MAIN,
        "lz4",
        "resume",
        server.url,
        "-o",
        output,
        `--every=${Math.ceil(SIZE / 40)}`,
      ];
      const resumed: number[] = [];
      let kills = 0;
      let last = "";
      const started = performance.now();
      while (last === "") {
        const child = new Deno.Command(Deno.execPath(), { args, stdout: "null", stderr: "piped" }).spawn();
        let killed = false;
        server.onProgress = (offset) => {
          if (killed || kills >= KILLS || offset < (kills + 1) * size / (KILLS + 1)) return;
          killed = true;
          kills++;
          child.kill("SIGKILL");
        };
        const { success, stderr } = await child.output();
        const said = new TextDecoder().decode(stderr);
        if (killed) {
          resumed.push((await Deno.stat(`${output}.s4ck`)).size);
          continue;
        }
        assert(success, said);
        last = said.trim();
      }
      await server.close();
      const actual = new Lz4Xxh32();
      {
        using file = await Deno.open(output);
        const buffer = new Uint8Array(1 << 20);
        for (let length = await file.read(buffer); length !== null; length = await file.read(buffer)) {
          actual.update(buffer.subarray(0, length));
        }
      }
      assertEquals((await Deno.stat(output)).size, SIZE);
      assertEquals(actual.digest(), expected.digest());
      assertEquals([server.drops, kills], [DROPS, KILLS]);
      assert(last.includes("checksum verified"), last);
      const seconds = ((performance.now() - started) / 1000).toFixed(1);
      console.log(
        `${SIZE} bytes of content, ${size} to download, ${server.served} served: ${server.drops} broken connections, ` +
          `${kills} times kill -9, states of ${resumed.join(", ")} bytes, ${seconds} s; checksum verified`,
      );
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});
