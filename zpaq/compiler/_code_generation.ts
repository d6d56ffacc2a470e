/**
 * From a graph to placed instructions: which variables live where, entry and return code, the blocks.
 */
import { allocateCells } from "./_cells.ts";
import type { HeaderData } from "./_header.ts";
import type { HomeWishes } from "./_homes.ts";
import { Variable } from "./_ir.ts";
import type { Block, Graph, Memory, Operation, SavedFrame, Table } from "./_ir.ts";
import { successorsOf } from "./_ir.ts";
import { layOut, withoutDead } from "./_layout.ts";
import type { PlacedInstruction } from "./_layout.ts";
import { FIRST_CALL, NEW_CALL } from "./_lowering_context.ts";
import type { OptimizationLevel } from "./_level.ts";
import { withoutUnused } from "./_machine_code.ts";
import type { Item, Label } from "./_machine_code.ts";
import { cleanCells } from "./_peephole.ts";
import type { PreparedGraph } from "./_prepared_graph.ts";
import { joinContents, NOTHING_HELD } from "./_register_contents.ts";
import type { Contents, Register } from "./_register_contents.ts";
import { Selection } from "./_selection.ts";
import type { Homes, Observer } from "./_selection.ts";
import { emitTable } from "./_table_code.ts";
import { mergeTails } from "./_tails.ts";
import type { TailMerging } from "./_tails.ts";
import type { Step } from "./_trees.ts";

/** Where a variable lives. */
export interface VariablePlace {
  readonly variable: Variable;
  /** "R17", "B", or "H[-3]", counted from the end. */
  readonly place: string;
}

/** The code of one section. */
export interface SectionCode {
  readonly instructions: readonly PlacedInstruction[];
  readonly graph: Graph;
  readonly prepared: PreparedGraph<SectionCode>;
  /** log2 of the arrays that the code needs. */
  readonly h: number;
  readonly m: number;
  readonly places: readonly VariablePlace[];
  /** How it was made, and what that came to. */
  readonly plan: CodePlan;
  readonly homes: ReadonlyMap<Variable, Register>;
  readonly free: readonly Register[];
}

const DISPATCH_LINEAR_MAX = 4;
const BYTE_MAX = 255;
/** What A, or the register that it was saved in, holds when the machine is called. */
const INPUT = new Variable("(input)", undefined, false);

/** The log2 of an array with so many elements more. */
function grown(size: number, more: number): number {
  return more === 0 ? size : Math.ceil(Math.log2(2 ** size + more));
}

/** What may be done in one way or another, which measuring decides. */
export interface CodePlan extends HomeWishes {
  /** The registers that variables may live in; undefined for what suits most programs. */
  readonly registers?: readonly Register[];
  /** Whether the program first tries whether a new call begins, before it looks for what it waited for. */
  readonly enterFirst: boolean;
  /** Which equal endings are made one. */
  readonly tails: TailMerging;
}

/** What suits most programs. */
export const USUAL_PLAN: CodePlan = {
  homeless: new Set(),
  preferred: new Set(),
  enterFirst: false,
  tails: "none",
};

/** Code as it is made, for tests: no two variables share a cell, nothing is left out, and `claims` is filled. */
export interface CodeAudit {
  /** What registers are said to hold after each item. */
  readonly claims: Map<Item, Contents>;
  /** Where variables are while the code runs. */
  places: ReadonlyMap<Variable, Register | number>;
}

