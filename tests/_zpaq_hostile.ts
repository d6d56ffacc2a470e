/**
 * Hostile and damaged blocks, by the rows of the specification's section 12.
 */
import { concatBytes } from "@sluice/internal";
import { assembleZpaq, compressZpaq } from "@sluice/zpaq";
import { vector } from "./_zpaq_data.ts";

const HEADER_AT = 18;
/** A block that is as it should be. */
export const GOOD = compressZpaq(new TextEncoder().encode("good"));

/** A block whose header and prefix are given, followed by nothing that can be decoded. */
function blockOf(header: string, data: string, level = 1): Uint8Array<ArrayBuffer> {
  const tag = "376b5374a03183d38cb228b0d37a5051";
  return Uint8Array.fromHex(`${tag}0${level}01${header}01000000${data}feff`);
}

/** A stored block: the post-processor's bytes and the data one after the other. */
function stored(data: number[], ph = 0, pm = 0): Uint8Array<ArrayBuffer> {
  const size = data.length.toString(16).padStart(8, "0");
  const sizes = [ph, pm].map((bits) => bits.toString(16).padStart(2, "0")).join("");
  return blockOf(`07000000${sizes}000000`, `${size}${Uint8Array.from(data).toHex()}00000000`, 2);
}

function pcomp(program: string, bits = 0): Uint8Array<ArrayBuffer> {
  const code = assembleZpaq(`comp 0 0 0 0 0 hcomp end`.replace("end", `pcomp ; ${program} end`)).pcomp!;
  return stored([1, code.length & 255, code.length >> 8, ...code, 65, 66], bits, bits);
}

/** A copy with one byte changed. */
export function changed(bytes: Uint8Array, at: number, value: number): Uint8Array<ArrayBuffer> {
  const copy = bytes.slice();
  copy[at] = value;
  return copy as Uint8Array<ArrayBuffer>;
}

const cm = vector("cm").archive;
/** Input that is refused, and with which code. */
export interface HostileInput {
  readonly name: string;
  readonly input: Uint8Array<ArrayBuffer>;
  readonly code: string;
}

/** Input that crashes, fills memory or never ends in decoders that trust it. */
export const HOSTILE: readonly HostileInput[] = [
  { name: "nothing", input: new Uint8Array(), code: "NO_DATA" },
  { name: "no block", input: new Uint8Array(100), code: "BAD_MAGIC" },
  { name: "level 3", input: changed(cm, 16, 3), code: "LEVEL" },
  { name: "type 2", input: changed(cm, 17, 2), code: "TYPE" },
  {
    name: "level 1 without components",
    input: blockOf("0700000000000000" + "00", "00000000"),
    code: "HEADER",
  },
  { name: "a header that is too small", input: changed(cm, HEADER_AT, 6), code: "HEADER" },
  { name: "a header that is too large", input: changed(cm, HEADER_AT + 1, 9), code: "TRUNCATED" },
  { name: "hh of 33", input: changed(cm, HEADER_AT + 2, 33), code: "HEADER" },
  {
    name: "hh and hm of 32",
    input: changed(changed(cm, HEADER_AT + 2, 32), HEADER_AT + 3, 32),
    code: "MEMORY_LIMIT",
  },
  { name: "CM of 2^32 cells", input: changed(cm, HEADER_AT + 8, 32), code: "MEMORY_LIMIT" },
  { name: "CM of 2^33 cells", input: changed(cm, HEADER_AT + 8, 33), code: "HEADER" },
  {
    name: "MIX2 of 2^32 cells",
    input: withComponents([[1, 1], [6, 32, 0, 0, 24, 255]]),
    code: "MEMORY_LIMIT",
  },
  { name: "ICM of 2^27 rows", input: withComponents([[3, 27]]), code: "HEADER" },
  { name: "MIX whose input is itself", input: withComponents([[7, 0, 0, 1, 24, 255]]), code: "HEADER" },
  {
    name: "SSE that starts above its limit",
    input: withComponents([[1, 1], [9, 1, 0, 255, 1]]),
    code: "HEADER",
  },
  { name: "components without an end", input: changed(cm, HEADER_AT + 10, 1), code: "HEADER" },
  { name: "HCOMP without a zero after it", input: changed(cm, HEADER_AT + 12, 56), code: "HEADER" },
  { name: "an unknown component", input: changed(cm, HEADER_AT + 7, 10), code: "HEADER" },
  { name: "HCOMP without end", input: loop("jmp -2"), code: "BUDGET_EXCEEDED" },
  { name: "HCOMP with a bad opcode", input: loop("error"), code: "BAD_OPCODE" },
  { name: "HCOMP that jumps out", input: loop("lj 999"), code: "BAD_OPCODE" },
  { name: "PCOMP without end", input: pcomp("jmp -2"), code: "BUDGET_EXCEEDED" },
  { name: "PCOMP with output without end", input: pcomp("do out forever"), code: "OUTPUT_LIMIT" },
  { name: "PCOMP with a bad opcode", input: pcomp("error"), code: "BAD_OPCODE" },
  { name: "an unknown post-processor", input: stored([2, 0, 0]), code: "POST_TYPE" },
  { name: "an empty post-processor", input: stored([1, 0, 0]), code: "POST_EMPTY" },
  { name: "a stored size past the end", input: vector("stored").archive.slice(0, 100), code: "TRUNCATED" },
  { name: "a cut checksum", input: cm.slice(0, -5), code: "TRUNCATED" },
  { name: "a missing end of block", input: cm.slice(0, -1), code: "TRUNCATED" },
  { name: "a wrong checksum", input: changed(cm, cm.length - 3, 0), code: "CHECKSUM" },
  { name: "a wrong mark", input: changed(cm, cm.length - 1, 7), code: "MARK" },
  {
    name: "a name without end",
    input: concatBytes([cm.slice(0, 32), new Uint8Array(200_000).fill(65)]),
    code: "NAME_LIMIT",
  },
];

/** A block whose components are given as bytes. */
function withComponents(components: readonly number[][]): Uint8Array<ArrayBuffer> {
  const bytes = [0, 0, 0, 0, components.length, ...components.flat(), 0, 56, 0];
  const header = Uint8Array.of(bytes.length & 255, bytes.length >> 8, ...bytes);
  return concatBytes([cm.slice(0, HEADER_AT), header, cm.slice(HEADER_AT + 13)]);
}

function loop(program: string): Uint8Array<ArrayBuffer> {
  const { header } = assembleZpaq(`comp 0 0 0 0 1 0 cm 9 4 hcomp ${program} end`);
  const body = cm.slice(HEADER_AT + 13);
  return concatBytes([cm.slice(0, HEADER_AT), header, body]);
}
