/**
 * What the configuration of a repository says of another one. Deno only.
 */
import { NotFoundError } from "@sluice/internal";
import { configEntries, isOn } from "../object/_config.ts";
import { joinPath, readText } from "../object/_fs.ts";
import type { GitUriProtocol } from "./_offered_packs.ts";
import { parseRefspec } from "./_refspec.ts";
import type { Refspec } from "./_refspec.ts";

/** A remote of a repository. */
export interface RemoteConfig {
  /** Its name; undefined where only a URL was given. */
  readonly name: string | undefined;
  readonly url: string;
  readonly refspecs: readonly Refspec[];
  /** Rules for what is not fetched. */
  readonly excluded: readonly Refspec[];
  /** Which tags come along: those that lead to what comes, all, or none. */
  readonly tags: "follow" | "all" | "none";
  readonly isPromisor: boolean;
  readonly filter: string | undefined;
  readonly prune: boolean;
  /** What addresses of packs may start with that a server names. */
  readonly uriProtocols: readonly GitUriProtocol[];
}

/** Values of a configuration by key, all of each. */
export async function readConfig(commonFolder: string): Promise<Map<string, string[]>> {
  const values = new Map<string, string[]>();
  for (const [key, value] of configEntries(await readText(joinPath(commonFolder, "config")) ?? "")) {
    const list = values.get(key);
    if (list === undefined) values.set(key, [value]);
    else list.push(value);
  }
  return values;
}

const TAG_OPTIONS: Readonly<Record<string, RemoteConfig["tags"]>> = { "--tags": "all", "--no-tags": "none" };

/** What is known of a remote by its name, or of a URL. */
export function remoteOf(config: ReadonlyMap<string, readonly string[]>, nameOrUrl: string): RemoteConfig {
  const last = (key: string): string | undefined => config.get(`remote.${nameOrUrl}.${key}`)?.at(-1);
  const allowed = config.get("fetch.uriprotocols")?.at(-1)?.split(",");
  const uriProtocols = (["https", "http"] as const).filter((each) => allowed?.includes(each));
  // Of several URLs, the first is fetched from; a push goes to all.
  const url = config.get(`remote.${nameOrUrl}.url`)?.[0];
  if (url === undefined) {
    if (!/^https?:\/\//i.test(nameOrUrl)) {
      throw new NotFoundError(
        `Cannot fetch from "${nameOrUrl}": it is no remote of this repository and no URL of HTTP`,
        {
          format: "git",
          code: "NOT_FOUND",
        },
      );
    }
    return {
      name: undefined,
      url: nameOrUrl,
      refspecs: [],
      excluded: [],
      tags: "follow",
      isPromisor: isOn(last("promisor")),
      filter: last("partialclonefilter"),
      prune: false,
      uriProtocols,
    };
  }
  const rules = (config.get(`remote.${nameOrUrl}.fetch`) ?? []).map(parseRefspec);
  return {
    name: nameOrUrl,
    url,
    refspecs: rules.filter(({ isNegative }) => !isNegative),
    excluded: rules.filter(({ isNegative }) => isNegative),
    tags: TAG_OPTIONS[last("tagopt") ?? ""] ?? "follow",
    isPromisor: isOn(last("promisor")) || config.get("extensions.partialclone")?.at(-1) === nameOrUrl,
    filter: last("partialclonefilter"),
    prune: isOn(last("prune") ?? config.get("fetch.prune")?.at(-1)),
    uriProtocols,
  };
}
