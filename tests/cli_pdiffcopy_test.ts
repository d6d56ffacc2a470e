import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { names, run, sluice, sluiceArguments } from "./_cli.ts";
import type { Outcome } from "./_cli.ts";
import { Random } from "./_data.ts";
import { inDirectory, testInDirectory } from "./_directory.ts";
import { objectOf, startRangeServer } from "./_range_server.ts";

const CONTENT = new Random(9).bytes(700_000);

function ours(...args: string[]): Promise<Outcome> {
  return sluice(["pdiffcopy", ...args]);
}

/** A directory with `source`, and `target` that differs in one block of 64 KiB. */
async function withFiles(test: (directory: string) => Promise<void>): Promise<void> {
  await inDirectory(async (directory) => {
    const edited = CONTENT.slice();
    edited[100_000]! ^= 1;
    await Deno.writeFile(`${directory}/source`, CONTENT);
    await Deno.writeFile(`${directory}/target`, edited);
    await test(directory);
  });
}

/** `sluice pdiffcopy` without operands; what it said so far is the argument. */
async function withServer(
  args: string[],
  test: (url: string, child: Deno.ChildProcess) => Promise<void>,
): Promise<void> {
  const child = new Deno.Command(Deno.execPath(), {
    args: sluiceArguments(["pdiffcopy", "-l", "127.0.0.1:0", ...args]),
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  const reader = child.stderr.getReader();
  try {
    let text = "";
    while (!text.includes("\n")) text += new TextDecoder().decode((await reader.read()).value);
    await test(/https?:\/\/\S+/.exec(text)![0], child);
  } finally {
    try {
      child.kill("SIGTERM");
    } catch {
      // The test ended it.
    }
    await reader.cancel();
    await child.status;
  }
}

Deno.test("sluice pdiffcopy copies between files and servers", async () => {
  await withFiles(async (directory) => {
    await withServer(["--root", directory, "--writable"], async (url) => {
      const down = await ours("-b", "64KiB", `${url}/source`, `${directory}/target`);
      assertEquals(down.code, 0, down.stderr);
      assertStringIncludes(down.stderr, "downloaded 1 block (64 KiB)");
      assertEquals(await Deno.readFile(`${directory}/target`), CONTENT);
      const again = await ours(`${url}/source`, `${directory}/target`);
      assertStringIncludes(again.stderr, "nothing to do");
      const planned = await ours("-n", `${directory}/source`, `${url}/sub/copy`);
      assertMatch(planned.stderr, /will upload \d+ block/);
      const up = await ours(`${directory}/source`, `${url}/sub/copy`);
      assertEquals(up.code, 0, up.stderr);
      assertMatch(up.stderr, /^uploaded \d+ block/m);
      assertEquals(await Deno.readFile(`${directory}/sub/copy`), CONTENT);
      assertEquals((await ours("caps", url)).code, 0);
      const local = await ours(`${directory}/source`, `${directory}/beside`);
      assertMatch(local.stderr, /^copied \d+ block/m);
    });
  });
});

Deno.test("sluice pdiffcopy keeps the letters of the original program", async () => {
  await withFiles(async (directory) => {
    const [source, target] = [`${directory}/source`, `${directory}/target`];
    const before = await Deno.readFile(target);
    for (
      const args of [["-n"], ["--dry-run"], ["--dry"], ["-nv"], ["-vn", "-b", "64K"], ["-nb64K"], [
        "--block-size=64K",
        "-n",
      ]]
    ) {
      const { code, stderr } = await ours(...args, source, target);
      assertEquals(code, 0, stderr);
      assertMatch(stderr, /similarity \d+ %[\s\S]*will copy \d+ block/);
      assertEquals(await Deno.readFile(target), before);
    }
    assertEquals((await ours(source, target, "-W", "-c", "4", "-m", "SHA256", "-q")).stderr, "");
    assertEquals(await Deno.readFile(target), CONTENT);
    for (
      const args of [
        [source],
        [source, target, "x"],
        ["-b", "0", source, target],
        ["-b", "many", source, target],
        ["-m", "nonsense", source, target],
        ["-c", "x", source, target],
        ["--nonsense", source, target],
        ["--b", "1", source, target],
        ["-B", "x", source, target],
      ]
    ) {
      const { code, stderr } = await ours(...args);
      assertEquals(code, 1, `${args}: ${stderr}`);
      assert(stderr.length > 0);
    }
    const help = await ours("-h");
    assertEquals(help.code, 0);
    for (
      const option of [
        "-b, --block-size",
        "-m, --hash-method",
        "-W, --whole-file",
        "-c, --concurrency",
        "-n, --dry-run",
        "-B, --benchmark",
        "-l, --listen",
        "-v, --verbose",
        "-q, --quiet",
        "-h, --help",
      ]
    ) {
      assertStringIncludes(new TextDecoder().decode(help.stdout), option);
    }
  });
});

Deno.test("sluice pdiffcopy tells results by exit code, JSON and lines", async () => {
  await withFiles(async (directory) => {
    const [source, target] = [`${directory}/source`, `${directory}/target`];
    assertEquals((await ours("--check", "-q", source, target)).code, 2);
    const diff = await ours("diff", "-b", "64KiB", source, target);
    assertEquals([diff.code, new TextDecoder().decode(diff.stdout)], [2, "65536\t65536\n"]);
    const hash = await ours("hash", "-b", "512KiB", "-m", "md5", source);
    assertMatch(new TextDecoder().decode(hash.stdout), /^0\t[0-9a-f]{32}\n524288\t[0-9a-f]{32}\n$/);
    const copy = await ours("--json", "-q", "--progress", "json", source, target);
    const result = JSON.parse(new TextDecoder().decode(copy.stdout));
    assertEquals([result.size, result.protocol], [CONTENT.length, 0]);
    assertEquals(JSON.parse(copy.stderr.trim().split("\n").at(-1)!).phase, "transfer");
    assertEquals((await ours("--check", "-q", source, target)).code, 0);
    assertEquals((await ours("-q", `${directory}/none`, target)).code, 1);
    assertEquals((await ours("-q", "--retries", "0", "http://127.0.0.1:1/x", target)).code, 5);
    assertEquals((await ours("-q", source, directory)).code, 6);
    assertEquals(names(directory), ["source", "target"]);
  });
});

Deno.test("sluice pdiffcopy -B prints the table", async () => {
  await withFiles(async (directory) => {
    const args = ["-B", "3", "-q", `${directory}/source`, `${directory}/target`];
    const env = { PDIFFCOPY_BENCHMARK: "allowed" };
    const { code, stdout, stderr } = await run(Deno.execPath(), sluiceArguments(["pdiffcopy", ...args]), {
      env,
    });
    assertEquals(code, 0, stderr);
    const lines = new TextDecoder().decode(stdout).split("\n");
    assertMatch(lines[2]!, /^\| Delta size \| Data transferred \| .* Runtime of pdiffcopy \|$/);
    assertEquals([4, 5, 6].map((index) => lines[index]!.slice(0, 6)), ["| 33% ", "| 66% ", "| 100%"]);
    assertEquals(await Deno.readFile(`${directory}/target`), CONTENT);
    assertEquals((await ours(...args)).code, 1, "it asks first");
  });
});

Deno.test("sluice pdiffcopy ends in good order on Ctrl-C", async () => {
  await withFiles(async (directory) => {
    await Deno.writeFile(`${directory}/source`, new Random(2).bytes(4_000_000));
    await withServer(["--root", directory], async (url, server) => {
      const before = await Deno.readFile(`${directory}/target`);
      const child = new Deno.Command(Deno.execPath(), {
        args: sluiceArguments([
          "pdiffcopy",
          "--bwlimit",
          "200K",
          "-b",
          "64KiB",
          "--replace",
          "atomic",
          `${url}/source`,
          `${directory}/target`,
        ]),
        stdin: "null",
        stdout: "null",
        stderr: "piped",
      }).spawn();
      await new Promise((resolve) => setTimeout(resolve, 1500));
      const started = performance.now();
      child.kill("SIGINT");
      const { code, stderr } = await child.output();
      assertEquals(code, 130, new TextDecoder().decode(stderr));
      assert(performance.now() - started < 6000);
      assertEquals(await Deno.readFile(`${directory}/target`), before);
      server.kill("SIGINT");
      assertEquals((await server.status).code, 0);
    });
  });
});

testInDirectory("sluice pdiffcopy -r copies directories", async (directory) => {
  await Deno.mkdir(`${directory}/from/sub`, { recursive: true });
  await Deno.writeFile(`${directory}/from/sub/file`, CONTENT);
  await withServer(["--root", directory], async (url) => {
    const { code, stderr } = await ours("-r", `${url}/from`, `${directory}/to`);
    assertEquals(code, 0, stderr);
    assertEquals(await Deno.readFile(`${directory}/to/sub/file`), CONTENT);
    await Deno.writeTextFile(`${directory}/to/extra`, "");
    const again = await ours("-rn", "--delete", `${url}/from`, `${directory}/to`);
    assertStringIncludes(again.stderr, "would copy 0 of 1 files (0 bytes), would remove 1 name");
    assertEquals((await ours("-rq", "--delete", `${url}/from`, `${directory}/to`)).code, 0);
    assertEquals(names(`${directory}/to`), ["sub"]);
  });
});

testInDirectory("sluice pdiffcopy -a copies one file, and --check agrees with copies", {
  ignore: Deno.build.os !== "linux",
}, async (directory) => {
  await Deno.mkdir(`${directory}/tree`);
  await Deno.writeTextFile(`${directory}/tree/file`, "content", { mode: 0o640 });
  await Deno.utime(`${directory}/tree/file`, 1_500_000_000, 1_500_000_000);
  await withServer(["--root", directory, "--writable"], async (url) => {
    for (
      const [from, to] of [[directory, directory], [url, directory], [directory, url]] as const
    ) {
      const [tree, file] = [`${from}/tree`, `${from}/tree/file`];
      for (const [source, name] of [[file, "one"], [tree, "copy"]] as const) {
        const exit = async (...args: string[]): Promise<number> =>
          (await ours(...args, source, `${to}/${name}`)).code;
        assertEquals(await exit("-a", "--check"), 2);
        assertEquals(await exit("-an"), 0);
        const { code, stderr } = await ours("-a", source, `${to}/${name}`);
        assertEquals(code, 0, stderr);
        assertMatch(stderr, /^copied 1 of 1 files \(7 bytes\)/m);
        assertEquals(await exit("-a", "--check"), 0);
        assertEquals(await exit("-a", "--check", "--checksum"), 0);
        const path = name === "one" ? `${directory}/one` : `${directory}/copy/file`;
        const { mode, mtime } = await Deno.stat(path);
        assertEquals([mode! & 0o777, mtime!.getTime()], [0o640, 1_500_000_000_000]);
        await Deno.chmod(path, 0o600);
        const check = await ours("-a", "--check", source, `${to}/${name}`);
        assertEquals(check.code, 2);
        assertStringIncludes(check.stderr, "permissions, times or attributes differ");
        await Deno.remove(`${directory}/${name}`, { recursive: true });
      }
    }
    await run("mkfifo", [`${directory}/tree/pipe`]);
    for (const [option, code] of [["-r", 23], ["-a", 0]] as const) {
      assertEquals((await ours(option, `${url}/tree`, `${directory}/pipes`)).code, code);
      assertEquals((await ours(option, "--check", `${url}/tree`, `${directory}/pipes`)).code, code);
    }
    // Letters of rsync, and what it takes for another machine.
    for (const args of [["-aHAX"], ["-az"], ["-azv"], ["-a", "--xattrs", "--zstd"]]) {
      const { code, stderr } = await ours(...args, `${url}/tree`, `${directory}/pipes`);
      assertEquals(code, 0, stderr);
    }
    for (
      const [args, message] of [
        [["-rX", `${url}/tree`, `${directory}/x`], "--xattrs has no effect: it needs --archive"],
        [["-az", `${directory}/tree`, `${directory}/x`], "neither file is on a server"],
        [["-a", `${directory}/tree`, "nas:/backup/x"], "write ssh://nas/backup/x"],
        [["-a", "me@nas:backup/x", `${directory}/x`], "write ssh://me@nas/backup/x"],
        [[`${directory}/tree/file`, `${url}/new/`], "it is the name of a directory"],
        [[`${directory}/tree/file`, `${directory}/new/`], "it is the name of a directory"],
      ] as const
    ) {
      const { code, stderr } = await ours(...args);
      assert(code !== 0, args.join(" "));
      assertStringIncludes(stderr, message);
    }
    assertEquals([...Deno.readDirSync(directory)].map(({ name }) => name).sort(), ["pipes", "tree"]);
    const refused = await ours("-a", "--delete", `${url}/tree/file`, `${directory}/x`);
    assertEquals(refused.code, 1);
    assertStringIncludes(refused.stderr, "is no directory");
  });
});

Deno.test("sluice pdiffcopy copies by an index from a plain web server", async () => {
  await withFiles(async (directory) => {
    assertEquals((await ours("index", "-b", "64KiB", `${directory}/source`)).code, 0);
    const fetched = await ours(
      "--index",
      `${directory}/source.pdx`,
      `${directory}/source`,
      `${directory}/target`,
    );
    assertStringIncludes(fetched.stderr, "fetched 64 KiB of 683.59 KiB");
    assertEquals(await Deno.readFile(`${directory}/target`), CONTENT);
    for (const hasRanges of [true, false]) {
      await using server = startRangeServer({ ...objectOf(CONTENT), hasRanges });
      const [index, target] = [`${directory}/source.pdx`, `${directory}/from web`];
      const { code, stdout, stderr } = await ours("--json", "--index", index, server.url, target);
      assertEquals(code, 0, stderr);
      const { bytesSentWhole } = JSON.parse(new TextDecoder().decode(stdout));
      assertEquals(bytesSentWhole, hasRanges ? 0 : CONTENT.length);
      assertEquals(stderr.includes("does not answer ranges"), !hasRanges, stderr);
      await Deno.remove(target);
    }
    await withServer(["--root", directory], async (url) => {
      await Deno.writeFile(`${directory}/target`, new Uint8Array([9, ...CONTENT]));
      const shifted = await ours("--shift", "rolling", "--json", `${url}/source`, `${directory}/target`);
      assertEquals(shifted.code, 0, shifted.stderr);
      const { bytesTransferred } = JSON.parse(new TextDecoder().decode(shifted.stdout));
      assert(bytesTransferred < CONTENT.length / 2, `${bytesTransferred}`);
      assertEquals(await Deno.readFile(`${directory}/target`), CONTENT);
    });
  });
});

Deno.test("sluice pdiffcopy tells the truth about lengths, and dry runs change nothing", async () => {
  await withFiles(async (directory) => {
    const [source, target] = [`${directory}/source`, `${directory}/target`];
    assertEquals((await ours("index", source, "-o", `${directory}/source.pdx`)).code, 0);
    for (const content of [new Uint8Array([...CONTENT, 0]), CONTENT.subarray(1)]) {
      await Deno.writeFile(target, content);
      assertEquals((await ours("--check", source, target)).code, 2);
      assertEquals((await ours("diff", source, target)).code, 2);
      const dry = await ours("-n", source, target);
      assert(!dry.stderr.includes("nothing to do"), dry.stderr);
      const args = ["--index", `${directory}/source.pdx`, source, target];
      assertEquals((await ours("-n", ...args)).code, 0);
      assertEquals((await ours("--check", ...args)).code, 2);
      assertEquals((await ours("-n", "-B", "3", source, target)).code, 1);
      assertEquals(await Deno.readFile(target), content);
    }
    await Deno.writeFile(target, CONTENT);
    assertEquals((await ours("--check", source, target)).code, 0);
    assertEquals((await ours("--check", source, `${directory}/none`)).code, 2);
  });
});

Deno.test("--check compares, also where a copy would not", async () => {
  await withFiles(async (directory) => {
    for (const [name, content] of [["large", CONTENT], ["small", CONTENT.subarray(0, 9)]] as const) {
      for (const folder of ["from", "to", "one", "other"]) {
        await Deno.mkdir(`${directory}/${folder}`, { recursive: true });
        const isWanted = folder === "from" || folder === "to" || name === "small";
        if (isWanted) await Deno.writeFile(`${directory}/${folder}/${name}`, content);
        if (isWanted) await Deno.utime(`${directory}/${folder}/${name}`, 1_600_000_000, 1_600_000_000);
      }
    }
    for (const folder of ["from", "to", "one", "other"]) {
      await Deno.utime(`${directory}/${folder}`, 1_600_000_000, 1_600_000_000);
    }
    const check = async (...args: string[]): Promise<number> => (await ours("--check", "-W", ...args)).code;
    for (const [from, to] of [["from", "to"], ["one", "other"], ["from/large", "to/large"]]) {
      const [source, target] = [`${directory}/${from}`, `${directory}/${to}`];
      assertEquals(await check("-a", "--checksum", source, target), 0, from);
      if (from === "from/large") assertEquals(await check(source, target), 0);
    }
    await Deno.writeFile(`${directory}/to/large`, CONTENT.toReversed());
    assertEquals(await check("-a", "--checksum", `${directory}/from`, `${directory}/to`), 2);
    assertEquals(await check(`${directory}/from/large`, `${directory}/to/large`), 2);
  });
});

Deno.test("sluice pdiffcopy index and caps say what they expect", async () => {
  await withFiles(async (directory) => {
    const cases: readonly (readonly [args: string[], message: string])[] = [
      [["index", directory], `Cannot read ${directory}: Is a directory`],
      [["index", `${directory}/none`], `Cannot read ${directory}/none: No such file or directory`],
      [["--index", directory, "a", `${directory}/t`], `Cannot read ${directory}: Is a directory`],
      [["caps", `${directory}/source`], `Cannot ask "${directory}/source" what it can do: expected http://`],
      [["caps", "ssh://host/path"], 'Cannot ask "ssh://host/path" what it can do: expected http://'],
      [["caps", "127.0.0.1:8080"], 'Cannot ask "127.0.0.1:8080" what it can do: expected http://'],
    ];
    for (const [args, message] of cases) {
      const { code, stderr } = await ours(...args);
      assertEquals(code, 1, stderr);
      assertStringIncludes(stderr, message);
    }
  });
});

Deno.test("sluice pdiffcopy caps brings the token, and says what is missing", async () => {
  await withFiles(async (directory) => {
    await Deno.writeTextFile(`${directory}/token`, "secret\n");
    await withServer(["--root", directory, "--token", `${directory}/token`], async (url) => {
      const found = await ours("caps", url, "--token", `${directory}/token`);
      assertEquals(found.code, 0, found.stderr);
      const without = await ours("caps", url);
      assertEquals(without.code, 7);
      assertStringIncludes(without.stderr, url);
    });
    const none = await ours("caps", "http://127.0.0.1:1");
    assertEquals(none.code, 5);
    assertStringIncludes(none.stderr, "http://127.0.0.1:1");
  });
});

Deno.test({
  name: "sluice pdiffcopy -r exits with 23 and names what was not copied",
  ignore: Deno.build.os === "windows",
  fn: () =>
    withFiles(async (directory) => {
      await Deno.mkdir(`${directory}/tree`);
      await Deno.writeTextFile(`${directory}/tree/file`, "content");
      assert((await new Deno.Command("mkfifo", { args: [`${directory}/tree/pipe`] }).output()).success);
      await withServer(["--root", directory, "--writable"], async (url) => {
        for (const target of [`${directory}/copy`, `${url}/upload`]) {
          const { code, stderr } = await ours("-r", `${directory}/tree`, target);
          assertEquals(code, 23, stderr);
          assertStringIncludes(stderr, "pipe: it is neither a file, a directory nor a link");
        }
        const whole = await ours("-r", `${url}/`, `${directory}/whole`);
        assertEquals(whole.code, 23, whole.stderr);
      });
      for (const path of ["copy/file", "upload/file", "whole/tree/file"]) {
        assertEquals(await Deno.readTextFile(`${directory}/${path}`), "content");
      }
    }),
});

Deno.test("sluice pdiffcopy refuses options without an effect", async () => {
  await withFiles(async (directory) => {
    const [source, target] = [`${directory}/source`, `${directory}/new`];
    for (
      const args of [
        ["--delete", source, target],
        ["--seed", source, "http://127.0.0.1:1/x", target],
        ["--max-delete", "1", "-r", directory, target],
        ["--compress", "zstd", source, target],
        ["--hosts", "a", source, target],
        ["caps", "http://127.0.0.1:1", "-W"],
      ]
    ) {
      const { code, stderr } = await ours(...args);
      assertEquals(code, 1, args.join(" "));
      assertStringIncludes(stderr, "has no effect");
    }
    assertEquals(names(directory), ["source", "target"]);
  });
});

const hasStrace = Deno.build.os === "linux" &&
  await new Deno.Command("strace", { args: ["-V"], stdout: "null", stderr: "null" }).output()
    .then(({ success }) => success, () => false);

Deno.test({
  name: "sluice pdiffcopy copies where the file system can't clone, whatever it answers",
  ignore: !hasStrace,
  fn: () =>
    withFiles(async (directory) => {
      for (
        const [replace, error] of [["atomic", "EAGAIN"], ["auto", "EAGAIN"], ["atomic", "EINVAL"]] as const
      ) {
        await Deno.writeFile(`${directory}/target`, CONTENT.subarray(5));
        const command = sluiceArguments([
          "pdiffcopy",
          "--replace",
          replace,
          `${directory}/source`,
          `${directory}/target`,
        ]);
        const inject = [
          "-f",
          "-qq",
          "-e",
          "trace=ioctl",
          "-e",
          `inject=ioctl:error=${error}`,
          "-o",
          "/dev/null",
        ];
        const { success, stderr } = await new Deno.Command("strace", {
          args: [...inject, Deno.execPath(), ...command],
          stdin: "null",
        }).output();
        assert(success, new TextDecoder().decode(stderr));
        assertEquals(await Deno.readFile(`${directory}/target`), CONTENT);
      }
    }),
});

testInDirectory("sluice pdiffcopy chooses names of directories", async (directory) => {
  await Deno.mkdir(`${directory}/from/sub`, { recursive: true });
  for (const name of ["a.c", "a.o", "b.o", "#x", "sub/c.c", "sub/d"]) {
    await Deno.writeTextFile(`${directory}/from/${name}`, name);
  }
  const copied = async (args: string[], stdin?: string): Promise<string[]> => {
    await Deno.remove(`${directory}/to`, { recursive: true }).catch(() => {});
    const options = stdin === undefined ? {} : { stdin: new TextEncoder().encode(stdin) };
    const { code, stderr } = await sluice(
      ["pdiffcopy", ...args, `${directory}/from`, `${directory}/to`],
      { cwd: directory, ...options },
    );
    assertEquals(code, 0, stderr);
    const below = await Deno.lstat(`${directory}/to/sub`).then(
      () => names(`${directory}/to/sub`),
      () => [],
    );
    return [...names(`${directory}/to`), ...below];
  };
  await Deno.writeTextFile(`${directory}/rules`, "# comment\n; another\n\n+ b.o\n- *.o\n");
  await Deno.writeTextFile(`${directory}/nuls`, "*.c\0*/\0");
  await Deno.writeTextFile(`${directory}/patterns`, "sub/\n+ a.o\n*.o\r\n");
  assertEquals(await copied(["-r", "--include=b.o", "--exclude", "*.o"]), [
    "#x",
    "a.c",
    "b.o",
    "sub",
    "c.c",
    "d",
  ]);
  assertEquals(await copied(["-r", "--filter-from=rules", "--filter", "- sub"]), ["#x", "a.c", "b.o"]);
  assertEquals(await copied(["-r", "--exclude-from", "patterns"]), ["#x", "a.c", "a.o"]);
  assertEquals(await copied(["-r", "--exclude=a*", "--exclude=!", "--exclude=sub"]), [
    "#x",
    "a.c",
    "a.o",
    "b.o",
  ]);
  assertEquals(
    await copied(["-a", "--include-from=-", "--exclude=*"], "*.c\0*/\0").catch(() => "no"),
    "no",
  );
  assertEquals(await copied(["-a", "--include-from=-", "--from0", "--exclude=*"], "*.c\0*/\0"), [
    "a.c",
    "sub",
    "c.c",
  ]);
  assertEquals(await copied(["-a", "--files-from=-"], "a.c\n#x\nsub\n"), ["a.c", "sub"]);
  assertEquals(await copied(["-r", "--files-from=-", "--from0"], "#x\0./sub\0"), ["#x", "sub", "c.c", "d"]);
  for (
    const [args, message] of [
      [["-r", "--exclude=[a"], 'the pattern "[a"'],
      [["-r", "--filter=. rules"], "the filter rule"],
      [["-r", "--exclude-from=nuls"], "--from0"],
      [["-r", "--exclude-from=nothing"], "nothing: No such file"],
      [["-r", "--exclude-from=-", "--files-from=-"], "Stdin is read once"],
      [["-a", "--files-from=rules", "--delete"], "--delete has no effect"],
      [["--exclude=a"], "it needs --recursive"],
      [[], "-r"],
    ] as const
  ) {
    const { code, stderr } = await sluice(["pdiffcopy", ...args, "from", "new"], { cwd: directory });
    assertEquals([code, stderr.includes(message)], [1, true], stderr);
  }
  await Deno.writeTextFile(`${directory}/to/old.o`, "");
  const removing = await ours(
    "-rq",
    "--delete-excluded",
    "--exclude=*.o",
    `${directory}/from`,
    `${directory}/to`,
  );
  assertEquals([removing.code, names(`${directory}/to`)], [0, ["#x", "a.c", "sub"]], removing.stderr);
});

Deno.test("sluice pdiffcopy serves what a file says", async () => {
  await withFiles(async (directory) => {
    await Deno.mkdir(`${directory}/images`);
    await Deno.writeTextFile(`${directory}/images/f`, "content");
    await Deno.writeTextFile(`${directory}/secret`, "a secret\n");
    const config = {
      listen: "127.0.0.1:0",
      roots: { images: { path: "images" } },
      tokens: [{ file: "secret", rights: ["read"] }],
    };
    await Deno.writeTextFile(`${directory}/serve.json`, JSON.stringify(config));
    const child = new Deno.Command(Deno.execPath(), {
      args: sluiceArguments(["pdiffcopy", "serve", "--config", `${directory}/serve.json`]),
      stderr: "piped",
    }).spawn();
    try {
      const reader = child.stderr.getReader();
      const line = new TextDecoder().decode((await reader.read()).value);
      reader.releaseLock();
      const url = /http:\/\/[\d.:]+/.exec(line)![0];
      const copy = await ours("--token", `${directory}/secret`, `${url}/images/f`, `${directory}/copy`);
      assertEquals(copy.code, 0, copy.stderr);
      assertEquals(await Deno.readTextFile(`${directory}/copy`), "content");
      assertEquals((await ours(`${url}/images/f`, `${directory}/other`)).code, 7);
    } finally {
      child.kill("SIGTERM");
      await child.stderr.cancel();
      await child.status;
    }
    for (
      const [text, message] of [
        ['{"rootes": {}}', 'did you mean "roots"'],
        ['{"root": "none"}', "none"],
        ['{"root": ".", "listen": "a:b:c"}', "expected an address"],
      ] as const
    ) {
      await Deno.writeTextFile(`${directory}/serve.json`, text);
      const { code, stderr } = await ours("serve", "--config", `${directory}/serve.json`);
      assert(code !== 0, text);
      assertStringIncludes(stderr, message);
    }
  });
});

/** A user who owns nothing. */
const NOBODY = 65_534;

/** Runs the command as a user without rights of its own, with the Deno that lies in the test's folder. */
async function asNobody(directory: string, ...args: string[]): Promise<{ code: number; stderr: string }> {
  const cache = `${directory}/cache`;
  await Deno.mkdir(cache, { recursive: true });
  await Deno.chmod(cache, 0o777);
  const { code, stderr } = await new Deno.Command(`${directory}/deno`, {
    args: ["run", "-A", "--no-check", ...sluiceArguments(["pdiffcopy", ...args]).slice(2)],
    cwd: directory,
    uid: NOBODY,
    gid: NOBODY,
    env: { DENO_DIR: cache, HOME: cache, NO_COLOR: "1" },
  }).output();
  return { code, stderr: new TextDecoder().decode(stderr) };
}

testInDirectory(
  "a user without rights copies trees as with rsync: own files, the owner's own read-only directories",
  { ignore: Deno.build.os !== "linux" || Deno.uid() !== 0 },
  async (directory) => {
    await Deno.chmod(directory, 0o777);
    await Deno.mkdir(`${directory}/from/ro/deep`, { recursive: true });
    await Deno.mkdir(`${directory}/to/ro`, { recursive: true });
    await Deno.writeTextFile(`${directory}/from/ro/a`, "a");
    await Deno.writeTextFile(`${directory}/from/ro/b`, "b, longer");
    await Deno.writeTextFile(`${directory}/to/ro/b`, "b");
    await Deno.writeTextFile(`${directory}/to/ro/other`, "other");
    await Deno.chmod(`${directory}/from/ro`, 0o555);
    for (const path of ["to", "to/ro", "to/ro/b", "to/ro/other"]) {
      await Deno.chown(`${directory}/${path}`, NOBODY, NOBODY);
    }
    await Deno.chmod(`${directory}/to/ro`, 0o555);
    const sides = [`${directory}/from`, `${directory}/to`];
    // Deno may lie in a home folder that only its owner may read.
    await Deno.copyFile(Deno.execPath(), `${directory}/deno`);
    await Deno.chmod(`${directory}/deno`, 0o755);
    const probe = await asNobody(directory, "--help");
    // The checkout may lie where nobody else may read.
    if (probe.code !== 0) {
      return console.log(`left out: another user can't run the checkout: ${probe.stderr.trim()}`);
    }
    const { code, stderr } = await asNobody(directory, "-a", "--delete", ...sides);
    assertEquals(code, 0, stderr);
    assertEquals(names(`${directory}/to/ro`), ["a", "b", "deep"]);
    assertEquals(await Deno.readTextFile(`${directory}/to/ro/b`), "b, longer");
    assertEquals((await Deno.stat(`${directory}/to/ro`)).mode! & 0o777, 0o555);
    assertEquals((await Deno.stat(`${directory}/to/ro/a`)).uid, NOBODY);
    // Permissions that are not carried come back too.
    await Deno.writeTextFile(`${directory}/from/ro/new`, "new");
    await Deno.chmod(`${directory}/from/ro`, 0o755);
    const kept = await asNobody(directory, "-r", "--no-perms", "--no-times", ...sides);
    assertEquals(kept.code, 0, kept.stderr);
    assertEquals((await Deno.stat(`${directory}/to/ro`)).mode! & 0o777, 0o555);
    assertEquals(await Deno.readTextFile(`${directory}/to/ro/new`), "new");
    await asNobody(directory, "-a", ...sides);
    const again = await asNobody(directory, "-a", ...sides);
    assertStringIncludes(again.stderr, "copied 0 of 3 files");
    // What can't be read is told once, by the path that the user gave.
    await Deno.mkdir(`${directory}/from/closed`, { mode: 0 });
    for (let count = 0; count < 2; count++) {
      const { code, stderr } = await asNobody(directory, "-a", ...sides);
      assertEquals([code, stderr.match(/^closed: .*\/from\/closed: /gm)?.length], [23, 1], stderr);
      assertStringIncludes(stderr, "\n1 name was not copied");
    }
    await replaceReadOnlyFiles(directory);
  },
);

/** Files that their owner may only read are replaced, small and large, and get their attributes. */
async function replaceReadOnlyFiles(directory: string): Promise<void> {
  const [source, target] = [`${directory}/source`, `${directory}/target`];
  const run = async (...command: string[]): Promise<void> => {
    const [program, ...args] = command;
    const { success, stderr } = await new Deno.Command(program!, { args }).output();
    assert(success, new TextDecoder().decode(stderr));
  };
  const python = async (code: string, ...args: string[]): Promise<string | undefined> => {
    try {
      const { success, stdout } = await new Deno.Command("python3", { args: ["-c", code, ...args] }).output();
      return success ? new TextDecoder().decode(stdout) : undefined;
    } catch {
      return undefined; // it is not installed
    }
  };
  const set = "import os, sys; os.setxattr(sys.argv[1], 'user.generation', sys.argv[2].encode())";
  const get = "import os, sys; print(os.getxattr(sys.argv[1], 'user.generation').decode(), end='')";
  let hasAttributes = true;
  for (const folder of [source, target]) await Deno.mkdir(`${folder}/sub`, { recursive: true });
  for (const folder of [directory, source, target]) await run("chown", "-R", `${NOBODY}`, folder);
  for (const [generation, letter] of [["first", "a"], ["second", "b"]] as const) {
    for (const [name, size] of [["small", 100], ["large", 2_000_000]] as const) {
      const path = `${source}/sub/${name}`;
      await Deno.writeFile(path, new TextEncoder().encode(letter.repeat(size)));
      hasAttributes &&= await python(set, path, generation) !== undefined;
      await run("chown", `${NOBODY}:${NOBODY}`, path);
      await Deno.chmod(path, 0o444);
    }
    const copy = await asNobody(directory, "-a", source, target);
    assertEquals([copy.code, copy.stderr.includes("denied")], [0, false], copy.stderr);
    for (const name of ["small", "large"]) {
      const path = `${target}/sub/${name}`;
      assertEquals(await Deno.readFile(path), await Deno.readFile(`${source}/sub/${name}`));
      assertEquals((await Deno.stat(path)).mode! & 0o7777, 0o444);
      if (hasAttributes) assertEquals(await python(get, path), generation);
    }
  }
  // In place means in place.
  await Deno.writeTextFile(`${source}/sub/large`, "c".repeat(2_000_000));
  const refused = await asNobody(directory, "-a", "--replace", "inplace", source, target);
  assertEquals(refused.code, 23, refused.stderr);
  // A file in place of a directory that has read-only ones.
  await Deno.mkdir(`${target}/x/y`, { recursive: true });
  await Deno.writeTextFile(`${target}/x/y/z`, "z");
  await Deno.writeTextFile(`${source}/x`, "a file");
  await run("chown", "-R", `${NOBODY}`, directory);
  await Deno.chmod(`${target}/x/y`, 0o555);
  const replaced = await asNobody(directory, "-a", "--delete", source, target);
  assertEquals(replaced.code, 0, replaced.stderr);
  assertEquals(await Deno.readTextFile(`${target}/x`), "a file");
}

Deno.test("sluice pdiffcopy finds moved content by the name of the search, and by the former one", async () => {
  await withFiles(async (directory) => {
    await Deno.writeFile(`${directory}/moved`, new Uint8Array([1, ...CONTENT]));
    for (const how of ["rolling", "cdc"]) {
      await Deno.writeFile(`${directory}/target`, CONTENT);
      const args = ["--shift", how, "--json", `${directory}/moved`, `${directory}/target`];
      const { code, stdout } = await ours(...args);
      assertEquals([code, JSON.parse(new TextDecoder().decode(stdout)).bytesTransferred], [0, 1]);
    }
  });
});

Deno.test("a copy that can't begin says so by its code, and leaves nothing", async () => {
  await withFiles(async (directory) => {
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const url = `http://127.0.0.1:${listener.addr.port}`;
    listener.close();
    const [source, target] = [`${directory}/source`, `${directory}/new`];
    const cases: readonly (readonly [args: string[], code: number, state: string])[] = [
      [[`${url}/x`, target], 5, "refused"],
      [["--shift", "rolling", `${url}/x`, target], 5, "refused"],
      [["-r", `${url}/x`, target], 5, "refused"],
      [[source, `${url}/x`], 5, "refused"],
      [["--shift", "rolling", "--seed", `${directory}/none`, source, target], 1, "no such file"],
      [[`${directory}/none`, target], 1, "no such file"],
      [["--shift", "rolling", `${directory}/none`, target], 1, "no such file"],
    ];
    for (const [args, code, state] of cases) {
      const outcome = await ours(...args);
      assertEquals(outcome.code, code, `${args}: ${outcome.stderr}`);
      assertStringIncludes(outcome.stderr, state);
      assertEquals(names(directory), ["source", "target"], args.join(" "));
    }
  });
});

Deno.test("a dry run at a server that would refuse the copy ends as the copy does", async () => {
  await withFiles(async (directory) => {
    for (const name of ["from", "to"]) await Deno.mkdir(`${directory}/${name}`);
    for (const name of ["from/new", "to/old"]) await Deno.writeTextFile(`${directory}/${name}`, name);
    await withServer(["--root", directory], async (url) => {
      const [file, tree] = [[`${directory}/source`, `${url}/target`], [`${directory}/from`, `${url}/to`]];
      const cases: readonly (readonly [args: string[], code: number])[] = [
        [["-n", ...file], 7],
        [file, 7],
        [["-n", "-r", ...tree], 7],
        [["-r", ...tree], 7],
        [["-n", "-r", "--delete", ...tree], 7],
        [["--check", "-r", "--delete", ...tree], 7],
        // These compare, which is allowed.
        [["--check", ...file], 2],
        [["--check", "-r", ...tree], 2],
        [["-n", `${directory}/source`, `${url}/source`], 0],
      ];
      for (const [args, code] of cases) {
        const result = await ours(...args);
        assertEquals(result.code, code, `${args}: ${result.stderr}`);
        if (code === 7) assertStringIncludes(result.stderr, "the server is read-only");
      }
      const { code, stdout } = await ours("-n", "--json", "-q", ...file);
      assertEquals([code, JSON.parse(new TextDecoder().decode(stdout)).refusal.code], [7, "READ_ONLY"]);
      assertEquals(await names(`${directory}/to`), ["old"]);
    });
  });
});
