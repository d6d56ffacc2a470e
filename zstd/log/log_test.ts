/**
 * Logs: what was appended is read back, by this reader, by zstd itself, after a stop at any byte, and after a kill.
 */
import { compressZstd, decompressZstd } from "@sluice/zstd";
import { ZstdLog } from "@sluice/zstd/log";
import type { ZstdLogOptions } from "@sluice/zstd/log";
import { ZstdSeekableReader } from "@sluice/zstd/seekable";
import { SluiceError } from "@sluice/internal";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { BACKENDS } from "../../tests/_backends.ts";
import { join, Random } from "../../tests/_data.ts";
import { testInDirectory } from "../../tests/_directory.ts";
import { ZSTD_TOOL_IS_HERE, zstdTool } from "../../tests/_zstd_tool.ts";

const RECORDS = Array.from({ length: 40 }, (_, n) => `record ${n} ${"x".repeat(n % 7)} ü`);

function text(records: readonly string[]): string {
  return records.map((record) => `${record}\n`).join("");
}

/** A log of some records, left open as a killed process leaves it. */
async function abandoned(
  path: string,
  records: readonly string[],
  options: ZstdLogOptions,
): Promise<Uint8Array> {
  const log = await ZstdLog.open(path, options);
  for (const record of records) await log.append(record);
  const bytes = await Deno.readFile(path);
  await log.close();
  return bytes;
}

/** The frames of a file that are whole, as text. */
function decoded(bytes: Uint8Array): string {
  return new TextDecoder().decode(decompressZstd(bytes, { allowEmpty: true }));
}

for (const backend of BACKENDS) {
  testInDirectory(`a log is appended to, read and opened again [${backend}]`, async (directory) => {
    const path = `${directory}/log.zst`;
    const written: string[] = [];
    for (const [flushEvery, frameSize] of [[1, 1000], [7, 1 << 20], [1000, 50], [1000, 1 << 20]]) {
      await using log = await ZstdLog.open(path, { flushEvery, frameSize, backend });
      assertEquals(log.cutTail, undefined);
      for (const record of RECORDS) {
        await log.append(record);
        written.push(record);
      }
      assertEquals(await Array.fromAsync(log.lines()), written);
      assertEquals(await log.lineCount(), written.length);
      for (
        const [from, to] of [[0, 1], [3, 3], [5, 17], [written.length - 1, Infinity], [39, 41], [500, 600]]
      ) {
        assertEquals(await Array.fromAsync(log.lines({ from, to })), written.slice(from, to));
      }
    }
    assertEquals(decoded(await Deno.readFile(path)), text(written));
    const reader = await ZstdSeekableReader.open(path);
    assertEquals(reader.size, new TextEncoder().encode(text(written)).length);
    await reader.verify();
  });
}

testInDirectory("every flush leaves a file that zstd decodes", async (directory) => {
  const path = `${directory}/log.zst`;
  await using log = await ZstdLog.open(new URL(`file://${path}`), { flushEvery: 9, durable: true });
  const states: [string, Uint8Array][] = [];
  for (const [n, record] of RECORDS.entries()) {
    await log.append(new TextEncoder().encode(record));
    if (n % 9 === 8) states.push([text(RECORDS.slice(0, n + 1)), await Deno.readFile(path)]);
  }
  await log.flush();
  await log.flush();
  states.push([text(RECORDS), await Deno.readFile(path)]);
  for (const [expected, bytes] of states) {
    assertEquals(decoded(bytes), expected);
    if (!ZSTD_TOOL_IS_HERE) continue;
    assertEquals(
      new TextDecoder().decode(await zstdTool(["-dc", "log.zst"], { "log.zst": bytes })),
      expected,
    );
  }
  const index = log.index;
  const reader = await ZstdSeekableReader.open(path, { index });
  assertEquals(new TextDecoder().decode(await reader.read(0, 8)), "record 0");
});

