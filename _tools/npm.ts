/**
 * Makes the packages for npm: JavaScript and declarations, file by file.
 * A package imports its WASM through its own `#wasm/…` names: the compiled module where the host imports such files
 * and compiles nothing itself, what is embedded elsewhere.
 *
 * Run `deno task npm [FOLDER]`; the packages go to FOLDER, `.npm` by default, one folder each, ready for `npm pack`.
 */
import ts from "typescript";
import { listMembers, runDeno } from "./command.ts";
import type { Member } from "./command.ts";
import { listPublished } from "./published_files.ts";
import { ROOT } from "./zig.ts";
import { wasmOfText } from "../ffi/_wasm_text.ts";

/** Runs under Deno only. */
const LEFT_OUT: ReadonlySet<string> = new Set(["@sluice/cli"]);
/** What a bundler must keep although nothing of it is used: importing it sets the decoder. */
const PLAIN_JAVASCRIPT = ["./decode_js.js", "./kernel/decode_javascript.js"];
const DOCUMENTS = ["README.md", "LICENSE", "NOTICE"];
const EMBEDDED = /^kernel\/_wasm\/(\w+)\.gen\.ts$/;
/** Hosts that import WASM files, by the condition that names them, with the way each does it. */
const IMPORTERS = { workerd: "", "edge-light": "?module" } as const;
const DISPOSABLE = '/// <reference lib="esnext.disposable" />\n';

/** The file of ffi that opens native libraries, and what stands in its place where a bundler builds for browsers. */
const NATIVE = "_native.ts";
const NO_NATIVE = `import { BackendUnavailableError } from "@sluice/internal";
export function nativeStatus() {
  return new BackendUnavailableError("Cannot use the native backend: this runtime has no FFI", {
    format: "ffi",
    code: "NO_FFI",
  });
}
export function openNative() {
  throw nativeStatus();
}
`;

type PackageFiles = Map<string, string | Uint8Array>;

/** JavaScript of one file, with the specifiers that it has in a package for npm. */
function translate(name: string, text: string): string {
  const compilerOptions = {
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.ESNext,
    verbatimModuleSyntax: true,
  };
  return withSpecifiers(ts.transpileModule(text, { fileName: name, compilerOptions }).outputText);
}

