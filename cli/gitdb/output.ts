/**
 * Bytes for stdout, gathered into large writes.
 */
import { byteString } from "@sluice/internal";

const ESCAPES: Readonly<Record<string, string>> = {
  "\x07": "a",
  "\b": "b",
  "\t": "t",
  "\n": "n",
  "\v": "v",
  "\f": "f",
  "\r": "r",
  '"': '"',
  "\\": "\\",
};

const BUFFER_SIZE = 256 << 10;

/** Text as git takes it: a character for each byte of its UTF-8. Names need not be UTF-8, and are printed as they came. */
export function byteText(text: string): string {
  return byteString(new TextEncoder().encode(text));
}

const UNESCAPES: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(ESCAPES).map(([byte, letter]) => [letter, byte]),
);

/** A name that may be quoted, as `quoted` and git print it; undefined where the quotes do not end. */
export function unquoted(text: string): string | undefined {
  if (!text.startsWith('"')) return text;
  const inner = /^"((?:[^"\\]|\\(?:[0-3][0-7]{2}|[abfnrtv"\\]))*)"$/.exec(text)?.[1];
  return inner?.replace(
    /\\([0-3][0-7]{2}|.)/g,
    (_, code: string) => code.length === 3 ? String.fromCharCode(parseInt(code, 8)) : UNESCAPES[code]!,
  );
}

/** The text of which `byteText` makes this. */
export function utf8OfByteText(text: string): string {
  const bytes = new Uint8Array(text.length);
  bytesOf(text, bytes);
  return new TextDecoder().decode(bytes);
}

const KIND = 0o170000;

/** A mode of a tree as git prints it: its kind, and of files whether they may be run; old trees have more permissions. */
export function shownMode(mode: number): string {
  const kind = mode & KIND;
  if (kind === 0o100000) return (mode & 0o100) === 0 ? "100644" : "100755";
  return kind === 0o120000 ? "120000" : kind === 0o40000 ? "040000" : "160000";
}

/** A name, a character for each byte, as git prints it: in quotes where it has bytes that a terminal or a script could stumble over. */
export function quoted(text: string): string {
  // deno-lint-ignore no-control-regex -- control characters are what is looked for
  const special = /[\x00-\x1f"\\\x7f-\xff]/g;
  const escaped = text.replace(
    special,
    (byte) => `\\${ESCAPES[byte] ?? byte.charCodeAt(0).toString(8).padStart(3, "0")}`,
  );
  return escaped === text ? text : `"${escaped}"`;
}

function bytesOf(text: string, target: Uint8Array): void {
  for (let i = 0; i < text.length; i++) target[i] = text.charCodeAt(i);
}

/** A buffer in front of stdout. */
export class BufferedStdout {
  readonly #buffer = new Uint8Array(BUFFER_SIZE);
  #used = 0;

  /** Adds bytes. */
  async write(bytes: Uint8Array): Promise<void> {
    if (bytes.length > BUFFER_SIZE - this.#used) await this.flush();
    if (bytes.length > BUFFER_SIZE) return await writeAll(bytes);
    this.#buffer.set(bytes, this.#used);
    this.#used += bytes.length;
  }

  /** Adds text of which each character is a byte. */
  async print(text: string): Promise<void> {
    if (text.length > BUFFER_SIZE - this.#used) await this.flush();
    if (text.length > BUFFER_SIZE) {
      const bytes = new Uint8Array(text.length);
      bytesOf(text, bytes);
      return await writeAll(bytes);
    }
    bytesOf(text, this.#buffer.subarray(this.#used));
    this.#used += text.length;
  }

  /** Writes everything out. */
  async flush(): Promise<void> {
    const used = this.#used;
    this.#used = 0;
    await writeAll(this.#buffer.subarray(0, used));
  }
}

async function writeAll(bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.length;) done += await Deno.stdout.write(bytes.subarray(done));
}

/**
 * Lines of stdin, a character for each byte, as many together as have come; the last one may lack its end. They end with
 * `end`.
 */
export async function* stdinLines(end = "\n"): AsyncGenerator<string[]> {
  let rest = "";
  for await (const chunk of Deno.stdin.readable) {
    const lines = (rest + byteString(chunk)).split(end);
    rest = lines.pop()!;
    if (lines.length > 0) yield lines;
  }
  if (rest !== "") yield [rest];
}

/** Lines without the carriage return before their end, as git reads them. */
export async function* withoutReturns(lines: AsyncIterable<string[]>): AsyncGenerator<string[]> {
  for await (const group of lines) yield group.map((line) => line.endsWith("\r") ? line.slice(0, -1) : line);
}
