/**
 * The tab that lists what is in an archive or a pack, shows single files and saves them.
 */
import type { Entry } from "../jobs/messages.ts";
import { make, readableBytes, readableSize, save } from "./dom.ts";
import { Work } from "./view.ts";
import type { Current, Page, View } from "./view.ts";

const PREVIEW_SIZE = 4096;
const ROWS_STEP = 500;

/** Makes the tab. */
export function createEntriesView(_page: Page): View {
  let current: Current | undefined;
  let all: Entry[] = [];
  let shown = ROWS_STEP;
  const search = make("input", { type: "search", placeholder: "part of a name" });
  const rows = make("table", { id: "rows" });
  const more = make("button", { type: "button", class: "plain" }, "Show more");
  const title = make("h3", {});
  const text = make("pre", { id: "text", tabindex: 0 });
  const preview = make("div", { hidden: true }, title, text);
  const box = make(
    "div",
    { hidden: true },
    make("div", { class: "form" }, make("label", {}, "Find", search)),
    make("div", { class: "table", tabindex: 0 }, rows),
    more,
    preview,
  );
  const work = new Work("List again", list);

  function content(entry: Entry, most: number, use: (content: Blob) => Promise<void> | void): void {
    void work.run(async () => {
      const index = all.indexOf(entry);
      await use((await work.connection.only("entry", { file: current!.file, index, most })).content);
    });
  }

  function show(entry: Entry): void {
    content(entry, PREVIEW_SIZE, async (blob) => {
      title.textContent = entry.name;
      text.textContent = readableBytes(new Uint8Array(await blob.arrayBuffer()));
      preview.hidden = false;
    });
  }

  function rowOf(entry: Entry): HTMLTableRowElement {
    const button = (label: string, click: () => void) =>
      make(
        "button",
        { type: "button", class: "plain", "aria-label": `${label} ${entry.name}`, click },
        label,
      );
    const file = entry.name.slice(entry.name.lastIndexOf("/") + 1) || "content";
    return make(
      "tr",
      {},
      make("td", { class: "name" }, entry.name),
      make("td", {}, entry.size === undefined ? "not told" : readableSize(entry.size)),
      make("td", {}, entry.detail),
      make("td", {}, button("Show", () => show(entry))),
      make("td", {}, button("Save", () => content(entry, Infinity, (blob) => save(blob, file)))),
    );
  }

  function drawRows(): void {
    const wanted = search.value.toLowerCase();
    const found = all.filter(({ name }) => name.toLowerCase().includes(wanted));
    const head = ["name", "size", "", "", ""].map((name) => make("th", { scope: "col" }, name));
    rows.replaceChildren(make("tr", {}, ...head), ...found.slice(0, shown).map(rowOf));
    more.hidden = found.length <= shown;
    work.status.textContent = `${found.length} of ${all.length} entries`;
    box.hidden = all.length === 0;
  }

  async function list(): Promise<void> {
    [all, shown, preview.hidden] = [[], ROWS_STEP, true];
    for await (const { entries } of work.connection.run("entries", { file: current!.file })) {
      for (const entry of entries) all.push(entry);
    }
    drawRows();
  }

  search.addEventListener("input", drawRows);
  more.addEventListener("click", () => {
    shown += ROWS_STEP;
    drawRows();
  });
  return {
    element: make(
      "div",
      {},
      make("p", {}, "Files of zpaq archives and objects of git packs, one by one."),
      make("div", { class: "form" }, work.start, work.stop),
      work.status,
      work.fault,
      box,
    ),
    show(next) {
      if (current?.file === next.file) return;
      current = next;
      all = [];
      box.hidden = true;
      work.connection.stop();
      work.reset();
      const known = next.format === "zpaq" || next.format === "git pack";
      [work.start.hidden, work.stop.hidden] = [!known, !known];
      if (known) void work.run(list);
      else work.status.textContent = `${next.file.name} is no archive: choose a .zpaq or .pack file.`;
    },
  };
}
