/**
 * Ways to read many objects of a repository; each returns the bytes that it saw.
 */
import { GitDatabase, GitRepository } from "@sluice/gitdb";
import type { GitDatabaseOptions, GitIdLike } from "@sluice/gitdb";

/** The backends that are measured. */
export type Backend = "native" | "wasm";

/** Bodies in batches. */
export async function readBatches(
  repository: string,
  ids: readonly GitIdLike[],
  backend: Backend,
  threads: number,
): Promise<number> {
  await using database = await GitDatabase.open(repository, { backend });
  let bytes = 0;
  for await (const batch of database.readBatches(ids, { threads })) {
    using _ = batch;
    for (const result of batch) {
      if (!result.ok) throw result.error;
      bytes += (await result.value.bytes()).length;
    }
  }
  return bytes;
}

/** Bodies through Web Streams. */
export async function readStream(repository: string, ids: readonly GitIdLike[]): Promise<number> {
  await using database = await GitDatabase.open(repository, { backend: "native" });
  let bytes = 0;
  for await (const result of ReadableStream.from(ids).pipeThrough(database.objectStream())) {
    if (!result.ok) throw result.error;
    bytes += (await result.value.bytes()).length;
  }
  return bytes;
}

/** Bodies by single reads. */
export async function readOneByOne(repository: string, ids: readonly GitIdLike[]): Promise<number> {
  await using database = await GitDatabase.open(repository, { backend: "native" });
  let bytes = 0;
  for (const id of ids) bytes += (await (await database.read(id)).bytes()).length;
  return bytes;
}

/** Facts, in batches or through Web Streams. */
export async function readInfos(
  repository: string,
  ids: readonly GitIdLike[],
  streams: boolean,
  backend: Backend = "native",
): Promise<number> {
  await using database = await GitDatabase.open(repository, { backend });
  let bytes = 0;
  if (streams) {
    for await (const result of ReadableStream.from(ids).pipeThrough(database.infoStream())) {
      if (!result.ok) throw result.error;
      bytes += result.value.size;
    }
    return bytes;
  }
  for await (const group of database.infoBatches(ids)) {
    for (const result of group) {
      if (!result.ok) throw result.error;
      bytes += result.value.size;
    }
  }
  return bytes;
}

/** Asks for the facts of objects that are nowhere. */
export async function readMisses(
  repository: string,
  ids: readonly GitIdLike[],
  options: GitDatabaseOptions,
): Promise<number> {
  await using database = await GitDatabase.open(repository, options);
  let misses = 0;
  for await (const group of database.infoBatches(ids)) misses += group.filter(({ ok }) => !ok).length;
  if (misses !== ids.length) {
    throw new Error(`Cannot measure: only ${misses} of ${ids.length} ids are absent`);
  }
  return 0;
}

/** Walks all files of a revision. */
export async function walkFiles(repository: string, revision: string): Promise<number> {
  await using opened = await GitRepository.open(repository);
  let bytes = 0;
  for await (const { pathBytes } of opened.files(revision)) bytes += pathBytes.length;
  return bytes;
}
