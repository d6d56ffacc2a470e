/**
 * Checks what no other tool does:
 * - every public file of a library package is reached from one of its entry points;
 * - every exported function and class has an example that asserts;
 * - every public name of a codec package carries its format's word or is shared by all, and ARCHITECTURE.md shows the
 *   table of names as it is;
 * - no page and no example imports `@sluice/internal`, which is no interface for users;
 * - tracked files name no package registry and no folder of the machine they were written on;
 * - no tracked file is above 1 MiB, and no vendored C source, library or WASM module is tracked;
 * - no Zig function gives a field back and then allocates it, and none has more than 70 lines without a reason.
 *
 * Run `deno run -A _tools/check_conventions.ts`; prints one line a finding and fails when there is one.
 */
import { listFiles, listMembers, runDeno } from "./command.ts";
import type { Member } from "./command.ts";
import { FORMAT_WORDS, SHARED_NAMES, withNamesTable } from "./names_table.ts";
import { ROOT } from "./zig.ts";

/** The program: its files are commands, not exports. */
const PROGRAM = "cli";

/** Parts below the codec packages, whose examples are those packages: kernels, and what drives a pull codec. */
const SHOWN_ABOVE = /^ffi\/(?!mod\.ts|backend\.ts)|\/kernel\/|^internal\/(?:pull_|whole_output)/;

/** Errors of one family share the example of their base class. */
const FAMILY = "SluiceError";

const FILE_SIZE_MAX = 1 << 20;

/** Brackets keep these patterns from matching themselves. */
const FOREIGN: readonly { readonly what: string; readonly pattern: RegExp }[] = [
  {
    what: "a package registry",
    pattern: /registry[.]npm[j]s|npm[.]jsr[.]io|deb[.]debian|pypi[.]or[g]|python[h]osted/,
  },
  { what: "a folder of one machine", pattern: /(?<![\w.$}])[/](?:wor[k]|hom[e]|roo[t]|Users)[/]/ },
];

/** Pins and lists whose business it is to name hosts. */
const MAY_NAME_HOSTS: ReadonlySet<string> = new Set(["deno.lock", "vendor/sources.json"]);

async function read(path: string): Promise<string> {
  return await Deno.readTextFile(new URL(path, ROOT));
}

/** Files that an entry point re-exports, directly or through others, by their paths from the package's folder. */
async function reachedFiles(member: Member): Promise<Set<string>> {
  const reached = new Set<string>();
  const waiting = Object.values(member.exports).map((path) => path.replace(/^\.\//, ""));
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    if (reached.has(path)) continue;
    reached.add(path);
    const text = await read(`${member.folder}/${path}`).catch(() => "");
    for (const [, specifier] of text.matchAll(/^export [^;]*? from "(\.[^"]+)";/gm)) {
      waiting.push(new URL(specifier!, `file:///${path}`).pathname.slice(1));
    }
  }
  return reached;
}

/** Public files that no entry point of their package reaches. */
async function unreachedFiles(member: Member): Promise<string[]> {
  const files = (await listFiles(`${member.folder}/*.ts`))
    .map((path) => path.slice(member.folder.length + 1))
    .filter((path) => !/(?:^|\/)_|^kernel\/|_(?:test|bench)\.ts$/.test(path));
  const reached = await reachedFiles(member);
  return files.filter((path) => !reached.has(path)).map((path) =>
    `${member.folder}/${path}: not reached from an entry point of ${member.name}: name it in mod.ts or in deno.json`
  );
}

/** The parts of `deno doc --json` that are looked at. */
interface Documentation {
  readonly nodes: Readonly<Record<string, { readonly symbols: readonly DocumentedSymbol[] }>>;
}

interface DocumentedSymbol {
  readonly name: string;
  readonly declarations: readonly {
    readonly kind: string;
    readonly declarationKind: string;
    readonly def?: { readonly extends?: string };
    readonly location: { readonly filename: string; readonly line: number };
    readonly jsDoc?: { readonly tags?: readonly { readonly kind: string; readonly doc?: string }[] };
  }[];
}

/** What a package exports, as `deno doc` lists it. */
async function documentationOf(member: Member): Promise<Documentation> {
  const entries = Object.values(member.exports).map((path) => `${member.folder}/${path}`);
  const { success, stdout, stderr } = await runDeno(["doc", "--json", ...entries]);
  if (!success) throw new Error(`deno doc ${entries.join(" ")} failed: ${stderr.trim()}`);
  return JSON.parse(stdout);
}

