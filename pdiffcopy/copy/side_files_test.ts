import { assert, assertEquals, assertRejects } from "@std/assert";
import { SluiceError } from "@sluice/internal";
import { testBackends } from "../../tests/_backends.ts";
import { inDirectory } from "../../tests/_directory.ts";
import { encodePath } from "../kernel/path_text.ts";
import { PdiffClient } from "../mod.ts";
import { isOwnName, journalName, partName } from "./_side_files.ts";

/** The most bytes that a name may have. */
const NAME_MAX = 255;

Deno.test("side files of different names differ, and no name is too long for one", () => {
  const long = "v".repeat(210);
  const names = [
    "a",
    "b",
    "a~",
    "é".repeat(120),
    "漢".repeat(84),
    "漢".repeat(85),
    `${long}1`,
    `${long}2`,
    "x".repeat(255),
    [
      "x".repeat(254),
      "y",
    ].join(""),
    "\udcff".repeat(250),
    "é".repeat(99) + "xyz" + "é".repeat(10),
  ];
  const seen = new Set<string>();
  for (const name of names) {
    for (const side of [journalName(name), partName(name)]) {
      assert(encodePath(side).length <= NAME_MAX, `${encodePath(side).length} bytes`);
      assert(isOwnName(side));
      assert(!seen.has(side), side);
      seen.add(side);
    }
  }
  assertEquals(journalName("file"), ".file.pdiff-journal");
});

testBackends("files with the longest names are copied, as sources and as targets", async () => {
  await inDirectory(async (directory) => {
    await Deno.writeTextFile(`${directory}/plain`, "content");
    for (const name of ["é".repeat(120), "漢".repeat(84), "x".repeat(255)]) {
      await new PdiffClient({ source: `${directory}/plain`, target: `${directory}/${name}` }).synchronize();
      assertEquals(await Deno.readTextFile(`${directory}/${name}`), "content");
      await new PdiffClient({ source: `${directory}/${name}`, target: `${directory}/copy` }).synchronize();
      await Deno.remove(`${directory}/${name}`);
    }
  });
});

testBackends("a journal keeps one file from being a source, and no other", async () => {
  await inDirectory(async (directory) => {
    const long = "v".repeat(210);
    for (const number of [1, 2]) await Deno.writeTextFile(`${directory}/${long}${number}`, "content");
    await Deno.writeTextFile(`${directory}/${journalName(`${long}1`)}`, "{}\n");
    const copy = (number: number) =>
      new PdiffClient({ source: `${directory}/${long}${number}`, target: `${directory}/copy` }).synchronize();
    assertEquals((await assertRejects(() => copy(1), SluiceError)).code, "DIRTY");
    await copy(2);
    await new PdiffClient({
      source: `${directory}/copy`,
      target: `${directory}/${long}2`,
      replace: "inplace",
    })
      .synchronize();
    assertEquals((await assertRejects(() => copy(1), SluiceError)).code, "DIRTY");
  });
});
