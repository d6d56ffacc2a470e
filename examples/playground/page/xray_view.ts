/**
 * The tab that shows a compressed file as a picture of its parts.
 */
import type { Region, RegionKind } from "../jobs/messages.ts";
import { draw, make, onWidth, readableSize } from "./dom.ts";
import { Work } from "./view.ts";
import type { Current, Page, View } from "./view.ts";

const ROW = { height: 26, gap: 6, max: 14 } as const;
/** Rows are added until a part of usual size is about so wide. */
const USUAL_WIDTH = 14;
const KINDS: readonly (readonly [RegionKind, string])[] = [
  ["header", "headers"],
  ["compressed", "compressed"],
  ["raw", "stored"],
  ["run", "one byte repeated"],
  ["skippable", "skippable"],
  ["checksum", "checksums, end marks"],
  ["commit", "commits"],
  ["tree", "trees"],
  ["blob", "blobs"],
  ["tag", "tags"],
  ["delta", "deltas"],
  ["damaged", "damaged"],
];

/** The parts that a delta is made from, the nearest first. */
function chainOf(regions: readonly Region[], index: number): number[] {
  const chain: number[] = [];
  for (let base = regions[index]!.base; base !== undefined; base = regions[base]?.base) chain.push(base);
  return chain;
}

/** The picture: the file in rows, each part as long as its bytes. */
function picture(regions: readonly Region[], size: number, width: number, selected: number): SVGSVGElement {
  const rows = Math.min(ROW.max, Math.max(1, Math.ceil(regions.length * USUAL_WIDTH / width)));
  const perRow = Math.max(1, size / rows);
  const chain = new Set(chainOf(regions, selected));
  const height = rows * (ROW.height + ROW.gap);
  const drawing = draw("svg", {
    width,
    height,
    viewBox: `0 0 ${width} ${height}`,
    role: "img",
    "aria-label": `${regions.length} parts of ${readableSize(size)}`,
  });
  let [lastX, lastRow] = [-1, -1];
  regions.forEach((region, index) => {
    const marked = index === selected ? " selected" : chain.has(index) ? " base" : "";
    for (let at = region.offset, end = at + region.size; at < end;) {
      const row = Math.min(rows - 1, Math.floor(at / perRow));
      const to = row === rows - 1 ? end : Math.min(end, (row + 1) * perRow);
      const x = (at - row * perRow) / perRow * width;
      const long = Math.max(1.5, (to - at) / perRow * width - 1);
      at = to === at ? end : to;
      // Of many parts on one pixel one is enough to see.
      if (marked === "" && long < 2 && row === lastRow && x - lastX < 1) continue;
      [lastX, lastRow] = [x, row];
      drawing.append(draw("rect", {
        class: `part ${region.kind}${marked}`,
        "data-index": index,
        x: x.toFixed(1),
        y: row * (ROW.height + ROW.gap) + 3,
        width: long.toFixed(1),
        height: ROW.height,
        rx: long > 8 ? 3 : 0,
      }));
    }
  });
  return drawing;
}

