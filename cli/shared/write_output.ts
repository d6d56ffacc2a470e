/**
 * Writing one output: a file that appears under its name when it is complete, or stdout.
 */
import { AtomicFile } from "./atomic_file.ts";
import { STDOUT_SINK } from "./io.ts";

/** Writes chunks to a path; to stdout where there is none, or it is "-". */
export async function writeOutput(
  path: string | undefined,
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): Promise<void> {
  if (path === undefined || path === "-") {
    for await (const chunk of chunks) await STDOUT_SINK.write(chunk);
    return;
  }
  const file = AtomicFile.create(path);
  try {
    for await (const chunk of chunks) await file.write(chunk);
    await file.commit();
  } catch (error) {
    await file.discard();
    throw error;
  }
}
