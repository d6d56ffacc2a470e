/**
 * Which lines of hcomp set the context of each component.
 */
import { constantOf } from "./_constants.ts";
import { readModule } from "./_module.ts";
import { walk } from "./_scopes.ts";

/** Lines by the number of the component; those whose index is not a number in the source belong to none. */
export function contextLines(source: string, name: string): ReadonlyMap<number, readonly number[]> {
  const { hcomp, reporter } = readModule(source, name, { strictSubset: false, allowSlash: true });
  const lines = new Map<number, number[]>();
  for (const scope of hcomp?.functions.values() ?? []) {
    for (const statement of walk(scope.definition.body)) {
      const targets = statement.type === "assign"
        ? statement.targets
        : statement.type === "augmented"
        ? [statement.target]
        : [];
      for (const target of targets) {
        if (target.type !== "index" || target.base.type !== "name" || target.base.text !== "hH") continue;
        const index = constantOf(target.index);
        if (index === undefined) continue;
        const line = reporter.source.lineOf(statement.start);
        lines.set(index, [...lines.get(index) ?? [], line]);
      }
    }
  }
  return lines;
}
