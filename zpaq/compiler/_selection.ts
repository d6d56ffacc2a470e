/**
 * Instructions for operations. A holds the value at hand; B, C and D hold addresses, right sides of operations, or, for the
 * whole program, a variable that is used much.
 */
import { HASH, holds, isComparison, MIRRORED, OPPOSITE, Variable } from "./_ir.ts";
import type { Comparison, Memory, Operator } from "./_ir.ts";
import { constantSteps } from "./_constant_synthesis.ts";
import {
  differenceOf,
  joinContents,
  NOTHING_HELD,
  Offset,
  RegisterContents,
  REGISTERS,
} from "./_register_contents.ts";
import type { Contents, Fact, Register } from "./_register_contents.ts";
import type { Item, JumpKind, Label } from "./_machine_code.ts";
import type { Ranges } from "./_ranges.ts";
import { leavesOf } from "./_trees.ts";
import type { BinaryNode, LoadNode, Node, Step } from "./_trees.ts";

type Keep = ReadonlySet<Register>;

const NONE = 2 ** 32 - 1;
const NO_KEEP: Keep = new Set();
const WORDS: Readonly<Record<string, string>> = {
  "+": "a+=",
  "-": "a-=",
  "*": "a*=",
  "/": "a/=",
  "%": "a%=",
  "&": "a&=",
  "|": "a|=",
  "^": "a^=",
  "<<": "a<<=",
  ">>": "a>>=",
};
const COMMUTATIVE: ReadonlySet<Operator> = new Set(["+", "*", "&", "|", "^", "hash"]);
/** Larger numbers than a byte are added in up to three parts. */
const SUM_MAX = 3 * 255;
/** A register is stepped to a value that is at most so far from what it holds. */
const STEPS_MAX = 3;

/** Where variables are that are not in a cell. */
export interface Homes {
  readonly registers: ReadonlyMap<Variable, Register>;
  /** Variables in H, by how far from its end. */
  readonly spilled: ReadonlyMap<Variable, number>;
}

function isBinary(node: Node): node is BinaryNode {
  return typeof node === "object" && "type" in node && node.type === "binary";
}

/** A value as a fact about a register: a number, a variable, or one with something added. */
function factOf(node: Node): Fact | undefined {
  if (typeof node === "number" || node instanceof Variable) return node;
  if (!isBinary(node) || !(node.a instanceof Variable) || typeof node.b !== "number") return undefined;
  if (node.b > 255 || node.operator !== "+" && node.operator !== "-") return undefined;
  return Offset.of(node.a, node.operator === "+" ? node.b : -node.b);
}

/** Whether a value depends on what an array has. */
function loadsFrom(node: Node, memory: Memory): boolean {
  if (isLoad(node)) return node.memory === memory || loadsFrom(node.at, memory);
  return isBinary(node) && (loadsFrom(node.a, memory) || loadsFrom(node.b, memory));
}

/** The hash of two values by additions and a product. */
function expanded({ a, b, most }: BinaryNode): BinaryNode {
  const sum = b === 0 ? a : { type: "binary", operator: "+", a, b, most } as const;
  const more = { type: "binary", operator: "+", a: sum, b: HASH.plus, most } as const;
  return { type: "binary", operator: "*", a: more, b: HASH.times, most };
}

function isSame(a: Node, b: Node): boolean {
  if (!isBinary(a)) {
    return isLoad(a) ? isLoad(b) && a.memory === b.memory && isSame(a.at, b.at) : a === b;
  }
  return isBinary(b) && a.operator === b.operator && isSame(a.a, b.a) && isSame(a.b, b.b);
}

function isLoad(node: Node): node is LoadNode {
  return typeof node === "object" && "type" in node && node.type === "load";
}

/** How a hash is made: one side in A while registers keep what they hold, the other one in a byte that B points at. */
interface HashSides {
  readonly value: Node;
  readonly byte: Node;
  /** Whether the byte is there already. */
  readonly pointed: boolean;
  readonly keep: Keep;
}

/** Memory that the program has no use for, which may hold what is hashed. */
export interface UnusedMemory {
  /** Whether all of M is. */
  readonly bytes: boolean;
  /** An element of H. */
  readonly word: number | undefined;
}

/** Is told of each instruction, and of what registers hold after it. */
export type Observer = (item: Item, contents: Contents) => void;

/** All registers that could point into an array hold variables of their own. */
export class NoPointerError extends Error {}

/** Makes instructions for steps. */
export class Selection {
  readonly items: Item[] = [];
  /** Cells for values that wait while others are computed. */
  readonly temporaries = new Set<Variable>();
  readonly #homes: Homes;
  readonly #ranges: Ranges;
  readonly #sizes: Readonly<Record<Memory, number | undefined>>;
  readonly #unused: UnusedMemory;
  readonly #scratch: readonly Register[];
  readonly #contents: RegisterContents;
  /** What registers hold where jumps to a label are taken that is not placed yet. */
  readonly #arrivals = new Map<Label, Contents[]>();
  readonly #observe: Observer | undefined;
  line = 0;
  depth = 0;
  #labels = 0;
  /** The byte of M that was stored last, as long as the variables that it was made of keep their values. */
  #stored: { readonly at: Node; readonly value: Variable } | undefined;

