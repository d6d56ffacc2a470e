/**
 * Each row of docs/parity/rsync.md, with rsync beside.
 */
import { testParity } from "./_parity.ts";
import type { ParityTool } from "./_parity.ts";

/** Content, and for each file whether the target has it as it is, changed, or not at all. */
const FILES: Record<string, "same" | "changed" | "absent" | "extra"> = {
  "a": "same",
  "a.tmp": "absent",
  "b": "changed",
  "c d": "absent",
  "dir/a": "absent",
  "dir/b.tmp": "changed",
  "dir/deep/a": "same",
  "dir/deep/z": "extra",
  "dir/z": "extra",
  "empty": "absent",
  "other/a": "absent",
  "other/dir/a": "absent",
  "top": "absent",
  "x.tmp": "extra",
  "z": "extra",
};

const OLD = new Date("2020-02-02T02:02:02Z");
const OLDER = new Date("2019-01-01T00:00:00Z");

async function put(path: string, text: string, time: Date): Promise<void> {
  await Deno.mkdir(path.slice(0, path.lastIndexOf("/")), { recursive: true });
  await Deno.writeTextFile(path, text);
  await Deno.utime(path, time, time);
}

async function prepare(cwd: string): Promise<void> {
  for (const side of ["from", "to"]) await Deno.mkdir(`${cwd}/${side}`);
  for (const [name, at] of Object.entries(FILES)) {
    const text = name === "empty" ? "" : `${name} `.repeat(500);
    if (at !== "extra") await put(`${cwd}/from/${name}`, text, OLD);
    if (at === "same" || at === "extra") await put(`${cwd}/to/${name}`, text, OLD);
    if (at === "changed") await put(`${cwd}/to/${name}`, text.slice(1), OLDER);
  }
  // Size and time are the same, content is not.
  await put(`${cwd}/from/quiet`, "content 1", OLD);
  await put(`${cwd}/to/quiet`, "content 2", OLD);
  await Deno.chmod(`${cwd}/from/b`, 0o751);
  await Deno.symlink("b", `${cwd}/from/link`);
  await Deno.symlink("nowhere", `${cwd}/from/dangling`);
  await Deno.link(`${cwd}/from/top`, `${cwd}/from/top2`);
  await Deno.mkdir(`${cwd}/from/hollow`);
  await Deno.writeTextFile(`${cwd}/list`, "a\ndir/deep\nother/a\n");
  await Deno.symlink("dir", `${cwd}/from/shelf`);
  await Deno.writeTextFile(`${cwd}/upward`, "dir/../a\n");
  await Deno.writeTextFile(`${cwd}/through`, "shelf/a\n");
  await Deno.writeTextFile(`${cwd}/shelf`, "shelf/\n");
  await Deno.writeTextFile(`${cwd}/dotted`, "./b\n");
  await Deno.writeTextFile(`${cwd}/odd`, "# a comment\n\n/b\nc d\nnothing\n");
  await Deno.writeTextFile(`${cwd}/list0`, "a\0c d\0");
  await Deno.writeTextFile(`${cwd}/patterns`, "# a comment\n*.tmp\n/dir/deep/\n");
  await Deno.writeTextFile(`${cwd}/rules`, "+ dir/\n- *.tmp\n- /other\n");
  for (const folder of ["dir/deep", "dir", "other/dir", "other", "hollow", "."]) {
    await Deno.utime(`${cwd}/from/${folder}`, OLD, OLD);
  }
}

/** Every name with its kind, mode, time, links and content. */
async function state(cwd: string): Promise<Record<string, unknown>> {
  const found: Record<string, unknown> = {};
  const walk = async (folder: string): Promise<void> => {
    for await (const { name } of Deno.readDir(`${cwd}/${folder}`)) {
      const path = `${folder}${name}`;
      const facts = await Deno.lstat(`${cwd}/${path}`);
      const time = (facts.mtime!.getTime() / 1000) | 0;
      if (facts.isSymlink) found[path] = ["link", await Deno.readLink(`${cwd}/${path}`)];
      else if (facts.isDirectory) {
        found[path] = ["folder", facts.mode! & 0o7777, known(time)];
        await walk(`${path}/`);
      } else {
        const text = await Deno.readTextFile(`${cwd}/${path}`);
        found[path] = ["file", facts.mode! & 0o7777, known(time), facts.nlink, text];
      }
    }
  };
  await walk("");
  return found;
}

/** Times that a run gives are now, and differ between two runs. */
function known(seconds: number): string {
  const time = new Date(seconds * 1000).toISOString();
  return time < "2021" ? time : "now";
}

/** rsync and `sluice pdiffcopy`. */
export const RSYNC: ParityTool = {
  name: "rsync",
  page: new URL("../docs/parity/rsync.md", import.meta.url),
  theirs: (args) => args,
  ours: (args) => ["pdiffcopy", ...args],
  prepare,
  state,
};

await testParity(RSYNC);
