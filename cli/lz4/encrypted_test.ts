/**
 * Every sub-command over an encrypted source: the same as over the plain one.
 */
import { assertEquals, assertNotEquals, assertStringIncludes } from "@std/assert";
import { compressLz4, encryptLz4AesGcmIterable } from "@sluice/lz4";
import { sluice } from "../../tests/_cli.ts";
import { join, text } from "../../tests/_data.ts";
import { testInDirectory } from "../../tests/_directory.ts";
import { encryptAsOpenssl } from "../../tests/_encrypted.ts";
import { objectOf, startRangeServer } from "../../tests/_range_server.ts";
import { ARCHIVE_COMMAND_NAMES } from "./archive_names.ts";

const CONTENT = text(400_000);
const FILE = compressLz4(CONTENT, { blockSize: 65536, linked: true });
const KEY = ["--decrypt=aes-256-ctr", "--key-file=password"];

/** Ciphers, with the options that decrypt what each wrote, and those with a wrong key. */
const CIPHERS = {
  ctr: { options: KEY, wrong: ["--decrypt=aes-256-ctr", "--key-file=wrong"] },
  gcm: {
    options: ["--decrypt=aes-128-gcm", "--key-file=key"],
    wrong: ["--decrypt=aes-128-gcm", "--key-file=other"],
  },
} as const;

/** The command lines of each sub-command, without their source; those with an output write to `out`. */
const CALLS: Readonly<Record<string, readonly (readonly string[])[]>> = {
  index: [["-o", "out"], ["--lines", "--spacing=100K", "-o", "out"]],
  cat: [["-o", "out"], ["--range=100000-200000"]],
  lines: [["--range=100000-200000", "-o", "out"], ["--numbers=5-500"]],
  carve: [["--range=100000-200000", "-o", "out"]],
  splits: [["--count=3"], ["--bytes=100K", "--spacing=64K", "--tsv"]],
  join: [["-o", "out"]],
  get: [["-o", "out"]],
  resume: [["-o", "out"]],
  recover: [["-o", "out"], ["--json", "-o", "out"]],
  repack: [["--bytes=100K", "-o", "out"]],
  info: [[]],
};

testInDirectory(
  "each sub-command of sluice lz4 reads encrypted files and URLs as it reads plain ones",
  async (cwd) => {
    assertEquals(Object.keys(CALLS).sort(), ARCHIVE_COMMAND_NAMES.toSorted());
    const files = {
      ctr: await encryptAsOpenssl(FILE, "secret"),
      gcm: join(
        ...await Array.fromAsync(encryptLz4AesGcmIterable(FILE, { key: new Uint8Array(16).fill(7) })),
      ),
    };
    await Deno.writeFile(`${cwd}/file.lz4`, FILE);
    await Deno.writeTextFile(`${cwd}/password`, "secret\n");
    await Deno.writeTextFile(`${cwd}/wrong`, "other\n");
    await Deno.writeTextFile(`${cwd}/key`, `${"07".repeat(16)}\n`);
    await Deno.writeFile(`${cwd}/other`, new Uint8Array(16));
    for (const [cipher, { options, wrong }] of Object.entries(CIPHERS)) {
      const sealed = files[cipher as keyof typeof files];
      await Deno.mkdir(`${cwd}/${cipher}`);
      const path = `${cipher}/file.lz4`;
      await Deno.writeFile(`${cwd}/${path}`, sealed);
      await using server = startRangeServer(objectOf(sealed));
      for (const [name, calls] of Object.entries(CALLS)) {
        for (const call of calls) {
          const outcome = async (source: string, ...more: string[]): Promise<unknown> => {
            const { code, stdout, stderr } = await sluice(["lz4", name, source, ...call, ...more], { cwd });
            assertEquals(code, 0, `${name} ${source} ${call.join(" ")}: ${stderr}`);
            const out = await Deno.readFile(`${cwd}/out`).catch(() => undefined);
            if (out !== undefined) await Deno.remove(`${cwd}/out`);
            return [new TextDecoder().decode(stdout).replaceAll(source, ""), out];
          };
          const plain = await outcome("file.lz4");
          assertEquals(await outcome(path, ...options), plain, name);
          assertEquals(await outcome(server.url, ...options), plain, name);
        }
        const refused = await sluice(["lz4", name, path, ...calls[0]!, ...wrong], { cwd });
        assertNotEquals(refused.code, 0, name);
        if (cipher === "gcm") assertStringIncludes(refused.stderr, "(SEAL_MISMATCH)", name);
        else if (name !== "recover") assertStringIncludes(refused.stderr, "is it the right key?", name);
        assertEquals(await Deno.stat(`${cwd}/out`).catch(() => "missing"), "missing", name);
      }
    }
  },
);

