/**
 * Reads and checks block headers, and estimates what memory a model takes.
 */
import { fault } from "./_fault.ts";
import { COMPONENT_NAMES, COMPONENT_SIZES } from "./_format.ts";
import type { ZpaqComponentName } from "./_format.ts";
import type { ZpaqComponent, ZpaqHeader } from "./_types.ts";

const BITS_MAX = 32;
const ICM_BITS_MAX = 26;

/** Checks the arguments of component `index`; says what is wrong, if anything. */
function argumentFault(name: ZpaqComponentName, args: readonly number[], index: number): string | undefined {
  const [a, b, c, d] = args as [number, number, number, number];
  const bits = (value: number, max: number): string | undefined =>
    value > max ? `has a table of 2^${value} cells, expected at most 2^${max}` : undefined;
  const input = (value: number): string | undefined =>
    value >= index ? `takes component ${value} for input, expected one before it` : undefined;
  switch (name) {
    case "const":
      return undefined;
    case "cm":
      return bits(a, BITS_MAX);
    case "icm":
      return bits(a, ICM_BITS_MAX);
    case "match":
      return bits(a, BITS_MAX) ?? bits(b, BITS_MAX);
    case "avg":
      return input(a) ?? input(b);
    case "mix2":
      return bits(a, BITS_MAX) ?? input(b) ?? input(c);
    case "mix":
      if (b >= index || c === 0 || c > index - b) return `mixes ${c} inputs from component ${b}`;
      return bits(a, BITS_MAX);
    case "isse":
      return bits(a, BITS_MAX) ?? input(b);
    case "sse":
      if (c > 4 * d) return `starts with a count of ${c}, expected at most ${4 * d}`;
      return bits(a, BITS_MAX) ?? input(b);
  }
}

/** Bytes that a component's tables take. */
function tableSize({ name, arguments: args }: ZpaqComponent): number {
  const size = 2 ** args[0]!;
  switch (name) {
    case "const":
    case "avg":
      return 0;
    case "cm":
      return 4 * size;
    case "icm":
      return 64 * size + 1024;
    case "match":
      return 4 * size + 2 ** args[1]!;
    case "mix2":
      return 2 * size;
    case "mix":
      return 4 * args[2]! * size;
    case "isse":
      return 64 * size + 2048;
    case "sse":
      return 128 * size;
  }
}

/** Reads a header with its two bytes of size; `offset` is where it stands, for errors. */
export function parseHeader(bytes: Uint8Array, offset: number): ZpaqHeader {
  function bad(state: string): Error {
    return fault("HEADER", offset, `the header ${state}`, "read a ZPAQ block");
  }
  if (bytes.length < 9) throw bad(`has ${bytes.length} bytes, expected at least 9`);
  const size = bytes[0]! + 256 * bytes[1]! + 2;
  if (size !== bytes.length) throw bad(`has ${bytes.length} bytes, but says that it has ${size}`);
  const [hh, hm, ph, pm, count] = bytes.subarray(2, 7) as unknown as [number, number, number, number, number];
  if (Math.max(hh, hm, ph, pm) > BITS_MAX) throw bad(`asks for an array of more than 2^${BITS_MAX} elements`);
  const components: ZpaqComponent[] = [];
  let at = 7;
  for (let i = 0; i < count; i++) {
    const name = COMPONENT_NAMES[bytes[at] ?? 0];
    if (!name) throw bad(`has component ${i} of unknown type ${bytes[at]}`);
    const length = COMPONENT_SIZES[bytes[at]!]!;
    if (at + length >= bytes.length) throw bad(`ends inside component ${i}`);
    const args = [...bytes.subarray(at + 1, at + length)];
    const wrong = argumentFault(name, args, i);
    if (wrong !== undefined) throw bad(`is not valid: component ${i} (${name}) ${wrong}`);
    components.push({ name, arguments: args });
    at += length;
  }
  if (bytes[at] !== 0) throw bad("has no zero after its components");
  if (at + 2 > bytes.length || bytes.at(-1) !== 0) throw bad("has no zero at its end");
  const tables = components.reduce((sum, component) => sum + tableSize(component), 0);
  const memory = 2 ** (hh + 2) + 2 ** hm + 2 ** (ph + 2) + 2 ** pm + bytes.length - 2 + 300 + tables;
  return { hh, hm, ph, pm, components, hcomp: bytes.slice(at + 1), memoryUsage: memory };
}
