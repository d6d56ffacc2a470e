/**
 * Copies over ssh, by a daemon of this test's own on loopback.
 */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { run, sluice, sluiceArguments } from "./_cli.ts";
import type { Outcome } from "./_cli.ts";
import { Random } from "./_data.ts";
import { inDirectory } from "./_directory.ts";

const SSHD = "/usr/sbin/sshd";
const hasSsh = Deno.build.os === "linux" && Deno.uid() === 0 &&
  await Deno.stat(SSHD).then(() => true, () => false) &&
  await run("ssh", ["-V"], {}).then(() => true, () => false);
if (!hasSsh) {
  console.log("SKIPPED: copies over ssh: there is no OpenSSH with its daemon here, or this is not root");
}

const REMOTE = [Deno.execPath(), ...sluiceArguments(["pdiffcopy"])].join(" ");

/** A place with an ssh daemon. */
interface Place {
  readonly folder: string;
  /** The address of a path of the folder. */
  url(path: string): string;
  copy(...args: string[]): Promise<Outcome>;
}

async function withDaemon(test: (place: Place) => Promise<void>): Promise<void> {
  await inDirectory(async (folder) => {
    const keygen = async (name: string): Promise<void> => {
      const args = ["-q", "-t", "ed25519", "-N", "", "-f", `${folder}/${name}`];
      assertEquals((await run("ssh-keygen", args)).code, 0);
    };
    await keygen("host");
    await keygen("key");
    await Deno.copyFile(`${folder}/key.pub`, `${folder}/authorized`);
    await Deno.mkdir("/run/sshd", { recursive: true });
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = listener.addr as Deno.NetAddr;
    listener.close();
    const config = [
      `HostKey ${folder}/host`,
      `AuthorizedKeysFile ${folder}/authorized`,
      `PidFile ${folder}/pid`,
      "StrictModes no",
      "UsePAM no",
    ];
    await Deno.writeTextFile(`${folder}/sshd`, config.join("\n") + "\n");
    const daemon = new Deno.Command(SSHD, {
      args: ["-D", "-e", "-f", `${folder}/sshd`, "-p", `${port}`, "-o", "ListenAddress=127.0.0.1"],
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
    const ssh =
      `ssh -i ${folder}/key -o StrictHostKeyChecking=no -o UserKnownHostsFile=${folder}/known -o LogLevel=ERROR`;
    try {
      await until(async () => {
        const connection = await Deno.connect({ hostname: "127.0.0.1", port }).catch(() => undefined);
        connection?.close();
        return connection !== undefined;
      });
      await test({
        folder,
        url: (path) => `ssh://127.0.0.1:${port}${folder}/${path}`,
        copy: (...args) => sluice(["pdiffcopy", "--ssh", ssh, "--remote-command", REMOTE, ...args]),
      });
    } finally {
      daemon.kill();
      await daemon.status;
    }
  });
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  for (let i = 0; !await holds(); i++) {
    assert(i < 100, "it takes too long");
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** Sockets that a copy has left behind. */
async function leftSockets(): Promise<string[]> {
  const names: string[] = [];
  for await (const { name } of Deno.readDir("/tmp")) {
    if (/^pdiffcopy-[0-9a-f]{64}$/.test(name)) names.push(name);
  }
  return names;
}

Deno.test(
  "pdiffcopy over ssh: files both ways, trees, dry runs, differences",
  { ignore: !hasSsh },
  () =>
    withDaemon(async ({ folder, url, copy }) => {
      const before = await leftSockets();
      const content = new Random(31).bytes(3_000_000);
      await Deno.writeFile(`${folder}/one %41?.img`, content);
      const down = await copy(url("one%20%2541%3F.img"), `${folder}/down`);
      assertEquals(down.code, 0, down.stderr);
      assertEquals(await Deno.readFile(`${folder}/down`), content);

      content[1_500_000]! ^= 1;
      await Deno.writeFile(`${folder}/down`, content);
      const up = await copy("-b", "64KiB", `${folder}/down`, url("up/there"));
      assertEquals(up.code, 0, up.stderr);
      assertEquals(await Deno.readFile(`${folder}/up/there`), content);
      const differs = await copy("-n", "--check", url("up/there"), `${folder}/one %41?.img`);
      assertEquals(differs.code, 2, differs.stderr);

      await Deno.mkdir(`${folder}/tree/sub`, { recursive: true });
      for (let i = 0; i < 40; i++) await Deno.writeTextFile(`${folder}/tree/sub/${i}`, `${i}`);
      await Deno.symlink("sub/1", `${folder}/tree/link`);
      for (
        const [source, target] of [[`${folder}/tree`, url("far")], [url("far"), `${folder}/back`]] as const
      ) {
        const tree = await copy("-a", source, target);
        assertEquals(tree.code, 0, tree.stderr);
      }
      assertEquals((await run("diff", ["-r", `${folder}/tree`, `${folder}/back`])).code, 0);
      assertEquals(await Deno.readLink(`${folder}/back/link`), "sub/1");
      await until(async () => (await leftSockets()).length <= before.length);
    }),
);

Deno.test(
  "pdiffcopy over ssh: what can go wrong says what it is",
  { ignore: !hasSsh },
  () =>
    withDaemon(async ({ folder, url, copy }) => {
      await Deno.writeTextFile(`${folder}/file`, "content");
      const missing = await copy(url("nowhere"), `${folder}/down`);
      assertEquals(missing.code, 1, missing.stderr);
      assertStringIncludes(missing.stderr, `Cannot use ${folder}/nowhere on ssh://127.0.0.1 `);
      const nothing = await copy("--remote-command", "no-such-command", url("file"), `${folder}/down`);
      assertEquals(nothing.code, 5, nothing.stderr);
      assertStringIncludes(nothing.stderr, '"no-such-command" did not start there');
      const refused = await copy("--ssh", "ssh -o BatchMode=yes", "ssh://127.0.0.1:1/file", `${folder}/down`);
      assertEquals(refused.code, 5, refused.stderr);
      const program = await copy("--ssh", "no-such-ssh", url("file"), `${folder}/down`);
      assertEquals(program.code, 5, program.stderr);
      assert(!(await Array.fromAsync(Deno.readDir(folder))).some(({ name }) => name.startsWith("down")));
      for (
        const [args, text] of [
          [["ssh://-oProxyCommand=x/file", "down"], "ssh://"],
          [["ssh://user:geheim@host/file", "down"], "ssh asks for passwords itself"],
          [["ssh://host", "down"], "the path is missing"],
          [["ssh://host/a?b", "down"], "%3F"],
          [["ssh://a/b", "ssh://c/d"], "Only one"],
          [["--token", "file", "ssh://a/b", "down"], "ssh protects the connection"],
        ] as const
      ) {
        const { code, stderr } = await copy(...args);
        assertEquals(code, 1, stderr);
        assertStringIncludes(stderr, text);
        assert(!stderr.includes("geheim"), stderr);
      }
      const idle = await sluice(["pdiffcopy", "--ssh", "ssh", "a", "b"]);
      assertEquals(idle.code, 1);
    }),
);

Deno.test(
  "the far side of ssh serves who has its secret, and ends with its client",
  { ignore: !hasSsh },
  async () => {
    await inDirectory(async (folder) => {
      await Deno.writeTextFile(`${folder}/file`, "content");
      const socket = `${folder}/socket`;
      const child = new Deno.Command(Deno.execPath(), {
        args: sluiceArguments(["pdiffcopy", "serve", "--attached", "--socket", socket, "--root", folder]),
        stdin: "piped",
        stdout: "piped",
        stderr: "null",
      }).spawn();
      const writer = child.stdin.getWriter();
      await writer.write(new TextEncoder().encode("word\n"));
      const reader = child.stdout.getReader();
      assertStringIncludes(new TextDecoder().decode((await reader.read()).value), "ready ");
      assertEquals(((await Deno.stat(socket)).mode ?? 0) & 0o077, 0);
      using client = Deno.createHttpClient({ proxy: { transport: "unix", path: socket } });
      const ask = async (headers: Record<string, string>): Promise<number> => {
        const answer = await fetch("http://127.0.0.1/v2/caps", { client, headers });
        await answer.body?.cancel();
        return answer.status;
      };
      assertEquals([await ask({}), await ask({ authorization: "Bearer word" })], [401, 200]);
      await writer.close();
      assertEquals((await child.status).code, 0);
      await reader.cancel();
      assert(await Deno.stat(socket).then(() => false, () => true));
    });
  },
);
