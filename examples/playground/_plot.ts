/**
 * Plots as SVG.
 */
import type { Sample } from "./_job.ts";

const WIDTH = 600;
const HEIGHT = 120;
const BAR_HEIGHT = 22;

function escape(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}

function svg(height: number, label: string, content: string): string {
  return `<svg viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${escape(label)}">${content}</svg>`;
}

/** A size in bytes as people read it. */
export function readableSize(bytes: number): string {
  const units = ["B", "kB", "MB", "GB"];
  let [value, unit] = [bytes, 0];
  while (value >= 1000 && unit < units.length - 1) [value, unit] = [value / 1000, unit + 1];
  return `${unit === 0 ? value : value.toFixed(value < 10 ? 2 : 1)} ${units[unit]}`;
}

/** Speed over time: megabytes of content a second between two samples. */
export function speedPlot(samples: readonly Sample[], contentOf: (sample: Sample) => number): string {
  const speeds = samples.slice(1).map((sample, i) => {
    const before = samples[i]!;
    const seconds = Math.max(sample.seconds - before.seconds, 1e-6);
    return { at: sample.seconds, speed: (contentOf(sample) - contentOf(before)) / seconds / 1e6 };
  });
  const most = Math.max(...speeds.map(({ speed }) => speed), 1e-9);
  const end = Math.max(samples.at(-1)!.seconds, 1e-9);
  const points = speeds.map(({ at, speed }) => {
    const x = at / end * WIDTH;
    const y = HEIGHT - speed / most * (HEIGHT - 20);
    return `${x.toFixed(1)},${y.toFixed(1)}`;
  });
  const line = [`0,${points[0]?.split(",")[1] ?? HEIGHT}`, ...points].join(" ");
  return svg(
    HEIGHT + 20,
    `Speed over ${end.toFixed(2)} seconds, at most ${most.toFixed(0)} megabytes a second`,
    `<line class="axis" x1="0" y1="${HEIGHT}" x2="${WIDTH}" y2="${HEIGHT}"/>` +
      `<polyline class="speed" points="${line}"/>` +
      `<text x="0" y="14">${most.toFixed(0)} MB/s</text>` +
      `<text x="${WIDTH}" y="${HEIGHT + 16}" text-anchor="end">${end.toFixed(2)} s</text>`,
  );
}

/** Two bars, as long as the sizes are. */
export function ratioPlot(bytesIn: number, bytesOut: number): string {
  const most = Math.max(bytesIn, bytesOut, 1);
  const bars = [["in", bytesIn], ["out", bytesOut]] as const;
  const rows = bars.map(([name, bytes], i) => {
    const y = i * (BAR_HEIGHT + 24);
    const width = Math.max(2, bytes / most * WIDTH).toFixed(1);
    return `<text x="0" y="${y + 14}">${name}: ${readableSize(bytes)}</text>` +
      `<rect class="bar ${name}" x="0" y="${y + 20}" width="${width}" height="${BAR_HEIGHT}" rx="4"/>`;
  });
  const label = `${readableSize(bytesIn)} in, ${readableSize(bytesOut)} out`;
  return svg(bars.length * (BAR_HEIGHT + 24), label, rows.join(""));
}