/** Makes the code. */
export function generateCode(
  prepared: PreparedGraph<SectionCode>,
  header: HeaderData,
  level: OptimizationLevel,
  stackSize: number,
  plan: CodePlan = USUAL_PLAN,
  audit?: CodeAudit,
): SectionCode {
  // Long: one loop, which begins anew with variables in H where there are more than cells.
  const { graph, ranges, steps } = prepared;
  const spilled = new Map<Variable, number>();
  const [userH, userM] = graph.part === "hcomp" ? [header.hh, header.hm] : [header.ph, header.pm];
  const tableSize = (memory: Memory): number =>
    graph.tables.filter((table) => table.memory === memory).reduce(
      (sum, { values }) => sum + values.length,
      0,
    );
  let key = "";
  while (true) {
    const h = grown(userH, tableSize("H") + spilled.size + (graph.recursive ? stackSize : 0));
    const m = grown(userM, tableSize("M"));
    const usesH = spilled.size > 0 || graph.recursive || usesMemory(graph, "H");
    const usesM = usesMemory(graph, "M");
    const usual = freeRegisters(graph, usesH && h > 0, usesM && m > 0);
    const free = spilled.size > 0 ? usual : plan.registers ?? usual;
    const registers = level === 0 ? new Map<Variable, Register>() : prepared.homes.choose(free, plan);
    if (spilled.size === 0 && audit === undefined) {
      // Many plans come to the same.
      key = prepared.keyOf(registers, plan);
      const made = prepared.made.get(key);
      if (made !== undefined) return made;
    }
    for (const variable of spilled.keys()) registers.delete(variable);
    const slots = new Map([...spilled].map(([variable, slot]) => [variable, tableSize("H") + slot]));
    const homes: Homes = { registers, spilled: slots };
    const sizes = { H: h === userH ? h : undefined, M: m === userM ? m : undefined };
    const observe: Observer | undefined = audit &&
      ((item, contents) => void audit.claims.set(item, contents));
    const word = spilled.size === 0 ? unusedWord(graph, h, header.components.length) : undefined;
    const selection = new Selection(homes, ranges, sizes, { bytes: !usesM, word }, observe);
    const maker = new CodeMaker(
      graph,
      steps,
      homes,
      selection,
      tableSize("H") + spilled.size,
      stackSize,
      plan,
    );
    maker.make();
    if (audit !== undefined) {
      const { cells, instructions } = withOwnCells(maker.items);
      audit.places = new Map<Variable, Register | number>([...cells, ...registers]);
      return { instructions, graph, prepared, h, m, places: [], plan, homes: registers, free };
    }
    const items = withoutUnused(withoutDead(maker.items));
    const { cells, homeless } = allocateCells(
      items,
      maker.first,
      new Set([...maker.temporaries, graph.resume, INPUT]),
    );
    if (homeless.length > 0) {
      for (const variable of homeless) spilled.set(variable, spilled.size);
      continue;
    }
    const instructions = layOut(mergeTails(cleanCells(items, cells), cells, plan.tails), cells);
    const places: VariablePlace[] = [
      ...[...registers].map(([variable, register]) => ({ variable, place: register.toUpperCase() })),
      ...[...slots].map(([variable, slot]) => ({ variable, place: `H[${2 ** h - 1 - slot}]` })),
      ...[...cells].map(([variable, cell]) => ({ variable, place: `R${cell}` })),
    ];
    const code = { instructions, graph, prepared, h, m, places, plan, homes: registers, free };
    prepared.made.set(key, code);
    return code;
  }
}

/** Places code in which each variable has a cell of its own. */
function withOwnCells(
  items: readonly Item[],
): { readonly cells: ReadonlyMap<Variable, number>; readonly instructions: readonly PlacedInstruction[] } {
  const cells = new Map<Variable, number>();
  for (const item of items) {
    const variable = item.type === "cell" || item.type === "halt" ? item.variable : undefined;
    if (variable !== undefined && !cells.has(variable)) cells.set(variable, cells.size);
  }
  return { cells, instructions: layOut(items, cells) };
}

/** Registers that variables may live in: one of those that arrays are pointed at by is left for each array. */
function freeRegisters(graph: Graph, usesH: boolean, usesM: boolean): readonly Register[] {
  if (!usesM) return usesH ? ["b", "c"] : ["b", "d"];
  // What is hashed is pointed at by B.
  const hashes = graph.blocks.some(({ operations }) =>
    operations.some((each) => each.type === "binary" && each.operator === "hash")
  );
  const left = hashes ? "c" : "b";
  return usesH ? [left] : [left, "d"];
}

