/**
 * The configuration files of git (git-config, "Syntax"), read and written.
 */

const ESCAPES: Readonly<Record<string, string>> = { n: "\n", t: "\t", b: "\b", "\\": "\\", '"': '"' };

/** The values of a file by `section.key` or `section.subsection.key`; of a key that comes again, the last one. */
export function parseConfig(text: string): Map<string, string> {
  return new Map(configEntries(text));
}

/** Whether a value says yes. */
export function isOn(value: string | undefined): boolean {
  return /^(?:true|yes|on|[+-]?0*[1-9]\d*)$/i.test(value ?? "");
}

/** Whether a value says no. */
export function isOff(value: string | undefined): boolean {
  return value !== undefined && /^(?:false|no|off|[+-]?0+|)$/i.test(value);
}

const HEADER = /^\[\s*([\w.-]+)\s*(?:"((?:[^"\\]|\\.)*)")?\s*\]/;
const PAIR = /^([A-Za-z][\w-]*)\s*(?:=(.*)|[#;].*)?$/;

/** The name of a section as keys start with it. */
function sectionKey(section: string, subsection: string | undefined): string {
  return section.toLowerCase() + (subsection === undefined ? "" : `.${subsection}`);
}

/** All values of a file in their order, with their keys. */
export function* configEntries(text: string): Generator<readonly [key: string, value: string]> {
  let section = "";
  for (const line of text.replace(/\\\r?\n/g, "").split("\n")) {
    let rest = line.trim();
    const header = HEADER.exec(rest);
    if (header !== null) {
      section = sectionKey(header[1]!, header[2]);
      rest = rest.slice(header[0].length).trim();
    }
    const pair = PAIR.exec(rest);
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
  const name = subsection === undefined ? section : `${section} "${escaped(subsection)}"`;
  return `[${name}]\n${values.map(([key, value]) => `${formatPair(key, value)}\n`).join("")}`;
}

function escaped(text: string): string {
  return text.replace(/["\\]/g, "\\$&");
}

function formatPair(key: string, value: string): string {
  const text = escaped(value).replace(/\n/g, "\\n").replace(/\t/g, "\\t");
  return `\t${key} = ${/^\s|\s$|[#;"\\]/.test(value) ? `"${text}"` : text}`;
}

/** A file in which these values of a section count; lines that have others, and comments, stay as they are. */
export function withConfigValues(
  text: string,
  section: string,
  subsection: string | undefined,
  values: readonly (readonly [key: string, value: string])[],
): string {
  const wanted = sectionKey(section, subsection);
  const lines = text.split("\n");
  /** The last line of each key, where a new value can take its place. */
  const places = new Map<string, number>();
  let end = -1;
  let isInside = false;
  lines.forEach((line, at) => {
    const header = HEADER.exec(line.trim());
    if (header !== null) isInside = sectionKey(header[1]!, header[2]) === wanted;
    if (!isInside || line.trim() === "") return;
    end = at;
    // A line with a header, and one that goes on, stay: what comes after them counts.
    const key = PAIR.exec(line.trim())?.[1]?.toLowerCase();
    if (key !== undefined && !line.endsWith("\\")) places.set(key, at);
  });
  if (end < 0) {
    const before = text === "" || text.endsWith("\n") ? text : `${text}\n`;
    return before + formatConfigSection(section, subsection, values);
  }
  const added: string[] = [];
  for (const [key, value] of values) {
    const at = places.get(key.toLowerCase());
    if (at === undefined) added.push(formatPair(key, value));
    else lines[at] = formatPair(key, value);
  }
  lines.splice(end + 1, 0, ...added);
  return lines.join("\n");
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