testInDirectory(
  "sluice lz4 --encrypt writes what get and cat decrypt, and refuses what has no effect",
  async (cwd) => {
    await Deno.writeFile(`${cwd}/in`, CONTENT);
    await Deno.writeTextFile(`${cwd}/key`, "0a".repeat(32));
    const run = async (args: string): Promise<[number, string]> => {
      const { code, stderr } = await sluice(["lz4", ...args.split(" ")], { cwd });
      return [code, stderr];
    };
    assertEquals((await run("--encrypt=aes-256-gcm --key-file=key in in.lz4"))[0], 0);
    assertEquals((await run("get in.lz4 -o out --decrypt=aes-256-gcm --key-file=key"))[0], 0);
    assertEquals(await Deno.readFile(`${cwd}/out`), CONTENT);
    assertEquals((await run("-l --encrypt=aes-256-gcm --key-file=key in legacy.lz4"))[0], 0);
    const range = "cat legacy.lz4 --range=9-99 -f -o out --decrypt=aes-256-gcm --key-file=key";
    assertEquals((await run(range))[0], 0);
    assertEquals(await Deno.readFile(`${cwd}/out`), CONTENT.slice(9, 99));
    for (
      const more of [
        "-d -f in.lz4 out",
        "-dc in.lz4",
        "-f in.lz4 out",
        "-dcf in.lz4",
        "-t in.lz4",
        "-d -T2 -f in.lz4 out",
      ]
    ) {
      const args = `${more} --decrypt=aes-256-gcm --key-file=key`.split(" ");
      const { code, stdout, stderr } = await sluice(["lz4", ...args], { cwd });
      assertEquals(code, 0, `${more}: ${stderr}`);
      if (more !== "-t in.lz4") {
        assertEquals(more.includes("out") ? await Deno.readFile(`${cwd}/out`) : stdout, CONTENT, more);
      }
    }
    const stdin = await Deno.readFile(`${cwd}/in.lz4`);
    const piped = await sluice(["lz4", "-dc", "--decrypt=aes-256-gcm", "--key-file=key"], { cwd, stdin });
    assertEquals([piped.code, piped.stdout], [0, CONTENT], piped.stderr);
    await Deno.writeFile(`${cwd}/sealed.lz4`, await encryptAsOpenssl(FILE, "secret"));
    await Deno.writeTextFile(`${cwd}/password`, "secret\n");
    assertEquals((await run("-t sealed.lz4 --decrypt=aes-256-ctr --key-file=password"))[0], 0);
    const cut = (await Deno.readFile(`${cwd}/in.lz4`)).slice(0, -1);
    await Deno.writeFile(`${cwd}/cut.lz4`, cut);
    const refusals = [
      ["-t cut.lz4 --decrypt=aes-256-gcm --key-file=key", "SEAL_MISMATCH"],
      ["-dcf sealed.lz4 --decrypt=aes-256-ctr --key-file=key", "is it the right key?"],
      ["-d -f in.lz4 x --key-file=key", "has no effect without --decrypt"],
      ["-d -f in.lz4 x --decrypt=aes-256-gcm", "needs --key-file"],
      ["-dc --decrypt=aes-256-gcm --key-file=key", "BAD_MAGIC"], // nothing comes from the pipe
      ["-dc --decrypt=aes-256-ctr --key-file=key", "BAD_MAGIC"],
      ["-f in x.lz4 --decrypt=aes-256-gcm --key-file=key", "has no effect"],
      ["--key-file=key in x.lz4", "has no effect without --encrypt"],
      ["--encrypt=aes-256-gcm in x.lz4", "needs --key-file"],
      ["--encrypt=aes-256-ctr --key-file=key in x.lz4", "expected aes-128-gcm or aes-256-gcm"],
      ["--encrypt=aes-128-gcm --key-file=key in x.lz4", "holds no key of 128 bits"],
      ["-d --encrypt=aes-256-gcm --key-file=key in.lz4 x", "has no effect"],
      ["--encrypt=aes-256-gcm --key-file=key -f in key", "overwrite"],
      ["cat in.lz4 --decrypt=aes-256-gcm --key-file=key --iterations=3", "--iterations has no effect"],
      [`cat in.lz4 --decrypt=aes-256-gcm --key-file=key --iv=${"0".repeat(32)}`, "--iv has no effect"],
      ["cat in.lz4 --decrypt=aes-192-gcm --key-file=key", "expected aes-128-ctr or"],
    ];
    for (const [args, message] of refusals) {
      const [code, stderr] = await run(args!);
      assertEquals([code !== 0, stderr.includes(message!)], [true, true], `${args}: ${stderr}`);
    }
    assertEquals(await Deno.readTextFile(`${cwd}/key`), "0a".repeat(32));
    assertEquals(await Deno.stat(`${cwd}/x.lz4`).catch(() => "missing"), "missing");
  },
);

