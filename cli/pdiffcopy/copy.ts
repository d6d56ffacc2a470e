/**
 * `sluice pdiffcopy SOURCE TARGET` and `diff`: one file.
 */
import { formatPdiffDuration, formatPdiffSize, PdiffClient } from "@sluice/pdiffcopy/client";
import type { PdiffSyncResult } from "@sluice/pdiffcopy/client";
import { EXIT, PDIFFCOPY_EXIT } from "../shared/exit.ts";
import { LEVEL } from "../shared/messages.ts";
import type { Messages } from "../shared/messages.ts";
import type { PdiffcopySettings } from "./options.ts";
import { checkRefusal, clientOptions, interruptible, resultText } from "./session.ts";

/** Copies, or says what would be copied. */
export async function copyCommand(
  settings: PdiffcopySettings,
  [source, target]: readonly string[],
  messages: Messages,
): Promise<number> {
  const result = await interruptible(messages, async (signal) => {
    const client = new PdiffClient(await clientOptions(settings, messages, source!, target!, signal));
    messages.say(
      LEVEL.notes,
      `${settings.dryRun ? "comparing" : "copying"} ${client.source.label} to ${client.target.label}`,
    );
    return await client.synchronize();
  });
  messages.clearStatus();
  if (settings.json) console.log(resultText(result));
  report(result, settings, directionOf(source!, target!), messages);
  checkRefusal(result, settings, messages);
  return settings.check && result.equal !== true ? PDIFFCOPY_EXIT.differs : EXIT.ok;
}

/** What a copy is called, and what it was called when it is over. */
function directionOf(source: string, target: string): readonly [verb: string, past: string] {
  const isUrl = (text: string): boolean => /^[a-z+]+:\/\//i.test(text);
  if (isUrl(source)) return ["download", "downloaded"];
  return isUrl(target) ? ["upload", "uploaded"] : ["copy", "copied"];
}

function report(
  result: PdiffSyncResult,
  settings: PdiffcopySettings,
  [verb, past]: readonly [verb: string, past: string],
  messages: Messages,
): void {
  const { blocksDiffering, bytesTransferred, similarity, seconds, dryRun, equal, size } = result;
  const blocks = `${blocksDiffering} ${blocksDiffering === 1 ? "block" : "blocks"}`;
  if (settings.delta) messages.say(LEVEL.results, `similarity ${similarity} %`);
  if (equal === true) {
    messages.say(LEVEL.results, `nothing to do, the files are equal (${formatPdiffDuration(seconds)})`);
  } else if (blocksDiffering === 0) {
    messages.say(
      LEVEL.results,
      `${dryRun ? "will give" : "gave"} the target its length of ${formatPdiffSize(size)}`,
    );
  } else if (dryRun) {
    messages.say(LEVEL.results, `will ${verb} ${blocks}, ${formatPdiffSize(bytesTransferred)}`);
  } else {
    const rate = formatPdiffSize(Math.round(bytesTransferred / Math.max(seconds, 0.001)));
    messages.say(
      LEVEL.results,
      `${past} ${blocks} (${formatPdiffSize(bytesTransferred)}) in ${
        formatPdiffDuration(seconds)
      } (${rate}/s)`,
    );
  }
  messages.say(
    LEVEL.notes,
    `network: ${formatPdiffSize(result.wireBytesIn)} in, ${formatPdiffSize(result.wireBytesOut)} out; ` +
      `blocks of ${formatPdiffSize(result.blockSize)} by ${result.hash}; protocol ${
        result.protocol || "none"
      }`,
  );
}

/** Prints what differs. */
export async function diff(
  settings: PdiffcopySettings,
  [source, target]: readonly string[],
  messages: Messages,
): Promise<number> {
  const changes = await interruptible(messages, async (signal) => {
    return await new PdiffClient(await clientOptions(settings, messages, source!, target!, signal))
      .findChanges();
  });
  messages.clearStatus();
  if (settings.json) console.log(JSON.stringify(changes));
  else for (const { offset, length } of changes.ranges) console.log(`${offset}\t${length}`);
  const { size, targetSize, equal } = changes;
  if (targetSize === undefined) messages.say(LEVEL.results, `there is no ${target}`);
  else if (targetSize !== size) {
    messages.say(LEVEL.results, `${target} has ${targetSize} bytes, expected ${size}`);
  }
  return equal ? EXIT.ok : PDIFFCOPY_EXIT.differs;
}
