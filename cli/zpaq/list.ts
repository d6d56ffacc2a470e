/**
 * `sluice zpaq l`: what an archive holds.
 */
import { printable } from "@sluice/internal";
import type { ZpaqArchiveEntry } from "@sluice/zpaq";
import type { Messages } from "../shared/messages.ts";
import type { ZpaqSettings } from "./options.ts";
import { Complaints, openBackup } from "./open.ts";

function attributesOf(entry: ZpaqArchiveEntry): string {
  const { attributes } = entry;
  if (attributes === undefined) return "";
  if (attributes.system === "windows") return attributes.bits.toString(16);
  const kind = entry.name.endsWith("/") ? "d" : "0";
  return `${kind}${(attributes.mode & 0o7777).toString(8).padStart(3, "0")}`;
}

/** Lists versions and files. */
export async function listCommand(settings: ZpaqSettings, messages: Messages): Promise<number> {
  const [name, ...files] = settings.operands;
  const complaints = new Complaints(messages);
  using backup = await openBackup(name!, settings, complaints, { create: false });
  const lines: string[] = [];
  const versions = await backup.versions();
  if (settings.all !== undefined) {
    for (const { number, date, updated, deleted, dataSize } of versions) {
      const when = date?.toISOString().slice(0, 19).replace("T", " ") ?? "-";
      lines.push(
        `| ${when} ${number.toString().padStart(settings.all, "0")}/ +${updated} -${deleted} -> ${dataSize}`,
      );
    }
  }
  let count = 0;
  let size = 0;
  const { all, only, not: exclude } = settings;
  for (const entry of await backup.entries(files, { all, only, exclude })) {
    count++;
    size += entry.size ?? 0;
    if (settings.summary > 0) continue;
    const when = entry.date?.toISOString().slice(0, 19).replace("T", " ") ?? " ".repeat(19);
    const fragments = settings.summary < 0 ? ` ${[...entry.fragments].join(" ")}` : "";
    const width = 12;
    lines.push(
      `- ${when} ${(entry.size?.toString() ?? "?").padStart(width)} ${attributesOf(entry).padEnd(5)} ${
        printable(entry.name)
      }${fragments}`,
    );
  }
  lines.push(`${versions.length} versions, ${count} files, ${size} bytes`);
  console.log(lines.join("\n"));
  return complaints.code;
}
