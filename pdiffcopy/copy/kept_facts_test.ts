import { assert, assertEquals, assertRejects } from "@std/assert";
import { SluiceError } from "@sluice/internal";
import { testBackends } from "../../tests/_backends.ts";
import { Random } from "../../tests/_data.ts";
import { inDirectory } from "../../tests/_directory.ts";
import { openFile } from "../file/_files.ts";
import { hasNativeFiles } from "../kernel/file.ts";
import { PdiffClient, servePdiff } from "../mod.ts";

const isWindows = Deno.build.os === "windows";
const CONTENT = new Random(3).bytes(200_000);
/** The list of one attribute, `user.kv` with the value `v`. */
const ATTRIBUTES = new Uint8Array([7, 0, 0, 0, 1, 0, 0, 0, ...new TextEncoder().encode("user.kvv")]);

for (const kind of ["local", "download", "upload"] as const) {
  for (const replace of ["atomic", "inplace", "auto"] as const) {
    for (const shift of [false, true]) {
      Deno.test({
        name: `a replaced file keeps owner, permissions and attributes: ${kind}, ${replace}${
          shift ? ", shift" : ""
        }`,
        ignore: !hasNativeFiles(undefined) || Deno.uid() !== 0,
        fn: () =>
          inDirectory(async (directory) => {
            await using server = servePdiff({ root: directory, port: 0, writable: true, durable: false });
            const url = `http://127.0.0.1:${server.port}`;
            const path = `${directory}/target`;
            await Deno.writeFile(`${directory}/source`, CONTENT);
            await Deno.writeFile(path, CONTENT.subarray(1));
            await Deno.chown(path, 107, 36);
            await Deno.chmod(path, 0o2664);
            let keepsAttributes: boolean;
            {
              using file = openFile(path, { write: true });
              keepsAttributes = file.setAttributes(ATTRIBUTES) === 0;
            }
            const source = kind === "download" ? `${url}/source` : `${directory}/source`;
            const target = kind === "upload" ? `${url}/target` : path;
            await new PdiffClient({ source, target, replace, shift }).synchronize();
            assertEquals(await Deno.readFile(path), CONTENT);
            const { uid, gid, mode } = await Deno.stat(path);
            assertEquals([uid, gid, (mode! & 0o7777).toString(8)], [107, 36, "2664"]);
            using file = openFile(path);
            if (keepsAttributes) assertEquals(file.attributes(), ATTRIBUTES);
          }),
      });
    }
  }
}

if (!isWindows) {
  testBackends("a new file has the permissions of its source at most", async () => {
    await inDirectory(async (directory) => {
      await using server = servePdiff({ root: directory, port: 0, writable: true, durable: false });
      const url = `http://127.0.0.1:${server.port}`;
      const path = `${directory}/source`;
      await Deno.writeFile(path, CONTENT);
      for (const mode of [0o600, 0o640, 0o400, 0o4755, 0o666]) {
        await Deno.chmod(path, mode);
        for (
          const [source, target] of [
            [path, `${directory}/local`],
            [`${url}/source`, `${directory}/down`],
            [path, `${url}/up`],
          ] as const
        ) {
          for (const shift of [false, true]) {
            await new PdiffClient({ source, target, shift }).synchronize();
            const made = target.replace(url, directory);
            const found = (await Deno.stat(made)).mode! & 0o7777;
            assertEquals(
              found & ~(mode & 0o777),
              0,
              `${target}: ${found.toString(8)} of ${mode.toString(8)}`,
            );
            assert((found & 0o400) !== 0);
            await Deno.remove(made);
          }
        }
      }
    });
  });
}

Deno.test({
  name: "a file whose owner can't be kept is changed in place, or not at all",
  ignore: !hasNativeFiles(undefined) || Deno.uid() !== 0,
  fn: () =>
    inDirectory(async (directory) => {
      await Deno.chmod(directory, 0o777);
      await Deno.writeFile(`${directory}/source`, CONTENT);
      await Deno.writeFile(`${directory}/target`, CONTENT.subarray(1));
      await Deno.chown(`${directory}/target`, 65534, 0);
      await Deno.chmod(`${directory}/target`, 0o666);
      const { ino } = await Deno.stat(`${directory}/target`);
      await new PdiffClient({ source: `${directory}/source`, target: `${directory}/target` }).synchronize();
      const after = await Deno.stat(`${directory}/target`);
      assertEquals(after.uid, 65534);
      if (after.ino === ino) assertEquals(await Deno.readFile(`${directory}/target`), CONTENT);
      await Deno.link(`${directory}/target`, `${directory}/second`);
      await Deno.writeFile(`${directory}/source`, CONTENT.subarray(2));
      const options = { source: `${directory}/source`, target: `${directory}/target` };
      await assertRejects(
        () => new PdiffClient({ ...options, replace: "atomic" }).synchronize(),
        SluiceError,
        "names",
      );
      await new PdiffClient({ ...options, shift: true }).synchronize();
      assertEquals(await Deno.readFile(`${directory}/second`), CONTENT.subarray(2));
    }),
});
