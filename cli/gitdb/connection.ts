/**
 * How `sluice gitdb` talks to servers: credentials from a helper, what the server says, and git's words for what fails.
 */
import type { GitRemoteOptions, GitSignature } from "@sluice/gitdb";
import { concatBytes, decodeUrlText, printable, SluiceError } from "@sluice/internal";
import { fatal } from "./settings.ts";
import type { GitdbSettings } from "./settings.ts";

/** How servers are reached; the URL may name the user whose password is wanted. */
export function connectionOf(
  { remote: { credentialHelper, timeout } }: GitdbSettings,
  url: string,
): GitRemoteOptions {
  const waiting = { stallTimeoutMs: timeout === undefined ? undefined : timeout * 1000 };
  if (credentialHelper === undefined) return waiting;
  // A helper is asked once: some ask a user.
  const answers = new Map<string, Promise<HeadersInit | undefined>>();
  return {
    ...waiting,
    headersFor: (request) => {
      if (request.challenge === undefined) return undefined;
      const { origin } = request.url;
      const given = URL.parse(url);
      const user = given?.origin === origin ? decodeUrlText(given.username) : "";
      if (user === undefined) throw fatal("the user name of the URL is not UTF-8");
      // Each line tells the helper something: a name of two lines could ask for the password of another host.
      // deno-lint-ignore no-control-regex -- control characters are what is looked for
      if (/[\x00-\x1f]/.test(user)) throw fatal("the user name of the URL has a control character");
      const answer = answers.get(origin) ?? ask(credentialHelper, request.url, user);
      answers.set(origin, answer);
      return answer;
    },
  };
}

/** A command line of a helper, as git runs it (gitcredentials). */
function commandOf(helper: string): { readonly program: string; readonly args: string[] } {
  if (helper.startsWith("!")) return { program: "sh", args: ["-c", `${helper.slice(1)} get`] };
  const [first = "", ...args] = helper.split(" ").filter((word) => word !== "");
  if (first.startsWith("/")) return { program: first, args: [...args, "get"] };
  return { program: "git", args: [`credential-${first}`, ...args, "get"] };
}

/** A helper writes a few lines. */
const HELPER_OUTPUT_MAX = 64 * 1024;

/** Asks a helper for what a server wants to see. */
async function ask(helper: string, url: URL, user: string): Promise<HeadersInit | undefined> {
  const { program, args } = commandOf(helper);
  const child = new Deno.Command(program, { args, stdin: "piped", stdout: "piped" }).spawn();
  const writer = child.stdin.getWriter();
  const userLine = user === "" ? "" : `username=${user}\n`;
  const lines = `protocol=${url.protocol.slice(0, -1)}\nhost=${url.host}\n${userLine}\n`;
  await writer.write(new TextEncoder().encode(lines)).catch(() => {}); // a helper need not read
  await writer.close().catch(() => {});
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  let size = 0;
  for await (const chunk of child.stdout) {
    chunks.push(chunk);
    size += chunk.length;
    if (size <= HELPER_OUTPUT_MAX) continue;
    child.kill();
    await child.status;
    throw fatal(`credential helper '${helper}' wrote more than ${HELPER_OUTPUT_MAX} bytes`);
  }
  const { code } = await child.status;
  if (code !== 0) throw fatal(`credential helper '${helper}' ended with ${code}`);
  const values = new Map(
    new TextDecoder().decode(concatBytes(chunks)).split("\n").map((line) => [
      line.slice(0, line.indexOf("=")),
      line.slice(line.indexOf("=") + 1),
    ]),
  );
  const [name, password] = [values.get("username"), values.get("password")];
  if (name === undefined || password === undefined) return undefined;
  const pair = new TextEncoder().encode(`${name}:${password}`);
  return { authorization: `Basic ${pair.toBase64()}` };
}

/** Whether progress is shown. */
export function showsProgress({ quiet, remote: { progress } }: GitdbSettings): boolean {
  return progress ?? (!quiet && Deno.stderr.isTerminal());
}

/** Shows what a server says, line by line, with the word that git puts before it. */
export function remoteMessages(settings: GitdbSettings): { readonly onMessage?: (text: string) => void } {
  if (!showsProgress(settings)) return {};
  let rest = "";
  return {
    onMessage: (text) => {
      const parts = (rest + text).split(/(?<=[\r\n])/);
      rest = /[\r\n]$/.test(parts.at(-1) ?? "") ? "" : parts.pop() ?? "";
      for (const part of parts) {
        const line = `remote: ${printable(part.slice(0, -1))}${part.at(-1)}`;
        Deno.stderr.writeSync(new TextEncoder().encode(line));
      }
    },
  };
}

/** Who is named in logs of references. */
export function committerOf(): { readonly committer?: GitSignature } {
  const name = Deno.env.get("GIT_COMMITTER_NAME");
  const email = Deno.env.get("GIT_COMMITTER_EMAIL") ?? "";
  return name === undefined ? {} : { committer: { name, email, date: new Date(), timezone: "+0000" } };
}

/** Runs something that talks to a server; where git has words of its own for what fails, those are used. */
export async function withGitWords<T>(url: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof RangeError) {
      const filter = /^Cannot use option "filter": "(.*)" is no filter/.exec(error.message)?.[1];
      throw fatal(filter === undefined ? error.message : `invalid filter-spec '${filter}'`);
    }
    if (!(error instanceof SluiceError)) throw error;
    const place = url.endsWith("/") ? url : `${url}/`;
    if (error.code === "NOT_FOUND" && error.message.includes("the server answered")) {
      throw fatal(`repository '${place}' not found`);
    }
    if (error.code === "AUTH") throw fatal(`Authentication failed for '${place}'`);
    throw fatal(error.message.replace('raise "stallTimeoutMs"', "raise --timeout"));
  }
}
