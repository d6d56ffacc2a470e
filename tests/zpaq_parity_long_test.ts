/**
 * Each row of docs/parity/zpaq.md, with Debian's zpaq beside.
 */
import { run } from "./_cli.ts";
import type { Outcome } from "./_cli.ts";
import { testParity } from "./_parity.ts";
import type { ParityTool } from "./_parity.ts";
import { bytesAt } from "./_outputs.ts";

const decoder = new TextDecoder();
const zpaq = (args: readonly string[], cwd: string): Promise<Outcome> =>
  run("zpaq", args, { cwd, env: { TZ: "UTC" } });

/** The files that the page names, in a folder of the same path for both. */
async function prepare(cwd: string): Promise<void> {
  await Deno.mkdir(`${cwd}/s`);
  await Deno.writeTextFile(`${cwd}/s/a`, "one\n");
  await Deno.writeTextFile(`${cwd}/s/b`, "two\n");
  const old = new Date("2019-01-01T00:00:00Z");
  for (const name of ["s/a", "s/b", "s"]) await Deno.utime(`${cwd}/${name}`, old, old);
  await zpaq(["a", "p.zpaq", "s", "-until", "20200101000000"], cwd);
  await Deno.writeTextFile(`${cwd}/s/a`, "three\n");
  for (const name of ["s/a", "s"]) await Deno.utime(`${cwd}/${name}`, old, new Date("2020-06-01T00:00:00Z"));
  await zpaq(["a", "p.zpaq", "s", "-until", "20210101000000"], cwd);
  await zpaq(["a", "k.zpaq", "s", "-key", "x"], cwd);
  await zpaq(["a", "st.zpaq", "s", "-ms1"], cwd);
  await zpaq(["a", "abs.zpaq", `${cwd}/s`], cwd);
  await Deno.mkdir(`${cwd}/q`);
  await Deno.writeTextFile(`${cwd}/q/new`, "new\n");
  await Deno.writeTextFile(`${cwd}/junk.txt`, "no archive\n".repeat(30));
}

/** Names in a listing of either program: what follows the date, the size and the mode. */
function listedNames(text: string): string[] {
  const lines = text.matchAll(
    /^[-=+#^?] \d{4}-\d\d-\d\d \d\d:\d\d:\d\d +(?:-?\d+|\?) +(?:[d0]?\d{3,5} +)?(.+)$/gm,
  );
  return [...lines].map(([, name]) => name!).sort();
}

/** The lines of a listing that show a name, each as its mark and the name. */
function listedMarks(text: string): string[] {
  const lines = text.matchAll(
    /^([-=+#^?]) \d{4}-\d\d-\d\d \d\d:\d\d:\d\d +(?:-?\d+|\?) +(?:[d0]?\d{3,5} +)?(.+)$/gm,
  );
  return [...lines].map(([, mark, name]) => `${mark} ${name}`);
}

/** All files below a folder; archives by the names of their versions, as zpaq lists them. */
async function state(cwd: string): Promise<Record<string, string | undefined>> {
  const found: Record<string, string | undefined> = {};
  const walk = async (folder: string): Promise<void> => {
    for await (const entry of Deno.readDir(`${cwd}/${folder}`)) {
      const path = `${folder}${entry.name}`;
      if (entry.isDirectory) {
        found[path] = "folder";
        await walk(`${path}/`);
      } else if (path.endsWith(".zpaq")) {
        const key = path === "k.zpaq" ? ["-key", "x"] : [];
        let listed = await zpaq(["l", path, "-all", ...key], cwd);
        if (listed.code !== 0) listed = await zpaq(["l", path, "-all", "-key", "y"], cwd);
        found[path] = listedNames(decoder.decode(listed.stdout)).join("\n");
      } else {
        found[path] = await bytesAt(`${cwd}/${path}`);
      }
    }
  };
  await walk("");
  return found;
}

/** zpaq and `sluice zpaq`. */
export const ZPAQ: ParityTool = {
  name: "zpaq",
  page: new URL("../docs/parity/zpaq.md", import.meta.url),
  theirs: (args) => args,
  ours: (args) => ["zpaq", ...args, ...(args[0] === "a" ? ["-715"] : [])],
  prepare,
  state,
  output: (text, compared) => compared === "marks" ? listedMarks(text) : listedNames(text),
};

await testParity(ZPAQ);
