/**
 * The config of a method's model: the components and the program of their contexts, as zpaq 7.15 makes them.
 */
import { bitLength } from "./_method.ts";
import type { Method, ModelCommand } from "./_method.ts";

const COMPONENT_COUNT_MAX = 254;
/** 3 and the length of the post-processor of byte codes, without and with E8E9. */
const BYTE_PROGRAM_SIZE = [111, 168] as const;
const DEFAULTS: Readonly<Record<ModelCommand["name"], readonly number[]>> = {
  c: [0, 0],
  i: [],
  a: [24, 0, 0],
  w: [1, 65, 26, 223, 20, 0],
  m: [8, 24],
  s: [8, 32, 255],
  t: [8, 24],
};

/** Whether the transform is LZ77 by bytes, whose codes a model can follow. */
function isByteLz77(method: Method): boolean {
  return (method.args[1]! & 3) === 2;
}

function popCount(value: number): number {
  let count = 0;
  for (let rest = value; rest > 0; rest >>>= 1) count += rest & 1;
  return count;
}

class ModelWriter {
  readonly components: string[] = [];
  readonly code: string[] = [];
  readonly #memoryBits: number;
  /** Bits of context of the last component. */
  #contextBits = 5;

  constructor(memoryBits: number) {
    this.#memoryBits = memoryBits;
  }

