/**
 * Commits beside git's own commits, its packing and its garbage collection: nothing is lost and nothing fails. Four seconds,
 * ten minutes with SLUICE_LONG=1.
 */
import { assert, assertEquals } from "@std/assert";
import { GitRepository } from "@sluice/gitdb";
import { SluiceError } from "@sluice/gitdb";
import { testInDirectory } from "./_directory.ts";
import { git, GIT_IS_HERE } from "./_git.ts";

const DURATION_MS = Deno.env.get("SLUICE_LONG") === "1" ? 600_000 : 4_000;
const AUTHOR = { name: "A", email: "a@example.test", date: new Date(1_700_000_000_000), timezone: "+0000" };
const CARE: readonly (readonly string[])[] = [
  ["pack-refs", "--all", "--prune"],
  ["repack", "-adq"],
  ["gc", "-q"],
  ["prune", "--expire=1.hour"],
  ["maintenance", "run", "--task=incremental-repack"],
  ["reflog", "expire", "--all"],
];

/** Commits to a branch; returns the ids. Every twenty commits the history is read. */
async function commitUntil(end: number, folder: string, branch: string): Promise<string[]> {
  const made: string[] = [];
  await using repository = await GitRepository.open(folder);
  while (Date.now() < end) {
    const n = made.length;
    try {
      const files = { [`d${n % 7}/f${n % 50}`]: `${branch} ${n}` };
      made.push(`${await repository.commit(branch, files, { author: AUTHOR, message: `c${n}\n` })}`);
    } catch (error) {
      // git has the lock for longer than we wait.
      if (!(error instanceof SluiceError && error.code === "LOCKED")) throw error;
    }
    if (n % 20 !== 19) continue;
    assertEquals((await Array.fromAsync(repository.history(branch))).length, made.length);
  }
  return made;
}

async function careUntil(end: number, folder: string): Promise<number> {
  let rounds = 0;
  // Beside other writers git's care may fail as a whole; it is tried again.
  while (Date.now() < end) await git(folder, CARE[rounds++ % CARE.length]!).catch(() => {});
  return rounds;
}

/** git commits to a branch of its own. */
async function gitCommitsUntil(end: number, folder: string): Promise<number> {
  let count = 0;
  const tree = (await git(folder, ["mktree", "--missing"], new Uint8Array())).trim();
  for (let parent: string[] = []; Date.now() < end;) {
    // git itself fails now and then, when its garbage collection takes the folder away in which it writes.
    const commit = await git(folder, ["commit-tree", tree, "-m", "x", ...parent]).then(
      (id) => id.trim(),
      () => undefined,
    );
    if (commit === undefined) continue;
    // A reference that git's care has locked is not waited for.
    const isSet = await git(folder, ["update-ref", "refs/heads/theirs", commit]).then(
      () => true,
      (error) => {
        if (!/lock/.test(error.message)) throw error;
        return false;
      },
    );
    if (!isSet) continue;
    parent = ["-p", commit];
    count++;
  }
  return count;
}

testInDirectory(
  "commits beside git's packing and garbage collection are all there",
  { ignore: !GIT_IS_HERE },
  async (folder) => {
    await git(folder, ["init", "-q", "-b", "main", "."]);
    const end = Date.now() + DURATION_MS;
    const work = [
      commitUntil(end, folder, "main"),
      commitUntil(end, folder, "other"),
      careUntil(end, folder),
      gitCommitsUntil(end, folder),
    ] as const;
    await Promise.allSettled(work); // nothing works in the folder any more when a fault removes it
    const [main, other, rounds, theirs] = await Promise.all(work);
    for (const [branch, made] of [["main", main], ["other", other]] as const) {
      assertEquals((await git(folder, ["rev-list", "--reverse", branch])).trim().split("\n"), made);
    }
    assertEquals((await git(folder, ["rev-list", "--count", "theirs"])).trim(), `${theirs}`);
    await git(folder, ["fsck", "--strict", "--no-dangling"]);
    console.log(
      `${main.length + other.length} commits, ${theirs} of git, beside ${rounds} rounds of its care`,
    );
    assert(main.length > 0 && other.length > 0 && rounds > 0);
  },
);
