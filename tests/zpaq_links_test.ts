/**
 * What zpaq 7.15 has no place for: links, owners, extended attributes, nanoseconds. It extracts such archives all the same.
 */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { createZpaqArchive } from "@sluice/zpaq";
import { backendInfo } from "@sluice/ffi";
import { run, sluice } from "./_cli.ts";
import { testInDirectory } from "./_directory.ts";
import { leftovers } from "./_outputs.ts";

const decoder = new TextDecoder();
const isRoot = Deno.build.os === "linux" && Deno.uid() === 0 && backendInfo().kind === "native";

async function tool(name: string, args: readonly string[], cwd: string): Promise<string> {
  const { stdout, code, stderr } = await run(name, args, { cwd });
  assertEquals(code, 0, `${name} ${args.join(" ")}: ${stderr}`);
  return decoder.decode(stdout);
}

const hasTool = async (name: string): Promise<boolean> =>
  await run(name, ["--version"], {}).then(() => true, () => false);

/** What `stat` and `getfattr` say of everything below a folder. */
async function factsBelow(folder: string): Promise<string> {
  const names = (await tool("find", [".", "-printf", "%P\n"], folder)).split("\n").filter((name) =>
    name !== ""
  ).sort();
  const facts = await tool("stat", ["-c", "%n %F %a %u %g %y %h %N", ...names], folder);
  const attributes = await hasTool("getfattr")
    ? await tool("getfattr", ["-h", "-d", "-m", "-", "-e", "hex", ...names], folder)
    : "";
  // Links of folders count the folders in them, which other tests of the same file system do not change.
  return facts + attributes;
}

testInDirectory("zpaq: links, hard links, owners, extended attributes and nanoseconds come back", {
  ignore: !isRoot,
}, async (cwd) => {
  const at = (name: string): string => `${cwd}/t/${name}`;
  await Deno.mkdir(at("d/empty"), { recursive: true });
  await Deno.writeTextFile(at("a"), "one\n");
  await Deno.writeTextFile(at("d/b"), "two\n");
  await Deno.link(at("a"), at("d/hard"));
  for (
    const [target, name] of [["a", "link"], ["/nowhere/at all", "dangling"], ["d", "folder"], [
      "..",
      "d/up",
    ]]
  ) {
    await Deno.symlink(target!, at(name!));
  }
  if (await hasTool("setfattr")) {
    await tool("setfattr", ["-n", "user.text", "-v", "value", at("a")], cwd);
    await tool("setfattr", ["-n", "user.bytes", "-v", "0x00ff00", at("d")], cwd);
  }
  await Deno.chown(at("d/b"), 33, 44);
  await Deno.chmod(at("d/b"), 0o4751);
  await Deno.chmod(at("d/empty"), 0o500);
  await tool("chown", ["-h", "7:8", at("link")], cwd);
  for (const name of ["d/b", "d/empty", "d"]) {
    await tool("touch", ["-d", "2001-02-03 04:05:06.123456789", at(name)], cwd);
  }
  await tool("touch", ["-h", "-d", "1999-12-31 23:59:59.000000001", at("link")], cwd);
  const before = await factsBelow(`${cwd}/t`);

  assertEquals((await sluice(["zpaq", "a", "t.zpaq", "t"], { cwd })).code, 0);
  const again = await sluice(["zpaq", "a", "t.zpaq", "t"], { cwd });
  assertStringIncludes(again.stderr, "0 +added, 0 -removed");
  const restored = await sluice(["zpaq", "x", "t.zpaq", "-to", "r"], { cwd });
  assertEquals([restored.code, restored.stderr.includes("warning")], [0, false], restored.stderr);
  assertEquals(await factsBelow(`${cwd}/r/t`), before);
  const own = await sluice(["zpaq", "x", "t.zpaq", "-to", "own", "-noowners"], { cwd });
  assertEquals(own.code, 0);
  assertEquals((await Deno.stat(`${cwd}/own/t/d/b`)).uid, 0);
  // A change within the same second is seen.
  await Deno.writeTextFile(at("d/b"), "owt\n");
  await tool("touch", ["-d", "2001-02-03 04:05:06.123456790", at("d/b")], cwd);
  assertStringIncludes((await sluice(["zpaq", "a", "t.zpaq", "t"], { cwd })).stderr, "4 -> 4");

  if (!await hasTool("zpaq")) return console.log("SKIPPED: zpaq is not installed");
  await tool("zpaq", ["x", "t.zpaq", "-until", "1", "-to", "z"], cwd);
  assertEquals(await Deno.readTextFile(`${cwd}/z/t/d/hard`), "one\n");
  assertEquals(await Deno.readTextFile(`${cwd}/z/t/dangling`), "/nowhere/at all");
  assertEquals((await Deno.stat(`${cwd}/z/t/d/b`)).mode! & 0o7777, 0o4751);
  assertEquals(leftovers(cwd), []);
});

