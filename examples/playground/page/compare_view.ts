/**
 * The tab that runs a file through every codec and level that the time allows.
 */
import type { Measured } from "../jobs/messages.ts";
import { choice, make, onWidth, readableSize, readableSpeed, save } from "./dom.ts";
import { scatter } from "./scatter.ts";
import type { Direction } from "./scatter.ts";
import { Work } from "./view.ts";
import type { Current, Page, View } from "./view.ts";

const SAMPLE_SIZES = [["1048576", "1 MiB"], ["4194304", "4 MiB"], ["16777216", "16 MiB"], [
  "67108864",
  "64 MiB",
]] as const;
const TIMES = [["5", "5 s"], ["20", "20 s"], ["60", "1 minute"], ["600", "10 minutes"]] as const;
const FAMILIES = ["zstd", "lz4", "zpaq", "browser"] as const;

/** Makes the tab. */
export function createCompareView(_page: Page): View {
  let current: Current | undefined;
  let points: Measured[] = [];
  let left: { label: string; reason: string }[] = [];
  const size = choice("Measure the first", SAMPLE_SIZES, "4194304");
  const seconds = choice("for at most", TIMES, "20");
  const speed = choice("Speed to", [["compress", "compress"], ["decompress", "decompress"]], "compress");
  const plot = make("div", { class: "plot" });
  const rows = make("table", { class: "numbers" });
  const legend = make(
    "p",
    { class: "legend" },
    ...FAMILIES.map((family) =>
      make("span", { class: family }, family === "browser" ? "the browser's own" : family)
    ),
  );
  const work = new Work("Compare", compare);
  const results = make(
    "div",
    { hidden: true },
    legend,
    plot,
    make("div", { class: "table", tabindex: 0 }, rows),
  );

  function drawAll(): void {
    results.hidden = points.length === 0 && left.length === 0;
    const direction = speed.select.value as Direction;
    if (plot.clientWidth > 0) plot.replaceChildren(scatter(points, direction, plot.clientWidth, download));
    const head = ["codec", "ratio", "size", "compress", "decompress"].map((name) =>
      make("th", { scope: "col" }, name)
    );
    rows.replaceChildren(
      make("tr", {}, ...head, make("th", { scope: "col" }, make("span", { class: "unseen" }, "download"))),
    );
    for (const point of points.toSorted((a, b) => b.ratio - a.ratio)) {
      const button = make(
        "button",
        { type: "button", class: "plain", click: () => download(point) },
        "Download",
      );
      button.setAttribute("aria-label", `Download ${point.label}`);
      rows.append(make(
        "tr",
        {},
        make("td", {}, point.label),
        make("td", {}, point.ratio.toFixed(2)),
        make("td", {}, readableSize(point.size)),
        make("td", {}, `${readableSpeed(point.compress)} MB/s`),
        make("td", {}, `${readableSpeed(point.decompress)} MB/s`),
        make("td", {}, button),
      ));
    }
    for (const { label, reason } of left) {
      rows.append(
        make("tr", {}, make("td", {}, label), make("td", { colspan: 5 }, `not measured: ${reason}`)),
      );
    }
  }

  async function compare(): Promise<void> {
    const { file } = current!;
    [points, left] = [[], []];
    const take = { file, sampleSize: Number(size.select.value), seconds: Number(seconds.select.value) };
    for await (const step of work.connection.run("compare", take)) {
      if ("next" in step) {
        work.status.textContent = `Running ${step.next} …`;
        continue;
      }
      if ("measured" in step) points.push(step.measured);
      else left.push({ label: step.skipped, reason: step.reason });
      drawAll();
    }
    const measured = Math.min(file.size, take.sampleSize);
    work.status.textContent = `${points.length} results on ${
      readableSize(measured)
    }; each one's content came back whole.`;
  }

  /** The whole file by one of the codecs. */
  function download(point: Measured): void {
    void work.run(async () => {
      const { file } = current!;
      for await (
        const { sample, output, suffix } of work.connection.run("compress", { file, id: point.id })
      ) {
        work.status.textContent = `${point.label}: ${readableSize(sample.bytesIn)} of ${
          readableSize(file.size)
        }`;
        if (output === undefined) continue;
        save(output, file.name + suffix);
        work.status.textContent = `Saved ${file.name}${suffix}, ${readableSize(output.size)}.`;
      }
    });
  }

  speed.select.addEventListener("change", drawAll);
  onWidth(plot, drawAll);
  return {
    element: make(
      "div",
      {},
      make("p", {}, "How small and how fast: ours at many levels, and what the browser brings."),
      make("div", { class: "form" }, size.label, seconds.label, work.start, work.stop, speed.label),
      work.status,
      work.fault,
      results,
    ),
    show(next) {
      if (current?.file === next.file) return drawAll();
      current = next;
      [points, left] = [[], []];
      work.connection.stop();
      work.reset();
      drawAll();
    },
  };
}
