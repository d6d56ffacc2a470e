/**
 * Configs that differ from a model in one component.
 */
import type { ZpaqComponent } from "../zpaql/header.ts";

/** A component as a config has it. */
export function componentText({ name, arguments: args }: ZpaqComponent): string {
  return [name, ...args].join(" ");
}

/** The components that a component takes the guesses of. */
export function inputsOf({ name, arguments: args }: ZpaqComponent): readonly number[] {
  switch (name) {
    case "avg":
      return [args[0]!, args[1]!];
    case "mix2":
      return [args[1]!, args[2]!];
    case "mix":
      return Array.from({ length: args[2]! }, (_, i) => args[1]! + i);
    case "isse":
    case "sse":
      return [args[1]!];
    default:
      return [];
  }
}

/** What stands in for a component that is left out: its last two inputs' average, its input, or no opinion. */
function absent(component: ZpaqComponent): string {
  const inputs = inputsOf(component);
  const last = inputs.at(-1);
  return last === undefined ? "const 128" : `avg ${inputs.at(-2) ?? last} ${last} 128`;
}

/** The config of a model with one component left out. */
export function withoutComponent(
  config: string,
  components: readonly ZpaqComponent[],
  index: number,
): string {
  const lines = config.split("\n");
  lines[1 + index] = `  ${index} ${absent(components[index]!)}`;
  return lines.join("\n");
}
