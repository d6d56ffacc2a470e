/**
 * `sluice gitdb count-objects`: how many objects there are and what they take, in git's own format.
 */
import type { GitDatabase } from "@sluice/gitdb/repository";
import { EXIT, UsageFailure } from "../shared/exit.ts";
import { openDatabase } from "./names.ts";
import type { GitdbSettings } from "./settings.ts";

/** What stands beside a pack under its name. */
const PACK_FILE = /^(.*)\.(?:pack|idx|rev|bitmap|keep|promisor|mtimes)$/;

/** What a database takes on disk. */
interface Counts {
  loose: number;
  looseSize: number;
  packable: number;
  garbage: number;
  garbageSize: number;
}

/** Runs the subcommand. */
export async function countObjects(operands: readonly string[], settings: GitdbSettings): Promise<number> {
  if (operands.length > 0) throw new UsageFailure("count-objects takes no arguments");
  await using database = await openDatabase(settings);
  const counts: Counts = { loose: 0, looseSize: 0, packable: 0, garbage: 0, garbageSize: 0 };
  const { verbose } = settings;
  await countLoose(database, counts, verbose);
  if (!verbose) {
    console.log(`${counts.loose} objects, ${kilobytes(counts.looseSize)} kilobytes`);
    return EXIT.ok;
  }
  const { packs } = database.packs;
  const inPack = packs.reduce((sum, pack) => sum + pack.index.count, 0);
  const packSize = await countPacks(database, counts);
  const rows = [
    ["count", counts.loose],
    ["size", kilobytes(counts.looseSize)],
    ["in-pack", inPack],
    ["packs", packs.length],
    ["size-pack", kilobytes(packSize)],
    ["prune-packable", counts.packable],
    ["garbage", counts.garbage],
    ["size-garbage", kilobytes(counts.garbageSize)],
  ];
  for (const [name, value] of rows) console.log(`${name}: ${value}`);
  for (const folder of database.alternates.folders) console.log(`alternate: ${folder}`);
  return EXIT.ok;
}

function kilobytes(size: number): number {
  return Math.floor(size / 1024);
}

async function listed(folder: string): Promise<Deno.DirEntry[]> {
  try {
    return await Array.fromAsync(Deno.readDir(folder));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

/** Counts a file that is of no use to git, and names it. */
async function addGarbage(counts: Counts, path: string, why: string): Promise<void> {
  console.error(`warning: ${why}: ${path}`);
  counts.garbage++;
  counts.garbageSize += (await Deno.lstat(path)).size;
}

async function countLoose(database: GitDatabase, counts: Counts, verbose: boolean): Promise<void> {
  const rest = database.hashAlgorithm === "sha1" ? 38 : 62;
  const isRest = new RegExp(`^[0-9a-f]{${rest}}$`);
  for (let byte = 0; byte < 256; byte++) {
    const folder = byte.toString(16).padStart(2, "0");
    const path = database.resolvePath(folder);
    for (const { name } of await listed(path)) {
      if (!isRest.test(name)) {
        if (verbose) await addGarbage(counts, `${path}/${name}`, "garbage found");
        continue;
      }
      const info = await Deno.lstat(`${path}/${name}`);
      counts.loose++;
      // What it takes on the disk, where the system tells.
      counts.looseSize += info.blocks === null ? info.size : info.blocks * 512;
      if (verbose && await database.packs.has(folder + name)) counts.packable++;
    }
  }
}

/** What packs take with their indexes; what has no pack or index is of no use. */
async function countPacks(database: GitDatabase, counts: Counts): Promise<number> {
  const folder = database.resolvePath("pack");
  const names = (await listed(folder)).map(({ name }) => name).sort();
  const present = new Set(names);
  const known = new Set(database.packs.packs.map(({ name }) => name));
  let size = 0;
  for (const name of names) {
    const path = `${folder}/${name}`;
    const stem = PACK_FILE.exec(name)?.[1];
    if (stem === undefined) {
      if (!name.startsWith("multi-pack-index")) await addGarbage(counts, path, "garbage found");
      continue;
    }
    const lacks = ["idx", "pack"].filter((ending) => !present.has(`${stem}.${ending}`));
    if (lacks.length > 0) {
      await addGarbage(counts, path, `no corresponding ${lacks.map((ending) => `.${ending}`).join(" or ")}`);
    } else if (known.has(stem) && /\.(?:idx|pack)$/.test(name)) size += (await Deno.stat(path)).size;
  }
  return size;
}
