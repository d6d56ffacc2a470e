/**
 * Files with random access as inputs of commands: also those that can only be read forward.
 */
import { byteSourceFromBytes, byteSourceFromUrl } from "@sluice/internal";
import type { ByteSource, HttpSourceOptions } from "@sluice/internal";
import { openFileSource } from "@sluice/internal/file-source";

/** A source that may hold a file. */
export type OpenSource = ByteSource & Partial<Disposable>;

/** Whether an operand is the address of an HTTP server. */
export function isUrl(path: string): boolean {
  return /^https?:\/\//i.test(path);
}

/** Opens a file or URL. Pipes, and files that the system makes up as they are read, are read to their end first. */
export async function openSource(path: string, options: HttpSourceOptions = {}): Promise<OpenSource> {
  if (isUrl(path)) return await byteSourceFromUrl(path, options);
  const { isFile, size } = await Deno.stat(path);
  return isFile && size > 0 ? await openFileSource(path) : byteSourceFromBytes(await Deno.readFile(path));
}
