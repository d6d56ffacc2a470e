/**
 * Small random programs of the Python subset: a few copies, constants, conditions and loops over four variables. They find
 * what large programs hide.
 */
import type { Random } from "./_data.ts";

const NAMES = ["a", "b", "e", "f"] as const;
const HEADER = 'n = len({})\npcomp_invocation = ""\ndef hcomp(c):\n  pass\n';

/** Makes the source of one; `statements` is how many it has at least. */
export function smallProgram(random: Random, statements: number): string {
  const pick = <T>(from: readonly T[]): T => from[random.below(from.length)]!;
  const value = (): string =>
    pick([...NAMES, ...NAMES, "c", "0", "1", "7", "255", "256", "773", "65535", "4294967295"]);
  const simple = (): string =>
    pick([
      () => `${pick(NAMES)} = ${pick(NAMES)}`,
      () => `${pick(NAMES)} = ${pick(NAMES)}`,
      () => `${pick(NAMES)} = ${value()}`,
      () => `${pick(NAMES)} = ${pick(NAMES)} = ${value()}`,
      () => `${pick(NAMES)} = (${value()} ${pick(["+", "*", "^", "&", "|"])} ${value()}) & 0xFFFFFFFF`,
      () => `${pick(NAMES)} = ${value()} >> ${pick(["1", "8", "31"])}`,
      () => pick(NAMES.map((name) => `${name} += 1\n${name} &= 4294967295`)),
      () => `out(${value()})`,
      () => `out(${pick(NAMES)} ^ ${pick(NAMES)})`,
      () => `p${pick(["H", "M"])}[${pick([...NAMES, "0", "1"])} & 3] = ${pick(NAMES)} & 255`,
      () => `${pick(NAMES)} = p${pick(["H", "M"])}[${pick([...NAMES, "0", "2"])} & 3]`,
      () => `${pick(NAMES)} = hash(${value()}, ${value()})`,
      () => `${pick(NAMES)} = hash(pM[${pick(NAMES)} - 1 & 3], ${pick(NAMES)})`,
      () =>
        `pM[${pick(NAMES)} & 3] = c & 255\n${pick(NAMES)} = (${pick(NAMES)} + c + 512) * 773 & 0xFFFFFFFF`,
      () =>
        `pH[${pick(["0", "1", "a & 3"])}] = hash(hash(${value()}, pM[${pick(NAMES)} & 3]), ${pick(NAMES)})`,
      () => `pH[2] = hash(pH[2], ${value()})`,
      () => `${pick(NAMES)} = step(${value()})`,
      () => `${pick(NAMES)} = (pH[${pick(["0", "1", "a & 3"])}] ^ most(${value()})) & 255`,
      () =>
        pick(NAMES.map((name) => `${pick(NAMES)} = (${name} + 1 << 3) + most(pM[${name} + 1 & 3]) & 65535`)),
      () => `pH[1] = hash(pH[${pick(["1", "2"])}], most(${pick(NAMES)}))`,
      () => `${pick(NAMES)} = read_b() & 255`,
    ])();
  let loops = 0;
  const block = (indent: string, count: number, depth: number): string => {
    let text = "";
    for (let i = 0; i < count; i++) {
      const line = (each: string): string => each.split("\n").map((part) => `${indent}${part}\n`).join("");
      const kind = depth === 0 ? 9 : random.below(10);
      const inner = (): string => block(`${indent}  `, 1 + random.below(4), depth - 1);
      if (kind === 0) text += loop(indent, inner());
      else if (kind === 1) {
        text += `${indent}if ${pick(NAMES)} ${pick(["==", "<", "!=", ">="])} ${value()}:\n${inner()}`;
        if (random.below(2) === 0) text += `${indent}else:\n${inner()}`;
      } else text += line(simple());
    }
    return text;
  };
  /** A loop over constants, which its body may use, leave or go on with early. */
  const loop = (indent: string, body: string): string => {
    const name = `i${loops++}`;
    const [first, stop] = [random.below(2), 2 + random.below(4)];
    const use = pick([
      "",
      `${pick(NAMES)} = ${name}`,
      `p${pick(["H", "M"])}[${name} & 3] = ${pick(NAMES)} & 255`,
      `pH[${name} & 3] = hash(pH[${name} - 1 & 3], ${pick(NAMES)})`,
      `${pick(NAMES)} = (${pick(NAMES)} + pM[${name} + 1 & 3]) & 255`,
      `if ${pick(NAMES)} == ${name}: ${pick(["break", "break", "out(1)"])}`,
      `for ${name}x in range(${name}): out(${pick(NAMES)} ^ ${name}x)`,
    ]);
    const used = use === "" ? "" : `${indent}  ${use}\n`;
    switch (random.below(4)) {
      case 0:
        return `${indent}${name} = ${first}\n${indent}while ${name} ${
          pick(["<", "!="])
        } ${stop}:\n${used}${body}` +
          `${indent}  ${name} += 1\n`;
      case 1:
        return `${indent}for ${name} in range(${stop}, ${first - 1}, -1):\n${used}${body}` +
          `${indent}else:\n${indent}  out(${pick(NAMES)})\n`;
      case 2:
        return `${indent}for ${name} in range(${first}, ${stop}):\n${body}${used}` +
          `${indent}  if ${pick(NAMES)} < 9: continue\n${indent}  ${pick(NAMES)} = ${name}\n`;
      default:
        return `${indent}for ${name} in range(${first}, ${stop}):\n${used}${body}`;
    }
  };
  const own = random.below(2) === 0 ? "  global a, b, e, f\n" : "  a = b = e = f = c\n";
  // Arrays of one element, and bytes that nothing uses, are handled in ways of their own.
  const kind = random.below(4);
  const least = (text: string): string =>
    kind === 0
      ? text.replaceAll(/p([HM])\[[^\]]*\]/g, "p$1[0]")
      : kind === 1
      ? text.replaceAll("pM", "pH")
      : text;
  return least(
    `hh = hm = 0\nph = pm = ${kind === 0 ? 0 : 2}\n${HEADER}${NAMES.join(" = ")} = ${
      random.below(3)
    }\nlast = 0\n` +
      `def step(x):\n  global last\n  y = last\n  last = x & 255\n  return y\n` +
      `def most(v):\n  while v > 99:\n    v >>= 3\n  if v > 5:\n    return 5\n  return v\n` +
      `def pcomp(c):\n${own}  if c == NONE:\n    return\n${block("  ", statements, 2)}`,
  );
}
