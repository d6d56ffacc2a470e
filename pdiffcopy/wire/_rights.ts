/**
 * Asking a server whether it would allow a copy that is only tried.
 */
import { SluiceError } from "@sluice/internal";
import type { HttpPeer } from "./_http.ts";

/** What a copy needs of a server. */
export type NeededRight = "read" | "write" | "delete";

/** What servers of earlier versions, and others, answer to requests that they do not know. */
const UNKNOWN: readonly string[] = ["NOT_FOUND", "PROTOCOL", "UNSUPPORTED"];

/** How a server refuses such a copy. */
const REFUSED: readonly string[] = ["PERMISSION", "READ_ONLY", "NOT_FOUND"];

/** What a copy would fail with because the server or the token does not allow it; undefined too where it can't be asked. */
export async function askRights(
  peer: HttpPeer,
  path: string,
  rights: readonly NeededRight[],
): Promise<SluiceError | undefined> {
  if (rights.length === 0 || !await tellsRights(peer)) return undefined;
  try {
    await peer.json("GET", "/v2/rights", { path, need: rights.join(",") });
    return undefined;
  } catch (error) {
    if (error instanceof SluiceError && REFUSED.includes(error.code)) return error;
    throw error;
  }
}

async function tellsRights(peer: HttpPeer): Promise<boolean> {
  try {
    const { features } = await peer.json("GET", "/v2/caps", {});
    return Array.isArray(features) && features.includes("rights");
  } catch (error) {
    if (error instanceof SluiceError && UNKNOWN.includes(error.code)) return false;
    throw error;
  }
}
