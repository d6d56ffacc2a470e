/**
 * `sluice zstd` with dictionaries: made and used here and by the real tool, in both directions.
 */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { BACKENDS } from "./_backends.ts";
import { names, ours, real, sluice, testCli, testInterop } from "./_cli.ts";
import { join } from "./_data.ts";

const SAMPLE_COUNT = 600;

/** One message of many that look alike. */
function sample(index: number): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(
    `{"id":${index * 7919},"kind":"order","total":${index % 97}.50,"currency":"EUR","city":"c${
      index % 13
    }",` +
      `"note":"text ${index * 31 % 101} here"}\n`,
  );
}

/** Fills `s/` with samples and returns their paths. */
async function makeSamples(directory: string, count = SAMPLE_COUNT): Promise<string[]> {
  await Deno.mkdir(`${directory}/s`);
  const paths = Array.from({ length: count }, (_, index) => `s/${index}`);
  await Promise.all(paths.map((path, index) => Deno.writeFile(`${directory}/${path}`, sample(index))));
  return paths;
}

/** A dictionary `d` of the real tool with the id 1234, and one `other` with the id 1235. */
async function makeDictionaries(directory: string): Promise<void> {
  await makeSamples(directory);
  for (const [name, id] of [["d", 1234], ["other", 1235]]) {
    const made = await real(
      ["-q", "--train", "-r", "s", "-o", `${name}`, "--maxdict=4096", `--dictID=${id}`],
      {
        cwd: directory,
      },
    );
    assertEquals(made.code, 0, made.stderr);
  }
}

testInterop("-D reads and writes what zstd -D does", async (directory) => {
  await makeDictionaries(directory);
  for (const backend of BACKENDS) {
    const options = { cwd: directory };
    const made = await ours([`--backend=${backend}`, "-D", "d", "s/7", "-fo", "a.zst"], options);
    assertEquals(made.code, 0, made.stderr);
    const plain = await ours(["-c", "s/7"], options);
    assert((await Deno.stat(`${directory}/a.zst`)).size < plain.stdout.length);
    assertEquals((await real(["-dc", "-D", "d", "a.zst"], options)).stdout, sample(7));
    const theirs = (await real(["-c", "-D", "d", "s/8"], options)).stdout;
    await Deno.writeFile(`${directory}/b.zst`, theirs);
    assertEquals(
      (await ours([`--backend=${backend}`, "-dc", "-D", "d", "b.zst"], options)).stdout,
      sample(8),
    );
    assertEquals((await ours([`--backend=${backend}`, "-t", "-D", "d", "a.zst", "b.zst"], options)).code, 0);
  }
});

testInterop("frames name their dictionary unless told otherwise", async (directory) => {
  await makeDictionaries(directory);
  const options = { cwd: directory };
  await ours(["-q", "-D", "d", "s/1", "-o", "named.zst"], options);
  await ours(["-q", "-D", "d", "--no-dictID", "s/1", "-o", "unnamed.zst"], options);
  const list = async (name: string): Promise<string> =>
    new TextDecoder().decode((await ours(["-lv", name], options)).stdout);
  assertStringIncludes(await list("named.zst"), "DictID: 1234");
  assertStringIncludes(await list("unnamed.zst"), "DictID: 0");
  assertEquals((await real(["-dc", "-D", "d", "unnamed.zst"], options)).stdout, sample(1));
});

testInterop("a raw file serves as dictionary on both sides", async (directory) => {
  await makeSamples(directory, 3);
  const options = { cwd: directory };
  await ours(["-q", "-D", "s/1", "s/2", "-o", "a.zst"], options);
  assertEquals((await real(["-dc", "-D", "s/1", "a.zst"], options)).stdout, sample(2));
  await real(["-q", "-D", "s/1", "s/2", "-o", "b.zst"], options);
  assertEquals((await ours(["-dc", "-D", "s/1", "b.zst"], options)).stdout, sample(2));
});

/** Wrong dictionaries, and what the message must say; exit codes come from the real tool. */
const WRONG: readonly { args: string[]; says: string }[] = [
  { args: ["-t", "a.zst"], says: "a.zst : Decoding error (36) : Dictionary mismatch" },
  { args: ["-t", "-D", "other", "a.zst"], says: "a.zst : Decoding error (36) : Dictionary mismatch" },
  { args: ["-t", "-D", "empty", "a.zst"], says: "a.zst : Decoding error (36) : Dictionary mismatch" },
  { args: ["-t", "-D", "corrupt", "a.zst"], says: "error 11" },
  { args: ["-c", "-D", "corrupt", "s/1"], says: "error 11" },
  { args: ["-c", "-D", "missing", "s/1"], says: "error 31 : Stat failed on dictionary file missing" },
  { args: ["-c", "-D", "s", "s/1"], says: "error 32 : Dictionary s must be a regular file" },
  { args: ["-c", "-D", "large", "s/1"], says: "error 34 : Dictionary file large is too large" },
  { args: ["-t", "unnamed.zst"], says: "unnamed.zst : Decoding error (36)" },
  { args: ["-Dd", "s/1"], says: "must be followed by its argument" },
];

testInterop("ends as zstd does with a wrong dictionary", async (directory) => {
  await makeDictionaries(directory);
  const options = { cwd: directory };
  await ours(["-q", "-D", "d", "s/1", "-o", "a.zst"], options);
  await ours(["-q", "-D", "d", "--no-dictID", "s/1", "-o", "unnamed.zst"], options);
  await Deno.writeFile(`${directory}/empty`, new Uint8Array());
  await Deno.writeFile(`${directory}/corrupt`, (await Deno.readFile(`${directory}/d`)).subarray(0, 100));
  using large = await Deno.create(`${directory}/large`);
  await large.truncate(2 ** 25 + 1);
  for (const { args, says } of WRONG) {
    const mine = await ours(args, options);
    assertStringIncludes(mine.stderr, says);
    if (args[0] !== "-Dd") assertEquals(mine.code, (await real(args, options)).code, args.join(" "));
  }
});

