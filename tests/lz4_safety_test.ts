/**
 * The sub-commands of `sluice lz4` that keep a place or repair: nothing is destroyed, and only what was compared is
 * called verified.
 */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { compressLz4, Lz4Encoder, recoverLz4 } from "@sluice/lz4";
import { run, sluice } from "./_cli.ts";
import type { Outcome } from "./_cli.ts";
import { inDirectory } from "./_directory.ts";
import { bytesAt } from "./_outputs.ts";
import { join, Random, text } from "./_data.ts";
import { testBackends } from "./_backends.ts";

const CONTENT = text(3_000_000, 5);

async function box(work: (cwd: string, lz4: (...args: string[]) => Promise<Outcome>) => Promise<void>) {
  await inDirectory((cwd) => work(cwd, (...args) => sluice(["lz4", ...args], { cwd })));
}

/** Stops a resume in the middle by input that ends there; its state and its content stay. */
async function interrupted(cwd: string, lz4: (...args: string[]) => Promise<Outcome>): Promise<Uint8Array> {
  const whole = compressLz4(CONTENT, { blockSize: 65536, linked: true });
  await Deno.writeFile(`${cwd}/in.lz4`, whole);
  // The last bytes are wrong: the content checksum fails after all states were saved.
  const wrong = whole.slice();
  wrong[wrong.length - 1]! ^= 1;
  await Deno.writeFile(`${cwd}/in.lz4`, wrong);
  const { code } = await lz4("resume", "in.lz4", "--every=1M");
  assert(code !== 0);
  assert(await bytesAt(`${cwd}/in.s4ck`) !== undefined);
  return whole;
}

Deno.test("lz4 resume goes on only with the source and the content that its state names", () =>
  box(async (cwd, lz4) => {
    const whole = await interrupted(cwd, lz4);
    const state = await Deno.readFile(`${cwd}/in.s4ck`);
    const partial = await Deno.readFile(`${cwd}/in.s4part`);
    const refused = async (why: string, change: () => Promise<void>): Promise<void> => {
      await Deno.writeFile(`${cwd}/in.s4ck`, state);
      await Deno.writeFile(`${cwd}/in.s4part`, partial);
      await change();
      const before = await bytesAt(`${cwd}/in.s4part`);
      const { code, stderr } = await lz4("resume", "in.lz4");
      assert(code !== 0, why);
      assertStringIncludes(stderr, why);
      assertEquals([await bytesAt(`${cwd}/in.s4part`), await bytesAt(`${cwd}/in`)], [before, undefined]);
    };
    const changed = partial.slice();
    changed[500_000]! ^= 1;
    await refused("has changed", () => Deno.writeFile(`${cwd}/in.s4part`, changed));
    await refused("bytes, but", () => Deno.truncate(`${cwd}/in.s4part`, 1000));
    await refused("is not there", () => Deno.remove(`${cwd}/in.s4part`));
    await refused("no state of a download", () => Deno.writeTextFile(`${cwd}/in.s4ck`, "junk"));
    await refused("no state of a download", () => Deno.writeTextFile(`${cwd}/in.s4ck`, '{"version":1}'));
    await refused("another source", () => Deno.writeFile(`${cwd}/in.lz4`, whole));
  }));

Deno.test("lz4 resume goes on after a kill, and says what it compared", () =>
  box(async (cwd, lz4) => {
    for (
      const [options, says] of [
        [{ contentChecksum: true }, "content checksum verified"],
        [{ contentChecksum: false, blockChecksums: true }, "block checksums verified"],
        [{ contentChecksum: false }, "nothing verified"],
      ] as const
    ) {
      await Deno.writeFile(`${cwd}/in.lz4`, compressLz4(CONTENT, { blockSize: 65536, ...options }));
      const { code, stderr } = await lz4("resume", "in.lz4", "-f", "--every=1M");
      assertEquals(code, 0, stderr);
      assertStringIncludes(stderr, says);
      assertEquals(await Deno.readFile(`${cwd}/in`), CONTENT);
      assertEquals([...Deno.readDirSync(cwd)].map(({ name }) => name).sort(), ["in", "in.lz4"]);
    }
  }));