testInDirectory(
  "a log that was stopped at any byte is taken up where its last frame ends",
  async (directory) => {
    const path = `${directory}/log.zst`;
    const left = await abandoned(`${directory}/whole.zst`, RECORDS.slice(0, 12), { flushEvery: 3 });
    const closed = await Deno.readFile(`${directory}/whole.zst`);
    const ends = [0];
    for (let n = 1; n <= left.length; n++) {
      const bytes = left.subarray(0, n);
      const walked = await Promise.resolve(bytes).then(decoded).catch(() => undefined);
      if (walked !== undefined) ends.push(n);
    }
    assertEquals(ends.length, 5);
    for (let n = 0; n <= closed.length; n++) {
      await Deno.writeFile(path, closed.subarray(0, n));
      const frames = ends.filter((end) => end <= n).length - 1;
      {
        await using log = await ZstdLog.open(path);
        assertEquals(await Array.fromAsync(log.lines()), RECORDS.slice(0, frames * 3), `cut at ${n}`);
        const torn = n < closed.length && !ends.includes(n);
        assertEquals(log.cutTail, torn ? { offset: ends[frames]!, length: n - ends[frames]! } : undefined);
        await log.append("after");
      }
      assertEquals(decoded(await Deno.readFile(path)), text([...RECORDS.slice(0, frames * 3), "after"]));
      await (await ZstdSeekableReader.open(path)).verify();
    }
  },
);

testInDirectory(
  "what a file system leaves without power is cut, anything else is refused as it was",
  async (directory) => {
    const path = `${directory}/log.zst`;
    const left = await abandoned(`${directory}/whole.zst`, RECORDS.slice(0, 9), { flushEvery: 3 });
    const lastWrong = left.slice();
    lastWrong[left.length - 6]! ^= 1;
    for (
      const [bytes, lines] of [
        [join(left, new Uint8Array(5000)), 9],
        [join(left.subarray(0, left.length - 3), new Uint8Array(3)), 6],
        [join(left.subarray(0, left.length - 3), new Uint8Array(3000)), 6],
        [lastWrong, 6],
      ] as const
    ) {
      await Deno.writeFile(path, bytes);
      await using log = await ZstdLog.open(path);
      assert(log.cutTail !== undefined);
      assertEquals(await Array.fromAsync(log.lines()), RECORDS.slice(0, lines));
    }
    const middle = left.slice();
    middle[7] = 0xff; // the first block, larger than a block can be
    // A block that is said to reach beyond the end, with a frame in it: not a last frame that was stopped.
    const long = join(compressZstd(new Random(1).bytes(100_000), { contentSize: false }), left);
    new DataView(long.buffer).setUint16(6, (120_000 << 3 | 1) & 0xffff, true);
    const noLog = compressZstd(new Random(2).bytes(1000), { contentChecksum: false });
    const refused: readonly Uint8Array[] = [
      new Uint8Array(1),
      new Uint8Array(5_000_000),
      new TextEncoder().encode("()"),
      new TextEncoder().encode("P"),
      new Uint8Array([0x28, 0xb5, 0x2f, 0xfc]),
      new Uint8Array([0x50, 0x2a, 0x4d, 0x18, 9, 0, 0]),
      noLog.slice(0, 500),
      join(left.slice(0, 4), new Uint8Array(5000)),
      new TextEncoder().encode("a log that is not compressed\n"),
      new TextEncoder().encode("ab"),
      join(left, new TextEncoder().encode("more\n")),
      middle,
      long,
      join(left.subarray(0, left.length - 10), compressZstd(new Uint8Array(9).fill(7))),
    ];
    for (const bytes of refused) {
      await Deno.writeFile(path, bytes);
      await assertRejects(() => ZstdLog.open(path), SluiceError, path, `refused: ${refused.indexOf(bytes)}`);
      assertEquals(await Deno.readFile(path), bytes);
    }
  },
);

testInDirectory("a log goes on in a file of frames that another program made", async (directory) => {
  const path = `${directory}/log.zst`;
  const encode = (value: string) => new TextEncoder().encode(value);
  const frames = ["one\ntw", "o\nthree"].map((part) => compressZstd(encode(part), { contentSize: false }));
  await Deno.writeFile(path, join(...frames));
  await using log = await ZstdLog.open(path);
  assertEquals(await Array.fromAsync(log.lines({ from: 1 })), ["two", "three"]);
  assertEquals(await log.lineCount(), 3);
  assertEquals(await Array.fromAsync(log.lines({ from: await log.lineCount() })), []);
  await log.append(" and a half\nfour\n");
  assertEquals(await Array.fromAsync(log.lines({ from: 1 })), ["two", "three and a half", "four"]);
  assertEquals(await log.lineCount(), 4);
});

