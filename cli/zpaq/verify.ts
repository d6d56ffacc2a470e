/**
 * `sluice zpaq verify`: whether the files on the disk are what the archive holds, byte by byte.
 */
import { printable } from "@sluice/internal";
import { UsageFailure } from "../shared/exit.ts";
import type { Messages } from "../shared/messages.ts";
import { Complaints, openBackup, refuseNoVersion, WARNING } from "./open.ts";
import type { ZpaqSettings } from "./options.ts";

const MARKS = { same: "=", different: "#", external: "+", internal: "-" } as const;

/**
 * Reads every file and compares the SHA-1 of each fragment. Prints what differs, is missing (`-`) or is in the named
 * folders alone (`+`); with `-v` also what is the same. The exit code is 0 where everything is the same.
 */
export async function verifyCommand(settings: ZpaqSettings, messages: Messages): Promise<number> {
  const [name, ...files] = settings.operands;
  const { only, not: exclude, verbose } = settings;
  const complaints = new Complaints(messages);
  using backup = await openBackup(name!, settings, complaints, { create: false });
  await refuseNoVersion(backup, settings);
  const selection = { only, exclude };
  const names = files.length > 0
    ? files
    : topNames((await backup.entries([], selection)).map(({ name }) => name));
  if (names.length === 0) throw new UsageFailure(`zpaq verify: ${name} holds no files to compare`);
  const compared = await backup.compare(names, { ...selection, compareContent: true });
  for (const path of names) {
    const start = `${path.replace(/\/+$/, "")}/`;
    if (compared.some(({ name }) => name === path || name.startsWith(start))) continue;
    complaints.say({
      message: `Cannot verify ${path}: it is neither in the archive nor on the disk`,
      severe: false,
    });
  }
  const wrong = compared.filter(({ result }) => result !== "same");
  for (const { name, result } of verbose ? compared : wrong) {
    console.log(`${MARKS[result]} ${printable(name)}`);
  }
  const count = compared.length - wrong.length;
  console.log(`${count} of ${compared.length} files and folders are the same`);
  return wrong.length > 0 ? Math.max(complaints.code, WARNING) : complaints.code;
}

/** Names that all others are below: what the archive was made of. */
function topNames(names: readonly string[]): string[] {
  const top: string[] = [];
  for (const name of names.toSorted()) {
    const last = top.at(-1);
    if (last !== undefined && (name === last || name.startsWith(`${last.replace(/\/$/, "")}/`))) continue;
    top.push(name);
  }
  return top.map((name) => name.length > 1 ? name.replace(/\/$/, "") : name);
}