  get #next(): number {
    return this.components.length;
  }

  #add(text: string): void {
    if (this.#next === COMPONENT_COUNT_MAX) {
      throw new RangeError(`Cannot make the model: it has more than ${COMPONENT_COUNT_MAX} components`);
    }
    this.components.push(`${this.#next} ${text}`);
  }

  command({ name, args }: ModelCommand): void {
    const full = DEFAULTS[name].map((value, i) => args[i] ?? value).concat(args.slice(DEFAULTS[name].length));
    switch (name) {
      case "c":
        return this.#context(full);
      case "i":
        return this.#chain(full);
      case "a":
        return this.#match(full);
      case "w":
        return this.#word(full);
      default:
        return this.#mixer(name, full);
    }
  }

  /** ICM or CM over a hash of chosen bytes, of the position, and of distances. */
  #context(args: readonly number[]): void {
    const [kind, position] = args as [number, number];
    const masks = args.slice(2);
    const maskBits = masks.reduce(
      (sum, mask) => sum + (mask < 512 ? Math.trunc(popCount(mask) * 3 / 4) : 0),
      0,
    );
    this.#contextBits = Math.min(
      11 + (position < 256 ? bitLength(position) : 6) + maskBits,
      this.#memoryBits,
    );
    const i = this.#next;
    const smaller = Math.trunc(kind / 1000);
    this.#add(
      kind % 1000 === 0
        ? `icm ${this.#contextBits - 6 - smaller}`
        : `cm ${this.#contextBits - 2 - smaller} ${kind % 1000 - 1}`,
    );
    const { code } = this;
    code.push(`d= ${i} *d=0`);
    if (position > 1 && position <= 255) {
      const powerOfTwo = (position & position - 1) === 0;
      code.push(powerOfTwo ? `a=c a&= ${position - 1} hashd` : `a=c a%= ${position} hashd`);
    } else if (position >= 1000 && position <= 1255) {
      code.push(`a= 255 a+= ${position - 1000} d=a a=*d a-=c a> 255 if a= 255 endif d= ${i} hashd`);
    }
    masks.forEach((mask, k) => {
      if (k === 0) code.push("b=c");
      this.#mask(mask);
      if (mask < 512 && k < masks.length - 1) code.push("b++");
    });
  }

  #mask(mask: number): void {
    const { code } = this;
    if (mask === 255) code.push("a=*b hashd");
    else if (mask > 0 && mask < 255) code.push(`a=*b a&= ${mask} hashd`);
    else if (mask >= 256 && mask < 512) {
      code.push("a=r 1 a> 1 if a=r 2 a< 64 if a=*b");
      if (mask < 511) code.push(`a&= ${mask - 256}`);
      code.push("hashd else a>>= 6 hashd a=r 1 hashd endif else a= 255 hashd a=r 2 hashd endif");
    } else if (mask >= 1256) code.push(`a= ${mask - 1000 >> 8} a<<= 8 a+= ${mask - 1000 & 255} a+=b b=a`);
    else if (mask > 1000) code.push(`a= ${mask - 1000} a+=b b=a`);
  }

  /** A chain of ISSE, each with a longer context. */
  #chain(orders: readonly number[]): void {
    if (this.#next === 0) throw new RangeError('Cannot make the model: "i" needs a component before it');
    const { code } = this;
    code.push(`d= ${this.#next - 1} b=c a=*d d++`);
    orders.forEach((order, k) => {
      const isLast = k === orders.length - 1;
      for (let j = 0; j < order % 10; j++) {
        code.push("hash");
        if (!isLast || j < order % 10 - 1) code.push("b++");
        this.#contextBits += 6;
      }
      code.push(isLast ? "*d=a" : "*d=a d++");
      this.#contextBits = Math.min(this.#contextBits, this.#memoryBits);
      this.#add(`isse ${this.#contextBits - 6 - Math.trunc(order / 10)} ${this.#next - 1}`);
    });
  }

  #match(args: readonly number[]): void {
    const [multiplier, buffer, index] = args as [number, number, number];
    const i = this.#next;
    this.#add(`match ${this.#memoryBits - index - 2} ${this.#memoryBits - buffer}`);
    this.code.push(`d= ${i} a=*d a*= ${multiplier} a+=*c a++ *d=a`);
    this.#contextBits = 5 + Math.trunc((this.#memoryBits - buffer) * 3 / 4);
  }

  /** ICM and ISSE over whole words. */
  #word(args: readonly number[]): void {
    const [count, first, range, mask, multiplier, smaller] = args as [
      number,
      number,
      number,
      number,
      number,
      number,
    ];
    const i = this.#next;
    const bits = this.#memoryBits - 6 - smaller;
    const { code } = this;
    code.push(`a=*c a&= ${mask} a-= ${first} a&= 255 a< ${range} if`);
    for (let k = 0; k < count; k++) {
      this.#add(k === 0 ? `icm ${bits}` : `isse ${bits} ${this.#next - 1}`);
      code.push(k === 0 ? `d= ${i}` : "d++", `a=*d a*= ${multiplier} a+=*c a++ *d=a`);
    }
    code.push("else");
    for (let k = count - 1; k > 0; k--) code.push(`d= ${i + k - 1} a=*d d++ *d=a`);
    code.push(`d= ${i} *d=0 endif`);
    this.#contextBits = this.#memoryBits - smaller;
  }

  #mixer(name: "m" | "s" | "t", args: readonly number[]): void {
    const [size, rate, limit] = args as [number, number, number];
    const i = this.#next;
    const needed = name === "t" ? 2 : 1;
    if (i < needed) {
      throw new RangeError(`Cannot make the model: "${name}" needs ${needed} components before it`);
    }
    if (name === "m") this.#add(`mix ${size} 0 ${i} ${rate} 255`);
    else if (name === "t") this.#add(`mix2 ${size} ${i - 1} ${i - 2} ${rate} 255`);
    else this.#add(`sse ${size} ${i - 1} ${rate} ${limit}`);
    if (size > 8) {
      const { code } = this;
      code.push(`d= ${i} *d=0 b=c a=0`);
      let left = size;
      for (; left >= 16; left -= 8) {
        code.push("a<<= 8 a+=*b");
        if (left > 16) code.push("b++");
      }
      if (left > 8) code.push(`a<<= 8 a+=*b a>>= ${16 - left}`);
      code.push("a<<= 8 *d=a");
    }
    this.#contextBits = 5 + Math.trunc(size * 3 / 4);
  }
}

/** The config of a method's model. */
export function modelSource(method: Method): string {
  if (method.stored) return "comp 0 0 0 0 0 hcomp end";
  const [blockBits, transform] = method.args as [number, number];
  const memoryBits = blockBits + 20;
  const kind = transform & 3;
  const writer = new ModelWriter(memoryBits);
  method.commands.forEach((command) => writer.command(command));
  const sizes = `9 16 ${kind === 3 ? memoryBits : 0} ${kind === 0 ? 0 : memoryBits}`;
  const program = ["c-- *c=a a+= 255 d=a *d=c"];
  if (isByteLz77(method)) {
    const size = BYTE_PROGRAM_SIZE[transform & 4 ? 1 : 0];
    program.push(
      `a=r 1 a== 0 if a= ${size} else a== 1 if a=*c r=a 2 a> 63 if a>>= 6 a++ a++ else a++ a++ endif else a-- endif endif r=a 1`,
    );
  }
  return [
    `comp ${sizes} ${writer.components.length}`,
    ...writer.components,
    "hcomp",
    ...program,
    ...writer.code,
    "halt",
    "end",
    "",
  ].join("\n");
}
