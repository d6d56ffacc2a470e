import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { createZpaqArchive } from "../mod.ts";
import { ZpaqBackup } from "./backup.ts";
import { testInDirectory } from "../../tests/_directory.ts";

testInDirectory(
  "zpaq: content that differs under the same date and size is seen when content is compared",
  async (folder) => {
    const path = `${folder}/a.txt`;
    const time = new Date("2020-01-01T00:00:00Z");
    await Deno.writeTextFile(path, "one\n".repeat(100_000));
    await Deno.utime(path, time, time);
    using backup = await ZpaqBackup.open(`${folder}/b.zpaq`, { fragment: 0 });
    await backup.add(path);
    const results = async (): Promise<string[]> => [
      (await backup.compare(path))[0]!.result,
      (await backup.compare(path, { compareContent: true }))[0]!.result,
    ];
    assertEquals(await results(), ["same", "same"]);
    await Deno.writeTextFile(path, "one\n".repeat(99_999) + "two\n");
    await Deno.utime(path, time, time);
    assertEquals(await results(), ["same", "different"]);
  },
);

testInDirectory("zpaq: verify and restore name each damaged file", async (folder) => {
  await Deno.mkdir(`${folder}/s`);
  for (const name of ["a", "b"]) {
    await Deno.writeFile(`${folder}/s/${name}`, crypto.getRandomValues(new Uint8Array(50_000)));
  }
  const path = `${folder}/b.zpaq`;
  {
    using backup = await ZpaqBackup.open(path, { method: 0 });
    await backup.addFolder(`${folder}/s`);
  }
  const bytes = await Deno.readFile(path);
  bytes[20_000]! ^= 1;
  await Deno.writeFile(path, bytes);
  using backup = await ZpaqBackup.open(path);
  const { files, damaged } = await backup.verify();
  assertEquals([files, damaged.map(({ entry, code }) => [entry, code])], [1, [["s/a", "FRAGMENT"]]]);
  const error = await backup.restore([], { to: `${folder}/out` }).catch((error) => error);
  assertEquals([error.entry, error.code], ["s/a", "FRAGMENT"]);
  assertEquals(await Deno.readFile(`${folder}/out/s/b`), await Deno.readFile(`${folder}/s/b`));
});

testInDirectory("zpaq: a version that is given up leaves the archive as it was", async (folder) => {
  await Deno.mkdir(`${folder}/d`);
  for (const name of ["a", "b", "c"]) await Deno.writeFile(`${folder}/d/${name}`, new Uint8Array(600_000));
  for (const method of [1, "s1"]) {
    const path = `${folder}/${method}.zpaq`;
    using backup = await ZpaqBackup.open(path, { method });
    await backup.add(`${folder}/d/a`, { to: "first" });
    const before = await Deno.readFile(path);
    const controller = new AbortController();
    const onFile = (): void => controller.abort(new Error("enough"));
    const { signal } = controller;
    await assertRejects(() => backup.addFolder(`${folder}/d`, { signal, onFile }), Error, "enough");
    assertEquals(await Deno.readFile(path), before);
    await assertRejects(() => backup.addFolder(`${folder}/d`, { signal }), Error, "enough");
    assertEquals((await backup.addFolder(`${folder}/d`)).problems, []);
  }
});

testInDirectory("zpaq: calls on one backup take turns, each with its own problems", async (folder) => {
  await Deno.mkdir(`${folder}/d`);
  for (const name of ["a", "b"]) await Deno.writeTextFile(`${folder}/d/${name}`, name);
  using backup = await ZpaqBackup.open(`${folder}/b.zpaq`, { onProblem: () => {} });
  await backup.addFolder(`${folder}/d`);
  await Deno.mkdir(`${folder}/out/d/a`, { recursive: true });
  await Deno.writeTextFile(`${folder}/d/c`, "c");
  const [restored, verified, added, again, checked] = await Promise.all([
    backup.restore([], { to: `${folder}/out`, force: true }), // a folder is where a file should be
    backup.verify(),
    backup.addFolder(`${folder}/d`),
    backup.verify(),
    backup.check(),
    backup.repackTo(`${folder}/r.zpaq`),
    backup.compare("d"),
  ]);
  assertEquals([restored.problems.length, verified.files, added.updated > 0, again.files], [1, 2, true, 3]);
  assertEquals([verified.damaged, added.problems, again.damaged, checked.problems], [[], [], [], []]);
  await assertRejects(() => backup.verify("none"));
  assertEquals((await backup.verify()).files, 3);
});

