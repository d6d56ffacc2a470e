/**
 * Each row of docs/parity/git-cli.md, with git beside.
 */
import { run } from "./_cli.ts";
import { testParity } from "./_parity.ts";
import type { ParityTool } from "./_parity.ts";

const ENVIRONMENT = {
  GIT_AUTHOR_NAME: "A",
  GIT_AUTHOR_EMAIL: "a@example.test",
  GIT_AUTHOR_DATE: "1700000000 +0100",
  GIT_COMMITTER_NAME: "C",
  GIT_COMMITTER_EMAIL: "c@example.test",
  GIT_COMMITTER_DATE: "1700000000 +0100",
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_CONFIG_GLOBAL: "/dev/null",
};

/** The commands that make the repository; each is one call of git, or a file that is written. */
const HISTORY: readonly (readonly [file: string, text: string] | readonly string[])[] = [
  ["git", "init", "-q", "-b", "main", "."],
  ["a/b/x", "one\n"],
  ["y", "two\n"],
  ["café", "name\n"],
  ["git", "add", "-A"],
  ["git", "commit", "-qm", "first"],
  ["y", "two\nthree\n"],
  ["git", "commit", "-qam", "second\n\nbody\n"],
  ["git", "tag", "v1"],
  ["git", "tag", "-a", "v2", "-m", "annotated"],
  ["git", "checkout", "-qb", "side"],
  ["s", "s\n"],
  ["git", "add", "s"],
  ["git", "commit", "-qm", "side"],
  ["git", "checkout", "-q", "main"],
  ["git", "merge", "-q", "--no-ff", "side", "-m", "merge"],
  ["git", "mv", "y", "moved"],
  ["git", "commit", "-qam", "moved"],
  ["git", "-c", "pack.threads=1", "repack", "-adq"],
  ["git", "pack-refs", "--all"],
  ["z", "z\n"],
  ["git", "add", "z"],
  ["git", "commit", "-qm", "last"],
];

async function makeRepository(cwd: string): Promise<void> {
  for (const [first, ...rest] of HISTORY) {
    if (first !== "git") {
      await Deno.mkdir(`${cwd}/${first!.split("/").slice(0, -1).join("/")}`, { recursive: true });
      await Deno.writeTextFile(`${cwd}/${first}`, rest[0]!);
      continue;
    }
    const { code, stderr } = await run("git", rest, { cwd, env: ENVIRONMENT });
    if (code !== 0) throw new Error(`git ${rest.join(" ")}: ${stderr}`);
  }
  await Deno.writeTextFile(`${cwd}/names`, "HEAD\nHEAD:moved\nmissing\nv2\n");
  await Deno.writeTextFile(`${cwd}/commands`, "info HEAD\ncontents HEAD:moved\ninfo missing\n");
  await Deno.writeTextFile(`${cwd}/paths`, "z\nmoved\n");
}

let template: string | undefined;

/** Copies the repository, which is made once. */
async function prepare(cwd: string): Promise<void> {
  if (template === undefined) {
    template = await Deno.makeTempDir();
    await makeRepository(template);
  }
  const { code, stderr } = await run("cp", ["-a", `${template}/.`, cwd]);
  if (code !== 0) throw new Error(stderr);
}

globalThis.addEventListener("unload", () => {
  if (template !== undefined) Deno.removeSync(template, { recursive: true });
});

/** What git says of the whole database: its objects and references, and that it is sound. */
async function state(cwd: string): Promise<Record<string, unknown>> {
  const said = async (...args: string[]) => {
    const { code, stdout } = await run("git", args, { cwd, env: ENVIRONMENT });
    return [code, new TextDecoder().decode(stdout).split("\n").sort().join("\n")];
  };
  return {
    objects: await said("cat-file", "--batch-all-objects", "--batch-check"),
    references: await said("show-ref"),
    sound: await said("fsck", "--full", "--no-dangling"),
  };
}

/** git and `sluice gitdb`. */
export const GIT: ParityTool = {
  name: "git",
  page: new URL("../docs/parity/git-cli.md", import.meta.url),
  environment: ENVIRONMENT,
  theirs: (args) => args,
  ours: (args) => ["gitdb", ...args],
  prepare,
  state,
};

await testParity(GIT);
