/**
 * Checks that clones and fetches have in common, before anything is sent.
 */
import { checkKeys } from "@sluice/internal";
import { formatSignature } from "../object/_signature.ts";
import type { GitSignature } from "../object/_signature.ts";

/** Options that say how objects are taken in. */
export const OBJECT_OPTIONS = [
  "maxInputSize",
  "maxObjects",
  "maxObjectSize",
  "threads",
  "collisionDetection",
  "durable",
] as const;

const OBJECT_KEYS: ReadonlySet<string> = new Set(OBJECT_OPTIONS);

/** Checks who works, and how objects are taken in. */
export function checkWho(
  { committer, objects }: {
    readonly committer?: GitSignature | undefined;
    readonly objects?: object | undefined;
  },
): void {
  if (committer !== undefined) formatSignature(committer);
  if (objects !== undefined) checkKeys(objects, OBJECT_KEYS);
}
