/**
 * Headers, programs and instructions of ZPAQL.
 */
import type { ZpaqComponentName } from "./_format.ts";

/** One component of a model. */
export interface ZpaqComponent {
  /** What it is. */
  readonly name: ZpaqComponentName;
  /** Its arguments, as in a config. */
  readonly arguments: readonly number[];
}

/** The model of a block. */
export interface ZpaqHeader {
  /** log2 of the sizes of H and M in HCOMP. */
  readonly hh: number;
  /** log2 of the size of M in HCOMP. */
  readonly hm: number;
  /** log2 of the size of H in PCOMP. */
  readonly ph: number;
  /** log2 of the size of M in PCOMP. */
  readonly pm: number;
  /** The components; none where the data is stored. */
  readonly components: readonly ZpaqComponent[];
  /** The program that computes contexts, its final zero included. */
  readonly hcomp: Uint8Array;
  /** Bytes of memory that decoding takes, as tools estimate it. */
  readonly memoryUsage: number;
}

/** What a config assembles to. */
export interface ZpaqProgram {
  /** The header as it stands in a block, its two bytes of size in front. */
  readonly header: Uint8Array<ArrayBuffer>;
  /** HCOMP, its final zero included: the end of `header`. */
  readonly hcomp: Uint8Array<ArrayBuffer>;
  /** The post-processor, its final zero included; undefined where the config has none. */
  readonly pcomp: Uint8Array<ArrayBuffer> | undefined;
  /** The command that prepares files for the post-processor: text for people, never run by this package. */
  readonly command: string;
  /** Where each instruction came from. */
  readonly sourceMap: readonly ZpaqSourceMapEntry[];
}

/** Where in a config an instruction came from. */
export interface ZpaqSourceMapEntry {
  /** The section that it stands in. */
  readonly section: "hcomp" | "pcomp";
  /** Where in the section it starts. */
  readonly pc: number;
  /** Line and column of its word, from 1. */
  readonly line: number;
  /** Column from 1. */
  readonly column: number;
}

/** One instruction of a program. */
export interface ZpaqInstruction {
  /** Where it starts. */
  readonly pc: number;
  /** Its opcode. */
  readonly opcode: number;
  /** The word and its number, as a config has them. */
  readonly text: string;
  /** Where it jumps to, if it is a jump. */
  readonly target: number | undefined;
}
