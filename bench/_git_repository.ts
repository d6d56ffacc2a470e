/**
 * Repositories for measuring: a history that evolves like source code, written with `git fast-import` from a seed and
 * packed aggressively. Kept in bench/corpus/git between runs, and built anew where a file of one is not what it was.
 */
import { ROOT } from "../_tools/zig.ts";
import { Random } from "../tests/_data.ts";
import { longHistory, PART_DEPTHS } from "./_git_long_history.ts";
import type { LongHistorySize } from "./_git_long_history.ts";
import { sourceLine } from "./_git_source.ts";

/** How large a history is. */
export interface HistorySize {
  readonly name: string;
  readonly commits: number;
  readonly files: number;
  /** Lines that a file starts with. */
  readonly lines: number;
  /** Files that a commit changes. */
  readonly changes: number;
}

const encoder = new TextEncoder();

/** Runs git in a repository and returns what it prints. */
export async function git(
  repository: string,
  args: readonly string[],
  stdin?: Uint8Array,
): Promise<Uint8Array> {
  const child = new Deno.Command("git", {
    args: ["-C", repository, ...args],
    stdin: stdin === undefined ? "null" : "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const fed = stdin === undefined
    ? undefined
    : ReadableStream.from([stdin]).pipeTo(child.stdin).catch(() => {});
  const { success, stdout, stderr } = await child.output();
  await fed;
  if (!success) throw new Error(`git ${args.join(" ")} failed: ${new TextDecoder().decode(stderr)}`);
  return stdout;
}

/** The history as a stream for `git fast-import`, one chunk a commit. */
function* history(size: HistorySize): Generator<Uint8Array> {
  const random = new Random(2026);
  const paths = Array.from({ length: size.files }, (_, i) => `src/room${i % 6}/file_${i}.ts`);
  const files = paths.map(() =>
    Array.from({ length: size.lines + random.below(size.lines * 2) }, () => sourceLine(random))
  );
  for (let commit = 0; commit < size.commits; commit++) {
    const changed = commit === 0
      ? paths.keys()
      : Array.from({ length: size.changes }, () => random.below(size.files));
    const message = `change ${commit}: ${sourceLine(random).trim()}\n`;
    const parts = [
      `commit refs/heads/main\ncommitter A <a@example.test> ${1_000_000_000 + commit * 60} +0000\n`,
      `data ${message.length}\n${message}`,
    ];
    for (const index of new Set(changed)) {
      const lines = files[index]!;
      if (commit > 0) {
        for (let edit = 1 + random.below(4); edit > 0; edit--) {
          const at = random.below(lines.length);
          const added = Array.from({ length: random.below(5) }, () => sourceLine(random));
          lines.splice(at, random.below(4), ...added);
        }
      }
      const text = lines.join("\n");
      parts.push(`M 100644 inline ${paths[index]}\ndata ${encoder.encode(text).length}\n${text}\n`);
    }
    yield encoder.encode(parts.join(""));
  }
}

/** The folder of a repository with that history, made when it is not there yet. */
export async function historyRepository(size: HistorySize): Promise<string> {
  const key = `${size.name}-${size.commits}-${size.files}-${size.lines}-${size.changes}`;
  return await once(key, async (folder) => {
    await fastImport(folder, history(size));
    await git(folder, ["repack", "-adfq", "--depth=50", "--window=50"]);
  });
}

/** The folder of a repository with a history as long as git's own, in one pack. */
export async function longHistoryRepository(size: LongHistorySize): Promise<string> {
  const { commits, files, fileSize, tags } = size;
  return await once(`long-${commits}-${files}-${fileSize}-${tags}`, async (folder) => {
    let part = 0;
    for (const input of longHistory(size)) {
      await fastImport(folder, input, [`--depth=${PART_DEPTHS[part++]}`]);
    }
    await git(folder, ["-c", "repack.writeBitmaps=false", "repack", "-adq", "--window=0"]);
  });
}

async function once(key: string, make: (folder: string) => Promise<void>): Promise<string> {
  const folder = new URL(`bench/corpus/git/${key}`, ROOT).pathname;
  const stamp = await Deno.readTextFile(`${folder}/complete`).catch(() => undefined);
  if (stamp !== undefined && stamp === await packStamp(folder).catch(() => "")) return folder;
  await Deno.remove(folder, { recursive: true }).catch(() => {});
  await Deno.mkdir(folder, { recursive: true });
  const start = performance.now();
  await git(folder, ["init", "--quiet", "--bare", "."]);
  await make(folder);
  await Deno.writeTextFile(`${folder}/complete`, await packStamp(folder));
  console.log(`made bench/corpus/git/${key} in ${((performance.now() - start) / 1000).toFixed(0)} s`);
  return folder;
}

/** Names and sizes of all packs, and the checksums that they end with. */
async function packStamp(folder: string): Promise<string> {
  const packs = `${folder}/objects/pack`;
  const names = await Array.fromAsync(Deno.readDir(packs), ({ name }) => name);
  const lines: string[] = [];
  for (const name of names.filter((name) => /\.(?:pack|idx)$/.test(name)).sort()) {
    using file = await Deno.open(`${packs}/${name}`);
    const { size } = await file.stat();
    await file.seek(-20, Deno.SeekMode.End);
    const checksum = new Uint8Array(20);
    await file.read(checksum);
    lines.push(`${name} ${size} ${checksum.toHex()}\n`);
  }
  return lines.join("");
}

async function fastImport(
  folder: string,
  input: Iterable<Uint8Array>,
  args: readonly string[] = [],
): Promise<void> {
  const child = new Deno.Command("git", {
    args: ["-C", folder, "-c", "fastimport.unpackLimit=1", "fast-import", "--quiet", ...args],
    stdin: "piped",
    stdout: "null",
  }).spawn();
  await ReadableStream.from(input).pipeTo(child.stdin);
  if (!(await child.status).success) throw new Error("git fast-import failed");
}

/** A repository with one pack of so many small blobs. */
export async function wideRepository(count: number): Promise<string> {
  return await once(`wide-${count}`, (folder) =>
    fastImport(
      folder,
      (function* () {
        const random = new Random(7);
        for (let at = 0; at < count; at += 1000) {
          let text = "";
          for (let i = 0; i < 1000; i++) {
            const body = `${sourceLine(random)} ${at + i}`;
            text += `blob\ndata ${body.length}\n${body}\n`;
          }
          yield encoder.encode(text);
        }
      })(),
    ));
}

/** A repository with a blob of so many bytes and 20 later versions, each a delta on the one before. */
export async function deepRepository(size: number): Promise<string> {
  return await once(`deep-${size}`, (folder) => {
    const random = new Random(9);
    const lines: string[] = [];
    for (let length = 0; length < size;) {
      const next = sourceLine(random);
      lines.push(next);
      length += next.length + 1;
    }
    return fastImport(
      folder,
      (function* () {
        for (let version = 0; version <= 20; version++) {
          for (let edit = 0; version > 0 && edit < 1000; edit++) {
            lines[random.below(lines.length)] = sourceLine(random);
          }
          const body = encoder.encode(lines.join("\n"));
          yield encoder.encode(`blob\ndata ${body.length}\n`);
          yield body;
          yield encoder.encode("\n");
        }
      })(),
      ["--depth=50"],
    );
  });
}