testInDirectory("zpaq: -715 and -noattributes store no links", async (cwd) => {
  if (Deno.build.os === "windows") return;
  await Deno.mkdir(`${cwd}/t`);
  await Deno.writeTextFile(`${cwd}/t/a`, "one\n");
  await Deno.symlink("a", `${cwd}/t/link`);
  for (const option of ["-715", "-noattributes"]) {
    const archive = `x${option}.zpaq`;
    assertEquals((await sluice(["zpaq", "a", archive, "t", option], { cwd })).code, 0);
    assert(!decoder.decode((await sluice(["zpaq", "l", archive], { cwd })).stdout).includes("link"));
  }
  // Only a link that was named is worth a warning.
  const named = await sluice(["zpaq", "a", "n.zpaq", "t/link", "-715"], { cwd });
  assertEquals(named.code, 1);
  assertStringIncludes(named.stderr, "t/link");
});

testInDirectory("zpaq: nothing is written through a link of an archive", async (cwd) => {
  if (Deno.build.os === "windows") return;
  const body = new TextEncoder().encode("evil");
  const link = (target: string) => ({ system: "unix" as const, mode: 0o120777, link: target });
  await Deno.mkdir(`${cwd}/outside`);
  const files = [
    { name: "out", attributes: link("../outside"), body },
    { name: "out/file", body },
    { name: "out/folder/", attributes: { system: "unix" as const, mode: 0o40777 } },
    { name: "out/", attributes: { system: "unix" as const, mode: 0o40700 } },
    { name: "up/../../outside/file", body },
    { name: "hard", attributes: { system: "unix" as const, mode: 0o100644, hardLink: "../outside" }, body },
  ];
  await Deno.writeFile(`${cwd}/h.zpaq`, await createZpaqArchive(files));
  const before = (await Deno.stat(`${cwd}/outside`)).mode;
  for (const force of [[], ["-force"]]) {
    await sluice(["zpaq", "x", "h.zpaq", "-to", "r", ...force], { cwd });
    assertEquals([...Deno.readDirSync(`${cwd}/outside`)], []);
    assertEquals((await Deno.stat(`${cwd}/outside`)).mode, before);
  }
  // A link that an earlier run made is not followed either.
  await Deno.remove(`${cwd}/r`, { recursive: true });
  await Deno.writeFile(`${cwd}/one.zpaq`, await createZpaqArchive(files.slice(0, 1)));
  assertEquals((await sluice(["zpaq", "x", "one.zpaq", "-to", "r"], { cwd })).code, 0);
  const through = await sluice(["zpaq", "x", "h.zpaq", "-to", "r", "-force"], { cwd });
  assert(through.code !== 0);
  assertStringIncludes(through.stderr, "is a link");
  assertEquals([...Deno.readDirSync(`${cwd}/outside`)], []);
  assertEquals(leftovers(cwd), []);
});
