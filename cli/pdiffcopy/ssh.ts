/**
 * Copies over ssh: the far side serves one client, which started it, on a socket that only its user may open; ssh
 * carries the connections there. Nothing listens on a network, and every request brings a secret of its own.
 */
import { decodeUrlText } from "@sluice/internal";
import { Failure, PDIFFCOPY_EXIT, UsageFailure } from "../shared/exit.ts";
import { LEVEL } from "../shared/messages.ts";
import type { Messages } from "../shared/messages.ts";
import type { PdiffcopySettings } from "./options.ts";
import { asFailure } from "./session.ts";

const SECRET_SIZE = 32;
const HOME = "/~/";
/** How long the far side has to end. */
const END_TIMEOUT_MS = 5000;
/** The first word of the line by which the far side says that it listens; its home follows. */
const READY = "ready";

/** Where an operand leads that goes over ssh. */
interface SshLocation {
  readonly user: string;
  readonly hostname: string;
  readonly port: string;
  /** The path on the far side, with percent-escapes; one that starts with `/~/` is below the home. */
  readonly path: string;
}

/** Whether an operand goes over ssh. */
export function isSsh(operand: string | undefined): boolean {
  return operand !== undefined && /^ssh:\/\//i.test(operand);
}

/**
 * Reads `ssh://[USER@]HOST[:PORT]/PATH`.
 *
 * @throws {UsageFailure} If it is none.
 */
export function parseSsh(operand: string): SshLocation {
  const url = URL.parse(operand);
  const wrong = (why: string): never => {
    throw new UsageFailure(`Cannot use "${operand.replace(/:[^@/]*@/, ":…@")}": ${why}`);
  };
  if (url === null || url.hostname === "") return wrong("expected ssh://[USER@]HOST[:PORT]/PATH");
  const { hostname, port, pathname: path } = url;
  const user = decodeUrlText(url.username) ?? wrong("the user name is not UTF-8");
  if (url.password !== "") wrong("ssh asks for passwords itself");
  if (url.search !== "" || url.hash !== "") wrong('write "?" as %3F and "#" as %23');
  // ssh would take these for options.
  if (hostname.startsWith("-") || user.startsWith("-") || /[\s\0]/.test(user)) {
    wrong("the host makes no sense");
  }
  if (path === "" || path === "/") wrong("the path is missing");
  return { user, hostname: hostname.replace(/^\[|\]$/g, ""), port, path };
}

function randomHex(): string {
  return crypto.getRandomValues(new Uint8Array(SECRET_SIZE)).toHex();
}

/** A port of loopback that is free now. */
function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return (listener.addr as Deno.NetAddr).port;
}

/** The first line of a stream, without its end; undefined where the stream ends before. */
async function firstLine(stream: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<string | undefined> {
  let text = "";
  for await (const chunk of stream.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    const end = text.indexOf("\n");
    if (end >= 0) return text.slice(0, end);
  }
  return undefined;
}

/** Does `work` with operands that lead to the far side, while ssh carries them there. */
export async function withSsh(
  settings: PdiffcopySettings,
  operands: readonly string[],
  messages: Messages,
  work: (settings: PdiffcopySettings, operands: readonly string[]) => Promise<number>,
): Promise<number> {
  const index = operands.findIndex(isSsh);
  if (index < 0) return await work(settings, operands);
  if (operands.filter(isSsh).length > 1) {
    throw new UsageFailure("Only one of SOURCE and TARGET may be on another machine");
  }
  if (settings.index !== undefined) {
    throw new UsageFailure("Option --index is for plain web servers, not for ssh");
  }
  const { user, hostname, port, path } = parseSsh(operands[index]!);
  const local = freePort();
  const socket = `/tmp/pdiffcopy-${randomHex()}`;
  const secret = randomHex();
  const writable = index === 1 ? " --writable" : "";
  const remote =
    `${settings.remoteCommand} serve --attached --socket ${socket} --root / --path-mode absolute${writable}`;
  const [program, ...given] = settings.ssh.split(/ +/).filter((word) => word !== "");
  const args = [
    ...given,
    ...["-T", "-o", "ExitOnForwardFailure=yes", "-L", `127.0.0.1:${local}:${socket}`],
    ...(port === "" ? [] : ["-p", port]),
    ...(user === "" ? [] : ["-l", user]),
    ...["--", hostname, remote],
  ];
  messages.say(LEVEL.notes, `starting ${program} ${hostname}`);
  let child: Deno.ChildProcess;
  try {
    child = new Deno.Command(program!, { args, stdin: "piped", stdout: "piped", stderr: "inherit" }).spawn();
  } catch (error) {
    throw new Failure(`Cannot start ${program}: ${(error as Error).message}`, PDIFFCOPY_EXIT.network);
  }
  const writer = child.stdin.getWriter();
  try {
    await writer.write(new TextEncoder().encode(`${secret}\n`)).catch(() => {});
    const [word, ...home] = (await firstLine(child.stdout) ?? "").split(" ");
    if (word !== READY) {
      throw new Failure(
        `Cannot use ${hostname}: "${settings.remoteCommand}" did not start there`,
        PDIFFCOPY_EXIT.network,
      );
    }
    const far = path.startsWith(HOME) ? `${encodeURI(home.join(" "))}/${path.slice(HOME.length)}` : path;
    const reached = operands.with(index, `http://127.0.0.1:${local}${far}`);
    return await work({ ...settings, secret }, reached);
  } catch (error) {
    if (error instanceof UsageFailure) throw error;
    const { message, exitCode } = asFailure(error);
    // The user knows the far side by its own name.
    throw new Failure(message.replaceAll(`http://127.0.0.1:${local}`, `ssh://${hostname}`), exitCode);
  } finally {
    await writer.close().catch(() => {});
    // A connection that is dead ends by itself after minutes only.
    const timer = setTimeout(() => end(child), END_TIMEOUT_MS);
    await child.status;
    clearTimeout(timer);
  }
}

/** Ends a process, unless it has ended in this moment. */
function end(child: Deno.ChildProcess): void {
  try {
    child.kill();
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
  }
}

/** The far side's part: the secret of the client that started this, and an end when it goes away. */
export interface Attachment {
  readonly secret: string;
  /** Says that the server listens. */
  ready(): void;
  /** Settles when the client is gone. */
  readonly gone: Promise<void>;
}

/**
 * Reads the secret, the first line of standard input.
 *
 * @throws {Failure} If there is none.
 */
export async function attach(): Promise<Attachment> {
  const reader = Deno.stdin.readable.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  while (!text.includes("\n")) {
    const { done, value } = await reader.read();
    if (done) break;
    text += value;
  }
  const secret = text.slice(0, Math.max(text.indexOf("\n"), 0));
  if (secret === "") throw new Failure("Expected a secret, the first line of standard input");
  const gone = (async (): Promise<void> => {
    while (!(await reader.read()).done);
  })().catch(() => {});
  return { secret, ready: () => console.log(`${READY} ${Deno.env.get("HOME") ?? "/"}`), gone };
}
