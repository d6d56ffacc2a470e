/**
 * Random programs of the Python subset that do the same in Python, in the interpreter and compiled: loops end, indexes stay
 * in their arrays, and operands of comparisons and quotients are numbers below 2^32.
 */
import type { Random } from "./_data.ts";

const EDGES = [
  0,
  1,
  2,
  7,
  31,
  32,
  33,
  127,
  128,
  255,
  256,
  257,
  65535,
  65536,
  2 ** 31 - 1,
  2 ** 31,
  2 ** 32 - 2,
  2 ** 32 - 1,
];
const HEADER = 'hh = hm = ph = pm = 8\nn = len({0: "cm 9 4", 1: "cm 9 4"})\npcomp_invocation = ""\n';
const FUNCTION_COUNT = 4;

/** A line of a program, or a block with a line in front: what is left out to shrink a program. */
export type Piece = { readonly line: string; readonly body?: Piece[] };

/** The text of pieces. */
export function textOf(pieces: readonly Piece[], indent = ""): string {
  return pieces.map(({ line, body }) =>
    `${indent}${line}\n${
      body === undefined ? "" : body.length === 0 ? `${indent}  pass\n` : textOf(body, `${indent}  `)
    }`
  ).join("");
}

/** A program and the input that it is run with. */
export interface RandomProgram {
  readonly pieces: Piece[];
  readonly input: Uint8Array<ArrayBuffer>;
}

/** The source of a program. */
export function sourceOf({ pieces }: Pick<RandomProgram, "pieces">): string {
  return HEADER + textOf(pieces);
}

/** Makes one program. */
export function randomProgram(random: Random): RandomProgram {
  return new Generator(random).make();
}

class Generator {
  readonly #random: Random;
  #locals: string[] = [];
  #globals: string[] = [];
  /** Functions that may be called, with their parameters. */
  #functions: { readonly name: string; readonly parameters: number; readonly recursive: boolean }[] = [];
  #mayRead = false;
  #loops = 0;
  #names = 0;
  #inFor: string[] = [];

  constructor(random: Random) {
    this.#random = random;
  }

