import { assertEquals } from "@std/assert";
import { compressLz4 } from "@sluice/lz4";
import { sluice } from "../../tests/_cli.ts";
import { Random, text } from "../../tests/_data.ts";
import { testInDirectory } from "../../tests/_directory.ts";

const CONTENT = text(100_000);

/** Options that have no effect where they stand. */
const IDLE: readonly (readonly string[])[] = [
  ["-l", "-BX", "-f", "plain", "out"],
  ["-l", "-B4", "-f", "plain", "out"],
  ["-l", "--content-size", "-f", "plain", "out"],
  ["-l", "--favor-decSpeed", "-12", "-f", "plain", "out"],
  ["-l", "--no-frame-crc", "-f", "plain", "out"],
  ["-l", "-D", "plain", "-f", "plain", "out"],
  ["-z", "-l", "-BD", "-f", "plain", "out"],
  ["--favor-decSpeed", "-9", "-f", "plain", "out"],
  ["--list", "--rm", "file.lz4"],
  ["--list", "-T2", "file.lz4"],
  ["--list", "-9", "file.lz4"],
  ["-t", "--rm", "file.lz4"],
  ["-t", "-c", "file.lz4"],
  ["-t", "-9", "file.lz4"],
  ["-t", "--sparse", "file.lz4"],
  ["-d", "-BD", "-f", "file.lz4", "out"],
  ["-d", "-l", "-f", "file.lz4", "out"],
  ["-d", "-9", "-f", "file.lz4", "out"],
  ["-d", "--fast", "-f", "file.lz4", "out"],
  ["-BX", "-f", "file.lz4", "out"], // the name says that it is decompressed
  ["-m", "--best", "-f", "file.lz4"],
  ["-z", "--no-sparse", "-f", "plain", "out"],
  ["--rm", "-c", "plain"],
  ["--rm", "plain", "null"],
];

/** The same options where they have an effect. */
const EFFECTIVE: readonly (readonly string[])[] = [
  ["-l", "-9", "-f", "plain", "out"],
  ["-BX", "-B4", "--content-size", "-f", "plain", "out"],
  ["-12", "--favor-decSpeed", "-f", "plain", "out"],
  ["-d", "--no-crc", "-T2", "--no-sparse", "-f", "file.lz4", "out"],
  ["-t", "-T2", "file.lz4"],
  ["-m", "-9", "-f", "plain", "file.lz4"],
  ["-dc", "file.lz4"],
];

testInDirectory("sluice lz4 refuses options that have no effect, and touches nothing", async (folder) => {
  await Deno.writeFile(`${folder}/plain`, CONTENT);
  await Deno.writeFile(`${folder}/file.lz4`, compressLz4(CONTENT));
  await Deno.writeTextFile(`${folder}/out`, "kept");
  for (const args of IDLE) {
    const { code, stderr } = await sluice(["lz4", ...args], { cwd: folder });
    assertEquals(code, 1, args.join(" "));
    assertEquals(/has no effect/.test(stderr), true, `${args.join(" ")}: ${stderr}`);
  }
  assertEquals([...Deno.readDirSync(folder)].map(({ name }) => name).sort(), ["file.lz4", "out", "plain"]);
  assertEquals(await Deno.readTextFile(`${folder}/out`), "kept");
  for (const args of EFFECTIVE) {
    const { code, stderr } = await sluice(["lz4", ...args], { cwd: folder });
    assertEquals(code, 0, `${args.join(" ")}: ${stderr}`);
  }
});

testInDirectory("sluice lz4 recover keeps the output where nothing could be recovered", async (folder) => {
  await Deno.writeFile(`${folder}/junk`, new Random(3).bytes(5000));
  await Deno.writeTextFile(`${folder}/o`, "kept");
  for (const args of [[], ["--zero"], ["--json"]]) {
    const { code, stderr } = await sluice(["lz4", "recover", "junk", "-f", "-o", "o", ...args], {
      cwd: folder,
    });
    assertEquals(code, 1);
    assertEquals(/nothing could be recovered/.test(stderr), true, stderr);
    assertEquals(await Deno.readTextFile(`${folder}/o`), "kept");
  }
});

testInDirectory("sluice lz4 names the output that could not be written, with the exit code of the lz4 tool", {
  ignore: Deno.build.os !== "linux",
}, async (folder) => {
  await Deno.writeFile(`${folder}/plain`, CONTENT);
  await Deno.writeFile(`${folder}/file.lz4`, compressLz4(CONTENT));
  const cases: readonly (readonly [number, string, ...string[]])[] = [
    [42, "/dev/full", "-f", "plain", "/dev/full"],
    [46, "/dev/full", "-B4", "-f", "plain", "/dev/full"],
    [24, "/dev/full", "-l", "-f", "plain", "/dev/full"],
    [73, "/dev/full", "-d", "-f", "file.lz4", "/dev/full"],
    [70, "/dev/full", "-d", "--no-sparse", "-f", "file.lz4", "/dev/full"],
    [42, "/dev/full", "cat", "-f", "-o", "/dev/full", "file.lz4"],
    [42, "/dev/full", "recover", "-f", "-o", "/dev/full", "file.lz4"],
  ];
  for (const [expected, name, ...args] of cases) {
    const { code, stderr } = await sluice(["lz4", ...args], { cwd: folder });
    assertEquals([code, stderr.includes(`lz4: ${name}: No space left`)], [expected, true], stderr);
  }
  for (const [expected, args] of [[70, "-dc file.lz4"], [42, "-c plain"]] as const) {
    const shell = new Deno.Command("sh", {
      args: ["-c", `"$0" run -A "$1" lz4 ${args} > /dev/full`, Deno.execPath(), MAIN],
      cwd: folder,
    });
    const { code, stderr } = await shell.output();
    const said = new TextDecoder().decode(stderr);
    assertEquals([code, said.includes("lz4: stdout: No space left")], [expected, true], said);
  }
});

const MAIN = new URL("../main.ts", import.meta.url).pathname;
