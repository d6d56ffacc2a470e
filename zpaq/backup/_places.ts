/**
 * Where entries of archives may be extracted to: below a folder that the user named, and through no link.
 */
import type { NewNames } from "./_checks.ts";
import { lastPartIndex } from "./_paths.ts";
import { lookAt, makeFolder } from "./_raw_names.ts";

/** Where an entry goes: a folder that the user trusts, and the part of the path that the archive says. */
export interface Target {
  readonly root: string;
  readonly path: string;
}

/** Why a path may not be written; undefined where it may. */
export function pathFault(path: string): string | undefined {
  if (path.split("/").every((part) => part === "" || part === ".")) return "has an empty name";
  if (path.includes("\0")) return "has a zero in its name";
  if (path.startsWith("/") || path.startsWith("\\")) return "has an absolute path";
  const parts = path.split(Deno.build.os === "windows" ? /[/\\]/ : "/");
  if (parts.includes("..")) return "leads out of the folder";
  if (Deno.build.os === "windows") {
    if (path.includes(":")) return "names a drive or a stream";
    const reserved = /^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)/i;
    if (parts.some((part) => reserved.test(part) || /[. ]$/.test(part))) {
      return "has a name that Windows reserves";
    }
  }
  return undefined;
}

/** Where an entry goes: below a folder, or under the name that is given for one of the paths. */
export function targetOf(name: string, files: readonly string[], to: NewNames): Target {
  if (to.length > 0 && files.length === 0) return { root: to[0]!, path: name.replace(/^\/+/, "") };
  for (const [i, target] of to.entries()) {
    const file = files[i]?.replace(/(?<=.)\/+$/, "");
    if (file === undefined || target === undefined || name !== file && !name.startsWith(`${file}/`)) continue;
    const rest = name.slice(file.length).replace(/^\/+/, "");
    return rest === "" ? splitTrusted(target) : { root: target, path: rest };
  }
  return { root: ".", path: name };
}

/** A path that this system's names can spell: bytes that are no UTF-8 become "%" and their hexadecimal digits. */
export function spelled(path: string): string {
  return path.replace(
    /\p{Surrogate}/gu,
    (half) => `%${(half.charCodeAt(0) & 0xff).toString(16).toUpperCase()}`,
  );
}

function splitTrusted(path: string): Target {
  const at = lastPartIndex(path);
  return { root: at === 0 ? "." : path.slice(0, at), path: path.slice(at) };
}

/** Something is in the way that is not replaced. */
export class Refused extends Error {}

/** Makes the folders of a path one by one, so that no link among them is followed. */
export async function makeFolders(
  root: string,
  parts: readonly string[],
  trusting: boolean,
): Promise<string> {
  let folder = root;
  await Deno.mkdir(root, { recursive: true });
  for (const part of parts) {
    folder = `${folder}/${part}`;
    const info = await lookAt(folder);
    if (info === undefined) await makeFolder(folder);
    else if (info.isSymlink && !trusting) throw new Refused(`${folder} is a link`);
    else if (!info.isDirectory && !info.isSymlink) throw new Refused(`${folder} is no folder`);
  }
  return folder;
}