/** Makes the tab. */
export function createXrayView(page: Page): View {
  let current: Current | undefined;
  let regions: Region[] = [];
  let selected = 0;
  const map = make("div", {
    class: "plot xray",
    tabindex: 0,
    role: "slider",
    "aria-label": "Parts of the file",
  });
  const legend = make("p", { class: "legend" });
  const title = make("h3", {});
  const facts = make("dl", {});
  const detail = make("div", { "aria-live": "polite" }, title, facts);
  const box = make(
    "div",
    { hidden: true },
    map,
    legend,
    make("p", { class: "hint" }, "Point at a part, or press the arrow keys."),
    detail,
  );
  const offer = make("div", { class: "form", hidden: true });
  const work = new Work("Look again", look);

  function drawMap(): void {
    box.hidden = regions.length === 0;
    if (regions.length === 0 || map.clientWidth === 0) return;
    map.replaceChildren(picture(regions, current!.file.size, map.clientWidth, selected));
  }

  function drawLegend(): void {
    const sums = new Map<RegionKind, { count: number; bytes: number }>();
    for (const { kind, size } of regions) {
      const { count, bytes } = sums.get(kind) ?? { count: 0, bytes: 0 };
      sums.set(kind, { count: count + 1, bytes: bytes + size });
    }
    legend.replaceChildren(...KINDS.flatMap(([kind, name]) => {
      const sum = sums.get(kind);
      return sum === undefined
        ? []
        : [make("span", { class: kind }, `${name}: ${sum.count}, ${readableSize(sum.bytes)}`)];
    }));
  }

  function select(index: number): void {
    const region = regions[index];
    if (region === undefined) return;
    selected = index;
    title.textContent = region.title;
    const places: Region["facts"] = [["offset", region.offset], ["size", `${region.size} bytes`]];
    const chain = chainOf(regions, index);
    const made: Region["facts"] = chain.length === 0
      ? []
      : [["made from", chain.map((each) => regions[each]!.title).join(", then ")]];
    facts.replaceChildren(
      ...[...places, ...region.facts, ...made].map(([name, value]) =>
        make("div", {}, make("dt", {}, name), make("dd", {}, `${value}`))
      ),
    );
    map.setAttribute("aria-valuemin", "1");
    map.setAttribute("aria-valuemax", `${regions.length}`);
    map.setAttribute("aria-valuenow", `${index + 1}`);
    map.setAttribute("aria-valuetext", region.title);
    drawMap();
  }

  function addDamage(fault: string, offset: number | undefined): void {
    const size = current!.file.size;
    const last = regions.at(-1);
    const place = offset ?? (last === undefined ? 0 : last.offset + last.size);
    const at = Math.min(place, Math.max(0, size - 1));
    const facts: Region["facts"] = [["what", fault]];
    regions.push({
      offset: at,
      size: Math.max(1, Math.min(size - at, size / 100)),
      kind: "damaged",
      title: "Damaged here",
      facts,
    });
    work.fault.textContent = `${fault}, at byte ${place}`;
    select(regions.length - 1);
  }

  async function look(): Promise<void> {
    const { file } = current!;
    [regions, selected] = [[], 0];
    let parts = "parts";
    for await (const step of work.connection.run("xray", { file })) {
      if ("regions" in step) {
        for (const region of step.regions) regions.push(region);
        work.status.textContent = `${regions.length} parts; decoding …`;
        select(0);
      } else if ("listedTo" in step) {
        parts = `parts up to byte ${step.listedTo}, and more that are not listed`;
      } else if ("fault" in step) {
        work.status.textContent = `${regions.length} ${parts} up to the damage.`;
        addDamage(step.fault, step.offset);
      } else {
        work.status.textContent = `${regions.length} ${parts}; all of it decodes, to ${
          readableSize(step.verified)
        }.`;
      }
      drawLegend();
    }
  }

  /** For plain files: compress first. */
  function offerFormats(): void {
    const buttons = ([["zstd", 3, ".zst"], ["lz4", 9, ".lz4"], ["zpaq", 2, ".zpaq"]] as const).map(
      ([format, level, suffix]) =>
        make("button", {
          type: "button",
          click: () =>
            void work.run(async () => {
              const { file } = current!;
              const take = { file, format, compresses: true, level };
              for await (const { output } of work.connection.run("convert", take)) {
                if (output !== undefined) page.take(new File([output], file.name + suffix));
              }
            }),
        }, `Compress with ${format} and look`),
    );
    offer.replaceChildren(...buttons);
  }

  map.addEventListener("pointermove", (event) => {
    const index = (event.target as Element).getAttribute("data-index");
    if (index !== null && Number(index) !== selected) select(Number(index));
  });
  map.addEventListener("keydown", (event) => {
    const steps: Record<string, number> = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: 10, ArrowUp: -10 };
    const step = steps[event.key];
    const next = event.key === "Home"
      ? 0
      : event.key === "End"
      ? regions.length - 1
      : step === undefined
      ? undefined
      : Math.min(regions.length - 1, Math.max(0, selected + step));
    if (next === undefined) return;
    event.preventDefault();
    select(next);
  });
  onWidth(map, drawMap);
  offerFormats();
  return {
    element: make(
      "div",
      {},
      make("p", {}, "Frames, blocks, objects: what a file is made of, and where it is damaged."),
      make("div", { class: "form" }, work.start, work.stop),
      offer,
      work.status,
      work.fault,
      box,
    ),
    show(next) {
      if (current?.file === next.file) return drawMap();
      current = next;
      regions = [];
      drawMap();
      work.connection.stop();
      work.reset();
      const known = next.format !== undefined;
      [offer.hidden, work.start.hidden, work.stop.hidden] = [known, !known, !known];
      if (known) void work.run(look);
    },
  };
}
