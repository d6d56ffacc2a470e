import { assert, assertEquals, assertRejects } from "@std/assert";
import { SluiceError } from "@sluice/internal";
import { Random } from "../../tests/_data.ts";
import { testBackends } from "../../tests/_backends.ts";
import { inDirectory } from "../../tests/_directory.ts";
import { PdiffClient, servePdiff } from "../mod.ts";

const ignore = Deno.build.os !== "linux";

async function run(command: string, ...args: string[]): Promise<string | undefined> {
  try {
    const { success, stdout } = await new Deno.Command(command, { args, stderr: "null" }).output();
    return success ? new TextDecoder().decode(stdout).trim() : undefined;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

for (const protocol of ignore ? [] : [undefined, 1, 2] as const) {
  testBackends(
    `a pipe is no source and no target: ${protocol === undefined ? "local" : `protocol ${protocol}`}`,
    () =>
      inDirectory(async (directory) => {
        await run("mkfifo", `${directory}/pipe`);
        await Deno.writeTextFile(`${directory}/file`, "content");
        await using server = servePdiff({ root: directory, port: 0, writable: true });
        const base = protocol === undefined ? directory : `http://127.0.0.1:${server.port}`;
        const target = `${directory}/target`;
        await assertRejects(
          () => new PdiffClient({ source: `${base}/pipe`, target, protocol, retries: 0 }).synchronize(),
          SluiceError,
        );
        await assertRejects(() => Deno.lstat(target), Deno.errors.NotFound);
        await assertRejects(
          () =>
            new PdiffClient({ source: `${directory}/file`, target: `${base}/pipe`, protocol, retries: 0 })
              .synchronize(),
          SluiceError,
        );
      }),
  );
}

Deno.test({
  name: "a file that does not say how long it is is read to its end",
  ignore,
  fn: () =>
    inDirectory(async (directory) => {
      await new PdiffClient({ source: "/proc/version", target: `${directory}/version` }).synchronize();
      assertEquals(await Deno.readFile(`${directory}/version`), await Deno.readFile("/proc/version"));
    }),
});

Deno.test({
  name: "a device takes what fits, and nothing of what does not",
  ignore: ignore || Deno.uid() !== 0,
  fn: () =>
    inDirectory(async (directory) => {
      await Deno.truncate(await create(`${directory}/image`), 4 << 20);
      const device = await run("losetup", "-f", "--show", `${directory}/image`);
      if (device === undefined) return; // a system without loop devices
      try {
        const content = new Uint8Array(1 << 20).fill(7);
        await Deno.writeFile(`${directory}/small`, content);
        const copied = await new PdiffClient({ source: `${directory}/small`, target: device }).synchronize();
        assertEquals(copied.equal, false);
        const check = await new PdiffClient({ source: `${directory}/small`, target: device, dryRun: true })
          .synchronize();
        assertEquals(check.equal, true);
        const before = (await Deno.readFile(device)).subarray(0, 2 << 20).toBase64();
        await Deno.writeFile(`${directory}/large`, new Uint8Array(5 << 20).fill(9));
        const error = await assertRejects(
          () => new PdiffClient({ source: `${directory}/large`, target: device }).synchronize(),
          SluiceError,
        );
        assertEquals(error.code, "NO_SPACE");
        assertEquals((await Deno.readFile(device)).subarray(0, 2 << 20).toBase64(), before);
        assertEquals([...Deno.readDirSync("/dev")].filter(({ name }) => name.includes("pdiff")), []);
      } finally {
        await run("losetup", "-d", device);
      }
    }),
});

async function create(path: string): Promise<string> {
  await Deno.writeFile(path, new Uint8Array());
  return path;
}

/** A loop device over a file, where the system has them; it is detached at the end. */
async function withDevice(
  size: number,
  use: (device: string, directory: string) => Promise<void>,
): Promise<void> {
  await inDirectory(async (directory) => {
    await Deno.truncate(await create(`${directory}/image`), size);
    const device = await run("losetup", "-f", "--show", `${directory}/image`);
    if (device === undefined) return; // a system without loop devices
    const state = Deno.env.get("XDG_STATE_HOME");
    Deno.env.set("XDG_STATE_HOME", `${directory}/state`);
    try {
      await use(device, directory);
    } finally {
      if (state === undefined) Deno.env.delete("XDG_STATE_HOME");
      else Deno.env.set("XDG_STATE_HOME", state);
      await run("losetup", "-d", device);
    }
  });
}

Deno.test({
  name: "moved content is put together for a device, and leaves nothing",
  ignore: ignore || Deno.uid() !== 0,
  fn: () =>
    withDevice(8 << 20, async (device, directory) => {
      const old = new Random(31).bytes(6 << 20);
      const content = new Uint8Array([1, 2, 3, ...old.subarray(0, 5 << 20)]);
      await Deno.writeFile(`${directory}/source`, content);
      await using server = servePdiff({ root: "/", port: 0, writable: true });
      const url = `http://127.0.0.1:${server.port}`;
      const local = `${directory}/source`;
      for (
        const [source, target] of [[local, device], [`${url}${local}`, device], [
          local,
          `${url}${device}`,
        ]] as const
      ) {
        await Deno.writeFile(device, old, { create: false });
        const options = { source, target, shift: true, verifyWritten: true };
        const { bytesTransferred } = await new PdiffClient(options).synchronize();
        assert(bytesTransferred < 20_000, `${target}: ${bytesTransferred} bytes`);
        const found = await Deno.readFile(device);
        assertEquals(found.length, 8 << 20);
        assertEquals(found.subarray(0, content.length).toBase64(), content.toBase64());
        // What follows the image stays.
        const [from, to] = [content.length, old.length];
        assertEquals(found.subarray(from, to).toBase64(), old.subarray(from, to).toBase64());
        assertEquals((await new PdiffClient(options).synchronize()).equal, true);
        assertEquals([...Deno.readDirSync(`${directory}/state/sluice`)], []);
      }
      await Deno.writeFile(device, old, { create: false });
      await assertRejects(
        () =>
          new PdiffClient({ source: local, target: device, shift: true, replace: "atomic" }).synchronize(),
        SluiceError,
        "device",
      );
    }),
});

Deno.test({
  name: "what an interrupted copy left for a device is used by the next",
  ignore: ignore || Deno.uid() !== 0,
  fn: () =>
    withDevice(8 << 20, async (device, directory) => {
      const content = new Random(32).bytes(6 << 20);
      await Deno.writeFile(`${directory}/source`, content);
      await Deno.mkdir(`${directory}/state/sluice`, { recursive: true });
      const left = `${directory}/state/sluice/.${device.replaceAll("/", "_")}.pdiff-part`;
      await Deno.writeFile(left, content.subarray(0, 5 << 20));
      const { bytesTransferred, resumed } = await new PdiffClient({
        source: `${directory}/source`,
        target: device,
        shift: true,
      }).synchronize();
      assert(resumed);
      assert(bytesTransferred < 1_100_000, `${bytesTransferred} bytes`);
      assertEquals((await Deno.readFile(device)).subarray(0, content.length).toBase64(), content.toBase64());
    }),
});
