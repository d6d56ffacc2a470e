/**
 * Dry-runs the publication of every package and checks what the dry run does not: the size of the files that would go,
 * and that those made at set-up are among them.
 *
 * Run `deno task publish:check`; prints a table and fails when a package can't be published or is too large.
 */
import { listMembers, runDeno } from "./command.ts";
import type { Member } from "./command.ts";
import { ROOT } from "./zig.ts";

/** The registry's limit for a package and for a file is 20 MB; ours leaves room for more targets. */
const SIZE_MAX = 8_000_000;

/** Ignored by git, built at set-up, and useless to leave out. */
const REQUIRED: Readonly<Record<string, readonly RegExp[]>> = {
  ffi: [
    /^_wasm\/zstd_decode\.gen\.ts$/,
    /^_wasm\/zstd_encode\.gen\.ts$/,
    /^native\/[^/]+\/.*sluice\.(?:so|dylib|dll)$/,
  ],
  ".": [/^mod\.ts$/, /^README\.md$/, /^LICENSE$/, /^NOTICE$/],
};

/** Nothing of this kind is for others. */
const UNWANTED = /_(?:test|bench)\.ts$|\.zig$|^(?:tests|bench|_tools|vendor)\//;

interface Publication {
  readonly files: number;
  readonly size: number;
  /** Why the package can't go as it is. */
  readonly faults: readonly string[];
}

/** What would be published of a package, and what is wrong with it. */
async function inspect({ folder }: Member): Promise<Publication> {
  const base = new URL(folder === "." ? "./" : `${folder}/`, ROOT);
  const { success, stdout, stderr } = await runDeno(["publish", "--dry-run", "--allow-dirty"], {
    cwd: base.pathname,
  });
  const output = stdout + stderr;
  if (!success) return { files: 0, size: 0, faults: [output.trim()] };
  const paths = [...output.matchAll(/^ +(file:\S+) \(/gm)].map(([, href]) => new URL(href!));
  const names = paths.map(({ href }) => href.slice(base.href.length));
  const sizes = await Promise.all(paths.map(async (path) => (await Deno.stat(path)).size));
  const size = sizes.reduce((sum, each) => sum + each, 0);
  const faults = [
    ...(size > SIZE_MAX ? [`${size} bytes, expected at most ${SIZE_MAX}`] : []),
    ...(paths.length === 0 ? ["no files"] : []),
    ...(REQUIRED[folder] ?? []).filter((pattern) => !names.some((name) => pattern.test(name)))
      .map((pattern) => `a file like ${pattern.source} is missing`),
    ...names.filter((name) => UNWANTED.test(name)).map((name) => `${name} is not for publication`),
  ];
  return { files: paths.length, size, faults };
}

let failed = 0;
console.log("package            files       bytes");
for (const member of await listMembers()) {
  const { files, size, faults } = await inspect(member);
  console.log(
    [member.name.padEnd(18), `${files}`.padStart(5), size.toLocaleString("en").padStart(11)].join(" "),
  );
  for (const fault of faults) console.error(`  ${member.name}: ${fault}`);
  if (faults.length > 0) failed++;
}
console.log(`publish: ${failed} packages with faults, limit ${SIZE_MAX.toLocaleString("en")} bytes each`);
if (failed > 0) Deno.exit(1);
