/**
 * What the two backends have in common: how a function of the library is described and how a loaded one looks.
 */

/** A native object inside a backend. Opaque: only the backend that made it can use it. */
export type Pointer = Deno.PointerValue | number;

/** What an object of a forgotten handle is freed through. */
export interface Closable {
  /** Frees what is owned, as soon as nothing holds it. */
  close(): void;
}

/** What an argument of each kind is in TypeScript; `ffi/zig/abi.zig` says what the kinds mean. */
export interface KindTypes {
  /** An object of the library. */
  handle: Pointer;
  /** A number, or a position, an end or a count of what stands before it. */
  u32: number;
  /** A number with a sign. */
  i32: number;
  /** A number of up to 53 bits. */
  f64: number;
  /** Takes what the call reports. */
  step: Uint32Array;
  /** Bytes to read. */
  source: Uint8Array | null;
  /** Room for bytes. */
  target: Uint8Array | null;
  /** Numbers to read. */
  table_in: Int32Array | Uint32Array;
  /** Room for numbers, which may also be read. */
  table: Uint32Array;
}

/** Kinds of parameters and results. */
export type Kind = keyof KindTypes;

/** How one function takes its arguments. */
export interface FunctionShape {
  /** The kinds of its parameters, in their order. */
  readonly parameters: readonly Kind[];
  /** The kind of its result. */
  readonly result: Kind | "void";
  /** Whether there is a second form, named with `_async`, that runs off the event loop where the backend can. */
  readonly offLoop: boolean;
}

/** The functions of one module by name. */
export type FunctionTable = Readonly<Record<string, FunctionShape>>;

/** What a list of kinds is in TypeScript. */
export type TypesOf<Kinds extends readonly Kind[]> = { -readonly [At in keyof Kinds]: KindTypes[Kinds[At]] };

/** The functions of a table, as both backends offer them; those with a form off the event loop have it as `…_async`. */
export type FunctionsOf<Table extends FunctionTable> =
  & {
    [Name in keyof Table]: (
      ...values: TypesOf<Table[Name]["parameters"]>
    ) => Table[Name]["result"] extends Kind ? KindTypes[Table[Name]["result"]] : void;
  }
  & {
    [Name in keyof Table & string as Table[Name]["offLoop"] extends true ? `${Name}_async` : never]: (
      ...values: TypesOf<Table[Name]["parameters"]>
    ) => Promise<Table[Name]["result"] extends Kind ? KindTypes[Table[Name]["result"]] : void>;
  };

/** One module of the library, as its generated declarations describe it. */
export interface LibraryModule {
  /** Its name in `ffi/zig`. */
  readonly name: string;
  /** CRC-32 of its part of the manifest; its WASM must answer the same. */
  readonly hash: number;
  /** How each of its functions takes its arguments. */
  readonly functions: FunctionTable;
}

/** One module of the library, loaded by one backend. */
export interface Library<Functions> {
  /** Which backend runs it. */
  readonly kind: "native" | "wasm";
  /** The functions; those of the WASM backend copy bytes in and out. */
  readonly functions: Functions;
  /** The most source bytes that are worth giving to one streaming step: a copy costs nothing natively. */
  readonly sourceWindow: number;
  /** Bytes of the instance's memory, all contexts together; 0 natively, where each context counts its own. */
  readonly memoryUsage: number;
  /** Blocks of memory that the library has taken and not given back. */
  readonly liveBlocks: number;
  /**
   * Makes the `count`-th allocation from now fail, 0 for none, to test what follows; returns what was left of the count
   * before, 0 when that failure has happened.
   */
  failAllocation(count: number): number;
  /** Says that an object lives in this library. */
  retain(): void;
  /** Takes back one `retain`; a WASM instance with large memory goes with its last object. */
  release(): void;
  /** Closes what is owned when the owner is collected. */
  watch(owner: object, owned: Closable): void;
  /** Takes back one `watch`. */
  unwatch(owner: object): void;
}

let live = 0;

/** Counts the objects of one library; the count of all is kept along with it. */
export class LiveCount {
  /** Objects of this library. */
  count = 0;

  /** Adds objects, or takes them away. */
  add(change: number): void {
    this.count += change;
    live += change;
  }
}

/**
 * How many native objects of all codecs are alive in this isolate; leak tests expect it back where it was.
 *
 * @example Back to where it was
 * ```ts
 * import { liveHandleCount } from "@sluice/ffi";
 * import { assert } from "@std/assert";
 *
 * assert(liveHandleCount() >= 0);
 * ```
 */
export function liveHandleCount(): number {
  return live;
}