testInDirectory("zpaq: paths that a version does not have are no success", async (folder) => {
  await Deno.writeTextFile(`${folder}/a`, "a");
  using backup = await ZpaqBackup.open(`${folder}/b.zpaq`);
  await backup.add(`${folder}/a`, { to: "a" });
  await assertRejects(() => backup.restore("b", { to: `${folder}/c` }), Error, "has no such file");
  await assertRejects(() => backup.verify("b"), Error, "has no such file");
  await Deno.writeTextFile(`${folder}/b`, "b");
  const paths = [`${folder}/a`, `${folder}/b`];
  await assertRejects(() => backup.add(paths, { to: "x" }), RangeError, "1 names for 2 paths");
  await backup.add(paths, { to: ["a", "d/b"] });
  for (const [names, to] of [[["a", "d/b"], "x"], ["a", ["x", "y"]], ["d/*", "x"], [[], ["x", "y"]]]) {
    const options = { to: typeof to === "string" ? `${folder}/${to}` : to };
    await assertRejects(() => backup.restore(names!, options), RangeError, '"to"');
  }
  await backup.restore(["a", "d/b"], { to: [`${folder}/one`, `${folder}/two`] });
  assertEquals(await Deno.readTextFile(`${folder}/two`), "b");
  await assertRejects(() => backup.restore("a", { at: 0 }), Error, "has no such file");
});

Deno.test("zpaq: a file that can't be read is different, and the others are compared", {
  ignore: Deno.build.os !== "linux",
}, async () => {
  const folder = await Deno.makeTempDir();
  try {
    const good = `${folder}/good`;
    await Deno.writeTextFile(good, "good");
    const unreadable = "/proc/self/mem"; // its first byte is of no page
    const files = [{ name: unreadable, body: new Uint8Array() }, {
      name: good,
      body: await Deno.readFile(good),
    }];
    await Deno.writeFile(`${folder}/b.zpaq`, await createZpaqArchive(files));
    const problems: string[] = [];
    using backup = await ZpaqBackup.open(`${folder}/b.zpaq`, {
      onProblem: ({ message }) => problems.push(message),
    });
    const compared = await backup.compare([unreadable, good], { compareContent: true });
    assertEquals(compared.map(({ name, result }) => [name, result]), [[unreadable, "different"], [
      good,
      "same",
    ]]);
    assertEquals(problems.length, 1);
    assertStringIncludes(problems[0]!, unreadable);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

testInDirectory("zpaq: folders are compared under the names that they were stored by", async (folder) => {
  await Deno.mkdir(`${folder}/s`);
  await Deno.mkdir(`${folder}/t`);
  for (const name of ["s/a", "s/b", "t/a"]) await Deno.writeTextFile(`${folder}/${name}`, name);
  using backup = await ZpaqBackup.open(`${folder}/b.zpaq`);
  await backup.addFolder(`${folder}/s`);
  await backup.add(`${folder}/t`, { to: "other" });
  await Deno.writeTextFile(`${folder}/s/b`, "something else");
  await Deno.remove(`${folder}/t/a`);
  for (const compareContent of [false, true]) {
    const options = { to: ["s", "other"], compareContent, attributes: false };
    const found = await backup.compare([`${folder}/s`, `${folder}/t`], options);
    const results = Object.fromEntries(found.map(({ name, result }) => [name, result]));
    assertEquals([results["s/a"], results["s/b"], results["other/a"]], ["same", "different", "internal"]);
    assertEquals(found.filter(({ result }) => result === "external"), []);
  }
  await assertRejects(
    () => backup.compare(`${folder}/s`, { to: ["s", "t"] }),
    RangeError,
    "2 names for 1 path",
  );
});
