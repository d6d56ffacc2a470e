/**
 * Histories and changes at paths beside git's: what is left of merges, of what is left out, and of dates.
 */
import { GitRepository } from "@sluice/gitdb";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { run, sluice } from "./_cli.ts";
import { Random } from "./_data.ts";
import { testInDirectory } from "./_directory.ts";
import { git, GIT_IS_HERE, testGit } from "./_git.ts";

const FILES = ["a", "d/x", "d/y", "d/e/z", "dx", "m"];

/** Branches that change, remove and add a few files, and merges that take one side, both, or neither. */
async function makeHistory(folder: string, seed: number): Promise<void> {
  await git(folder, ["init", "-q", "-b", "main", "."]);
  const random = new Random(seed);
  const commands: string[] = [];
  const tips: number[] = [];
  for (let mark = 1; mark <= 120; mark++) {
    const time = 1_000_000_000 + (mark >> 1) * 60 - (random.below(12) === 0 ? 400 : 0);
    const base = mark === 1 ? undefined : tips[random.below(tips.length)]!;
    const merged = base === undefined
      ? []
      : tips.filter((tip) => tip !== base && random.below(3) === 0).slice(0, 2);
    const text = `commit ${mark} of ${random.below(9)}`;
    commands.push(
      `commit refs/heads/${mark > 112 ? "main" : `b${mark}`}\nmark :${mark}\n`,
      `author N${mark % 3} <n${mark % 3}@b.c> ${time - 30} +0200\n`,
      `committer C <c@b.c> ${time} +0000\ndata ${text.length}\n${text}\n`,
      base === undefined ? "" : `from :${base}\n`,
      ...merged.map((tip) => `merge :${tip}\n`),
    );
    // A merge may take files of what it merges, as they are there.
    for (const tip of merged) {
      if (random.below(2) === 0) {
        commands.push(`M 100644 :${1000 + tip} ${FILES[random.below(FILES.length)]}\n`);
      }
    }
    const changes = mark === 1 ? FILES : FILES.filter(() => random.below(merged.length > 0 ? 9 : 4) === 0);
    for (const file of changes) {
      const kind = mark === 1 ? 1 : random.below(6);
      const content = `${random.below(3)}\n`;
      if (kind === 0) commands.push(`D ${file}\n`);
      else commands.push(`M 100${kind === 5 ? 755 : 644} inline ${file}\ndata 2\n${content}`);
    }
    commands.push("\n", `blob\nmark :${1000 + mark}\ndata 2\n${random.below(3)}\n`);
    for (const tip of merged) tips.splice(tips.indexOf(tip), 1);
    if (base !== undefined && random.below(3) > 0) tips.splice(tips.indexOf(base), 1);
    tips.push(mark);
  }
  await git(folder, ["fast-import", "--quiet", "--force"], new TextEncoder().encode(commands.join("")));
  await git(folder, ["reset", "-q", "--hard"]);
}

const PATHS = [["a"], ["d"], ["d/"], ["d/x"], ["d/e"], ["a", "m"], ["d/e/z", "dx"], ["nothing"], ["a/"], [
  "",
]];
const ORDERS = [["age", []], ["date", ["--date-order"]], ["topological", ["--topo-order"]]] as const;

testGit("histories at paths leave what git leaves, of merges too", async (folder) => {
  let compared = 0;
  let merges = 0;
  for (const seed of [1, 2, 3]) {
    const path = `${folder}/${seed}`;
    await Deno.mkdir(path);
    await makeHistory(path, seed);
    await using repository = await GitRepository.open(path);
    const all = (await git(path, ["for-each-ref", "--format=%(refname:short)"])).trim().split("\n");
    const random = new Random(seed);
    const some = (): string[] => all.filter(() => random.below(8) === 0);
    for (const paths of PATHS) {
      for (const [order, flags] of ORDERS) {
        const firstParent = random.below(4) === 0;
        for (
          const [from, exclude] of [[["main"], []], [all, some()], [["main"], ["main~2"]], [all, [
            "main~5",
            ...some(),
          ]]]
        ) {
          const bounds = random.below(3) === 0;
          const [since, until] = [1_000_000_000 + 600, 1_000_000_000 + 3000];
          const args = [
            "rev-list",
            ...flags,
            ...firstParent ? ["--first-parent"] : [],
            ...bounds ? [`--since=@${since}`, `--until=@${until}`] : [],
            ...exclude!.map((name) => `^${name}`),
            ...from!,
            "--",
            ...paths.map((name) => name || "."),
          ];
          const found = await Array.fromAsync(repository.history(from!, {
            order,
            exclude,
            firstParent,
            paths,
            ...bounds ? { since: new Date(since * 1000), until: new Date(until * 1000) } : {},
          }));
          const ids = found.map(({ id }) => `${id}\n`).join("");
          assertEquals(ids, await git(path, args), `seed ${seed}: ${args.join(" ")}`);
          compared += found.length;
          merges += found.filter(({ parents }) => parents.length > 1).length;
        }
      }
    }
  }
  assert(compared > 1500 && merges > 300, `${compared} commits, ${merges} merges`);
});

