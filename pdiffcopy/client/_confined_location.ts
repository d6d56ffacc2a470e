/**
 * Files of trees: whatever becomes of a tree while it is copied, no name of it leads out of it through a link.
 */
import type { PdiffLocation } from "../file/location.ts";

/** A file on this machine that is below a directory. */
interface ConfinedLocation extends PdiffLocation {
  readonly within: string;
}

/** The location of a name below a directory. */
export function below(location: PdiffLocation, path: string): PdiffLocation {
  const join = (text: string): string => text.endsWith("/") ? `${text}${path}` : `${text}/${path}`;
  const file = {
    ...location,
    filename: join(location.filename),
    expression: join(location.expression),
    label: join(location.label),
  };
  return location.origin === undefined ? { ...file, within: location.filename } as ConfinedLocation : file;
}

/** The directory that a file may not lead out of; undefined where it was named by itself. */
export function withinOf(location: PdiffLocation): string | undefined {
  return (location as Partial<ConfinedLocation>).within;
}
