/**
 * `sluice gitdb ls-remote`.
 */
import { GitRemote } from "@sluice/gitdb";
import type { GitRemoteRef } from "@sluice/gitdb";
import { EXIT, UsageFailure } from "../shared/exit.ts";
import { connectionOf, withGitWords } from "./connection.ts";
import { openRepository } from "./names.ts";
import { BufferedStdout, byteText } from "./output.ts";
import { isAddress, requireHttp, urlOfRemote } from "./remote_url.ts";
import type { GitdbSettings } from "./settings.ts";

/** The exit code of git where no reference fits. */
const NOTHING = 2;

/** Runs `ls-remote`. */
export async function lsRemote(operands: readonly string[], settings: GitdbSettings): Promise<number> {
  const [given, ...patterns] = operands;
  const { heads, tags = false, refs: isPlain, symref, exitCode, getUrl } = settings.remote;
  const url = await urlFor(given, settings);
  const out = new BufferedStdout();
  if (getUrl) {
    if (settings.remote.timeout !== undefined) {
      throw new UsageFailure("Option --timeout has no effect with --get-url");
    }
    if (patterns.length > 0) throw new UsageFailure("ls-remote --get-url takes no patterns");
    await out.print(byteText(`${url}\n`));
    await out.flush();
    return EXIT.ok;
  }
  requireHttp(url);
  if (given === undefined && !settings.quiet) console.error(`From ${url}`);
  const fits = patterns.map((pattern) => matcherOf(pattern));
  let count = 0;
  const print = async (name: string, line: string): Promise<void> => {
    if (fits.length > 0 && !fits.some((fit) => fit(name))) return;
    count++;
    await out.print(byteText(`${line}\t${name}\n`));
  };
  const prefixes = prefixesOf(heads, tags);
  await withGitWords(url, async () => {
    const remote = new GitRemote(url, connectionOf(settings, url));
    for await (const ref of remote.lsRefs({ prefixes, peel: !isPlain, symrefs: symref })) {
      if (ref.id === undefined || isPlain && !ref.name.startsWith("refs/")) continue;
      await printRef(ref, print);
    }
  });
  await out.flush();
  return exitCode && count === 0 ? NOTHING : EXIT.ok;
}

async function printRef(
  { name, id, peeled, target }: GitRemoteRef,
  print: (name: string, line: string) => Promise<void>,
): Promise<void> {
  if (target !== undefined) await print(name, `ref: ${target}`);
  await print(name, `${id}`);
  if (peeled !== undefined) await print(`${name}^{}`, `${peeled}`);
}

function prefixesOf(heads: boolean, tags: boolean): string[] | undefined {
  if (!heads && !tags) return undefined;
  return [...heads ? ["refs/heads/"] : [], ...tags ? ["refs/tags/"] : []];
}

async function urlFor(given: string | undefined, settings: GitdbSettings): Promise<string> {
  if (given !== undefined && isAddress(given)) return given;
  const repository = await openRepository(settings);
  try {
    return await urlOfRemote(repository, given);
  } finally {
    await repository[Symbol.asyncDispose]();
  }
}

/** A pattern fits the end of a name, whole parts of it (git-ls-remote). */
function matcherOf(pattern: string): (name: string) => boolean {
  let text = "";
  for (let at = 0; at < pattern.length; at++) {
    const char = pattern[at]!;
    const end = char === "[" ? pattern.indexOf("]", at + 2) : -1;
    if (char === "*") text += ".*";
    else if (char === "?") text += ".";
    else if (end > 0) {
      const inner = pattern.slice(at + 1, end).replace(/\\/g, "\\\\").replace(/^!/, "^");
      text += `[${inner}]`;
      at = end;
    } else text += char.replace(/[\\^$.|+(){}[\]]/g, "\\$&");
  }
  const expression = new RegExp(`/${text}$`, "s");
  return (name) => expression.test(`/${name}`);
}