/** Declarations of all packages' files, by the path of the source. */
async function declare(members: readonly Member[], paths: readonly string[]): Promise<Map<string, string>> {
  const types = `${await Deno.makeTempDir()}/deno.d.ts`;
  const { stdout } = await runDeno(["types"]);
  await Deno.writeTextFile(types, stdout.replaceAll("/// <reference no-default-lib", "// "));
  const aliases: Record<string, string[]> = {};
  for (const { name, folder, exports } of members) {
    for (const [entry, path] of Object.entries(exports)) {
      aliases[name + entry.slice(1)] = [new URL(`${folder}/${path}`, ROOT).pathname];
    }
  }
  const program = ts.createProgram([types, ...paths], {
    target: ts.ScriptTarget.ESNext,
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    lib: ["lib.esnext.d.ts", "lib.dom.d.ts", "lib.dom.iterable.d.ts", "lib.dom.asynciterable.d.ts"],
    allowImportingTsExtensions: true,
    declaration: true,
    emitDeclarationOnly: true,
    noCheck: true,
    paths: aliases,
    types: [],
  });
  const declarations = new Map<string, string>();
  program.emit(undefined, (_name, text, _mark, _onError, sources) => {
    // Types of Deno are in no public name; declarations of private ones must not ask for them.
    const plain = withSpecifiers(text).replace(/(?<!\* .*)\bDeno\.\w+(?!["'.(])/g, "unknown");
    const needsDisposable = /\b(?:Async)?Disposable\b|Symbol\.(?:async)?[dD]ispose/.test(plain);
    declarations.set(sources![0]!.fileName, (needsDisposable ? DISPOSABLE : "") + plain);
  });
  await Deno.remove(types.slice(0, types.lastIndexOf("/")), { recursive: true });
  return declarations;
}

/** Relative imports end in `.js`; embedded WASM comes by a name that the package resolves by conditions. */
function withSpecifiers(text: string): string {
  return text
    .replace(/(from\s+|import\s*\(?\s*)"(?:\.\.?\/)+(?:kernel\/)?_wasm\/(\w+)\.gen\.ts"/g, '$1"#wasm/$2"')
    .replace(/(from\s+|import\s*\(?\s*)"(\.\.?\/[^"]+)\.ts"/g, '$1"$2.js"');
}

/** The forms of one WASM module, and the conditions that choose among them. */
function wasmFiles(name: string, bytes: Uint8Array, files: PackageFiles): Record<string, string> {
  const conditions: Record<string, string> = {};
  files.set(`kernel/_wasm/${name}.wasm`, bytes);
  for (const [condition, query] of Object.entries(IMPORTERS)) {
    const path = `kernel/_wasm/${name}.${condition}.js`;
    const lines = [`import module from "./${name}.wasm${query}";`, "export const WASM_TEXT = module;", ""];
    files.set(path, lines.join("\n"));
    conditions[condition] = `./${path}`;
  }
  return {
    types: `./kernel/_wasm/${name}.gen.d.ts`,
    ...conditions,
    default: `./kernel/_wasm/${name}.gen.js`,
  };
}

/** What `package.json` says of a package. */
function describe(member: Member, version: string, text: string, imports: Record<string, unknown>): string {
  const exports: Record<string, unknown> = {};
  for (const [entry, path] of Object.entries(member.exports)) {
    const stem = path.replace(/\.ts$/, "");
    exports[entry] = { types: `${stem}.d.ts`, default: `${stem}.js` };
  }
  for (const name of Object.keys(imports).filter((name) => name.startsWith("#wasm/"))) {
    const file = name.replace("#wasm/", "");
    exports[`./${file}.wasm`] = `./kernel/_wasm/${file}.wasm`;
  }
  const names = new Set([...text.matchAll(/from "(@sluice\/\w+)/g)].map(([, name]) => name!));
  names.delete(member.name);
  return JSON.stringify(
    {
      name: member.name,
      version,
      license: "MIT",
      type: "module",
      engines: { node: ">=20" },
      sideEffects: "./decode-js" in member.exports ? PLAIN_JAVASCRIPT : false,
      exports,
      ...(Object.keys(imports).length > 0 ? { imports } : {}),
      dependencies: Object.fromEntries([...names].sort().map((name) => [name, version])),
    },
    undefined,
    2,
  ) + "\n";
}

/** The files of one package but for its declarations. */
async function packageFiles(member: Member): Promise<{ files: PackageFiles; sources: string[] }> {
  const { base, names, fault } = await listPublished(member, { check: false });
  if (fault !== undefined) throw new Error(`Cannot make ${member.name}: ${fault}`);
  const { version } = JSON.parse(await Deno.readTextFile(new URL("deno.json", base)));
  const files: PackageFiles = new Map();
  const imports: Record<string, unknown> = {};
  const sources = names.filter((name) => name.endsWith(".ts"));
  let all = "";
  for (const name of sources) {
    const text = await Deno.readTextFile(new URL(name, base));
    let code = translate(name, text);
    if (member.folder === "ffi" && name === "backend.ts") {
      const stem = NATIVE.replace(/\.ts$/, "");
      code = code.replace(`"./${stem}.js"`, `"#native"`);
      imports["#native"] = {
        types: `./${stem}.d.ts`,
        browser: "./_no_native.js",
        default: `./${stem}.js`,
      };
      files.set("_no_native.js", NO_NATIVE);
    }
    files.set(name.replace(/\.ts$/, ".js"), code);
    all += code;
    const wasm = EMBEDDED.exec(name)?.[1];
    if (wasm !== undefined) {
      imports[`#wasm/${wasm}`] = wasmFiles(wasm, wasmOfText(/"([^"]+)"/.exec(text)![1]!), files);
    }
  }
  files.set("package.json", describe(member, version, all, imports));
  for (const name of DOCUMENTS) {
    const own = await Deno.readFile(new URL(name, base)).catch(() => undefined);
    files.set(name, own ?? await Deno.readFile(new URL(name, ROOT)));
  }
  return { files, sources };
}

const target = Deno.args[0] ?? new URL(".npm", ROOT).pathname;
const members = await listMembers();
const packages = [];
for (const member of members.filter(({ name }) => !LEFT_OUT.has(name))) {
  packages.push({ member, ...await packageFiles(member) });
}
const pathOf = ({ folder }: Member, name: string): string => new URL(`${folder}/${name}`, ROOT).pathname;
const paths = packages.flatMap(({ member, sources }) => sources.map((name) => pathOf(member, name)));
const declarations = await declare(members, paths);
for (const { member, files, sources } of packages) {
  for (const name of sources) {
    const text = declarations.get(pathOf(member, name));
    if (text === undefined) throw new Error(`Cannot declare the types of ${member.folder}/${name}`);
    files.set(name.replace(/\.ts$/, ".d.ts"), text);
  }
  const folder = `${target}/${member.name}`;
  await Deno.remove(folder, { recursive: true }).catch(() => {});
  for (const [name, content] of files) {
    await Deno.mkdir(`${folder}/${name}`.replace(/\/[^/]*$/, ""), { recursive: true });
    const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
    await Deno.writeFile(`${folder}/${name}`, bytes);
  }
  console.log(`${member.name.padEnd(18)} ${String(files.size).padStart(5)} files`);
}
