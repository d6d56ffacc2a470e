/**
 * Sources of the Python subset that Python runs from a file, by what the template has for that.
 */
import { zpaqlPyTemplate } from "@sluice/zpaq/compiler";

/** Runs a source with Python; undefined where there is none. */
export async function runPythonFile(
  source: string,
  input: Uint8Array,
  ...args: string[]
): Promise<{ readonly output: Uint8Array; readonly errors: string } | undefined> {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${folder}/source.py`, source);
    await Deno.writeFile(`${folder}/input`, input);
    const command = new Deno.Command("python3", {
      args: ["source.py", ...args],
      cwd: folder,
      env: { PYTHONDONTWRITEBYTECODE: "1" },
    });
    const { stdout, stderr } = await command.output();
    return { output: stdout, errors: new TextDecoder().decode(stderr) };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const EDITABLE = /^### BEGIN OF EDITABLE SECTION[^]*?^### END OF EDITABLE SECTION$/gm;
const HEADER = /^(?:hh|hm|ph|pm|n|pcomp_invocation) = .*$/gm;

/** A source of one part with what Python needs to run it; a template is that already. */
export function runnableSource(source: string): string {
  if (source.includes("### BEGIN OF EDITABLE SECTION")) return source;
  const [start, runtime, , driver] = zpaqlPyTemplate({ minimal: true }).split(EDITABLE);
  // Arrays are made as large as the header says, which stands before them.
  return [start, ...source.match(HEADER) ?? [], runtime, source, driver].join("\n");
}
