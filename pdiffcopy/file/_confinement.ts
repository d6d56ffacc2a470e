/**
 * Paths that may not lead out of a directory, checked with Deno's own calls: for systems without the one that does it.
 */

function leadsOut(path: string, root: string): boolean {
  return path !== root && !path.startsWith(root.endsWith("/") ? root : `${root}/`);
}

/** The path with its links resolved, which must lie below the root; the last part need not exist. */
export function confined(path: string, root: string): string {
  const slash = path.lastIndexOf("/");
  const folder = Deno.realPathSync(path.slice(0, slash) || "/");
  const name = path.slice(slash + 1);
  let found = `${folder === "/" ? "" : folder}/${name}`;
  try {
    found = Deno.realPathSync(found);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    if (name === ".." || name === "." || name === "") throw new Deno.errors.PermissionDenied("os error 13");
    // A link to nowhere must not be created through.
    try {
      Deno.lstatSync(found);
      throw new Deno.errors.PermissionDenied("the link leads nowhere (os error 40)");
    } catch (missing) {
      if (!(missing instanceof Deno.errors.NotFound)) throw missing;
    }
  }
  if (leadsOut(found, root)) throw new Deno.errors.PermissionDenied("it leads out of the root (os error 18)");
  return found;
}
