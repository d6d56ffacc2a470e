/**
 * The zstd program that the system has, for tests of what one side writes and the other reads.
 */

/** Whether it is installed. */
export const ZSTD_TOOL_IS_HERE: boolean = await new Deno.Command("zstd", {
  args: ["-qV"],
  stdout: "null",
  stderr: "null",
}).output().then(({ success }) => success, () => false);
if (!ZSTD_TOOL_IS_HERE) console.log("skipped: tests against the zstd tool, it is not installed");

/** Runs zstd in a folder of its own that holds the files; returns what it wrote to standard output. */
export async function runZstdTool(
  args: readonly string[],
  files: Readonly<Record<string, Uint8Array>>,
): Promise<{ readonly success: boolean; readonly stdout: Uint8Array; readonly stderr: string }> {
  const cwd = await Deno.makeTempDir();
  try {
    for (const [name, bytes] of Object.entries(files)) await Deno.writeFile(`${cwd}/${name}`, bytes);
    const { success, stdout, stderr } = await new Deno.Command("zstd", {
      args: [...args],
      cwd,
      stdin: "null",
    })
      .output();
    return { success, stdout, stderr: new TextDecoder().decode(stderr) };
  } finally {
    await Deno.remove(cwd, { recursive: true });
  }
}

/** As `runZstdTool`; fails with the tool's own words. */
export async function zstdTool(
  args: readonly string[],
  files: Readonly<Record<string, Uint8Array>>,
): Promise<Uint8Array> {
  const { success, stdout, stderr } = await runZstdTool(args, files);
  if (!success) throw new Error(`zstd ${args.join(" ")} failed: ${stderr}`);
  return stdout;
}
