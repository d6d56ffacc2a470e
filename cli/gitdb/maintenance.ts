/**
 * `sluice gitdb index-pack`, `unpack-objects`, `repackGitDatabase`, `multi-pack-index` and `fsck`.
 */
import {
  buildGitMultiPackIndex,
  buildGitPackIndex,
  findMissingGitObjects,
  GitLockFile,
  GitMultiPackIndex,
  indexGitPack as takePack,
  inspectGitObjects,
  repackGitDatabase as repackDatabase,
  unpackGitObjects as unpack,
  verifyGitDatabase,
} from "@sluice/gitdb";
import type { GitIndexPackOptions } from "@sluice/gitdb";
import { byteSourceFromBytes } from "@sluice/internal";
import { EXIT, UsageFailure } from "../shared/exit.ts";
import { openDatabase } from "./names.ts";
import { verifyPack } from "./packs.ts";
import type { GitdbSettings } from "./settings.ts";

/** Runs `index-pack`. */
export async function indexPack(operands: readonly string[], settings: GitdbSettings): Promise<number> {
  const [path, ...more] = operands;
  if (more.length > 0 || (path === undefined) !== settings.stdin) {
    throw new UsageFailure("index-pack takes one pack, or --stdin");
  }
  if (settings.verify && path !== undefined) return await verifyPack([path], settings);
  const options: GitIndexPackOptions = {
    strict: settings.strict,
    threads: settings.threads,
    ...indexFormat(settings.indexVersion),
  };
  if (path === undefined) {
    await using database = await openDatabase(settings);
    const folder = database.resolvePath("pack");
    const bases = settings.fixThin ? database : undefined;
    const { checksum } = await takePack(folder, Deno.stdin.readable, {
      ...options,
      bases,
      existing: database,
      hashAlgorithm: database.hashAlgorithm,
    });
    console.log(`pack\t${checksum}`);
    return EXIT.ok;
  }
  const target = settings.output ?? path.replace(/\.pack$/, ".idx");
  await using database = await openDatabase(settings).catch(() => undefined);
  const { index, reverseIndex, checksum } = await buildGitPackIndex(await Deno.realPath(path), {
    ...options,
    existing: database,
    hashAlgorithm: database?.hashAlgorithm,
  });
  await putFile(target, index);
  if (settings.revIndex) await putFile(target.replace(/\.idx$/, ".rev"), reverseIndex);
  console.log(checksum);
  return EXIT.ok;
}

async function putFile(path: string, bytes: Uint8Array): Promise<void> {
  using lock = await GitLockFile.acquire(path, { mode: 0o444 });
  lock.write(bytes);
  lock.commit();
}

function indexFormat(
  value: string | undefined,
): Pick<GitIndexPackOptions, "indexVersion" | "largeOffsetsFrom"> {
  if (value === undefined) return {};
  const match = /^([12])(?:,(\d+|0x[0-9a-fA-F]+))?$/.exec(value);
  if (match === null) {
    throw new UsageFailure(`Option --index-version has the value "${value}", expected 1 or 2`);
  }
  return {
    indexVersion: match[1] === "1" ? 1 : 2,
    largeOffsetsFrom: match[2] === undefined ? undefined : Number(match[2]),
  };
}

/** Runs `unpack-objects`. */
export async function unpackObjects(operands: readonly string[], settings: GitdbSettings): Promise<number> {
  if (operands.length > 0) throw new UsageFailure("unpack-objects reads stdin and takes no arguments");
  await using database = await openDatabase(settings);
  await unpack(Deno.stdin.readable, database);
  return EXIT.ok;
}

/** Runs `repackGitDatabase`. */
export async function repack(operands: readonly string[], settings: GitdbSettings): Promise<number> {
  if (operands.length > 0) throw new UsageFailure("repack takes no arguments");
  await using database = await openDatabase(settings);
  const { window, depth, threads, reuseDeltas } = settings;
  const options = { window, depth, threads, reuseDeltas, delete: settings.delete };
  const created = await repackDatabase(database, options);
  console.log(created === undefined ? "Nothing to pack." : `${created.name}: ${created.count} objects`);
  return EXIT.ok;
}

/** Runs `multi-pack-index write` or `verify`. */
export async function multiPackIndex(operands: readonly string[], settings: GitdbSettings): Promise<number> {
  const [action, ...more] = operands;
  if (more.length > 0 || (action !== "write" && action !== "verify")) {
    throw new UsageFailure("multi-pack-index takes write or verify");
  }
  await using database = await openDatabase(settings);
  const path = database.resolvePath("pack/multi-pack-index");
  if (action === "write") {
    using lock = await GitLockFile.acquire(path, { mode: 0o444 });
    lock.write(await buildGitMultiPackIndex(database.packs.packs, database.hashAlgorithm));
    lock.commit();
    return EXIT.ok;
  }
  const source = byteSourceFromBytes(await Deno.readFile(path));
  const index = await GitMultiPackIndex.open(source, database.hashAlgorithm);
  let code: number = EXIT.ok;
  const complain = (message: string): void => {
    console.error(`error: ${message}`);
    code = EXIT.failure;
  };
  for (const message of index.verify()) complain(message);
  if (code !== EXIT.ok) return code;
  for (const { id, pack: name, offset } of index.entries()) {
    const pack = database.packs.packs.find((candidate) => `${candidate.name}.idx` === name);
    const position = await pack?.index.indexOf(id);
    if (pack === undefined || position === undefined) complain(`${id} is not in ${name}`);
    else if (await pack.index.offsetAt(position) !== offset) complain(`${id} is not at ${offset} of ${name}`);
  }
  return code;
}

/** The bit that git sets in the exit code of fsck when an object is missing. */
const MISSING = 2;

/** Runs `fsck`. */
export async function fsck(operands: readonly string[], settings: GitdbSettings): Promise<number> {
  if (operands.length > 0) throw new UsageFailure("fsck takes no arguments");
  const { strict, reflogs, dangling } = settings;
  await using database = await openDatabase(settings);
  let code: number = EXIT.ok;
  for await (const { where, id, message } of verifyGitDatabase(database, { threads: settings.threads })) {
    console.error(`error: ${where}: ${id ?? "-"}: ${message}`);
    code = EXIT.failure;
  }
  for await (const { id, type, from } of findMissingGitObjects(database)) {
    if (from === undefined) console.error(`error: a reference names ${id}, which is missing`);
    else {
      console.log(`broken link from ${from.type.padStart(7)} ${from.id}`);
      console.log(`              to ${type!.padStart(7)} ${id}`);
      console.log(`missing ${type} ${id}`);
    }
    code |= MISSING;
  }
  for await (const { kind, id, type, message } of inspectGitObjects(database, { strict, reflogs })) {
    if (kind === "dangling") {
      if (dangling) console.log(`dangling ${type} ${id}`);
      continue;
    }
    console.error(`${kind} in ${type} ${id}: ${message}`);
    if (kind === "error") code |= EXIT.failure;
  }
  return code;
}
