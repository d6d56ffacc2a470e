/**
 * `sluice gitdb clone`.
 */
import { cloneGitRepository } from "@sluice/gitdb";
import { decodeUrlText, printable, SluiceError } from "@sluice/internal";
import { EXIT, UsageFailure } from "../shared/exit.ts";
import { onTermination } from "../shared/termination.ts";
import { committerOf, connectionOf, remoteMessages, withGitWords } from "./connection.ts";
import type { Failure } from "../shared/exit.ts";
import { requireHttp } from "./remote_url.ts";
import { fatal } from "./settings.ts";
import type { GitdbSettings } from "./settings.ts";

/** Runs `clone`. */
export async function clone(operands: readonly string[], settings: GitdbSettings): Promise<number> {
  const [url, given, ...more] = operands;
  if (url === undefined || more.length > 0) throw new UsageFailure("clone takes a URL and a folder");
  requireHttp(url);
  const { remote } = settings;
  const isBare = remote.bare || remote.mirror;
  if (isBare && (remote.sparse || !remote.checkout)) {
    throw new UsageFailure("Options --sparse and --no-checkout have no effect without files");
  }
  const isCut = remote.depth !== undefined || remote.since !== undefined || remote.shallowExclude.length > 0;
  const bundles = [
    ...remote.bundle === undefined ? [] : ["--bundle-uri"],
    ...remote.serverBundles ? ["--server-bundles"] : [],
  ];
  if (bundles.length > 0 && (isCut || remote.filter !== undefined)) {
    throw new UsageFailure(
      `Option ${bundles[0]} excludes --depth, --shallow-since, --shallow-exclude and --filter`,
    );
  }
  if (bundles.length > 1) throw new UsageFailure(`Options ${bundles.join(" and ")} exclude each other`);
  if (remote.bundle !== undefined && !URL.canParse(remote.bundle)) {
    throw new UsageFailure(`Option --bundle-uri has the value "${remote.bundle}", expected a URL`);
  }
  const into = given ?? folderOf(url, isBare);
  if (await isTaken(into)) throw alreadyThere(into);
  const keep = onTermination(cleanupOf(into));
  try {
    return await cloneInto(url, into, isBare, settings);
  } finally {
    keep();
  }
}

/** Takes away what an interrupted clone has made. */
function cleanupOf(into: string): () => void {
  const isNew = isMissing(into);
  return () => {
    if (isMissing(into)) return;
    if (isNew) return Deno.removeSync(into, { recursive: true });
    for (const { name } of Deno.readDirSync(into)) Deno.removeSync(`${into}/${name}`, { recursive: true });
  };
}

function isMissing(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return false;
  } catch (error) {
    return error instanceof Deno.errors.NotFound;
  }
}

async function cloneInto(
  url: string,
  into: string,
  isBare: boolean,
  settings: GitdbSettings,
): Promise<number> {
  const { remote, quiet } = settings;
  if (!quiet) console.error(`Cloning into ${isBare ? "bare repository " : ""}'${into}'...`);
  const cloned = await withGitWords(url, () =>
    cloneGitRepository(url, {
      into,
      bare: isBare,
      mirror: remote.mirror,
      checkout: !isBare && remote.checkout,
      sparse: remote.sparse,
      branch: remote.branch,
      singleBranch: remote.singleBranch,
      tags: remote.tags ?? true,
      origin: remote.origin,
      depth: remote.depth,
      since: remote.since,
      shallowExclude: remote.shallowExclude.length > 0 ? remote.shallowExclude : undefined,
      filter: remote.filter,
      bundle: remote.bundle,
      serverBundles: remote.serverBundles,
      uriProtocols: remote.uriProtocols,
      connection: connectionOf(settings, url),
      objects: { threads: settings.threads },
      onWarning: (message) => console.error(`warning: ${message}`),
      ...committerOf(),
      ...remoteMessages(settings),
    }).catch((error) => inGitWords(error, into, settings)));
  if (cloned.count === 0) console.error("warning: You appear to have cloned an empty repository.");
  else if (cloned.id === undefined && !isBare && remote.checkout) {
    console.error("warning: remote HEAD refers to nonexistent ref, unable to checkout");
  } else if (cloned.head === undefined && !isBare && !quiet) {
    console.error(`Note: switching to '${cloned.id}'.`);
  }
  for (const name of cloned.leftOut) {
    console.error(
      `error: unable to create ${
        printable(name)
      }: its name, or where it leads, is not UTF-8, which is not supported`,
    );
  }
  return cloned.leftOut.length > 0 ? EXIT.failure : EXIT.ok;
}

/** Whether something is where the clone is to be. */
async function isTaken(path: string): Promise<boolean> {
  try {
    for await (const _ of Deno.readDir(path)) return true;
    return false;
  } catch (error) {
    return !(error instanceof Deno.errors.NotFound);
  }
}

function alreadyThere(into: string): Failure {
  return fatal(`destination path '${into}' already exists and is not an empty directory.`);
}

/** The name of a folder for a clone: the last part of the URL. */
function folderOf(url: string, isBare: boolean): string {
  const path = decodeUrlText(new URL(url).pathname)?.replace(/\/+$/, "").replace(/\/?\.git$/, "") ?? "";
  const name = path.slice(path.lastIndexOf("/") + 1);
  // deno-lint-ignore no-control-regex -- control characters do not belong into names
  if (name === "" || name === "." || name === ".." || /[\x00-\x1f]/.test(name)) {
    throw fatal(`cannot guess a folder from '${url}': name one`);
  }
  return isBare ? `${name}.git` : name;
}

/** Failures that git has words for. */
function inGitWords(error: unknown, into: string, { remote: { branch, origin } }: GitdbSettings): never {
  if (error instanceof SluiceError) {
    if (error.code === "EXISTS") {
      throw alreadyThere(into);
    }
    if (error.message.includes("has no branch or tag")) {
      throw fatal(`Remote branch ${branch} not found in upstream ${origin}`);
    }
  }
  throw error;
}
