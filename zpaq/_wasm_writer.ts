/**
 * WebAssembly modules of one function over one memory of their own, byte by byte.
 */

/** Instructions that are used, by their opcodes. */
export const WASM = {
  BLOCK: 0x02,
  LOOP: 0x03,
  IF: 0x04,
  ELSE: 0x05,
  END: 0x0b,
  BR: 0x0c,
  BR_TABLE: 0x0e,
  LOCAL_GET: 0x20,
  LOCAL_SET: 0x21,
  LOCAL_TEE: 0x22,
  LOAD: 0x28,
  LOAD64: 0x29,
  LOAD8: 0x2d,
  STORE: 0x36,
  STORE64: 0x37,
  STORE8: 0x3a,
  CONST: 0x41,
  CONST64: 0x42,
  EQZ: 0x45,
  EQ: 0x46,
  LT_U: 0x49,
  GT_U: 0x4b,
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
  SHR_U: 0x76,
  ADD64: 0x7c,
} as const;

const TYPE = { I32: 0x7f, I64: 0x7e, FUNCTION: 0x60, EMPTY: 0x40 } as const;
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

/** The body of a function as it grows. */
export class WasmCode {
  readonly bytes: number[] = [];

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

  /** A block, loop or condition without a result. */
  open(opcode: number): this {
    return this.op(opcode, TYPE.EMPTY);
  }

  /** A condition that gives a number. */
  openNumber(opcode: number): this {
    return this.op(opcode, TYPE.I32);
  }

  branch(depth: number): this {
    return this.op(WASM.BR, ...unsigned(depth));
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

/**
 * A module that exports `run`, a function of one number with one number for its answer, and its `memory`. The function's
 * further locals are `numbers` of 32 bits and one of 64.
 */
export function wasmModule(code: WasmCode, numbers: number, memorySize: number): Uint8Array<ArrayBuffer> {
  const locals = vector([[...unsigned(numbers), TYPE.I32], [1, TYPE.I64]]);
  const bodySize = unsigned(locals.length + code.bytes.length + 1);
  const pages = unsigned(Math.ceil(memorySize / PAGE_SIZE));
  const parts: [number, number[]][] = [
    [1, vector([[TYPE.FUNCTION, ...vector([[TYPE.I32]]), ...vector([[TYPE.I32]])]])],
    [3, vector([[0]])],
    [5, vector([[1, ...pages, ...pages]])],
    [7, vector([[...name("run"), 0, 0], [...name("memory"), 2, 0]])],
  ];
  const head = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
  for (const [id, content] of parts) head.push(id, ...unsigned(content.length), ...content);
  const size = bodySize.length + locals.length + code.bytes.length + 2;
  head.push(10, ...unsigned(size), 1, ...bodySize, ...locals);
  const module = new Uint8Array(head.length + code.bytes.length + 1);
  module.set(head);
  module.set(code.bytes, head.length);
  module[module.length - 1] = WASM.END;
  return module;
}
