/**
 * The URL of a remote.
 */
import { gitRemoteUrl } from "@sluice/gitdb";
import type { GitRepository } from "@sluice/gitdb";
import { NotFoundError } from "@sluice/internal";
import { fatal } from "./settings.ts";

const NO_ACCESS = "Could not read from remote repository.\n\n" +
  "Please make sure you have the correct access rights\nand the repository exists.";

/** The URL of a remote of a repository; of the usual one where none is named. */
export async function urlOfRemote(repository: GitRepository, name: string | undefined): Promise<string> {
  try {
    return await gitRemoteUrl(repository, name);
  } catch (error) {
    if (!(error instanceof NotFoundError)) throw error;
    throw fatal(`'${name ?? "origin"}' does not appear to be a git repository\nfatal: ${NO_ACCESS}`);
  }
}
