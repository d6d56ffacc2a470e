/**
 * Repositories that the real git makes for tests, and what it says about them.
 */
import { configureBackend } from "@sluice/ffi";
import { BACKENDS } from "./_backends.ts";
import { run } from "./_cli.ts";
import { Random } from "./_data.ts";
import { inDirectory } from "./_directory.ts";

/** Whether git is installed. */
export const GIT_IS_HERE: boolean = await run("git", ["--version"]).then(
  ({ code }) => code === 0,
  () => false,
);
if (!GIT_IS_HERE) console.log("skipped: interop of gitdb, git is not installed");

/** What git runs with, whatever is set up on this machine. */
export const ENVIRONMENT = {
  GIT_AUTHOR_NAME: "A",
  GIT_AUTHOR_EMAIL: "a@example.test",
  GIT_COMMITTER_NAME: "A",
  GIT_COMMITTER_EMAIL: "a@example.test",
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_CONFIG_GLOBAL: "/dev/null",
};

/** Runs git in a folder and returns its output as it is. */
export async function gitBytes(
  folder: string,
  args: readonly string[],
  stdin?: Uint8Array,
): Promise<Uint8Array> {
  const { code, stdout, stderr } = await run("git", ["-C", folder, ...args], {
    env: ENVIRONMENT,
    ...(stdin === undefined ? {} : { stdin }),
  });
  if (code !== 0) throw new Error(`git ${args.join(" ")} ended with ${code}: ${stderr}`);
  return stdout;
}

/** As `gitBytes`, as text. */
export async function git(folder: string, args: readonly string[], stdin?: Uint8Array): Promise<string> {
  return new TextDecoder().decode(await gitBytes(folder, args, stdin));
}

/** What a repository is made like. */
export interface RepositoryShape {
  readonly commits?: number;
  readonly sha256?: boolean;
  /** Kinds of packing, one after each part of the history: "loose", "pack". */
  readonly packing?: readonly ("loose" | "pack")[];
  readonly packOptions?: readonly string[];
  readonly seed?: number;
}

/** Makes a bare repository with a history of a few files. */
export async function makeRepository(folder: string, shape: RepositoryShape = {}): Promise<void> {
  const { commits = 40, sha256 = false, packing = ["loose"], packOptions = [], seed = 3 } = shape;
  await Deno.mkdir(folder, { recursive: true });
  await git(folder, ["init", "-q", "--bare", ...(sha256 ? ["--object-format=sha256"] : []), "."]);
  await git(folder, ["config", "gc.auto", "0"]);
  const random = new Random(seed);
  const files = Array.from(
    { length: 6 },
    (_, i) => Array.from({ length: 20 + 30 * i }, () => `${random.next()} line of text`),
  );
  let from = "";
  for (const [part, kind] of packing.entries()) {
    const stream: string[] = ["feature done\n"];
    for (let i = 0; i < commits; i++) {
      const time = 1_000_000_000 + (part * commits + i) * 60;
      stream.push(`commit refs/heads/main\ncommitter A <a@example.test> ${time} +0000\ndata 5\ntext\n`);
      if (i === 0 && from !== "") stream.push(`from ${from}\n`);
      const lines = files[random.below(files.length)]!;
      lines.splice(random.below(lines.length), random.below(3), `${random.next()} new`);
      for (const [number, file] of files.entries()) {
        const text = file.join("\n");
        stream.push(`M 100644 inline d${number % 2}/f${number}\ndata ${text.length}\n${text}\n`);
      }
    }
    stream.push(
      `tag v${part}\nfrom refs/heads/main\ntagger A <a@example.test> 1000000000 +0000\ndata 4\ntag\n\n`,
    );
    stream.push("done\n");
    const unpack = kind === "loose"
      ? ["-c", "fastimport.unpackLimit=1000000"]
      : ["-c", "fastimport.unpackLimit=1"];
    await git(folder, [...unpack, "fast-import", "--quiet"], new TextEncoder().encode(stream.join("")));
    if (kind === "pack") await git(folder, ["repack", "-d", "-q", ...packOptions]);
    from = (await git(folder, ["rev-parse", "refs/heads/main"])).trim();
  }
}

/** Registers a test for each backend that needs git and a folder. */
export function testGit(
  name: string,
  test: (folder: string, backend: "native" | "wasm") => Promise<void>,
): void {
  for (const backend of BACKENDS) {
    Deno.test({
      name: `${name} [${backend}]`,
      ignore: !GIT_IS_HERE,
      fn: () =>
        inDirectory(async (folder) => {
          configureBackend(backend);
          try {
            await test(folder, backend);
          } finally {
            configureBackend("auto");
          }
        }),
    });
  }
}

/** Makes a repository of 40 commits; returns a bundle of all but the last three. */
export async function makeWithBundle(path: string): Promise<Uint8Array<ArrayBuffer>> {
  await makeRepository(path, { commits: 40, packing: ["pack"] });
  await git(path, ["symbolic-ref", "HEAD", "refs/heads/main"]);
  await git(path, ["branch", "old", "main~3"]);
  await git(path, ["bundle", "create", "-q", "start.bundle", "old"]);
  return await Deno.readFile(`${path}/start.bundle`);
}
