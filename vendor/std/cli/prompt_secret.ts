/**
 * Asking for a secret on a terminal.
 *
 * @module
 */

/** Options of `promptSecret`. */
export interface PromptSecretOptions {
  /** What is shown for each character. @default {"*"} */
  mask?: string;
  /** Whether the line is cleared afterwards. @default {false} */
  clear?: boolean;
}

const NEW_LINE = 0x0a;
const RETURN = 0x0d;
const BACKSPACE = 0x08;
const DELETE = 0x7f;

/** Shows a message, reads one line without showing it, and returns it; null where the input ends before a line does. */
export function promptSecret(message = "Secret", options: PromptSecretOptions = {}): string | null {
  const { mask = "*", clear = false } = options;
  const show = (text: string): void => void Deno.stdout.writeSync(new TextEncoder().encode(text));
  const line = (bytes: readonly number[]): string => new TextDecoder().decode(Uint8Array.from(bytes));
  const bytes: number[] = [];
  const redraw = (): void => show(`\r\x1b[K${message} ${mask.repeat([...line(bytes)].length)}`);
  const isRaw = Deno.stdin.isTerminal();
  if (isRaw) Deno.stdin.setRaw(true, { cbreak: Deno.build.os !== "windows" });
  try {
    redraw();
    const one = new Uint8Array(1);
    while (true) {
      if (Deno.stdin.readSync(one) === null) return null;
      const [byte] = one as unknown as [number];
      if (byte === NEW_LINE || byte === RETURN) break;
      if (byte === BACKSPACE || byte === DELETE) {
        // All bytes of the last character.
        while (bytes.length > 0 && (bytes.pop()! & 0xc0) === 0x80);
      } else bytes.push(byte);
      redraw();
    }
    return line(bytes);
  } finally {
    if (isRaw) Deno.stdin.setRaw(false);
    show(clear ? "\r\x1b[K" : "\n");
  }
}
