/**
 * The page: takes a file, offers what can be done with it, and shows what came of it. Everything runs in the browser.
 */
/// <reference lib="dom" />
import { SluiceError } from "@sluice/zstd";
import { formatOf, FORMATS } from "./_formats.ts";
import type { Format, Line, Listing } from "./_formats.ts";
import { firstBytes, runJob } from "./_job.ts";
import type { Sample } from "./_job.ts";
import { ratioPlot, readableSize, speedPlot } from "./_plot.ts";

const PREVIEW_SIZE = 4096;
const ROWS_MAX = 1000;

function element<T extends HTMLElement>(id: string): T {
  return document.getElementById(id) as T;
}

const page = {
  drop: element("drop"),
  file: element<HTMLInputElement>("file"),
  found: element("found"),
  job: element("job"),
  form: element<HTMLFormElement>("form"),
  action: element<HTMLSelectElement>("action"),
  level: element<HTMLInputElement>("level"),
  levelLabel: element("level-label"),
  run: element<HTMLButtonElement>("run"),
  stop: element<HTMLButtonElement>("stop"),
  progress: element<HTMLProgressElement>("progress"),
  fault: element("fault"),
  result: element("result"),
  numbers: element("numbers"),
  speed: element("speed"),
  ratio: element("ratio"),
  download: element<HTMLAnchorElement>("download"),
  again: element<HTMLButtonElement>("again"),
  list: element("list"),
  rows: element<HTMLTableElement>("rows"),
  preview: element("preview"),
  previewTitle: element("preview-title"),
  text: element("text"),
};

/** Something that can be done with the file at hand. */
interface Action {
  readonly label: string;
  readonly format: Format;
  readonly compresses: boolean;
}

let current: File | undefined;
let actions: Action[] = [];
let running: AbortController | undefined;
let listing: Listing | undefined;

/** Text where bytes are text, else hexadecimal lines. */
function readable(bytes: Uint8Array): string {
  const text = new TextDecoder().decode(bytes);
  // deno-lint-ignore no-control-regex -- control characters are what tells data from text
  if (!/[\x00-\x08\x0e-\x1f\ufffd]/.test(text.slice(0, -4))) return text;
  const lines: string[] = [];
  for (let at = 0; at < bytes.length; at += 16) {
    const row = [...bytes.subarray(at, at + 16)];
    const hex = row.map((byte) => byte.toString(16).padStart(2, "0")).join(" ");
    const printable = row.map((byte) => byte >= 32 && byte < 127 ? String.fromCharCode(byte) : ".").join("");
    lines.push(`${at.toString(16).padStart(8, "0")}  ${hex.padEnd(47)}  ${printable}`);
  }
  return lines.join("\n");
}

function describe(error: unknown): string {
  if (error instanceof SluiceError) return `${error.message} (${error.code})`;
  return error instanceof Error ? error.message : String(error);
}

function showLevels(): void {
  const { format, compresses } = actions[page.action.selectedIndex]!;
  page.levelLabel.hidden = !compresses;
  page.level.min = `${format.levels.min}`;
  page.level.max = `${format.levels.max}`;
  page.level.value = `${format.levels.start}`;
}

function showPreview(title: string, bytes: Uint8Array): void {
  page.previewTitle.textContent = `Preview of ${title}`;
  page.text.textContent = readable(bytes);
}

async function showInside(format: Format | undefined, file: File): Promise<void> {
  page.list.hidden = format === undefined;
  page.rows.replaceChildren();
  page.preview.hidden = false;
  listing?.close();
  listing = undefined;
  try {
    const content = format === undefined
      ? file.slice(0, PREVIEW_SIZE).stream()
      : file.stream().pipeThrough(format.decompress());
    showPreview("the content", await firstBytes(content, PREVIEW_SIZE));
    listing = await format?.list(file);
    let count = 0;
    for await (const line of listing?.lines() ?? []) {
      if (count === 0) addRow("th", Object.keys(line.cells));
      if (count++ >= ROWS_MAX) break;
      addLine(line);
    }
  } catch (error) {
    page.fault.textContent = describe(error);
  }
}

/** A row of the listing; where there is content behind it, with a button that shows it. */
function addLine({ cells, content }: Line): void {
  const row = addRow("td", Object.values(cells).map(String));
  if (content === undefined) return;
  const name = String(Object.values(cells)[0]);
  const button = document.createElement("button");
  [button.type, button.className, button.textContent] = ["button", "plain", "Show"];
  button.setAttribute("aria-label", `Show ${name}`);
  button.addEventListener("click", async () => {
    try {
      showPreview(name, await firstBytes(await content(), PREVIEW_SIZE));
    } catch (error) {
      page.fault.textContent = describe(error);
    }
  });
  row.insertCell().append(button);
}

