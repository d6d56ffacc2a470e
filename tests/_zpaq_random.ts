/**
 * Random programs and models for the ZPAQL machine.
 */
import { COMPONENT_SIZES } from "../zpaq/zpaql/_format.ts";
import type { Random } from "./_data.ts";

const JUMPS = [39, 47, 63];

/** A program of mostly valid instructions, whose jumps mostly stay inside. */
export function randomProgram(random: Random): Uint8Array<ArrayBuffer> {
  const bytes: number[] = [];
  const size = 1 + random.below(60);
  while (bytes.length < size) {
    const kind = random.below(20);
    if (kind === 0) bytes.push(JUMPS[random.below(3)]!, random.below(40) - 20 & 255);
    else if (kind === 1) bytes.push(57);
    else if (kind === 2) bytes.push(255, random.below(size), 0);
    else if (kind === 3) bytes.push(56);
    else if (kind === 4 && random.below(5) === 0) bytes.push(random.below(256));
    else if (kind < 8) bytes.push(64 + random.below(56), random.below(256));
    else if (kind < 14) bytes.push(128 + random.below(112), random.below(256));
    else if (kind < 16) bytes.push([7, 15, 23, 31, 55][random.below(5)]!, random.below(256));
    else if (kind === 16) bytes.push([59, 60][random.below(2)]!);
    else bytes.push(8 * random.below(7) + random.below(5));
  }
  bytes.push(56, 0);
  return Uint8Array.from(bytes);
}

/** A program of contexts that mostly runs through, with instructions of all kinds but jumps back. */
function randomContexts(random: Random): number[] {
  const bytes = [18, 104];
  const size = random.below(60);
  while (bytes.length < size) {
    const kind = random.below(16);
    if (kind === 0) bytes.push(JUMPS[random.below(2)]!, random.below(8));
    else if (kind === 1) bytes.push(57);
    else if (kind === 2) bytes.push([7, 15, 23, 31, 55][random.below(5)]!, random.below(4));
    else if (kind < 6) bytes.push([59, 60, 26, 25, 112, 10, 9][random.below(7)]!);
    else if (kind < 9) bytes.push(64 + random.below(56));
    else if (kind < 12) bytes.push(128 + random.below(112));
    else bytes.push(8 * random.below(7) + random.below(5) || 1);
    // What a jump into an operand meets is no jump.
    if ((bytes.at(-1)! & 7) === 7) bytes.push(random.below(JUMPS[0]!));
  }
  return [...bytes, 56, 0, 0, 0, 0, 0, 0, 0, 0, 56, 0];
}

/** A component that may stand after `index` others. */
function randomComponent(random: Random, index: number): number[] {
  const kind = index === 0 ? 1 + random.below(4) : 1 + random.below(9);
  const bytes = [kind, ...Array.from({ length: COMPONENT_SIZES[kind]! - 1 }, () => random.below(256))];
  const bits = random.below(random.below(8) === 0 ? 13 : 6);
  if (kind !== 1 && kind !== 5) bytes[1] = bits;
  const input = (): number => random.below(index);
  if (kind === 4) bytes[2] = random.below(12);
  if (kind === 5) [bytes[1], bytes[2]] = [input(), input()];
  if (kind === 6) [bytes[2], bytes[3]] = [input(), input()];
  if (kind === 7) bytes[3] = 1 + random.below(index - (bytes[2] = input()));
  if (kind === 8 || kind === 9) bytes[2] = input();
  if (kind === 9) bytes[3] = random.below(Math.min(255, 4 * bytes[4]!) + 1);
  return bytes;
}

/** The header of a model with up to `countMax` components of all kinds; a `straight` program of contexts has no loops. */
export function randomHeader(random: Random, countMax: number, straight: boolean): Uint8Array<ArrayBuffer> {
  const count = 1 + random.below(countMax);
  const components = Array.from({ length: count }, (_, i) => randomComponent(random, i)).flat();
  const program = straight ? randomContexts(random) : [...randomProgram(random)];
  const rest = [random.below(6), random.below(8), 0, 0, count, ...components, 0, ...program];
  return Uint8Array.of(rest.length & 255, rest.length >> 8, ...rest);
}