testGit("changes at paths are those of git", async (folder) => {
  await makeHistory(folder, 4);
  await using repository = await GitRepository.open(folder);
  for (const paths of PATHS) {
    const found = [];
    for await (const { path } of repository.changes("main~6", "main", { paths })) found.push(`${path}\n`);
    const args = [
      "diff-tree",
      "-r",
      "--name-only",
      "main~6",
      "main",
      "--",
      ...paths.map((name) => name || "."),
    ];
    assertEquals(found.join(""), await git(folder, args), args.join(" "));
  }
  for (const paths of ["/a", "a//b", "../a", "a/..", "./a"]) {
    await assertRejectsPath(repository, paths);
  }
});

async function assertRejectsPath(repository: GitRepository, paths: string): Promise<void> {
  const outcome = await repository.history("main", { paths }).next().catch((error: unknown) => error);
  assertThrows(() => {
    throw outcome;
  }, TypeError);
}

testInDirectory(
  "sluice gitdb log, rev-list, show and diff take paths as git does",
  { ignore: !GIT_IS_HERE },
  async (folder) => {
    await makeHistory(folder, 5);
    await Deno.mkdir(`${folder}/d/e`, { recursive: true });
    const calls: [cwd: string, words: string][] = [
      ["", "log -- a"],
      ["", "log --oneline -- d/x m"],
      ["", "log --oneline main -- d/"],
      ["", "log --oneline --all -- nothing"],
      ["", "log --oneline main~3..main --"],
      ["", "log --oneline -- ."],
      ["/d", "log --oneline"],
      ["/d", "log --oneline -- ."],
      ["/d", "log --oneline -- ../a x"],
      ["/d/e", "log -3 --format=%h -- ../../m"],
      ["", `log -2 --oneline -- ${folder}/a`],
      ["", "log --oneline -3 --name-status -- d"],
      ["", "log -4 --raw --first-parent -- d a"],
      ["", "log -5 --name-only"],
      ["", "log -5 --name-status --oneline --first-parent"],
      ["", "log -5 --format=%h --name-only --reverse"],
      ["", "log -5 --format=format:%h --raw --no-abbrev"],
      ["", "rev-list main -- a"],
      ["", "rev-list --count main -- d"],
      ["", "rev-list --merges main -- d a m dx"],
      ["", "rev-list --no-merges --skip=1 -n 3 main -- d a"],
      ["", "show --name-status main -- d"],
      ["", "show -s main~1 main~2 main~3 -- d"],
      ["", "show --oneline --raw main~1 main~2 main~3 main~4 -- a m"],
      ["", "diff --name-status main~4 main -- d a"],
      ["", "diff --raw main~4..main -- d/"],
      ["/d", "diff --name-only main~4 main -- ."],
      ["", "diff --name-only main~4 main -- nothing"],
      ["", "diff --name-only main~4 main d"],
      ["", "log --oneline main -- ../out"],
      ["", "log --oneline nowhere -- a"],
      ["", "log --oneline nowhere"],
      ["", "log --oneline main d/nowhere"],
      ["", "log --oneline main d d/nowhere"],
      ["", "log --oneline ^nowhere main"],
      ["", "log --oneline -3 d"],
      ["", "ls-tree --name-only main d/"],
      ["", `ls-tree main ${folder}/d/x`],
    ];
    await git(folder, ["checkout", "-q", "-f", "main"]);
    await git(folder, ["branch", "d"]); // a name that is a folder, too
    for (const [cwd, words] of calls) {
      await compareWith(`${folder}${cwd}`, words);
    }
    for (const words of ["log -- *.ts", "log -- :/a", "diff main~1 main --name-only -- a?"]) {
      const { code, stderr } = await sluice(["gitdb", ...words.split(" ")], { cwd: folder });
      assertEquals([code, /not known here/.test(stderr)], [129, true], words);
    }
  },
);

async function compareWith(cwd: string, words: string): Promise<void> {
  await compareCalls(cwd, words.split(" "));
}

async function compareCalls(cwd: string, args: readonly string[]): Promise<void> {
  const theirs = await run("git", args, { cwd });
  const ours = await sluice(["gitdb", ...args], { cwd });
  const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
  const what = args.join(" ");
  assertEquals([text(ours.stdout), ours.code], [text(theirs.stdout), theirs.code], `${what}: ${ours.stderr}`);
  if (theirs.code === 128) assertEquals(ours.stderr, theirs.stderr, what);
}