/** An element of H, of 2^h, that the program does not use and that is no context. */
function unusedWord(graph: Graph, h: number, contexts: number): number | undefined {
  if (graph.recursive || graph.tables.some(({ memory }) => memory === "H")) return undefined;
  let free = graph.part === "hcomp" ? contexts : 0;
  for (const { operations } of graph.blocks) {
    for (const operation of operations) {
      if (operation.type !== "load" && operation.type !== "store" || operation.memory !== "H") continue;
      if (typeof operation.at !== "number") return undefined;
      free = Math.max(free, operation.at % 2 ** h + 1);
    }
  }
  return free < 2 ** h && free <= BYTE_MAX ? free : undefined;
}

function usesMemory(graph: Graph, memory: Memory): boolean {
  return graph.tables.some((table) => table.memory === memory) ||
    graph.blocks.some(({ operations }) =>
      operations.some((each) => (each.type === "load" || each.type === "store") && each.memory === memory)
    );
}

/** Makes items for all blocks. */
class CodeMaker {
  readonly first: Label;
  readonly #graph: Graph;
  readonly #homes: Homes;
  readonly #selection: Selection;
  readonly #steps: ReadonlyMap<Block, readonly Step[]>;
  readonly #labels = new Map<Block, Label>();
  readonly #entries = new Map<Block, Contents[]>();
  readonly #expected = new Map<Block, number>();
  readonly #stackStart: number;
  readonly #stackSize: number;
  readonly #plan: CodePlan;

  constructor(
    graph: Graph,
    steps: ReadonlyMap<Block, readonly Step[]>,
    homes: Homes,
    selection: Selection,
    stackStart: number,
    stackSize: number,
    plan: CodePlan,
  ) {
    this.#plan = plan;
    this.#graph = graph;
    this.#homes = homes;
    this.#steps = steps;
    this.#selection = selection;
    this.#stackStart = stackStart;
    this.#stackSize = stackSize;
    this.first = this.#selection.label("entry");
    for (const block of graph.blocks) {
      this.#labels.set(block, this.#selection.label(`block${block.id}.`));
      this.#entries.set(block, []);
      this.#expected.set(block, 0);
    }
    const expect = (block: Block): void =>
      void this.#expected.set(block, (this.#expected.get(block) ?? 0) + 1);
    for (const block of graph.blocks) {
      if (block.end.type === "read" || block.end.type === "halt") continue;
      successorsOf(block, graph.enter).forEach(expect);
    }
  }

  get items(): readonly Item[] {
    return this.#selection.items;
  }

  get temporaries(): ReadonlySet<Variable> {
    return this.#selection.temporaries;
  }

  make(): void {
    this.#entry();
    const { blocks } = this.#graph;
    for (const [i, block] of blocks.entries()) this.#block(block, blocks[i + 1]);
  }

  /** The first call runs the start, calls that wait go on there, all others begin anew. */
  #entry(): void {
    const { start, enter, blocks, resume } = this.#graph;
    const selection = this.#selection;
    selection.line = enter.end.line;
    selection.place(this.first);
    const waits = blocks.flatMap(({ end }) =>
      end.type === "read" ? [{ value: end.state, to: end.next }] : []
    );
    const input = (register: "a" | Register): Contents => ({ ...NOTHING_HELD, [register]: [INPUT] });
    if (start === enter && waits.length === 0) {
      this.#expectOneMore(enter);
      selection.contents = input("a");
      this.#arrive(enter);
      if (blocks[0] !== enter) selection.jump("jmp", this.#label(enter));
      return;
    }
    const saved = waits.length === 0 ? this.#inputHome() : undefined;
    const spare = saved ?? selection.spare;
    selection.emit(`${spare}=a`);
    selection.contents = input(spare);
    // Large numbers take a register to be compared with: the input waits in a cell.
    if (waits.some(({ value }) => value > BYTE_MAX)) selection.cell("r=a", INPUT);
    for (const block of [start, enter, ...waits.map(({ to }) => to)]) this.#expectOneMore(block);
    const cases = [...waits].sort((a, b) => b.to.depth - a.to.depth || a.value - b.value);
    const rest = { value: NEW_CALL, to: enter };
    const first = { value: FIRST_CALL, to: start };
    if (!this.#plan.enterFirst) return this.#dispatch(resume, [...cases, first, rest], blocks[0]);
    const on = selection.label();
    selection.branch("==", resume, NEW_CALL, this.#label(enter), on, on);
    this.#arrive(enter);
    selection.place(on);
    this.#dispatch(resume, [...cases, first], blocks[0]);
  }

  /** The register that the input goes to in any case. */
  #inputHome(): Register | undefined {
    const [first, second] = [this.#graph.start, this.#graph.enter].map(({ operations: [operation] }) =>
      operation?.type === "input" ? this.#homes.registers.get(operation.to) : undefined
    );
    return first === second ? first : undefined;
  }

  #expectOneMore(block: Block): void {
    this.#expected.set(block, this.#expected.get(block)! + 1);
  }

