/**
 * Requests of odd pieces, cut anywhere: the reader makes the same of them however they arrive, refuses with a status, and
 * holds no more than its buffer. A hundred thousand cases with SLUICE_LONG=1, a few thousand otherwise.
 */
import { assert, assertEquals } from "@std/assert";
import { Random } from "../../tests/_data.ts";
import { BadHead, HttpReader } from "../wire/_http_reader.ts";

const CASES = Deno.env.get("SLUICE_LONG") === "1" ? 100_000 : 4000;
const SEED = Random.seed(20_261_128);

const PIECES: readonly string[] = [
  "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
  "POST /v2/delta HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello",
  "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n",
  "5\r\nhello\r\n",
  "5;a=b\r\nhello\r\n0\r\nTrailer: x\r\n\r\n",
  "0\r\n\r\n",
  "ffffffffffffffff\r\n",
  "-1\r\n",
  "\r\n",
  "\n",
  "GET",
  " / ",
  "HTTP/1.1",
  "HTTP/1.0\r\n",
  "Host: a\r\n",
  "Host : a\r\n",
  " folded: b\r\n",
  "Content-Length: 3\r\n",
  "Content-Length: 99999999999999999999\r\n",
  "Content-Length: +3\r\n",
  "Transfer-Encoding: chunked\r\n",
  "Connection: close\r\n",
  "Expect: 100-continue\r\n",
  "\0",
  "\xff\xfe",
  "x".repeat(1100),
  "y".repeat(40_000),
];

/** A connection that sends bytes in parts of at most `size`. */
function connectionOf(bytes: Uint8Array, size: number): Deno.Conn {
  let at = 0;
  return {
    read(target: Uint8Array): Promise<number | null> {
      if (at === bytes.length) return Promise.resolve(null);
      const count = Math.min(size, target.length, bytes.length - at);
      assert(count > 0, "nothing was asked for");
      target.set(bytes.subarray(at, at + count));
      at += count;
      return Promise.resolve(count);
    },
  } as unknown as Deno.Conn;
}

/** All requests of a connection as text, up to its end or to what is wrong. */
async function readAll(bytes: Uint8Array, size: number): Promise<string[]> {
  const reader = new HttpReader(connectionOf(bytes, size));
  const seen: string[] = [];
  try {
    for (let count = 0; count < 20; count++) {
      const head = await reader.head();
      if (head === undefined) return [...seen, "end"];
      let bodySize = 0;
      if (head.bodySize === undefined) { for await (const part of reader.chunks()) bodySize += part.length; }
      else {
        while (bodySize < head.bodySize) {
          bodySize += await reader.readInto(new Uint8Array(Math.min(1000, head.bodySize - bodySize)));
        }
      }
      seen.push(`${head.method} ${head.target} ${[...head.headers].join("|")} ${bodySize}`);
    }
    return seen;
  } catch (error) {
    if (error instanceof BadHead) {
      assert(error.status >= 400 && error.status < 600, `${error.status}`);
      return [...seen, `refused ${error.status}`];
    }
    // A body that ends before its size.
    assert(
      error instanceof Error && !(error instanceof TypeError || error instanceof RangeError),
      `${error}`,
    );
    return [...seen, `broken off: ${error.message}`];
  }
}

Deno.test("requests mean the same however they arrive, and odd ones are refused", async () => {
  const random = new Random(SEED);
  let refused = 0;
  for (let i = 0; i < CASES; i++) {
    let text = "";
    for (let count = 1 + random.below(6); count > 0; count--) text += PIECES[random.below(PIECES.length)]!;
    const bytes = Uint8Array.from(text, (character) => character.charCodeAt(0));
    const whole = await readAll(bytes, 1 << 20);
    const sizes = bytes.length > 5000 ? [1000 + random.below(5000)] : [1, 1 + random.below(50)];
    for (const size of sizes) {
      assertEquals(
        await readAll(bytes, size),
        whole,
        `SEED=${SEED} case ${i}: ${JSON.stringify(text.slice(0, 200))}`,
      );
    }
    if (whole.at(-1)!.startsWith("refused")) refused++;
  }
  assert(refused > CASES / 10, `${refused} of ${CASES} were refused`);
});
