/**
 * Every command that writes a file, and what must hold for each: what was at its target is there as it was, or it was
 * replaced by the complete output, and the exit code says which.
 */
import { compressLz4 } from "@sluice/lz4";
import { compressZstd } from "@sluice/zstd";
import { compressZpaq, createZpaqArchive } from "@sluice/zpaq";
import { text } from "./_data.ts";

/** Files that the commands work on. */
export interface Fixture {
  readonly folder: string;
  path(name: string): string;
}

/** One command that writes. */
export interface WritingCommand {
  readonly name: string;
  /** The file of the fixture that it reads. */
  readonly input: string;
  /** Its command line; `force` where an existing target is to be replaced. */
  args(input: string, output: string, force: boolean, fixture: Fixture): string[];
  /** Whether any bytes are good input: nothing is junk, and nothing is cut. */
  readonly anyInput?: boolean;
  /** Whether no bytes at all are good input, as for the lz4 tool. */
  readonly emptyIsGood?: boolean;
  /** Whether a part of good input may be good input. */
  readonly parts?: boolean;
  /** Whether a target that exists is skipped without a failure, as the tool does. */
  readonly skips?: boolean;
  /** Whether input that is cut still gives output, with an exit code that says so. */
  readonly salvages?: boolean;
}

const f = (force: boolean, flag = "-f"): string[] => force ? [flag] : [];

/** All of them. */
export const WRITING_COMMANDS: readonly WritingCommand[] = [
  {
    name: "zstd",
    input: "plain",
    anyInput: true,
    args: (i, o, force) => ["zstd", "-q", ...f(force), i, "-o", o],
  },
  { name: "zstd -d", input: "plain.zst", args: (i, o, force) => ["zstd", "-qd", ...f(force), i, "-o", o] },
  {
    name: "zstd --seekable",
    input: "plain",
    anyInput: true,
    args: (i, o, force) => ["zstd", "-q", "--seekable", ...f(force), i, "-o", o],
  },
  {
    name: "zstd --patch-from",
    input: "plain",
    anyInput: true,
    args: (i, o, force, { path }) => ["zstd", "-q", `--patch-from=${path("base")}`, ...f(force), i, "-o", o],
  },
  {
    name: "zstd --train",
    input: "plain",
    anyInput: true,
    args: (i, o, force) => ["zstd", "-q", "--train", "-B2KB", "--maxdict=1KB", ...f(force), i, "-o", o],
  },
  { name: "zstd cat", input: "plain.zst", args: (i, o, force) => ["zstd", "cat", ...f(force), i, "-o", o] },
  {
    name: "zstd index",
    input: "plain.zst",
    args: (i, o, force) => ["zstd", "index", ...f(force), i, "-o", o],
  },
  { name: "lz4", input: "plain", anyInput: true, args: (i, o, force) => ["lz4", "-q", ...f(force), i, o] },
  {
    name: "lz4 -d",
    input: "plain.lz4",
    emptyIsGood: true,
    args: (i, o, force) => ["lz4", "-qd", ...f(force), i, o],
  },
  { name: "lz4 index", input: "plain.lz4", args: (i, o, force) => ["lz4", "index", ...f(force), i, "-o", o] },
  { name: "lz4 cat", input: "plain.lz4", args: (i, o, force) => ["lz4", "cat", ...f(force), i, "-o", o] },
  { name: "lz4 lines", input: "plain.lz4", args: (i, o, force) => ["lz4", "lines", ...f(force), i, "-o", o] },
  {
    name: "lz4 carve",
    input: "plain.lz4",
    args: (i, o, force) => ["lz4", "carve", "--range=10-100", ...f(force), i, "-o", o],
  },
  {
    name: "lz4 splits --glue",
    input: "blocks.lz4",
    args: (i, o, force) => ["lz4", "splits", "--headers", "--split=64K", ...f(force), i, "--glue", o],
  },
  {
    name: "lz4 get",
    input: "plain.lz4",
    args: (i, o, force) => ["lz4", "get", ...f(force), i, "-o", o],
  },
  {
    name: "lz4 resume",
    input: "plain.lz4",
    args: (i, o, force) => ["lz4", "resume", ...f(force), i, "-o", o],
  },
  {
    name: "lz4 recover",
    input: "plain.lz4",
    salvages: true,
    args: (i, o, force) => ["lz4", "recover", ...f(force), i, "-o", o],
  },
  {
    name: "lz4 repack",
    input: "plain.lz4",
    args: (i, o, force) => ["lz4", "repack", ...f(force), i, "-o", o],
  },
  {
    name: "lz4 join",
    input: "plain.lz4",
    args: (i, o, force) => ["lz4", "join", ...f(force), i, i, "-o", o],
  },
  {
    name: "zstd join",
    input: "plain.zst",
    args: (i, o, force) => ["zstd", "join", ...f(force), i, i, "-o", o],
  },
  {
    name: "zpaq x -repack",
    input: "archive.zpaq",
    args: (i, o, force) => ["zpaq", "x", i, "-repack", o, ...f(force, "-force")],
  },
  {
    name: "zpaq x -index",
    input: "archive.zpaq",
    args: (i, o, force) => ["zpaq", "x", i, "-index", o, ...f(force, "-force")],
  },
  {
    name: "zpaq x",
    input: "archive.zpaq",
    skips: true,
    args: (i, o, force) => ["zpaq", "x", i, "file", "-to", o, ...f(force, "-force")],
  },
  {
    name: "zpaq join",
    input: "blocks.zpaq",
    args: (i, o, force) => ["zpaq", "join", o, i, i, ...f(force, "-force")],
  },
  {
    name: "zpaq e",
    input: "archive.zpaq",
    args: (i, o, force) => ["zpaq", "e", "", "secret", i, o, ...f(force, "-force")],
  },
  {
    name: "zpaq c",
    input: "plain",
    anyInput: true,
    args: (i, o, force, { path }) => ["zpaq", "c", path("model.cfg"), o, i, ...f(force, "-force")],
  },
  {
    name: "zpaq d",
    input: "block.zpaq",
    salvages: true,
    args: (i, o, force) => ["zpaq", "d", i, o, ...f(force, "-force")],
  },
  {
    name: "zpaq r",
    input: "plain",
    anyInput: true,
    args: (i, o, force, { path }) => ["zpaq", "r", path("model.cfg"), "h", i, o, ...f(force, "-force")],
  },
  {
    name: "zpaq asm",
    input: "model.cfg",
    parts: true,
    args: (i, o, force) => ["zpaq", "asm", i, o, ...f(force, "-force")],
  },
  {
    name: "zpaq pack",
    input: "plain",
    anyInput: true,
    args: (i, o, force) => ["zpaq", "pack", "-q", ...f(force), o, i],
  },
  {
    name: "zpaq py compile",
    input: "model.py",
    parts: true,
    args: (i, o, force) => ["zpaq", "py", "compile", ...f(force), i, "-o", o],
  },
  {
    name: "zpaq py run",
    input: "plain",
    anyInput: true,
    args: (
      i,
      o,
      force,
      { path },
    ) => ["zpaq", "py", "run", ...f(force), path("model.py"), "hcomp", i, "-o", o],
  },
  {
    name: "zpaq py report",
    input: "plain",
    anyInput: true,
    args: (
      i,
      o,
      force,
      { path },
    ) => ["zpaq", "py", "report", ...f(force), path("model.py"), i, "-o", o],
  },
  {
    name: "zpaq py tune",
    input: "plain",
    anyInput: true,
    args: (i, o, force, { path }) => [
      "zpaq",
      "py",
      "tune",
      "--seconds=0",
      "--sample=1000",
      ...f(force),
      path("model.py"),
      i,
      "-o",
      o,
    ],
  },
  {
    name: "pdiffcopy index",
    input: "plain",
    anyInput: true,
    args: (i, o, force) => ["pdiffcopy", "index", ...f(force), i, "-o", o],
  },
  {
    name: "zpaqlpy",
    input: "model.py",
    parts: true,
    args: (i, o, force) => ["zpaqlpy", ...f(force), i, "-o", o],
  },
];

