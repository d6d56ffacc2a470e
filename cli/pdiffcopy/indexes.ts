/**
 * `sluice pdiffcopy index`, and copies from plain web servers by what it wrote.
 */
import { SluiceError, withoutUrlSecrets } from "@sluice/internal";
import {
  buildPdiffIndex,
  copyByPdiffIndex,
  formatPdiffDuration,
  formatPdiffSize,
  PdiffIndex,
} from "@sluice/pdiffcopy";
import { describeSystemError, EXIT, Failure, PDIFFCOPY_EXIT } from "../shared/exit.ts";
import { LEVEL } from "../shared/messages.ts";
import type { Messages } from "../shared/messages.ts";
import { isUrl, openSource } from "../shared/source.ts";
import { checkTarget, ProtectedFiles, writeOutput } from "../shared/target.ts";
import type { PdiffcopySettings } from "./options.ts";
import { interruptible } from "./session.ts";

/** Writes the index of a file beside it. */
export async function index(
  settings: PdiffcopySettings,
  [path]: readonly string[],
  messages: Messages,
): Promise<number> {
  const output = settings.output ?? `${path}.pdx`;
  const files = await ProtectedFiles.of([path]);
  const target = {
    command: "pdiffcopy",
    force: settings.force,
    messages,
    files,
    exitCode: PDIFFCOPY_EXIT.target,
  };
  await checkTarget(output, target);
  const bytes = await interruptible(messages, async (signal) => {
    const source = await openSource(path!).catch((error) => {
      throw error instanceof SluiceError ? error : unreadable(path!, error);
    });
    using open = new DisposableStack();
    open.defer(() => source[Symbol.dispose]?.());
    return await buildPdiffIndex(source, {
      kind: settings.chunks ? "chunks" : "blocks",
      blockSize: settings.blockSize,
      threads: settings.concurrency,
      signal,
    });
  });
  await writeOutput(output, [bytes], target);
  messages.say(
    LEVEL.results,
    `${output}: ${formatPdiffSize(bytes.length)}, ${PdiffIndex.parse(bytes).count} blocks`,
  );
  return EXIT.ok;
}

/** Copies from a plain web server. */
export async function indexCopyCommand(
  settings: PdiffcopySettings,
  [source, target]: readonly string[],
  messages: Messages,
): Promise<number> {
  const started = performance.now();
  const result = await interruptible(messages, async (signal) => {
    const named = settings.index!;
    const bytes = isUrl(named) ? await fetchIndex(named, signal) : await readIndex(named);
    const found = PdiffIndex.parse(bytes);
    const { store } = settings;
    // Opened by the copy: a path, or a URL that is read by ranges.
    const sources = store === undefined ? [source!] : [];
    return await copyByPdiffIndex({
      index: found,
      sources,
      target: target!,
      seeds: settings.seeds,
      replace: settings.replace,
      durable: settings.fsync,
      dryRun: settings.dryRun,
      retries: settings.retries,
      signal,
      ...(store === undefined ? {} : { store }),
      ...(settings.concurrency === undefined ? {} : { concurrency: settings.concurrency }),
      ...(settings.bandwidth === undefined ? {} : { maxBytesPerSecond: settings.bandwidth }),
    });
  });
  if (settings.json) console.log(JSON.stringify(result));
  if (result.bytesSentWhole > 0) {
    messages.say(
      LEVEL.results,
      `the server of ${withoutUrlSecrets(source!)} does not answer ranges: it sent all of the ${
        formatPdiffSize(result.bytesSentWhole)
      }`,
    );
  }
  const seconds = formatPdiffDuration((performance.now() - started) / 1000);
  messages.say(
    LEVEL.results,
    `${settings.dryRun ? "will fetch" : "fetched"} ${formatPdiffSize(result.bytesFetched)} of ${
      formatPdiffSize(result.size)
    } (${seconds})`,
  );
  return settings.check && !result.equal ? PDIFFCOPY_EXIT.differs : EXIT.ok;
}

/** A file that can't be read, and why. */
function unreadable(path: string, error: unknown): Failure {
  return new Failure(`Cannot read ${path}: ${describeSystemError(error)}`);
}

async function readIndex(path: string): Promise<Uint8Array> {
  return await Deno.readFile(path).catch((error) => {
    throw unreadable(path, error);
  });
}

async function fetchIndex(url: string, signal: AbortSignal): Promise<Uint8Array> {
  const response = await fetch(url, { signal }).catch((error) => {
    signal.throwIfAborted();
    throw new Failure(`Cannot reach ${url}: ${describeSystemError(error)}`, PDIFFCOPY_EXIT.network);
  });
  if (response.ok) return new Uint8Array(await response.arrayBuffer());
  await response.body?.cancel();
  throw new Failure(`Cannot read ${url}: the server answered ${response.status}`, PDIFFCOPY_EXIT.network);
}