/** Public names of a codec package that do not say which format they belong to. */
function namesWithoutFormat(member: Member, { nodes }: Documentation): string[] {
  const word = FORMAT_WORDS[member.folder];
  if (word === undefined) return [];
  const names = new Set(
    Object.values(nodes).flatMap(({ symbols }) =>
      symbols.filter(({ declarations }) => declarations.some((each) => each.declarationKind === "export"))
        .map(({ name }) => name)
    ),
  );
  return [...names].filter((name) => !word.test(name) && SHARED_NAMES[name] === undefined)
    .map((name) => `${member.folder}: the public name ${name} does not carry its format`);
}

/** Pages, examples and the packages whose doc comments show programs of users; `internal` shows itself. */
const SHOWN_TO_USERS =
  /^(?!internal\/).*\.md$|^examples\/|^(?:zstd|lz4|gitdb|zpaq|pdiffcopy)\/.*(?<!_test)\.ts$/;

/** Imports of `internal` in what users read, line by line; code of a package may have them, its doc comments may not. */
async function internalImports(files: readonly string[]): Promise<string[]> {
  const findings: string[] = [];
  for (const path of files.filter((path) => SHOWN_TO_USERS.test(path))) {
    const isPackage = path.endsWith(".ts") && !path.startsWith("examples/");
    const shown = isPackage ? /^ *\* .*from "@sluice\/internal/ : /from "@sluice\/internal/;
    for (const [index, line] of (await read(path)).split("\n").entries()) {
      if (!shown.test(line)) continue;
      findings.push(`${path}:${index + 1}: shows @sluice/internal, whose names the packages export`);
    }
  }
  return findings;
}

/** Shipped code that takes the platform's "latin1" for one character a byte: it is windows-1252. */
async function windowsDecoders(files: readonly string[]): Promise<string[]> {
  const findings: string[] = [];
  for (const path of files.filter((path) => /^(?!tests\/|_tools\/).*(?<!_test)\.ts$/.test(path))) {
    for (const [index, line] of (await read(path)).split("\n").entries()) {
      if (/TextDecoder\("(?:latin1|ascii|iso-8859-1)"/.test(line)) {
        findings.push(`${path}:${index + 1}: decodes windows-1252, expected byteString`);
      }
    }
  }
  return findings;
}

/** The table of names on the page, where it is not what `names_table.ts` holds. */
async function staleNamesTable(): Promise<string[]> {
  const page = await read("ARCHITECTURE.md");
  return withNamesTable(page) === page
    ? []
    : ["ARCHITECTURE.md: the table of names is stale: run deno run -A _tools/names_table.ts"];
}

/** Exported functions and classes of a package without an example that asserts. */
function missingExamples(member: Member, { nodes }: Documentation): string[] {
  const folder = new URL(`${member.folder}/`, ROOT).href;
  const findings = new Set<string>();
  for (const { symbols } of Object.values(nodes)) {
    for (const { name, declarations } of symbols) {
      const own = declarations.filter(({ kind, def, location }) =>
        (kind === "function" || kind === "class" && def?.extends !== FAMILY) &&
        location.filename.startsWith(folder)
      );
      if (own.length === 0) continue;
      const tags = declarations.flatMap(({ jsDoc }) => jsDoc?.tags ?? []);
      if (tags.some(({ kind, doc }) => kind === "example" && /\bassert/.test(doc ?? ""))) continue;
      const { filename, line } = own[0]!.location;
      const path = filename.slice(ROOT.href.length);
      if (SHOWN_ABOVE.test(path)) continue;
      findings.add(`${path}:${line}: ${name} has no example that asserts`);
    }
  }
  return [...findings];
}

/** Lines that name hosts or folders which belong to somebody's machine. */
async function foreignNames(files: readonly string[]): Promise<string[]> {
  const findings: string[] = [];
  for (const path of files.filter((path) => !MAY_NAME_HOSTS.has(path))) {
    const lines = (await read(path)).split("\n");
    for (const [index, line] of lines.entries()) {
      for (const { what, pattern } of FOREIGN) {
        if (pattern.test(line)) {
          findings.push(`${path}:${index + 1}: names ${what}: ${line.trim().slice(0, 80)}`);
        }
      }
    }
  }
  return findings;
}

/** Files that are too large, or that are fetched or built and not tracked. */
async function strayFiles(files: readonly string[]): Promise<string[]> {
  const findings: string[] = [];
  for (const path of files) {
    const { size } = await Deno.stat(new URL(path, ROOT));
    if (size > FILE_SIZE_MAX) findings.push(`${path}: ${size} bytes, expected at most ${FILE_SIZE_MAX}`);
    const built = /\.(?:wasm|so|dylib|dll|a|o|obj|exe)$/.test(path);
    const foreign = /^vendor\/.*\.[chS]$|^ffi\/.*\.c$|^ffi\/(?!zig\/).*\.h$/.test(path);
    if (built || foreign) findings.push(`${path}: fetched or built at set-up, must not be tracked`);
  }
  return findings;
}

/**
 * Fields of our Zig that are given back and then allocated anew in one function: when the second step fails, the field
 * still names what is gone. `Memory.resize` does it in one step; what is emptied between the two is safe.
 */
async function releasedThenAllocated(files: readonly string[]): Promise<string[]> {
  const findings: string[] = [];
  for (const path of files.filter((path) => path.endsWith(".zig") && !path.includes("/core/"))) {
    const text = await read(path);
    for (const [body] of text.matchAll(/^( *)(?:pub )?fn [\s\S]*?^\1}$/gm)) {
      for (
        const { 1: field, index } of body.matchAll(
          /(?:\.release|allocator\.free|heap\.give)\(((?:\w+\.)+\w+)\);/g,
        )
      ) {
        const rest = body.slice(index);
        const emptied = rest.indexOf(`${field} = &.{};`);
        const anew = rest.search(new RegExp(`${field!.replaceAll(".", "\\.")} = [^;]*(?:alloc|dupe|create)`));
        if (anew < 0 || emptied >= 0 && emptied < anew) continue;
        findings.push(
          `${path}: ${field} is given back and then allocated: use Memory.resize, or empty it between`,
        );
      }
    }
  }
  return findings;
}

