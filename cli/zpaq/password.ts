/**
 * Passwords of archives: from the command line, a file, the environment or a question on the terminal. All but the first
 * keep them out of the list of processes.
 */
import { promptSecret } from "@std/cli/prompt-secret";
import { describeSystemError, EXIT, Failure, UsageFailure } from "../shared/exit.ts";

/** The variable of the environment that has the password of commands that take `-key`. */
export const KEY_VARIABLE = "SLUICE_ZPAQ_KEY";
const FILE_SIZE_MAX = 1 << 16;
const NEW_LINE = 0x0a;
const RETURN = 0x0d;

/** Where a password comes from; undefined where none is given. */
export type PasswordSource =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "file"; readonly path: string }
  | { readonly kind: "ask" };

/** A password: text is what was typed, bytes are those of a file. */
export type Password = string | Uint8Array<ArrayBuffer>;

/** The password that a source gives; `isNew` asks for it twice. */
export async function readPassword(source: PasswordSource, isNew: boolean): Promise<Password> {
  switch (source.kind) {
    case "text":
      return source.text;
    case "file":
      return await fromFile(source.path);
    case "ask":
      return ask(isNew);
  }
}

/** The password of the environment. */
export function passwordSourceOfEnvironment(): PasswordSource | undefined {
  const { state } = Deno.permissions.querySync({ name: "env", variable: KEY_VARIABLE });
  const text = state === "granted" ? Deno.env.get(KEY_VARIABLE) : undefined;
  if (text === undefined) return undefined;
  if (text === "") throw new UsageFailure(`The variable ${KEY_VARIABLE} is empty; unset it for no password`);
  return { kind: "text", text };
}

/** The first line of a file is all of it: more would be another file than the one that was meant. */
async function fromFile(path: string): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = await readSmall(path).catch((error) => {
    throw error instanceof Failure
      ? error
      : new Failure(`zpaq: ${path}: ${describeSystemError(error)}`, EXIT.zpaqFailed);
  });
  const at = bytes.indexOf(NEW_LINE);
  const end = at < 0 ? bytes.length : at;
  const password = bytes.subarray(0, bytes[end - 1] === RETURN ? end - 1 : end);
  if (password.length === 0) throw new Failure(`zpaq: ${path}: there is no password in it`, EXIT.zpaqFailed);
  if (at >= 0 && at < bytes.length - 1) {
    throw new Failure(
      `zpaq: ${path}: it has more than one line, so it is no file of a password`,
      EXIT.zpaqFailed,
    );
  }
  return password;
}

async function readSmall(path: string): Promise<Uint8Array<ArrayBuffer>> {
  using file = await Deno.open(path);
  const bytes = new Uint8Array(FILE_SIZE_MAX + 1);
  let size = 0;
  while (size < bytes.length) {
    const count = await file.read(bytes.subarray(size));
    if (count === null) return bytes.subarray(0, size);
    size += count;
  }
  throw new Failure(`zpaq: ${path}: it is too large for a file of a password`, EXIT.zpaqFailed);
}

function ask(isNew: boolean): string {
  if (!Deno.stdin.isTerminal() || !Deno.stdout.isTerminal()) {
    throw new UsageFailure(
      `A password can be asked for on a terminal only; -key-file or the variable ${KEY_VARIABLE} work without one`,
    );
  }
  const password = promptSecret("Password:", { mask: "" });
  if (password === null || password === "") throw new Failure("zpaq: there is no password", EXIT.zpaqFailed);
  if (isNew && promptSecret("The same again:", { mask: "" }) !== password) {
    throw new Failure("zpaq: the two passwords differ", EXIT.zpaqFailed);
  }
  return password;
}
