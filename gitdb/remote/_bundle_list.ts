/**
 * Lists of bundles (git's bundle-uri document): which bundles there are, and whether all or any of them are to be taken.
 */
import { parseConfig } from "../object/_config.ts";
import { notOffered, protocolFault, remoteLimit, shown } from "./_remote_faults.ts";

/** The bundles of a list, those that others stand on first. */
export interface BundleList {
  /** Whether one of them is enough. */
  readonly isAny: boolean;
  readonly urls: readonly URL[];
}

/** Bundles of one list. */
const BUNDLES_MAX = 256;

/**
 * Parses a list that came from `base`.
 *
 * @throws {SluiceError} If it is none, is of another version, or leads to something else than bundles on servers.
 */
export function parseBundleList(text: string, base: URL, label: string): BundleList {
  const config = parseConfig(text);
  const version = config.get("bundle.version");
  if (version === undefined) throw protocolFault(label, "it is neither a bundle nor a list of bundles", 0);
  if (version !== "1") throw notOffered(label, `a list of bundles of version 1, but of "${shown(version)}"`);
  const mode = config.get("bundle.mode");
  if (mode !== "all" && mode !== "any") {
    throw protocolFault(label, `"${shown(mode ?? "")}" says not which bundles to take`);
  }
  const bundles: { readonly url: URL; readonly token: number }[] = [];
  for (const [key, uri] of config) {
    const id = /^bundle\.(.+)\.uri$/s.exec(key)?.[1];
    if (id === undefined) continue;
    if (bundles.length >= BUNDLES_MAX) throw remoteLimit(label, "a list", BUNDLES_MAX, "bundles");
    const token = Number(config.get(`bundle.${id}.creationtoken`) ?? 0);
    bundles.push({ url: addressOf(uri, base, label), token: Number.isFinite(token) ? token : 0 });
  }
  if (config.get("bundle.heuristic") === "creationToken") bundles.sort((a, b) => a.token - b.token);
  return { isAny: mode === "any", urls: bundles.map(({ url }) => url) };
}

/** The address of a bundle, which is on a server, and on one that is asked as safely as that of the list. */
function addressOf(uri: string, base: URL, label: string): URL {
  const url = URL.canParse(uri, base) ? new URL(uri, base) : undefined;
  const isSafe = url?.protocol === "https:" || url?.protocol === "http:" && base.protocol === "http:";
  if (url === undefined || !isSafe) throw protocolFault(label, `"${shown(uri)}" is no address of a bundle`);
  return url;
}