function addRow(kind: "th" | "td", cells: readonly string[]): HTMLTableRowElement {
  const row = page.rows.insertRow();
  for (const cell of cells) {
    const node = document.createElement(kind);
    node.textContent = cell;
    row.append(node);
  }
  return row;
}

async function take(file: File): Promise<void> {
  running?.abort();
  current = file;
  const format = await formatOf(file);
  page.found.textContent = `${file.name}: ${readableSize(file.size)}, ${
    format?.name ?? "not compressed by anything known here"
  }`;
  actions = [
    ...(format === undefined ? [] : [{ label: `decompress ${format.name}`, format, compresses: false }]),
    ...FORMATS.map((each) => ({ label: `compress with ${each.name}`, format: each, compresses: true })),
  ];
  page.action.replaceChildren(...actions.map(({ label }) => new Option(label)));
  showLevels();
  page.job.hidden = false;
  page.result.hidden = true;
  page.fault.textContent = "";
  page.progress.value = 0;
  await showInside(format, file);
}

function showNumbers(numbers: readonly (readonly [string, string])[]): void {
  page.numbers.replaceChildren(...numbers.flatMap(([name, value]) => {
    const term = document.createElement("dt");
    const detail = document.createElement("dd");
    [term.textContent, detail.textContent] = [name, value];
    const pair = document.createElement("div");
    pair.append(term, detail);
    return [pair];
  }));
}

function resultName(name: string, { format, compresses }: Action): string {
  if (compresses) return name + format.suffix;
  return name.endsWith(format.suffix) ? name.slice(0, -format.suffix.length) : `${name}.out`;
}

async function run(): Promise<void> {
  const file = current!;
  const action = actions[page.action.selectedIndex]!;
  const { format, compresses } = action;
  running = new AbortController();
  page.run.disabled = true;
  page.stop.disabled = false;
  page.fault.textContent = "";
  page.result.hidden = true;
  try {
    const pipe = compresses ? format.compress(Number(page.level.value)) : format.decompress();
    const onSample = ({ bytesIn }: Sample): void => {
      page.progress.value = file.size === 0 ? 1 : bytesIn / file.size;
    };
    const { output, samples } = await runJob(file, pipe, onSample, running.signal);
    const contentOf = (sample: Sample): number => compresses ? sample.bytesIn : sample.bytesOut;
    const last = samples.at(-1)!;
    const [small, large] = compresses ? [output.size, file.size] : [file.size, output.size];
    showNumbers([
      ["from", readableSize(file.size)],
      ["to", readableSize(output.size)],
      ["ratio", (large / Math.max(small, 1)).toFixed(2)],
      ["speed", `${(contentOf(last) / Math.max(last.seconds, 1e-6) / 1e6).toFixed(0)} MB/s`],
      ["time", `${last.seconds.toFixed(2)} s`],
    ]);
    page.speed.innerHTML = speedPlot(samples, contentOf);
    page.ratio.innerHTML = ratioPlot(file.size, output.size);
    const name = resultName(file.name, action);
    URL.revokeObjectURL(page.download.href);
    page.download.href = URL.createObjectURL(output);
    page.download.download = name;
    page.again.onclick = () => take(new File([output], name));
    page.result.hidden = false;
  } catch (error) {
    page.fault.textContent = describe(error);
  } finally {
    running = undefined;
    page.run.disabled = false;
    page.stop.disabled = true;
  }
}

page.file.addEventListener("change", () => {
  const file = page.file.files?.[0];
  if (file !== undefined) take(file);
  page.file.value = ""; // the same file may be chosen again
});
for (const kind of ["dragenter", "dragover"]) {
  page.drop.addEventListener(kind, (event) => {
    event.preventDefault();
    page.drop.classList.add("over");
  });
}
page.drop.addEventListener("dragleave", () => page.drop.classList.remove("over"));
page.drop.addEventListener("drop", (event) => {
  event.preventDefault();
  page.drop.classList.remove("over");
  const file = event.dataTransfer?.files[0];
  if (file !== undefined) take(file);
});
page.action.addEventListener("change", showLevels);
page.stop.addEventListener("click", () => running?.abort(new Error("Stopped")));
page.form.addEventListener("submit", (event) => {
  event.preventDefault();
  run();
});
