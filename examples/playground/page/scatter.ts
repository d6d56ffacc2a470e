/**
 * A plot of ratio against speed, with the line of those that nobody beats.
 */
import type { Measured } from "../jobs/messages.ts";
import { draw, readableSpeed } from "./dom.ts";

/** Which speed is asked about. */
export type Direction = "compress" | "decompress";

const HEIGHT = 380;
const MARGIN = { left: 44, right: 16, top: 24, bottom: 44 } as const;
const BOTTOM = HEIGHT - MARGIN.bottom;
const LABEL = { height: 14, gap: 9, letter: 6.6 } as const;
const RATIO_STEPS = [0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 5000] as const;
const SPEED_TICKS = [0.01, 0.1, 1, 10, 100, 1000, 10_000] as const;

/** A mark for each family, told apart by shape and colour. */
function markOf(family: Measured["family"], x: number, y: number): SVGElement {
  const r = 5.5;
  switch (family) {
    case "zstd":
      return draw("circle", { cx: x, cy: y, r });
    case "lz4":
      return draw("rect", { x: x - r, y: y - r, width: 2 * r, height: 2 * r });
    case "zpaq":
      return draw("path", { d: `M${x} ${y - r - 1} L${x + r + 1} ${y + r} L${x - r - 1} ${y + r} Z` });
    case "browser":
      return draw("path", {
        d: `M${x} ${y - r - 2} L${x + r + 2} ${y} L${x} ${y + r + 2} L${x - r - 2} ${y} Z`,
      });
  }
}

/** Those that no other beats in both. */
export function paretoOf(points: readonly Measured[], direction: Direction): Measured[] {
  const bySpeed = points.toSorted((a, b) => b[direction] - a[direction] || b.ratio - a.ratio);
  let best = 0;
  return bySpeed.filter(({ ratio }) => ratio > best && (best = ratio) > 0);
}

interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
}

function overlaps(a: Box, b: Box): boolean {
  return a.x < b.x + b.width && b.x < a.x + a.width && Math.abs(a.y - b.y) < LABEL.height;
}

/** Where things are in a plot. */
interface Scale {
  readonly width: number;
  readonly most: number;
  /** The left edge of a speed. */
  x(speed: number): number;
  y(ratio: number): number;
  isShown(speed: number): boolean;
}

function scaleOf(points: readonly Measured[], direction: Direction, width: number): Scale {
  const speeds = points.map((point) => Math.log10(point[direction]));
  const [low, high] = [Math.min(...speeds, 0) - 0.15, Math.max(...speeds, 2) + 0.15];
  const most = Math.max(...points.map(({ ratio }) => ratio), 2) * 1.08;
  const room = width - MARGIN.left - MARGIN.right;
  return {
    width,
    most,
    x: (speed) => MARGIN.left + (Math.log10(speed) - low) / (high - low) * room,
    y: (ratio) => BOTTOM - ratio / most * (BOTTOM - MARGIN.top),
    isShown: (speed) => Math.log10(speed) >= low && Math.log10(speed) <= high,
  };
}

/** Lines, numbers and captions. */
function axes({ width, most, x, y, isShown }: Scale, direction: Direction): SVGElement[] {
  const right = width - MARGIN.right;
  const step = RATIO_STEPS.find((each) => most / each <= 7) ?? most / 5;
  const ratios = Array.from({ length: Math.floor(most / step) + 1 }, (_, i) => i * step);
  return [
    ...SPEED_TICKS.filter(isShown).flatMap((speed) => [
      draw("line", { class: "grid", x1: x(speed), x2: x(speed), y1: MARGIN.top, y2: BOTTOM }),
      draw("text", { x: x(speed), y: BOTTOM + 18, "text-anchor": "middle" }, `${speed}`),
    ]),
    ...ratios.flatMap((ratio) => [
      draw("line", { class: "grid", x1: MARGIN.left, x2: right, y1: y(ratio), y2: y(ratio) }),
      draw("text", { x: MARGIN.left - 8, y: y(ratio) + 4, "text-anchor": "end" }, `${ratio}`),
    ]),
    draw("text", { x: right, y: HEIGHT - 8, "text-anchor": "end" }, `MB/s to ${direction}, a logarithm`),
    draw("text", { x: 4, y: 10 }, "ratio"),
  ];
}

/** A place beside a mark that covers neither marks nor other labels; undefined where there is none. */
function labelPlace(
  point: Measured,
  [left, top]: readonly [number, number],
  width: number,
  taken: readonly Box[],
): Box | undefined {
  const wide = point.label.length * LABEL.letter;
  const places: readonly Box[] = [
    { x: left + LABEL.gap, y: top + 4, width: wide },
    { x: left - LABEL.gap - wide, y: top + 4, width: wide },
    { x: left - wide / 2, y: top - LABEL.gap, width: wide },
    { x: left - wide / 2, y: top + LABEL.gap + 10, width: wide },
  ];
  return places.find((place) =>
    place.x > MARGIN.left && place.x + place.width < width - 2 && place.y > MARGIN.top && place.y < BOTTOM &&
    !taken.some((other) => overlaps(place, other))
  );
}

function markGroup(
  point: Measured,
  [left, top]: readonly [number, number],
  direction: Direction,
  open: (point: Measured) => void,
): SVGElement {
  const words = `${point.label}: ratio ${point.ratio.toFixed(2)}, ${readableSpeed(point[direction])} MB/s`;
  return draw(
    "g",
    {
      class: `mark ${point.family}`,
      tabindex: 0,
      role: "button",
      "aria-label": `${words}. Download`,
      click: () => open(point),
      keydown: ((event: KeyboardEvent) => {
        if (event.key === "Enter" || event.key === " ") open(point);
      }) as EventListener,
    },
    draw("title", {}, words),
    draw("circle", { class: "room", cx: left, cy: top, r: 14 }),
    markOf(point.family, left, top),
  );
}

/** Draws the plot as wide as told; `open` is called for a mark that is clicked. */
export function scatter(
  points: readonly Measured[],
  direction: Direction,
  width: number,
  open: (point: Measured) => void,
): SVGSVGElement {
  const scale = scaleOf(points, direction, width);
  const placeOf = (point: Measured) => [scale.x(point[direction]), scale.y(point.ratio)] as const;
  const plot = draw("svg", {
    width,
    height: HEIGHT,
    viewBox: `0 0 ${width} ${HEIGHT}`,
    role: "group",
    "aria-label": `Ratio against the speed to ${direction}, ${points.length} results`,
  }, ...axes(scale, direction));
  const front = paretoOf(points, direction);
  if (front.length > 1) {
    const line = front.map((point) => placeOf(point).map((at) => at.toFixed(1)).join()).join(" ");
    plot.append(draw("polyline", { class: "front", points: line }));
  }
  const boxes = new Map<Measured, Box>(points.map((point) => {
    const [left, top] = placeOf(point);
    return [point, { x: left - 7, y: top + 4, width: 14 }];
  }));
  const labels: Box[] = [];
  // Those on the line have the first choice of places.
  for (const point of [...front, ...points.filter((point) => !front.includes(point))]) {
    const place = placeOf(point);
    const mark = markGroup(point, place, direction, open);
    const others = [...boxes].filter(([other]) => other !== point).map(([, box]) => box);
    const free = labelPlace(point, place, width, [...labels, ...others]);
    if (free !== undefined) {
      labels.push(free);
      mark.append(draw("text", { x: free.x, y: free.y }, point.label));
    }
    plot.append(mark);
  }
  return plot;
}
