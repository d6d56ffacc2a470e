/**
 * The tab that clones a repository from a server and looks into it: files, history, and what each commit changed.
 */
import type { Change, CloneStep, LogRow, TreeRow } from "../jobs/messages.ts";
import { choice, make, readableBytes, readableSize } from "./dom.ts";
import { lineChanges } from "./line_changes.ts";
import { Work } from "./view.ts";
import type { Page, View } from "./view.ts";

const FILE_SIZE_MAX = 1 << 20;
const COMMITS = 100;
const KINDS = [
  ["light", "whole history, contents when they are looked at"],
  ["one", "the last commit only"],
  ["some", "the last 50 commits"],
  ["all", "everything"],
] as const;

type Cloned = Extract<CloneStep, { readonly commit: string }>;

/** Makes the tab. */
export function createGitView(_page: Page): View {
  let url = "";
  let cloned: Cloned | undefined;
  let path: readonly string[] = [];
  const address = make("input", {
    type: "search",
    id: "git-url",
    placeholder: "https://example.org/project.git",
    size: 30,
  });
  const kind = choice("Fetch", KINDS, "light");
  const branch = choice("Branch", [], "");
  const where = make("p", { id: "git-path" });
  const rows = make("table", { id: "git-files" });
  const commits = make("table", { id: "git-log" });
  const title = make("h3", { id: "git-title" });
  const content = make("pre", { id: "git-content", tabindex: 0 });
  const list = make("table", { id: "git-changes" });
  const box = make(
    "div",
    { hidden: true },
    make("div", { class: "form" }, branch.label),
    make("h3", {}, "Files"),
    where,
    make("div", { class: "table", tabindex: 0 }, rows),
    make("h3", {}, "History"),
    make("div", { class: "table", tabindex: 0 }, commits),
  );
  const detail = make(
    "div",
    { hidden: true },
    title,
    make("div", { class: "table", tabindex: 0 }, list),
    content,
  );
  const work = new Work("Clone", () => clone(undefined));

  async function clone(wanted: string | undefined): Promise<void> {
    url = address.value.trim();
    if (!URL.canParse(url)) {
      throw new Error("Enter the URL of a repository that allows other origins (CORS).");
    }
    const depth = { light: undefined, one: 1, some: 50, all: undefined }[kind.select.value];
    const isLight = kind.select.value === "light";
    for await (const step of work.connection.run("gitClone", { url, branch: wanted, depth, isLight })) {
      if ("commit" in step) cloned = step;
      else work.status.textContent = `${step.state}${step.bytes ? `: ${readableSize(step.bytes)}` : ""}…`;
    }
    const { branches, branch: name, count, bytes, isKept } = cloned!;
    branch.select.replaceChildren(
      ...branches.map((each) => new Option(each.slice("refs/heads/".length), each, false, each === name)),
    );
    await showFolder([]);
    await showLog();
    detail.hidden = true;
    box.hidden = false;
    const came = count === 0 ? "All was here already" : `${count} objects came, ${readableSize(bytes)}`;
    work.status.textContent = `${came}; they are kept ${
      isKept ? "in this browser" : "while this page is open"
    }.`;
  }

  function button(label: string, name: string, action: () => Promise<void>): HTMLButtonElement {
    return make(
      "button",
      { type: "button", class: "plain", "aria-label": name, click: () => void work.run(action) },
      label,
    );
  }

  async function showFolder(next: readonly string[]): Promise<void> {
    const { rows: found } = await work.connection.only("gitTree", {
      url,
      commit: cloned!.commit,
      path: next,
    });
    path = next;
    where.textContent = `/${path.join("/")}`;
    const up = path.length === 0 ? [] : [
      make(
        "tr",
        {},
        make("td", {}, button("..", "Folder above", () => showFolder(path.slice(0, -1)))),
        make("td"),
      ),
    ];
    rows.replaceChildren(...up, ...found.map(rowOf));
  }

  function rowOf(row: TreeRow): HTMLTableRowElement {
    const open = row.type === "tree" ? () => showFolder([...path, row.name]) : () => showFile(row);
    const name = row.type === "commit" ? row.name : button(row.name, `Open ${row.name}`, open);
    const words = { tree: "folder", blob: "file", commit: "submodule" }[row.type];
    return make("tr", {}, make("td", { class: "name" }, name), make("td", {}, words));
  }

  async function filesOf(ids: readonly (string | undefined)[]): Promise<Uint8Array[]> {
    const { files } = await work.connection.only("gitFiles", { url, ids, most: FILE_SIZE_MAX });
    return await Promise.all(files.map(async (file) => new Uint8Array(await file.arrayBuffer())));
  }

  function showText(heading: string, text: string): void {
    title.textContent = heading;
    content.textContent = text;
    detail.hidden = false;
    title.scrollIntoView({ block: "nearest" });
  }

  async function showFile({ name, id }: TreeRow): Promise<void> {
    const [bytes] = await filesOf([id]);
    list.replaceChildren();
    showText([...path, name].join("/"), readableBytes(bytes!));
  }

  async function showLog(): Promise<void> {
    const take = { url, commit: cloned!.commit, most: COMMITS };
    const { commits: found } = await work.connection.only("gitLog", take);
    commits.replaceChildren(...found.map(commitRow));
  }

  function commitRow(commit: LogRow): HTMLTableRowElement {
    const show = button("Changes", `Changes of ${commit.id.slice(0, 10)}`, () => showChanges(commit));
    const cells = [commit.id.slice(0, 10), commit.date, commit.author];
    return make(
      "tr",
      {},
      make("td", { class: "name" }, commit.subject),
      ...cells.map((text) => make("td", {}, text)),
      make("td", {}, show),
    );
  }

  async function showChanges({ id, subject }: LogRow): Promise<void> {
    const { changes } = await work.connection.only("gitChanges", { url, commit: id });
    list.replaceChildren(...changes.map(changeRow));
    showText(subject, changes.length === 0 ? "No file differs." : "");
    if (changes.length > 0) await showChange(changes[0]!);
  }

  function changeRow(change: Change): HTMLTableRowElement {
    const words = change.before === undefined ? "added" : change.after === undefined ? "removed" : "changed";
    const show = button(change.path, `Difference in ${change.path}`, () => showChange(change));
    return make("tr", {}, make("td", { class: "name" }, show), make("td", {}, words));
  }

  async function showChange({ path, before, after }: Change): Promise<void> {
    const [old, now] = (await filesOf([before, after])).map(readableBytes);
    showText(path, lineChanges(old!, now!));
  }

  branch.select.addEventListener("change", () => void work.run(() => clone(branch.select.value)));
  address.addEventListener("keydown", (event) => {
    if (event.key === "Enter") work.start.click();
  });
  return {
    element: make(
      "div",
      {},
      make(
        "p",
        {},
        "A repository from a git server that allows other origins (CORS). What is fetched stays in this browser; " +
          "contents that were left out come when they are looked at.",
      ),
      make("div", { class: "form" }, make("label", {}, "URL", address), kind.label, work.start, work.stop),
      work.status,
      work.fault,
      box,
      detail,
    ),
    show: () => {}, // no file is needed
  };
}
