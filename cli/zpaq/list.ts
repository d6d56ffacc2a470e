/**
 * `sluice zpaq l`: what an archive holds, and how files on the disk compare with it.
 */
import { printable } from "@sluice/internal";
import type { ZpaqArchiveEntry, ZpaqDeletion, ZpaqFile, ZpaqVersion } from "@sluice/zpaq";
import type { ZpaqBackupComparison } from "@sluice/zpaq/backup";
import type { Messages } from "../shared/messages.ts";
import { Complaints, openBackup } from "./open.ts";
import type { ZpaqSettings } from "./options.ts";

const SIZE_WIDTH = 12;
const DAY = 86_400_000;
const NO_DATE = " ".repeat(19);
/** Lines that are printed at a time. */
const LINES_MAX = 1000;
const MARKS = { same: "=", different: "#", external: "+", internal: "-" } as const;

/** One line of a listing. */
interface Line {
  readonly mark: string;
  readonly item: Pick<ZpaqFile, "name" | "date" | "size" | "attributes">;
  readonly fragments: Uint32Array | undefined;
}

function attributesOf({ name, attributes }: Line["item"]): string {
  if (attributes === undefined) return "";
  if (attributes.system === "windows") return attributes.bits.toString(16);
  const kind = name.endsWith("/") ? "d" : attributes.link === undefined ? "0" : "l";
  return `${kind}${(attributes.mode & 0o7777).toString(8).padStart(3, "0")}`;
}

/** Dates as text; files of one day share the most of it. */
class DateTexts {
  readonly #days = new Map<number, string>();

  of(date: Date): string {
    const time = date.getTime();
    const day = Math.floor(time / DAY);
    let text = this.#days.get(day);
    if (text === undefined) {
      text = date.toISOString().slice(0, 10);
      this.#days.set(day, text);
    }
    const second = Math.floor((time - day * DAY) / 1000);
    return `${text} ${pair(Math.floor(second / 3600))}:${pair(Math.floor(second / 60) % 60)}:${
      pair(second % 60)
    }`;
  }
}

function pair(value: number): string {
  return value < 10 ? `0${value}` : `${value}`;
}

function textOf(
  { mark, item, fragments }: Line,
  sizes: ReadonlyMap<string, number>,
  dates: DateTexts,
): string {
  const { name, date } = item;
  const when = date === undefined ? NO_DATE : dates.of(date);
  const size = `${(name.endsWith("/") ? sizes.get(name) : undefined) ?? item.size ?? "?"}`;
  const link = item.attributes?.system === "unix" ? item.attributes.link : undefined;
  const ids = fragments === undefined ? "" : ` ${[...fragments].join(" ")}`;
  return `${mark} ${when} ${size.padStart(SIZE_WIDTH)} ${attributesOf(item).padEnd(5)} ${printable(name)}${
    link === undefined ? "" : ` -> ${printable(link)}`
  }${ids}`;
}

/** What is in each folder, together. */
function folderSizes(items: Iterable<Line["item"]>): Map<string, number> {
  const sizes = new Map<string, number>();
  // Files of one folder follow each other: it is looked up once for all of them.
  let folder = "";
  let sum = 0;
  const flush = (): void => {
    for (let at = folder.indexOf("/"); at >= 0; at = folder.indexOf("/", at + 1)) {
      const outer = folder.slice(0, at + 1);
      sizes.set(outer, (sizes.get(outer) ?? 0) + sum);
    }
    sum = 0;
  };
  for (const { name, size } of items) {
    const end = name.lastIndexOf("/") + 1;
    if (end !== folder.length || !name.startsWith(folder)) {
      flush();
      folder = name.slice(0, end);
    }
    if (end < name.length) sum += size ?? 0;
  }
  flush();
  return sizes;
}

