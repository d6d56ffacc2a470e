/**
 * Attributes that change how git writes patches (gitattributes): whether they are set is said, they are not applied.
 */
import type { GitRepository } from "@sluice/gitdb/repository";
import { utf8OfByteText } from "./output.ts";
import type { StatusChange } from "./renames.ts";

/** Lines that name an attribute for patches: drivers, files that are binary or text. */
const ABOUT_PATCHES = /^[^#\n]*\s[-!]?(?:diff|binary)(?:=|\s|$)/m;

/** Repositories that were warned of. */
const warned = new WeakSet<GitRepository>();

/** Warns once where attributes of changed files, or of the repository, are about patches. */
export async function warnOfAttributes(
  repository: GitRepository,
  changes: readonly StatusChange[],
): Promise<void> {
  if (warned.has(repository)) return;
  const files = new Set([`${repository.commonFolder}/info/attributes`]);
  const root = repository.workTree;
  if (root !== undefined) {
    files.add(`${root}/.gitattributes`);
    for (const { path } of changes) {
      for (let end = path.indexOf("/"); end >= 0; end = path.indexOf("/", end + 1)) {
        files.add(`${root}/${utf8OfByteText(path.slice(0, end))}/.gitattributes`);
      }
    }
  }
  for (const file of files) {
    const text = await Deno.readTextFile(file).catch(() => "");
    if (!ABOUT_PATCHES.test(text)) continue;
    warned.add(repository);
    console.error(`warning: attributes in ${file} are about patches, and are not applied`);
    return;
  }
}
