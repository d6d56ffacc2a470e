/**
 * `sluice gitdb verify-pack`, `show-index` and `pack-objects`.
 */
import { toArrayBuffer } from "@std/streams";
import { createGitPack, GitObjectId, PackIndex, PackStore, PackWriter } from "@sluice/gitdb";
import type { GitHashAlgorithm, GitPack, PackListEntry } from "@sluice/gitdb";
import { byteSourceFromBytes } from "@sluice/internal";
import { EXIT, UsageFailure } from "../shared/exit.ts";
import { openDatabase } from "./names.ts";
import { BufferedStdout, byteText, stdinLines } from "./output.ts";
import { fatal } from "./settings.ts";
import type { GitdbSettings } from "./settings.ts";

/** The hash of an index by its length alone. */
async function algorithmOf(path: string): Promise<GitHashAlgorithm> {
  const bytes = byteSourceFromBytes(await Deno.readFile(path));
  for (const algorithm of ["sha1", "sha256"] as const) {
    try {
      await PackIndex.open(bytes, algorithm);
      return algorithm;
    } catch { /* the other one may fit */ }
  }
  throw fatal(`Cannot open existing pack idx file for '${path}'`);
}

/** Opens one pack by the path of its index or its pack. */
async function withPack<T>(operand: string, run: (pack: GitPack) => Promise<T>): Promise<T> {
  const stem = operand.replace(/\.(?:idx|pack)$/, "");
  const index = `${stem}.idx`;
  const slash = stem.lastIndexOf("/");
  const folder = slash < 0 ? "." : stem.slice(0, slash);
  const hashAlgorithm = await algorithmOf(index).catch((error) => {
    if (error instanceof Deno.errors.NotFound) throw fatal(`Cannot open existing pack file '${index}'`);
    throw error;
  });
  await using store = await PackStore.open(folder, { hashAlgorithm });
  const pack = store.packs.find(({ name }) => name === stem.slice(slash + 1));
  if (pack === undefined) throw fatal(`the pack "${stem}.pack" can not be opened`);
  return await run(pack);
}

/** Runs `verify-pack`. */
export async function verifyPack(operands: readonly string[], settings: GitdbSettings): Promise<number> {
  if (operands.length === 0) throw new UsageFailure("verify-pack takes at least one pack");
  let code: number = EXIT.ok;
  for (const operand of operands) {
    const good = await withPack(operand, (pack) => verifyOne(pack, operand, settings)).catch((error) => {
      console.error(error instanceof Error ? error.message : `${error}`);
      return false;
    });
    if (!good) code = EXIT.failure;
  }
  return code;
}

async function verifyOne(pack: GitPack, operand: string, settings: GitdbSettings): Promise<boolean> {
  if (!settings.statOnly) {
    let bad = false;
    for await (const { id, offset, message } of pack.verify({ threads: settings.threads })) {
      const place = `${id ?? ""}${offset === undefined ? "" : ` at ${offset}`}`.trim();
      console.error(`error: ${operand}: ${place === "" ? "" : `${place}: `}${message}`);
      bad = true;
    }
    if (bad) {
      if (settings.verbose) console.log(`${operand.replace(/\.idx$/, ".pack")}: bad`);
      return false;
    }
  }
  if (!settings.verbose && !settings.statOnly) return true;
  const out = new BufferedStdout();
  const depths: number[] = [];
  for await (const entry of pack.list()) {
    const depth = entry.packed!.depth;
    depths[depth] = (depths[depth] ?? 0) + 1;
    if (!settings.statOnly) await out.print(`${describe(entry)}\n`);
  }
  if (depths[0] !== undefined) await out.print(`non delta: ${depths[0]} ${objects(depths[0])}\n`);
  for (let depth = 1; depth < depths.length; depth++) {
    const count = depths[depth];
    if (count !== undefined) await out.print(`chain length = ${depth}: ${count} ${objects(count)}\n`);
  }
  if (!settings.statOnly) await out.print(byteText(`${operand.replace(/\.idx$/, ".pack")}: ok\n`));
  await out.flush();
  return true;
}

function objects(count: number): string {
  return count === 1 ? "object" : "objects";
}

function describe(entry: PackListEntry): string {
  const { id, type, entrySize, packedSize, packed, base } = entry;
  const line = `${id} ${type.padEnd(6)} ${entrySize} ${packedSize} ${packed!.offset}`;
  return base === undefined ? line : `${line} ${packed!.depth} ${base}`;
}

/** Runs `show-index` on stdin. */
export async function showIndex(operands: readonly string[]): Promise<number> {
  if (operands.length > 0) throw new UsageFailure("show-index reads stdin and takes no arguments");
  const bytes = new Uint8Array(await toArrayBuffer(Deno.stdin.readable));
  const source = byteSourceFromBytes(bytes);
  const index = await PackIndex.open(source, "sha1").catch(() => PackIndex.open(source, "sha256"));
  const out = new BufferedStdout();
  for await (const { id, offset, crc } of index.entries()) {
    const end = crc === undefined ? "" : ` (${crc.toString(16).padStart(8, "0")})`;
    await out.print(`${offset} ${id}${end}\n`);
  }
  await out.flush();
  return EXIT.ok;
}

/** Runs `pack-objects` on ids from stdin, each with its path after it where that is known. */
export async function packObjects(operands: readonly string[], settings: GitdbSettings): Promise<number> {
  const [base, ...more] = operands;
  if (more.length > 0 || (base === undefined) !== settings.stdout) {
    throw new UsageFailure("pack-objects takes the front of a file name, or --stdout");
  }
  await using database = await openDatabase(settings);
  const wanted: { id: GitObjectId; path: string }[] = [];
  for await (const lines of stdinLines()) {
    for (const line of lines) {
      const [name] = line.split(" ", 1);
      try {
        wanted.push({ id: GitObjectId.from(name!), path: line.slice(name!.length + 1) });
      } catch {
        throw fatal(`expected object ID, got garbage:\n ${line}`);
      }
    }
  }
  const { window, depth, threads, reuseDeltas } = settings;
  if (base === undefined) {
    const writer = new PackWriter({ window, depth, hashAlgorithm: database.hashAlgorithm });
    for (const { id, path } of wanted) {
      const object = await database.read(id);
      await writer.add({ type: object.type, body: await object.bytes(), path, strict: false });
    }
    const out = new BufferedStdout();
    await out.write((await writer.finish()).pack);
    await out.flush();
    return EXIT.ok;
  }
  const slash = base.lastIndexOf("/");
  const folder = slash < 0 ? "." : base.slice(0, slash);
  const isFolder = await Deno.stat(folder === "" ? "/" : folder).then(
    (info) => info.isDirectory,
    () => false,
  );
  if (!isFolder) throw fatal(`unable to write '${base}-*.pack': there is no folder '${folder}'`);
  const options = { window, depth, threads, reuseDeltas, prefix: base.slice(slash + 1), durable: false };
  const { checksum } = await createGitPack(folder, database, wanted, options);
  console.log(checksum);
  return EXIT.ok;
}
