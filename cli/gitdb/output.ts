/**
 * Bytes for stdout, gathered into large writes.
 */
const BUFFER_SIZE = 256 << 10;
const encoder = new TextEncoder();

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

  /** Adds text. */
  async print(text: string): Promise<void> {
    if (text.length * 3 > BUFFER_SIZE - this.#used) await this.flush();
    if (text.length * 3 > BUFFER_SIZE) return await writeAll(encoder.encode(text));
    this.#used += encoder.encodeInto(text, this.#buffer.subarray(this.#used)).written;
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

/** Lines of stdin, as many together as have come; the last one may lack its end. */
export async function* stdinLines(): AsyncGenerator<string[]> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of Deno.stdin.readable) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop()!;
    if (lines.length > 0) yield lines;
  }
  if (rest !== "") yield [rest];
}
