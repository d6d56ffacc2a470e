/**
 * Names of files, and what the system says of them.
 */

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

/** Undefined where a path leads nowhere. */
export async function ifThere<T>(answer: Promise<T>): Promise<T | undefined> {
  return await answer.catch((error) => {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return undefined;
    throw error;
  });
}
