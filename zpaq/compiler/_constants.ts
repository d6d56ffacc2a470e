/**
 * Values that are known without running anything, modulo 2^32.
 */
import type { BinaryOperator, Expression } from "./_ast.ts";

const U32 = 2n ** 32n;

/** Python's result of an operator on whole numbers; undefined where Python raises. */
export function applyBinary(operator: BinaryOperator, left: bigint, right: bigint): bigint | undefined {
  switch (operator) {
    case "+":
      return left + right;
    case "-":
      return left - right;
    case "*":
      return left * right;
    case "&":
      return left & right;
    case "|":
      return left | right;
    case "^":
      return left ^ right;
    case "//":
    case "%": {
      if (right === 0n) return undefined;
      const rest = ((left % right) + right) % right;
      return operator === "%" ? rest : (left - rest) / right;
    }
    case "<<":
      return right < 0n ? undefined : right > 64n ? 0n : left << right;
    case ">>":
      return right < 0n ? undefined : right > 4096n ? (left < 0n ? -1n : 0n) : left >> right;
    case "**":
      return right < 0n ? undefined : powerModulo(left, right);
    default:
      return undefined;
  }
}

/** Powers are exact modulo 2^32 only: more of them would not fit. */
function powerModulo(base: bigint, exponent: bigint): bigint {
  let [result, square] = [1n, ((base % U32) + U32) % U32];
  for (let left = exponent; left > 0n; left >>= 1n) {
    if (left & 1n) result = result * square % U32;
    square = square * square % U32;
  }
  return result;
}

/** The values that names have. */
export interface NamedValues {
  /** Undefined where a name's value is not known. */
  get(name: string): number | undefined;
}

/** The value of an expression of literals and named constants; undefined where it has none. */
export function constantOf(
  expression: Expression,
  names: NamedValues = new Map(),
): number | undefined {
  const value = integerOf(expression, names);
  return value === undefined ? undefined : Number(((value % U32) + U32) % U32);
}

/** The whole number that Python has for such an expression, which may be negative. */
export function integerOf(expression: Expression, names: NamedValues): bigint | undefined {
  switch (expression.type) {
    case "number":
      return BigInt(expression.value);
    case "constant":
      return expression.name === "True" ? 1n : 0n;
    case "name": {
      const value = names.get(expression.text);
      return value === undefined ? undefined : BigInt(value);
    }
    case "unary": {
      const operand = integerOf(expression.operand, names);
      if (operand === undefined) return undefined;
      if (expression.operator === "not") return operand === 0n ? 1n : 0n;
      return expression.operator === "-" ? -operand : expression.operator === "~" ? ~operand : operand;
    }
    case "binary": {
      const left = integerOf(expression.left, names);
      const right = left === undefined ? undefined : integerOf(expression.right, names);
      return right === undefined ? undefined : applyBinary(expression.operator, left!, right);
    }
    default:
      return undefined;
  }
}