testInDirectory(
  "sluice gitdb log leaves commits by who, when and what as git does, and prints the names of commits",
  { ignore: !GIT_IS_HERE },
  async (folder) => {
    await makeHistory(folder, 6);
    await git(folder, ["tag", "light", "main~2"]);
    for (const [name, what] of [["t1", "main"], ["t2", "t1"], ["tree", "main^{tree}"]]) {
      await git(folder, ["-c", "user.name=A", "-c", "user.email=a@b.c", "tag", "-am", "x", name!, what!]);
    }
    await git(folder, ["update-ref", "refs/remotes/o/main", "main~1"]);
    await git(folder, ["symbolic-ref", "refs/remotes/o/HEAD", "refs/remotes/o/main"]);
    for (const name of ["stash", "notes/x", "pull/1"]) {
      await git(folder, ["update-ref", `refs/${name}`, "main"]);
    }
    const tests = [
      ["log", "--oneline", "--author=N1"],
      ["log", "--oneline", "--author", "n[02]@b.c>$"],
      ["log", "--oneline", "--author=^N1 <n", "--author=N2"],
      ["log", "--oneline", "--author=1 of"],
      ["log", "--oneline", "--committer=^C <c@b.c>$", "-3"],
      ["log", "--oneline", "--grep=of 3"],
      ["log", "--oneline", "--grep=^commit 1.* of [3-5]$"],
      ["log", "--oneline", "--grep=of 3", "--grep=of 4", "--author=N1"],
      ["log", "--oneline", "-i", "--grep=COMMIT 5"],
      ["log", "--oneline", "-F", "--grep=1*"],
      ["log", "--oneline", "--grep=1*1 of"],
      ["log", "--oneline", "--grep=\\(11\\|22\\) of"],
      ["log", "--oneline", "--grep=(11|22) of"],
      ["log", "--oneline", "-E", "--grep=(11|22) of|7+ of"],
      ["log", "--oneline", "--grep=7\\+ of"],
      ["log", "--oneline", "--grep=*"],
      ["log", "--oneline", "--grep=^$", "-2"],
      ["log", "--oneline", "--grep=a^b$c"],
      ["log", "--oneline", "--since=@1000001500"],
      ["log", "--oneline", "--after", "2001-09-09 02:01:40 +0000"],
      ["log", "--oneline", "--until=2001-09-09T02:11:40Z", "--since=2001-09-09 04:01 +0200"],
      ["log", "--oneline", "--before=2001-09-09 02:10:00"],
      ["log", "--oneline", "--since=2001-09-09", "--all"],
      ["log", "--oneline", "--since=2 weeks ago"],
      ["log", "--oneline", "--until=3.months.ago", "-2"],
      ["log", "--oneline", "--until=yesterday", "-2"],
      ["log", "--oneline", "--since=@1000001500", "main~9..main"],
      ["rev-list", "--count", "--author=N1", "--no-merges", "main"],
      ["log", "--oneline", "--author=N1", "--skip=1", "-n", "2", "--reverse", "--", "d", "a"],
      ["log", "--oneline", "--decorate"],
      ["log", "--decorate", "-3"],
      ["log", "--decorate=full", "--oneline", "-4"],
      ["log", "--decorate=no", "--oneline", "-2"],
      ["log", "--decorate", "--no-decorate", "--oneline", "-2"],
      ["log", "--pretty=oneline", "--decorate=short", "-3"],
      ["log", "--format=%h%d|%D", "-5"],
      ["log", "--format=%d", "--decorate=full", "-3"],
      ["log", "--pretty=fuller", "--decorate", "-1"],
      ["show", "-s", "--decorate", "--oneline", "main", "light"],
      ["log", "--decorate=odd"],
    ];
    for (const args of tests) {
      await compareCalls(folder, args);
    }
    await git(folder, ["checkout", "-q", "--detach"]);
    await compareCalls(folder, ["log", "--oneline", "--decorate", "-2"]);
    await git(folder, ["replace", "main~1", "main~2"]);
    await git(folder, ["clone", "-q", "--depth=2", `file://${folder}`, "shallow"]);
    await compareCalls(folder, ["log", "--oneline", "--decorate", "-3"]);
    await compareCalls(`${folder}/shallow`, ["log", "--oneline", "--decorate"]);
    for (
      const args of [
        ["log", "--since=last friday"],
        ["log", "--until=noon"],
        ["log", "--grep=[[:alpha:]]"],
        ["log", "--grep=\\w"],
        ["log", "-i"],
      ]
    ) {
      const { code, stdout } = await sluice(["gitdb", ...args], { cwd: folder });
      assertEquals([code, stdout.length], [129, 0], args.join(" "));
    }
  },
);
