/**
 * Where the native library of this machine lies.
 */
import { ABI_HASH } from "./_abi.gen.ts";

/** Names of the library's file by `Deno.build.os`: what `ffi/zig/build.zig` installs. */
const FILE_NAMES: Readonly<Record<string, string>> = {
  linux: "libsluice.so",
  darwin: "libsluice.dylib",
  windows: "sluice.dll",
};

/** The library's path inside the package for this machine: "native/linux-x86_64/libsluice.so". */
export function nativeAssetName(): string {
  const os = Deno.build.os === "darwin" ? "macos" : Deno.build.os;
  return `native/${os}-${Deno.build.arch}/${FILE_NAMES[Deno.build.os] ?? "libsluice.so"}`;
}

/** The path of the library beside this module, whether it is there or not. Only for modules loaded from files. */
export function nativeLibraryPath(): string {
  const url = new URL(`./${nativeAssetName()}`, import.meta.url);
  return Deno.build.os === "windows" ? url.pathname.slice(1) : url.pathname;
}

/** Reads a variable where that is permitted already. */
function variable(name: string): string | undefined {
  if (Deno.permissions.querySync({ name: "env", variable: name }).state !== "granted") return undefined;
  return Deno.env.get(name) || undefined;
}

/**
 * Where `installNative` puts the library and where it is looked for: under the user's cache folder, by ABI, so that
 * several versions live side by side. Undefined where the environment may not be read.
 */
export function installedLibraryPath(): string | undefined {
  const home = variable(Deno.build.os === "windows" ? "LOCALAPPDATA" : "HOME");
  const local = home === undefined ? undefined : Deno.build.os === "windows" ? home : `${home}/.cache`;
  const cache = variable("XDG_CACHE_HOME") ?? local;
  return cache === undefined ? undefined : `${cache}/sluice/${ABI_HASH.toString(16)}/${nativeAssetName()}`;
}
