/**
 * Checks the tables of docs/parity:
 * - every link leads to a file of the checkout;
 * - every name of ours in a table about a library is exported, a member of something exported, or a command's;
 * - "done" links to a test that runs on both backends, or that no backend takes part in: a test that reaches a kernel
 *   has to reach `tests/_backends.ts`, or to be one of `ON_WASM`, which a long test runs on the second backend.
 *
 * Run `deno run -A _tools/check_parity.ts`; prints one line a finding and fails when there is one.
 */
import { ON_WASM } from "../tests/_on_wasm_files.ts";
import { listMembers, runDeno } from "./command.ts";
import { ROOT } from "./zig.ts";

/** Tables about libraries: their second column has names of ours. */
const LIBRARIES: Readonly<Record<string, string>> = {
  "python-zstandard.md": "zstd",
  "py-lz4framed.md": "lz4",
  "gitdb.md": "gitdb",
  "libzpaq.md": "zpaq",
  "zpaqlpy.md": "zpaq",
  "pdiffcopy.md": "pdiffcopy",
};
/** Names of the platform, of the subset of Python, and of parameters that zstd's own names stand for. */
const OTHERS: ReadonlySet<string> = new Set(["pipeTo", "hash"]);
const FOLDER = "docs/parity";
const PREPARED_BACKENDS = "tests/_backends.ts";

const members = await listMembers();
const findings: string[] = [];

/** Where an import of a file leads inside the checkout. */
function resolveImport(from: string, specifier: string): string | undefined {
  if (specifier.startsWith(".")) return new URL(specifier, `file:///${from}`).pathname.slice(1);
  for (const { name, folder, exports } of members) {
    for (const [key, path] of Object.entries(exports)) {
      if (specifier === name + key.slice(1)) return new URL(path, `file:///${folder}/`).pathname.slice(1);
    }
  }
  return undefined;
}

const closures = new Map<string, ReadonlySet<string>>();

/** All files that a file imports, however far away. */
async function reached(path: string): Promise<ReadonlySet<string>> {
  const known = closures.get(path);
  if (known !== undefined) return known;
  const found = new Set<string>();
  const waiting = [path];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (found.has(next)) continue;
    found.add(next);
    const text = await Deno.readTextFile(new URL(next, ROOT)).catch(() => "");
    for (const [, specifier] of text.matchAll(/^(?:import|export)\b[^;"]*"([^"]+)";/gm)) {
      const target = resolveImport(next, specifier!);
      if (target !== undefined) waiting.push(target);
    }
  }
  closures.set(path, found);
  return found;
}

/** Words of a package's interface: exported names, members and options, by `deno doc`. */
async function namesOf(folder: string): Promise<Set<string>> {
  const { exports } = members.find((member) => member.folder === folder)!;
  const entries = Object.values(exports).map((path) => new URL(`${folder}/${path}`, ROOT).pathname);
  const { success, stdout, stderr } = await runDeno(["doc", "--json", ...entries]);
  if (!success) throw new Error(`Cannot list the names of ${folder}: ${stderr.trim()}`);
  return new Set([...stdout.matchAll(/"name":\s*"([^"]+)"/g)].map(([, name]) => name!));
}

/** Names in a cell: spans of code that are a name, a path of names, or a call of one. */
function namesIn(cell: string): string[] {
  return [...cell.matchAll(/`(?:new )?([A-Za-z_][\w.]*)(?:\([^`]*\)(?:\.(\w+)\(\))?)?`/g)]
    .flatMap(([, path, next]) => [...path!.split("."), ...(next === undefined ? [] : [next])]);
}

async function checkRow(
  page: string,
  cells: readonly string[],
  names: Set<string> | undefined,
): Promise<void> {
  const row = `${page}: ${cells[0]!.slice(0, 60)}`;
  for (const name of cells.length < 3 ? [] : namesIn(cells[1]!)) {
    if (names?.has(name) === false && !OTHERS.has(name)) findings.push(`${row}: ${name} is no name of ours`);
  }
  for (const [, state, target] of cells.at(-1)!.matchAll(/\[([^\]]+)\]\(\.\.\/\.\.\/([^)#]+)/g)) {
    if (state !== "done" || !target!.endsWith("_test.ts")) continue;
    const files = await reached(target!);
    const callsCodecs = [...files].some((path) => path.includes("/kernel/"));
    if (callsCodecs && !files.has(PREPARED_BACKENDS) && !ON_WASM.includes(target!)) {
      findings.push(`${row}: ${target} runs on one backend alone`);
    }
  }
}

for (const { name: page } of Deno.readDirSync(new URL(FOLDER, ROOT))) {
  const text = await Deno.readTextFile(new URL(`${FOLDER}/${page}`, ROOT));
  for (const [, target] of text.matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g)) {
    const url = new URL(target!, new URL(`${FOLDER}/${page}`, ROOT));
    if (!await Deno.stat(url).then(() => true, () => false)) {
      findings.push(`${page}: ${target} does not exist`);
    }
  }
  const folder = LIBRARIES[page];
  const names = folder === undefined ? undefined : await namesOf(folder);
  for (const [line] of text.matchAll(/^\|.*\|$/gm)) {
    await checkRow(page, line.split(/(?<!\\)\|/).slice(1, -1).map((cell) => cell.trim()), names);
  }
}
for (const finding of findings) console.error(finding);
if (findings.length > 0) Deno.exit(1);
