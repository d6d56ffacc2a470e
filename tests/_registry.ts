/**
 * A registry on loopback that serves exactly the files that would be published, each package under its name and version,
 * and the import map that a program needs for it.
 */
import { listMembers } from "../_tools/command.ts";
import { listPublished } from "../_tools/published_files.ts";
import { ROOT } from "../_tools/zig.ts";

/** How often a file is sent wrong, by its path: each answer takes one. */
export type Faults = Map<string, ((bytes: Uint8Array<ArrayBuffer>) => BodyInit)[]>;

/** A running registry. */
export interface Registry extends AsyncDisposable {
  /** Its address, ending in a slash. */
  readonly url: string;
  /** The import map, as a data URL. */
  readonly importMap: string;
  readonly faults: Faults;
  /** The address of a package. */
  packageUrl(name: string): string;
}

interface DenoJson {
  readonly name: string;
  readonly version: string;
  readonly exports: string | Readonly<Record<string, string>>;
}

async function readDenoJson(folder: URL): Promise<DenoJson> {
  return JSON.parse(await Deno.readTextFile(new URL("deno.json", folder)));
}

/** Entries of an import map for all entry points of a package. */
function mapEntries({ name, exports }: DenoJson, base: string): [string, string][] {
  const entries = typeof exports === "string" ? { ".": exports } : exports;
  return Object.entries(entries).map(([entry, path]) => [
    `${name}${entry.slice(1)}`,
    new URL(path, base).href,
  ]);
}

/** Starts a registry with all packages of the workspace, and the stand-ins of the packages that they need. */
export async function serveRegistry(): Promise<Registry> {
  const files = new Map<string, URL>();
  const packages = new Map<string, string>();
  const server = Deno.serve({
    port: 0,
    hostname: "127.0.0.1",
    onListen: () => {},
    onError: () => new Response(null, { status: 500 }), // a body that breaks off on purpose is no news
  }, answer);
  const url = `http://127.0.0.1:${server.addr.port}/`;
  const imports: Record<string, string> = {};
  const faults: Faults = new Map();

  async function answer(request: Request): Promise<Response> {
    const path = new URL(request.url).pathname.slice(1);
    const file = files.get(path);
    if (file === undefined) return new Response("not published", { status: 404 });
    const bytes = await Deno.readFile(file);
    const fault = faults.get(path)?.shift();
    const type = path.endsWith(".ts") ? "application/typescript" : "application/octet-stream";
    return new Response(fault?.(bytes) ?? bytes, { headers: { "content-type": type } });
  }

  for (const member of await listMembers()) {
    const { base, names, fault } = await listPublished(member, { check: false });
    if (fault !== undefined) throw new Error(`${member.name} can not be published: ${fault}`);
    const json = await readDenoJson(base);
    const folder = `${json.name}/${json.version}/`;
    packages.set(json.name, `${url}${folder}`);
    for (const name of names) files.set(folder + name, new URL(name, base));
    for (const [key, value] of mapEntries(json, `${url}${folder}`)) imports[key] = value;
  }
  for await (const { name } of Deno.readDir(new URL("vendor/std/", ROOT))) {
    const folder = new URL(`vendor/std/${name}/`, ROOT);
    const json = await readDenoJson(folder).catch(() => undefined);
    if (json === undefined) continue;
    for (const [key, value] of mapEntries(json, `${url}@std/${name}/`)) imports[key] = value;
    for await (const entry of Deno.readDir(folder)) {
      files.set(`@std/${name}/${entry.name}`, new URL(entry.name, folder));
    }
  }
  return {
    url,
    importMap: `data:application/json,${encodeURIComponent(JSON.stringify({ imports }))}`,
    faults,
    packageUrl: (name) => packages.get(name)!,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}
