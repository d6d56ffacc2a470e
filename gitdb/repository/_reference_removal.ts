/**
 * Taking references away as git does: from `packed-refs` first, so that no old value comes back. Deno only.
 */
import { byteString } from "@sluice/internal";
import { writeFault } from "@sluice/internal/file-source";
import { PACKED_REFERENCES } from "../database/_packed_references.ts";
import { joinPath, readSmallFile } from "../object/_fs.ts";
import type { GitObjectId } from "../object/_object_id.ts";
import { GitLockFile } from "../write/_lock_file.ts";
import type { References } from "./_references.ts";

const TIMEOUT_MS = 1000;

/** Removes a reference and its log; nothing happens where it does not hold `expected` any more. */
export async function removeReference(
  references: References,
  name: string,
  expected: GitObjectId,
): Promise<boolean> {
  await references.checkFiles("remove a reference");
  const path = references.pathOf(name);
  await Deno.mkdir(path.slice(0, path.lastIndexOf("/")), { recursive: true });
  const lock = await GitLockFile.acquire(path, { timeoutMs: TIMEOUT_MS });
  try {
    const value = await references.read(name);
    if (value === undefined || !("id" in value) || !value.id.equals(expected)) return false;
    await removePacked(references.commonFolder, name);
    await removeFile(path);
    await removeFile(references.logPathOf(name));
    return true;
  } finally {
    lock.rollback();
  }
}

/** Writes `packed-refs` without a reference, if it has it. Names need not be UTF-8, so that all lines stay bytes. */
async function removePacked(commonFolder: string, name: string): Promise<void> {
  const path = joinPath(commonFolder, PACKED_REFERENCES);
  const ending = ` ${byteString(new TextEncoder().encode(name))}`;
  const read = async (): Promise<string> => byteString(await readSmallFile(path) ?? new Uint8Array());
  if (!(await read()).includes(`${ending}\n`)) return;
  const lock = await GitLockFile.acquire(path, { timeoutMs: TIMEOUT_MS });
  try {
    const lines = (await read()).split("\n");
    const kept: string[] = [];
    for (let at = 0; at < lines.length; at++) {
      if (!lines[at]!.endsWith(ending)) kept.push(lines[at]!);
      else if (lines[at + 1]?.startsWith("^")) at++;
    }
    lock.write(Uint8Array.from(kept.join("\n"), (byte) => byte.charCodeAt(0)));
    lock.commit();
  } finally {
    lock.rollback();
  }
}

async function removeFile(path: string): Promise<void> {
  try {
    await Deno.remove(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw writeFault(path, error);
  }
}
