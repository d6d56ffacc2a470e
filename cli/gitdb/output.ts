/**
 * Bytes for stdout, gathered into large writes.
 */
const BUFFER_SIZE = 256 << 10;

/** Text as git takes it: a character for each byte of its UTF-8. Names need not be UTF-8, and are printed as they came. */
export function byteText(text: string): string {
  return byteTextOf(new TextEncoder().encode(text));
}

/** A character for each byte. */
export function byteTextOf(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += 8192) {
    text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  }
  return text;
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

/** Lines of stdin, a character for each byte, as many together as have come; the last one may lack its end. */
export async function* stdinLines(): AsyncGenerator<string[]> {
  let rest = "";
  for await (const chunk of Deno.stdin.readable) {
    const lines = (rest + byteTextOf(chunk)).split("\n");
    rest = lines.pop()!;
    if (lines.length > 0) yield lines;
  }
  if (rest !== "") yield [rest];
}
