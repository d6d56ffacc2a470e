/**
 * `sluice zpaq blocks`: what blocks and segments an archive is made of.
 */
import { printable } from "@sluice/internal";
import type { ZpaqBlockFacts } from "@sluice/zpaq";
import type { Messages } from "../shared/messages.ts";
import { UsageFailure } from "../shared/exit.ts";
import { Complaints, openBackup } from "./open.ts";
import type { ZpaqSettings } from "./options.ts";

/** Prints a line for each block and each segment, or with `-json` a line of JSON for each block. */
export async function blocksCommand(settings: ZpaqSettings, messages: Messages): Promise<number> {
  const [name, ...more] = settings.operands;
  if (more.length > 0) throw new UsageFailure("zpaq blocks takes one archive");
  const complaints = new Complaints(messages);
  using backup = await openBackup(name!, settings, complaints, { create: false });
  // What is wrong with the archive as a whole is said first.
  await backup.versions();
  let count = 0;
  let segments = 0;
  let memory = 0;
  for await (const block of backup.blocks()) {
    count++;
    segments += block.segments.length;
    memory = Math.max(memory, block.header.memoryUsage);
    console.log(settings.json ? JSON.stringify(factsOf(block)) : textOf(block, count));
  }
  if (!settings.json) console.log(`${count} blocks, ${segments} segments, at most ${memory} bytes of memory`);
  return complaints.code;
}

function factsOf({ offset, size, level, header, segments }: ZpaqBlockFacts): Record<string, unknown> {
  const { hh, hm, ph, pm, memoryUsage, components } = header;
  return {
    ...{ offset, size, level, memory: memoryUsage, hh, hm, ph, pm, hcomp: header.hcomp.length },
    components: components.map((component) => ({ name: component.name, arguments: component.arguments })),
    segments,
  };
}

function textOf({ offset, size, header, segments }: ZpaqBlockFacts, number: number): string {
  const { memoryUsage, components, hcomp } = header;
  const model = components.length === 0 ? "no model" : components.map(({ name }) => name).join(" ");
  const first = `block ${number} at ${offset}: ${size} bytes, memory ${memoryUsage}, ${model}, ` +
    `hcomp ${hcomp.length} bytes`;
  return [
    first,
    ...segments.map(({ name, comment, codedSize, sha1 }) =>
      `  ${printable(name)} "${printable(comment)}" ${codedSize} bytes${sha1 === undefined ? "" : ` ${sha1}`}`
    ),
  ].join("\n");
}