  /** `sizes` is the log2 of arrays whose indexes wrap as the program's own do. */
  constructor(
    homes: Homes,
    ranges: Ranges,
    sizes: Readonly<Record<Memory, number | undefined>>,
    unused: UnusedMemory,
    observe?: Observer,
  ) {
    this.#unused = unused;
    this.#homes = homes;
    this.#contents = new RegisterContents(homes.registers);
    this.#observe = observe;
    this.#ranges = ranges;
    this.#sizes = sizes;
    const taken = new Set(homes.registers.values());
    this.#scratch = REGISTERS.filter((register) => !taken.has(register));
  }

  /** A register that holds no variable of its own. */
  get spare(): Register {
    return this.#scratch.includes("c") ? "c" : this.#scratch[0]!;
  }

  get contents(): Contents {
    return this.#contents.now;
  }

  set contents(contents: Contents) {
    this.#contents.now = contents;
  }

  label(name = ""): Label {
    return { name: `${name}${this.#labels++}` };
  }

  #push(item: Item): void {
    this.items.push(item);
    this.#observe?.(item, this.#contents.now);
  }

  emit(word: string, operand?: number): void {
    this.#contents.executed(word, operand);
    this.#push({ type: "plain", word, operand, line: this.line, depth: this.depth });
  }

  cell(word: string, variable: Variable): void {
    this.#contents.executedCell(word, variable);
    this.#push({ type: "cell", word, variable, line: this.line, depth: this.depth });
  }

  /** Places a label that all jumps lead forward to. */
  place(label: Label): void {
    this.#contents.now = joinContents(this.#contents.now, this.#arrivals.get(label) ?? []);
    this.placeWith(label, this.#contents.now);
  }

  /** Places a label where registers hold this, however it is reached. */
  placeWith(label: Label, contents: Contents = NOTHING_HELD): void {
    this.#stored = undefined;
    this.#contents.now = contents;
    this.#push({ type: "label", label, line: this.line, depth: this.depth });
  }

  jump(kind: JumpKind, to: Label): void {
    const arrivals = this.#arrivals.get(to);
    if (arrivals === undefined) this.#arrivals.set(to, [this.#contents.now]);
    else arrivals.push(this.#contents.now);
    this.#push({ type: "jump", kind, to, line: this.line, depth: this.depth });
  }

  /** Halts; a variable says what to do next. */
  halt(next: Label, variable: Variable): void {
    const home = this.#homes.registers.get(variable);
    const cell = home === undefined ? variable : undefined;
    this.#push({ type: "halt", next, variable: cell, home, line: this.line, depth: this.depth });
  }

  /** What was just made put a value into a register. */
  learn(register: "a" | Register, value: Fact): void {
    this.#contents.learn(register, value);
  }

  #holds(register: "a" | Register, value: Node): boolean {
    const fact = factOf(value);
    return fact !== undefined && this.#contents.holds(register, fact);
  }

  /** The register that is stepped to a value with the fewest instructions, copied to `into` first. */
  #nearest(value: Node, into: Register): { readonly from: Register; readonly steps: number } | undefined {
    const fact = factOf(value);
    if (fact === undefined) return undefined;
    let best: { readonly from: Register; readonly steps: number } | undefined;
    const cost = ({ from, steps }: { readonly from: Register; readonly steps: number }): number =>
      Math.abs(steps) + (from === into ? 0 : 1);
    for (const from of [into, ...REGISTERS]) {
      const steps = this.#contents.difference(from, fact);
      if (steps === undefined || Math.abs(steps) > STEPS_MAX) continue;
      if (best === undefined || cost({ from, steps }) < cost(best)) best = { from, steps };
    }
    return best;
  }

  #step(register: Register, steps: number): void {
    for (let i = 0; i < Math.abs(steps); i++) this.emit(`${register}${steps > 0 ? "++" : "--"}`);
  }

  /** The register beside A that holds a value. */
  #registerOf(value: Node): Register | undefined {
    return REGISTERS.find((register) => this.#holds(register, value));
  }

  #temporary(): Variable {
    const variable = new Variable("", undefined, true);
    this.temporaries.add(variable);
    return variable;
  }

  /** Puts a value, or what is in A, into a cell until it is needed. */
  wait(node?: Node): Variable {
    if (node !== undefined) this.value(node);
    const cell = this.#temporary();
    this.cell("r=a", cell);
    return cell;
  }

  // Values that come into a register other than A, without A.

  #canReach(node: Node, register: Register, keep: Keep): boolean {
    return this.#nearest(node, register) !== undefined || this.#canMake(node, register, keep);
  }

  /** Whether a value comes into a register otherwise than by steps from one nearby. */
  #canMake(node: Node, register: Register, keep: Keep): boolean {
    if (typeof node === "number") {
      return node <= 255 || NONE - node <= 255 || this.#registerOf(node) !== undefined ||
        this.#holds("a", node);
    }
    if (node instanceof Variable) {
      if (!this.#homes.spilled.has(node) || this.#registerOf(node) !== undefined || this.#holds("a", node)) {
        return true;
      }
      return this.#homes.spilled.get(node)! <= 255 && (register === "d" || this.#isFree("d", keep));
    }
    if (isBinary(node)) {
      const small = typeof node.b === "number" && node.b <= 2 &&
        (node.operator === "+" || node.operator === "-");
      return small && this.#canReach(node.a, register, keep);
    }
    return this.#canPoint(node.memory, node.at, keep, register);
  }

  #isFree(register: Register, keep: Keep): boolean {
    return this.#scratch.includes(register) && !keep.has(register);
  }

  #reach(node: Node, register: Register, keep: Keep): void {
    if (this.#holds(register, node)) return;
    const near = this.#nearest(node, register);
    // Where a register has to be copied, further steps cost more than a number or a cell; there may be no other way.
    const isWorth = near !== undefined && (Math.abs(near.steps) + (near.from === register ? 0 : 1) <=
        (isBinary(node) ? 1 + (node.b as number) : typeof node === "number" && node > 255 ? STEPS_MAX : 1) ||
      !this.#canMake(node, register, keep));
    if (isWorth && !(near.steps !== 0 && this.#holds("a", node))) {
      if (near.from !== register) this.emit(`${register}=${near.from}`);
      this.#step(register, near.steps);
      if (this.#scratch.includes(register)) this.learn(register, factOf(node)!);
      return;
    }
    if (typeof node === "number" || node instanceof Variable) {
      const from = this.#registerOf(node);
      if (from !== undefined) this.emit(`${register}=${from}`);
      else if (this.#holds("a", node)) this.emit(`${register}=a`);
      else if (typeof node === "number") this.#number(node, register);
      else if (this.#homes.spilled.has(node)) {
        const through = register === "d" || !this.#isFree("d", keep) ? register : "d";
        this.#spillAddress(node, through);
        this.emit(`${register}=*${through}`);
      } else this.cell(`${register}=r`, node);
      // A register that is a variable's home changes with it.
      if (this.#scratch.includes(register)) this.learn(register, node);
      return;
    }
    if (isBinary(node)) {
      if (this.#canReach(node.a, register, keep) && (node.b as number) <= 2) {
        this.#reach(node.a, register, keep);
        return this.#step(register, node.operator === "+" ? node.b as number : -(node.b as number));
      }
      if (near!.from !== register) this.emit(`${register}=${near!.from}`);
      return this.#step(register, near!.steps);
    }
    const pointer = this.#point(node.memory, node.at, keep, register);
    this.emit(`${register}=${pointer}`);
  }

  #number(value: number, register: Register): void {
    if (value === 0) return this.emit(`${register}=0`);
    if (value <= 255) return this.emit(`${register}=`, value);
    if (NONE - value > 255) throw new Error(`Cannot put ${value} into ${register}: no instruction does`);
    this.#number(NONE - value, register);
    this.emit(value === NONE ? `${register}--` : `${register}!`);
  }

  #spillAddress(variable: Variable, register: Register): void {
    const slot = this.#homes.spilled.get(variable)!;
    this.#number((NONE - slot) >>> 0, register);
  }

  /** The register that an array is pointed into by. */
  #pointers(memory: Memory): readonly Register[] {
    return memory === "H" ? ["d"] : ["c", "b"];
  }

  /**
   * A register that can point into an array and holds no variable of its own.
   *
   * @throws {NoPointerError} If there is none.
   */
  pointer(memory: Memory, keep: Keep = NO_KEEP): Register {
    const register = this.#pointers(memory).find((each) => this.#isFree(each, keep));
    if (register === undefined) throw new NoPointerError();
    return register;
  }

  /** Leaves out what the array's own wrapping does. */
  #wrapped(memory: Memory, at: Node): Node {
    const size = this.#sizes[memory];
    if (size === undefined || !isBinary(at) || at.operator !== "&" || typeof at.b !== "number") return at;
    const mask = 2 ** size - 1;
    return (at.b & mask) >>> 0 === mask ? at.a : at;
  }

  /** Whether an element can be pointed at without A; `into` is a register that is to be filled anyway. */
  #canPoint(memory: Memory, address: Node, keep: Keep, into?: Register): boolean {
    if (this.#sizes[memory] === 0) return true;
    const at = this.#wrapped(memory, address);
    return this.#pointers(memory).some((register) =>
      this.#holds(register, at) ||
      (this.#isFree(register, keep) || register === into) && this.#canReach(at, register, keep)
    );
  }

  /** Points at an element without A; what stands for it. */
  #point(memory: Memory, address: Node, keep: Keep, into?: Register): string {
    const at = this.#wrapped(memory, address);
    const pointers = this.#pointers(memory);
    // All indexes of an array of one element mean the same.
    const ready = this.#sizes[memory] === 0
      ? pointers[0]
      : pointers.find((register) => this.#holds(register, at));
    if (ready !== undefined) return `*${ready}`;
    const usable = pointers.filter((register) =>
      (this.#isFree(register, keep) || register === into) && this.#canReach(at, register, keep)
    );
    const register = usable.find((each) => this.#nearest(at, each)?.from === each) ?? usable[0]!;
    this.#reach(at, register, keep);
    return `*${register}`;
  }

  // Right sides of operations.

  #canOperand(node: Node, keep: Keep): boolean {
    if (typeof node === "number" && node <= 255) return true;
    if (this.#registerOf(node) !== undefined) return true;
    if (isLoad(node)) return this.#canPoint(node.memory, node.at, keep);
    return this.#scratch.some((register) => !keep.has(register) && this.#canReach(node, register, keep));
  }

  /** The right side of an operation: a register, an element, or a number. */
  #operand(node: Node, keep: Keep): string | number {
    if (typeof node === "number" && node <= 255) return node;
    const ready = this.#registerOf(node);
    if (ready !== undefined) return ready;
    if (this.#holds("a", node)) return "a";
    if (isLoad(node)) return this.#point(node.memory, node.at, keep);
    const free = this.#scratch.filter((register) =>
      !keep.has(register) && this.#canReach(node, register, keep)
    );
    const register = free.find((each) => this.#contents.now[each].length === 0) ?? free[0]!;
    this.#reach(node, register, keep);
    return register;
  }

  #apply(word: string, operand: string | number): void {
    if (typeof operand === "number") this.emit(word, operand);
    else this.emit(`${word}${operand}`);
  }

  // Values in A.

  /** Whether a value can come into A while registers keep what they hold. */
  #fits(node: Node, keep: Keep): boolean {
    if (typeof node === "number") return true;
    if (node instanceof Variable) {
      return !this.#homes.spilled.has(node) || this.#isFree("d", keep) || this.#holds("a", node);
    }
    if (isLoad(node)) {
      if (this.#canPoint(node.memory, node.at, keep)) return true;
      const at = this.#wrapped(node.memory, node.at);
      return this.#pointers(node.memory).some((register) => this.#isFree(register, keep)) &&
        this.#fits(at, keep);
    }
    if (isComparison(node.operator)) return false;
    if (node.operator === "hash") {
      return this.#hashSides(node, keep) !== undefined || this.#wordSides(node, keep) !== undefined ||
        this.#fits(expanded(node), keep);
    }
    if (node.operator === "-" && node.a === 0) return this.#fits(node.b, keep);
    if (typeof node.b === "number" && this.#isImmediate(node.operator, node.b)) {
      return this.#fits(node.a, keep);
    }
    if ((node.operator === "<<" || node.operator === ">>") && typeof node.b !== "number") return false;
    if (keep.size >= this.#scratch.length) return false;
    if (this.#canOperandLater(node.b, keep)) return this.#fits(node.a, keep);
    return COMMUTATIVE.has(node.operator) && this.#canOperandLater(node.a, keep) && this.#fits(node.b, keep);
  }

  /** As `canOperand`, whatever registers hold until then. */
  #canOperandLater(node: Node, keep: Keep): boolean {
    return this.#later(keep, () => this.#canOperand(node, keep));
  }

  /** What is so whatever registers hold, but those that are kept. */
  #later<T>(keep: Keep, ask: () => T): T {
    const { now } = this.#contents;
    this.#contents.now = {
      a: [],
      b: keep.has("b") ? now.b : [],
      c: keep.has("c") ? now.c : [],
      d: keep.has("d") ? now.d : [],
    };
    const answer = ask();
    this.#contents.now = now;
    return answer;
  }

  /** Which side of a hash comes into A and which one into *B, and how; undefined where neither can. */
  #hashSides(
    { a, b }: BinaryNode,
    keep: Keep,
  ): HashSides | undefined {
    const order = [[a, b], [b, a]] as const;
    for (const [value, side] of order) {
      const byte = this.#asByte(side);
      if (byte === undefined) continue;
      const at = this.#wrapped("M", byte.at);
      const kept = new Set([...keep, "b" as const]);
      // A pointer that is near already is kept near.
      if (this.#sizes.M === 0 || this.#isFree("b", keep) && this.#nearest(at, "b")?.from === "b") {
        if (this.#later(kept, () => this.#fits(value, kept))) {
          return { value, byte, pointed: true, keep: kept };
        }
      }
      if (!this.#isFree("b", keep) || !this.#fits(value, keep)) continue;
      if (this.#later(keep, () => this.#canReach(at, "b", keep)) || this.#leadsNear(value, at, keep)) {
        return { value, byte, pointed: true, keep };
      }
    }
    if (!this.#unused.bytes) return undefined;
    for (const [value, byte] of order) {
      if (this.#most(byte) > 255 || !this.#fits(value, keep) || !this.#canOperandLater(byte, keep)) continue;
      return { value, byte, pointed: false, keep };
    }
    return undefined;
  }

  /** A byte of M that has a value. */
  #asByte(node: Node): LoadNode | undefined {
    if (isLoad(node)) return node.memory === "M" ? node : undefined;
    return this.#stored?.value === node ? { type: "load", memory: "M", at: this.#stored.at } : undefined;
  }

  /** Whether B is near a place once a hash was made. */
  #leadsNear(node: Node, at: Node, keep: Keep): boolean {
    if (!isBinary(node) || node.operator !== "hash") return false;
    const sides = this.#hashSides(node, keep);
    if (sides?.pointed !== true) return false;
    const [from, to] = [factOf(this.#wrapped("M", (sides.byte as LoadNode).at)), factOf(at)];
    const difference = from === undefined || to === undefined ? undefined : differenceOf(to, from);
    return difference !== undefined && Math.abs(difference) <= STEPS_MAX;
  }

  #most(node: Node): number {
    if (isBinary(node)) return node.most;
    return isLoad(node) ? (node.memory === "M" ? 255 : NONE) : this.#ranges.most(node);
  }

  /** Hashes by the machine's own instruction where one side is, or can be put, in a byte of M. */
  #hash(node: BinaryNode, keep: Keep): void {
    const sides = this.#hashSides(node, keep);
    if (sides === undefined) return this.#hashInWord(node, keep);
    const { value, byte, pointed } = sides;
    this.value(value, sides.keep);
    if (pointed && this.#sizes.M !== 0) this.#reach(this.#wrapped("M", (byte as LoadNode).at), "b", keep);
    if (!pointed) {
      const operand = this.#operand(byte, keep);
      if (typeof operand === "string") this.emit(`*b=${operand}`);
      else if (operand === 0) this.emit("*b=0");
      else this.emit("*b=", operand);
    }
    this.emit("hash");
  }

  /** Which side of a hash comes into an unused element of H first, and the other one; undefined where that cannot be. */
  #wordSides({ a, b }: BinaryNode, keep: Keep): readonly [inside: Node, added: Node] | undefined {
    if (this.#unused.word === undefined || !this.#isFree("d", keep)) return undefined;
    const kept = new Set([...keep, "d" as const]);
    return ([[a, b], [b, a]] as const).find(([inside, added]) =>
      this.#later(keep, () => this.#fits(inside, keep) && this.#fits(added, kept))
    );
  }

  /** Hashes in an unused element of H where there is one, or else by a sum and a product. */
  #hashInWord(node: BinaryNode, keep: Keep): void {
    const sides = this.#wordSides(node, keep);
    if (sides === undefined) return this.value(expanded(node), keep);
    const [inside, added] = sides;
    this.value(inside, keep);
    this.#reach(this.#unused.word!, "d", keep);
    this.emit("*d=a");
    this.value(added, new Set([...keep, "d" as const]));
    this.emit("hashd");
    this.emit("a=*d");
  }

  /** Whether an operator with a number takes no register. */
  #isImmediate(operator: Operator, b: number): boolean {
    if (b <= 255) return true;
    switch (operator) {
      case "+":
      case "-":
        return Math.min(b, 2 ** 32 - b) <= SUM_MAX;
      case "^":
        return b === NONE;
      case "<<":
      case ">>":
        // All bits are shifted out.
        return true;
      case "&":
        return NONE - b <= 255 || Number.isInteger(Math.log2(b + 1)) ||
          Number.isInteger(Math.log2(2 ** 32 - b));
      default:
        return false;
    }
  }

  /** Puts a value into A. */
  value(node: Node, keep: Keep = NO_KEEP): void {
    if (typeof node === "number") {
      if (this.#holds("a", node)) return;
      const from = this.#registerOf(node);
      if (from !== undefined && node > 0) this.emit(`a=${from}`);
      else for (const { word, operand } of constantSteps(node)) this.emit(word, operand);
      return this.learn("a", node);
    }
    if (node instanceof Variable) {
      if (this.#holds("a", node)) return;
      const from = this.#registerOf(node);
      if (from !== undefined) this.emit(`a=${from}`);
      else if (this.#homes.spilled.has(node)) this.#loadSpilled(node);
      else this.cell("a=r", node);
      return this.learn("a", node);
    }
    if (isLoad(node)) return this.#load(node, keep);
    const fact = factOf(node);
    if (fact === undefined) return this.#binary(node, keep);
    if (this.#holds("a", node)) return;
    const from = this.#registerOf(node);
    if (from !== undefined) this.emit(`a=${from}`);
    else this.#binary(node, keep);
    this.learn("a", fact);
  }

  #loadSpilled(variable: Variable): void {
    if (this.#homes.spilled.get(variable)! <= 255) this.#spillAddress(variable, "d");
    else {
      for (const { word, operand } of constantSteps((NONE - this.#homes.spilled.get(variable)!) >>> 0)) {
        this.emit(word, operand);
      }
      this.emit("d=a");
    }
    this.emit("a=*d");
  }

  #load({ memory, at: address }: LoadNode, keep: Keep): void {
    const at = this.#wrapped(memory, address);
    if (this.#canPoint(memory, at, keep)) this.emit(`a=${this.#point(memory, at, keep)}`);
    else {
      this.value(at, keep);
      const register = this.pointer(memory, keep);
      this.emit(`${register}=a`);
      this.emit(`a=*${register}`);
    }
  }

  #binary(node: BinaryNode, keep: Keep): void {
    const { operator, a, b } = node;
    if (isComparison(operator)) return this.#truth(operator, a, b);
    if (operator === "hash") return this.#hash(node, keep);
    if (operator === "-" && a === 0) {
      this.value(b, keep);
      this.emit("a!");
      this.emit("a++");
    } else if (typeof b === "number" && this.#isImmediate(operator, b)) {
      const held = b > 255 && operator !== "<<" && operator !== ">>" ? this.#registerOf(b) : undefined;
      const kept = held === undefined ? keep : new Set([...keep, held]);
      if (held !== undefined && this.#fits(a, kept)) {
        this.value(a, kept);
        return this.emit(`${WORDS[operator]}${held}`);
      }
      this.value(a, keep);
      this.#immediate(operator, b);
    } else if ((operator === "<<" || operator === ">>") && typeof b !== "number") {
      this.#shift(operator, a, b);
    } else {
      const operand = this.#sides(a, b, keep, COMMUTATIVE.has(operator));
      this.#apply(WORDS[operator]!, operand.text);
    }
  }

  #immediate(operator: Operator, b: number): void {
    const wide = b > 255;
    switch (operator) {
      case "+":
      case "-": {
        const negative = b > SUM_MAX;
        return this.#add(negative ? 2 ** 32 - b : b, (operator === "+") !== negative);
      }
      case "^":
        if (wide) return this.emit("a!");
        break;
      case "<<":
        if (b === 1) return this.emit("a+=a");
        if (b > 31) return this.emit("a=0");
        break;
      case ">>":
        if (b > 31) return this.emit("a=0");
        break;
      case "&": {
        if (!wide) break;
        if (NONE - b <= 255) return this.emit("a&~", NONE - b);
        const low = Math.log2(b + 1);
        if (Number.isInteger(low)) {
          this.emit("a<<=", 32 - low);
          return this.emit("a>>=", 32 - low);
        }
        const high = Math.log2(2 ** 32 - b);
        this.emit("a>>=", high);
        return this.emit("a<<=", high);
      }
    }
    this.emit(WORDS[operator]!, b);
  }

  /** Adds a number to A, or subtracts it. */
  #add(amount: number, plus: boolean): void {
    // "a+= 128" is compiled wrongly by old versions of libzpaq.
    const isWrong = (part: number): boolean => plus && part === 128;
    for (let left = amount; left > 0;) {
      const most = Math.min(left, 255);
      const part = isWrong(most) || isWrong(left - most) ? most - 1 : most;
      if (part === 1) this.emit(plus ? "a++" : "a--");
      else this.emit(plus ? "a+=" : "a-=", part);
      left -= part;
    }
  }

  /** One side in A, the other as an operand; `swapped` says that the right one is in A. */
  #sides(
    a: Node,
    b: Node,
    keep: Keep,
    either: boolean,
  ): { readonly text: string | number; readonly swapped: boolean } {
    const inA = this.#holds("a", b) && either && this.#canOperand(a, keep) && !this.#holds("a", a);
    if (!inA && this.#canOperandLater(b, keep)) {
      this.value(a, keep);
      return { text: this.#operand(b, keep), swapped: false };
    }
    if (either && this.#canOperandLater(a, keep)) {
      this.value(b, keep);
      return { text: this.#operand(a, keep), swapped: true };
    }
    for (const register of this.#scratch) {
      if (keep.has(register)) continue;
      const kept = new Set([...keep, register]);
      if (!this.#fits(a, kept)) continue;
      this.value(b, keep);
      this.emit(`${register}=a`);
      // What was found to fit is checked again, now that registers hold something else.
      if (this.#fits(a, kept)) {
        this.value(a, kept);
        return { text: register, swapped: false };
      }
      break;
    }
    this.value(b, keep);
    const cell = this.wait();
    this.value(a, keep);
    return { text: this.#operand(cell, keep), swapped: false };
  }

  /** Shifts by 32 and more give 0, where the machine would take the count modulo 32. */
  #shift(operator: "<<" | ">>", a: Node, count: Node): void {
    const masked = isBinary(count) && count.operator === "&" && count.b === 31 ? count.a : count;
    const word = WORDS[operator]!;
    const most = isBinary(count)
      ? count.most
      : isLoad(count)
      ? (count.memory === "M" ? 255 : NONE)
      : this.#ranges.most(count);
    if (masked !== count || most < 32) {
      const { text } = this.#sides(a, masked, NO_KEEP, false);
      return this.#apply(word, text);
    }
    let { text } = this.#sides(a, count, NO_KEEP, false);
    if (typeof text === "string" && (text.startsWith("*") || text === "a")) {
      const register = this.spare;
      this.emit(`${register}=${text}`);
      text = register;
    }
    const end = this.label();
    this.emit(`${text}<>a`);
    this.emit("a>", 31);
    this.emit(`${text}<>a`);
    this.emit(`${word}${text}`);
    this.jump("jf", end);
    this.emit("a=0");
    this.place(end);
  }

  /** A comparison as 1 or 0. */
  #truth(operator: Comparison, a: Node, b: Node): void {
    const kind = this.#compare(operator, a, b);
    const end = this.label();
    this.emit("a=0");
    this.jump(kind === "jt" ? "jf" : "jt", end);
    this.emit("a++");
    this.place(end);
  }

  /** Sets the flag; the jump that is taken when the comparison holds. */
  #compare(operator: Comparison, a: Node, b: Node): "jt" | "jf" {
    if (typeof b === "number") return this.#compareNumber(operator, a, b);
    if (operator === "!=" || operator === ">=" || operator === "<=") {
      return this.#compare(OPPOSITE[operator], a, b) === "jt" ? "jf" : "jt";
    }
    const { text, swapped } = this.#sides(a, b, NO_KEEP, true);
    const used = swapped ? MIRRORED[operator] : operator;
    this.#apply(used === "==" ? "a==" : `a${used}`, text);
    return "jt";
  }

  #compareNumber(operator: Comparison, a: Node, b: number): "jt" | "jf" {
    switch (operator) {
      case "!=":
        return this.#compareNumber("==", a, b) === "jt" ? "jf" : "jt";
      case ">=":
        if (b === 0) return this.#always(true);
        return this.#compareNumber(">", a, b - 1);
      case "<=":
        return this.#compareNumber(">", a, b) === "jt" ? "jf" : "jt";
      case "<":
        if (b === 0) return this.#always(false);
        if (b <= 255) break;
        return this.#compareNumber(">", a, b - 1) === "jt" ? "jf" : "jt";
    }
    if (b <= 255) {
      this.value(a);
      this.emit(operator === "==" ? "a==" : `a${operator}`, b);
      return "jt";
    }
    const range = a instanceof Variable ? this.#ranges.of(a) : undefined;
    if (operator === "==" && b === NONE && range !== undefined && range.most <= 255) {
      this.value(a);
      this.emit("a>", range.most);
      return "jt";
    }
    const held = this.#registerOf(b);
    if (held === undefined && operator === "==" && b === NONE) {
      this.value(a);
      this.emit("a++");
      this.emit("a==", 0);
      return "jt";
    }
    const shift = Math.log2(b + 1);
    if (held === undefined && operator === ">" && Number.isInteger(shift) && shift < 32) {
      this.value(a);
      this.emit("a>>=", shift);
      this.emit("a>", 0);
      return "jt";
    }
    const { text } = this.#sides(a, b, NO_KEEP, false);
    this.#apply(operator === "==" ? "a==" : `a${operator}`, text);
    return "jt";
  }

  #always(outcome: boolean): "jt" | "jf" {
    this.emit("a==a");
    return outcome ? "jt" : "jf";
  }

  // Steps.

  /** Everything but the end of a block. */
  step(step: Step): void {
    this.line = step.line;
    switch (step.type) {
      case "set":
        return this.set(step.to, step.value);
      case "store":
        return this.#store(step.memory, this.#wrapped(step.memory, step.at), step.value);
      case "out":
        this.value(step.value);
        return this.emit("out");
    }
  }

  /** Jumps to `yes` when a comparison holds, to `no` otherwise; `next` is what follows anyway. */
  branch(operator: Comparison, a: Node, b: Node, yes: Label, no: Label, next: Label | undefined): void {
    if (typeof a === "number" && typeof b === "number") {
      return this.jump("jmp", holds(operator, a, b) ? yes : no);
    }
    const kind = this.#compare(operator, a, b);
    if (yes === next) return this.jump(kind === "jt" ? "jf" : "jt", no);
    this.jump(kind, yes);
    if (no !== next) this.jump("jmp", no);
  }

  /** Gives a variable a value. */
  set(to: Variable, value: Node): void {
    this.#forget(to);
    const home = this.#homes.registers.get(to);
    if (home === undefined) {
      this.value(value);
      return this.store(to);
    }
    if (isBinary(value) && value.a === to && typeof value.b === "number") {
      const { operator, b } = value;
      if (b <= 2 && (operator === "+" || operator === "-")) {
        for (let i = 0; i < b; i++) this.emit(`${home}${operator === "+" ? "++" : "--"}`);
        return this.#contents.assigned(to);
      }
      if (operator === "^" && b === NONE) {
        this.emit(`${home}!`);
        return this.#contents.assigned(to);
      }
    }
    if (value === to) return;
    if (this.#canReach(value, home, NO_KEEP)) {
      const same = (["a", ...REGISTERS] as const).filter((register) => this.#holds(register, value));
      this.#reach(value, home, NO_KEEP);
      return this.#contents.assigned(to, ...same);
    }
    this.value(value);
    this.store(to);
  }

  /** The byte that was stored last is not known any more if it was made of this variable. */
  #forget(variable: Variable): void {
    if (this.#stored === undefined) return;
    const { at, value } = this.#stored;
    if (value === variable || [...leavesOf(at)].includes(variable)) this.#stored = undefined;
  }

  /** Stores A in a variable. */
  store(to: Variable): void {
    this.#forget(to);
    const home = this.#homes.registers.get(to);
    const slot = this.#homes.spilled.get(to);
    if (home !== undefined) this.emit(`${home}=a`);
    else if (slot === undefined) this.cell("r=a", to);
    else if (slot <= 255) {
      this.#spillAddress(to, "d");
      this.emit("*d=a");
    } else {
      const cell = this.wait();
      for (const { word, operand } of constantSteps((NONE - slot) >>> 0)) this.emit(word, operand);
      this.emit("d=a");
      this.cell("a=r", cell);
      this.emit("*d=a");
    }
    this.#contents.assigned(to, "a");
  }

  /** Whether a value comes into A with D kept, which points at the element by then: what it holds now does not count. */
  #fitsGathering(node: Node, keep: Keep): boolean {
    return this.#later(NO_KEEP, () => this.#fits(node, keep));
  }

  /** Whether a value can be made in the element of H that D points at, which nothing else reads. */
  #canGather(node: Node, at: Node, keep: Keep): boolean {
    if (
      typeof node === "number" && node <= 255 ||
      isLoad(node) && isSame(node, { type: "load", memory: "H", at })
    ) {
      return true;
    }
    if (isBinary(node) && node.operator === "hash") return this.#gatherSides(node, at, keep) !== undefined;
    return !loadsFrom(node, "H") && this.#fitsGathering(node, keep);
  }

  /** The side of a hash that is made in the element, and the other one. */
  #gatherSides({ a, b }: BinaryNode, at: Node, keep: Keep): readonly [inside: Node, added: Node] | undefined {
    const isInside = (node: Node): boolean =>
      !(node instanceof Variable) && (!isBinary(node) || node.operator === "hash");
    const orders = isInside(b) && !(isBinary(a) && a.operator === "hash")
      ? [[b, a], [a, b]] as const
      : [[a, b], [b, a]] as const;
    return orders.find(([inside, added]) =>
      !loadsFrom(added, "H") && this.#fitsGathering(added, keep) &&
      this.#canGather(inside, at, keep)
    );
  }

  /** Makes a value in the element of H that D points at. */
  #gather(node: Node, at: Node, keep: Keep): void {
    if (isLoad(node) && isSame(node, { type: "load", memory: "H", at })) return;
    if (isBinary(node) && node.operator === "hash") {
      const [inside, added] = this.#gatherSides(node, at, keep)!;
      this.#gather(inside, at, keep);
      this.value(added, keep);
      return this.emit("hashd");
    }
    if (typeof node === "number" && node <= 255) {
      return node === 0 ? this.emit("*d=0") : this.emit("*d=", node);
    }
    this.value(node, keep);
    this.emit("*d=a");
  }

  /** Stores a hash, or a sum or the like with one, by the machine's own instruction for elements of H; false if it can't. */
  #storeHash(at: Node, value: Node): boolean {
    if (!isBinary(value)) return false;
    const keep: Keep = new Set(["d"]);
    if (this.#sizes.H !== 0 && !this.#isFree("d", NO_KEEP)) return false;
    const hashOf = (node: Node): BinaryNode | undefined =>
      isBinary(node) && node.operator === "hash" ? node : undefined;
    const { a, b, operator } = value;
    const isSum = COMMUTATIVE.has(operator) && operator !== "hash";
    const hash = hashOf(value) ?? (isSum ? hashOf(a) ?? hashOf(b) : undefined);
    const other = hash === value ? undefined : hash === a ? b : a;
    if (hash === undefined || this.#hashSides(hash, NO_KEEP)?.pointed === true) return false;
    if (!this.#canGather(hash, at, keep)) return false;
    if (other !== undefined) {
      if (loadsFrom(other, "H")) return false;
      if (!this.#fitsGathering(other, keep)) return false;
    }
    if (this.#sizes.H !== 0) {
      if (this.#canReach(at, "d", NO_KEEP)) this.#reach(at, "d", NO_KEEP);
      else {
        this.value(at);
        this.emit("d=a");
      }
    }
    this.#gather(hash, at, keep);
    if (other !== undefined) {
      this.value(other, keep);
      this.emit(`${WORDS[operator]!}*d`);
      this.emit("*d=a");
    }
    return true;
  }

  #store(memory: Memory, at: Node, value: Node): void {
    this.#storeValue(memory, at, value);
    if (memory === "H") return;
    const isKnown = value instanceof Variable && this.#ranges.most(value) <= 255 && !loadsFrom(at, "M") &&
      !loadsFrom(at, "H");
    this.#stored = isKnown ? { at, value } : undefined;
  }

  #storeValue(memory: Memory, at: Node, value: Node): void {
    if (memory === "H" && this.#storeHash(at, value)) return;
    if (this.#canPoint(memory, at, NO_KEEP)) {
      if (
        isBinary(value) && value.b === 1 && isLoad(value.a) && value.a.memory === memory &&
        this.#wrapped(memory, value.a.at) === at
      ) {
        if (value.operator === "+" || value.operator === "-") {
          const pointer = this.#point(memory, at, NO_KEEP);
          return this.emit(`${pointer}${value.operator === "+" ? "++" : "--"}`);
        }
      }
      if (typeof value === "number" && value <= 255 && !this.#holds("a", value)) {
        const pointer = this.#point(memory, at, NO_KEEP);
        return value === 0 ? this.emit(`${pointer}=0`) : this.emit(`${pointer}=`, value);
      }
      const register = this.#holds("a", value) ? undefined : this.#registerOf(value);
      if (register !== undefined && this.#canPoint(memory, at, new Set([register]))) {
        const pointer = this.#point(memory, at, new Set([register]));
        return this.emit(`${pointer}=${register}`);
      }
    }
    if (this.#canOperandLater({ type: "load", memory, at }, NO_KEEP)) {
      this.value(value);
      return this.emit(`${this.#point(memory, at, NO_KEEP)}=a`);
    }
    const pointer = this.pointer(memory);
    const kept = new Set([pointer]);
    if (typeof value === "number" && value <= 255 || this.#fits(value, kept)) {
      this.value(at);
      this.emit(`${pointer}=a`);
      if (typeof value === "number" && value <= 255) {
        return value === 0 ? this.emit(`*${pointer}=0`) : this.emit(`*${pointer}=`, value);
      }
      if (this.#fits(value, kept)) {
        this.value(value, kept);
        return this.emit(`*${pointer}=a`);
      }
    }
    this.value(value);
    const cell = this.wait();
    this.value(at);
    this.emit(`${pointer}=a`);
    this.cell("a=r", cell);
    this.emit(`*${pointer}=a`);
  }
}