/** Lines of a Zig function; one that has more says why, in a comment that starts with "Long: ". */
const FUNCTION_LINES_MAX = 70;

/** Functions of our Zig that are long for no stated reason; those that return a type are containers of others. */
async function longFunctions(files: readonly string[]): Promise<string[]> {
  const findings: string[] = [];
  for (const path of files.filter((path) => path.endsWith(".zig"))) {
    const lines = (await read(path)).split("\n");
    for (const [start, line] of lines.entries()) {
      const [, indent, name] = /^( *)(?:pub )?(?:inline )?fn (\w+)\(/.exec(line) ?? [];
      if (indent === undefined || / type \{$/.test(line)) continue;
      const end = lines.indexOf(`${indent}}`, start);
      const body = lines.slice(start, end);
      if (body.length <= FUNCTION_LINES_MAX || body.some((each) => each.includes("// Long: "))) continue;
      findings.push(
        `${path}:${start + 1}: ${name} has ${body.length} lines, expected at most ${FUNCTION_LINES_MAX}`,
      );
    }
  }
  return findings;
}

/** Tests with a long form that `deno task test:long` does not find by their names. */
async function unnamedLongTests(files: readonly string[]): Promise<string[]> {
  const findings: string[] = [];
  for (const path of files.filter((path) => path.endsWith("_test.ts"))) {
    if (path.endsWith("_long_test.ts") || path.split("/").at(-1)!.includes("fuzz")) continue;
    if (!(await read(path)).includes("SLUICE_LONG")) continue;
    findings.push(`${path}: a test with a long form has a name that ends with _long_test.ts`);
  }
  return findings;
}

/** Everything that breaks a convention, one line each. */
export async function checkConventions(): Promise<string[]> {
  const files = await listFiles();
  const libraries = (await listMembers()).filter(({ folder }) => folder !== "." && folder !== PROGRAM);
  return [
    ...(await Promise.all(libraries.map(unreachedFiles))).flat(),
    ...(await Promise.all(libraries.map(async (member) => {
      const documentation = await documentationOf(member);
      return [...missingExamples(member, documentation), ...namesWithoutFormat(member, documentation)];
    }))).flat(),
    ...await internalImports(files),
    ...await unnamedLongTests(files),
    ...await windowsDecoders(files),
    ...await staleNamesTable(),
    ...await foreignNames(files),
    ...await strayFiles(files),
    ...await longFunctions(files),
    ...await releasedThenAllocated(files),
  ];
}

if (import.meta.main) {
  const findings = await checkConventions();
  for (const finding of findings) console.error(finding);
  console.log(`conventions: ${findings.length} findings`);
  if (findings.length > 0) Deno.exit(1);
}
