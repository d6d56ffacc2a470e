/**
 * Where the native library of this machine lies.
 */

/** Target folders by `Deno.build`: what `ffi/zig/build.zig` installs into. */
const FILE_NAMES: Readonly<Record<string, string>> = {
  linux: "libsluice.so",
  darwin: "libsluice.dylib",
  windows: "sluice.dll",
};

/** The path of the library beside this module, whether it is there or not. Only for modules loaded from files. */
export function nativeLibraryPath(): string {
  const os = Deno.build.os === "darwin" ? "macos" : Deno.build.os;
  const file = FILE_NAMES[Deno.build.os] ?? "libsluice.so";
  const url = new URL(`./native/${os}-${Deno.build.arch}/${file}`, import.meta.url);
  return Deno.build.os === "windows" ? url.pathname.slice(1) : url.pathname;
}
