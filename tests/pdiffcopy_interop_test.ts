/**
 * Beside the original program, where Python and its packages can be had, and beside rsync.
 */
import { assert, assertEquals } from "@std/assert";
import { pythonPackage } from "../bench/_peers.ts";
import { run, sluice } from "./_cli.ts";
import { Random } from "./_data.ts";
import { inDirectory } from "./_directory.ts";
import { PdiffClient, servePdiff } from "@sluice/pdiffcopy";

const python = await pythonPackage("pdiffcopy.cli", "pdiffcopy[client,server]");
const ignore = python === undefined;
if (ignore) console.log("SKIPPED: interop with the original pdiffcopy: it can not be installed here");
const env: Record<string, string> = python === undefined ? {} : {
  ...python,
  PATH: `${python.PYTHONPATH}/bin:${Deno.env.get("PATH")}`,
  no_proxy: "*",
};
const original = `${env.PYTHONPATH}/bin/pdiffcopy`;
const SIZE = 3 * (1 << 20) + 4321;

interface Files {
  readonly directory: string;
  readonly content: Uint8Array<ArrayBuffer>;
  readonly edited: Uint8Array<ArrayBuffer>;
}

async function withFiles(test: (files: Files) => Promise<void>): Promise<void> {
  await inDirectory(async (directory) => {
    const random = new Random(21);
    const content = random.bytes(SIZE);
    const edited = new Uint8Array([...content.subarray(0, 2 << 20), ...random.bytes(100)]);
    edited[5] = 0;
    await test({ directory: await Deno.realPath(directory), content, edited });
  });
}

/** The original server; it serves every absolute path. */
async function withOriginalServer(test: (port: number) => Promise<void>): Promise<void> {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  listener.close();
  const child = new Deno.Command(original, {
    args: ["-l", `127.0.0.1:${port}`],
    env,
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  try {
    for (let attempt = 0;; attempt++) {
      const connection = await Deno.connect({ hostname: "127.0.0.1", port }).catch(() => undefined);
      connection?.close();
      if (connection !== undefined) break;
      assert(attempt < 200, "the original server does not listen");
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    await test(port);
  } finally {
    child.kill("SIGTERM");
    await child.status;
  }
}

Deno.test({
  name: "our client copies from and to the original server",
  ignore,
  fn: () =>
    withFiles(async ({ directory, content, edited }) => {
      await withOriginalServer(async (port) => {
        for (const hash of ["sha1", "sha256", "md5", "blake2b"]) {
          for (const before of [edited, undefined, new Uint8Array(SIZE + 10_000)]) {
            await Deno.writeFile(`${directory}/source`, content);
            for (const isUpload of [false, true]) {
              await Deno.remove(`${directory}/target`).catch(() => {});
              if (before !== undefined) await Deno.writeFile(`${directory}/target`, before);
              const remote = `http://127.0.0.1:${port}${directory}`;
              const [source, target] = isUpload
                ? [`${directory}/source`, `${remote}/target`]
                : [`${remote}/source`, `${directory}/target`];
              const result = await new PdiffClient({ source, target, hash, blockSize: 100_000 })
                .synchronize();
              assertEquals(result.protocol, 1);
              assertEquals(await Deno.readFile(`${directory}/target`), content);
            }
          }
        }
      });
    }),
});

Deno.test({
  name: "the original client copies from and to our server, with its own options",
  ignore,
  fn: () =>
    withFiles(async ({ directory, content, edited }) => {
      await using server = servePdiff({ root: directory, port: 0, writable: true, pathMode: "absolute" });
      const remote = `http://127.0.0.1:${server.port}${directory}`;
      for (
        const options of [[], ["-W"], ["-b", "64K"], ["-m", "sha256"], ["-c", "4"], [
          "-b",
          "1MiB",
          "-m",
          "md5",
        ]]
      ) {
        for (const before of [edited, undefined]) {
          await Deno.writeFile(`${directory}/source`, content);
          for (const isUpload of [false, true]) {
            await Deno.remove(`${directory}/target`).catch(() => {});
            if (before !== undefined) await Deno.writeFile(`${directory}/target`, before);
            const operands = isUpload
              ? [`${directory}/source`, `${remote}/target`]
              : [`${remote}/source`, `${directory}/target`];
            const { code, stderr } = await run(original, [...options, ...operands], { env });
            assertEquals(code, 0, stderr);
            assertEquals(await Deno.readFile(`${directory}/target`), content, `${options} ${isUpload}`);
          }
        }
      }
      const dry = await run(original, ["-n", `${remote}/source`, `${directory}/target`], { env });
      assertEquals(dry.code, 0, dry.stderr);
    }),
});

Deno.test({
  name: "command lines of the original program run unchanged with the same end",
  ignore,
  fn: () =>
    withFiles(async ({ directory, content, edited }) => {
      await withOriginalServer(async (port) => {
        const source = `http://127.0.0.1:${port}${directory}/source`;
        await Deno.writeFile(`${directory}/source`, content);
        for (
          const options of [["-n"], ["-W"], ["-b", "64K"], ["-m", "sha256"], ["-c", "4"], ["-nv"], ["-b5K"], [
            "--block=1MiB",
          ]]
        ) {
          const ends: { code: number; bytes: Uint8Array }[] = [];
          for (const program of ["ours", "theirs"]) {
            await Deno.writeFile(`${directory}/target`, edited);
            const args = [...options, source, `${directory}/target`];
            const { code } = program === "ours"
              ? await sluice(["pdiffcopy", ...args])
              : await run(original, args, { env });
            ends.push({ code, bytes: await Deno.readFile(`${directory}/target`) });
          }
          assertEquals(ends[0], ends[1], options.join(" "));
        }
      });
    }),
});
