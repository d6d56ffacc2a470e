/**
 * `objects/info/alternates`: folders of other databases, one a line (gitrepository-layout).
 */

import { SluiceError } from "@sluice/internal";

/**
 * The paths that a file names, as they are written. A path that is not UTF-8 can't be opened by Deno: `refuse` is told.
 */
export function parseAlternates(file: Uint8Array, refuse: (error: SluiceError) => void): string[] {
  const paths: string[] = [];
  for (let at = 0; at < file.length;) {
    const end = file.indexOf(0x0a, at);
    const line = file.subarray(at, end < 0 ? file.length : end);
    at += line.length + 1;
    if (line.length === 0 || line[0] === 0x23) continue;
    const bytes = line[0] === 0x22 ? unquote(line) ?? line : line;
    try {
      paths.push(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes));
    } catch (cause) {
      const shown = new TextDecoder().decode(bytes.subarray(0, 200));
      const message = `Cannot follow the alternate "${shown}": its name is not UTF-8`;
      refuse(new SluiceError(message, { format: "git", code: "BAD_ALTERNATE", cause }));
    }
  }
  return paths;
}

const ESCAPES: Readonly<Record<string, number>> = {
  a: 7,
  b: 8,
  f: 12,
  n: 10,
  r: 13,
  t: 9,
  v: 11,
  "\\": 92,
  '"': 34,
};

/** What stands between C quotes; undefined where the quoting is broken. */
function unquote(source: Uint8Array): Uint8Array | undefined {
  const bytes: number[] = [];
  let at = 1;
  while (at < source.length) {
    const byte = source[at++]!;
    if (byte === 0x22) {
      return at === source.length ? new Uint8Array(bytes) : undefined;
    }
    if (byte !== 0x5c) {
      bytes.push(byte);
      continue;
    }
    const octal = /^[0-3][0-7][0-7]/.exec(String.fromCharCode(...source.subarray(at, at + 3)));
    if (octal !== null) {
      bytes.push(parseInt(octal[0], 8));
      at += 3;
      continue;
    }
    const escape = ESCAPES[String.fromCharCode(source[at++] ?? 0)];
    if (escape === undefined) return undefined;
    bytes.push(escape);
  }
  return undefined;
}
