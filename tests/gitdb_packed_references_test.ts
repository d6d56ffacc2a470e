/**
 * References while git moves them from files of their own into `packed-refs`.
 */
import { assert, assertEquals } from "@std/assert";
import { GitRepository } from "@sluice/gitdb";
import { replacedIds, rootIds } from "../gitdb/database/_root_ids.ts";
import { ENVIRONMENT, git, GIT_IS_HERE, withFolder } from "./_git.ts";

/** Until git has made and packed so many. */
const REFERENCES = 60;
/** Makes one reference after another, says so in a file, and packs it. */
const MAKE = `
i=0
while [ ! -e stop ]; do
  i=$((i + 1))
  id=$(echo $i | git hash-object -w --stdin) &&
  git update-ref refs/tags/t$i $id && git update-ref refs/replace/$(printf %040x $i) $id || exit 1
  echo "$i $id" > made.new && mv made.new made
  git pack-refs --all --prune || exit 1
done`;

Deno.test({
  name: "a reference that git packs meanwhile is in every listing",
  ignore: !GIT_IS_HERE || Deno.build.os === "windows",
  fn: () =>
    withFolder(async (folder) => {
      await git(folder, ["init", "-q"]);
      const making = new Deno.Command("sh", { args: ["-c", MAKE], cwd: folder, env: ENVIRONMENT }).spawn();
      try {
        await using repository = await GitRepository.open(folder);
        const gitFolder = `${folder}/.git`;
        for (let made = 0; made < REFERENCES;) {
          const [count, id] = (await Deno.readTextFile(`${folder}/made`).catch(() => "0")).trim().split(" ");
          made = Number(count);
          if (made === 0) continue;
          const listed = (await Array.fromAsync(repository.references())).map(({ name }) => name);
          assert(listed.includes(`refs/tags/t${made}`), `${made} is not listed`);
          assert((await rootIds(gitFolder, "sha1")).some((root) => `${root}` === id), `${made} is no root`);
          const replaced = [...(await replacedIds(gitFolder, "sha1")).keys()];
          assert(replaced.includes(made.toString(16).padStart(40, "0")), `${made} replaces nothing`);
        }
      } finally {
        await Deno.writeTextFile(`${folder}/stop`, "");
        assertEquals((await making.status).code, 0, "git failed");
      }
    }),
});
