/**
 * Text that looks like source code, from a seed.
 */
import type { Random } from "../tests/_data.ts";

const NAMES = "count index offset buffer value entry block table source target frame state limit result"
  .split(" ");

/** A line as source code has them. */
export function sourceLine(random: Random): string {
  const name = (): string => `${NAMES[random.below(NAMES.length)]}${random.below(400)}`;
  switch (random.below(6)) {
    case 0:
      return `function ${name()}(${name()}: number, ${name()}: Uint8Array): boolean {`;
    case 1:
      return `  if (${name()} < ${random.below(1 << 16)}) return ${name()}.${name()};`;
    case 2:
      return `  for (let i = ${random.below(9)}; i < ${name()}.length; i++) ${name()} += ${name()}[i]!;`;
    case 3:
      return `  // The ${name()} of each ${name()} is never above its ${name()}.`;
    case 4:
      return "}";
    default:
      return `  const ${name()} = ${name()}(${name()}, ${random.next()});`;
  }
}