testInDirectory(
  "the count of lines is that of the lines, whatever a foreign file ends with",
  async (directory) => {
    const path = `${directory}/log.zst`;
    const skippable = new Uint8Array([0x50, 0x2a, 0x4d, 0x18, 1, 0, 0, 0, 7]);
    for (const [content, count] of [["", 0], ["\n", 1], ["a", 1], ["a\nb", 2], ["a\nb\n", 2]] as const) {
      for (const end of [new Uint8Array(), skippable, compressZstd(new Uint8Array())]) {
        await Deno.writeFile(path, join(compressZstd(new TextEncoder().encode(content)), end));
        await using log = await ZstdLog.open(path);
        assertEquals(await log.lineCount(), count, content);
        assertEquals((await Array.fromAsync(log.lines())).length, count, content);
        await log.append("more");
        const lines = await Array.fromAsync(log.lines());
        assertEquals(await log.lineCount(), lines.length);
        await log.flush();
        assertEquals(await log.lineCount(), lines.length);
      }
    }
  },
);

testInDirectory("a log without records that was stopped in its table is taken up", async (directory) => {
  const path = `${directory}/log.zst`;
  await (await ZstdLog.open(path)).close();
  const table = await Deno.readFile(path);
  for (let n = 1; n < table.length; n++) {
    await Deno.writeFile(path, table.subarray(0, n));
    await using log = await ZstdLog.open(path);
    assertEquals(log.cutTail, { offset: 0, length: n });
  }
});

testInDirectory(
  "a record of several lines is several, and one that UTF-8 can't say is refused",
  async (directory) => {
    await using log = await ZstdLog.open(`${directory}/log.zst`, { flushEvery: 2 });
    await log.append("first\nsecond");
    for (const record of ["\ud800", "a\udc00b", "\udc00\ud800"]) {
      await assertRejects(() => log.append(record), RangeError, "lone surrogate");
    }
    await log.append("\u{1f600}\n");
    assertEquals(await Array.fromAsync(log.lines()), ["first", "second", "\u{1f600}"]);
    assertEquals(await log.lineCount(), 3);
  },
);

testInDirectory("one log at a time has a file, and a closed one does nothing", async (directory) => {
  const path = `${directory}/log.zst`;
  const log = await ZstdLog.open(path);
  const { code } = await assertRejects(() => ZstdLog.open(path), SluiceError, "another writer");
  assertEquals(code, "LOCKED");
  await assertRejects(() => ZstdLog.open(path, { flushEach: 1 } as ZstdLogOptions), TypeError, "flushEach");
  await assertRejects(() => ZstdLog.open(path, { flushEvery: 0 }), RangeError, "flushEvery");
  await assertRejects(() => log.append(7 as unknown as string), TypeError);
  await log.append("one");
  await log.close();
  await log.close();
  await assertRejects(() => log.append("two"), TypeError, "closed");
  await assertRejects(() => log.lineCount(), TypeError, "closed");
  await assertRejects(() => Array.fromAsync(log.lines()), TypeError, "closed");
  assertEquals(decoded(await Deno.readFile(path)), "one\n");
});

testInDirectory("a log that is killed has every line that it said was flushed", async (directory) => {
  const path = `${directory}/log.zst`;
  const program = new URL("../../tests/_zstd_log_run.ts", import.meta.url).pathname;
  let lines = 0;
  for (let round = 0; round < 6; round++) {
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", program, path, `${lines}`],
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    let said = "";
    for await (const chunk of child.stdout.pipeThrough(new TextDecoderStream())) {
      said += chunk;
      if (said.length > 20 + round * 400) break;
    }
    child.kill("SIGKILL");
    await child.status;
    const flushed = Number(said.trimEnd().split("\n").slice(0, -1).at(-1));
    await using log = await ZstdLog.open(path);
    const found = await Array.fromAsync(log.lines());
    assertEquals(found, found.map((_, n) => `line ${n}`));
    assert(found.length >= flushed && flushed > lines, `${found.length} lines, flushed ${flushed}`);
    lines = found.length;
  }
});
