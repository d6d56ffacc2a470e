// deno-lint-ignore-file no-import-prefix -- peers are fetched when a bench asks for them, not with the project
/**
 * Peers from npm, loaded when they can be had. A peer that can't is named with the reason, never passed over in silence.
 */

import { ROOT } from "../_tools/zig.ts";

/** A Python package in a folder of its own; undefined, with the reason printed, when it can't be had. */
export async function pythonPackage(name: string): Promise<Record<string, string> | undefined> {
  return await load(`Python's ${name}`, async () => {
    const folder = new URL(".zig/python/", ROOT).pathname;
    const env = { PYTHONPATH: folder };
    const python = (args: string[]) =>
      new Deno.Command("python3", { args, env, stdout: "null", stderr: "piped" }).output();
    if ((await python(["-c", `import ${name}`])).success) return env;
    const { success, stderr } = await python(["-m", "pip", "install", "--quiet", "--target", folder, name]);
    if (!success) throw new Error(new TextDecoder().decode(stderr).trim().split("\n").at(-1));
    return env;
  });
}

/** What a zstd peer offers; each of them works on whole values. */
export interface ZstdPeer {
  readonly compress: (data: Uint8Array, level: number) => Uint8Array;
  readonly decompress: (data: Uint8Array) => Uint8Array;
}

async function load<T>(name: string, start: () => Promise<T>): Promise<T | undefined> {
  try {
    return await start();
  } catch (error) {
    console.log(`${name} is left out: ${error instanceof Error ? error.message.split("\n")[0] : error}`);
    return undefined;
  }
}

/** The WASM build that most web projects use. */
export async function bokuwebZstd(): Promise<ZstdPeer | undefined> {
  return await load("@bokuweb/zstd-wasm", async () => {
    const zstd = await import("npm:@bokuweb/zstd-wasm@0.0.27");
    await zstd.init();
    return {
      compress: (data, level) => zstd.compress(data, level),
      decompress: (data) => zstd.decompress(data),
    };
  });
}

/** Bindings for Node to the C library. */
export async function zstdNapi(): Promise<ZstdPeer | undefined> {
  return await load("zstd-napi", async () => {
    const zstd = await import("npm:zstd-napi@0.0.13");
    return {
      compress: (data, level) => zstd.compress(data, { compressionLevel: level }),
      decompress: (data) => zstd.decompress(data),
    };
  });
}