/** Options about the source that have no effect where they stand, and a word of what is said. */
const IDLE: readonly (readonly [string, readonly string[]])[] = [
  ["--key-file has no effect without --decrypt", ["--key-file=password"]],
  ["--iv has no effect without --decrypt", [`--iv=${"0".repeat(32)}`]],
  ["--iterations has no effect without --decrypt", ["--iterations=3"]],
  ["--iterations has no effect with --iv", [...KEY, "--iterations=3", `--iv=${"0".repeat(32)}`]],
  ["--stall-timeout has no effect on a file", ["--stall-timeout=3"]],
  ["--decrypt needs --key-file", ["--decrypt=aes-256-ctr"]],
];

testInDirectory(
  "no sub-command of sluice lz4 takes options about its source that have no effect",
  async (cwd) => {
    await Deno.writeFile(`${cwd}/file.lz4`, FILE);
    await Deno.writeTextFile(`${cwd}/password`, "secret\n");
    const refused = async (message: string, args: readonly string[]): Promise<void> => {
      const { code, stderr } = await sluice(["lz4", ...args], { cwd });
      assertEquals([code, stderr.includes(message)], [1, true], `${args.join(" ")}: ${stderr}`);
    };
    for (const [name, [call]] of Object.entries(CALLS)) {
      for (const [message, options] of IDLE) await refused(message, [name, "file.lz4", ...call!, ...options]);
    }
    await refused("--embed has no effect on an encrypted file", ["index", "file.lz4", "--embed", ...KEY]);
    await refused("--strip has no effect on a URL", ["index", "http://127.0.0.1:1/a", "--strip"]);
    await refused("needs an output", ["index", "http://127.0.0.1:1/a"]);
    await refused("--lines has no effect with --headers", ["index", "file.lz4", "--headers", "--lines"]);
    await refused("-D has no effect with --headers", ["index", "file.lz4", "--headers", "-D", "password"]);
    assertEquals((await sluice(["lz4", "index", "file.lz4"], { cwd })).code, 0);
    for (const name of ["cat", "lines", "carve", "splits"]) {
      await refused("--spacing has no effect", [name, "file.lz4", "--spacing=64K"]);
      await refused("--headers has no effect", [name, "file.lz4", "--headers"]);
    }
  },
);
