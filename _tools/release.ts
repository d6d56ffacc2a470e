/**
 * Prepares a release: the version in every package, the heading in CHANGELOG.md, native libraries for all targets, and
 * the dry run of the publication. Without `--apply` nothing is changed: it prints what would be.
 *
 * Run `deno run -A _tools/release.ts VERSION [--apply]`.
 */
import { listMembers, runCommand, runDeno } from "./command.ts";
import { ROOT } from "./zig.ts";

const VERSION = /^(\d+)\.(\d+)\.(\d+)(?:-[\w.]+)?$/;

/** A package's deno.json with another version. */
export function withVersion(json: string, version: string): string {
  const changed = json.replace(/^( {2}"version": ")[^"]+(",?)$/m, `$1${version}$2`);
  if (JSON.parse(changed).version !== version) throw new Error("Cannot set the version: deno.json has none");
  return changed;
}

/** The changelog with everything unreleased under the heading of a release. */
export function withRelease(changelog: string, version: string, date: string): string {
  if (!/^## Unreleased\n+### /m.test(changelog)) {
    throw new Error("Cannot release: nothing stands under Unreleased in CHANGELOG.md");
  }
  return changelog.replace(/^## Unreleased$/m, `## Unreleased\n\n## ${version} - ${date}`);
}

/** Whether `next` comes after `last`. */
export function comesAfter(next: string, last: string): boolean {
  const [a, b] = [next, last].map((text) => VERSION.exec(text)?.slice(1, 4).map(Number));
  if (a === undefined || b === undefined) return false;
  const differs = a.findIndex((part, i) => part !== b[i]);
  return differs >= 0 && a[differs]! > b[differs]!;
}

async function step(name: string, ...args: string[]): Promise<void> {
  console.log(`release: ${name}`);
  const { success } = await runDeno(args, { show: true });
  if (!success) throw new Error(`Cannot release: ${name} failed`);
}

async function main(version: string, apply: boolean): Promise<void> {
  const { stdout } = await runCommand("git", ["status", "--porcelain"]);
  if (stdout.trim() !== "") {
    throw new Error("Cannot release: the checkout has changes that are not committed");
  }
  const changes = new Map<URL, string>();
  for (const { folder } of await listMembers()) {
    const path = new URL(`${folder}/deno.json`, ROOT);
    const json = await Deno.readTextFile(path);
    const last = JSON.parse(json).version;
    if (!comesAfter(version, last)) throw new Error(`Cannot release: ${version} does not come after ${last}`);
    changes.set(path, withVersion(json, version));
  }
  const changelog = new URL("CHANGELOG.md", ROOT);
  const date = new Date().toISOString().slice(0, 10);
  changes.set(changelog, withRelease(await Deno.readTextFile(changelog), version, date));
  for (const path of changes.keys()) {
    console.log(`release: ${apply ? "writes" : "would write"} ${path.pathname}`);
  }
  await step("native libraries for all targets", "task", "build:all");
  await step("dry run of the publication", "task", "publish:check");
  if (!apply) return;
  for (const [path, text] of changes) await Deno.writeTextFile(path, text);
  console.log(`release: commit, tag v${version}, push; then "deno publish" in each package and at the root`);
}

if (import.meta.main) {
  const [version, ...flags] = Deno.args;
  if (version === undefined || !VERSION.test(version) || flags.some((flag) => flag !== "--apply")) {
    console.error("Usage: deno run -A _tools/release.ts VERSION [--apply]");
    Deno.exit(2);
  }
  await main(version, flags.length > 0);
}
