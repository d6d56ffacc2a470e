/**
 * A plot of ratio against speed, with the line of those that nobody beats.
 */
import type { Measured } from "../jobs/messages.ts";
import { draw, readableSpeed } from "./dom.ts";

/** Which speed is asked about. */
export type Direction = "compress" | "decompress";

const HEIGHT = 380;
const MARGIN = { left: 44, right: 16, top: 24, bottom: 44 } as const;
const LABEL = { height: 14, gap: 9, letter: 6.6 } as const;
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

/** Draws the plot as wide as told; `open` is called for a mark that is clicked. */
export function scatter(
  points: readonly Measured[],
  direction: Direction,
  width: number,
  open: (point: Measured) => void,
): SVGSVGElement {
  const speeds = points.map((point) => Math.log10(point[direction]));
  const [low, high] = [Math.min(...speeds, 0) - 0.15, Math.max(...speeds, 2) + 0.15];
  const most = Math.max(...points.map(({ ratio }) => ratio), 2) * 1.08;
  const x = (point: Measured): number =>
    MARGIN.left + (Math.log10(point[direction]) - low) / (high - low) * (width - MARGIN.left - MARGIN.right);
  const y = (ratio: number): number =>
    HEIGHT - MARGIN.bottom - ratio / most * (HEIGHT - MARGIN.top - MARGIN.bottom);
  const bottom = HEIGHT - MARGIN.bottom;
  const plot = draw("svg", {
    width,
    height: HEIGHT,
    viewBox: `0 0 ${width} ${HEIGHT}`,
    role: "group",
    "aria-label": `Ratio against the speed to ${direction}, ${points.length} results`,
  });
  for (const tick of SPEED_TICKS) {
    const at = Math.log10(tick);
    if (at < low || at > high) continue;
    const left = MARGIN.left + (at - low) / (high - low) * (width - MARGIN.left - MARGIN.right);
    plot.append(
      draw("line", { class: "grid", x1: left, x2: left, y1: MARGIN.top, y2: bottom }),
      draw("text", { x: left, y: bottom + 18, "text-anchor": "middle" }, `${tick}`),
    );
  }
  const step = [0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 5000].find((each) => most / each <= 7) ??
    most / 5;
  for (let ratio = 0; ratio <= most; ratio += step) {
    plot.append(
      draw("line", { class: "grid", x1: MARGIN.left, x2: width - MARGIN.right, y1: y(ratio), y2: y(ratio) }),
      draw("text", { x: MARGIN.left - 8, y: y(ratio) + 4, "text-anchor": "end" }, `${ratio}`),
    );
  }
  const caption = `MB/s to ${direction}, a logarithm`;
  plot.append(
    draw("text", { x: width - MARGIN.right, y: HEIGHT - 8, "text-anchor": "end" }, caption),
    draw("text", { x: 4, y: 10 }, "ratio"),
  );
  const front = paretoOf(points, direction);
  if (front.length > 1) {
    const line = front.map((point) => `${x(point).toFixed(1)},${y(point.ratio).toFixed(1)}`).join(" ");
    plot.append(draw("polyline", { class: "front", points: line }));
  }
  const labels: Box[] = [];
  const ordered = [...front, ...points.filter((point) => !front.includes(point))];
  const marks = ordered.map((point) => {
    const [left, top] = [x(point), y(point.ratio)];
    const words = `${point.label}: ratio ${point.ratio.toFixed(2)}, ${readableSpeed(point[direction])} MB/s`;
    const mark = draw(
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
    const wide = point.label.length * LABEL.letter;
    const places: Box[] = [
      { x: left + LABEL.gap, y: top + 4, width: wide },
      { x: left - LABEL.gap - wide, y: top + 4, width: wide },
      { x: left - wide / 2, y: top - LABEL.gap, width: wide },
      { x: left - wide / 2, y: top + LABEL.gap + 10, width: wide },
    ];
    const free = places.find((place) =>
      place.x > MARGIN.left && place.x + place.width < width - 2 && place.y > MARGIN.top &&
      place.y < bottom &&
      !labels.some((other) => overlaps(place, other)) &&
      !points.some((other) =>
        other !== point && overlaps(place, { x: x(other) - 7, y: y(other.ratio) + 4, width: 14 })
      )
    );
    if (free !== undefined) {
      labels.push(free);
      mark.append(draw("text", { x: free.x, y: free.y }, point.label));
    }
    return mark;
  });
  plot.append(...marks);
  return plot;
}
