/**
 * Prints the picture of the house from its imports: the rooms of each package with their files and lines, the arrows
 * between rooms, circles between files, and how long files are.
 *
 * Run `deno task rooms`; fails when an import goes against the order of the rooms or files import each other in a circle.
 */
import { listFiles } from "./command.ts";
import { placeOf, roomFault, ROOMS } from "./rooms_table.ts";
import type { Place } from "./rooms_table.ts";
import { ROOT } from "./zig.ts";

/** One source file and the files of its package that it imports, types included. */
interface Source {
  readonly place: Place;
  readonly lines: number;
  readonly imports: readonly string[];
}

const IMPORT =
  /(?:^|[;}\s])(?:import|export)\b[^;"']*?\bfrom\s*"(\.{1,2}\/[^"]+)"|\bimport\(\s*"(\.{1,2}\/[^"]+)"/g;

async function readSource(path: string): Promise<Source> {
  const text = await Deno.readTextFile(new URL(path, ROOT));
  const code = text.replace(/\/\*[\s\S]*?\*\//g, "");
  const imports = [...code.matchAll(IMPORT)].map(([, fixed, lazy]) =>
    new URL((fixed ?? lazy)!, `file:///${path}`).pathname.slice(1)
  );
  return { place: placeOf(path), lines: text.split("\n").length - 1, imports };
}

/** Groups of files that import each other in a circle (Tarjan's strongly connected components of two and more). */
export function circlesOf(imports: ReadonlyMap<string, readonly string[]>): string[][] {
  const numbers = new Map<string, number>();
  const lowest = new Map<string, number>();
  const stack: string[] = [];
  const circles: string[][] = [];
  function visit(path: string): void {
    numbers.set(path, numbers.size);
    lowest.set(path, numbers.get(path)!);
    stack.push(path);
    for (const next of imports.get(path) ?? []) {
      if (!numbers.has(next)) visit(next);
      if (stack.includes(next)) lowest.set(path, Math.min(lowest.get(path)!, lowest.get(next)!));
    }
    if (lowest.get(path) !== numbers.get(path)) return;
    const circle = stack.splice(stack.indexOf(path));
    if (circle.length > 1) circles.push(circle.sort());
  }
  for (const path of imports.keys()) if (!numbers.has(path)) visit(path);
  return circles;
}

function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}

/** The rooms of one package and the arrows between them, a line each. */
function picture(name: string, sources: readonly Source[]): string[] {
  const lines = [`${name}/`];
  for (const room of [...ROOMS[name]!, undefined]) {
    const own = sources.filter(({ place }) => place.room === room);
    if (own.length === 0) continue;
    const size = own.reduce((sum, source) => sum + source.lines, 0);
    const arrows = new Map<string, number>();
    for (const path of own.flatMap(({ imports }) => imports)) {
      const to = placeOf(path);
      if (to.package !== name || to.room === room || to.room === undefined) continue;
      arrows.set(to.room, (arrows.get(to.room) ?? 0) + 1);
    }
    const text = [...arrows].map(([to, count]) => `${to} ${count}`).join(", ");
    const head = `  ${(room ?? "(entries)").padEnd(10)} ${String(own.length).padStart(3)} files ${
      String(size).padStart(6)
    } lines`;
    lines.push(text === "" ? head : `${head}  -> ${text}`);
  }
  return lines;
}

if (import.meta.main) {
  const paths = (await listFiles("*.ts")).filter((path) =>
    ROOMS[path.split("/")[0]!] !== undefined && !/_test\.ts$/.test(path)
  );
  const sources = await Promise.all(paths.map(readSource));
  const faults = sources.flatMap(({ place, imports }) =>
    imports.flatMap((path) => {
      const fault = roomFault(place, placeOf(path));
      return fault === undefined ? [] : [`${place.path} imports ${path}: ${fault}`];
    })
  );
  const circles = circlesOf(new Map(sources.map(({ place, imports }) => [place.path, imports])));
  for (const name of Object.keys(ROOMS)) {
    console.log(picture(name, sources.filter(({ place }) => place.package === name)).join("\n"));
  }
  const lengths = sources.filter(({ place }) => !place.path.endsWith(".gen.ts"))
    .map(({ lines }) => lines).sort((a, b) => a - b);
  const [p50, p90] = [percentile(lengths, 0.5), percentile(lengths, 0.9)];
  console.log(`${lengths.length} files: p50 ${p50} lines, p90 ${p90}, longest ${lengths.at(-1)}`);
  for (const circle of circles) console.log(`circle: ${circle.join(" ")}`);
  for (const fault of faults) console.log(fault);
  console.log(`${circles.length} circles, ${faults.length} imports against the order`);
  if (circles.length + faults.length > 0) Deno.exit(1);
}