Deno.test("lz4 resume needs a name for its output, and leaves an existing one alone", () =>
  box(async (cwd, lz4) => {
    const file = compressLz4(CONTENT);
    await Deno.writeFile(`${cwd}/blob`, file);
    await Deno.writeTextFile(`${cwd}/keep`, "precious");
    assertStringIncludes((await lz4("resume", "blob")).stderr, "-o");
    assertEquals(await Deno.readFile(`${cwd}/blob`), file);
    assertEquals((await lz4("resume", "blob", "-o", "keep")).code, 1);
    assertEquals(await Deno.readTextFile(`${cwd}/keep`), "precious");
  }));

Deno.test("lz4 recover compares content checksum and size, and reports ranges as JSON", () =>
  box(async (cwd, lz4) => {
    const file = compressLz4(new Random(1).bytes(300_000), { blockSize: 65536 });
    file[150_000]! ^= 1; // a stored block without a checksum of its own
    await Deno.writeFile(`${cwd}/in.lz4`, file);
    const { code, stdout } = await lz4("recover", "in.lz4", "-o", "out", "--json");
    assertEquals(code, 1);
    const [finding, ...more] = new TextDecoder().decode(stdout).trim().split("\n").map((line) =>
      JSON.parse(line)
    );
    assertEquals(more, []);
    assertEquals([finding.kind, finding.reason, finding.out], ["damage", "CONTENT_CHECKSUM", 300_000]);
    await Deno.writeFile(`${cwd}/in.lz4`, file.subarray(0, file.length - 2));
    assertStringIncludes((await lz4("recover", "in.lz4", "-o", "out2")).stderr, "TRUNCATED");
  }));

testBackends("every wrong byte of a recovered linked frame is in a suspect range", () => {
  let wrong = 0;
  for (const level of [1, 9]) {
    for (let round = 0; round < 6; round++) {
      const file = compressLz4(CONTENT, { linked: true, blockSize: 65536, blockChecksums: true, level });
      const random = new Random(round + 1);
      file[100 + random.below(file.length - 200)]! ^= 0x55;
      let out = 0;
      let suspect = 0;
      for (const part of recoverLz4(file)) {
        if (part.kind === "damage") {
          out += part.size ?? 0;
          continue;
        }
        const marks = new Uint8Array(part.bytes.length);
        for (const [start, end] of part.suspectRanges) marks.fill(1, start, end);
        assertEquals(part.suspect, part.suspectRanges.length > 0);
        for (let i = 0; i < part.bytes.length; i++) {
          suspect += marks[i]!;
          if (part.bytes[i] === CONTENT[out + i]) continue;
          wrong++;
          assertEquals(marks[i], 1, `level ${level}, byte ${out + i}`);
        }
        out += part.bytes.length;
      }
      assert(suspect < CONTENT.length);
    }
  }
  assert(wrong > 0);
});

testBackends("a block that decodes to less than it holds marks all that follows from it", () => {
  const options = {
    linked: true,
    blockSize: 65536,
    blockChecksums: false,
    contentChecksum: false,
    level: 9,
  } as const;
  const file = compressLz4(CONTENT, options);
  let pos = 15;
  for (let i = 0; i < 5; i++) pos += 4 + (new DataView(file.buffer).getUint32(pos, true) & 0x7fff_ffff);
  let shorts = 0;
  for (let at = 6; at < 400; at++) {
    const bad = file.slice();
    bad[pos + at]! ^= 0x15;
    let out = 0;
    let wrong = 0;
    let short = false;
    for (const part of recoverLz4(bad)) {
      if (part.kind === "damage") {
        short ||= part.reason === "BLOCK_SHORT";
        out += part.size ?? 0;
        continue;
      }
      const marks = new Uint8Array(part.bytes.length);
      for (const [start, end] of part.suspectRanges) marks.fill(1, start, end);
      part.bytes.forEach((byte, i) => wrong += byte !== CONTENT[out + i] && marks[i] === 0 ? 1 : 0);
      out += part.bytes.length;
    }
    if (!short) continue;
    shorts++;
    assertEquals(wrong, 0, `byte ${at}`);
    if (shorts === 3) break;
  }
  assert(shorts > 0);
});