testCli("uses one dictionary in directories, lists and other places", async (directory) => {
  const paths = await makeSamples(directory, 20);
  await Deno.writeFile(`${directory}/d`, join(...paths.map((_, index) => sample(index))));
  await Deno.writeTextFile(`${directory}/list`, paths.join("\n"));
  await Deno.mkdir(`${directory}/flat`);
  const options = { cwd: directory };
  assertEquals((await ours(["-qr", "-D", "d", "s", "--output-dir-mirror", "mirror"], options)).code, 0);
  assertEquals(
    (await ours(["-q", "-D", "d", "--filelist=list", "--output-dir-flat=flat"], options)).code,
    0,
  );
  assertEquals(names(`${directory}/flat`), names(`${directory}/mirror/s`));
  assertEquals(
    (await ours(["-dqr", "-D", "d", "mirror", "--output-dir-flat", "flat"], options)).code,
    0,
  );
  assertEquals(await Deno.readFile(`${directory}/flat/11`), sample(11));
  const both = await sluice(["zstdcat", "-D", "d", "s/1", "flat/2.zst"], options);
  assertEquals(both.stdout, join(sample(1), sample(2)));
  const frame = await ours(["-D", "d", `--stream-size=${sample(3).length}`], {
    ...options,
    stdin: sample(3),
  });
  assertEquals((await ours(["-d", "-D", "d"], { ...options, stdin: frame.stdout })).stdout, sample(3));
});

/** Ways of training, and what each must say. */
const TRAININGS: readonly { args: string[]; says: string }[] = [
  { args: ["--train"], says: "d=8" },
  { args: ["--train", "-19", "-T2"], says: "Save dictionary of size 4096 into file d " },
  { args: ["--train-cover=k=200,d=8"], says: "k=200\nd=8" },
  { args: ["--train-cover=d=6,steps=4,split=80,shrink=2"], says: "d=6" },
  { args: ["--train-fastcover=k=200,d=8,f=18,accel=2,shrink"], says: "k=200" },
  { args: ["--train-fastcover", "-B50"], says: "Save dictionary" },
  { args: ["--train-legacy=selectivity=8"], says: "Save dictionary" },
  { args: ["--train-legacy"], says: "Save dictionary" },
];

for (const { args, says } of TRAININGS) {
  testInterop(`${args.join(" ")} makes what zstd -D uses`, async (directory) => {
    await makeSamples(directory);
    const options = { cwd: directory };
    const made = await ours([...args, "-r", "s", "-o", "d", "--maxdict=4096", "--dictID=777"], options);
    assertEquals(made.code, 0, made.stderr);
    assertStringIncludes(made.stderr, says);
    const frame = (await real(["-c", "-D", "d", "s/9"], options)).stdout;
    assert(frame.length < (await real(["-c", "s/9"], options)).stdout.length);
    await Deno.writeFile(`${directory}/9.zst`, frame);
    assertEquals((await ours(["-dc", "-D", "d", "9.zst"], options)).stdout, sample(9));
    assertStringIncludes(
      new TextDecoder().decode((await real(["-lv", "9.zst"], options)).stdout),
      "DictID: 777",
    );
  });
}

testCli("--train names its output, draws an id and works in WASM", async (directory) => {
  const paths = await makeSamples(directory, 60);
  const options = { cwd: directory };
  assertEquals((await ours(["-q", "--train", "--maxdict=1KB", ...paths], options)).code, 0);
  const first = await Deno.readFile(`${directory}/dictionary`);
  await ours(["--backend=wasm", "-q", "--train", "--maxdict=1KB", ...paths], options);
  const second = await Deno.readFile(`${directory}/dictionary`);
  assertEquals(second.subarray(8), first.subarray(8));
  assert(new DataView(first.buffer).getUint32(4, true) >= 32_768);
});

/** Trainings that fail, and what the message must say; exit codes come from the real tool. */
const FAILED_TRAININGS: readonly { args: string[]; says: string }[] = [
  { args: ["--train", "s/1", "s/2", "s/3", "s/4"], says: "Error 14 : nb of samples too low" },
  { args: ["--train", "missing"], says: "Error 14 : nb of samples too low" },
  { args: ["--train", "s"], says: "Error 14 : nb of samples too low" },
  { args: ["--train", "-r", "s", "--maxdict=100"], says: "dictionary training failed" },
  { args: ["--train-fastcover=k=2,d=8", "-r", "s", "--maxdict=4096"], says: "dictionary training failed" },
  { args: ["--train-fastcover=bogus=1", "-r", "s"], says: "Incorrect parameters" },
  { args: ["--train-legacy=bogus", "-r", "s"], says: "Incorrect parameters" },
  {
    args: ["--train", "-r", "s", "--maxdict=4096", "-o", "nowhere/d"],
    says: "Error 3 : cannot open nowhere/d",
  },
];

testInterop("--train ends as zstd --train does", async (directory) => {
  await makeSamples(directory);
  const options = { cwd: directory };
  for (const { args, says } of FAILED_TRAININGS) {
    const mine = await ours(args, options);
    assertStringIncludes(mine.stderr, says);
    assertEquals(mine.code, (await real(args, options)).code, `${args.join(" ")}: ${mine.stderr}`);
    assertEquals(names(directory), ["s"]);
  }
});
