/**
 * Every store that takes objects, one by one, for tests that all of them have to pass.
 */
import { GitDatabase, GitLooseStore, GitMemoryStore, PackWriter } from "@sluice/gitdb";
import type { GitObjectInput } from "@sluice/gitdb";
import { run } from "./_cli.ts";
import { inDirectory } from "./_directory.ts";

/** Writes an object into one kind of store. */
export type GitWriter = (input: GitObjectInput) => Promise<unknown>;

/** Calls `test` with a writer for each kind of store, by name; `memory` is the store of the one of that name. */
export async function withGitWriters(
  test: (writers: Readonly<Record<string, GitWriter>>, memory: GitMemoryStore) => Promise<void>,
): Promise<void> {
  await inDirectory(async (folder) => {
    await run("git", ["init", "-q", "--bare", folder]);
    await using database = await GitDatabase.open(folder);
    const loose = new GitLooseStore(`${folder}/objects`);
    const memory = new GitMemoryStore();
    const pack = new PackWriter();
    await test({
      database: (input) => database.write(input),
      loose: (input) => loose.write(input),
      memory: (input) => memory.write(input),
      pack: (input) => pack.add(input),
    }, memory);
  });
}
