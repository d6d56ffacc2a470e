/**
 * Revisions as operands of commands.
 */
import type { GitRepository } from "@sluice/gitdb";
import { AmbiguousIdError, NotFoundError, UnsupportedFeatureError } from "@sluice/internal";
import type { Failure } from "../shared/exit.ts";
import { fatal } from "./settings.ts";

/** What a revision names, or git's words for a revision that names nothing. */
export async function revisionOrFail(
  repository: GitRepository,
  revision: string,
  failure: Failure,
): Promise<string> {
  try {
    return `${await repository.find(revision)}`;
  } catch (error) {
    const isUnknown = error instanceof NotFoundError || error instanceof AmbiguousIdError ||
      error instanceof RangeError;
    if (isUnknown) throw failure;
    if (error instanceof UnsupportedFeatureError) throw fatal(error.message);
    throw error;
  }
}
