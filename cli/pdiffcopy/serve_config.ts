/**
 * The file of `serve --config`: what a server shows, to whom, and how much, as JSON.
 */
import type { PdiffRight, PdiffRoot, PdiffToken, ServePdiffOptions } from "@sluice/pdiffcopy/server";
import { describeSystemError, Failure } from "../shared/exit.ts";
import { nearest } from "../shared/suggest.ts";

/** What such a file says, with its secrets and certificates read. */
export interface ServeConfig {
  /** An address as `--listen` takes it. */
  readonly listen: string | undefined;
  readonly options: ServePdiffOptions;
}

type Json = Readonly<Record<string, unknown>>;

const RIGHTS: readonly PdiffRight[] = ["read", "write", "delete"];
const KEYS = [
  "listen",
  "socket",
  "root",
  "writable",
  "roots",
  "pathMode",
  "tokens",
  "hosts",
  "origins",
  "tls",
  "limits",
  "protocol1",
  "fsync",
] as const;
/** Limits by their names in the file: the option, and what one is in its unit. */
const LIMITS: Readonly<Record<string, readonly [option: keyof ServePdiffOptions, unit: number]>> = {
  requests: ["maxRequests", 1],
  connections: ["maxConnections", 1],
  threads: ["threads", 1],
  headSeconds: ["headTimeoutMs", 1000],
  idleSeconds: ["idleTimeoutMs", 1000],
  sessionSeconds: ["sessionTimeoutMs", 1000],
};

/** Reads values of a file, and says where one is wrong. */
class ConfigReader {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  fail(where: string, state: string): never {
    throw new Failure(`Cannot use ${this.#path}: ${where === "" ? "it" : `"${where}"`} ${state}`);
  }

  object(value: unknown, where: string, keys: readonly string[] | undefined): Json {
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      return this.fail(where, "is no object");
    }
    for (const key of keys === undefined ? [] : Object.keys(value)) {
      if (keys!.includes(key)) continue;
      const name = where === "" ? key : `${where}.${key}`;
      this.fail(name, `is not known${nearest(key, keys!) || `, expected one of ${keys!.join(", ")}`}`);
    }
    return value as Json;
  }

  text(value: unknown, where: string): string {
    return typeof value === "string" && value !== "" ? value : this.fail(where, "is no text");
  }

  flag(value: unknown, where: string): boolean {
    return typeof value === "boolean" ? value : this.fail(where, "is neither true nor false");
  }

  list(value: unknown, where: string): readonly unknown[] {
    return Array.isArray(value) ? value : this.fail(where, "is no list");
  }

  texts(value: unknown, where: string): string[] {
    return this.list(value, where).map((item, index) => this.text(item, `${where}[${index}]`));
  }

  whole(value: unknown, where: string): number {
    const isWhole = typeof value === "number" && Number.isInteger(value) && value >= 1 && value < 2 ** 31;
    return isWhole ? value : this.fail(where, "is no whole number from 1");
  }

  /** A path; where it is relative, from the directory of the file. */
  path(value: unknown, where: string): string {
    const text = this.text(value, where);
    if (/^(?:\/|[A-Za-z]:[\\/])/.test(text)) return text;
    return `${this.#path.replace(/[^/]*$/, "") || "./"}${text}`;
  }

  async content(value: unknown, where: string): Promise<string> {
    const path = this.path(value, where);
    try {
      return await Deno.readTextFile(path);
    } catch (error) {
      return this.fail(where, `names ${path}, which can't be read: ${describeSystemError(error)}`);
    }
  }
}

