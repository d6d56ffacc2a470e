/**
 * The C programs once more, built by gcc: distributions ship the libraries built by it, so it is what users compare with.
 */
import { ROOT } from "../_tools/zig.ts";

const EXTENSION = /\.[cS]$/;

async function sourcesBelow(folder: URL): Promise<string[]> {
  const found: string[] = [];
  for await (const entry of Deno.readDir(folder)) {
    if (entry.isDirectory) found.push(...await sourcesBelow(new URL(`${entry.name}/`, folder)));
    else if (EXTENSION.test(entry.name)) found.push(new URL(entry.name, folder).pathname);
  }
  return found;
}

/** Builds the program of a library by gcc -O3; its path, or undefined with the reason printed where there is no gcc. */
export async function gccBaseline(library: "zstd" | "lz4"): Promise<string | undefined> {
  const folder = new URL(`vendor/${library}/`, ROOT);
  const output = new URL(`.zig/out/bin/${library}_bench_gcc`, ROOT).pathname;
  const program = new URL(`bench/baselines/${library}_bench.c`, ROOT).pathname;
  try {
    const { success, stderr } = await new Deno.Command("gcc", {
      args: ["-O3", `-I${folder.pathname}`, "-o", output, program, ...await sourcesBelow(folder)],
      stdout: "null",
      stderr: "piped",
    }).output();
    if (success) return output;
    console.log(`gcc is left out: ${new TextDecoder().decode(stderr).split("\n")[0]}`);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    console.log("gcc is left out: it is not installed");
  }
  return undefined;
}
