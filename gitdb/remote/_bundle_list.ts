/**
 * Lists of bundles (git's bundle-uri document): which bundles there are, and whether all or any of them are to be taken.
 */
import { withoutUrlSecrets } from "@sluice/internal";
import type { PacketReader } from "./_packet_lines.ts";
import { notOffered, protocolFault, remoteLimit, shown } from "./_remote_faults.ts";
import { expectEnd } from "./_side_bands.ts";

/** The bundles of a list. */
export interface GitBundleList {
  /** Whether all of them are needed, or any one is enough. */
  readonly mode: "all" | "any";
  /** Their addresses, those that others stand on first. */
  readonly urls: readonly URL[];
}

/** Bundles of one list. */
const BUNDLES_MAX = 256;
/** Each of them may have some. */
const LINES_MAX = 4096;

/**
 * Makes a list of its keys and values, which came from `base`.
 *
 * @throws {SluiceError} If it is none, is of another version, or leads to something else than bundles on servers.
 */
export function parseBundleList(
  config: ReadonlyMap<string, string>,
  base: URL,
  label: string,
): GitBundleList {
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
  return { mode, urls: bundles.map(({ url }) => url) };
}

/** Reads the answer of a server that is asked for its list: keys and values, as a file has them. */
export async function readBundleList(reader: PacketReader, base: URL): Promise<GitBundleList | undefined> {
  const values = new Map<string, string>();
  while (true) {
    const offset = reader.offset;
    const line = await reader.lineBeforeFlush();
    if (line === undefined) break;
    const [, key, value] = /^(bundle\..+?)=(.+)$/s.exec(line) ?? [];
    if (key === undefined) {
      throw protocolFault(
        reader.label,
        `"${shown(withoutUrlSecrets(line))}" says nothing of bundles`,
        offset,
      );
    }
    if (values.size >= LINES_MAX) throw remoteLimit(reader.label, "a list", LINES_MAX, "lines");
    // As in a file: the last part of a key is in any case.
    const name = key.slice(key.lastIndexOf("."));
    values.set(key.slice(0, -name.length) + name.toLowerCase(), value!);
  }
  await expectEnd(reader);
  return values.size === 0 ? undefined : parseBundleList(values, base, reader.label);
}

/** The address of a bundle, which is on a server, and on one that is asked as safely as that of the list. */
function addressOf(uri: string, base: URL, label: string): URL {
  const url = URL.canParse(uri, base) ? new URL(uri, base) : undefined;
  const isSafe = url?.protocol === "https:" || url?.protocol === "http:" && base.protocol === "http:";
  if (url === undefined || !isSafe) {
    throw protocolFault(label, `"${shown(withoutUrlSecrets(uri))}" is no address of a bundle`);
  }
  return url;
}
