/**
 * The packages as others get them: exactly the files that would be published, from a server, in an empty folder with an
 * empty cache.
 */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { BACKENDS } from "./_backends.ts";
import { nativeAssetName } from "../ffi/_resolve.ts";
import { serveRegistry } from "./_registry.ts";
import type { Registry } from "./_registry.ts";

const NATIVE = BACKENDS.includes("native");

interface Run {
  readonly code: number;
  readonly stdout: Uint8Array<ArrayBuffer>;
  readonly text: string;
}

/** An empty folder with caches of its own, in which programs run from a registry. */
class Place implements AsyncDisposable {
  readonly #registry: Registry;
  readonly folder: string;

  constructor(registry: Registry) {
    this.#registry = registry;
    this.folder = Deno.makeTempDirSync();
  }

  run(script: string, ...args: string[]): Promise<Run> {
    return this.#deno("run", "-A", ...this.#flags, script, ...args);
  }

  /** Checks types, those of the packages too. */
  check(script: string): Promise<Run> {
    return this.#deno("check", "--all", "--allow-import", ...this.#flags, script);
  }

  get #flags(): string[] {
    return ["--no-config", "--no-lock", `--import-map=${this.#registry.importMap}`];
  }

  async #deno(...args: string[]): Promise<Run> {
    const { folder } = this;
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args,
      cwd: folder,
      env: {
        DENO_DIR: `${folder}/deno`,
        HOME: folder,
        XDG_CACHE_HOME: `${folder}/cache`,
        NO_COLOR: "1",
      },
      stdin: "null",
    }).output();
    const text = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
    return { code, stdout, text };
  }

  async sluice(...args: string[]): Promise<Run> {
    return await this.run(`${this.#registry.packageUrl("@sluice/cli")}main.ts`, ...args);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.folder, { recursive: true });
  }
}

Deno.test("the command line runs from published files alone", async () => {
  await using registry = await serveRegistry();
  await using place = new Place(registry);
  const text = "from an empty folder\n".repeat(1000);
  await Deno.writeTextFile(`${place.folder}/file`, text);
  for (const [command, suffix] of [["zstd", "zst"], ["lz4", "lz4"]] as const) {
    const output = command === "zstd" ? ["-o", "file.zst"] : ["file.lz4"];
    const packed = await place.sluice(command, "-q", "file", ...output);
    assertEquals(packed.code, 0, packed.text);
    assert((await Deno.stat(`${place.folder}/file.${suffix}`)).size < 1000);
    const unpacked = await place.sluice(command, "-q", "-d", "-c", `file.${suffix}`);
    assertEquals(new TextDecoder().decode(unpacked.stdout), text);
  }
  const status = await place.sluice("native", "status");
  assertStringIncludes(status.text, "backend  wasm");
  assertStringIncludes(status.text, "sluice native install");
});

Deno.test("programs that import the packages pass the type check with the options that Deno has by default", async () => {
  await using registry = await serveRegistry();
  await using place = new Place(registry);
  const program = `${place.folder}/program.ts`;
  const names = ["zstd", "zstd/seekable", "zstd/http", "lz4", "gitdb", "zpaq", "zpaq/compiler", "pdiffcopy"];
  await Deno.writeTextFile(
    program,
    names.map((name, i) => `import * as m${i} from "@sluice/${name}"; console.log(m${i});`).join("\n"),
  );
  const checked = await place.check(program);
  assertEquals(checked.code, 0, checked.text);
});

Deno.test("a program imports the umbrella package from published files alone", async () => {
  await using registry = await serveRegistry();
  await using place = new Place(registry);
  const program = `${place.folder}/program.ts`;
  await Deno.writeTextFile(
    program,
    `import { lz4, zstd } from "@sluice/sluice";
     const data = new Uint8Array(1000).fill(7);
     const back = [zstd.decompressZstd(zstd.compressZstd(data)), lz4.decompressLz4(lz4.compressLz4(data))];
     console.log(back.map((bytes) => bytes.length).join());`,
  );
  assertStringIncludes((await place.run(program)).text, "1000,1000");
});

Deno.test(
  "sluice native install fetches the library, and nothing that is not it",
  { ignore: !NATIVE },
  async () => {
    await using registry = await serveRegistry();
    await using place = new Place(registry);
    const path = new URL(nativeAssetName(), registry.packageUrl("@sluice/ffi")).pathname.slice(1);
    const wrong = (bytes: Uint8Array<ArrayBuffer>): BodyInit =>
      bytes.with(bytes.length >>> 1, 1 ^ bytes[bytes.length >>> 1]!);
    const short = (bytes: Uint8Array<ArrayBuffer>): BodyInit => bytes.subarray(0, bytes.length - 1);
    const long = (bytes: Uint8Array<ArrayBuffer>): BodyInit => new Blob([bytes, "x"]);
    const interrupted = (bytes: Uint8Array<ArrayBuffer>): BodyInit =>
      new ReadableStream({
        start(controller): void {
          controller.enqueue(bytes.subarray(0, 100_000));
          controller.error(new Error("the connection breaks"));
        },
      });
    registry.faults.set(path, [wrong, short, long, interrupted]);
    for (const code of ["WRONG_ASSET", "WRONG_SIZE", "WRONG_SIZE", "FETCH_FAILED"]) {
      const failed = await place.sluice("native", "install");
      assertEquals(failed.code, 1, failed.text);
      assertStringIncludes(failed.text, code);
      assertStringIncludes((await place.sluice("native", "status")).text, "backend  wasm");
    }
    const nothing = await place.sluice("native", "install", `--from=${registry.url}nowhere/`);
    assertStringIncludes(nothing.text, "answered 404");
    const installed = await place.sluice("native", "install");
    assertEquals(installed.code, 0, installed.text);
    const library = installed.text.trim();
    assert(library.startsWith(`${place.folder}/cache/sluice/`), library);
    const folder = library.slice(0, library.lastIndexOf("/"));
    assertEquals(await Array.fromAsync(Deno.readDir(folder), ({ name }) => name), [
      library.slice(folder.length + 1),
    ]);
    const status = await place.sluice("native", "status");
    assertStringIncludes(status.text, "backend  native");
    assertStringIncludes(status.text, library);
  },
);
