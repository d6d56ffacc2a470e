/**
 * Which files of a package would be published, as `deno publish --dry-run` says. Not a script of its own.
 */
import { runDeno } from "./command.ts";
import type { Member } from "./command.ts";
import { ROOT } from "./zig.ts";

/** The files of a package that would go to the registry. */
export interface PublishedFiles {
  /** The package's folder. */
  readonly base: URL;
  /** Paths from there. */
  readonly names: readonly string[];
  /** Why the package can't be published. */
  readonly fault: string | undefined;
}

/** Lists what would be published of a package; with `check` it is also type-checked, and slow types are refused. */
export async function listPublished(
  { folder }: Member,
  { check }: { readonly check: boolean },
): Promise<PublishedFiles> {
  const base = new URL(folder === "." ? "./" : `${folder}/`, ROOT);
  const args = ["publish", "--dry-run", "--allow-dirty", ...(check ? [] : ["--no-check"])];
  const { success, stdout, stderr } = await runDeno(args, { cwd: base.pathname });
  const output = stdout + stderr;
  if (!success) return { base, names: [], fault: output.trim() };
  const paths = [...output.matchAll(/^ +(file:\S+) \(/gm)].map(([, href]) => new URL(href!));
  return { base, names: paths.map(({ href }) => href.slice(base.href.length)), fault: undefined };
}
