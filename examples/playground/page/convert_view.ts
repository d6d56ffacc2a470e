/**
 * The tab that compresses a file or decompresses it.
 */
import type { FormatName, Sample } from "../jobs/messages.ts";
import { draw, make, onWidth, readableSize, save } from "./dom.ts";
import { Work } from "./view.ts";
import type { Current, Page, View } from "./view.ts";

/** Levels and the ending of each format's files. */
const FORMATS: { readonly [K in FormatName]: { min: number; max: number; start: number; suffix: string } } = {
  zstd: { min: -7, max: 19, start: 3, suffix: ".zst" },
  lz4: { min: -10, max: 12, start: 1, suffix: ".lz4" },
  zpaq: { min: 1, max: 5, start: 1, suffix: ".zpaq" },
  "git pack": { min: 0, max: 9, start: 6, suffix: ".pack" },
};
const NAMES = Object.keys(FORMATS) as FormatName[];
const HEIGHT = 120;

interface Action {
  readonly label: string;
  readonly format: FormatName;
  readonly compresses: boolean;
}

function resultName(name: string, { format, compresses }: Action): string {
  const { suffix } = FORMATS[format];
  if (compresses) return name + suffix;
  return name.endsWith(suffix) ? name.slice(0, -suffix.length) : `${name}.out`;
}

/** Megabytes of content a second between two samples. */
function speedPlot(
  samples: readonly Sample[],
  contentOf: (sample: Sample) => number,
  width: number,
): SVGSVGElement {
  const speeds = samples.slice(1).map((sample, i) => {
    const before = samples[i]!;
    const seconds = Math.max(sample.seconds - before.seconds, 1e-6);
    return { at: sample.seconds, speed: (contentOf(sample) - contentOf(before)) / seconds / 1e6 };
  });
  const most = Math.max(...speeds.map(({ speed }) => speed), 1e-9);
  const end = Math.max(samples.at(-1)!.seconds, 1e-9);
  const y = (speed: number): string => (HEIGHT - speed / most * (HEIGHT - 22)).toFixed(1);
  const points = speeds.map(({ at, speed }) => `${(at / end * width).toFixed(1)},${y(speed)}`);
  const line = [`0,${y(speeds[0]?.speed ?? 0)}`, ...points].join(" ");
  const label = `Speed over ${end.toFixed(2)} seconds, at most ${most.toFixed(0)} megabytes a second`;
  return draw(
    "svg",
    { width, height: HEIGHT + 20, viewBox: `0 0 ${width} ${HEIGHT + 20}`, role: "img", "aria-label": label },
    draw("line", { class: "grid", x1: 0, y1: HEIGHT, x2: width, y2: HEIGHT }),
    draw("polyline", { class: "speed", points: line }),
    draw("text", { x: 0, y: 14 }, `${most.toFixed(0)} MB/s`),
    draw("text", { x: width, y: HEIGHT + 16, "text-anchor": "end" }, `${end.toFixed(2)} s`),
  );
}

/** Makes the tab. */
export function createConvertView(page: Page): View {
  let current: Current | undefined;
  let actions: Action[] = [];
  let result: { blob: Blob; name: string; samples: Sample[]; compresses: boolean } | undefined;
  const action = make("select", { id: "action" });
  const level = make("input", { type: "number", step: 1 });
  const levelLabel = make("label", {}, "Level", level);
  const progress = make("progress", { max: 1, value: 0, "aria-label": "Progress" });
  const numbers = make("dl", { "aria-live": "polite" });
  const plot = make("div", { class: "plot" });
  const download = make("button", { type: "button", id: "download" }, "Download");
  const again = make(
    "button",
    { type: "button", class: "plain", id: "again" },
    "Take the result as the file",
  );
  const box = make(
    "div",
    { id: "result", hidden: true },
    numbers,
    make("figure", {}, plot, make("figcaption", {}, "Content in MB/s, from start to end")),
    make("div", { class: "form" }, download, again),
  );
  const work = new Work("Run", run);
  work.start.id = "run";

  function chosen(): Action {
    return actions[action.selectedIndex]!;
  }

  function showLevels(): void {
    const { format, compresses } = chosen();
    const { min, max, start } = FORMATS[format];
    levelLabel.hidden = !compresses;
    [level.min, level.max, level.value] = [`${min}`, `${max}`, `${start}`];
  }

  function drawPlot(): void {
    if (result === undefined || plot.clientWidth === 0) return;
    const { samples, compresses } = result;
    plot.replaceChildren(
      speedPlot(samples, ({ bytesIn, bytesOut }) => compresses ? bytesIn : bytesOut, plot.clientWidth),
    );
  }

  function showResult(from: number, blob: Blob, samples: Sample[], compresses: boolean): void {
    const { seconds, bytesIn, bytesOut } = samples.at(-1)!;
    const [small, large] = compresses ? [blob.size, from] : [from, blob.size];
    const content = compresses ? bytesIn : bytesOut;
    const pairs = [
      ["from", readableSize(from)],
      ["to", readableSize(blob.size)],
      ["ratio", (large / Math.max(small, 1)).toFixed(2)],
      ["speed", `${(content / Math.max(seconds, 1e-6) / 1e6).toFixed(0)} MB/s`],
      ["time", `${seconds.toFixed(2)} s`],
    ] as const;
    numbers.replaceChildren(
      ...pairs.map(([name, value]) => make("div", {}, make("dt", {}, name), make("dd", {}, value))),
    );
    box.hidden = false;
    drawPlot();
  }

  async function run(): Promise<void> {
    const { file } = current!;
    const { format, compresses } = chosen();
    const name = resultName(file.name, chosen());
    box.hidden = true;
    const samples: Sample[] = [];
    const take = { file, format, compresses, level: Number(level.value) };
    for await (const { sample, output } of work.connection.run("convert", take)) {
      samples.push(sample);
      progress.value = file.size === 0 ? 1 : sample.bytesIn / file.size;
      if (output === undefined) continue;
      result = { blob: output, name, samples, compresses };
      showResult(file.size, output, samples, compresses);
    }
  }

  action.addEventListener("change", showLevels);
  download.addEventListener("click", () => save(result!.blob, result!.name));
  again.addEventListener("click", () => page.take(new File([result!.blob], result!.name)));
  onWidth(plot, drawPlot);
  return {
    element: make(
      "div",
      {},
      make("div", { class: "form" }, make("label", {}, "What", action), levelLabel, work.start, work.stop),
      progress,
      work.status,
      work.fault,
      box,
    ),
    show(next) {
      if (current?.file === next.file) return drawPlot();
      current = next;
      const { format } = next;
      actions = [
        ...(format === undefined ? [] : [{ label: `decompress ${format}`, format, compresses: false }]),
        ...NAMES.map((each) => ({ label: `compress with ${each}`, format: each, compresses: true })),
      ];
      action.replaceChildren(...actions.map(({ label }) => new Option(label)));
      showLevels();
      work.connection.stop();
      work.reset();
      [result, progress.value, box.hidden] = [undefined, 0, true];
    },
  };
}
