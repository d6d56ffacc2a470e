/**
 * Commits and tags with more in their headers than git's usual lines: read and written again, they have the same bytes.
 */
import { assert, assertEquals, assertThrows } from "@std/assert";
import { encodeGitCommit, encodeGitTag, parseGitCommit, parseGitTag } from "@sluice/gitdb";
import { git, gitBytes, testGit } from "./_git.ts";

const TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";
const SIGNATURE = "-----BEGIN PGP SIGNATURE-----\n\niQEzBAABCAAdFiEE\n=abcd\n-----END PGP SIGNATURE-----";
const PERSON = "A \u00dctor <a@example.test> 1700000000 -0330";
const AUTHOR = { name: "A", email: "a@example.test", date: new Date(1_000_000), timezone: "+0000" };

function continued(text: string): string {
  return text.replaceAll("\n", "\n ");
}

testGit("signed commits and tags, and merges of tags, are written as they were read", async (folder) => {
  await git(folder, ["init", "-q", "."]);
  const store = async (type: string, body: string): Promise<string> =>
    (await git(folder, ["hash-object", "-t", type, "-w", "--stdin"], new TextEncoder().encode(body))).trim();
  const root = await store("commit", `tree ${TREE}\nauthor ${PERSON}\ncommitter ${PERSON}\n\nroot\n`);
  const side = await store(
    "commit",
    `tree ${TREE}\nparent ${root}\nauthor ${PERSON}\ncommitter ${PERSON}\n\nside`,
  );
  const main = await store(
    "commit",
    `tree ${TREE}\nparent ${root}\nauthor ${PERSON}\ncommitter ${PERSON}\n\nmain`,
  );
  const signed = await store(
    "tag",
    `object ${side}\ntype commit\ntag v1\ntagger ${PERSON}\n\ntwo\n\nparagraphs\n${SIGNATURE}\n`,
  );
  await git(folder, ["update-ref", "refs/tags/v1", signed]);
  await git(folder, ["reset", "-q", "--hard", main]);
  // A merge of a signed tag keeps the whole tag in its header.
  await git(folder, ["merge", "-q", "--no-ff", "-m", "merge", "v1"]);
  const head = `tree ${TREE}\nparent ${main}\nparent ${side}\nauthor ${PERSON}\ncommitter ${PERSON}\n`;
  const commits = [
    (await git(folder, ["rev-parse", "HEAD"])).trim(),
    await store("commit", `${head}gpgsig ${continued(SIGNATURE)}\n \n\nsigned\n`),
    await store(
      "commit",
      `${head}HG:extra a:b\nHG:extra c\ngpgsig-sha256 x\ngpgsig ${continued(SIGNATURE)}\n\n`,
    ),
  ];
  assert(
    new TextDecoder().decode(await gitBytes(folder, ["cat-file", "commit", "HEAD"])).includes("\nmergetag "),
  );
  for (const id of commits) {
    const body = await gitBytes(folder, ["cat-file", "commit", id]);
    assertEquals(encodeGitCommit(parseGitCommit(body)), body);
    // git takes the bytes, and gives them the same name.
    const again = await gitBytes(folder, ["hash-object", "-t", "commit", "--stdin"], body);
    assertEquals(new TextDecoder().decode(again).trim(), id);
  }
  const tags = [
    signed,
    await store(
      "tag",
      `object ${side}\ntype commit\ntag v3\ntagger ${PERSON}\ngpgsig-sha256 ${
        continued(SIGNATURE)
      }\n\nboth\n`,
    ),
  ];
  for (const id of tags) {
    const body = await gitBytes(folder, ["cat-file", "tag", id]);
    assertEquals(encodeGitTag(parseGitTag(body)), body);
  }
});

Deno.test("what would become another line of a header is refused", () => {
  const commit = { tree: TREE, author: AUTHOR, message: "x" };
  const tag = { object: TREE, type: "tree", name: "v1", tagger: AUTHOR, message: "x" } as const;
  for (
    const extra of [
      [["parent", TREE]],
      [["tag", "v"]],
      [["tree", "x"]],
      [["two words", "x"]],
      [["a\nb", "x"]],
      [["", "x"]],
      [["gpgsig", "a\0"]],
    ] as const
  ) {
    const [word] = extra[0];
    if (word !== "tag") assertThrows(() => encodeGitCommit({ ...commit, extra }), RangeError, "further line");
    if (word !== "parent" && word !== "tree") {
      assertThrows(() => encodeGitTag({ ...tag, extra }), RangeError, "further line");
    }
  }
  for (const extra of ["gpgsig x", [["gpgsig"]], [["gpgsig", 1]], ["gpgsig"], [undefined]]) {
    assertThrows(
      () => encodeGitCommit({ ...commit, extra: extra as unknown as [] }),
      TypeError,
      "Cannot write a commit",
    );
  }
  for (const name of ["", "a\nb", "a\0"]) {
    assertThrows(() => encodeGitTag({ ...tag, name }), RangeError, "name");
  }
  assertThrows(() => encodeGitTag({ ...tag, type: "file" as "tree" }), Error, "file");
  assertThrows(() => encodeGitCommit({ ...commit, encoding: "latin1" }), RangeError, "expected UTF-8");
  assertThrows(() => encodeGitTag({ ...tag, message: "a\0b" }), RangeError, "zero");
  // An empty line inside a signature stays one of the signature.
  const body = new TextDecoder().decode(encodeGitCommit({ ...commit, extra: [["gpgsig", "a\n\nb"]] }));
  assert(body.endsWith("\ngpgsig a\n \n b\n\nx"), body);
});

Deno.test("a commit in ISO 8859-1 has the characters of these bytes, C1 controls too", () => {
  const bytes = (text: string) => Uint8Array.from(text, (char) => char.charCodeAt(0));
  for (const encoding of ["ISO-8859-1", "latin1", "iso8859-1", "ISO_8859-1"]) {
    const body = bytes(
      `tree ${TREE}\nauthor \xdc <a@b> 0 +0000\ncommitter \xdc <a@b> 0 +0000\nencoding ${encoding}\n\n\x80\x9f\xe9\n`,
    );
    const { message, author } = parseGitCommit(body);
    assertEquals([message, author.name], ["\x80\x9f\xe9\n", "\xdc"]);
  }
});
