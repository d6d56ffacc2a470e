/**
 * An encrypted download from a server that cuts, stalls and restarts, in a process that is killed nine times, ends with
 * the right bytes and a verified checksum, in bounded memory; another object is refused. 24 MiB by default, 2 GiB with
 * `SLUICE_LONG=1`.
 */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { compressLz4Iterable, Lz4Xxh32 } from "@sluice/lz4";
import { sluiceArguments } from "./_cli.ts";
import { Random, text } from "./_data.ts";
import { inDirectory } from "./_directory.ts";
import { RoughServer } from "./_rough_server.ts";

const LONG = Deno.env.get("SLUICE_LONG") === "1";
const SIZE = LONG ? 2 ** 31 : 24 << 20;
const KILLS = 9;
const RESTARTS = 3;
/** How far a saved place may be behind what was sent. */
const LAG = 2 << 20;
const RSS_MAX = 180e6;
const PASSWORD = "nine lives";
const SALT = new Uint8Array([1, 2, 3, 4, 5, 6, 7, 8]);

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

/** Encrypts pieces as `openssl enc -aes-256-ctr -pbkdf2` does. */
async function* encrypted(pieces: AsyncIterable<Uint8Array<ArrayBuffer>>): AsyncGenerator<Uint8Array> {
  const password = new TextEncoder().encode(PASSWORD);
  const material = await crypto.subtle.importKey("raw", password, "PBKDF2", false, ["deriveBits"]);
  const pbkdf2 = { name: "PBKDF2", hash: "SHA-256", salt: SALT, iterations: 10_000 };
  const derived = new Uint8Array(await crypto.subtle.deriveBits(pbkdf2, material, 8 * 48));
  const key = await crypto.subtle.importKey("raw", derived.slice(0, 32), "AES-CTR", false, ["encrypt"]);
  yield new TextEncoder().encode("Salted__");
  yield SALT;
  let block = BigInt(`0x${derived.slice(32).toHex()}`);
  let rest = new Uint8Array();
  const seal = async (bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> => {
    const counter = Uint8Array.fromHex(block.toString(16).padStart(32, "0"));
    block = (block + BigInt(Math.ceil(bytes.length / 16))) % (1n << 128n);
    return new Uint8Array(await crypto.subtle.encrypt({ name: "AES-CTR", counter, length: 128 }, key, bytes));
  };
  for await (const piece of pieces) {
    const joined = new Uint8Array(rest.length + piece.length);
    joined.set(rest);
    joined.set(piece, rest.length);
    const whole = joined.length - joined.length % 16;
    rest = joined.slice(whole);
    if (whole > 0) yield await seal(joined.slice(0, whole));
  }
  yield await seal(rest);
}

async function writeFixture(path: string): Promise<number> {
  const hash = new Lz4Xxh32();
  using file = await Deno.open(path, { write: true, create: true });
  const options = { blockSize: 65536, linked: true, contentChecksum: true };
  for await (const chunk of encrypted(compressLz4Iterable(content(hash), options))) {
    for (let done = 0; done < chunk.length;) done += await file.write(chunk.subarray(done));
  }
  return hash.digest();
}

async function hashOf(path: string): Promise<number> {
  const hash = new Lz4Xxh32();
  using file = await Deno.open(path);
  const buffer = new Uint8Array(1 << 20);
  for (let length = await file.read(buffer); length !== null; length = await file.read(buffer)) {
    hash.update(buffer.subarray(0, length));
  }
  return hash.digest();
}

/** The most memory that a process had at once; 0 when it is over. */
function peakOf(pid: number): number {
  try {
    return 1024 * Number(/VmHWM:\s+(\d+)/.exec(Deno.readTextFileSync(`/proc/${pid}/status`))?.[1] ?? 0);
  } catch {
    return 0;
  }
}

interface Run {
  readonly killed: boolean;
  readonly code: number;
  readonly stderr: string;
  readonly peak: number;
}

/** Bytes of content that a saved place has; 0 where there is none. */
async function savedLength(folder: string): Promise<number> {
  const state = await Deno.readTextFile(`${folder}/file.s4ck`).catch(() => undefined);
  return state === undefined ? 0 : JSON.parse(state).output.length;
}

/** Runs the download; the server sends no more than a share of the file, and the process is killed when it has that. */
async function runGet(server: RoughServer, folder: string, share?: number): Promise<Run> {
  server.limit = share === undefined ? Infinity : share * server.size + LAG;
  const args = ["lz4", "get", server.url, "-o", `${folder}/file`, "--decrypt=aes-256-ctr"];
  args.push(`--key-file=${folder}/password`, "--every=512K", "--stall-timeout=1");
  const child = new Deno.Command(Deno.execPath(), {
    args: sluiceArguments(args),
    stdout: "null",
    stderr: "piped",
  }).spawn();
  let killed = false;
  let peak = 0;
  server.onProgress = (offset) => {
    peak = Math.max(peak, peakOf(child.pid));
    const due = (server.restarts + 0.5) * server.size / (RESTARTS + 1);
    if (server.restarts < RESTARTS && offset >= due) server.restart(100);
  };
  let over = false;
  const killing = (async () => {
    while (share !== undefined && !over) {
      if (await savedLength(folder) >= Math.max(1, share * SIZE - LAG)) {
        killed = true;
        return child.kill("SIGKILL");
      }
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  })();
  const { code, stderr } = await child.output();
  over = true;
  await killing;
  return { killed, code, stderr: new TextDecoder().decode(stderr), peak };
}

Deno.test({
  name: "lz4 get survives cuts, stalls, restarts and kill -9, and refuses another object",
  sanitizeOps: false, // connections of killed processes end when the server notices
  sanitizeResources: false,
  ignore: Deno.build.os !== "linux",
  fn: () =>
    inDirectory(async (folder) => {
      const path = `${folder}/file.lz4`;
      const expected = await writeFixture(path);
      await Deno.writeTextFile(`${folder}/password`, `${PASSWORD}\n`);
      const { size } = await Deno.stat(path);
      const server = new RoughServer(path, size, { cutEvery: LONG ? 11 : 3, stallEvery: LONG ? 97 : 5 });
      const started = performance.now();
      let peak = 0;
      for (let kill = 1; kill <= KILLS; kill++) {
        const run = await runGet(server, folder, kill / (KILLS + 1));
        peak = Math.max(peak, run.peak);
        assert(run.killed, run.stderr);
        assertEquals(await Deno.stat(`${folder}/file`).catch(() => "missing"), "missing");
        if (kill === 5) {
          server.etag = '"two"';
          const refused = await runGet(server, folder);
          assertEquals(refused.code, 1, refused.stderr);
          assertStringIncludes(refused.stderr, "belongs to another source: its version");
          server.etag = '"one"';
        }
      }
      const last = await runGet(server, folder);
      assertEquals(last.code, 0, last.stderr);
      assertStringIncludes(last.stderr, "content checksum verified");
      await server.close();
      assertEquals((await Deno.stat(`${folder}/file`)).size, SIZE);
      assertEquals(await hashOf(`${folder}/file`), expected);
      assertEquals([...Deno.readDirSync(folder)].map(({ name }) => name).sort(), [
        "file",
        "file.lz4",
        "password",
      ]);
      assert(server.cuts > 0 && server.stalls > 0);
      assertEquals(server.restarts, RESTARTS);
      peak = Math.max(peak, last.peak);
      assert(peak <= RSS_MAX, `${peak} bytes`);
      console.log(
        `${SIZE} bytes of content, ${size} to download, ${server.served} served: ${server.cuts} cuts, ` +
          `${server.stalls} stalls, ${server.restarts} restarts, ${KILLS} times kill -9, ` +
          `at most ${(peak / 1e6).toFixed(0)} MB, ${((performance.now() - started) / 1000).toFixed(1)} s`,
      );
    }),
});