const MODEL_PY = `hh = hm = ph = pm = 0
n = len({0: "cm 16 24"})
pcomp_invocation = "./double"
def hcomp(c):
  hH[0] = c << 9
def pcomp(c):
  if c != NONE:
    out(c)
    out(c)
`;

/** Makes the files that the commands read. */
export async function makeFixture(folder: string, size = 40_000): Promise<Fixture> {
  const plain = text(size);
  const path = (name: string): string => `${folder}/${name}`;
  const files: Record<string, Uint8Array> = {
    "plain": plain,
    "base": text(size, 9),
    "plain.zst": compressZstd(plain),
    "plain.lz4": compressLz4(plain, { blockSize: 65536 }),
    "blocks.lz4": compressLz4(text(200_000), { blockSize: 65536 }),
    "blocks.zpaq": compressZpaq(plain, { filename: "file" }),
    "archive.zpaq": await createZpaqArchive([{ name: "file", body: plain, size }]),
    "block.zpaq": await createZpaqArchive([{ name: "file", body: plain, size }]),
    "model.py": new TextEncoder().encode(MODEL_PY),
    "model.cfg": new TextEncoder().encode("comp 0 0 0 0 1\n  0 cm 16 24\nhcomp\n  *d=0 halt\nend\n"),
  };
  for (const [name, bytes] of Object.entries(files)) await Deno.writeFile(path(name), bytes);
  return { folder, path };
}

/** What is at a path; undefined where there is nothing. */
export async function bytesAt(path: string): Promise<string | undefined> {
  const bytes = await Deno.readFile(path).catch(() => undefined);
  if (bytes === undefined) return undefined;
  return `${bytes.length} ${new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex()}`;
}

/** Names in a folder that a run left there beside its output. */
export function leftovers(folder: string): string[] {
  return [...Deno.readDirSync(folder)].map(({ name }) => name).filter((name) =>
    name.startsWith(".sluice-") || name.endsWith(".s4lock")
  );
}
