/**
 * Where a file is: on this machine, or on a server.
 *
 * @module
 */
import { checkArgument, checkKeys, decodeUrlText, withoutUrlSecrets } from "@sluice/internal";
import { PDIFF_PORT } from "./constants.ts";

/** A file here or there. */
export interface PdiffLocation {
  /** The name of the file: a local path, or the path on the server. */
  readonly filename: string;
  /** The origin of the server, such as `http://host:8080`; undefined for a local file. */
  readonly origin: string | undefined;
  /** The host; undefined for a local file. IPv6 addresses stand in brackets. */
  readonly hostname: string | undefined;
  /** The port; undefined for a local file. */
  readonly portNumber: number | undefined;
  /** The location in writing; reading that gives the same location. */
  readonly expression: string;
  /** The location in words. */
  readonly label: string;
}

/** How an expression is read. */
export interface PdiffLocationOptions {
  /** Whether percent signs stand for themselves, as in the original program. @default {false} */
  readonly literalPaths?: boolean | undefined;
  /** Whether the root of a server is a location too: for directories. @default {false} */
  readonly directory?: boolean | undefined;
}

const LOCATION_OPTIONS: ReadonlySet<string> = new Set(["literalPaths", "directory"]);
const DEFAULT_TLS_PORT = 8443;
const SCHEMES: Readonly<Record<string, "http" | "https">> = {
  "http": "http",
  "https": "https",
  "pdiff+http": "http",
  "pdiff+https": "https",
};

function invalid(expression: string, state: string): RangeError {
  return new RangeError(`Cannot read the location "${withoutUrlSecrets(expression)}": ${state}`);
}

/**
 * Reads a location: a local path, or `http://host[:port]/path` with the port 8080 unless named (8443 for `https`). The
 * path is the file's name on the server; percent-escapes in it are decoded. Names with a colon are local when nothing in
 * front of it is a known scheme.
 *
 * @throws {RangeError} If the host, the port or the path makes no sense, or the path has an unescaped `?` or `#`.
 *
 * @example Here and there
 * ```ts
 * import { parsePdiffLocation } from "@sluice/pdiffcopy";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(parsePdiffLocation("disk.img").hostname, undefined);
 * const there = parsePdiffLocation("http://server/var/lib/disk%201.img");
 * assertEquals(there.filename, "/var/lib/disk 1.img");
 * assertEquals(there.expression, "http://server:8080/var/lib/disk%201.img");
 * ```
 */
export function parsePdiffLocation(
  expression: string | URL,
  options: PdiffLocationOptions = {},
): PdiffLocation {
  checkArgument(
    typeof expression === "string" || expression instanceof URL,
    "read a location",
    expression,
    "a path or a URL",
  );
  checkKeys(options, LOCATION_OPTIONS);
  const text = expression instanceof URL ? expression.href : expression;
  if (text === "") throw invalid(text, "it is empty");
  if (text.includes("\0")) throw invalid(text, "it has a zero character");
  const match = /^([A-Za-z][A-Za-z0-9+.-]*):\/\/([^/]*)(\/?.*)$/s.exec(text);
  const scheme = match === null ? undefined : match[1]!.toLowerCase();
  if (scheme === "file") {
    if (!["", "localhost"].includes(match![2]!.toLowerCase())) throw invalid(text, "it names another host");
    return local(decodePath(text, match![3]!, options));
  }
  const kind = scheme === undefined ? undefined : SCHEMES[scheme];
  if (match === null || kind === undefined) {
    if (scheme !== undefined && !text.startsWith(".")) {
      throw invalid(
        text,
        `the scheme "${scheme}" is not known, expected http or https (a local name begins with ./)`,
      );
    }
    return local(text);
  }
  const [, , authority, path] = match;
  const { hostname, port } = parseAuthority(text, authority!.replace(/^.*@/, ""));
  const isRoot = path === "" || path === "/";
  if (isRoot && options.directory !== true) throw invalid(text, "the path of the file is missing");
  const filename = isRoot ? "/" : options.literalPaths === true ? path! : decodePath(text, path!, options);
  const portNumber = port ?? (kind === "https" ? DEFAULT_TLS_PORT : PDIFF_PORT);
  const origin = `${kind}://${hostname}:${portNumber}`;
  const written = options.literalPaths === true ? filename : encodePath(filename);
  return {
    filename,
    origin,
    hostname,
    portNumber,
    expression: `${origin}${written}`,
    label: `remote file ${filename} on ${hostname}:${portNumber}`,
  };
}

function local(filename: string): PdiffLocation {
  if (filename === "") throw invalid(filename, "the path is empty");
  return {
    filename,
    origin: undefined,
    hostname: undefined,
    portNumber: undefined,
    expression: filename,
    label: `local file ${filename}`,
  };
}

function parseAuthority(text: string, authority: string): { hostname: string; port: number | undefined } {
  const match = /^(\[[0-9A-Fa-f:.]+\]|[^:[\]\s?#]+)(?::(\d*))?$/.exec(authority);
  if (match === null) throw invalid(text, "the host or the port is not valid");
  const port = match[2] === undefined || match[2] === "" ? undefined : Number(match[2]);
  if (port !== undefined && (port < 1 || port > 65_535)) throw invalid(text, `there is no port ${match[2]}`);
  return { hostname: match[1]!.toLowerCase(), port };
}

function decodePath(text: string, path: string, options: PdiffLocationOptions): string {
  if (options.literalPaths === true) return path;
  const stray = /[?#]/.exec(path);
  if (stray !== null) {
    throw invalid(text, `write %${stray[0].charCodeAt(0).toString(16).toUpperCase()} for "${stray[0]}"`);
  }
  const decoded = decodeUrlText(path);
  if (decoded === undefined) throw invalid(text, "its escapes are not UTF-8");
  if (decoded.includes("\0")) throw invalid(text, "it has a zero character");
  return decoded;
}

function encodePath(path: string): string {
  return path.split("/").map((part) => encodeURIComponent(part)).join("/");
}
