/**
 * `sluice zstd -d -T#`: the output, the messages and the exit codes of one thread, from files and pipes.
 */
import { compressZstd, writeZstdSkippableFrame } from "@sluice/zstd";
import { compressZstdSeekable } from "@sluice/zstd/seekable";
import { assert, assertEquals } from "@std/assert";
import { ours, peakMegabytes, testCli } from "./_cli.ts";
import { join, Random, text } from "./_data.ts";

/** Names and inputs: whole, damaged in every kind of place, cut, and followed by something else. */
function inputs(): Record<string, Uint8Array> {
  const frames = [1, 2, 3, 4].map((n) =>
    compressZstd(text(700_000, n), { contentSize: n % 2 === 0, contentChecksum: n > 2 })
  );
  const whole = join(...frames, writeZstdSkippableFrame(new Uint8Array(100)), frames[0]!);
  const flipped = (at: number): Uint8Array => {
    const copy = whole.slice();
    copy[at]! ^= 0x10;
    return copy;
  };
  const random = new Random(5);
  const result: Record<string, Uint8Array> = {
    whole,
    seekable: compressZstdSeekable(text(900_000), { frameSize: 100_000 }),
    one: frames[0]!,
    empty: new Uint8Array(),
    junk: join(whole, new Uint8Array(9)),
    "short junk": join(whole, new Uint8Array(2)),
    plain: text(1000),
    window: join(frames[0]!, compressZstd(random.bytes(300_000), { windowLog: 28, contentSize: false })),
  };
  for (const part of [0.1, 0.5, 0.9]) result[`cut at ${part}`] = whole.slice(0, whole.length * part);
  for (let n = 1; n <= 3; n++) result[`cut ${n} bytes short`] = whole.slice(0, -n);
  for (let n = 1; n <= 3; n++) result[`${n} bytes of a frame`] = join(whole, whole.subarray(0, n));
  for (let n = 0; n < 12; n++) result[`flipped ${n}`] = flipped(random.below(whole.length));
  return result;
}

testCli("decompresses on threads as on one", async (directory) => {
  for (const [name, input] of Object.entries(inputs())) {
    await Deno.writeFile(`${directory}/${name}.zst`, input);
    for (const args of [["-dc", `${name}.zst`], ["-t", `${name}.zst`], ["-d"]]) {
      const options = args.length === 1 ? { stdin: input, cwd: directory } : { cwd: directory };
      const one = await ours(args, options);
      const several = await ours(["-T3", ...args], options);
      assertEquals(several, one, `${name}: ${args.join(" ")}`);
    }
  }
});

testCli("holds no more than some frames on threads", async (directory) => {
  const frame = compressZstd(new Uint8Array(20 << 20));
  const large = compressZstd(new Uint8Array(200 << 20), { contentSize: false });
  await Deno.writeFile(`${directory}/many.zst`, join(...new Array(40).fill(frame), large));
  const outcome = await ours(["-t", "-T2", "many.zst"], { cwd: directory });
  assert(outcome.stderr.includes(`${40 * (20 << 20) + (200 << 20)} bytes`), outcome.stderr);
  const peak = await peakMegabytes(["-t", "-T2", "many.zst"], directory);
  assert(peak < 300, `${peak} MB at the peak`);
});
