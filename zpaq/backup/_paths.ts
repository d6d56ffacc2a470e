/**
 * Names of files, and what the system says of them.
 */
import { openFault } from "@sluice/internal/file-source";

/** Where the last part of a path begins. */
export function lastPartIndex(path: string): number {
  const backslash = Deno.build.os === "windows" ? path.lastIndexOf("\\") : -1;
  return Math.max(path.lastIndexOf("/"), backslash) + 1;
}

/** A name for a file that is being written, in the folder of the path that it gets in the end. */
export function temporaryBeside(path: string): string {
  return `${path.slice(0, lastPartIndex(path))}.sluice-${crypto.randomUUID().slice(0, 13)}.part`;
}

/** What the system says about an error, without Deno's own words. */
export function systemText(error: unknown): string {
  const message = error instanceof Error ? error.message : `${error}`;
  return message.replace(/ \(os error \d+\).*$/s, "");
}

/** What the system says of a path; undefined where it leads nowhere. */
export async function ifThere(
  path: string,
  look: (path: string) => Promise<Deno.FileInfo>,
): Promise<Deno.FileInfo | undefined> {
  try {
    return await look(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return undefined;
    throw openFault(path, error);
  }
}
