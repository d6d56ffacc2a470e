/**
 * The library that makes writes of a program fail, as `_io_fault.zig` says.
 */
import { assert } from "@std/assert";
import { runZig } from "../_tools/zig.ts";

/** Builds the library that makes the errors; undefined, with a visible line, where it does not work. */
export async function faultLibrary(folder: string): Promise<string | undefined> {
  const library = `${folder}/libfault.so`;
  const source = new URL("_io_fault.zig", import.meta.url).pathname;
  if (Deno.build.os !== "linux") return console.log("SKIPPED: disk errors: they are planted on Linux only")!;
  const args = ["build-lib", "-dynamic", "-OReleaseSmall", "-fPIC", "-lc", source, `-femit-bin=${library}`];
  assert((await runZig(args, folder)).success);
  return library;
}
