/**
 * Dry-runs the publication of every package and checks what the dry run does not: the size of the files that would go,
 * that those made at set-up are among them, and that every public symbol has a doc comment.
 *
 * Run `deno task publish:check`; prints a table and fails when a package can't be published or is too large.
 */
import { listMembers } from "./command.ts";
import type { Member } from "./command.ts";
import { measureDocs } from "./docs_coverage.ts";
import { listPublished } from "./published_files.ts";

/** The registry's limit for a package and for a file is 20 MB; a release with the libraries of all targets is 10 MB. */
const SIZE_MAX = 14_000_000;

/** Ignored by git, built at set-up, and useless to leave out. */
const REQUIRED: Readonly<Record<string, readonly RegExp[]>> = {
  ffi: [
    /^native\/[^/]+\/.*sluice\.(?:so|dylib|dll)$/,
    /^native\/assets\.gen\.ts$/,
  ],
  zstd: [
    /^kernel\/_wasm\/zstd_decode\.javascript\.gen\.ts$/,
    /^kernel\/_wasm\/zstd_decode\.gen\.ts$/,
    /^kernel\/_wasm\/zstd_encode\.gen\.ts$/,
  ],
  lz4: [
    /^kernel\/_wasm\/lz4_decode\.javascript\.gen\.ts$/,
    /^kernel\/_wasm\/lz4_decode\.gen\.ts$/,
    /^kernel\/_wasm\/lz4_encode\.gen\.ts$/,
  ],
  gitdb: [/^kernel\/_wasm\/git_decode\.gen\.ts$/, /^kernel\/_wasm\/git_encode\.gen\.ts$/],
  zpaq: [/^kernel\/_wasm\/zpaq_decode\.gen\.ts$/, /^kernel\/_wasm\/zpaq_encode\.gen\.ts$/],
  pdiffcopy: [/^kernel\/_wasm\/pdiffcopy_hash\.gen\.ts$/],
  ".": [/^mod\.ts$/, /^README\.md$/, /^LICENSE$/, /^NOTICE$/],
};

/** Nothing of this kind is for others. */
const UNWANTED = /_(?:test|bench)\.ts$|\.zig$|^(?:tests|bench|_tools|vendor)\//;

interface Publication {
  readonly files: number;
  readonly size: number;
  /** Public symbols, and how many of them have a doc comment. */
  readonly symbols: number;
  readonly documented: number;
  /** Why the package can't go as it is. */
  readonly faults: readonly string[];
}

/** What would be published of a package, and what is wrong with it. */
async function inspect(member: Member): Promise<Publication> {
  const { base, names, fault } = await listPublished(member, { check: true });
  if (fault !== undefined) return { files: 0, size: 0, symbols: 0, documented: 0, faults: [fault] };
  const { folder } = member;
  const sizes = await Promise.all(names.map(async (name) => (await Deno.stat(new URL(name, base))).size));
  const size = sizes.reduce((sum, each) => sum + each, 0);
  const { symbols, missing } = await measureDocs(member);
  const faults = [
    ...(size > SIZE_MAX ? [`${size} bytes, expected at most ${SIZE_MAX}`] : []),
    ...(names.length === 0 ? ["no files"] : []),
    ...(REQUIRED[folder] ?? []).filter((pattern) => !names.some((name) => pattern.test(name)))
      .map((pattern) => `a file like ${pattern.source} is missing`),
    ...names.filter((name) => UNWANTED.test(name)).map((name) => `${name} is not for publication`),
    ...missing.map((name) => `${name} has no doc comment`),
  ];
  return { files: names.length, size, symbols, documented: symbols - missing.length, faults };
}

let failed = 0;
console.log("package            files       bytes   documented");
for (const member of await listMembers()) {
  const { files, size, symbols, documented, faults } = await inspect(member);
  const columns = [`${files}`.padStart(5), size.toLocaleString("en").padStart(11)];
  console.log([member.name.padEnd(18), ...columns, `${documented} of ${symbols}`.padStart(12)].join(" "));
  for (const fault of faults) console.error(`  ${member.name}: ${fault}`);
  if (faults.length > 0) failed++;
}
console.log(`publish: ${failed} packages with faults, limit ${SIZE_MAX.toLocaleString("en")} bytes each`);
if (failed > 0) Deno.exit(1);
