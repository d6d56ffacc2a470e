import { assertEquals, assertRejects } from "@std/assert";
import { SluiceError } from "@sluice/internal";
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

for (const protocol of [undefined, 1, 2] as const) {
  Deno.test({
    name: `a pipe is no source and no target: ${protocol === undefined ? "local" : `protocol ${protocol}`}`,
    ignore,
    fn: () =>
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
  });
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
