/**
 * The page: takes files, says what they are, and shows them in the tab that is open. All work is done in workers.
 */
/// <reference lib="dom" />
import { createCompareView } from "./page/compare_view.ts";
import { Connection, Stopped } from "./page/connection.ts";
import { createConvertView } from "./page/convert_view.ts";
import { createDczView } from "./page/dcz_view.ts";
import { make, readableBytes, readableSize, wordsOf } from "./page/dom.ts";
import { createGitView } from "./page/git_view.ts";
import { createEntriesView } from "./page/entries_view.ts";
import { createModelView } from "./page/model_view.ts";
import { SAMPLES } from "./page/samples.ts";
import type { Current, Page, View } from "./page/view.ts";
import { createXrayView } from "./page/xray_view.ts";

const TABS = [
  { name: "compare", label: "Compare", create: createCompareView },
  { name: "convert", label: "Convert", create: createConvertView },
  { name: "xray", label: "X-ray", create: createXrayView },
  { name: "entries", label: "Entries", create: createEntriesView },
  { name: "model", label: "Model", create: createModelView },
  { name: "dcz", label: "dcz", create: createDczView },
  { name: "git", label: "Git", create: createGitView },
] as const;

type TabName = typeof TABS[number]["name"];

function element<T extends HTMLElement>(id: string): T {
  return document.getElementById(id) as T;
}

const page: Page = { take: (file) => void take(file) };
const connection = new Connection();
const views = new Map<TabName, View>();
const files: File[] = [];
let current: Current | undefined;
let open: TabName = "compare";

const input = element<HTMLInputElement>("file");
const tabs = element("tabs");
const panels = element("panels");
const chosen = element<HTMLSelectElement>("chosen");

function viewOf(name: TabName): View {
  let view = views.get(name);
  if (view === undefined) {
    view = TABS.find((tab) => tab.name === name)!.create(page);
    views.set(name, view);
    element(`panel-${name}`).append(view.element);
  }
  return view;
}

function openTab(name: TabName, focus = false): void {
  open = name;
  for (const { name: each } of TABS) {
    const tab = element(`tab-${each}`);
    const isOpen = each === name;
    tab.setAttribute("aria-selected", `${isOpen}`);
    tab.tabIndex = isOpen ? 0 : -1;
    element(`panel-${each}`).hidden = !isOpen;
    if (isOpen && focus) tab.focus();
  }
  element("nothing").hidden = current !== undefined || name === "git";
  if (current !== undefined) viewOf(name).show(current);
  else if (name === "git") viewOf(name);
}

/** A file is at hand from now on. */
async function take(file: File): Promise<void> {
  if (!files.includes(file)) {
    files.push(file);
    chosen.append(new Option(file.name, `${files.length - 1}`));
  }
  chosen.value = `${files.indexOf(file)}`;
  element("several").hidden = files.length < 2;
  try {
    const { format, head } = await connection.only("identify", { file });
    current = { file, format };
    const words = format ?? "not compressed by anything known here";
    element("found").textContent = `${file.name}: ${readableSize(file.size)}, ${words}`;
    element("head").textContent = readableBytes(head);
    element("start").hidden = false;
    element("work").hidden = false;
    openTab(open);
  } catch (error) {
    if (!(error instanceof Stopped)) element("found").textContent = wordsOf(error);
  }
}

function takeAll(list: FileList | undefined): void {
  for (const file of list ?? []) void take(file);
}

for (const { name, label } of TABS) {
  tabs.append(make("button", {
    type: "button",
    role: "tab",
    id: `tab-${name}`,
    "aria-controls": `panel-${name}`,
    click: () => openTab(name),
  }, label));
  panels.append(
    make("section", {
      id: `panel-${name}`,
      role: "tabpanel",
      "aria-labelledby": `tab-${name}`,
      hidden: true,
    }),
  );
}
tabs.addEventListener("keydown", (event) => {
  const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
  if (step === 0) return;
  const at = TABS.findIndex(({ name }) => name === open);
  openTab(TABS[(at + step + TABS.length) % TABS.length]!.name, true);
});
for (const { name, make: content } of SAMPLES) {
  element("samples").append(
    make(
      "button",
      { type: "button", class: "plain", click: () => page.take(new File([content()], name)) },
      name,
    ),
  );
}
element("open-git").addEventListener("click", () => {
  element("work").hidden = false;
  openTab("git", true);
});
input.addEventListener("change", () => {
  takeAll(input.files ?? undefined);
  input.value = ""; // the same file may be chosen again
});
chosen.addEventListener("change", () => void take(files[Number(chosen.value)]!));
for (const kind of ["dragenter", "dragover"]) {
  addEventListener(kind, (event) => {
    event.preventDefault();
    element("drop").classList.add("over");
  });
}
addEventListener("dragleave", (event) => {
  if (event.relatedTarget === null) element("drop").classList.remove("over");
});
addEventListener("drop", (event) => {
  event.preventDefault();
  element("drop").classList.remove("over");
  takeAll(event.dataTransfer?.files);
});
openTab(open);
