/**
 * The URL of a remote.
 */
import { gitRemoteUrl } from "@sluice/gitdb";
import type { GitRepository } from "@sluice/gitdb";
import { NotFoundError } from "@sluice/internal";
import { fatal } from "./settings.ts";

const NO_ACCESS = "Could not read from remote repository.\n\n" +
  "Please make sure you have the correct access rights\nand the repository exists.";

/** What is a URL or a path, and never the name of a remote. */
export function isAddress(text: string): boolean {
  return /^[./]|:/.test(text);
}

/**
 * Refuses what can't be reached.
 *
 * @throws {Failure} If it is no URL of HTTP.
 */
export function requireHttp(url: string): void {
  if (URL.canParse(url) && /^https?:$/.test(new URL(url).protocol)) return;
  throw fatal(`repository '${url}' is no URL of HTTP; other protocols are not known here`);
}

/** The URL of a remote of a repository; of the usual one where none is named. */
export async function urlOfRemote(repository: GitRepository, name: string | undefined): Promise<string> {
  try {
    return await gitRemoteUrl(repository, name);
  } catch (error) {
    if (!(error instanceof NotFoundError)) throw error;
    if (name !== undefined && isAddress(name)) requireHttp(name);
    throw fatal(`'${name ?? "origin"}' does not appear to be a git repository\nfatal: ${NO_ACCESS}`);
  }
}
