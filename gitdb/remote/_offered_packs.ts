/**
 * Packs that a server names by their addresses instead of sending them (git's `packfile-uris`): files of any server, such
 * as a content delivery network.
 */
import { withoutUrlSecrets } from "@sluice/internal";
import type { GitHashAlgorithm } from "../object/_object_id.ts";
import { idOf } from "./_advertisement.ts";
import { download } from "./_download.ts";
import type { DownloadSettings } from "./_download.ts";
import { protocolFault, shown } from "./_remote_faults.ts";

/** A pack that has to be fetched from elsewhere, too. */
export interface GitOfferedPack {
  /** What its last bytes have to be, in hex. */
  readonly checksum: string;
  /** Where it is. */
  readonly url: string;
  /** Its bytes as they come, unchecked. No headers and credentials of the server's repository are sent. */
  read(signal?: AbortSignal): AsyncGenerator<Uint8Array, void, undefined>;
}

/** What addresses may start with. */
export type GitUriProtocol = "https" | "http";

/** Reads a line of an answer: a checksum and an address. */
export function parseOfferedPack(
  line: string,
  offset: number,
  { algorithm, protocols, label, connection }: {
    readonly algorithm: GitHashAlgorithm;
    readonly protocols: readonly GitUriProtocol[];
    readonly label: string;
    readonly connection: DownloadSettings;
  },
): GitOfferedPack {
  const space = line.indexOf(" ");
  const checksum = idOf(line.slice(0, Math.max(0, space)), algorithm);
  const uri = line.slice(space + 1);
  const url = URL.canParse(uri) ? new URL(uri) : undefined;
  if (checksum === undefined || !protocols.some((each) => `${each}:` === url?.protocol)) {
    const state = `"${shown(withoutUrlSecrets(uri))}" is no address of a pack that was asked for`;
    throw protocolFault(label, state, offset);
  }
  return { checksum: `${checksum}`, url: url!.href, read: (signal) => download(url!, connection, signal) };
}
