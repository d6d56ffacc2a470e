/**
 * What a configuration says of the format of its repository (git's "repository-version"). Git asks no other file.
 */
import { UnsupportedFeatureError } from "@sluice/internal";
import { isOn, parseConfig } from "../object/_config.ts";
import { unsupported } from "../object/_errors.ts";
import type { GitHashAlgorithm } from "../object/_object_id.ts";

/** The latest version that is known. */
const VERSION_MAX = 1;
/** Extensions that count in repositories of the first version, too, where git ignores those that it does not know. */
export const OLD_EXTENSIONS: ReadonlySet<string> = new Set([
  "noop",
  "preciousobjects",
  "partialclone",
  "worktreeconfig",
]);
/** Extensions that version 1 brought. */
const NEW_EXTENSIONS: ReadonlySet<string> = new Set([
  "noop-v1",
  "objectformat",
  "refstorage",
  "relativeworktrees",
]);

/** The format of a repository. */
export interface RepositoryFormat {
  /** The hash that names its objects. */
  readonly algorithm: GitHashAlgorithm;
  /** Whether others may need its objects, so that none may be deleted. */
  readonly isPrecious: boolean;
}

/**
 * Reads the format from the text of a configuration.
 *
 * @throws {UnsupportedFeatureError} If the version or an extension is not known, so that nothing may be read or written.
 */
export function repositoryFormat(config: string): RepositoryFormat {
  const values = parseConfig(config);
  const version = versionOf(values.get("core.repositoryformatversion"));
  const extensions = [...values.keys()].filter((key) => key.startsWith("extensions."))
    .map((key) => key.slice("extensions.".length));
  const refused = extensions.filter((name) =>
    version < 1 ? NEW_EXTENSIONS.has(name) : !OLD_EXTENSIONS.has(name) && !NEW_EXTENSIONS.has(name)
  );
  if (refused.length > 0) {
    const known = version < 1 ? "version 1" : [...OLD_EXTENSIONS, ...NEW_EXTENSIONS].join(", ");
    throw unsupported(
      "open the repository",
      `its format is version ${version} with extensions.${refused.join(", extensions.")}, expected ${known}`,
    );
  }
  return {
    algorithm: algorithmOf(values.get("extensions.objectformat")),
    isPrecious: isOn(values.get("extensions.preciousobjects")),
  };
}

function versionOf(written: string | undefined): number {
  const version = written === undefined ? 0 : /^[+-]?\d+$/.test(written) ? Number(written) : NaN;
  if (version <= VERSION_MAX) return version;
  throw new UnsupportedFeatureError(
    `Cannot open the repository: its format is version ${written}, expected ${VERSION_MAX} at most`,
    { format: "git", code: "VERSION" },
  );
}

function algorithmOf(written: string | undefined): GitHashAlgorithm {
  const algorithm = (written ?? "sha1").toLowerCase();
  if (algorithm === "sha1" || algorithm === "sha256") return algorithm;
  throw new UnsupportedFeatureError(`Cannot open the repository: its object format is "${algorithm}"`, {
    format: "git",
    code: "UNSUPPORTED_OBJECT_FORMAT",
  });
}
