import { assertEquals } from "@std/assert";
import plugin from "./lint_plugin.ts";

/** What the plugin says about a source text at a path of the checkout. */
function messages(path: string, source: string): string[] {
  const file = new URL(`../${path}`, import.meta.url).pathname;
  return Deno.lint.runPlugin(plugin, file, source).map(({ message }) => message);
}

const GOOD: readonly (readonly [path: string, source: string])[] = [
  ["zstd/kernel/decoder.ts", 'import { RESULT } from "@sluice/ffi";'],
  ["zstd/codec/_a.ts", 'import { f } from "../frame/_parser.ts"; import { g } from "../kernel/decoder.ts";'],
  ["zstd/seekable.ts", 'export * from "./seekable/reader.ts";'],
  ["cli/zstd/main.ts", 'import { f } from "../shared/files.ts";'],
  ["zstd/compress.ts", 'import type { BackendChoice } from "@sluice/ffi";'],
  ["zstd/compress.ts", 'import { f } from "./_codec.ts";'],
  ["zstd/_codec.ts", 'import type { F } from "./compress.ts";'],
  ["zstd/mod_test.ts", 'import { forBackends } from "../tests/_backends.ts";'],
  ["zpaq/_pack.ts", 'import { compressZstd } from "@sluice/zstd";'],
  ["pdiffcopy/sync.ts", 'import { compressZstd } from "@sluice/zstd";'],
  ["cli/zstd.ts", 'import { parseArgs } from "@std/cli/parse-args"; Deno.exit(1);'],
  ["vendor/fetch.ts", 'import { runZig } from "../_tools/zig.ts"; Deno.cwd();'],
  ["ffi/backend.ts", 'export type Handle = Deno.PointerValue; typeof Deno === "undefined";'],
  ["zstd/a.ts", 'throw new RangeError(`Cannot read ${"x"}: the library\'s own limit is ${1}`);'],
  ["zstd/a.ts", "// TODO(ann): later"],
  ["_tools/a.ts", 'throw new Error("zig failed");'],
  ["lz4/codec/_types.ts", "export interface Lz4Options { readonly blockChecksums?: boolean; }"],
  ["lz4/codec/_a.ts", "export interface Piece { readonly data: Uint8Array; }"],
  ["lz4/kernel/a.ts", "export interface Piece { readonly data: Uint8Array; }"],
  ["lz4/codec/a.ts", "interface Piece { readonly data: Uint8Array; }"],
  ["lz4/codec/a.ts", "export class Lz4Stream { get readable(): number { return 1; } #data = 1; }"],
  ["pdiffcopy/client/a.ts", "export interface Result { readonly checksum: string; }"],
  ["zstd/frame/a.ts", "export function readZstdFrameHeader(): void {}"],
  ["lz4/codec/a_test.ts", "export interface FakeOptions { readonly workers: number; }"],
  ["zstd/a.ts", `function f() {\n  // Long: one table.\n${"  g();\n".repeat(80)}}`],
];

Deno.test("the lint plugin accepts what the rules allow", () => {
  for (const [path, source] of GOOD) assertEquals(messages(path, source), [], `${path}: ${source}`);
});

