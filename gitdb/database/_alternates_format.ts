/**
 * `objects/info/alternates`: folders of other databases, one a line (gitrepository-layout).
 */

/** The paths that a file names, as they stand in it. */
export function parseAlternates(text: string): string[] {
  return text.split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => line.startsWith('"') ? unquote(line) ?? line : line);
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
function unquote(line: string): string | undefined {
  const source = new TextEncoder().encode(line);
  const bytes: number[] = [];
  let at = 1;
  while (at < source.length) {
    const byte = source[at++]!;
    if (byte === 0x22) {
      return at === source.length ? new TextDecoder().decode(new Uint8Array(bytes)) : undefined;
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
