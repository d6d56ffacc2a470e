/**
 * `sluice zpaq l`: what an archive holds, and how files on the disk compare with it.
 */
import { printable } from "@sluice/internal";
import type { ZpaqArchiveEntry, ZpaqFile } from "@sluice/zpaq";
import type { ZpaqBackup, ZpaqBackupComparison } from "@sluice/zpaq/backup";
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
  const out: string[] = all === undefined ? [] : await versionLines(backup, all);
  const entries = await backup.entries(files, { all, only, exclude });
  const compared = files.length > 0 && all === undefined
    ? await backup.compare(files, {
      ...{ only, exclude, compareContent: settings.force },
      attributes: settings.attributes === "all",
    })
    : undefined;
  const showIds = summary < 0;
  const candidates = compared === undefined
    ? entries.map((entry) => lineOf("-", entry, showIds))
    : compared.flatMap((comparison) => comparedLines(comparison, showIds));
  const lines = candidates.filter(({ mark }) => !marks.includes(mark));
  const inside = folderSizes(entries);
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

async function versionLines(backup: ZpaqBackup, digits: number): Promise<string[]> {
  return (await backup.versions()).map(({ number, date, updated, deleted, dataSize }) => {
    const when = date?.toISOString().slice(0, 19).replace("T", " ") ?? "-";
    return `| ${when} ${number.toString().padStart(digits, "0")}/ +${updated} -${deleted} -> ${dataSize}`;
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
