/**
 * WebAssembly modules over one memory of the host's, byte by byte.
 */

/** Instructions that are used, by their opcodes. */
export const WASM = {
  BLOCK: 0x02,
  LOOP: 0x03,
  IF: 0x04,
  ELSE: 0x05,
  END: 0x0b,
  BR: 0x0c,
  BR_IF: 0x0d,
  BR_TABLE: 0x0e,
  RETURN: 0x0f,
  CALL: 0x10,
  SELECT: 0x1b,
  LOCAL_GET: 0x20,
  LOCAL_SET: 0x21,
  LOCAL_TEE: 0x22,
  LOAD: 0x28,
  LOAD64: 0x29,
  LOAD8: 0x2d,
  LOAD16_S: 0x2e,
  LOAD16: 0x2f,
  STORE: 0x36,
  STORE64: 0x37,
  STORE8: 0x3a,
  STORE16: 0x3b,
  CONST: 0x41,
  CONST64: 0x42,
  EQZ: 0x45,
  EQ: 0x46,
  NE: 0x47,
  LT_S: 0x48,
  LT_U: 0x49,
  GT_U: 0x4b,
  LE_U: 0x4d,
  LT64_U: 0x54,
  ADD: 0x6a,
  SUB: 0x6b,
  MUL: 0x6c,
  DIV_U: 0x6e,
  REM_U: 0x70,
  AND: 0x71,
  OR: 0x72,
  XOR: 0x73,
  SHL: 0x74,
  SHR_S: 0x75,
  SHR_U: 0x76,
  ADD64: 0x7c,
  MUL64: 0x7e,
  SHR64_U: 0x88,
  WRAP: 0xa7,
  EXTEND_U: 0xad,
} as const;

/** Instructions on vectors: eight numbers of 16 bits, or four of 32. */
export const SIMD = {
  LOAD: 0,
  STORE: 11,
  CONST: 12,
  SPLAT: 17,
  EXTRACT: 27,
  REPLACE16: 26,
  NARROW: 133,
  EXTEND_LOW: 167,
  EXTEND_HIGH: 168,
  SHR_S: 172,
  ADD: 174,
  MUL: 181,
  MIN: 182,
  MAX: 184,
  DOT: 186,
  SHUFFLE: 13,
} as const;

const SIMD_PREFIX = 0xfd;
export const TYPE = { I32: 0x7f, I64: 0x7e, V128: 0x7b } as const;
const FUNCTION = 0x60;
const EMPTY = 0x40;
const PAGE_SIZE = 65536;

/** An unsigned number of seven bits a byte. */
function unsigned(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  do {
    const low = rest % 128;
    rest = Math.floor(rest / 128);
    bytes.push(rest > 0 ? low | 128 : low);
  } while (rest > 0);
  return bytes;
}

/** A signed number of 32 bits. */
function signed(value: number): number[] {
  const bytes: number[] = [];
  let rest = value | 0;
  while (true) {
    const low = rest & 127;
    rest >>= 7;
    const done = rest === 0 && (low & 64) === 0 || rest === -1 && (low & 64) !== 0;
    bytes.push(done ? low : low | 128);
    if (done) return bytes;
  }
}

/** A function as it grows: numbers of 32 bits for parameters, and one for its answer. */
export class WasmCode {
  readonly bytes: number[] = [];
  readonly #parameters: number;
  readonly #locals: number[] = [];

  constructor(parameters: number) {
    this.#parameters = parameters;
  }

  /** Adds a local. */
  local(type: number = TYPE.I32): number {
    this.#locals.push(type);
    return this.#parameters + this.#locals.length - 1;
  }

  /** What the function takes. */
  get type(): number[] {
    return [FUNCTION, ...vector(new Array(this.#parameters).fill([TYPE.I32])), ...vector([[TYPE.I32]])];
  }

  /** The locals as they stand before the body. */
  get locals(): number[] {
    return vector(this.#locals.map((type) => [1, type]));
  }

  /** Instructions without operands. */
  op(...opcodes: number[]): this {
    this.bytes.push(...opcodes);
    return this;
  }

  get(local: number): this {
    return this.op(WASM.LOCAL_GET, ...unsigned(local));
  }

  set(local: number): this {
    return this.op(WASM.LOCAL_SET, ...unsigned(local));
  }

  tee(local: number): this {
    return this.op(WASM.LOCAL_TEE, ...unsigned(local));
  }

  number(value: number): this {
    return this.op(WASM.CONST, ...signed(value));
  }

  number64(value: number): this {
    return this.op(WASM.CONST64, ...signed(value));
  }

  /** A load or store at an address and an offset; addresses need not be aligned. */
  access(opcode: number, offset: number): this {
    return this.op(opcode, 0, ...unsigned(offset));
  }

  /** An instruction on vectors; a lane, or the bytes of a constant. */
  simd(opcode: number, ...operands: number[]): this {
    return this.op(SIMD_PREFIX, ...unsigned(opcode), ...operands);
  }

  /** A load or store of a vector. */
  accessVector(opcode: number, offset: number): this {
    return this.simd(opcode, 0, ...unsigned(offset));
  }

  /** Calls a function of the module by its number. */
  call(index: number): this {
    return this.op(WASM.CALL, ...unsigned(index));
  }

  /** A block, loop or condition without a result. */
  open(opcode: number): this {
    return this.op(opcode, EMPTY);
  }

  /** A condition that gives a number. */
  openNumber(opcode: number): this {
    return this.op(opcode, TYPE.I32);
  }

  branch(depth: number): this {
    return this.op(WASM.BR, ...unsigned(depth));
  }

  branchIf(depth: number): this {
    return this.op(WASM.BR_IF, ...unsigned(depth));
  }

  /** Branches by a number, which is below the count of depths. */
  branchTable(depths: readonly number[]): this {
    this.op(WASM.BR_TABLE, ...unsigned(depths.length - 1));
    for (const depth of depths) this.op(...unsigned(depth));
    return this;
  }
}

function vector(items: readonly (readonly number[])[]): number[] {
  return [...unsigned(items.length), ...items.flat()];
}

function name(text: string): number[] {
  return [...unsigned(text.length), ...new TextEncoder().encode(text)];
}

/** Pages of memory that so many bytes take. */
export function pageCount(size: number): number {
  return Math.ceil(size / PAGE_SIZE);
}

/** A module that exports the last of its functions as `run`; its memory has at least `memorySize` bytes. */
export function wasmModule(functions: readonly WasmCode[], memorySize: number): Uint8Array<ArrayBuffer> {
  const bodies = functions.map((code) => {
    const { locals } = code;
    return { size: locals.length + code.bytes.length + 1, locals, bytes: code.bytes };
  });
  const pages = unsigned(pageCount(memorySize));
  const parts: [number, number[]][] = [
    [1, vector(functions.map((code) => code.type))],
    [2, vector([[...name("host"), ...name("memory"), 2, 0, ...pages]])],
    [3, vector(functions.map((_, i) => unsigned(i)))],
    [7, vector([[...name("run"), 0, ...unsigned(functions.length - 1)]])],
  ];
  const head = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
  for (const [id, content] of parts) head.push(id, ...unsigned(content.length), ...content);
  const count = unsigned(functions.length);
  const size = bodies.reduce((sum, body) => sum + unsigned(body.size).length + body.size, count.length);
  head.push(10, ...unsigned(size), ...count);
  const chunks = [
    head,
    ...bodies.flatMap(({ size, locals, bytes }) => [[...unsigned(size), ...locals], bytes, [WASM.END]]),
  ];
  const module = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    module.set(chunk, at);
    at += chunk.length;
  }
  return module;
}