  #chance(one: number): boolean {
    return this.#random.below(one) === 0;
  }

  #pick<T>(from: readonly T[]): T {
    return from[this.#random.below(from.length)]!;
  }

  make(): RandomProgram {
    const pieces: Piece[] = [{ line: "T = (3, 1, 4, 1, 5, 92653, 58, 97)" }, {
      line: 'B = b"\\x00abcz\\xff\\x80\\x01"',
    }];
    this.#globals = Array.from({ length: 1 + this.#random.below(5) }, (_, i) => `g${i}`);
    for (const name of this.#globals) {
      pieces.push({ line: `${name} = ${this.#chance(2) ? 0 : this.#pick(EDGES)}` });
    }
    for (let i = this.#random.below(FUNCTION_COUNT); i > 0; i--) pieces.push(this.#function());
    this.#locals = [];
    if (this.#chance(3)) pieces.push({ line: `${this.#pick(this.#globals)} = ${this.#expression(2)}` });
    pieces.push({ line: "def hcomp(c):", body: [{ line: "pass" }] });
    this.#mayRead = true;
    for (let i = this.#random.below(FUNCTION_COUNT); i > 0; i--) pieces.push(this.#function());
    this.#locals = ["c", "x", "y"];
    const body: Piece[] = [
      { line: `global ${this.#globals.join(", ")}` },
      { line: "x = y = 5" },
      ...this.#block(3, 3 + this.#random.below(5)),
      ...this.#globals.map((name) => ({
        line: `out(${name} ^ ${name} >> 8 ^ ${name} >> 16 ^ ${name} >> 24)`,
      })),
      { line: "out(x); out(x >> 8); out(y >> 16)" },
    ];
    pieces.push({ line: "def pcomp(c):", body });
    return { pieces, input: this.#random.bytes(8 + this.#random.below(24)) };
  }

  #function(): Piece {
    const parameters = this.#random.below(4);
    const name = `f${this.#names++}`;
    const recursive = this.#chance(4);
    this.#locals = [...Array.from({ length: parameters }, (_, i) => `p${i}`), "u", "v"];
    const named = this.#locals.slice(0, parameters);
    const body: Piece[] = [{ line: `global ${this.#globals.join(", ")}` }, { line: "u = v = 1" }];
    if (recursive) {
      body.push({ line: "if d == 0:", body: [{ line: `return ${this.#expression(1)}` }] });
      const call = (): string =>
        `(${name}(${["d - 1", ...named.map(() => this.#expression(1))].join(", ")}) or 0)`;
      body.push({ line: `u = ${call()}` });
      body.push(...this.#block(1, 2));
      if (this.#chance(2)) body.push({ line: `v = (u ${this.#pick(["^", "|", "&"])} ${call()})` });
    }
    body.push(...this.#block(2, 1 + this.#random.below(4)));
    if (!this.#chance(5)) body.push({ line: `return ${this.#expression(3)}` });
    this.#functions.push({ name, parameters, recursive });
    return { line: `def ${name}(${[...recursive ? ["d"] : [], ...named].join(", ")}):`, body };
  }

  #block(depth: number, count: number): Piece[] {
    return Array.from({ length: count }, () => this.#statement(depth));
  }

  #variable(): string {
    const usable = [...this.#locals, ...this.#globals].filter((name) => !this.#inFor.includes(name));
    return this.#pick(usable);
  }

  #statement(depth: number): Piece {
    const kind = this.#random.below(depth > 0 ? 20 : 11);
    const target = this.#variable();
    switch (kind) {
      case 0:
      case 1:
      case 2:
        return { line: `${target} = ${this.#expression(3)}` };
      case 3: {
        if (this.#chance(4)) return { line: `${target} >>= ${this.#expression(2)} & 63` };
        const operator = this.#pick(["^=", "|=", "&=", "//=", "%="]);
        return { line: `${target} ${operator} (${this.#expression(2)} | 1) & 2147483647` };
      }
      case 4:
        return { line: `pM[${this.#expression(1)} & 255] = ${this.#expression(2)} & 255` };
      case 5:
        return { line: `pH[${this.#expression(1)} & 255] = ${this.#expression(2)}` };
      case 6:
        return {
          line: `${this.#pick(["pH", "pM"])}[${this.#expression(1)} & 127] ${
            this.#pick(["^=", "|=", "&=", "%="])
          } ${this.#expression(2)} & 254 | 1`,
        };
      case 7:
        return { line: `out(${this.#expression(3)})` };
      case 8:
        return this.#mayRead && this.#chance(2)
          ? { line: `push_b(${this.#expression(1)} & 255)` }
          : { line: `out(pM[${this.#expression(1)} & 15])` };
      case 9: {
        const other = this.#variable();
        return target === other
          ? { line: "pass" }
          : { line: `${target}, ${other} = ${this.#expression(1)}, ${this.#expression(1)}` };
      }
      case 10:
        if (this.#loops > 0 && this.#chance(3)) {
          return { line: `if ${this.#condition(1)}: ${this.#pick(["break", "continue"])}` };
        }
        return { line: `${target} = ${this.#variable()} = ${this.#expression(1)}` };
      case 11:
      case 12:
      case 13:
      case 14:
        return this.#if(depth);
      case 15:
      case 16:
        return this.#for(depth);
      case 17:
        return this.#while(depth);
      case 18:
        return this.#reference();
      default:
        return this.#functions.length > 0 ? { line: this.#call(2) } : { line: "pass" };
    }
  }

  #if(depth: number): Piece {
    const body = this.#block(depth - 1, 1 + this.#random.below(2));
    if (this.#chance(2)) return { line: `if ${this.#condition(2)}:`, body };
    return {
      line: `if True:`,
      body: [
        { line: `if ${this.#condition(2)}:`, body },
        ...this.#chance(2) ? [{ line: `elif ${this.#condition(1)}:`, body: this.#block(depth - 1, 1) }] : [],
        { line: "else:", body: this.#block(depth - 1, 1) },
      ],
    };
  }

  #for(depth: number): Piece {
    const name = this.#pick(this.#locals.filter((each) => !this.#inFor.includes(each)).concat("k"));
    const range = this.#pick([
      `${this.#expression(1)} & 3`,
      `${this.#expression(0)} & 3, ${this.#expression(1)} & 7, ${1 + this.#random.below(3)}`,
      "5, -1, -2",
      `${this.#expression(0)} & 7, ${this.#expression(0)} & 3, -1`,
      `${this.#expression(0)} & 7, ${this.#pick(["-1", "0", "2"])}, ${this.#pick(["-1", "-3"])}`,
      "4294967290, 4294967295, 3",
    ]);
    this.#loops++;
    const body = this.#block(depth - 1, 1 + this.#random.below(2));
    this.#loops--;
    const loop: Piece = {
      line: `for ${name} in range(${range}):`,
      body: [...body, { line: `out(${name})` }],
    };
    if (!this.#chance(3)) return loop;
    return { line: "if True:", body: [loop, { line: "else:", body: this.#block(depth - 1, 1) }] };
  }

  #while(depth: number): Piece {
    const name = `w${this.#names++}`;
    this.#loops++;
    const body = this.#block(depth - 1, 1 + this.#random.below(2));
    this.#loops--;
    const test = this.#pick([`${name} > 0`, `${name} != 0 and ${this.#condition(1)}`, `0 < ${name} < 9`]);
    return {
      line: "if True:",
      body: [
        { line: `${name} = ${this.#expression(1)} & 3` },
        { line: `while ${test}:`, body: [{ line: `${name} -= 1` }, ...body] },
        ...this.#chance(3) ? [{ line: "else:", body: this.#block(depth - 1, 1) }] : [],
      ],
    };
  }

  #reference(): Piece {
    const name = `r${this.#names++}`;
    const make = (): string =>
      this.#chance(2) ? `array_pH(${8 + this.#random.below(90)})` : `array_pM(${8 + this.#random.below(90)})`;
    return {
      line: "if True:",
      body: [
        { line: `${name} = ${make()}` },
        ...this.#chance(2) ? [{ line: `if ${this.#condition(1)}: ${name} = ${make()}` }] : [],
        { line: `${name}[${this.#expression(1)} & 7] = ${this.#expression(1)} & 255` },
        { line: `out(${name}[${this.#expression(1)} & 7])` },
      ],
    };
  }

  #call(depth: number): string {
    const { name, parameters, recursive } = this.#pick(this.#functions);
    const args = Array.from({ length: parameters }, () => this.#expression(depth - 1));
    return `${name}(${
      [...recursive ? [this.#pick(["2", "0", "3", `${this.#pick(this.#globals)} & 1`])] : [], ...args].join(
        ", ",
      )
    })`;
  }

  #condition(depth: number): string {
    const [a, b] = [this.#expression(depth), this.#expression(depth)];
    switch (this.#random.below(depth > 0 ? 8 : 4)) {
      case 0:
      case 1:
      case 2:
        return `${a} ${this.#pick(["<", ">", "<=", ">=", "==", "!="])} ${b}`;
      case 3:
        return a;
      case 4:
        return `not (${this.#condition(depth - 1)})`;
      case 5:
        return `(${this.#condition(depth - 1)}) and (${this.#condition(depth - 1)})`;
      case 6:
        return `(${this.#condition(depth - 1)}) or (${this.#condition(depth - 1)})`;
      default:
        return `${a} ${this.#pick(["<", ">=", "=="])} ${b} ${this.#pick(["<=", ">", "!="])} ${
          this.#expression(depth - 1)
        }`;
    }
  }

  /** An expression with a value below 2^32, in parentheses where that matters. */
  #expression(depth: number): string {
    if (depth <= 0) {
      const kind = this.#random.below(8);
      if (kind < 5) return this.#pick([...this.#locals, ...this.#globals]);
      return `${this.#chance(2) ? this.#pick(EDGES) : this.#random.below(300)}`;
    }
    const [a, b] = [this.#expression(depth - 1), this.#expression(depth - 1)];
    switch (this.#random.below(22)) {
      case 0:
      case 1:
      case 2:
        return `((${a} ${this.#pick(["+", "-", "*"])} ${b}) & 4294967295)`;
      case 3:
        return `((${a} << (${b} & 63)) & 4294967295)`;
      case 4:
        return `(${a} >> (${b} & 63))`;
      case 5:
        return `(${a} ${this.#pick(["//", "%"])} (${b} | 1))`;
      case 6:
      case 7:
        return `(${a} ${this.#pick(["&", "|", "^"])} ${b})`;
      case 8:
        return `(${a} ${this.#pick(["%", "//", ">>", "&"])} ${this.#pick([1, 2, 3, 8, 16, 31])})`;
      case 9:
        return `((${this.#pick(["-", "~"])}${a}) & 4294967295)`;
      case 10:
        return `(${this.#condition(depth - 1)})`;
      case 11:
        return `(${a} ${this.#pick(["and", "or"])} ${b})`;
      case 12:
        return `(${a} if ${this.#condition(depth - 1)} else ${b})`;
      case 13:
        return `pM[${a} & 255]`;
      case 14:
        return `pH[${a} & 255]`;
      case 15:
        return `${this.#pick(["T", "B"])}[${a} & 7]`;
      case 16:
        return `((${a} ** ${this.#pick(["2", "3", `(${b} & 15)`])}) & 4294967295)`;
      case 17:
      case 18:
        return this.#mayRead ? this.#pick(["(read_b() & 255)", "(peek_b() & 255)", "(read_b() & 255)"]) : a;
      case 19:
      case 20:
        return this.#functions.length > 0 ? `(${this.#call(depth)} or 0)` : b;
      default:
        return a;
    }
  }
}