/** Lists versions and files, or compares files that are named with the disk. */
export async function listCommand(settings: ZpaqSettings, messages: Messages): Promise<number> {
  const [name, ...files] = settings.operands;
  const { all, only, summary } = settings;
  const marks = settings.not.filter((pattern) => pattern.startsWith("=")).join("");
  const exclude = settings.not.filter((pattern) => !pattern.startsWith("="));
  const complaints = new Complaints(messages);
  using backup = await openBackup(name!, settings, complaints, { create: false });
  const out: string[] = [];
  const entries = await backup.entries(files, { all, only, exclude });
  const inside = folderSizes(entries);
  const compared = files.length > 0 && all === undefined
    ? await backup.compare(files, {
      ...{ only, exclude, compareContent: settings.force },
      attributes: settings.attributes === "all",
    })
    : undefined;
  const showIds = summary < 0;
  const inArchive = entries.map((entry) => lineOf("-", entry, showIds));
  const candidates = compared !== undefined
    ? compared.flatMap((comparison) => comparedLines(comparison, showIds))
    : all === undefined
    ? inArchive
    : versionLines(
      (await backup.versions()).map((version) => versionLine(version, all, inside)),
      [...inArchive, ...(await backup.deletions(files, { all, only, exclude })).map(deletionLine)],
    );
  const lines = candidates.filter(({ mark }) => !marks.includes(mark));
  const outside = folderSizes((compared ?? []).flatMap(({ file }) => file ?? []));
  const sizesOf = ({ mark }: Line): Map<string, number> => mark === "+" ? outside : inside;
  const shown = summary > 0
    ? lines.toSorted((a, b) =>
      (sizesOf(b).get(b.item.name) ?? b.item.size ?? 0) -
      (sizesOf(a).get(a.item.name) ?? a.item.size ?? 0)
    ).slice(0, summary)
    : lines;
  const dates = new DateTexts();
  for (const line of shown) {
    out.push(textOf(line, sizesOf(line), dates));
    if (out.length >= LINES_MAX) console.log(out.splice(0).join("\n"));
  }
  const size = entries.reduce((sum, entry) => sum + (entry.size ?? 0), 0);
  if (compared !== undefined) out.push(countsOf(compared));
  out.push(`${(await backup.versions()).length} versions, ${entries.length} files, ${size} bytes`);
  console.log(out.join("\n"));
  return complaints.code;
}

/** A line for a version, with the number of its files that were written and taken away, and how the archive grew. */
function versionLine(version: ZpaqVersion, digits: number, sizes: ReadonlyMap<string, number>): Line {
  const { number, date, updated, deleted, size } = version;
  const folder = `${number.toString().padStart(digits, "0")}/`;
  const name = `${folder} +${updated} -${deleted} -> ${size}`;
  return { mark: "|", item: { name, date, size: sizes.get(folder) ?? 0 }, fragments: undefined };
}

function deletionLine({ name }: ZpaqDeletion): Line {
  return { mark: "-", item: { name, size: 0 }, fragments: undefined };
}

/** Each version's line with those of its files by name. */
function versionLines(versions: readonly Line[], files: Line[]): Line[] {
  const byVersion = Map.groupBy(files, ({ item }) => item.name.slice(0, item.name.indexOf("/") + 1));
  return versions.flatMap((version) => {
    const folder = version.item.name.slice(0, version.item.name.indexOf("/") + 1);
    const sorted = (byVersion.get(folder) ?? []).sort((a, b) => a.item.name < b.item.name ? -1 : 1);
    return [version, ...sorted];
  });
}

function lineOf(mark: string, entry: ZpaqArchiveEntry, showIds: boolean): Line {
  return { mark, item: entry, fragments: showIds ? entry.fragments : undefined };
}

/** A name that differs has a line for the archive and one for the disk. */
function comparedLines({ result, entry, file }: ZpaqBackupComparison, showIds: boolean): Line[] {
  const mark = MARKS[result];
  if (entry === undefined) return [{ mark, item: file!, fragments: undefined }];
  const line = lineOf(mark, entry, showIds);
  return result === "different" ? [line, { mark: "+", item: file!, fragments: undefined }] : [line];
}

function countsOf(compared: readonly ZpaqBackupComparison[]): string {
  const count = (...results: ZpaqBackupComparison["result"][]): number =>
    compared.filter(({ result }) => results.includes(result)).length;
  return `${count("same")} =same, ${count("different")} #different, ` +
    `${count("different", "external")} +external, ${count("internal")} -internal`;
}
