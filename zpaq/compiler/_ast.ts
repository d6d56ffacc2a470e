/**
 * The syntax tree.
 */
import type { Span } from "./_source_text.ts";

/** A name where it stands. */
export interface Name extends Span {
  readonly text: string;
}

/** Operators of two operands. */
export type BinaryOperator = "+" | "-" | "*" | "/" | "//" | "%" | "**" | "<<" | ">>" | "&" | "|" | "^" | "@";

/** Operators of comparisons; "is" and "is not" compare values here. */
export type CompareOperator = "<" | ">" | "==" | ">=" | "<=" | "!=" | "is" | "is not" | "in" | "not in";

/** An argument of a call, by place or by name. */
export interface Argument {
  readonly name: Name | undefined;
  readonly value: Expression;
}

/** Something with a value. */
export type Expression =
  & Span
  & (
    | { readonly type: "number"; readonly value: number }
    | { readonly type: "string"; readonly text: string }
    | { readonly type: "bytes"; readonly values: readonly number[] }
    | { readonly type: "constant"; readonly name: "None" | "True" | "False" | "..." }
    | { readonly type: "name"; readonly text: string }
    | { readonly type: "index"; readonly base: Expression; readonly index: Expression }
    | { readonly type: "call"; readonly callee: Name; readonly args: readonly Argument[] }
    | { readonly type: "unary"; readonly operator: "+" | "-" | "~" | "not"; readonly operand: Expression }
    | {
      readonly type: "binary";
      readonly operator: BinaryOperator;
      readonly at: Span;
      readonly left: Expression;
      readonly right: Expression;
    }
    | { readonly type: "boolean"; readonly operator: "and" | "or"; readonly operands: readonly Expression[] }
    | { readonly type: "compare"; readonly first: Expression; readonly links: readonly CompareLink[] }
    | {
      readonly type: "conditional";
      readonly test: Expression;
      readonly then: Expression;
      readonly otherwise: Expression;
    }
    | {
      readonly type: "dict";
      readonly entries: readonly { readonly key: Expression; readonly value: Expression }[];
    }
    | { readonly type: "tuple"; readonly items: readonly Expression[] }
    | { readonly type: "wrong" }
  );

/** One link of a chain of comparisons. */
export interface CompareLink {
  readonly operator: CompareOperator;
  readonly at: Span;
  readonly operand: Expression;
}

/** A parameter. */
export interface Parameter extends Name {
  readonly standard: Expression | undefined;
}

/** A function. */
export interface FunctionDefinition extends Span {
  readonly type: "def";
  readonly name: Name;
  readonly parameters: readonly Parameter[];
  readonly body: readonly Statement[];
}

/** Something that is done. */
export type Statement =
  | FunctionDefinition
  | (
    & Span
    & (
      | { readonly type: "assign"; readonly targets: readonly Expression[]; readonly value: Expression }
      | {
        readonly type: "augmented";
        readonly operator: BinaryOperator;
        readonly at: Span;
        readonly target: Expression;
        readonly value: Expression;
      }
      | { readonly type: "expression"; readonly value: Expression }
      | { readonly type: "pass" }
      | { readonly type: "break" }
      | { readonly type: "continue" }
      | { readonly type: "return"; readonly value: Expression | undefined }
      | { readonly type: "global"; readonly names: readonly Name[] }
      | { readonly type: "assert"; readonly test: Expression }
      | {
        readonly type: "if";
        readonly test: Expression;
        readonly then: readonly Statement[];
        readonly otherwise: readonly Statement[];
      }
      | {
        readonly type: "while";
        readonly test: Expression;
        readonly body: readonly Statement[];
        readonly otherwise: readonly Statement[];
      }
      | {
        readonly type: "for";
        readonly variable: Name;
        readonly range: readonly Expression[];
        readonly body: readonly Statement[];
        readonly otherwise: readonly Statement[];
      }
    )
  );