/** Reads the file of a server. */
export async function readServeConfig(path: string): Promise<ServeConfig> {
  const reader = new ConfigReader(path);
  let value: unknown;
  try {
    value = JSON.parse(await Deno.readTextFile(path));
  } catch (error) {
    if (error instanceof SyntaxError) reader.fail("", `is no JSON: ${error.message}`);
    throw new Failure(`Cannot read ${path}: ${describeSystemError(error)}`);
  }
  const config = reader.object(value, "", KEYS);
  const given = <T>(key: (typeof KEYS)[number], read: (value: unknown, where: string) => T): T | undefined =>
    config[key] === undefined ? undefined : read(config[key], key);
  if ((config.root === undefined) === (config.roots === undefined)) {
    reader.fail("", 'names what is served neither by "root" nor by "roots", or by both');
  }
  for (const key of ["listen", "tls"] as const) {
    if (config.socket !== undefined && config[key] !== undefined) {
      reader.fail(key, 'does not go with "socket"');
    }
  }
  const options = {
    root: given("root", (value, where) => reader.path(value, where)),
    writable: given("writable", (value, where) => reader.flag(value, where)),
    roots: given("roots", (value, where) => readRoots(reader, value, where)),
    pathMode: given("pathMode", (value, where) => {
      return value === "rooted" || value === "absolute"
        ? value
        : reader.fail(where, 'is neither "rooted" nor "absolute"');
    }),
    socket: given("socket", (value, where) => reader.path(value, where)),
    hosts: given("hosts", (value, where) => reader.texts(value, where)),
    origins: given("origins", (value, where) => reader.texts(value, where)),
    v1: given("protocol1", (value, where) => reader.flag(value, where)),
    durable: given("fsync", (value, where) => reader.flag(value, where)),
    tokens: await given("tokens", (value, where) => readTokens(reader, value, where)),
    ...await given("tls", (value, where) => readTls(reader, value, where)),
    ...given("limits", (value, where) => readLimits(reader, value, where)),
  };
  for (const key of ["writable", "pathMode"] as const) {
    if (options.roots !== undefined && config[key] !== undefined) {
      reader.fail(key, 'does not go with "roots"');
    }
  }
  const set = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
  return { listen: given("listen", (value, where) => reader.text(value, where)), options: set };
}

function readRoots(reader: ConfigReader, value: unknown, where: string): Record<string, PdiffRoot> {
  const roots = Object.entries(reader.object(value, where, undefined)).map(([name, item]) => {
    const place = `${where}.${name}`;
    const { path, writable } = reader.object(item, place, ["path", "writable"]);
    const root = { path: reader.path(path, `${place}.path`) };
    if (writable === undefined) return [name, root] as const;
    return [name, { ...root, writable: reader.flag(writable, `${place}.writable`) }] as const;
  });
  return Object.fromEntries(roots);
}

async function readTokens(reader: ConfigReader, value: unknown, where: string): Promise<PdiffToken[]> {
  const tokens: PdiffToken[] = [];
  for (const [index, item] of reader.list(value, where).entries()) {
    const place = `${where}[${index}]`;
    const { file, env, rights } = reader.object(item, place, ["file", "env", "rights"]);
    if ((file === undefined) === (env === undefined)) {
      reader.fail(place, 'has neither "file" nor "env", or both');
    }
    const token = file === undefined
      ? Deno.env.get(reader.text(env, `${place}.env`)) ?? ""
      : (await reader.content(file, `${place}.file`)).trim();
    if (token === "") reader.fail(place, "has an empty secret");
    const names = reader.texts(rights, `${place}.rights`);
    const unknown = names.find((name) => !(RIGHTS as readonly string[]).includes(name));
    if (unknown !== undefined) {
      reader.fail(`${place}.rights`, `has "${unknown}", expected ${RIGHTS.join(", ")}`);
    }
    if (names.length === 0) reader.fail(`${place}.rights`, "is empty");
    tokens.push({ token, rights: names as PdiffRight[] });
  }
  if (tokens.length === 0) reader.fail(where, "is empty: leave it out to ask for no token");
  return tokens;
}

async function readTls(
  reader: ConfigReader,
  value: unknown,
  where: string,
): Promise<Pick<ServePdiffOptions, "cert" | "key">> {
  const { cert, key } = reader.object(value, where, ["cert", "key"]);
  return {
    cert: await reader.content(cert, `${where}.cert`),
    key: await reader.content(key, `${where}.key`),
  };
}

function readLimits(reader: ConfigReader, value: unknown, where: string): Partial<ServePdiffOptions> {
  const limits = Object.entries(reader.object(value, where, Object.keys(LIMITS)));
  return Object.fromEntries(limits.map(([name, limit]) => {
    const [option, unit] = LIMITS[name]!;
    const number = reader.whole(limit, `${where}.${name}`) * unit;
    return [option, number < 2 ** 31 ? number : reader.fail(`${where}.${name}`, "is too large")];
  }));
}