const BAD: readonly (readonly [path: string, source: string, message: string])[] = [
  ["internal/a.ts", 'import { a } from "@sluice/ffi";', "internal may not import ffi"],
  ["ffi/a.ts", 'import type { A } from "@sluice/zstd";', "ffi may not import zstd"],
  ["zstd/a.ts", 'export * from "@sluice/lz4";', "zstd may not import lz4"],
  ["pdiffcopy/a.ts", 'import { a } from "@sluice/lz4";', "pdiffcopy may not import lz4"],
  [
    "zstd/a.ts",
    'import { a } from "../internal/bytes.ts";',
    "internal is entered by @sluice/internal, not by a path",
  ],
  ["zstd/codec/_a.ts", 'import { RESULT } from "@sluice/ffi";', "only the kernel of a module calls into ffi"],
  ["zstd/frame/a.ts", 'import type { A } from "../codec/a.ts";', "frame may not import codec"],
  [
    "zstd/frame/a.ts",
    'import type { A } from "../mod.ts";',
    "frame may not import an entry of its own package",
  ],
  ["cli/zstd/main.ts", 'import { f } from "../lz4/main.ts";', "zstd may not import lz4"],
  ["cli/shared/files.ts", 'import { f } from "../zstd/main.ts";', "shared may not import zstd"],
  [
    "zstd/_a.ts",
    'import { f } from "./compress.ts";',
    "a private file of a module takes only types from its public files",
  ],
  ["tests/a_test.ts", 'import { main } from "../cli/mod.ts";', "cli is imported by nothing"],
  [
    "zstd/a_test.ts",
    'import { ROOT } from "../_tools/zig.ts";',
    "_tools is imported by tools and tests only",
  ],
  [
    "zstd/a.ts",
    "function f() { using a = g(); }",
    '"using" may not stand here: this file also runs in browsers and on Node 20',
  ],
  [
    "lz4/a.ts",
    "Promise.withResolvers();",
    "Promise.withResolvers may not stand here: Node 20 does not have it",
  ],
  ["zpaq/a.ts", "bytes.toHex();", "toHex may not stand here: Node 20 does not have it"],
  [
    "zstd/a.ts",
    "navigator.hardwareConcurrency;",
    "hardwareConcurrency may not stand here: Node 20 does not have it",
  ],
  [
    "zstd/a.ts",
    'await import("@std/assert");',
    "published code depends on @std/streams and @std/cli only",
  ],
  [
    "zstd/a.ts",
    'Deno.readFileSync("x");',
    "Deno's own API may not be used here: this file also runs in browsers",
  ],
  ["zstd/a.ts", 'throw new Error("No frame");', 'an error message starts with "Cannot "'],
  ["zstd/a.ts", "throw new Error(`Cannot read ${1}.`);", "an error message has no full stop at its end"],
  ["zstd/a.ts", 'new Error("Cannot read: it isn\'t " + 1);', "an error message has no contractions"],
  ["zstd/a.ts", "// FIXME: later", "FIXME needs an owner"],
  [
    "zstd/options/_a.ts",
    "export interface ZstdOptions { readonly workers?: number; }",
    '"workers" has another name: work on processors is threads',
  ],
  [
    "cli/zstd/a.ts",
    "export type CopyOptions = { readonly checksum: boolean };",
    '"checksum" has another name: writing a checksum of content is contentChecksum',
  ],
  [
    "zpaq/archive/a.ts",
    "export interface ZpaqFile { readonly data: Uint8Array; }",
    '"data" has another name: content of an entry, object, file or frame is body',
  ],
  [
    "lz4/index/a.ts",
    "export class Lz4Archive { readable(): void {} }",
    '"readable" has another name: content from an offset on is stream(offset, length)',
  ],
  [
    "gitdb/pack/a.ts",
    "export class PackStore { get memoryBytes(): number { return 1; } }",
    '"memoryBytes" has another name: memory in use is memoryUsage',
  ],
  [
    "zstd/options/a.ts",
    "export interface ZstdReadOptions { readonly memoryBytes: number; }",
    '"memoryBytes" has another name: memory in use is memoryUsage',
  ],
  [
    "zpaq/zpaql/a.ts",
    "export function parseZpaqHeader(): void {}",
    '"parseZpaqHeader" has another name: reading a header is read…Header(bytes)',
  ],
  [
    "lz4/index/a.ts",
    "export async function createLz4Index(): Promise<void> {}",
    '"createLz4Index" has another name: building an index is build…Index(source)',
  ],
  ["zstd/a.ts", `function f() {\n${"  g();\n".repeat(80)}}`, "a function of 82 lines, expected at most 70"],
];

for (const [path, source, message] of BAD) {
  Deno.test(`the lint plugin reports in ${path}: ${message}`, () => {
    assertEquals(messages(path, source), [message]);
  });
}
