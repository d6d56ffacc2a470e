/**
 * Peers from npm, loaded when they can be had. A peer that can't is named with the reason, never passed over in silence.
 */

import { ROOT } from "../_tools/zig.ts";

/** A Python package, known by a module of it, in a folder of its own; undefined, with the reason printed, when it can't be had. */
export async function pythonPackage(
  name: string,
  requirement = name,
): Promise<Record<string, string> | undefined> {
  return await load(`Python's ${name}`, async () => {
    const folder = new URL(".zig/python/", ROOT).pathname;
    const env = { PYTHONPATH: folder };
    const python = (args: string[]) =>
      new Deno.Command("python3", { args, env, stdout: "null", stderr: "piped" }).output();
    if ((await python(["-c", `import ${name}`])).success) return env;
    const { success, stderr } = await python([
      "-m",
      "pip",
      "install",
      "--quiet",
      "--target",
      folder,
      requirement,
    ]);
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
    // deno-lint-ignore no-import-prefix -- fetched when a bench asks for it, not with the project
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
    // deno-lint-ignore no-import-prefix -- fetched when a bench asks for it, not with the project
    const zstd = await import("npm:zstd-napi@0.0.13");
    return {
      compress: (data, level) => zstd.compress(data, { compressionLevel: level }),
      decompress: (data) => zstd.decompress(data),
    };
  });
}

/** What an lz4 peer offers; each of them works on whole frames. */
export interface Lz4Peer {
  readonly compress: (data: Uint8Array) => Uint8Array | Promise<Uint8Array>;
  readonly decompress: (data: Uint8Array) => Uint8Array | Promise<Uint8Array>;
}

/** Bindings for Node to an implementation in Rust. */
export async function lz4Napi(): Promise<Lz4Peer | undefined> {
  return await load("lz4-napi", async () => {
    // deno-lint-ignore no-import-prefix -- fetched when a bench asks for it, not with the project
    const lz4 = await import("npm:lz4-napi@2.10.0");
    const { Buffer } = await import("node:buffer");
    const view = (data: Uint8Array) => Buffer.from(data.buffer, data.byteOffset, data.byteLength);
    return {
      compress: (data) => lz4.compressFrame(view(data)),
      decompress: (data) => lz4.decompressFrame(view(data)),
    };
  });
}

/** The implementation in JavaScript that most web projects use. */
export async function lz4js(): Promise<Lz4Peer | undefined> {
  return await load("lz4js", async () => {
    // deno-lint-ignore no-import-prefix -- fetched when a bench asks for it, not with the project
    const lz4 = (await import("npm:lz4js@0.2.0")).default;
    return { compress: (data) => lz4.compress(data), decompress: (data) => lz4.decompress(data) };
  });
}