/** A frame of pieces that were flushed, which declares its size. */
function flushedFrame(linked: boolean, contentChecksum: boolean): Uint8Array {
  using encoder = new Lz4Encoder({
    linked,
    contentChecksum,
    blockSize: 65536,
    contentSize: CONTENT.length,
  });
  const parts: Uint8Array[] = [];
  for (let pos = 0; pos < CONTENT.length; pos += 50_000) {
    parts.push(encoder.push(CONTENT.subarray(pos, pos + 50_000)), encoder.flush());
  }
  return join(...parts, encoder.finish());
}

for (const linked of [false, true]) {
  for (const contentChecksum of [false, true]) {
    const kind = `${linked ? "linked" : "independent"} frame${contentChecksum ? " with a checksum" : ""}`;
    testBackends(`short blocks of a flushed ${kind} are no damage until its end proves it`, () => {
      const file = flushedFrame(linked, contentChecksum);
      const parts = [...recoverLz4(file)];
      assert(parts.length > 3);
      for (const part of parts) {
        assert(part.kind === "content" && !part.suspect, JSON.stringify(part.compressedRange));
      }
      assertEquals(
        join(...parts.map((part) => part.kind === "content" ? part.bytes : new Uint8Array())),
        CONTENT,
      );

      let marked = 0;
      for (let at = 30; at < 500; at += 7) {
        const bad = file.slice();
        bad[at]! ^= 0x15;
        const found = [...recoverLz4(bad)];
        const same = join(...found.map((part) => part.kind === "content" ? part.bytes : new Uint8Array()));
        if (same.length === CONTENT.length && !contentChecksum) continue; // nothing tells
        marked++;
        assert(found.some((part) => part.kind === "damage"), `byte ${at}`);
      }
      assert(marked > 0);
      // Cut short: the end never comes, so the doubt stays.
      const cut = [...recoverLz4(file.subarray(0, file.length - 9))];
      assert(cut.some((part) => part.kind === "damage" && part.reason === "BLOCK_SHORT"));
    });
  }
}

const TOOL_IS_HERE = await run("lz4", ["--version"]).then(({ code }) => code === 0, () => false);

Deno.test({
  name: "lz4 --list prints the tool's table, and its exit codes are the tool's",
  ignore: !TOOL_IS_HERE,
  fn: () =>
    box(async (cwd, lz4) => {
      const tool = (...args: string[]): Promise<Outcome> => run("lz4", args, { cwd });
      await Deno.writeFile(`${cwd}/a`, new Uint8Array(100_000));
      await Deno.writeFile(`${cwd}/b`, new Random(1).bytes(3000));
      for (
        const args of [["a"], ["b"], ["--content-size", "-BD", "-B4", "a", "c.lz4"], ["-l", "a", "leg.lz4"]]
      ) {
        assertEquals((await tool("-q", ...args, ...args.length === 1 ? [`${args[0]}.lz4`] : [])).code, 0);
      }
      const whole = await Deno.readFile(`${cwd}/a.lz4`);
      await Deno.writeFile(
        `${cwd}/two.lz4`,
        new Uint8Array([...whole, ...await Deno.readFile(`${cwd}/c.lz4`)]),
      );
      for (const name of ["a", "b", "c", "leg", "two"]) {
        const [ours, theirs] = [await lz4("--list", `${name}.lz4`), await tool("--list", `${name}.lz4`)];
        // A column is narrower since 1.10.
        const text = ({ stdout }: Outcome): string =>
          new TextDecoder().decode(stdout).replace(/ +$/gm, "").replace(/ +/g, " ");
        assertEquals([ours.code, text(ours)], [theirs.code, text(theirs)]);
      }
      const bad = whole.slice();
      bad[bad.length - 1]! ^= 1;
      const files = {
        "cut.lz4": whole.subarray(0, 300),
        "bad.lz4": bad,
        "no.lz4": new Uint8Array(50),
        "m.lz4": whole.subarray(0, 2),
      };
      for (const [name, bytes] of Object.entries(files)) {
        await Deno.writeFile(`${cwd}/${name}`, bytes);
        for (const args of [["-t", name], ["-d", "-f", name, "out"]]) {
          assertEquals((await lz4(...args)).code, (await tool(...args)).code, `${args.join(" ")}`);
        }
      }
      assertEquals((await lz4("-m", "-q", "-z", "a", "b")).code, 2, "both outputs exist");
    }),
});
