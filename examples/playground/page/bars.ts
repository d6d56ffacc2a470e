/**
 * Sizes as bars, one under the other.
 */
import { draw } from "./dom.ts";

const ROW = { height: 46, words: 14, top: 20, bar: 16 } as const;

/** One size. */
export interface Bar {
  readonly words: string;
  readonly bytes: number;
  /** Whether it is the one that is shown off. */
  readonly isOurs: boolean;
}

/** Draws bars as wide as told; the largest takes all of it. */
export function bars(rows: readonly Bar[], width: number, label: string): SVGSVGElement {
  const most = Math.max(...rows.map(({ bytes }) => bytes), 1);
  const height = rows.length * ROW.height;
  const parts = rows.flatMap(({ words, bytes, isOurs }, i) => [
    draw("text", { x: 0, y: i * ROW.height + ROW.words }, words),
    draw("rect", {
      class: isOurs ? "bar ours" : "bar",
      x: 0,
      y: i * ROW.height + ROW.top,
      width: Math.max(2, bytes / most * width),
      height: ROW.bar,
      rx: 4,
    }),
  ]);
  const size = { width, height, viewBox: `0 0 ${width} ${height}` };
  return draw("svg", { ...size, role: "img", "aria-label": label }, ...parts);
}
