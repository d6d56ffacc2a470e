/**
 * Files to try things with, made on the spot.
 */

/** Numbers that look random and are the same each time. */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = Math.imul(state, 1664525) + 1013904223 >>> 0;
    return state / 2 ** 32;
  };
}

function pick<T>(next: () => number, from: readonly T[]): T {
  return from[Math.floor(next() ** 2 * from.length)]!;
}

const PATHS = [
  "/",
  "/login",
  "/cart",
  "/api/items",
  "/api/items/17",
  "/img/logo.svg",
  "/search?q=river",
  "/help",
];
const AGENTS = ["Mozilla/5.0 (X11; Linux x86_64)", "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1)", "curl/8.10.1"];

function serverLog(): string {
  const next = numbers(1);
  const lines: string[] = [];
  for (let i = 0, time = Date.UTC(2026, 0, 1); i < 16_000; i++) {
    time += Math.floor(next() * 4000);
    const address = `10.${Math.floor(next() * 4)}.${Math.floor(next() * 64)}.${Math.floor(next() * 250)}`;
    const status = pick(next, [200, 200, 304, 404, 302, 500]);
    const line =
      `${address} - - [${new Date(time).toISOString()}] "GET ${pick(next, PATHS)} HTTP/1.1" ${status} ` +
      `${Math.floor(next() ** 3 * 50_000)} "${pick(next, AGENTS)}"`;
    lines.push(line);
  }
  return `${lines.join("\n")}\n`;
}

function table(): string {
  const next = numbers(2);
  const rows = ["station,day,temperature,humidity,wind"];
  for (let i = 0, temperature = 12; i < 40_000; i++) {
    temperature += next() - 0.5;
    const day = new Date(Date.UTC(2024, 0, 1 + Math.floor(i / 40))).toISOString().slice(0, 10);
    rows.push(
      `ST${i % 40 + 100},${day},${temperature.toFixed(1)},${40 + Math.floor(next() * 50)},${
        (next() * 20).toFixed(1)
      }`,
    );
  }
  return `${rows.join("\n")}\n`;
}

function records(): string {
  const next = numbers(3);
  const all = Array.from({ length: 9000 }, (_, id) => ({
    id,
    name: `${pick(next, ["river", "lock", "weir", "mill", "gate"])}-${Math.floor(next() * 1000)}`,
    open: next() < 0.5,
    level: Number((next() * 10).toFixed(2)),
    tags: [pick(next, ["north", "south", "east", "west"]), pick(next, ["old", "new", "closed"])],
  }));
  return JSON.stringify(all, undefined, 1);
}

function noise(): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(1_000_000);
  for (let at = 0; at < bytes.length; at += 65536) crypto.getRandomValues(bytes.subarray(at, at + 65536));
  return bytes;
}

/** The samples by name. */
export const SAMPLES: readonly { readonly name: string; readonly make: () => BlobPart }[] = [
  { name: "server.log", make: serverLog },
  { name: "weather.csv", make: table },
  { name: "records.json", make: records },
  { name: "noise.bin", make: noise },
];

/** The same file some edits later: what a site serves after its next release. */
export async function nextVersion(file: Blob): Promise<Blob> {
  const bytes = new Uint8Array(await file.arrayBuffer());
  const next = numbers(4);
  const parts: BlobPart[] = [];
  let at = 0;
  for (let edit = 0; edit < 20; edit++) {
    const to = Math.floor((edit + next()) / 20 * bytes.length);
    parts.push(bytes.subarray(at, to), `<edit ${edit} of this release>`);
    at = Math.min(bytes.length, to + Math.floor(next() * 200));
  }
  return new Blob([...parts, bytes.subarray(at)]);
}
