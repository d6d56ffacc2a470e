/**
 * The configuration files of git (git-config, "Syntax"), read and written.
 */

const ESCAPES: Readonly<Record<string, string>> = { n: "\n", t: "\t", b: "\b", "\\": "\\", '"': '"' };

/** The values of a file by `section.key` or `section.subsection.key`; of a key that comes again, the last one. */
export function parseConfig(text: string): Map<string, string> {
  return new Map(configEntries(text));
}

/** All values of a file in their order, with their keys. */
export function* configEntries(text: string): Generator<readonly [key: string, value: string]> {
  let section = "";
  for (const line of text.replace(/\\\r?\n/g, "").split("\n")) {
    let rest = line.trim();
    const header = /^\[\s*([\w.-]+)\s*(?:"((?:[^"\\]|\\.)*)")?\s*\]/.exec(rest);
    if (header !== null) {
      section = header[1]!.toLowerCase() + (header[2] === undefined ? "" : `.${header[2]}`);
      rest = rest.slice(header[0].length).trim();
    }
    const pair = /^([A-Za-z][\w-]*)\s*(?:=(.*)|[#;].*)?$/.exec(rest);
    if (pair === null) continue;
    // A key alone is true.
    yield [`${section}.${pair[1]!.toLowerCase()}`, pair[2] === undefined ? "true" : valueOf(pair[2])];
  }
}

/** A section as a file has it; its name may have a part in quotes. */
export function formatConfigSection(
  section: string,
  subsection: string | undefined,
  values: readonly (readonly [key: string, value: string])[],
): string {
  const escape = (text: string): string => text.replace(/["\\]/g, "\\$&");
  const name = subsection === undefined ? section : `${section} "${escape(subsection)}"`;
  const lines = values.map(([key, value]) => {
    const escaped = escape(value).replace(/\n/g, "\\n").replace(/\t/g, "\\t");
    return `\t${key} = ${/^\s|\s$|[#;"\\]/.test(value) ? `"${escaped}"` : escaped}\n`;
  });
  return `[${name}]\n${lines.join("")}`;
}

/** A value without quotes, escapes, comment and the spaces around it. */
function valueOf(text: string): string {
  let value = "";
  let end = 0;
  let isQuoted = false;
  for (let at = text.length - text.trimStart().length; at < text.length; at++) {
    const char = text[at]!;
    if (char === '"') isQuoted = !isQuoted;
    else if (!isQuoted && (char === "#" || char === ";")) break;
    else if (char === "\\") value += ESCAPES[text[++at] ?? ""] ?? "";
    else value += char;
    if (isQuoted || char.trim() !== "") end = value.length;
  }
  return value.slice(0, end);
}
