/**
 * The tab for models: a source with what the compiler says of it, and what it makes of the file at hand.
 */
import { bars } from "./bars.ts";
import { make, readableSize } from "./dom.ts";
import { Connection } from "./connection.ts";
import { Work } from "./view.ts";
import type { Current, Page, View } from "./view.ts";

const SAMPLE_SIZE = 512 << 10;
/** How long after the last key the compiler looks. */
const PAUSE_MS = 250;

/** Contexts for tables and logs: the last bytes, and which field of a line this is. */
const START = `hh = 3
hm = 0
ph = 0
pm = 0
n = len({
  0: "icm 14",
  1: "isse 16 0",
  2: "isse 18 1",
  3: "isse 18 2",
  4: "icm 16",
  5: "icm 18",
  6: "mix 8 0 6 16 255",
})
pcomp_invocation = ""

field = 0   # the number of the field in its line
start = 0   # a hash of this field so far
first = 0   # a hash of the line's first field
two = 0     # the two bytes before this one
third = 0   # the byte before those

def hcomp(c):
  global field, start, first, two, third
  if c == 44 or c == 32 or c == 10:  # a comma, a space, the end of a line
    if field == 0:
      first = start
    start = 0
    field = field + 1 & 255
    if c == 10:
      field = 0
  else:
    start = hash(start, c)
  hH[0] = hash(c)
  hH[1] = hash(c, two & 255)
  hH[2] = hash(c, two)
  hH[3] = hash(hH[2], third)
  hH[4] = hash(field, start)
  hH[5] = hash(hash(first, field), start)
  hH[6] = field
  third = two >> 8
  two = c + (two << 8 & 65535)

def pcomp(c):
  pass
`;

/** Makes the tab. */
export function createModelView(_page: Page): View {
  let current: Current | undefined;
  let sizes: { label: string; bytes: number; of: number }[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;
  const checks = new Connection();
  const source = make("textarea", {
    id: "model-source",
    rows: 30,
    spellcheck: "false",
    autocapitalize: "off",
    "aria-describedby": "findings",
  });
  const findings = make("ul", { id: "findings", "aria-live": "polite" });
  const plot = make("div", { class: "plot" });
  const network = make("div", { class: "network" });
  const report = make("pre", { tabindex: 0 });
  const results = make("div", { hidden: true }, plot, network, report);
  const work = new Work("Measure on the file", measure);
  source.value = START;

  async function check(): Promise<void> {
    const { findings: found } = await checks.only("check", { source: source.value });
    findings.replaceChildren(
      ...found.map(({ severity, code, message, line, column }) =>
        make(
          "li",
          { class: severity },
          make("button", { type: "button", class: "plain", click: () => goTo(line, column) }, `line ${line}`),
          ` ${severity}: ${message} (${code})`,
        )
      ),
      ...found.length === 0 ? [make("li", { class: "fine" }, "The compiler finds nothing wrong.")] : [],
    );
  }

  function goTo(line: number, column: number): void {
    const lines = source.value.split("\n");
    const at = lines.slice(0, line - 1).reduce((sum, each) => sum + each.length + 1, 0) + column - 1;
    source.focus();
    source.setSelectionRange(at, at);
  }

  async function measure(): Promise<void> {
    sizes = [];
    results.hidden = false;
    network.replaceChildren();
    report.textContent = "";
    work.status.textContent = "Coding …";
    const take = { source: source.value, file: current!.file, sampleSize: SAMPLE_SIZE };
    for await (const step of work.connection.run("model", take)) {
      if ("size" in step) {
        sizes.push(step.size);
        plot.replaceChildren(bars(
          sizes.map(({ label, bytes, of }, i) => ({
            words: `${label}: ${readableSize(bytes)}, ${
              (8 * bytes / Math.max(of, 1)).toFixed(3)
            } bits a byte`,
            bytes,
            isOurs: i === 0,
          })),
          plot.clientWidth,
          "Sizes",
        ));
      } else {
        network.innerHTML = step.network;
        report.textContent = step.report;
      }
    }
    work.status.textContent = `Measured on the first ${
      readableSize(Math.min(current!.file.size, SAMPLE_SIZE))
    }.`;
  }

  source.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(() => check().catch(() => {}), PAUSE_MS);
  });
  // In a text of Python the tabulator indents; Escape and then Tab leaves.
  source.addEventListener("keydown", (event) => {
    if (event.key !== "Tab" || event.shiftKey || source.dataset.leave === "true") return;
    event.preventDefault();
    source.setRangeText("  ", source.selectionStart, source.selectionEnd, "end");
  });
  source.addEventListener("keyup", (event) => {
    source.dataset.leave = `${event.key === "Escape"}`;
  });
  return {
    element: make(
      "div",
      {},
      make(
        "p",
        {},
        "A model for your data in a subset of Python: contexts and components, mixed bit by bit.",
      ),
      make("label", {}, "Model", source),
      findings,
      make("div", { class: "form" }, work.start, work.stop),
      work.status,
      work.fault,
      results,
    ),
    show(next) {
      if (current === undefined) void check();
      if (current?.file === next.file) return;
      current = next;
      results.hidden = true;
      work.connection.stop();
      work.reset();
    },
  };
}
