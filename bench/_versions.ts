/**
 * What a report compares: the versions of everything that was measured. Not a script of its own.
 */
import { ROOT } from "../_tools/zig.ts";

/** Programs and what makes them tell their version. */
const PROGRAMS: readonly (readonly [string, ...string[]])[] = [
  ["git", "--version"],
  ["lz4", "--version"],
  ["rsync", "--version"],
  ["zpaq"],
  ["zstd", "--version"],
];
const VERSION = /\bv?(\d+\.\d+(?:\.\d+)*)/;

async function programVersion([program, ...args]: readonly [string, ...string[]]): Promise<string> {
  try {
    const { stdout, stderr } = await new Deno.Command(program, { args, stdin: "null" }).output();
    const text = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
    return `${program} ${VERSION.exec(text)?.[1] ?? "of unknown version"}`;
  } catch {
    return `${program} is not installed`;
  }
}

/** The C sources inside. */
async function vendoredVersions(): Promise<string[]> {
  const { sources } = JSON.parse(await Deno.readTextFile(new URL("vendor/sources.json", ROOT)));
  return (sources as { name: string; version: string }[]).map(({ name, version }) => `${name} ${version}`);
}

/** Packages of npm, as the imports of `_peers.ts` name them. */
async function npmVersions(): Promise<string[]> {
  const source = await Deno.readTextFile(new URL("./_peers.ts", import.meta.url));
  return [...source.matchAll(/"npm:(.+)@([\d.]+)"/g)].map(([, name, version]) => `${name} ${version}`);
}

/** Packages of Python that were installed for a bench. */
async function pythonVersions(): Promise<string[]> {
  const versions: string[] = [];
  try {
    for await (const { name } of Deno.readDir(new URL(".zig/python/", ROOT))) {
      const match = /^(.+)-([\d.]+)\.dist-info$/.exec(name);
      if (match !== null) versions.push(`${match[1]} ${match[2]}`);
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return versions.sort();
}

/** A Markdown list: what is inside, and the peers by where they come from. */
export async function versionLines(): Promise<string> {
  const lines: readonly (readonly [string, readonly string[]])[] = [
    ["inside", await vendoredVersions()],
    ["programs", await Promise.all(PROGRAMS.map(programVersion))],
    ["packages of npm", await npmVersions()],
    ["packages of Python", await pythonVersions()],
  ];
  return lines.filter(([, versions]) => versions.length > 0)
    .map(([title, versions]) => `- ${title}: ${versions.join(", ")}`).join("\n");
}