  /** A block is reached with what registers hold now. */
  #arrive(block: Block): void {
    this.#entries.get(block)!.push(this.#selection.contents);
  }

  /** Goes where a variable says; the last case takes all that are left. */
  #dispatch(
    variable: Variable,
    cases: readonly { readonly value: number; readonly to: Block }[],
    next: Block | undefined,
  ): void {
    const selection = this.#selection;
    const last = cases.at(-1)!;
    if (cases.length === 1) {
      this.#arrive(last.to);
      if (last.to !== next) selection.jump("jmp", this.#label(last.to));
      return;
    }
    if (cases.length > DISPATCH_LINEAR_MAX) {
      const sorted = [...cases].sort((a, b) => a.value - b.value);
      const middle = sorted.length >>> 1;
      const high = selection.label();
      const low = selection.label();
      selection.branch(">=", variable, sorted[middle]!.value, high, low, low);
      const { contents } = selection;
      selection.place(low);
      this.#dispatch(variable, sorted.slice(0, middle), undefined);
      selection.placeWith(high, contents);
      return this.#dispatch(variable, sorted.slice(middle), next);
    }
    for (const { value, to } of cases.slice(0, -1)) {
      if (to === last.to) {
        this.#arrive(to);
        continue;
      }
      const on = selection.label();
      selection.branch("==", variable, value, this.#label(to), on, on);
      this.#arrive(to);
      selection.place(on);
    }
    this.#arrive(last.to);
    if (last.to !== next) selection.jump("jmp", this.#label(last.to));
  }

  #label(block: Block): Label {
    return this.#labels.get(block)!;
  }

  #block(block: Block, next: Block | undefined): void {
    const selection = this.#selection;
    selection.depth = block.depth;
    selection.placeWith(this.#label(block), this.#contentsAt(block));
    for (const step of this.#steps.get(block)!) {
      if (step.type === "other") {
        selection.line = step.line;
        this.#other(step.operation);
      } else if (step.type === "branch") {
        selection.line = step.line;
        const { yes, no } = step.end;
        const nextLabel = next === undefined ? undefined : this.#label(next);
        selection.branch(step.operator, step.a, step.b, this.#label(yes), this.#label(no), nextLabel);
        for (const target of [yes, no]) this.#arrive(target);
      } else selection.step(step);
    }
    if (block.end.type !== "branch") this.#end(block, next);
  }

  /** What registers hold in every case; nothing is known where a way in is not made yet. */
  #contentsAt(block: Block): Contents {
    const entries = this.#entries.get(block)!;
    const [first, ...others] = entries;
    if (first === undefined || entries.length !== this.#expected.get(block)) {
      return NOTHING_HELD;
    }
    return joinContents(first, others);
  }

  #end({ end }: Block, next: Block | undefined): void {
    const selection = this.#selection;
    selection.line = end.line;
    switch (end.type) {
      case "jump":
        this.#arrive(end.to);
        if (end.to.operations.length === 0 && end.to.end.type === "halt" && end.to !== next) {
          return this.#end(end.to, undefined);
        }
        if (end.to !== next) selection.jump("jmp", this.#label(end.to));
        return;
      case "call": {
        const { entry, sites, origin } = end.callee;
        if (sites.length > 1) selection.set(origin, sites.indexOf(end.next));
        this.#arrive(entry);
        if (entry !== next) selection.jump("jmp", this.#label(entry));
        return;
      }
      case "return": {
        const { sites, origin } = end.routine;
        const cases = sites.map((to, value) => ({ value, to })).sort((a, b) =>
          b.to.depth - a.to.depth || a.value - b.value
        );
        if (cases.length > 1) selection.value(origin);
        return this.#dispatch(origin, cases, next);
      }
      case "read":
        return selection.halt(this.#label(end.next), this.#graph.resume);
      case "halt":
        return selection.halt(this.#label(this.#graph.enter), this.#graph.resume);
      case "error":
        return selection.emit("error");
    }
  }

  #other(operation: Operation): void {
    const selection = this.#selection;
    switch (operation.type) {
      case "input":
        return selection.set(operation.to, INPUT);
      case "save":
        return this.#save(operation.frame);
      case "restore":
        return this.#restore(operation.frame);
      case "table":
        return this.#table(operation.table);
    }
  }

  #table(table: Table): void {
    emitTable(this.#selection, table);
  }

  /** Pushes variables. The stack grows from the end of H downwards; its pointer is 0 at first. */
  #save({ variables }: SavedFrame): void {
    if (variables.length === 0) return;
    const selection = this.#selection;
    const { stack } = this.#graph;
    const [good, bad] = [selection.label(), selection.label()];
    // The pointer wraps below 0: all that is used so far is its complement.
    selection.branch(
      "<",
      { type: "binary", operator: "-", a: 0, b: stack, most: 2 ** 32 - 1 },
      this.#stackSize - variables.length,
      good,
      bad,
      bad,
    );
    selection.place(bad);
    selection.emit("error");
    selection.place(good);
    for (const group of this.#groups(variables)) {
      const held = this.#isSpilled(variables) ? selection.wait(group[0]) : undefined;
      this.#stackAddress();
      for (const variable of group) {
        selection.value(held ?? variable);
        selection.emit("d--");
        selection.emit("*d=a");
      }
      this.#moveStack();
    }
  }

  /** Variables that can be pushed or popped in a row: D cannot point at the stack and at a variable in H. */
  #groups(variables: readonly Variable[]): readonly (readonly Variable[])[] {
    return this.#isSpilled(variables) ? variables.map((each) => [each]) : [variables];
  }

  #isSpilled(variables: readonly Variable[]): boolean {
    return variables.some((variable) => this.#homes.spilled.has(variable));
  }

  #restore({ variables }: SavedFrame): void {
    if (variables.length === 0) return;
    const selection = this.#selection;
    for (const group of this.#groups([...variables].reverse())) {
      this.#stackAddress();
      const waiting: [Variable, Variable][] = [];
      for (const variable of group) {
        selection.emit("a=*d");
        selection.emit("d++");
        if (this.#isSpilled(variables)) waiting.push([variable, selection.wait()]);
        else selection.store(variable);
      }
      this.#moveStack();
      for (const [variable, held] of waiting) selection.set(variable, held);
    }
  }

  /** D points at the top of the stack. */
  #stackAddress(): void {
    const selection = this.#selection;
    selection.value(this.#graph.stack);
    if (this.#stackStart > 0) {
      selection.value({
        type: "binary",
        operator: "-",
        a: this.#graph.stack,
        b: this.#stackStart,
        most: 2 ** 32 - 1,
      });
    }
    selection.emit("d=a");
  }

  #moveStack(): void {
    const selection = this.#selection;
    selection.emit("a=d");
    if (this.#stackStart > 0) {
      const held = new Variable("", undefined, true);
      selection.learn("a", held);
      selection.value({ type: "binary", operator: "+", a: held, b: this.#stackStart, most: 2 ** 32 - 1 });
    }
    selection.store(this.#graph.stack);
  }
}
