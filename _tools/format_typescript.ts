/**
 * Formatting of generated files. Not a script of its own.
 */
import { ROOT } from "./zig.ts";

/** Formats with the project's own settings, so that `deno fmt --check` agrees with what is written. */
export async function formatTypeScript(text: string): Promise<string> {
  const config = new URL("deno.json", ROOT).pathname;
  const child = new Deno.Command(Deno.execPath(), {
    args: ["fmt", "--quiet", "--config", config, "--ext", "ts", "-"],
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(text));
  await writer.close();
  return new TextDecoder().decode((await child.output()).stdout);
}
