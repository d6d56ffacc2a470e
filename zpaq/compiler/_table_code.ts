/**
 * Code that writes constant tables, backwards from the end of the array.
 */
import { constantSteps } from "./_constant_synthesis.ts";
import type { Table } from "./_ir.ts";
import type { Selection } from "./_selection.ts";

/** Runs of so many equal values are written by a loop, if their end can be compared with. */
const RUN_MIN = 5;
const BYTE_MAX = 255;

/** Writes a table. */
export function emitTable(selection: Selection, { memory, values, base }: Table): void {
  const pointer = selection.pointer(memory);
  let held: number | undefined;
  const load = (value: number): void => {
    if (value === held) return;
    const step = held === undefined ? NaN : value - held;
    if (step === 1 || step === -1) selection.emit(step > 0 ? "a++" : "a--");
    else if (step > 1 && step <= BYTE_MAX && step !== 128 && value > BYTE_MAX) selection.emit("a+=", step);
    else if (step < -1 && step >= -BYTE_MAX && value > BYTE_MAX) selection.emit("a-=", -step);
    else for (const { word, operand } of constantSteps(value)) selection.emit(word, operand);
    held = value;
  };
  for (const { word, operand } of constantSteps((2 ** 32 - 1 - base) >>> 0)) selection.emit(word, operand);
  selection.emit(`${pointer}=a`);
  for (let i = 0; i < values.length;) {
    const value = values[i]!;
    let end = i + 1;
    while (values[end] === value) end++;
    const after = base + end;
    if (end - i >= RUN_MIN && after <= BYTE_MAX) {
      const again = selection.label();
      selection.placeWith(again);
      if (value === 0) selection.emit(`*${pointer}=0`);
      else if (value <= BYTE_MAX) selection.emit(`*${pointer}=`, value);
      else {
        held = undefined;
        load(value);
        selection.emit(`*${pointer}=a`);
      }
      selection.emit(`${pointer}--`);
      selection.emit(`a=${pointer}`);
      selection.emit("a!");
      selection.emit("a==", after);
      selection.jump("jf", again);
      held = after;
      i = end;
      continue;
    }
    // Memory is zero at first.
    if (value > 0) {
      if (
        value <= BYTE_MAX && value !== held && values[i + 1] !== value &&
        Math.abs(value - (held ?? NaN)) !== 1
      ) selection.emit(`*${pointer}=`, value);
      else {
        load(value);
        selection.emit(`*${pointer}=a`);
      }
    }
    selection.emit(`${pointer}--`);
    i++;
  }
}
